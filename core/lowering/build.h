//===- build.h - Builder of LLVM dialect code -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The only door to the LLVM dialect: its header costs five seconds to compile
// and stays in build*.cpp. Integer helpers fold constants, because the engine
// decides by them. Code is always appended at the end of the current block;
// loops and conditions are emitted as blocks and leave the builder behind them.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace tilesdk::lowering {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using mlir::Block;
using mlir::Location;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// Predicates have the numbers of arith.cmpi and llvm.icmp.
enum IntPredicate { EQ, NE, SLT, SLE, SGT, SGE, ULT, ULE, UGT, UGE };
/// The same for arith.cmpf and llvm.fcmp.
enum FloatPredicate {
  FFalse,
  OEQ,
  OGT,
  OGE,
  OLT,
  OLE,
  ONE,
  ORD,
  UEQ,
  FUGT,
  FUGE,
  FULT,
  FULE,
  UNE,
  UNO,
  FTrue
};

enum class Ordering { Relaxed, Acquire, Release, AcqRel };

using Values = SmallVector<Value, 4>;

class Build {
public:
  Build(mlir::ModuleOp module, bool contractFloat);

  mlir::OpBuilder b;
  Location loc;
  Type i1, i8, i16, i32, i64, f16, f32, f64, ptr;

  // Types.
  Type pointer(unsigned addressSpace) const;
  Type structOf(ArrayRef<Type> fields) const;
  Type vec(Type element, unsigned lanes) const {
    return lanes ? mlir::VectorType::get({int64_t(lanes)}, element) : element;
  }
  static Type elementOf(Type type) {
    if (auto v = llvm::dyn_cast<mlir::VectorType>(type))
      return v.getElementType();
    return type;
  }
  static unsigned lanesOf(Type type) {
    if (auto v = llvm::dyn_cast<mlir::VectorType>(type))
      return v.getNumElements();
    return 0;
  }
  static unsigned lanesOf(Value v) { return lanesOf(v.getType()); }
  /// `element` with as many lanes as `like` has.
  Type like(Type shape, Type element) const {
    return vec(element, lanesOf(shape));
  }
  int64_t bytesOf(Type element) const;

  // Constants. Of scalar or vector type.
  Value cst(Type type, int64_t value);
  Value cstFloat(Type type, double value);
  Value cstAPFloat(Type type, const llvm::APFloat &value);
  Value cstLanes(Type element, ArrayRef<int64_t> lanes);
  Value zero(Type type); ///< Also pointers.
  Value poison(Type type);
  Value cst32(int64_t value) { return cst(i32, value); }
  Value cst64(int64_t value) { return cst(i64, value); }
  Value boolean(bool value) { return cst(i1, value); }
  Value iota(Type element, unsigned lanes);
  /// The value of an integer constant or a splat of one.
  static std::optional<int64_t> constant(Value v);

  // Operations by their name in the LLVM dialect, without "llvm.".
  Value op(StringRef name, Type result, ValueRange operands);
  Value bin(StringRef name, Value l, Value r) {
    return op(name, l.getType(), {l, r});
  }
  Value un(StringRef name, Value v) { return op(name, v.getType(), {v}); }
  Value cast(StringRef name, Value v, Type to);
  Value icmp(unsigned predicate, Value l, Value r);
  Value fcmp(unsigned predicate, Value l, Value r);
  Value select(Value c, Value t, Value f);
  Value fma(Value a, Value b, Value c) {
    return op("intr.fma", a.getType(), {a, b, c});
  }
  /// Index arithmetic: folds constants, does not wrap.
  Value add(Value l, Value r);
  Value sub(Value l, Value r);
  Value mul(Value l, Value r);
  /// Folds constants, wraps.
  Value mulWrapping(Value l, Value r);
  Value smin(Value l, Value r);
  Value smax(Value l, Value r);
  Value logicalAnd(Value l, Value r);
  Value logicalNot(Value v);
  /// Of operands without a common bit.
  Value orDisjoint(Value l, Value r);
  Value logicalXor(Value l, Value r);
  Value shiftLeft(Value v, int64_t bits);
  Value shiftRight(Value v, int64_t bits); ///< Logical.
  Value andMask(Value v, int64_t mask);
  /// Sign-extends or truncates an integer.
  Value toInt(Value v, Type to);

  // Vectors.
  Value splat(Value scalar, unsigned lanes);
  Value extract(Value vector, Value lane);
  Value extract(Value vector, int64_t lane) {
    return extract(vector, cst32(lane));
  }
  Value insert(Value vector, Value scalar, Value lane);
  Value shuffle(Value a, Value b, ArrayRef<int32_t> lanes);
  Value slice(Value v, unsigned first, unsigned lanes);
  Value concat(ArrayRef<Value> parts);

