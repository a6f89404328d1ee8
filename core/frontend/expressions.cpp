//===- expressions.cpp - Evaluation of expressions --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Subscripts
//===----------------------------------------------------------------------===//

static bool isFullSlice(const Expr *expr) {
  auto *slice = llvm::dyn_cast<SliceExpr>(expr);
  return slice && !slice->lower && !slice->upper && !slice->step;
}

/// Python's rule for one end of a slice.
static int64_t clampIndex(int64_t index, int64_t size, int64_t low,
                          int64_t high) {
  if (index < 0)
    index += size;
  return std::min(std::max(index, low), high);
}

static Value sliceTuple(Sema &sema, const Value &value, const SliceExpr *slice,
                        Span where) {
  auto bound = [&](const Expr *expr, std::optional<int64_t> &out) {
    if (!expr)
      return true;
    Value number = sema.eval(expr);
    if (number.isNone())
      return true;
    out = sema.constInt(number, "slice bound", expr->span);
    return out.has_value();
  };
  std::optional<int64_t> lower, upper, step;
  if (!bound(slice->lower, lower) || !bound(slice->upper, upper) ||
      !bound(slice->step, step))
    return Value::error();
  int64_t size = value.elements().size(), stride = step.value_or(1);
  if (stride == 0)
    return sema.report(Diag::ConstexprEvaluation, where,
                       "the step of a slice is 0");
  int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1;
  int64_t from =
      lower ? clampIndex(*lower, size, low, high) : (stride > 0 ? low : high);
  int64_t to =
      upper ? clampIndex(*upper, size, low, high) : (stride > 0 ? high : low);
  std::vector<Value> elements;
  for (int64_t i = from; stride > 0 ? i < to : i > to; i += stride)
    elements.push_back(value.elements()[i]);
  return Value::tuple(std::move(elements), value.payload->isList);
}

Value Sema::subscript(const Value &value, const Expr *index, Span where) {
  if (value.isError())
    return value;
  if (value.isTuple()) {
    if (auto *slice = llvm::dyn_cast<SliceExpr>(index))
      return sliceTuple(*this, value, slice, where);
    Value position = eval(index);
    std::optional<int64_t> number =
        constInt(position, "index of a tuple", index->span);
    if (!number)
      return Value::error();
    int64_t size = value.elements().size();
    if (*number < -size || *number >= size)
      return report(Diag::IndexOutOfRange, index->span, *number, size);
    return value.elements()[*number < 0 ? *number + size : *number];
  }
  if (!value.isRuntime())
    return report(Diag::NotSubscriptable, where, value.describe());
  llvm::SmallVector<const Expr *, 4> parts;
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(index))
    parts.append(tuple->elements.begin(), tuple->elements.end());
  else
    parts.push_back(index);
  Value result = value;
  int64_t axis = 0;
  int64_t kept = llvm::count_if(parts, isFullSlice);
  if (kept > static_cast<int64_t>(value.shape.size()))
    return report(Diag::RankMismatch, where, "[...]", kept, value.shape.size())
        .origin(value);
  for (const Expr *part : parts) {
    if (isFullSlice(part)) {
      ++axis;
      continue;
    }
    bool isNewAxis = llvm::isa<NoneExpr>(part);
    if (!isNewAxis && !llvm::isa<SliceExpr>(part))
      isNewAxis = eval(part).isNone();
    if (!isNewAxis) {
      Report message = report(Diag::InvalidTensorIndex, part->span,
                              program.sources.text(part->span));
      message.origin(value);
      if (value.isPointer())
        message.help("add the index to the pointer: "
                     "`tl.load(pointer + index)`");
      return message;
    }
    if (result.shape.size() >= 8)
      return report(Diag::InvalidShape, where, shapeStr(result.shape),
                    "a tensor has at most 8 dimensions");
    result = expandDims(result, axis++);
  }
  if (!inPrelude())
    result.origin = where;
  return result;
}

//===----------------------------------------------------------------------===//
// Tuples, comprehensions, f-strings
//===----------------------------------------------------------------------===//

Value Sema::makeTuple(std::vector<Value> elements, bool isList, Span where) {
  for (const Value &element : elements)
    if (element.isError())
      return element;
  // Growing a tuple in a loop is quadratic: count what is copied as work.
  numSteps += elements.size() / 4;
  Value tuple = Value::tuple(std::move(elements), isList);
  if (tuple.payload->leaves > maxTupleLeaves)
    return report(Diag::ConstexprEvaluation, where,
                  "a tuple of more than " + std::to_string(maxTupleLeaves) +
                      " elements");
  if (tuple.payload->depth > maxTupleDepth)
    return report(Diag::ConstexprEvaluation, where,
                  "tuples nested deeper than " + std::to_string(maxTupleDepth));
  return tuple;
}

