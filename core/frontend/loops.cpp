//===- loops.cpp - Run-time and unrolled loops ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A name that is defined before a run-time loop and assigned in it is carried:
// it keeps its type exactly. Names first assigned inside end with the loop.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/branch.h"

#include "core/ir/tile_ops.h"

#include "llvm/ADT/SetVector.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Carried names
//===----------------------------------------------------------------------===//

namespace {
struct Carried {
  llvm::StringRef name;
  Value before;
};

/// The state of names around one run-time loop.
class LoopNames {
public:
  LoopNames(Sema &sema, llvm::ArrayRef<llvm::StringRef> assigned, Span where)
      : sema(sema), where(where), outer(sema.frame->locals) {
    for (auto &[name, value] : outer) {
      if (!llvm::is_contained(assigned, name) ||
          value.kind == Value::Kind::Undefined || value.isError())
        continue;
      if (!hasRuntimeLeaf(value)) {
        fixed.push_back({name, value});
        continue;
      }
      carried.push_back({name, value});
      flatten(value, inits);
    }
  }

  void enter(mlir::ValueRange arguments) {
    llvm::SmallVector<mlir::Value, 8> leaves(arguments);
    llvm::ArrayRef<mlir::Value> rest = leaves;
    for (const Carried &entry : carried)
      sema.frame->locals[entry.name] = unflatten(entry.before, rest);
  }

  /// Leaves to yield at the end of the body; wrong ones stay what they were.
  llvm::SmallVector<mlir::Value, 8> leave(mlir::ValueRange arguments) {
    llvm::SmallVector<mlir::Value, 8> yields;
    llvm::SmallVector<mlir::Value, 8> leaves(arguments);
    llvm::ArrayRef<mlir::Value> rest = leaves;
    for (Carried &entry : carried) {
      Value keep = unflatten(entry.before, rest);
      Value after = sema.frame->locals[entry.name];
      if (after.isError() || after.kind == Value::Kind::Undefined) {
        flatten(keep, yields);
        poisoned.insert(entry.name);
        continue;
      }
      if (!sameType(entry.before, after)) {
        mismatch(entry, after);
        flatten(keep, yields);
        poisoned.insert(entry.name);
        continue;
      }
      flatten(after, yields);
    }
    for (const Carried &entry : fixed) {
      const Value &after = sema.frame->locals[entry.name];
      if (after.isError() || sameType(entry.before, after))
        continue;
      Report message = sema.report(Diag::ConstexprInLoop, where, entry.name);
      message.label(after.origin, "here it becomes " + after.repr());
      message.note("before the loop it is " + entry.before.describe());
      poisoned.insert(entry.name);
    }
    return yields;
  }

  void exit(mlir::ValueRange results) {
    Env inside = std::exchange(sema.frame->locals, outer);
    llvm::SmallVector<mlir::Value, 8> leaves(results);
    llvm::ArrayRef<mlir::Value> rest = leaves;
    for (const Carried &entry : carried) {
      Value value = unflatten(entry.before, rest);
      sema.frame->locals[entry.name] =
          poisoned.contains(entry.name) ? Value::error() : value;
    }
    for (llvm::StringRef name : poisoned)
      sema.frame->locals[name] = Value::error();
    for (auto &[name, value] : inside)
      if (!outer.count(name)) {
        Value undefined = Value::of(Value::Kind::Undefined);
        undefined.origin = value.origin;
        sema.frame->locals[name] = undefined;
      }
  }

  llvm::SmallVector<mlir::Value, 8> inits;

private:
  void mismatch(const Carried &entry, const Value &after) {
    Report message = sema.report(Diag::LoopCarriedType, where, entry.name,
                                 entry.before.describe(), after.describe());
    message.label(entry.before.origin, "starts as " + entry.before.repr());
    message.label(after.origin, "becomes " + after.repr());
    const Value &before = entry.before;
    if (!before.isRuntime() || !after.isRuntime())
      return;
    std::string name = entry.name.str();
    if (before.shape == after.shape)
      message.help("cast one of them: `" + name + " = " + name + ".to(tl." +
                   after.dtype.str() + ")` before the loop, or `.to(tl." +
                   before.dtype.str() + ")` inside");
    else if (before.shape.empty())
      message.help("start with `" + name + " = tl.full([" +
                   shapeList(after.shape) + "], ..., tl." + after.dtype.str() +
                   ")`");
  }
  static std::string shapeList(llvm::ArrayRef<int64_t> shape) {
    std::string text;
    for (size_t i = 0; i < shape.size(); ++i)
      text += (i ? ", " : "") + std::to_string(shape[i]);
    return text;
  }

  Sema &sema;
  Span where;
  Env outer;
  std::vector<Carried> carried;
  std::vector<Carried> fixed;
  llvm::SetVector<llvm::StringRef> poisoned;
};
} // namespace

