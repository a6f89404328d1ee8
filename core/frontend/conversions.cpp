//===- conversions.cpp - Constants, casts and shapes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/sema.h"
#include "core/frontend/signature.h"

#include "core/ir/tile_ops.h"

#include "llvm/ADT/APFloat.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static mlir::TypedAttr splatAttr(mlir::Type type, mlir::Attribute element) {
  if (auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type))
    return mlir::DenseElementsAttr::get(tensor, element);
  return llvm::cast<mlir::TypedAttr>(element);
}

Value Sema::constantInt(const BigInt &value, DType dtype,
                        llvm::ArrayRef<int64_t> shape) {
  mlir::Type element = irType(dtype);
  auto attr = mlir::IntegerAttr::get(element, value.toAPInt(dtype.width()));
  mlir::Type type = irType(dtype, shape);
  return Value::runtime(create<mlir::arith::ConstantOp>(splatAttr(type, attr)),
                        dtype, shape);
}

Value Sema::constantFloat(double number, DType dtype,
                          llvm::ArrayRef<int64_t> shape) {
  auto element = llvm::cast<mlir::FloatType>(irType(dtype));
  const llvm::fltSemantics &semantics = element.getFloatSemantics();
  llvm::APFloat value(number);
  bool lossy;
  if (!dtype.isFp8()) {
    value.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lossy);
  } else if (value.isNaN()) {
    value = llvm::APFloat::getNaN(semantics);
  } else {
    // 8-bit types saturate; the bound is compared before it can overflow.
    llvm::APFloat largest = llvm::APFloat::getLargest(semantics);
    llvm::APFloat wide = largest;
    wide.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &lossy);
    if (llvm::abs(value) >= wide) {
      if (value.isNegative())
        largest.changeSign();
      value = largest;
    } else {
      value.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lossy);
    }
  }
  auto attr = mlir::FloatAttr::get(element, value);
  mlir::Type type = irType(dtype, shape);
  return Value::runtime(create<mlir::arith::ConstantOp>(splatAttr(type, attr)),
                        dtype, shape);
}

Value Sema::toRuntime(const Value &value, Span where) {
  if (value.isBool())
    return constantInt(value.boolean, Scalar::I1);
  if (value.isInt()) {
    std::optional<DType> dtype = dtypeOfInteger(value.integer());
    if (!dtype)
      return report(Diag::LiteralOutOfRange, where, value.repr(), "64 bits");
    return constantInt(value.integer(), *dtype);
  }
  if (value.isFloat())
    return constantFloat(value.number, dtypeOfFloat(value.number));
  if (value.isRuntime() || value.isError())
    return value;
  return report(Diag::TypeMismatch, where, "a number or a tensor",
                value.describe());
}

static unsigned rankOfKind(const Value &value) {
  return value.isBool() ? 0 : value.isInt() ? 1 : 2;
}
static unsigned rankOfKind(DType dtype) {
  return dtype.isBool() ? 0 : dtype.isInt() ? 1 : 2;
}

