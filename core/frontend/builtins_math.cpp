//===- builtins_math.cpp - Element-wise functions ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

namespace arith = mlir::arith;
namespace math = mlir::math;

static Value operand(Sema &sema, BuiltinCall &call, unsigned i) {
  Value value =
      call[i].isNumber() ? sema.toRuntime(call[i], call.spans[i]) : call[i];
  if (value.isError())
    return value;
  if (!value.isRuntime() || value.dtype.isPointer())
    return sema
        .report(Diag::TypeMismatch, call.spans[i],
                "a number or a tensor of numbers", value.describe())
        .origin(value);
  return value;
}

/// float32 or float64, as the language demands of most functions.
static bool checkWide(Sema &sema, BuiltinCall &call, const Value &value,
                      bool allowDouble = true) {
  if (value.dtype == DType(Scalar::F32) ||
      (allowDouble && value.dtype == DType(Scalar::F64)))
    return true;
  return sema
      .report(Diag::FloatExpected, call.spans[0], call.name(),
              value.dtype.str())
      .label(allowDouble ? "takes float32 and float64" : "takes float32")
      .origin(value)
      .help("cast the argument: `.to(tl.float32)`");
}

template <typename Op> static Value unary(Sema &sema, BuiltinCall &call) {
  Value value = operand(sema, call, 0);
  if (value.isError() || !checkWide(sema, call, value))
    return Value::error();
  return Value::runtime(sema.create<Op>(value.ir), value.dtype, value.shape);
}

static Value sqrtRn(Sema &sema, BuiltinCall &call) {
  Value value = operand(sema, call, 0);
  if (value.isError() || !checkWide(sema, call, value, false))
    return Value::error();
  return Value::runtime(
      sema.create<tile::SqrtRnOp>(value.ir.getType(), value.ir), value.dtype,
      value.shape);
}

/// Float operands of one type; integers become float32.
static bool floatPair(Sema &sema, BuiltinCall &call, Value &a, Value &b) {
  a = call[0];
  b = call[1];
  if (!sema.unify(a, b, call.name(), call.span))
    return false;
  if (!a.dtype.isFloat())
    return sema.report(Diag::FloatExpected, call.span, call.name(),
                       a.dtype.str());
  return true;
}

static Value divRn(Sema &sema, BuiltinCall &call) {
  Value a, b;
  if (!floatPair(sema, call, a, b) || !checkWide(sema, call, a, false))
    return Value::error();
  return Value::runtime(sema.create<tile::DivRnOp>(a.ir.getType(), a.ir, b.ir),
                        a.dtype, a.shape);
}

static Value fdiv(Sema &sema, BuiltinCall &call) {
  Value a, b;
  if (!floatPair(sema, call, a, b))
    return Value::error();
  if (sema.truth(call[2]) == true && a.dtype == DType(Scalar::F32))
    return Value::runtime(
        sema.create<tile::DivRnOp>(a.ir.getType(), a.ir, b.ir), a.dtype,
        a.shape);
  return sema.binary(BinaryOp::Div, a, b, call.span);
}

static Value fma(Sema &sema, BuiltinCall &call) {
  Value x = call[0], y = call[1], z = call[2];
  // Pairwise until all three agree.
  if (!sema.unify(x, y, "fma", call.span) ||
      !sema.unify(x, z, "fma", call.span) ||
      !sema.unify(x, y, "fma", call.span))
    return Value::error();
  if (!x.dtype.isStandardFloat()) {
    Value product = sema.binary(BinaryOp::Mul, x, y, call.span);
    return sema.binary(BinaryOp::Add, product, z, call.span);
  }
  return Value::runtime(sema.create<math::FmaOp>(x.ir, y.ir, z.ir), x.dtype,
                        x.shape);
}

static Value absolute(Sema &sema, BuiltinCall &call) {
  if (call[0].isFloat())
    return Value::floatOf(std::fabs(call[0].number));
  if (call[0].isNumber()) {
    BigInt number = call[0].asInteger();
    return Value::intOf(number.isNegative() ? *number.negate() : number);
  }
  Value value = operand(sema, call, 0);
  if (value.isError() || value.dtype.isUnsigned())
    return value;
  if (value.dtype.isFp8()) {
    Value wide = sema.cast(value, Scalar::F32, call.span);
    wide.ir = sema.create<math::AbsFOp>(wide.ir);
    return sema.cast(wide, value.dtype, call.span);
  }
  mlir::Value ir = value.dtype.isFloat()
                       ? sema.create<math::AbsFOp>(value.ir).getResult()
                       : sema.create<math::AbsIOp>(value.ir).getResult();
  return Value::runtime(ir, value.dtype, value.shape);
}

static Value umulhi(Sema &sema, BuiltinCall &call) {
  Value a = call[0], b = call[1];
  if (!sema.unify(a, b, "umulhi", call.span))
    return Value::error();
  if (!a.dtype.isInt() || a.dtype.width() < 32)
    return sema.report(Diag::IntExpected, call.span, "umulhi", a.dtype.str())
        .help("it multiplies integers of 32 or 64 bits");
  auto op = sema.create<arith::MulUIExtendedOp>(a.ir, b.ir);
  return Value::runtime(op.getHigh(), a.dtype, a.shape);
}

