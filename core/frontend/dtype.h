//===- dtype.h - Element types and their rules ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Signedness, const-ness and promotion live here; the IR below is signless.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/Types.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tilesdk::frontend {

enum class Scalar : uint8_t {
  Void,
  I1,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64,
  F8E4M3,
  F8E5M2,
  F8E4M3Fnuz,
  F8E5M2Fnuz,
  /// Legacy, bias 15; a name only, there are no operations on it.
  F8E4B15,
};

/// An element type: a scalar behind any number of pointers.
struct DType {
  Scalar scalar = Scalar::Void;
  uint8_t pointers = 0;
  /// Of the outermost pointer.
  bool isConst = false;
  uint8_t addressSpace = 1;

  constexpr DType() = default;
  constexpr DType(Scalar scalar) : scalar(scalar) {}

  bool operator==(const DType &) const = default;
  bool isVoid() const { return scalar == Scalar::Void && !pointers; }
  bool isPointer() const { return pointers != 0; }
  bool isBool() const { return !pointers && scalar == Scalar::I1; }
  /// int1 included.
  bool isInt() const {
    return !pointers && scalar >= Scalar::I1 && scalar <= Scalar::U64;
  }
  /// int1 counts as unsigned.
  bool isSigned() const {
    return !pointers && scalar >= Scalar::I8 && scalar <= Scalar::I64;
  }
  bool isUnsigned() const { return isInt() && !isSigned(); }
  bool isFloat() const { return !pointers && scalar >= Scalar::F16; }
  bool isFp8() const { return !pointers && scalar >= Scalar::F8E4M3; }
  /// float16, bfloat16, float32, float64.
  bool isStandardFloat() const { return isFloat() && !isFp8(); }
  /// In bits; pointers have 64, int1 has 1.
  unsigned width() const;
  /// In bytes of memory.
  unsigned bytes() const { return width() < 8 ? 1 : width() / 8; }

  DType pointee() const;
  DType pointerTo(bool isConst = false, unsigned addressSpace = 1) const;
  /// `float32`, `*float32`, `*const float32`.
  std::string str() const;
  /// The language's short name: `fp32`, `pointer<fp32>`.
  std::string shortName() const;
};

using Shape = llvm::SmallVector<int64_t, 4>;

/// `float32`, `float32[128, 64]`
std::string typeStr(DType dtype, llvm::ArrayRef<int64_t> shape);
/// `128 x 64`, `a scalar`
std::string shapeStr(llvm::ArrayRef<int64_t> shape);
int64_t elementCount(llvm::ArrayRef<int64_t> shape);

/// Names of `triton.language`: "float32", "int1", "float8e4nv", "void".
std::optional<DType> dtypeOfLanguageName(llvm::StringRef name);
/// Codes of a signature without pointers: "fp32", "f32", "i1", "u8", "fp8e5".
std::optional<DType> dtypeOfCode(llvm::StringRef code);

mlir::Type scalarType(mlir::MLIRContext *context, DType dtype);
/// A scalar type for an empty shape.
mlir::Type tensorType(mlir::MLIRContext *context, DType dtype,
                      llvm::ArrayRef<int64_t> shape);

enum class Promotion : uint8_t { Ok, MixedSignedness, NotNumeric };
/// Common type of a binary operation of two run-time values. \p isDivision for
/// `/`, `//` and `%`, \p isTrueDivision for `/`, \p isRemainder for `%`.
struct PromotionKind {
  bool isTrueDivision = false;
  bool isFloorDivision = false;
  bool isRemainder = false;
  bool isDivision() const {
    return isTrueDivision || isFloorDivision || isRemainder;
  }
};
Promotion promote(DType lhs, DType rhs, PromotionKind kind, DType &result);

/// The type a literal takes on its own: i32, u32, i64, u64 by value.
std::optional<DType> dtypeOfInteger(const class BigInt &value);
/// float32, or float64 when float32 can not hold the magnitude.
DType dtypeOfFloat(double value);

/// Bounds of an integer type.
class BigInt minValue(DType dtype);
class BigInt maxValue(DType dtype);

} // namespace tilesdk::frontend
