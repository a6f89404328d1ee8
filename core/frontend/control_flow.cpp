//===- control_flow.cpp - Branches and early returns ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Run-time conditions become scf.if; there are no blocks to jump to. When one
// side returns, what follows the `if` moves into the other side. When both may
// go on, a flag tells whether the function has returned, and the rest runs
// under it.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/branch.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

void Branch::build(llvm::function_ref<Flow()> body) {
  mlir::OpBuilder::InsertionGuard guard(sema.builder);
  block = &region.emplaceBlock();
  sema.builder.setInsertionPointToEnd(block);
  Frame &frame = *sema.frame;
  Env outer = frame.locals;
  sema.numSteps += outer.size() / 4;
  Value outerValue = frame.returnValue;
  mlir::Value outerFlag = frame.returned;
  bool couldBreak = std::exchange(frame.canBreak, false);
  flow = body();
  env = std::exchange(frame.locals, std::move(outer));
  returnValue = std::exchange(frame.returnValue, outerValue);
  returned = std::exchange(frame.returned, outerFlag);
  frame.canBreak = couldBreak;
}

static bool identical(const Value &lhs, const Value &rhs) {
  if (lhs.payload && lhs.payload == rhs.payload && lhs.kind == rhs.kind)
    return true;
  if (!sameType(lhs, rhs))
    return false;
  llvm::SmallVector<mlir::Value, 4> a, b;
  flatten(lhs, a);
  flatten(rhs, b);
  return a == b;
}

Value Sema::placeholderLike(const Value &value) {
  Value result = value;
  if (value.isRuntime()) {
    DType dtype = value.dtype;
    if (dtype.isPointer()) {
      Value zero = constantInt(0, Scalar::I64, value.shape);
      result.ir = create<tile::IntToPtrOp>(irType(value), zero.ir);
    } else if (dtype.isFloat()) {
      result.ir = constantFloat(0, dtype, value.shape).ir;
    } else {
      result.ir = constantInt(0, dtype, value.shape).ir;
    }
    return result;
  }
  if (!hasRuntimeLeaf(value))
    return result;
  auto payload = std::make_shared<Payload>(*value.payload);
  for (Value &element : payload->elements)
    element = placeholderLike(element);
  result.payload = std::move(payload);
  return result;
}

namespace {
/// Joins the two sides of an scf.if.
class Joiner {
public:
  Joiner(Sema &sema, Branch &yes, Branch &no) : sema(sema), yes(yes), no(no) {}

  /// A value that differs between the sides; its index for `joined`.
  size_t add(const Value &fromYes, const Value &fromNo) {
    likes.push_back(hasRuntimeLeaf(fromYes) ? fromYes : fromNo);
    flatten(fromYes, yesLeaves);
    flatten(fromNo, noLeaves);
    return likes.size() - 1;
  }
  template <typename Fn> auto inside(Branch &branch, Fn fn) {
    mlir::OpBuilder::InsertionGuard guard(sema.builder);
    sema.builder.setInsertionPointToEnd(branch.block);
    return fn();
  }

  void finish(mlir::Value condition) {
    llvm::SmallVector<mlir::Type, 8> types;
    for (mlir::Value leaf : yesLeaves)
      types.push_back(leaf.getType());
    inside(yes, [&] { return sema.create<mlir::scf::YieldOp>(yesLeaves); });
    inside(no, [&] { return sema.create<mlir::scf::YieldOp>(noLeaves); });
    auto op = sema.create<mlir::scf::IfOp>(mlir::TypeRange(types), condition);
    op.getThenRegion().takeBody(yes.region);
    bool emptyElse = types.empty() && no.block->getOperations().size() == 1;
    if (!emptyElse)
      op.getElseRegion().takeBody(no.region);
    llvm::SmallVector<mlir::Value, 8> results(op.getResults());
    llvm::ArrayRef<mlir::Value> rest = results;
    for (const Value &like : likes)
      joined.push_back(unflatten(like, rest));
  }

