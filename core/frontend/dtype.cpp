//===- dtype.cpp - Element types and their rules ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/dtype.h"

#include "core/frontend/bigint.h"
#include "core/ir/tile_dialect.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace tilesdk::frontend;

namespace {
struct Row {
  Scalar scalar;
  const char *name;
  const char *shortName;
  unsigned width;
};
} // namespace

static constexpr Row rows[] = {
    {Scalar::Void, "void", "void", 0},
    {Scalar::I1, "int1", "int1", 1},
    {Scalar::I8, "int8", "int8", 8},
    {Scalar::I16, "int16", "int16", 16},
    {Scalar::I32, "int32", "int32", 32},
    {Scalar::I64, "int64", "int64", 64},
    {Scalar::U8, "uint8", "uint8", 8},
    {Scalar::U16, "uint16", "uint16", 16},
    {Scalar::U32, "uint32", "uint32", 32},
    {Scalar::U64, "uint64", "uint64", 64},
    {Scalar::F16, "float16", "fp16", 16},
    {Scalar::BF16, "bfloat16", "bf16", 16},
    {Scalar::F32, "float32", "fp32", 32},
    {Scalar::F64, "float64", "fp64", 64},
    {Scalar::F8E4M3, "float8e4nv", "fp8e4nv", 8},
    {Scalar::F8E5M2, "float8e5", "fp8e5", 8},
    {Scalar::F8E4M3Fnuz, "float8e4b8", "fp8e4b8", 8},
    {Scalar::F8E5M2Fnuz, "float8e5b16", "fp8e5b16", 8},
    {Scalar::F8E4B15, "float8e4b15", "fp8e4b15", 8},
};

unsigned DType::width() const {
  return pointers ? 64 : rows[static_cast<unsigned>(scalar)].width;
}

DType DType::pointee() const {
  DType result = *this;
  --result.pointers;
  result.isConst = false;
  result.addressSpace = 1;
  return result;
}

DType DType::pointerTo(bool asConst, unsigned space) const {
  DType result = *this;
  ++result.pointers;
  result.isConst = asConst;
  result.addressSpace = space;
  return result;
}

std::string DType::str() const {
  std::string text(pointers, '*');
  if (isConst)
    text += "const ";
  return text + rows[static_cast<unsigned>(scalar)].name;
}

std::string DType::shortName() const {
  std::string text = rows[static_cast<unsigned>(scalar)].shortName;
  for (unsigned i = 0; i < pointers; ++i)
    text = "pointer<" + text + ">";
  return text;
}

std::string tilesdk::frontend::typeStr(DType dtype,
                                       llvm::ArrayRef<int64_t> shape) {
  std::string text = dtype.str();
  if (shape.empty())
    return text;
  text += '[';
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ']';
}

std::string tilesdk::frontend::shapeStr(llvm::ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "a scalar";
  std::string text;
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? " x " : "") + std::to_string(shape[i]);
  return text;
}

