//===- operators.cpp - Operators on run-time values -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/sema.h"

#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

namespace arith = mlir::arith;

static PromotionKind promotionKind(BinaryOp op) {
  PromotionKind kind;
  kind.isTrueDivision = op == BinaryOp::Div;
  kind.isFloorDivision = op == BinaryOp::FloorDiv;
  kind.isRemainder = op == BinaryOp::Mod;
  return kind;
}

//===----------------------------------------------------------------------===//
// Promotion and broadcasting
//===----------------------------------------------------------------------===//

bool Sema::unify(Value &lhs, Value &rhs, llvm::StringRef what, Span where,
                 PromotionKind kind) {
  if (lhs.isError() || rhs.isError())
    return false;
  auto usable = [](const Value &value) {
    return value.isNumber() || (value.isRuntime() && !value.dtype.isPointer());
  };
  bool samePointers = lhs.isPointer() && rhs.isPointer() &&
                      lhs.dtype.pointee() == rhs.dtype.pointee() &&
                      !kind.isDivision();
  if (!samePointers && (!usable(lhs) || !usable(rhs))) {
    return report(Diag::InvalidOperandTypes, where, what, lhs.describe(),
                  rhs.describe())
        .origin(lhs)
        .origin(rhs);
  }
  // A literal takes part by its kind only: it adopts the other side's type
  // unless that can not hold it.
  bool adopted = false;
  if (lhs.isNumber() && rhs.isNumber()) {
    lhs = toRuntime(lhs, where);
    rhs = toRuntime(rhs, where);
  } else if (lhs.isNumber()) {
    lhs = toRuntimeLike(lhs, rhs.dtype, where);
    adopted = true;
  } else if (rhs.isNumber()) {
    rhs = toRuntimeLike(rhs, lhs.dtype, where);
    adopted = true;
  }
  if (lhs.isError() || rhs.isError())
    return false;
  DType result = lhs.dtype;
  if (!samePointers) {
    switch (promote(lhs.dtype, rhs.dtype, kind, result)) {
    case Promotion::Ok:
      break;
    case Promotion::MixedSignedness:
      return report(Diag::MixedSignedness, where, what, lhs.dtype.str(),
                    rhs.dtype.str())
          .origin(lhs)
          .origin(rhs)
          .help("cast one side, e.g. `.to(tl." + lhs.dtype.str() + ")`");
    case Promotion::NotNumeric:
      return report(Diag::InvalidOperandTypes, where, what, lhs.describe(),
                    rhs.describe());
    }
    // f16 + 2.0 stays what it is even for types that do not mix otherwise.
    if (adopted && lhs.dtype == rhs.dtype && !kind.isDivision())
      result = lhs.dtype;
  }
  Shape shape;
  if (!broadcastShapes(lhs, rhs, shape, where))
    return false;
  lhs = broadcastTo(cast(lhs, result, where), shape);
  rhs = broadcastTo(cast(rhs, result, where), shape);
  return !lhs.isError() && !rhs.isError();
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static mlir::Value emitFloat(Sema &sema, BinaryOp op, mlir::Value a,
                             mlir::Value b) {
  auto flags = arith::FastMathFlagsAttr::get(
      sema.context, sema.request.options.enableFpFusion
                        ? arith::FastMathFlags::contract
                        : arith::FastMathFlags::none);
  switch (op) {
  case BinaryOp::Add:
    return sema.create<arith::AddFOp>(a, b, flags);
  case BinaryOp::Sub:
    return sema.create<arith::SubFOp>(a, b, flags);
  case BinaryOp::Mul:
    return sema.create<arith::MulFOp>(a, b, flags);
  case BinaryOp::Div:
    return sema.create<arith::DivFOp>(a, b);
  case BinaryOp::Mod:
    return sema.create<arith::RemFOp>(a, b);
  default:
    return {};
  }
}

static mlir::Value emitInt(Sema &sema, BinaryOp op, mlir::Value a,
                           mlir::Value b, bool isSigned) {
  switch (op) {
  case BinaryOp::Add:
    return sema.create<arith::AddIOp>(a, b);
  case BinaryOp::Sub:
    return sema.create<arith::SubIOp>(a, b);
  case BinaryOp::Mul:
    return sema.create<arith::MulIOp>(a, b);
  case BinaryOp::FloorDiv:
    if (isSigned)
      return sema.create<arith::DivSIOp>(a, b);
    return sema.create<arith::DivUIOp>(a, b);
  case BinaryOp::Mod:
    if (isSigned)
      return sema.create<arith::RemSIOp>(a, b);
    return sema.create<arith::RemUIOp>(a, b);
  case BinaryOp::ShiftLeft:
    return sema.create<arith::ShLIOp>(a, b);
  case BinaryOp::ShiftRight:
    if (isSigned)
      return sema.create<arith::ShRSIOp>(a, b);
    return sema.create<arith::ShRUIOp>(a, b);
  case BinaryOp::BitAnd:
    return sema.create<arith::AndIOp>(a, b);
  case BinaryOp::BitOr:
    return sema.create<arith::OrIOp>(a, b);
  case BinaryOp::BitXor:
    return sema.create<arith::XOrIOp>(a, b);
  default:
    return {};
  }
}

Value Sema::addPointer(const Value &pointer, Value offset, bool negate,
                       Span where) {
  llvm::StringRef word = negate ? "-" : "+";
  if (offset.isNumber() && !offset.isFloat())
    offset = toRuntime(offset, where);
  if (offset.isError() || pointer.isError())
    return Value::error();
  if (!offset.isRuntime() || !offset.dtype.isInt())
    return report(Diag::PointerArithmetic, where, word, pointer.describe(),
                  offset.describe())
        .origin(pointer)
        .origin(offset);
  if (offset.dtype.isBool())
    offset = cast(offset, Scalar::I32, where);
  // Unsigned offsets must not turn negative.
  if (offset.dtype.isUnsigned() && offset.dtype.width() < 64)
    offset = cast(offset, Scalar::I64, where);
  if (negate) {
    Value zero = constantInt(0, offset.dtype, offset.shape);
    offset.ir = create<arith::SubIOp>(zero.ir, offset.ir);
  }
  Shape shape;
  if (!broadcastShapes(pointer, offset, shape, where))
    return Value::error();
  Value base = broadcastTo(pointer, shape), steps = broadcastTo(offset, shape);
  return Value::runtime(
      create<tile::AddPtrOp>(base.ir.getType(), base.ir, steps.ir),
      pointer.dtype, shape);
}

Value Sema::binary(BinaryOp op, const Value &lhsValue, const Value &rhsValue,
                   Span where) {
  Value lhs = lhsValue, rhs = rhsValue;
  if (lhs.isError() || rhs.isError())
    return Value::error();
  if (!lhs.isRuntime() && !rhs.isRuntime())
    return foldBinary(op, lhs, rhs, where);
  llvm::StringRef word = spelling(op);
  if (lhs.isPointer() || rhs.isPointer()) {
    bool adds = op == BinaryOp::Add, subtracts = op == BinaryOp::Sub;
    if (lhs.isPointer() && !rhs.isPointer() && (adds || subtracts))
      return addPointer(lhs, rhs, subtracts, where);
    if (rhs.isPointer() && !lhs.isPointer() && adds)
      return addPointer(rhs, lhs, false, where);
    return report(Diag::PointerArithmetic, where, word, lhs.describe(),
                  rhs.describe())
        .origin(lhs)
        .origin(rhs);
  }
  bool isBits =
      op == BinaryOp::BitAnd || op == BinaryOp::BitOr || op == BinaryOp::BitXor;
  bool isShift = op == BinaryOp::ShiftLeft || op == BinaryOp::ShiftRight;
  if (op == BinaryOp::MatMul || op == BinaryOp::Pow) {
    Report message = report(Diag::InvalidOperandTypes, where, word,
                            lhs.describe(), rhs.describe());
    if (op == BinaryOp::MatMul)
      message.help("multiply matrices with `tl.dot`");
    else
      message.help("`**` works on constexprs; for x ** 2 write `x * x`, else "
                   "`tl.exp2(y * tl.log2(x))`");
    return message;
  }
  if (isShift && rhs.isInt() && lhs.isRuntime() && lhs.dtype.isInt() &&
      !(rhs.integer() < BigInt(lhs.dtype.width())))
    report(Diag::ShiftOutOfRange, where, rhs.repr(), lhs.dtype.str());
  bool isSigned = lhs.isRuntime() ? lhs.dtype.isSigned() : rhs.dtype.isSigned();
  PromotionKind kind = promotionKind(op);
  Value originalLhs = lhs, originalRhs = rhs;
  if (!unify(lhs, rhs, word, where, kind))
    return Value::error();
  DType dtype = lhs.dtype;
  if (dtype.isFloat() && (isBits || isShift))
    return report(Diag::InvalidOperandTypes, where, word,
                  originalLhs.describe(), originalRhs.describe())
        .origin(originalLhs)
        .origin(originalRhs);
  if (dtype.isFloat() && op == BinaryOp::FloorDiv)
    return report(Diag::FloorDivFloat, where, dtype.str())
        .help("use `/`, and `tl.floor` for the integer part");
  if (kind.isTrueDivision && !dtype.isFloat()) {
    lhs = cast(lhs, Scalar::F32, where);
    rhs = cast(rhs, Scalar::F32, where);
    dtype = Scalar::F32;
  }
  if (dtype.isFp8()) {
    // There is no arithmetic on 8-bit numbers; the result goes back to them.
    Value a = cast(lhs, Scalar::F32, where), b = cast(rhs, Scalar::F32, where);
    Value wide = Value::runtime(emitFloat(*this, op, a.ir, b.ir), Scalar::F32,
                                lhs.shape);
    return cast(wide, dtype, where);
  }
  if (!isShift)
    isSigned = dtype.isSigned();
  mlir::Value ir = dtype.isFloat()
                       ? emitFloat(*this, op, lhs.ir, rhs.ir)
                       : emitInt(*this, op, lhs.ir, rhs.ir, isSigned);
  return Value::runtime(ir, dtype, lhs.shape);
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static arith::CmpIPredicate intPredicate(CompareOp op, bool isSigned) {
  using P = arith::CmpIPredicate;
  switch (op) {
  case CompareOp::Eq:
    return P::eq;
  case CompareOp::NotEq:
    return P::ne;
  case CompareOp::Less:
    return isSigned ? P::slt : P::ult;
  case CompareOp::LessEq:
    return isSigned ? P::sle : P::ule;
  case CompareOp::Greater:
    return isSigned ? P::sgt : P::ugt;
  default:
    return isSigned ? P::sge : P::uge;
  }
}

static arith::CmpFPredicate floatPredicate(CompareOp op) {
  using P = arith::CmpFPredicate;
  switch (op) {
  case CompareOp::Eq:
    return P::OEQ;
  case CompareOp::NotEq:
    return P::UNE;
  case CompareOp::Less:
    return P::OLT;
  case CompareOp::LessEq:
    return P::OLE;
  case CompareOp::Greater:
    return P::OGT;
  default:
    return P::OGE;
  }
}

Value Sema::compare(CompareOp op, const Value &lhsValue, const Value &rhsValue,
                    Span where) {
  Value lhs = lhsValue, rhs = rhsValue;
  if (lhs.isError() || rhs.isError())
    return Value::error();
  bool isIdentity = op == CompareOp::Is || op == CompareOp::IsNot;
  for (const Value *side : {&lhs, &rhs})
    if (isUnknownModule(*side))
      return report(Diag::UnknownModule, where, side->text());
  if ((op == CompareOp::In || op == CompareOp::NotIn) && !frame->compileTime &&
      !(lhs.isConstexpr() && rhs.isConstexpr()))
    return report(Diag::MembershipTest, where, spelling(op));
  if (isIdentity || (!lhs.isRuntime() && !rhs.isRuntime())) {
    if (isIdentity && lhs.isRuntime() && rhs.isRuntime())
      return Value::boolOf((lhs.ir == rhs.ir) == (op == CompareOp::Is));
    return foldCompare(op, lhs, rhs, where);
  }
  bool isEquality = op == CompareOp::Eq || op == CompareOp::NotEq;
  auto neverEqual = [](const Value &value) {
    return value.isNone() || value.isString() || value.isType();
  };
  if (isEquality && (neverEqual(lhs) || neverEqual(rhs)))
    return Value::boolOf(op == CompareOp::NotEq);
  if (lhs.isPointer() || rhs.isPointer())
    return report(Diag::PointerArithmetic, where, spelling(op), lhs.describe(),
                  rhs.describe())
        .help("compare addresses: `p.to(tl.int64)`");
  if (!unify(lhs, rhs, spelling(op), where))
    return Value::error();
  if (lhs.dtype.isFp8()) {
    lhs = cast(lhs, Scalar::F32, where);
    rhs = cast(rhs, Scalar::F32, where);
  }
  mlir::Value ir;
  if (lhs.dtype.isFloat())
    ir = create<arith::CmpFOp>(floatPredicate(op), lhs.ir, rhs.ir);
  else
    ir = create<arith::CmpIOp>(intPredicate(op, lhs.dtype.isSigned()), lhs.ir,
                               rhs.ir);
  return Value::runtime(ir, Scalar::I1, lhs.shape);
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

Value Sema::unary(UnaryOp op, const Value &operand, Span where) {
  if (operand.isError())
    return operand;
  if (!operand.isRuntime())
    return foldUnary(op, operand, where);
  DType dtype = operand.dtype;
  auto invalid = [&]() -> Value {
    return report(Diag::InvalidOperandType, where, spelling(op),
                  operand.describe())
        .origin(operand);
  };
  switch (op) {
  case UnaryOp::Plus:
    return invalid();
  case UnaryOp::Minus: {
    if (dtype.isPointer() || dtype.isBool())
      return invalid();
    if (dtype.isFp8()) {
      Value wide = unary(op, cast(operand, Scalar::F32, where), where);
      return cast(wide, dtype, where);
    }
    if (dtype.isFloat())
      return Value::runtime(create<arith::NegFOp>(operand.ir), dtype,
                            operand.shape);
    Value zero = constantInt(0, dtype, operand.shape);
    return Value::runtime(create<arith::SubIOp>(zero.ir, operand.ir), dtype,
                          operand.shape);
  }
  case UnaryOp::Invert:
    if (!dtype.isInt())
      return invalid();
    break;
  case UnaryOp::Not:
    if (!dtype.isBool())
      return report(Diag::BoolExpected, where, operand.describe())
          .origin(operand)
          .help("compare first, e.g. `x == 0`");
    if (!operand.shape.empty())
      report(Diag::LogicalOnTensor, where, "not").help("write `~x`");
    break;
  }
  Value ones = constantInt(dtype.isBool() ? 1 : -1, dtype, operand.shape);
  return Value::runtime(create<arith::XOrIOp>(operand.ir, ones.ir), dtype,
                        operand.shape);
}

Value Sema::logical(BoolOp op, const Value &lhsValue, const Value &rhsValue,
                    Span where) {
  Value lhs = lhsValue, rhs = rhsValue;
  if (lhs.isError() || rhs.isError())
    return Value::error();
  for (Value *side : {&lhs, &rhs}) {
    if (std::optional<bool> known = truth(*side))
      *side = constantInt(*known, Scalar::I1);
    if (!side->isRuntime() || !side->dtype.isBool())
      return report(Diag::BoolExpected, where, side->describe())
          .origin(*side)
          .help("compare first, e.g. `x != 0`");
  }
  if (!lhs.shape.empty() || !rhs.shape.empty())
    report(Diag::LogicalOnTensor, where, spelling(op))
        .help(op == BoolOp::And ? "write `a & b`" : "write `a | b`");
  Shape shape;
  if (!broadcastShapes(lhs, rhs, shape, where))
    return Value::error();
  lhs = broadcastTo(lhs, shape);
  rhs = broadcastTo(rhs, shape);
  mlir::Value ir = op == BoolOp::And
                       ? create<arith::AndIOp>(lhs.ir, rhs.ir).getResult()
                       : create<arith::OrIOp>(lhs.ir, rhs.ir).getResult();
  return Value::runtime(ir, Scalar::I1, shape);
}

Value Sema::select(const Value &condition, const Value &yes, const Value &no) {
  return Value::runtime(create<arith::SelectOp>(condition.ir, yes.ir, no.ir),
                        yes.dtype, yes.shape);
}

Value Sema::minMax(const Value &lhsValue, const Value &rhsValue, bool isMax,
                   bool propagateNan, Span where) {
  Value lhs = lhsValue, rhs = rhsValue;
  llvm::StringRef word = isMax ? "maximum" : "minimum";
  if (!unify(lhs, rhs, word, where))
    return Value::error();
  DType dtype = lhs.dtype;
  if (dtype.isPointer())
    return report(Diag::InvalidOperandTypes, where, word, lhs.describe(),
                  rhs.describe());
  if (dtype.isFp8() || dtype == DType(Scalar::BF16)) {
    // The language widens bfloat16 here, and the result stays wide.
    lhs = cast(lhs, Scalar::F32, where);
    rhs = cast(rhs, Scalar::F32, where);
    dtype = Scalar::F32;
  }
  mlir::Value a = lhs.ir, b = rhs.ir, ir;
  if (dtype.isFloat() && propagateNan)
    ir = isMax ? create<arith::MaximumFOp>(a, b).getResult()
               : create<arith::MinimumFOp>(a, b).getResult();
  else if (dtype.isFloat())
    ir = isMax ? create<arith::MaxNumFOp>(a, b).getResult()
               : create<arith::MinNumFOp>(a, b).getResult();
  else if (dtype.isSigned())
    ir = isMax ? create<arith::MaxSIOp>(a, b).getResult()
               : create<arith::MinSIOp>(a, b).getResult();
  else
    ir = isMax ? create<arith::MaxUIOp>(a, b).getResult()
               : create<arith::MinUIOp>(a, b).getResult();
  return Value::runtime(ir, dtype, lhs.shape);
}