  std::vector<Value> joined;

private:
  Sema &sema;
  Branch &yes, &no;
  std::vector<Value> likes;
  llvm::SmallVector<mlir::Value, 8> yesLeaves, noLeaves;
};
} // namespace

/// Numbers that differ become run-time values, as an assignment makes them.
static bool reconcile(Sema &sema, Joiner &joiner, Branch &yes, Branch &no,
                      Value &a, Value &b, Span where) {
  if (sameType(a, b))
    return true;
  if (a.isTuple() && b.isTuple() &&
      a.elements().size() == b.elements().size()) {
    std::vector<Value> left(a.elements()), right(b.elements());
    for (size_t i = 0; i < left.size(); ++i)
      if (!reconcile(sema, joiner, yes, no, left[i], right[i], where))
        return false;
    bool isList = a.payload->isList;
    a = Value::tuple(std::move(left), isList);
    b = Value::tuple(std::move(right), isList);
    return true;
  }
  if (a.isNumber())
    a = joiner.inside(yes, [&] { return sema.toRuntime(a, where); });
  if (b.isNumber())
    b = joiner.inside(no, [&] { return sema.toRuntime(b, where); });
  return sameType(a, b);
}

Flow tilesdk::frontend::joinBranches(Sema &sema, mlir::Value condition,
                                     Branch &yes, Branch &no, Span where) {
  Frame &frame = *sema.frame;
  bool yesEnds = yes.flow == Flow::Returned, noEnds = no.flow == Flow::Returned;
  Flow overall = yesEnds && noEnds ? Flow::Returned
                 : yes.flow == Flow::Next && no.flow == Flow::Next
                     ? Flow::Next
                     : Flow::Maybe;
  Joiner joiner(sema, yes, no);
  Env result;
  std::vector<std::pair<llvm::StringRef, size_t>> pending;

  auto joinName = [&](llvm::StringRef name, const Value &a, const Value &b) {
    if (a.isError() || b.isError()) {
      result[name] = Value::error();
      return;
    }
    if (identical(a, b)) {
      result[name] = a;
      return;
    }
    if (!sameType(a, b)) {
      sema.report(Diag::BranchType, where, name, a.describe(), b.describe())
          .label(a.origin, "here it is " + a.repr())
          .label(b.origin, "here it is " + b.repr())
          .help("cast one side with `.to(...)`, or use another name");
      result[name] = Value::error();
      return;
    }
    result[name] = Value::error();
    pending.emplace_back(name, joiner.add(a, b));
  };
  auto missing = [](const Value &value) {
    Value undefined = Value::of(Value::Kind::Undefined);
    undefined.origin = value.origin;
    return undefined;
  };

  if (overall != Flow::Returned && (yesEnds || noEnds)) {
    // Only the other side's names are ever seen again.
    Branch &live = yesEnds ? no : yes, &dead = yesEnds ? yes : no;
    for (auto &[name, value] : live.env) {
      auto before = frame.locals.find(name);
      if (before != frame.locals.end() && identical(before->second, value)) {
        result[name] = value;
        continue;
      }
      if (!hasRuntimeLeaf(value)) {
        result[name] = value;
        continue;
      }
      Value filler = joiner.inside(dead, [&, &value = value] {
        return before != frame.locals.end() && sameType(before->second, value)
                   ? before->second
                   : sema.placeholderLike(value);
      });
      result[name] = Value::error();
      pending.emplace_back(name, yesEnds ? joiner.add(filler, value)
                                         : joiner.add(value, filler));
    }
  } else if (overall != Flow::Returned) {
    for (auto &[name, a] : yes.env) {
      auto other = no.env.find(name);
      if (other == no.env.end())
        result[name] = missing(a);
      else if (a.kind == Value::Kind::Undefined)
        result[name] = a;
      else if (other->second.kind == Value::Kind::Undefined)
        result[name] = other->second;
      else
        joinName(name, a, other->second);
    }
    for (auto &[name, b] : no.env)
      if (!yes.env.count(name))
        result[name] = missing(b);
  }

  // What was returned, and whether.
  std::optional<size_t> returnIndex, flagIndex;
  Value returnValue = frame.returnValue;
  if (overall != Flow::Next) {
    Value a = yes.returnValue, b = no.returnValue;
    if (yes.flow == Flow::Next)
      a = joiner.inside(yes, [&] { return sema.placeholderLike(b); });
    else if (no.flow == Flow::Next)
      b = joiner.inside(no, [&] { return sema.placeholderLike(a); });
    else if (!a.isError() && !b.isError() &&
             !reconcile(sema, joiner, yes, no, a, b, where)) {
      Span span = frame.function ? frame.function->def->name.span : where;
      sema.report(Diag::ReturnTypeMismatch, span,
                  frame.function ? frame.function->name() : "", a.describe(),
                  b.describe())
          .label(a.origin, a.describe())
          .label(b.origin, b.describe());
      a = b = Value::error();
    }
    if (a.isError() || b.isError())
      returnValue = Value::error();
    else if (identical(a, b))
      returnValue = a;
    else
      returnIndex = joiner.add(a, b);
  }
  if (overall == Flow::Maybe) {
    auto flagOf = [&](Branch &branch) {
      if (branch.flow == Flow::Maybe)
        return Value::runtime(branch.returned, Scalar::I1);
      return joiner.inside(branch, [&] {
        return sema.constantInt(branch.flow == Flow::Returned, Scalar::I1);
      });
    };
    flagIndex = joiner.add(flagOf(yes), flagOf(no));
  }

  joiner.finish(condition);
  for (auto [name, index] : pending)
    result[name] = joiner.joined[index];
  if (returnIndex)
    returnValue = joiner.joined[*returnIndex];
  if (flagIndex)
    frame.returned = joiner.joined[*flagIndex].ir;
  frame.returnValue = returnValue;
  if (overall != Flow::Returned) {
    // Keep the order of definition, on which the IR's order depends.
    Env ordered;
    for (auto &[name, value] : frame.locals)
      if (auto found = result.find(name); found != result.end())
        ordered[name] = found->second;
    for (auto &[name, value] : result)
      ordered.insert({name, value});
    frame.locals = std::move(ordered);
  }
  return overall;
}