  // Memory. Alignments in bytes.
  Value gep(Value base, Type element, Value index);
  Value load(Type type, Value address, unsigned align, bool isVolatile = false);
  /// Relaxed: another thread's atomic update may come at any time.
  Value atomicLoad(Type type, Value address, unsigned align,
                   llvm::StringRef scope);
  void store(Value v, Value address, unsigned align, bool nontemporal = false);
  Value maskedLoad(Type type, Value address, Value mask, Value pass,
                   unsigned align);
  void maskedStore(Value v, Value address, Value mask, unsigned align);
  Value gather(Type type, Value addresses, Value mask, Value pass,
               unsigned align);
  void scatter(Value v, Value addresses, Value mask, unsigned align);
  Value atomicRmw(StringRef kind, Value address, Value v, Ordering order,
                  unsigned align, StringRef scope = {});
  /// Returns {old value, success}.
  std::pair<Value, Value> cmpxchg(Value address, Value expected, Value desired,
                                  Ordering order, unsigned align,
                                  StringRef scope = {});

  // Functions and calls.
  /// Calls the external function `name`; pure ones have no memory effects.
  Value call(StringRef name, Type result, ValueRange args, bool pure);
  /// The same for what all threads of a group do together.
  Value callTogether(StringRef name, Type result, ValueRange args, bool pure);
  Value extractValue(Value aggregate, unsigned field);
  /// Values of one type through an empty assembly statement with side effects;
  /// \p letter is the constraint of their registers.
  SmallVector<Value> tie(ArrayRef<Value> values, StringRef letter);
  void callPointer(Value function, ValueRange args);
  /// Address of a private constant with this text.
  Value textConstant(StringRef text);
  /// Creates the kernel function and moves the builder into its entry block.
  /// Returns {params, program, scratch}.
  SmallVector<Value, 3> beginKernel(StringRef name, Location loc);
  /// The same for any signature. `align`: of pointer arguments, 0: unknown.
  SmallVector<Value> beginFunction(StringRef name, Location loc,
                                   ArrayRef<Type> args, ArrayRef<int64_t> align,
                                   unsigned callingConvention);
  /// Parameter \p index of the function at hand, a pointer, is a value of \p
  /// bytes that lies where the caller puts parameters.
  void passByValue(unsigned index, int64_t bytes, int64_t align);
  void endKernel(); ///< Emits the return.
  /// An address in scratch at a constant that is set later. {constant, address}
  std::pair<Value, Value> scratchAddress(Value scratch);
  void setOffsetConstant(Value constant, int64_t value);

  // Control flow.
  using LoopBody =
      llvm::function_ref<Values(Value iv, ArrayRef<Value> carried)>;
  /// for (iv = lower; iv < upper; iv += step), signed.
  Values forLoop(Value lower, Value upper, Value step, ArrayRef<Value> inits,
                 LoopBody body, bool unsignedCompare = false,
                 bool isHot = false);
  Values ifElse(Value condition, ArrayRef<Type> results,
                llvm::function_ref<Values()> thenBody,
                llvm::function_ref<Values()> elseBody);
  void ifThen(Value condition, llvm::function_ref<void()> body);
  struct WhileHead {
    Value condition;
    Values forwarded;
  };
  Values whileLoop(ArrayRef<Value> inits,
                   llvm::function_ref<WhileHead(ArrayRef<Value>)> head,
                   llvm::function_ref<Values(ArrayRef<Value>)> body);

  /// Ends the block at hand; what is inserted before the result stays ahead of
  /// all that is emitted from here on.
  mlir::Operation *anchor();

  /// Block at the head of the kernel, for what must dominate everything.
  Block *entry = nullptr;
  /// Runs `fn` with the builder at the head of the kernel.
  void atEntry(llvm::function_ref<void()> fn);

private:
  Block *newBlock(ArrayRef<Type> argTypes);
  Value declareAndCall(StringRef name, Type result, ValueRange args, bool pure,
                       bool together);
  void branch(Block *to, ValueRange args);
  void condBranch(Value c, Block *t, Block *f);

  mlir::ModuleOp module;
  bool contractFloat;
  unsigned nextText = 0;
  llvm::StringMap<mlir::Operation *> declared;
  mlir::Operation *entryEnd = nullptr;
  llvm::DenseMap<std::pair<Type, int64_t>, Value> constants;
};

} // namespace tilesdk::lowering