//===----------------------------------------------------------------------===//
// for
//===----------------------------------------------------------------------===//

static Flow unroll(Sema &sema, const ForStmt *stmt, const Value &range) {
  std::vector<Value> values;
  if (!sema.iterate(range, stmt->iterator->span, values)) {
    sema.poisonAssigned(stmt->body);
    return Flow::Next;
  }
  Frame &frame = *sema.frame;
  ++frame.unrolledDepth;
  bool couldBreak = std::exchange(frame.canBreak, true);
  Flow flow = Flow::Next;
  for (const Value &value : values) {
    // The induction variable is a constexpr, so no plain assignment.
    if (auto *name = llvm::dyn_cast<NameExpr>(stmt->target))
      frame.locals[name->name] = value;
    else
      sema.assign(stmt->target, value, stmt->target->span);
    uint64_t errorsBefore = sema.numErrors;
    flow = sema.visitSeq(stmt->body);
    if (sema.numErrors != errorsBefore) {
      // The next pass would say the same.
      sema.poisonAssigned(stmt->body);
      flow = flow == Flow::Returned ? flow : Flow::Next;
      break;
    }
    if (flow == Flow::Break || sema.isStopped()) {
      flow = Flow::Next;
      break;
    }
    if (flow == Flow::Continue)
      flow = Flow::Next;
    if (flow != Flow::Next)
      break;
  }
  frame.canBreak = couldBreak;
  --frame.unrolledDepth;
  return flow;
}

static void markUndefined(Sema &sema, const Expr *target) {
  auto *name = llvm::dyn_cast<NameExpr>(target);
  if (!name)
    return;
  Value undefined = Value::of(Value::Kind::Undefined);
  undefined.origin = target->span;
  sema.frame->locals[name->name] = undefined;
}

/// `low + index * step` for a step below 0, counted from 0.
static mlir::Value fallingTrips(Sema &sema, const Value &low, const Value &high,
                                int64_t step, DType dtype) {
  Value stride = sema.constantInt(-step, dtype);
  Value round = sema.constantInt(-step - 1, dtype);
  mlir::Value distance = sema.create<mlir::arith::SubIOp>(low.ir, high.ir);
  mlir::Value rounded = sema.create<mlir::arith::AddIOp>(distance, round.ir);
  return sema.create<mlir::arith::DivSIOp>(rounded, stride.ir);
}

static void visitDynamicFor(Sema &sema, const ForStmt *stmt,
                            const Value &range) {
  Span where = stmt->iterator->span;
  Value low = range.elements()[0], high = range.elements()[1],
        step = range.elements()[2];
  auto fail = [&] {
    markUndefined(sema, stmt->target);
    sema.poisonAssigned(stmt->body);
  };
  // The induction type is the promotion of all three.
  DType dtype = Scalar::I32;
  bool first = true;
  Value *parts[] = {&low, &high, &step};
  for (Value *part : parts) {
    DType own;
    if (part->isNumber()) {
      std::optional<DType> fits = dtypeOfInteger(part->asInteger());
      if (part->isFloat() || !fits) {
        sema.report(Diag::TypeMismatch, where, "an integer as bound of a loop",
                    part->describe());
        return fail();
      }
      own = *fits;
    } else if (part->isRuntime() && part->dtype.isInt()) {
      if (!part->shape.empty()) {
        sema.report(Diag::ScalarExpected, where, part->describe())
            .origin(*part);
        return fail();
      }
      own = part->dtype;
    } else {
      if (!part->isError())
        sema.report(Diag::TypeMismatch, where, "an integer as bound of a loop",
                    part->describe())
            .origin(*part);
      return fail();
    }
    if (first)
      dtype = own;
    else
      promote(DType(dtype), own, {}, dtype);
    first = false;
  }
  if (dtype.width() < 32)
    dtype = dtype.isSigned() ? Scalar::I32 : Scalar::U32;
  std::optional<int64_t> constantStep;
  if (step.isNumber())
    constantStep = step.asInteger().asInt64();
  if (constantStep == 0) {
    sema.report(Diag::RangeStep, where, "is 0");
    return fail();
  }
  auto converted = [&](const Value &value) {
    return value.isNumber() ? sema.constantInt(value.asInteger(), dtype)
                            : sema.cast(value, dtype, where);
  };
  bool falling = constantStep && *constantStep < 0;
  Value lowValue = converted(low), highValue = converted(high);
  Value stepValue = falling ? sema.constantInt(1, dtype) : converted(step);
  mlir::Value from = lowValue.ir, to = highValue.ir;
  if (falling) {
    to = fallingTrips(sema, lowValue, highValue, *constantStep, dtype);
    from = sema.constantInt(0, dtype).ir;
  }

  LoopNames names(sema, sema.assignedIn(stmt, stmt->body), stmt->header);
  auto loop = sema.create<mlir::scf::ForOp>(from, to, stepValue.ir,
                                            mlir::ValueRange(names.inits));
  if (!dtype.isSigned() && !falling)
    loop.setUnsignedCmp(true);
  for (const auto &[hint, value] : range.payload->hints)
    loop->setAttr("tile." + hint, sema.builder.getI32IntegerAttr(value));

  Frame &frame = *sema.frame;
  {
    mlir::OpBuilder::InsertionGuard guard(sema.builder);
    mlir::Block *body = loop.getBody();
    if (!body->empty())
      body->back().erase();
    sema.builder.setInsertionPointToEnd(body);
    names.enter(loop.getRegionIterArgs());
    mlir::Value induction = loop.getInductionVar();
    if (falling) {
      Value stride = sema.constantInt(*constantStep, dtype);
      induction = sema.create<mlir::arith::MulIOp>(induction, stride.ir);
      induction = sema.create<mlir::arith::AddIOp>(lowValue.ir, induction);
    }
    Value index = Value::runtime(induction, dtype);
    index.origin = stmt->target->span;
    ++frame.loopDepth;
    unsigned unrolled = std::exchange(frame.unrolledDepth, 0);
    bool couldBreak = std::exchange(frame.canBreak, false);
    sema.assign(stmt->target, index, stmt->target->span);
    sema.visitSeq(stmt->body);
    frame.canBreak = couldBreak;
    frame.unrolledDepth = unrolled;
    --frame.loopDepth;
    sema.currentSpan = stmt->header;
    sema.create<mlir::scf::YieldOp>(names.leave(loop.getRegionIterArgs()));
  }
  names.exit(loop.getResults());
}