bool Sema::condition(const Value &value, Span where, std::optional<bool> &known,
                     mlir::Value &runtime) {
  known = std::nullopt;
  if (value.isError())
    return false;
  if (!value.isRuntime()) {
    if (value.isBool() || value.isInt() || value.isNone()) {
      known = truth(value);
      return true;
    }
    if (value.isFloat() || value.isString() || value.isTuple())
      if (frame->compileTime || inPrelude()) {
        known = truth(value);
        return known.has_value();
      }
    return report(Diag::ConstexprBranchType, where, value.describe());
  }
  Value scalar = value;
  if (!value.shape.empty()) {
    if (elementCount(value.shape) != 1)
      return report(Diag::AmbiguousTruth, where, shapeStr(value.shape))
          .origin(value)
          .help("reduce it first, e.g. `tl.max(x, axis=0)`, or choose with "
                "`tl.where`");
    scalar = reshape(value, {});
  }
  scalar = cast(scalar, Scalar::I1, where);
  if (scalar.isError())
    return false;
  runtime = scalar.ir;
  return true;
}

Flow Sema::visitIf(const IfStmt *stmt, size_t index, const Continuation *rest,
                   bool &consumed, std::optional<StmtList> *inPlace) {
  std::optional<bool> known;
  mlir::Value runtime;
  StmtList live = stmt->orelse;
  for (; index < stmt->clauses.size(); ++index) {
    const IfClause &clause = stmt->clauses[index];
    Value test = eval(clause.condition);
    if (!condition(test, clause.condition->span, known, runtime)) {
      // Unknown: look for more mistakes in what follows, but not in branches
      // that may be dead; their names stay silent.
      poisonAssigned(stmt->clauses.drop_front(index), stmt->orelse);
      return Flow::Next;
    }
    if (!known)
      break;
    if (*known) {
      live = clause.body;
      break;
    }
  }
  if (index == stmt->clauses.size() || known) {
    // Known at compile time: only the live branch exists.
    if (inPlace) {
      *inPlace = live;
      return Flow::Next;
    }
    consumed = rest != nullptr;
    return visitSeq(live, rest);
  }
  const IfClause &clause = stmt->clauses[index];
  currentSpan = clause.condition->span;
  Branch yes(*this), no(*this);
  yes.build([&] { return visitSeq(clause.body); });
  bool yesReturned = yes.flow == Flow::Returned && rest;
  bool elseConsumed = false;
  no.build([&] {
    Flow flow = visitIf(stmt, index + 1, yesReturned ? rest : nullptr,
                        elseConsumed, nullptr);
    if (!yesReturned || elseConsumed)
      return flow;
    if (flow == Flow::Next)
      return visitSeq({}, rest);
    if (flow == Flow::Maybe)
      return guardRest({}, rest, stmt->span);
    return flow;
  });
  consumed = yesReturned;
  if (!yesReturned && no.flow == Flow::Returned && rest &&
      yes.flow == Flow::Next) {
    // The other way round: the rest belongs behind the first side.
    yes.resume([&] { return visitSeq({}, rest); });
    consumed = true;
  }
  currentSpan = clause.condition->span;
  return joinBranches(*this, runtime, yes, no, clause.header);
}