bool Sema::iterate(const Value &value, Span where,
                   std::vector<Value> &elements) {
  if (value.isError())
    return false;
  if (value.isTuple()) {
    elements.assign(value.elements().begin(), value.elements().end());
    return true;
  }
  if (value.isString() && frame->compileTime) {
    for (char c : value.text())
      elements.push_back(Value::stringOf(llvm::StringRef(&c, 1)));
    return true;
  }
  if (value.kind == Value::Kind::Range && value.isConstexpr()) {
    std::optional<int64_t> low = value.elements()[0].asInteger().asInt64();
    std::optional<int64_t> high = value.elements()[1].asInteger().asInt64();
    std::optional<int64_t> step = value.elements()[2].asInteger().asInt64();
    if (!low || !high || !step || *step == 0)
      return report(Diag::RangeStep, where, "must not be 0");
    __int128 span = *step > 0 ? __int128(*high) - *low : __int128(*low) - *high;
    __int128 stride = *step > 0 ? *step : -__int128(*step);
    __int128 count = span <= 0 ? 0 : (span + stride - 1) / stride;
    if (count > maxUnroll) {
      uint64_t shown = count > INT64_MAX ? INT64_MAX : uint64_t(count);
      return report(Diag::UnrollLimit, where, shown, maxUnroll);
    }
    for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
      elements.push_back(Value::intOf(*low + i * *step));
    return true;
  }
  return report(Diag::InvalidIterator, where, value.describe());
}

static Value evalElements(Sema &sema, ExprList exprs, bool isList, Span where) {
  std::vector<Value> elements;
  for (const Expr *expr : exprs) {
    if (auto *starred = llvm::dyn_cast<StarredExpr>(expr)) {
      std::vector<Value> inner;
      if (!sema.iterate(sema.eval(starred->value), expr->span, inner))
        return Value::error();
      llvm::append_range(elements, inner);
      continue;
    }
    elements.push_back(sema.eval(expr));
  }
  return sema.makeTuple(std::move(elements), isList, where);
}

static Value evalComprehension(Sema &sema, const ComprehensionExpr *expr) {
  if (expr->form == ComprehensionKind::Set ||
      expr->form == ComprehensionKind::Dict || expr->clauses.size() != 1)
    return sema.report(Diag::UnsupportedExpression, expr->span,
                       "this comprehension");
  const ComprehensionClause &clause = expr->clauses.front();
  std::vector<Value> source, elements;
  if (!sema.iterate(sema.eval(clause.iterator), clause.iterator->span, source))
    return Value::error();
  Env outer = sema.frame->locals;
  bool wasCompileTime = std::exchange(sema.frame->compileTime, true);
  for (const Value &value : source) {
    // Targets keep what they are: a comprehension is a constexpr loop.
    sema.frame->compileTime = true;
    sema.assign(clause.target, value, clause.iterator->span);
    sema.frame->compileTime = wasCompileTime;
    bool keep = true;
    for (const Expr *condition : clause.conditions) {
      Value outcome = sema.eval(condition);
      std::optional<bool> known = sema.truth(outcome);
      if (!known && !outcome.isError())
        sema.report(Diag::ConstexprExpected, condition->span,
                    "the condition of a comprehension", outcome.describe());
      keep &= known.value_or(false);
    }
    if (keep)
      elements.push_back(sema.eval(expr->element));
    if (sema.isStopped())
      break;
  }
  sema.frame->compileTime = wasCompileTime;
  sema.frame->locals = std::move(outer);
  return sema.makeTuple(std::move(elements), true, expr->span);
}

