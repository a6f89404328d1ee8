//===- compile_time.cpp - Folding and constexpr functions -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Python's semantics on values known at compile time, and an interpreter for
// the small part of Python that constexpr functions use.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include <cmath>

using namespace tilesdk;
using namespace tilesdk::frontend;

std::optional<bool> Sema::truth(const Value &value) {
  using Kind = Value::Kind;
  switch (value.kind) {
  case Kind::None:
    return false;
  case Kind::Bool:
    return value.boolean;
  case Kind::Int:
    return !value.integer().isZero();
  case Kind::Float:
    return value.number != 0;
  case Kind::String:
    return !value.text().empty();
  case Kind::Tuple:
    return !value.elements().empty();
  case Kind::Error:
  case Kind::Undefined:
  case Kind::Runtime:
  case Kind::BlockPointer:
  case Kind::Descriptor:
    return std::nullopt;
  case Kind::Module:
    if (isUnknownModule(value))
      return std::nullopt;
    return true;
  default:
    return true;
  }
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static Value tooBig(Sema &sema, Span where) {
  return sema.report(Diag::ConstexprEvaluation, where,
                     "an integer of more than " +
                         std::to_string(BigInt::maxBits) + " bits");
}

static double floorModulo(double a, double b) {
  double result = std::fmod(a, b);
  if (result != 0 && (result < 0) != (b < 0))
    result += b;
  return result;
}

static Value foldFloats(Sema &sema, BinaryOp op, double a, double b,
                        Span where) {
  bool divides =
      op == BinaryOp::Div || op == BinaryOp::FloorDiv || op == BinaryOp::Mod;
  if (divides && b == 0)
    return sema.report(Diag::ConstexprEvaluation, where, "division by zero");
  switch (op) {
  case BinaryOp::Add:
    return Value::floatOf(a + b);
  case BinaryOp::Sub:
    return Value::floatOf(a - b);
  case BinaryOp::Mul:
    return Value::floatOf(a * b);
  case BinaryOp::Div:
    return Value::floatOf(a / b);
  case BinaryOp::FloorDiv:
    return Value::floatOf(std::floor(a / b));
  case BinaryOp::Mod:
    return Value::floatOf(floorModulo(a, b));
  case BinaryOp::Pow: {
    double result = std::pow(a, b);
    if (std::isnan(result) && !std::isnan(a) && !std::isnan(b))
      return sema.report(Diag::ConstexprEvaluation, where,
                         "a root of a negative number");
    return Value::floatOf(result);
  }
  default:
    return sema.report(Diag::InvalidOperandTypes, where, spelling(op), "float",
                       "float");
  }
}

static Value foldIntegers(Sema &sema, BinaryOp op, const BigInt &a,
                          const BigInt &b, Span where) {
  bool divides =
      op == BinaryOp::Div || op == BinaryOp::FloorDiv || op == BinaryOp::Mod;
  if (divides && b.isZero())
    return sema.report(Diag::ConstexprEvaluation, where, "division by zero");
  bool shifts = op == BinaryOp::ShiftLeft || op == BinaryOp::ShiftRight;
  if (shifts && b.isNegative())
    return sema.report(Diag::ConstexprEvaluation, where,
                       "a shift by the negative number " + b.str());
  BigInt::Maybe result;
  switch (op) {
  case BinaryOp::Add:
    result = a.add(b);
    break;
  case BinaryOp::Sub:
    result = a.sub(b);
    break;
  case BinaryOp::Mul:
    result = a.mul(b);
    break;
  case BinaryOp::Div:
    return Value::floatOf(a.toDouble() / b.toDouble());
  case BinaryOp::FloorDiv:
    result = a.floorDiv(b);
    break;
  case BinaryOp::Mod:
    result = a.floorMod(b);
    break;
  case BinaryOp::Pow:
    if (b.isNegative())
      return foldFloats(sema, op, a.toDouble(), b.toDouble(), where);
    result = a.pow(b);
    break;
  case BinaryOp::ShiftLeft:
    result = a.shl(b);
    break;
  case BinaryOp::ShiftRight:
    result = a.shr(b);
    break;
  case BinaryOp::BitAnd:
    result = a.bitAnd(b);
    break;
  case BinaryOp::BitOr:
    result = a.bitOr(b);
    break;
  case BinaryOp::BitXor:
    result = a.bitXor(b);
    break;
  case BinaryOp::MatMul:
    return sema.report(Diag::InvalidOperandTypes, where, "@", "int", "int")
        .help("multiply matrices with `tl.dot`");
  }
  return result ? Value::intOf(*result) : tooBig(sema, where);
}

static Value repeatTuple(Sema &sema, const Value &tuple, const Value &count,
                         Span where) {
  std::optional<int64_t> times = count.asInteger().asInt64();
  size_t size = tuple.elements().size();
  if (count.asInteger().isNegative())
    times = 0;
  if (!times || (size && *times > int64_t(maxTupleLeaves / size)))
    return sema.report(Diag::ConstexprEvaluation, where,
                       "a tuple of more than " +
                           std::to_string(maxTupleLeaves) + " elements");
  std::vector<Value> elements;
  for (int64_t i = 0; size && i < *times; ++i)
    llvm::append_range(elements, tuple.elements());
  return sema.makeTuple(std::move(elements), tuple.payload->isList, where);
}

Value Sema::foldBinary(BinaryOp op, const Value &lhs, const Value &rhs,
                       Span where) {
  if (lhs.isNumber() && rhs.isNumber()) {
    bool bits = op == BinaryOp::BitAnd || op == BinaryOp::BitOr ||
                op == BinaryOp::BitXor;
    if (bits && lhs.isBool() && rhs.isBool()) {
      bool a = lhs.boolean, b = rhs.boolean;
      return Value::boolOf(op == BinaryOp::BitAnd  ? a && b
                           : op == BinaryOp::BitOr ? a || b
                                                   : a != b);
    }
    if (lhs.isFloat() || rhs.isFloat())
      return foldFloats(*this, op, lhs.asDouble(), rhs.asDouble(), where);
    return foldIntegers(*this, op, lhs.asInteger(), rhs.asInteger(), where);
  }
  if (op == BinaryOp::Add && lhs.isTuple() && rhs.isTuple()) {
    std::vector<Value> elements(lhs.elements());
    llvm::append_range(elements, rhs.elements());
    return makeTuple(std::move(elements), lhs.payload->isList, where);
  }
  if (op == BinaryOp::Mul && lhs.isTuple() && (rhs.isInt() || rhs.isBool()))
    return repeatTuple(*this, lhs, rhs, where);
  if (op == BinaryOp::Mul && rhs.isTuple() && (lhs.isInt() || lhs.isBool()))
    return repeatTuple(*this, rhs, lhs, where);
  auto tooLong = [&] {
    return report(Diag::ConstexprEvaluation, where,
                  "a string of more than " + std::to_string(maxStringBytes) +
                      " bytes");
  };
  if (op == BinaryOp::Add && lhs.isString() && rhs.isString()) {
    if (lhs.text().size() + rhs.text().size() > maxStringBytes)
      return tooLong();
    numSteps += (lhs.text().size() + rhs.text().size()) / 64;
    return Value::stringOf((lhs.text() + rhs.text()).str());
  }
  const Value *text = lhs.isString() ? &lhs : rhs.isString() ? &rhs : nullptr;
  const Value *count = text == &lhs ? &rhs : &lhs;
  if (op == BinaryOp::Mul && text && (count->isInt() || count->isBool())) {
    std::optional<int64_t> times = count->asInteger().asInt64();
    if (count->asInteger().isNegative())
      times = 0;
    size_t size = text->text().size();
    if (size && (!times || *times > int64_t(maxStringBytes / size)))
      return tooLong();
    numSteps += size * (times ? *times : 0) / 64;
    std::string result;
    for (int64_t i = 0; size && i < *times; ++i)
      result += text->text();
    return Value::stringOf(result);
  }
  return report(Diag::InvalidOperandTypes, where, spelling(op), lhs.describe(),
                rhs.describe());
}

Value Sema::foldUnary(UnaryOp op, const Value &operand, Span where) {
  if (op == UnaryOp::Not) {
    if (std::optional<bool> known = truth(operand))
      return Value::boolOf(!*known);
  } else if (operand.isFloat() && op != UnaryOp::Invert) {
    return Value::floatOf(op == UnaryOp::Minus ? -operand.number
                                               : operand.number);
  } else if (operand.isBool() && op == UnaryOp::Invert) {
    // As on tensors; Python's -2 for ~True helps nobody.
    return Value::boolOf(!operand.boolean);
  } else if (operand.isInt() || operand.isBool()) {
    BigInt number = operand.asInteger();
    if (op == UnaryOp::Plus)
      return Value::intOf(number);
    if (op == UnaryOp::Invert)
      return Value::intOf(number.invert());
    BigInt::Maybe negated = number.negate();
    return negated ? Value::intOf(*negated) : tooBig(*this, where);
  }
  return report(Diag::InvalidOperandType, where, spelling(op),
                operand.describe());
}

Value Sema::foldCompare(CompareOp op, const Value &lhs, const Value &rhs,
                        Span where) {
  switch (op) {
  case CompareOp::Is:
  case CompareOp::Eq:
    return Value::boolOf(constexprEqual(lhs, rhs));
  case CompareOp::IsNot:
  case CompareOp::NotEq:
    return Value::boolOf(!constexprEqual(lhs, rhs));
  case CompareOp::In:
  case CompareOp::NotIn: {
    bool found = false;
    if (rhs.isString() && lhs.isString())
      found = rhs.text().contains(lhs.text());
    else if (rhs.isTuple())
      for (const Value &element : rhs.elements())
        found |= constexprEqual(lhs, element);
    else
      break;
    return Value::boolOf(found == (op == CompareOp::In));
  }
  default:
    break;
  }
  int order = 2;
  if (lhs.isTuple() && rhs.isTuple()) {
    for (auto [a, b] : llvm::zip(lhs.elements(), rhs.elements()))
      if (!constexprEqual(a, b))
        return foldCompare(op, a, b, where);
    order = lhs.elements().size() < rhs.elements().size()    ? -1
            : lhs.elements().size() == rhs.elements().size() ? 0
                                                             : 1;
  } else if (lhs.isNumber() && rhs.isNumber()) {
    if (lhs.isFloat() || rhs.isFloat()) {
      double a = lhs.asDouble(), b = rhs.asDouble();
      order = a < b ? -1 : a == b ? 0 : a > b ? 1 : 3;
    } else {
      order = BigInt::compare(lhs.asInteger(), rhs.asInteger());
    }
  } else if (lhs.isString() && rhs.isString()) {
    order = lhs.text().compare(rhs.text());
  } else {
    return report(Diag::InvalidOperandTypes, where, spelling(op),
                  lhs.describe(), rhs.describe());
  }
  if (order == 3) // NaN
    return Value::boolOf(false);
  switch (op) {
  case CompareOp::Less:
    return Value::boolOf(order < 0);
  case CompareOp::LessEq:
    return Value::boolOf(order <= 0);
  case CompareOp::Greater:
    return Value::boolOf(order > 0);
  default:
    return Value::boolOf(order >= 0);
  }
}

//===----------------------------------------------------------------------===//
// constexpr functions
//===----------------------------------------------------------------------===//

static Flow executeIf(Sema &sema, const IfStmt *stmt) {
  for (const IfClause &clause : stmt->clauses) {
    Value test = sema.eval(clause.condition);
    std::optional<bool> known = sema.truth(test);
    if (!known) {
      if (!test.isError())
        sema.report(Diag::ConstexprExpected, clause.condition->span,
                    "the condition in a constexpr function", test.describe());
      return Flow::Returned;
    }
    if (*known)
      return sema.execute(clause.body);
  }
  return sema.execute(stmt->orelse);
}

static Flow executeLoop(Sema &sema, const ForStmt *stmt) {
  std::vector<Value> values;
  if (!sema.iterate(sema.eval(stmt->iterator), stmt->iterator->span, values))
    return Flow::Returned;
  for (const Value &value : values) {
    sema.assign(stmt->target, value, stmt->target->span);
    Flow flow = sema.execute(stmt->body);
    if (flow == Flow::Break)
      return Flow::Next;
    if (flow == Flow::Returned)
      return flow;
  }
  return sema.execute(stmt->orelse);
}

static Flow executeWhile(Sema &sema, const WhileStmt *stmt) {
  while (sema.tick(stmt->header)) {
    std::optional<bool> known = sema.truth(sema.eval(stmt->condition));
    if (!known)
      return Flow::Returned;
    if (!*known)
      return sema.execute(stmt->orelse);
    Flow flow = sema.execute(stmt->body);
    if (flow == Flow::Break)
      return Flow::Next;
    if (flow == Flow::Returned)
      return flow;
  }
  return Flow::Returned;
}

Flow Sema::execute(StmtList stmts) {
  for (const Stmt *stmt : stmts) {
    if (!tick(stmt->span))
      return Flow::Returned;
    Flow flow = Flow::Next;
    switch (stmt->kind) {
    case StmtKind::If:
      flow = executeIf(*this, llvm::cast<IfStmt>(stmt));
      break;
    case StmtKind::For:
      flow = executeLoop(*this, llvm::cast<ForStmt>(stmt));
      break;
    case StmtKind::While:
      flow = executeWhile(*this, llvm::cast<WhileStmt>(stmt));
      break;
    case StmtKind::Break:
      return Flow::Break;
    case StmtKind::Continue:
      return Flow::Continue;
    case StmtKind::Return: {
      auto *exit = llvm::cast<ReturnStmt>(stmt);
      frame->returnValue = exit->value ? eval(exit->value) : Value::none();
      return Flow::Returned;
    }
    case StmtKind::Assert: {
      auto *assertion = llvm::cast<AssertStmt>(stmt);
      if (truth(eval(assertion->condition)) == false) {
        std::string message;
        if (assertion->message)
          message = ": " + eval(assertion->message).str();
        report(Diag::StaticAssertFailed, stmt->span, message);
        return Flow::Returned;
      }
      break;
    }
    default:
      visitStmt(stmt);
      break;
    }
    if (flow != Flow::Next)
      return flow;
  }
  return Flow::Next;
}

Value Sema::callConstexpr(const FunctionInfo &function, CallArgs &args) {
  for (const CallArgs::Arg &arg : args.args)
    if (!arg.value.isConstexpr())
      return arg.value.isError()
                 ? Value::error()
                 : Value(
                       report(Diag::ConstexprExpected, arg.span,
                              "an argument of `" + function.name().str() + "`",
                              arg.value.describe()));
  Frame inner(location());
  inner.function = &function;
  inner.module = function.module;
  inner.caller = frame;
  inner.callSite = args.span;
  inner.compileTime = true;
  if (callDepth >= maxCallDepth) {
    stopped = true;
    return report(Diag::RecursiveCall, args.span, function.name(), callDepth);
  }
  if (!bindParameters(function, args, inner.locals))
    return Value::error();
  ++callDepth;
  Frame *outer = std::exchange(frame, &inner);
  uint64_t before = numErrors;
  execute(function.def->body);
  bool failed = numErrors != before;
  frame = outer;
  --callDepth;
  return failed || isStopped() ? Value::error() : inner.returnValue;
}