Value Sema::toRuntimeLike(const Value &value, DType like, Span where,
                          llvm::ArrayRef<int64_t> shape) {
  if (like.isPointer() || rankOfKind(value) > rankOfKind(like)) {
    Value own = toRuntime(value, where);
    return own.isError() || shape.empty() ? own : splat(own, shape);
  }
  if (like.isFloat())
    return constantFloat(value.asDouble(), like, shape);
  BigInt number = value.asInteger();
  if (number.isNegative() && like.isUnsigned())
    return report(Diag::NegativeLiteralUnsigned, where, value.repr(),
                  like.str())
        .help("cast the tensor first: `.to(tl.int" +
              std::to_string(std::min(64u, std::max(8u, like.width() * 2))) +
              ")`");
  bool fits = like.isSigned() ? number.fitsSigned(like.width())
                              : number.fitsUnsigned(like.width());
  if (!fits)
    return report(Diag::LiteralOutOfRange, where, value.repr(), like.str())
        .help("cast the tensor to a wider type first, e.g. `.to(tl." +
              dtypeOfInteger(number).value_or(Scalar::I64).str() + ")`");
  return constantInt(number, like, shape);
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static Value castFloat(Sema &sema, const Value &value, DType to, bool rtz) {
  DType from = value.dtype;
  mlir::Type type = sema.irType(to, value.shape);
  auto result = [&](mlir::Value ir) {
    return Value::runtime(ir, to, value.shape);
  };
  bool narrows = to.width() < from.width();
  if (from.isFp8() || to.isFp8() || (rtz && narrows)) {
    auto op = sema.create<tile::FpToFpOp>(type, value.ir);
    if (rtz)
      op.setRounding(tile::Rounding::Rtz);
    return result(op);
  }
  if (from.width() == to.width())
    return castFloat(sema, castFloat(sema, value, Scalar::F32, false), to,
                     false);
  if (narrows)
    return result(sema.create<mlir::arith::TruncFOp>(type, value.ir));
  return result(sema.create<mlir::arith::ExtFOp>(type, value.ir));
}

static Value castToBool(Sema &sema, const Value &value, Span where) {
  if (value.dtype.isFloat()) {
    Value wide =
        value.dtype.isFp8() ? sema.cast(value, Scalar::F32, where) : value;
    Value zero = sema.constantFloat(0, wide.dtype, wide.shape);
    return Value::runtime(
        sema.create<mlir::arith::CmpFOp>(mlir::arith::CmpFPredicate::UNE,
                                         wide.ir, zero.ir),
        Scalar::I1, value.shape);
  }
  Value number = value;
  if (value.dtype.isPointer())
    number =
        Value::runtime(sema.create<tile::PtrToIntOp>(
                           sema.irType(Scalar::I64, value.shape), value.ir),
                       Scalar::I64, value.shape);
  Value zero = sema.constantInt(0, number.dtype, number.shape);
  return Value::runtime(sema.create<mlir::arith::CmpIOp>(
                            mlir::arith::CmpIPredicate::ne, number.ir, zero.ir),
                        Scalar::I1, value.shape);
}

static Value castInt(Sema &sema, const Value &value, DType to) {
  DType from = value.dtype;
  mlir::Type type = sema.irType(to, value.shape);
  auto result = [&](mlir::Value ir) {
    return Value::runtime(ir, to, value.shape);
  };
  if (to.isFloat()) {
    if (to.isFp8())
      return castFloat(sema, castInt(sema, value, Scalar::F32), to, false);
    if (from.isSigned())
      return result(sema.create<mlir::arith::SIToFPOp>(type, value.ir));
    return result(sema.create<mlir::arith::UIToFPOp>(type, value.ir));
  }
  if (to.width() == from.width())
    return result(value.ir);
  if (to.width() < from.width())
    return result(sema.create<mlir::arith::TruncIOp>(type, value.ir));
  if (from.isSigned())
    return result(sema.create<mlir::arith::ExtSIOp>(type, value.ir));
  return result(sema.create<mlir::arith::ExtUIOp>(type, value.ir));
}

Value Sema::cast(const Value &value, DType to, Span where, bool rtz) {
  if (value.isError())
    return value;
  if (!checkType(to, where))
    return Value::error();
  if (value.isNumber()) {
    if (to.isFloat())
      return constantFloat(value.asDouble(), to);
    if (value.isInt() && !dtypeOfInteger(value.integer()))
      return report(Diag::LiteralOutOfRange, where, value.repr(), to.str());
    if (to.isBool())
      return constantInt(truth(value) == true, to);
    if (to.isInt()) {
      if (value.isFloat()) {
        if (BigInt::Maybe whole = BigInt::fromDouble(value.number))
          return constantInt(*whole, to);
        return report(Diag::LiteralOutOfRange, where, value.repr(), to.str());
      }
      return constantInt(value.asInteger(), to);
    }
    return cast(toRuntime(value, where), to, where);
  }
  if (!value.isRuntime())
    return report(Diag::TypeMismatch, where, "a number or a tensor",
                  value.describe());
  DType from = value.dtype;
  if (from == to)
    return value;
  auto invalid = [&]() -> Value {
    return report(Diag::InvalidCast, where, from.str(), to.str()).origin(value);
  };
  if (to.isVoid())
    return invalid();
  if (to.isBool())
    return castToBool(*this, value, where);
  if (from.isPointer()) {
    if (to.isPointer()) {
      if (from.pointee() == to.pointee() &&
          from.addressSpace == to.addressSpace)
        return Value::runtime(value.ir, to, value.shape);
      return Value::runtime(
          create<tile::PtrCastOp>(irType(to, value.shape), value.ir), to,
          value.shape);
    }
    if (!to.isInt() || to.width() != 64)
      return invalid();
    return Value::runtime(
        create<tile::PtrToIntOp>(irType(to, value.shape), value.ir), to,
        value.shape);
  }
  if (to.isPointer()) {
    if (!from.isInt() || from.isBool())
      return invalid();
    Value wide = castInt(*this, value, Scalar::I64);
    return Value::runtime(
        create<tile::IntToPtrOp>(irType(to, value.shape), wide.ir), to,
        value.shape);
  }
  if (from.isInt())
    return castInt(*this, value, to);
  if (to.isFloat())
    return castFloat(*this, value, to, rtz);
  Value wide =
      from.isFp8() ? castFloat(*this, value, Scalar::F32, false) : value;
  mlir::Type type = irType(to, value.shape);
  mlir::Value ir =
      to.isSigned() ? create<mlir::arith::FPToSIOp>(type, wide.ir).getResult()
                    : create<mlir::arith::FPToUIOp>(type, wide.ir).getResult();
  return Value::runtime(ir, to, value.shape);
}

Value Sema::bitcast(const Value &value, DType to, Span where) {
  Value source = toRuntime(value, where);
  if (source.isError() || source.dtype == to)
    return source;
  if (source.dtype.isPointer() || to.isPointer())
    return cast(source, to, where);
  unsigned from = source.dtype.width(), bits = to.width();
  if (from != bits)
    return report(Diag::BitcastWidth, where, source.dtype.str(), to.str(), from,
                  bits)
        .origin(source);
  mlir::Type type = irType(to, source.shape);
  if (type == source.ir.getType())
    return Value::runtime(source.ir, to, source.shape);
  return Value::runtime(create<mlir::arith::BitcastOp>(type, source.ir), to,
                        source.shape);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value Sema::splat(const Value &scalar, llvm::ArrayRef<int64_t> shape) {
  if (scalar.isError() || shape.empty())
    return scalar;
  Value result = Value::runtime({}, scalar.dtype, shape);
  // A splat of a constant is a constant.
  if (auto constant = scalar.ir.getDefiningOp<mlir::arith::ConstantOp>())
    result.ir = create<mlir::arith::ConstantOp>(
        splatAttr(irType(scalar.dtype, shape), constant.getValue()));
  else
    result.ir = create<tile::SplatOp>(irType(scalar.dtype, shape), scalar.ir);
  result.origin = scalar.origin;
  return result;
}

bool Sema::broadcastable(llvm::ArrayRef<int64_t> from,
                         llvm::ArrayRef<int64_t> to) {
  if (from.size() > to.size())
    return false;
  llvm::ArrayRef<int64_t> tail = to.take_back(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1 && from[i] != tail[i])
      return false;
  return true;
}

Value Sema::broadcastTo(const Value &value, llvm::ArrayRef<int64_t> shape) {
  if (value.isError() || llvm::ArrayRef<int64_t>(value.shape) == shape)
    return value;
  if (value.shape.empty())
    return splat(value, shape);
  Value result = value;
  while (result.shape.size() < shape.size())
    result = expandDims(result, 0);
  if (llvm::ArrayRef<int64_t>(result.shape) != shape) {
    result.ir =
        create<tile::BroadcastOp>(irType(value.dtype, shape), result.ir);
    result.shape.assign(shape.begin(), shape.end());
  }
  return result;
}

bool Sema::broadcastShapes(const Value &lhs, const Value &rhs, Shape &shape,
                           Span where) {
  const Shape &longer =
      lhs.shape.size() >= rhs.shape.size() ? lhs.shape : rhs.shape;
  const Shape &shorter = &longer == &lhs.shape ? rhs.shape : lhs.shape;
  shape = longer;
  size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t &size = shape[offset + i];
    if (size == shorter[i] || shorter[i] == 1)
      continue;
    if (size != 1) {
      int64_t a = &longer == &lhs.shape ? size : shorter[i];
      int64_t b = &longer == &lhs.shape ? shorter[i] : size;
      Report message =
          report(Diag::IncompatibleShapes, where, shapeStr(lhs.shape),
                 shapeStr(rhs.shape), offset + i, a, b);
      message.origin(lhs).origin(rhs);
      if (lhs.shape.size() == 1 && rhs.shape.size() == 1)
        message.help("to pair each element with each: `a[:, None]` and "
                     "`b[None, :]`");
      return message;
    }
    size = shorter[i];
  }
  return checkShape(shape, where);
}

Value Sema::expandDims(const Value &value, int64_t axis) {
  if (value.isError())
    return value;
  Value result = value;
  result.shape.insert(result.shape.begin() + axis, 1);
  if (value.shape.empty())
    result.ir = splat(value, {1}).ir;
  else
    result.ir =
        create<tile::ExpandDimsOp>(value.ir, static_cast<uint32_t>(axis));
  return result;
}

Value Sema::reshape(const Value &value, llvm::ArrayRef<int64_t> shape,
                    bool allowReorder) {
  if (value.isError() || llvm::ArrayRef<int64_t>(value.shape) == shape)
    return value;
  if (value.shape.empty())
    return splat(value, shape);
  if (shape.empty()) {
    // One element: reducing it dimension by dimension gives the scalar.
    Value flat = reshape(value, {elementCount(value.shape)});
    auto reduce = create<tile::ReduceOp>(
        mlir::ValueRange(flat.ir), 0, true,
        [](mlir::OpBuilder &, mlir::Location, mlir::ValueRange accumulators,
           mlir::ValueRange) {
          return llvm::SmallVector<mlir::Value>(accumulators);
        });
    return Value::runtime(reduce.getResult(0), value.dtype);
  }
  auto op = create<tile::ReshapeOp>(irType(value.dtype, shape), value.ir);
  if (allowReorder)
    op.setAllowReorder(true);
  Value result = Value::runtime(op, value.dtype, shape);
  result.origin = value.origin;
  return result;
}

bool Sema::checkShape(llvm::ArrayRef<int64_t> shape, Span where) {
  if (shape.size() > 8)
    return report(Diag::InvalidShape, where, shapeStr(shape),
                  "a tensor has at most 8 dimensions");
  __int128 count = 1;
  for (int64_t size : shape) {
    if (size < 1)
      return report(Diag::InvalidShape, where, shapeStr(shape),
                    "the size " + std::to_string(size) + " is not positive");
    count *= size;
    if (count > maxTensorElements) {
      int64_t shown = 1;
      for (int64_t each : shape)
        if (__builtin_mul_overflow(shown, each, &shown))
          shown = INT64_MAX;
      return report(Diag::TensorTooLarge, where, shapeStr(shape), shown,
                    maxTensorElements)
          .help("loop over smaller tiles");
    }
  }
  return true;
}

bool Sema::checkType(DType dtype, Span where) {
  DType scalar = dtype;
  scalar.pointers = 0;
  if (scalar.scalar == Scalar::F8E4B15)
    return report(Diag::UnsupportedType, where, dtype.str(),
                  request.targetName);
  for (const std::string &code : request.unsupportedTypes)
    if (std::optional<DType> lacking = dtypeOfCode(code);
        lacking && lacking->scalar == scalar.scalar)
      return report(Diag::UnsupportedType, where, dtype.str(),
                    request.targetName);
  return true;
}

std::optional<int64_t> Sema::constInt(const Value &value, llvm::StringRef what,
                                      Span where) {
  if (value.isError())
    return std::nullopt;
  if (value.isInt() || value.isBool()) {
    if (std::optional<int64_t> number = value.asInteger().asInt64())
      return number;
    report(Diag::LiteralOutOfRange, where, value.repr(), "64 bits");
    return std::nullopt;
  }
  if (value.isRuntime()) {
    Report message =
        report(Diag::ConstexprExpected, where, what, value.describe());
    message.origin(value);
    if (value.ir.getDefiningOp<mlir::arith::ConstantOp>())
      message.help("a plain assignment makes a number a run-time value; write "
                   "`name: tl.constexpr = ...`");
    return std::nullopt;
  }
  report(Diag::TypeMismatch, where, "an integer as " + what.str(),
         value.describe());
  return std::nullopt;
}

std::optional<Shape> Sema::constShape(const Value &value, llvm::StringRef what,
                                      Span where) {
  if (value.isError())
    return std::nullopt;
  Shape shape;
  if (!value.isTuple()) {
    std::optional<int64_t> size = constInt(value, what, where);
    if (!size)
      return std::nullopt;
    shape.push_back(*size);
    return shape;
  }
  for (const Value &element : value.elements()) {
    std::optional<int64_t> size = constInt(element, what, where);
    if (!size)
      return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

std::optional<DType> Sema::constType(const Value &value, Span where) {
  if (value.isError())
    return std::nullopt;
  if (value.isType()) {
    if (checkType(value.dtype, where))
      return value.dtype;
    return std::nullopt;
  }
  if (value.isString())
    if (std::optional<DType> dtype = dtypeFromText(value.text()))
      return dtype;
  if (value.kind == Value::Kind::Builtin) {
    // Python's own types, as annotations and casts spell them.
    if (value.repr() == "int")
      return DType(Scalar::I32);
    if (value.repr() == "float")
      return DType(Scalar::F32);
    if (value.repr() == "bool")
      return DType(Scalar::I1);
  }
  report(Diag::UnknownType, where, value.repr());
  return std::nullopt;
}