int64_t tilesdk::frontend::elementCount(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::optional<DType>
tilesdk::frontend::dtypeOfLanguageName(llvm::StringRef name) {
  for (const Row &row : rows)
    if (name == row.name)
      return DType(row.scalar);
  if (name == "pi32_t")
    return DType(Scalar::I32).pointerTo();
  return std::nullopt;
}

std::optional<DType> tilesdk::frontend::dtypeOfCode(llvm::StringRef code) {
  std::optional<Scalar> scalar =
      llvm::StringSwitch<std::optional<Scalar>>(code)
          .Cases({"i1", "u1"}, Scalar::I1)
          .Case("i8", Scalar::I8)
          .Case("i16", Scalar::I16)
          .Case("i32", Scalar::I32)
          .Case("i64", Scalar::I64)
          .Case("u8", Scalar::U8)
          .Case("u16", Scalar::U16)
          .Case("u32", Scalar::U32)
          .Case("u64", Scalar::U64)
          .Cases({"f16", "fp16"}, Scalar::F16)
          .Case("bf16", Scalar::BF16)
          .Cases({"f32", "fp32"}, Scalar::F32)
          .Cases({"f64", "fp64"}, Scalar::F64)
          .Cases({"f8e4m3", "fp8e4nv"}, Scalar::F8E4M3)
          .Cases({"f8e5m2", "fp8e5"}, Scalar::F8E5M2)
          .Cases({"f8e4m3fnuz", "fp8e4b8"}, Scalar::F8E4M3Fnuz)
          .Cases({"f8e5m2fnuz", "fp8e5b16"}, Scalar::F8E5M2Fnuz)
          .Default(std::nullopt);
  if (scalar)
    return DType(*scalar);
  return std::nullopt;
}

mlir::Type tilesdk::frontend::scalarType(mlir::MLIRContext *context,
                                         DType dtype) {
  if (dtype.isPointer())
    return tile::PointerType::get(scalarType(context, dtype.pointee()),
                                  dtype.addressSpace);
  switch (dtype.scalar) {
  case Scalar::F16:
    return mlir::Float16Type::get(context);
  case Scalar::BF16:
    return mlir::BFloat16Type::get(context);
  case Scalar::F32:
    return mlir::Float32Type::get(context);
  case Scalar::F64:
    return mlir::Float64Type::get(context);
  case Scalar::F8E4M3:
    return mlir::Float8E4M3FNType::get(context);
  case Scalar::F8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case Scalar::F8E4M3Fnuz:
    return mlir::Float8E4M3FNUZType::get(context);
  case Scalar::F8E5M2Fnuz:
    return mlir::Float8E5M2FNUZType::get(context);
  case Scalar::Void:
  case Scalar::F8E4B15:
    // Neither has values; a byte keeps the IR well formed after the error.
    return mlir::IntegerType::get(context, 8);
  default:
    return mlir::IntegerType::get(context, dtype.width());
  }
}

mlir::Type tilesdk::frontend::tensorType(mlir::MLIRContext *context,
                                         DType dtype,
                                         llvm::ArrayRef<int64_t> shape) {
  mlir::Type element = scalarType(context, dtype);
  if (shape.empty())
    return element;
  return mlir::RankedTensorType::get(shape, element);
}

static Promotion promoteIntegers(DType lhs, DType rhs, PromotionKind kind,
                                 DType &result) {
  if (lhs.isSigned() == rhs.isSigned()) {
    result = lhs.width() >= rhs.width() ? lhs : rhs;
    return Promotion::Ok;
  }
  if (kind.isDivision())
    return Promotion::MixedSignedness;
  DType signedSide = lhs.isSigned() ? lhs : rhs;
  DType unsignedSide = lhs.isSigned() ? rhs : lhs;
  result =
      unsignedSide.width() >= signedSide.width() ? unsignedSide : signedSide;
  return Promotion::Ok;
}

Promotion tilesdk::frontend::promote(DType lhs, DType rhs, PromotionKind kind,
                                     DType &result) {
  if (!(lhs.isInt() || lhs.isFloat()) || !(rhs.isInt() || rhs.isFloat()))
    return Promotion::NotNumeric;
  auto either = [&](Scalar scalar) {
    return lhs == DType(scalar) || rhs == DType(scalar);
  };
  bool floating = lhs.isFloat() || rhs.isFloat();
  bool widens = kind.isTrueDivision || kind.isRemainder;
  if (!floating) {
    if (kind.isTrueDivision) {
      if (lhs.isSigned() != rhs.isSigned())
        return Promotion::MixedSignedness;
      result = Scalar::F32;
      return Promotion::Ok;
    }
    return promoteIntegers(lhs, rhs, kind, result);
  }
  if (either(Scalar::F64))
    result = Scalar::F64;
  else if (widens || either(Scalar::F32))
    result = Scalar::F32;
  else if (either(Scalar::F16))
    result = Scalar::F16;
  else if (either(Scalar::BF16))
    result = lhs == rhs ? Scalar::BF16 : Scalar::F32;
  else if (lhs.isFp8() && rhs.isFp8())
    result = lhs == rhs ? lhs : DType(Scalar::F16);
  else
    result = lhs.isFp8() ? lhs : rhs;
  return Promotion::Ok;
}

std::optional<DType> tilesdk::frontend::dtypeOfInteger(const BigInt &value) {
  if (value.fitsSigned(32))
    return DType(Scalar::I32);
  if (value.fitsUnsigned(32))
    return DType(Scalar::U32);
  if (value.fitsSigned(64))
    return DType(Scalar::I64);
  if (value.fitsUnsigned(64))
    return DType(Scalar::U64);
  return std::nullopt;
}

DType tilesdk::frontend::dtypeOfFloat(double value) {
  double magnitude = std::fabs(value);
  bool single = magnitude == 0 || std::isnan(value) || std::isinf(value) ||
                (magnitude >= 0x1p-126 && magnitude <= 0x1.fffffep127);
  return single ? Scalar::F32 : Scalar::F64;
}

BigInt tilesdk::frontend::minValue(DType dtype) {
  if (!dtype.isSigned())
    return BigInt(0);
  return BigInt(dtype.width() == 64 ? INT64_MIN
                                    : -(int64_t(1) << (dtype.width() - 1)));
}

BigInt tilesdk::frontend::maxValue(DType dtype) {
  unsigned bits = dtype.isSigned() ? dtype.width() - 1 : dtype.width();
  return BigInt::fromUnsigned(bits == 64 ? ~uint64_t(0)
                                         : (uint64_t(1) << bits) - 1);
}