std::optional<std::string>
Sema::formatParts(llvm::ArrayRef<FStringPart> parts) {
  std::string text;
  for (const FStringPart &part : parts) {
    text += part.text;
    if (!part.value)
      continue;
    text += part.debugText;
    Value value = eval(part.value);
    if (value.isError())
      return std::nullopt;
    if (!value.isConstexpr()) {
      report(Diag::ConstexprExpected, part.value->span,
             "a field of an f-string", value.describe());
      return std::nullopt;
    }
    bool repr = part.conversion == 'r' || part.conversion == 'a' ||
                (!part.debugText.empty() && part.conversion == 0);
    text += repr ? value.repr() : value.str();
    if (text.size() > maxStringBytes) {
      report(Diag::ConstexprEvaluation, part.value->span,
             "a string of more than " + std::to_string(maxStringBytes) +
                 " bytes");
      return std::nullopt;
    }
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Operators with control flow
//===----------------------------------------------------------------------===//

static Value evalBoolOp(Sema &sema, const BoolOpExpr *expr) {
  Value result = sema.eval(expr->operands.front());
  for (const Expr *operand : expr->operands.drop_front()) {
    if (result.isError())
      return result;
    if (std::optional<bool> known = sema.truth(result)) {
      // Python's rule: the operand that decides is the value.
      if (*known == (expr->op == BoolOp::Or))
        return result;
      result = sema.eval(operand);
      continue;
    }
    result = sema.logical(expr->op, result, sema.eval(operand), expr->span);
  }
  return result;
}

static Value evalCompare(Sema &sema, const CompareExpr *expr) {
  if (expr->links.size() > 1 && !sema.frame->compileTime)
    return sema.report(Diag::ChainedComparison, expr->span)
        .help("write `(a < b) & (b < c)`");
  Value lhs = sema.eval(expr->lhs), result;
  for (const CompareLink &link : expr->links) {
    Value rhs = sema.eval(link.rhs);
    result = sema.compare(link.op, lhs, rhs, expr->span);
    if (result.isError() || sema.truth(result) == false)
      return result;
    lhs = rhs;
  }
  return result;
}

static Value evalInt(Sema &sema, const IntExpr *expr) {
  if (std::optional<uint64_t> small = expr->asUInt64())
    return Value::intOf(BigInt::fromUnsigned(*small));
  if (expr->digits.size() <= BigInt::maxBits)
    if (std::optional<BigInt> value = BigInt::fromAPInt(expr->value()))
      return Value::intOf(*value);
  return sema.report(Diag::ConstexprEvaluation, expr->span,
                     "an integer of more than " +
                         std::to_string(BigInt::maxBits) + " bits");
}

static Value evalSlice(Sema &sema, const SliceExpr *expr) {
  std::vector<Value> parts;
  for (const Expr *part : {expr->lower, expr->upper, expr->step})
    parts.push_back(part ? sema.eval(part) : Value::none());
  Value value = Value::tuple(std::move(parts));
  value.kind = Value::Kind::Slice;
  return value;
}

static Value evalKind(Sema &sema, const Expr *expr) {
  switch (expr->kind) {
  case ExprKind::Error:
    return Value::error();
  case ExprKind::Name:
    return sema.lookup(llvm::cast<NameExpr>(expr)->name, expr->span);
  case ExprKind::Int:
    return evalInt(sema, llvm::cast<IntExpr>(expr));
  case ExprKind::Float:
    return Value::floatOf(llvm::cast<FloatExpr>(expr)->value);
  case ExprKind::String:
    return Value::stringOf(llvm::cast<StringExpr>(expr)->value);
  case ExprKind::FString: {
    std::optional<std::string> text =
        sema.formatParts(llvm::cast<FStringExpr>(expr)->parts);
    return text ? Value::stringOf(*text) : Value::error();
  }
  case ExprKind::Bool:
    return Value::boolOf(llvm::cast<BoolExpr>(expr)->value);
  case ExprKind::None:
    return Value::none();
  case ExprKind::Ellipsis:
    return Value::of(Value::Kind::Ellipsis);
  case ExprKind::Tuple:
    return evalElements(sema, llvm::cast<TupleExpr>(expr)->elements, false,
                        expr->span);
  case ExprKind::List:
    return evalElements(sema, llvm::cast<ListExpr>(expr)->elements, true,
                        expr->span);
  case ExprKind::Attribute: {
    auto *access = llvm::cast<AttributeExpr>(expr);
    return sema.attribute(sema.eval(access->value), access->attribute.name,
                          access->attribute.span);
  }
  case ExprKind::Subscript: {
    auto *access = llvm::cast<SubscriptExpr>(expr);
    return sema.subscript(sema.eval(access->value), access->index, expr->span);
  }
  case ExprKind::Slice:
    return evalSlice(sema, llvm::cast<SliceExpr>(expr));
  case ExprKind::Call:
    return sema.visitCall(llvm::cast<CallExpr>(expr));
  case ExprKind::Unary: {
    auto *unary = llvm::cast<UnaryExpr>(expr);
    return sema.unary(unary->op, sema.eval(unary->operand), expr->span);
  }
  case ExprKind::Binary: {
    auto *binary = llvm::cast<BinaryExpr>(expr);
    Value lhs = sema.eval(binary->lhs);
    Value rhs = sema.eval(binary->rhs);
    return sema.binary(binary->op, lhs, rhs, expr->span);
  }
  case ExprKind::BoolOp:
    return evalBoolOp(sema, llvm::cast<BoolOpExpr>(expr));
  case ExprKind::Compare:
    return evalCompare(sema, llvm::cast<CompareExpr>(expr));
  case ExprKind::Conditional:
    return sema.visitConditional(llvm::cast<ConditionalExpr>(expr));
  case ExprKind::Walrus: {
    auto *walrus = llvm::cast<WalrusExpr>(expr);
    Value value = sema.demote(sema.eval(walrus->value), expr->span);
    sema.frame->locals[walrus->target.name] = value;
    return value;
  }
  case ExprKind::Comprehension:
    return evalComprehension(sema, llvm::cast<ComprehensionExpr>(expr));
  default:
    return sema.report(Diag::UnsupportedExpression, expr->span,
                       describe(expr->kind));
  }
}

Value Sema::eval(const Expr *expr) {
  if (!tick(expr->span))
    return Value::error();
  if (evalDepth >= maxEvalDepth) {
    stopped = true;
    return report(Diag::NestingTooDeep, expr->span, "the expression",
                  maxEvalDepth);
  }
  ++evalDepth;
  Span outer = std::exchange(currentSpan, expr->span);
  Value value = evalKind(*this, expr);
  currentSpan = outer;
  --evalDepth;
  if (value.isRuntime() && expr->kind != ExprKind::Name && !inPrelude() &&
      !(expr->kind == ExprKind::Subscript && value.origin.isValid()))
    value.origin = expr->span;
  return value;
}
