//===- emitter.h - Arithmetic, whatever it is done on -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all lowerings of tile IR share: how element types are held in registers
// and in memory, and one operation of arith, math or tile on scalars or
// vectors in that form.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_ops.h"
#include "core/lowering/build.h"

#include "mlir/IR/Operation.h"

namespace tilesdk::lowering {

using namespace mlir;

class Emitter {
public:
  Emitter(ModuleOp module, bool contractFloat) : B(module, contractFloat) {}
  virtual ~Emitter() = default;

  Build B;

  // Errors. The first one ends the lowering.
  bool failed = false;
  void fail(Operation *op, const Twine &message);

  // Types (types.cpp).
  Type registerType(Type element); ///< Of a value in a register.
  Type memoryType(Type element);   ///< Of a value in memory.
  int64_t sizeOf(Type element) { return B.bytesOf(memoryType(element)); }
  static bool isFloat(Type t) { return isa<FloatType>(t); }
  /// Register form (scalar or vector) to and from arithmetic form (f32, f64).
  Type arithmeticType(Type element);
  Value toArithmetic(Value v, Type element);
  Value fromArithmetic(Value v, Type element);
  /// Any float to any float.
  Value convertFloat(Value v, Type from, Type to, bool towardZero);
  Value toMemory(Value v, Type element);
  Value fromMemory(Value v, Type element);

  /// One operation of arith, math or tile on scalars or vectors (ops.cpp).
  /// False: it is none of those.
  bool emitOp(Operation *op, ValueRange operands, unsigned lanes,
              SmallVectorImpl<Value> &results);
  Value integerDivide(Value l, Value r, bool isSigned, bool remainder);
  Value mathCall(StringRef name, Type element, ValueRange operands);
  /// A constant of one element in register form.
  Value constantElement(Attribute value, Type element);
  /// A combine region applied to scalars or vectors in register form.
  Values combine(Region &region, ArrayRef<Value> acc, ArrayRef<Value> element,
                 unsigned lanes);
  /// The operation of a region that consists of one well-known combination,
  /// which may change the places of elements; or null.
  static Operation *knownCombination(Region &region);
  /// What a failed assertion says.
  static std::string assertionText(tile::AssertOp op);

  /// How the type of a scalar is called in names of the library: "f32".
  static std::string typeSuffix(Type scalar);

protected:
  /// Narrower scalars are divided as integers of so many bits.
  unsigned divisionBits = 64;
  /// Whether quotients of f32 that need not be rounded to the nearest are calls
  /// of tsdk.math.div.f32.
  bool callsDivision = false;
  /// False: LLVM may call a library for the maximum of two scalars.
  bool hasMaxNum = true;

  /// The pointer type of an address space of tile IR.
  virtual Type pointerType(unsigned addressSpace) = 0;
  /// f32 to the nearest bf16, as bits; none: there is no instruction.
  virtual Value nearestBf16(Value v) { return {}; }
  /// f32 to the nearest number of an 8-bit type, saturated, as bits, and back;
  /// none: there is no instruction.
  virtual Value nearestFloat8(Value v, Type to) { return {}; }
  virtual Value wideFloat8(Value v, Type from) { return {}; }
  /// Calls the library function `<stem>.<type of the first operand>`; operands
  /// and result may differ in type.
  virtual Value libraryCall(StringRef stem, Type result,
                            ValueRange operands) = 0;
  virtual Value programId(unsigned axis) = 0;
  virtual Value numPrograms(unsigned axis) = 0;
};

} // namespace tilesdk::lowering