static bool propagates(const Value &mode) {
  return mode.isString() && mode.text() == "ALL";
}

/// Compile-time operands fold to the one that wins.
static Value extremum(Sema &sema, BuiltinCall &call, bool isMax) {
  if (call[0].isNumber() && call[1].isNumber()) {
    Value less = sema.foldCompare(CompareOp::Less, call[0], call[1], call.span);
    return (sema.truth(less) == true) == isMax ? call[1] : call[0];
  }
  return sema.minMax(call[0], call[1], isMax, propagates(call[2]), call.span);
}

static Value minimum(Sema &sema, BuiltinCall &call) {
  return extremum(sema, call, false);
}
static Value maximum(Sema &sema, BuiltinCall &call) {
  return extremum(sema, call, true);
}

static Value clamp(Sema &sema, BuiltinCall &call) {
  Value x = operand(sema, call, 0);
  if (x.isError())
    return x;
  if (!x.dtype.isFloat())
    return sema
        .report(Diag::FloatExpected, call.spans[0], "clamp", x.dtype.str())
        .origin(x)
        .help("use `tl.minimum` and `tl.maximum` on integers");
  bool all = propagates(call[3]);
  Value low = sema.minMax(x, call[1], true, all, call.span);
  return sema.minMax(low, call[2], false, all, call.span);
}

static Value where(Sema &sema, BuiltinCall &call) {
  Value condition = call[0], yes = call[1], no = call[2];
  if (std::optional<bool> known = sema.truth(condition);
      known && !condition.isRuntime())
    condition = sema.constantInt(*known, Scalar::I1);
  if (!condition.isRuntime())
    return sema.report(Diag::TypeMismatch, call.spans[0], "a condition",
                       condition.describe());
  if (!condition.dtype.isBool()) {
    sema.report(Diag::ConditionNotBool, call.spans[0], condition.dtype.str());
    condition = sema.cast(condition, Scalar::I1, call.spans[0]);
    if (condition.isError())
      return condition;
  }
  if (!sema.unify(yes, no, "where", call.span))
    return Value::error();
  Shape shape;
  if (!sema.broadcastShapes(condition, yes, shape, call.span))
    return Value::error();
  // A scalar condition may choose whole tensors.
  if (!condition.shape.empty())
    condition = sema.broadcastTo(condition, shape);
  return sema.select(condition, sema.broadcastTo(yes, shape),
                     sema.broadcastTo(no, shape));
}

template <BinaryOp op> static Value arithmetic(Sema &sema, BuiltinCall &call) {
  return sema.binary(op, call[0], call[1], call.span);
}

template <CompareOp op> static Value comparison(Sema &sema, BuiltinCall &call) {
  return sema.compare(op, call[0], call[1], call.span);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::mathBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"tl.exp", "x", unary<math::ExpOp>, isMethod},
      {"tl.exp2", "x", unary<math::Exp2Op>, isMethod},
      {"tl.log", "x", unary<math::LogOp>, isMethod},
      {"tl.log2", "x", unary<math::Log2Op>, isMethod},
      {"tl.sin", "x", unary<math::SinOp>, isMethod},
      {"tl.cos", "x", unary<math::CosOp>, isMethod},
      {"tl.sqrt", "x", unary<math::SqrtOp>, isMethod},
      {"tl.rsqrt", "x", unary<math::RsqrtOp>, isMethod},
      {"tl.erf", "x", unary<math::ErfOp>, isMethod},
      {"tl.floor", "x", unary<math::FloorOp>, isMethod},
      {"tl.ceil", "x", unary<math::CeilOp>, isMethod},
      {"tl.sqrt_rn", "x", sqrtRn},
      {"tl.div_rn", "x, y", divRn},
      {"tl.fdiv", "x, y, ieee_rounding=False", fdiv},
      {"tl.fma", "x, y, z", fma},
      {"tl.abs", "x", absolute, isMethod},
      {"tl.umulhi", "x, y", umulhi},
      {"tl.minimum", "x, y, propagate_nan='NONE'", minimum},
      {"tl.maximum", "x, y, propagate_nan='NONE'", maximum},
      {"tl.clamp", "x, min, max, propagate_nan='NONE'", clamp},
      {"tl.where", "condition, x, y", where},
      {"tl.add", "x, y, sanitize_overflow=True", arithmetic<BinaryOp::Add>},
      {"tl.sub", "x, y, sanitize_overflow=True", arithmetic<BinaryOp::Sub>},
      {"tl.mul", "x, y, sanitize_overflow=True", arithmetic<BinaryOp::Mul>},
      {"tl.eq", "x, y", comparison<CompareOp::Eq>, isMethod | isInternal},
  };
  return rows;
}