void Branch::resume(llvm::function_ref<Flow()> body) {
  mlir::OpBuilder::InsertionGuard guard(sema.builder);
  sema.builder.setInsertionPointToEnd(block);
  Frame &frame = *sema.frame;
  std::swap(frame.locals, env);
  std::swap(frame.returnValue, returnValue);
  std::swap(frame.returned, returned);
  bool couldBreak = std::exchange(frame.canBreak, false);
  flow = body();
  std::swap(frame.locals, env);
  std::swap(frame.returnValue, returnValue);
  std::swap(frame.returned, returned);
  frame.canBreak = couldBreak;
}

Flow Sema::guardRest(StmtList stmts, const Continuation *next, Span where) {
  mlir::Value returned = frame->returned;
  Branch yes(*this), no(*this);
  yes.build([&] { return Flow::Returned; });
  no.build([&] { return visitSeq(stmts, next); });
  return joinBranches(*this, returned, yes, no, where);
}

Value Sema::visitConditional(const ConditionalExpr *expr) {
  std::optional<bool> known;
  mlir::Value runtime;
  Value test = eval(expr->condition);
  if (frame->compileTime)
    known = truth(test);
  else if (!condition(test, expr->condition->span, known, runtime))
    return Value::error();
  if (known)
    return eval(*known ? expr->thenValue : expr->elseValue);
  if (!runtime)
    return Value::error();
  Branch yes(*this), no(*this);
  Value a, b;
  yes.build([&] {
    a = eval(expr->thenValue);
    return Flow::Next;
  });
  no.build([&] {
    b = eval(expr->elseValue);
    return Flow::Next;
  });
  Joiner joiner(*this, yes, no);
  if (a.isError() || b.isError())
    return Value::error();
  if (a.isNumber() && b.isRuntime() && b.shape.empty())
    a = joiner.inside(
        yes, [&] { return toRuntimeLike(a, b.dtype, expr->thenValue->span); });
  else if (b.isNumber() && a.isRuntime() && a.shape.empty())
    b = joiner.inside(
        no, [&] { return toRuntimeLike(b, a.dtype, expr->elseValue->span); });
  if (!reconcile(*this, joiner, yes, no, a, b, expr->span))
    return report(Diag::ConditionalExpressionType, expr->span, a.describe(),
                  b.describe())
        .label(expr->thenValue->span, a.describe())
        .label(expr->elseValue->span, b.describe());
  if (identical(a, b) && !hasRuntimeLeaf(a))
    return a;
  size_t index = joiner.add(a, b);
  joiner.finish(runtime);
  return joiner.joined[index];
}