Flow Sema::visitFor(const ForStmt *stmt) {
  if (stmt->elseSpan.isValid())
    report(Diag::LoopElse, stmt->elseSpan);
  Value range = eval(stmt->iterator);
  if (range.isError()) {
    markUndefined(*this, stmt->target);
    if (auto *name = llvm::dyn_cast<NameExpr>(stmt->target))
      frame->locals[name->name] = Value::error();
    poisonAssigned(stmt->body);
    return Flow::Next;
  }
  if (range.kind != Value::Kind::Range) {
    Report message =
        report(Diag::InvalidIterator, stmt->iterator->span, range.describe());
    if (range.isTuple())
      message.help("use `for i in tl.static_range(len(x))`");
    if (auto *name = llvm::dyn_cast<NameExpr>(stmt->target))
      frame->locals[name->name] = Value::error();
    poisonAssigned(stmt->body);
    return Flow::Next;
  }
  if (range.payload->isStatic)
    return unroll(*this, stmt, range);
  visitDynamicFor(*this, stmt, range);
  return Flow::Next;
}

//===----------------------------------------------------------------------===//
// while
//===----------------------------------------------------------------------===//

Flow Sema::visitWhile(const WhileStmt *stmt) {
  if (stmt->elseSpan.isValid())
    report(Diag::LoopElse, stmt->elseSpan);
  LoopNames names(*this, assignedIn(stmt, stmt->body), stmt->header);
  llvm::SmallVector<mlir::Type, 8> types;
  llvm::SmallVector<mlir::Location, 8> locations;
  for (mlir::Value init : names.inits) {
    types.push_back(init.getType());
    locations.push_back(init.getLoc());
  }
  auto loop = create<mlir::scf::WhileOp>(mlir::TypeRange(types),
                                         mlir::ValueRange(names.inits));
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *before =
      builder.createBlock(&loop.getBefore(), {}, types, locations);
  mlir::Block *after =
      builder.createBlock(&loop.getAfter(), {}, types, locations);

  builder.setInsertionPointToEnd(before);
  names.enter(before->getArguments());
  ++frame->loopDepth;
  unsigned unrolled = std::exchange(frame->unrolledDepth, 0);
  bool couldBreak = std::exchange(frame->canBreak, false);
  std::optional<bool> known;
  mlir::Value runtime;
  Value test = eval(stmt->condition);
  bool valid = condition(test, stmt->condition->span, known, runtime);
  if (!runtime)
    runtime = constantInt(known.value_or(false), Scalar::I1).ir;
  create<mlir::scf::ConditionOp>(runtime, before->getArguments());

  builder.setInsertionPointToEnd(after);
  names.enter(after->getArguments());
  if (valid && known != false)
    visitSeq(stmt->body);
  else if (!valid)
    poisonAssigned(stmt->body);
  currentSpan = stmt->header;
  create<mlir::scf::YieldOp>(names.leave(after->getArguments()));
  frame->canBreak = couldBreak;
  frame->unrolledDepth = unrolled;
  --frame->loopDepth;
  names.exit(loop.getResults());
  return Flow::Next;
}
