//===- blocks.cpp - Blocks, loops and branches of the kernel ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalars that a region carries are SSA values. Tensors are carried in
// buffers, and a new value is computed in place where nothing reads the old
// one afterwards; otherwise it is copied at the end of the block.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilesdk::lowering {

static bool isTensor(Value v) { return isa<RankedTensorType>(v.getType()); }

static bool sameView(const View &a, const View &b) {
  return a.buffer == b.buffer && a.start == b.start && a.strides == b.strides &&
         a.element == b.element;
}

namespace {
/// Decides which results of a block may be computed in a given buffer.
class Placement {
public:
  Placement(Engine &e, Plan &plan) : e(e), plan(plan) {}

  /// Asks for `v` in `view`, and for the values it grows from as well.
  void prefer(Value v, const View &view) {
    auto it = v.getDefiningOp() ? plan.stepOf.find(v.getDefiningOp())
                                : plan.stepOf.end();
    if (it == plan.stepOf.end() || e.preferred.count(v) ||
        tile::elementOf(v.getType()) != view.element ||
        !isFree(view.buffer, v, it->second))
      return;
    e.preferred[v] = view;
    Operation *op = v.getDefiningOp();
    Value from;
    if (auto dot = dyn_cast<tile::DotOp>(op))
      from = dot.getAcc();
    else if (auto loop = dyn_cast<scf::ForOp>(op))
      from = loop.getInitArgs()[cast<OpResult>(v).getResultNumber()];
    if (from && from.hasOneUse() && from.getParentBlock() == plan.block &&
        from.getDefiningOp())
      prefer(from, view);
  }

private:
  /// True if nothing needs what `buffer` holds once step `at` computes `v`.
  bool isFree(Buffer *buffer, Value v, int at) {
    auto holds = [&](Value x) {
      if (x == v)
        return false;
      const View *view = e.viewOf(x);
      return view && view->buffer == buffer;
    };
    for (int k = at; k < int(plan.steps.size()); ++k) {
      Step &step = plan.steps[k];
      for (auto &[value, samePoint] : step.reads) {
        if (!holds(value))
          continue;
        if (k > at)
          return false;
        if (step.isGroup) {
          if (!samePoint || isa<tile::ReduceOp>(v.getDefiningOp()))
            return false;
        } else if (!mayConsume(step.op, value, v)) {
          return false;
        }
      }
    }
    // Other values that the block hands on.
    bool ok = true;
    for (Value other : plan.block->getTerminator()->getOperands())
      if (other != v && isTensor(other))
        walkLeaves(other, identityMap(shapeOf(other)),
                   [&](Value leaf, const IndexMap &) { ok &= !holds(leaf); });
    return ok;
  }

  /// True if `op` uses `old` only as the value that becomes `result`.
  bool mayConsume(Operation *op, Value old, Value result) {
    if (isa<scf::IfOp>(op))
      return true; // Its blocks decide again.
    unsigned uses = 0;
    op->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        walkLeaves(v, identityMap(shapeOf(v)),
                   [&](Value leaf, const IndexMap &) { uses += leaf == old; });
    });
    if (uses != 1)
      return false;
    if (auto dot = dyn_cast<tile::DotOp>(op))
      return dot.getAcc() == old;
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return loop.getInitArgs()[cast<OpResult>(result).getResultNumber()] ==
             old;
    return false;
  }

  Engine &e;
  Plan &plan;
};
} // namespace

View Engine::resultView(Value result) {
  auto it = preferred.find(result);
  if (it != preferred.end())
    return it->second;
  return newView(shapeOf(result), storageType(result));
}

View Engine::carriedView(Value result) {
  auto it = preferred.find(result);
  View view = it != preferred.end()
                  ? it->second
                  : newView(shapeOf(result), tile::elementOf(result.getType()));
  view.buffer->carried = true;
  return view;
}

void Engine::emitBlock(Block *block, ArrayRef<const View *> targets) {
  ScopeGuard guard(*this);
  Plan plan(block);
  Placement placement(*this, plan);
  Operation *terminator = block->getTerminator();
  for (auto [i, view] : llvm::enumerate(targets))
    if (view)
      placement.prefer(terminator->getOperand(i), *view);
  // A loop gets its buffers before the values it starts from are computed.
  for (Step &step : plan.steps) {
    auto loop = dyn_cast_or_null<scf::ForOp>(step.op);
    if (!loop)
      continue;
    for (auto [init, result] : llvm::zip(loop.getInitArgs(), loop.getResults()))
      if (isTensor(init) && init.hasOneUse() && !isVirtual(init) &&
          init.getParentBlock() == block && init.getDefiningOp() &&
          !preferred.count(result))
        placement.prefer(result, carriedView(result));
  }

  for (unsigned k = 0; k <= plan.steps.size() && !failed; ++k) {
    for (Operation *op : plan.scalars[k])
      emitScalarOp(op);
    if (k == plan.steps.size())
      break;
    ++clock;
    Step &step = plan.steps[k];
    if (step.isGroup) {
      emitGroup(plan, step);
    } else {
      B.loc = step.op->getLoc();
      if (classify(step.op) == OpClass::Region)
        emitRegionOp(plan, step.op);
      else
        emitStructured(step.op);
    }
  }
  if (failed)
    return;

  // Hand on what is not in its place.
  ++clock;
  B.loc = terminator->getLoc();
  SmallVector<unsigned> pending;
  for (auto [i, target] : llvm::enumerate(targets)) {
    if (!target)
      continue;
    const View *view = viewOf(terminator->getOperand(i));
    touch(target->buffer);
    if (!view || !sameView(*view, *target))
      pending.push_back(i);
  }
  bool clash = false;
  for (unsigned i : pending)
    walkLeaves(terminator->getOperand(i),
               identityMap(shapeOf(terminator->getOperand(i))),
               [&](Value leaf, const IndexMap &m) {
                 const View *view = viewOf(leaf);
                 if (!view)
                   return;
                 for (unsigned j : pending)
                   if (targets[j]->buffer == view->buffer)
                     clash |=
                         i != j || !isIdentity(m, shapeOf(leaf),
                                               squeeze(shapeOf(leaf)).size());
               });
  SmallVector<View> copies;
  if (clash) {
    for (unsigned i : pending) {
      Value v = terminator->getOperand(i);
      copies.push_back(newView(shapeOf(v), tile::elementOf(v.getType())));
      copyTo(v, copies.back());
    }
    for (auto [i, copy] : llvm::zip(pending, copies)) {
      Value v = terminator->getOperand(i);
      Type element = tile::elementOf(v.getType());
      forEachChunk(shapeOf(v), target.vectorBytes / sizeOf(element),
                   [&](const Point &p) {
                     writeView(*targets[i], element, p,
                               readView(copy, element, p));
                   });
    }
  } else {
    for (unsigned i : pending)
      copyTo(terminator->getOperand(i), *targets[i]);
  }
}

void Engine::emitRegionOp(Plan &plan, Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    emitFor(loop);
  else if (auto branch = dyn_cast<scf::IfOp>(op))
    emitIf(branch);
  else
    emitWhile(cast<scf::WhileOp>(op));
}

void Engine::emitFor(scf::ForOp op) {
  Value lower = scalar(op.getLowerBound()), upper = scalar(op.getUpperBound()),
        step = scalar(op.getStep());
  // Carried tensors: their buffers hold the initial values.
  unsigned n = op.getInitArgs().size();
  SmallVector<View> places(n);
  SmallVector<const View *> targets(n, nullptr);
  Values inits;
  for (auto [i, init] : llvm::enumerate(op.getInitArgs())) {
    if (!isTensor(init)) {
      inits.push_back(scalar(init));
      continue;
    }
    places[i] = carriedView(op.getResult(i));
    targets[i] = &places[i];
    touch(places[i].buffer);
    const View *view = viewOf(init);
    if (!view || !sameView(*view, places[i]))
      copyTo(init, places[i]);
    views[op.getRegionIterArgs()[i]] = places[i];
  }
  enterLoop();
  for (View &place : places)
    if (place.buffer)
      touch(place.buffer);
  Values results = B.forLoop(
      lower, upper, step, inits,
      [&](Value iv, ArrayRef<Value> carried) {
        ScopeGuard guard(*this);
        scalars[op.getInductionVar()] = iv;
        unsigned next = 0;
        for (Value arg : op.getRegionIterArgs())
          if (!isTensor(arg))
            scalars[arg] = carried[next++];
        emitBlock(op.getBody(), targets);
        Values yields;
        for (Value v : op.getBody()->getTerminator()->getOperands())
          if (!isTensor(v))
            yields.push_back(failed ? B.zero(registerType(v.getType()))
                                    : scalar(v));
        return yields;
      },
      op.getUnsignedCmp());
  leaveLoop();
  unsigned next = 0;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (isTensor(result)) {
      touch(places[i].buffer);
      views[result] = places[i];
    } else {
      scalars[result] = results[next++];
    }
  }
}

void Engine::emitIf(scf::IfOp op) {
  unsigned n = op.getNumResults();
  SmallVector<View> places(n);
  SmallVector<const View *> targets(n, nullptr);
  SmallVector<Type> types;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (!isTensor(result)) {
      types.push_back(registerType(result.getType()));
      continue;
    }
    places[i] = carriedView(result);
    targets[i] = &places[i];
  }
  auto branch = [&](Region &region) {
    Values yields;
    if (region.empty())
      return yields;
    emitBlock(&region.front(), targets);
    for (Value v : region.front().getTerminator()->getOperands())
      if (!isTensor(v))
        yields.push_back(failed ? B.zero(registerType(v.getType()))
                                : scalar(v));
    return yields;
  };
  // A condition known here still needs both results in scope.
  Values results = B.ifElse(
      scalar(op.getCondition()), types,
      [&] { return branch(op.getThenRegion()); },
      [&] { return branch(op.getElseRegion()); });
  unsigned next = 0;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (isTensor(result))
      views[result] = places[i];
    else
      scalars[result] = results[next++];
  }
}

/// True if a loop may wait for another program.
static bool mayWait(scf::WhileOp op) {
  bool waits = false;
  op->walk([&](Operation *inner) {
    if (auto load = dyn_cast<tile::LoadOp>(inner))
      waits |= load.getIsVolatile();
    waits |= isa<tile::AtomicRMWOp, tile::AtomicCASOp>(inner);
  });
  return waits;
}

void Engine::emitWhile(scf::WhileOp op) {
  Block *before = op.getBeforeBody(), *after = op.getAfterBody();
  unsigned n = op.getInits().size();
  SmallVector<View> places(n);
  SmallVector<const View *> targets(n, nullptr);
  Values inits;
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (!isTensor(init)) {
      inits.push_back(scalar(init));
      continue;
    }
    places[i] = newView(shapeOf(init), tile::elementOf(init.getType()));
    places[i].buffer->carried = true;
    targets[i] = &places[i];
    copyTo(init, places[i]);
    views[before->getArgument(i)] = places[i];
  }
  auto condition = cast<scf::ConditionOp>(before->getTerminator());
  unsigned m = condition.getArgs().size();
  SmallVector<View> forwarded(m);
  SmallVector<const View *> headTargets(m + 1, nullptr);
  for (auto [j, arg] : llvm::enumerate(condition.getArgs())) {
    if (!isTensor(arg))
      continue;
    auto blockArg = dyn_cast<BlockArgument>(arg);
    if (blockArg && blockArg.getOwner() == before) {
      forwarded[j] = places[blockArg.getArgNumber()];
    } else {
      forwarded[j] = carriedView(op.getResult(j));
      headTargets[j + 1] = &forwarded[j];
    }
    views[after->getArgument(j)] = forwarded[j];
  }
  bool waits = mayWait(op);
  enterLoop();
  for (auto *list : {&places, &forwarded})
    for (View &place : *list)
      if (place.buffer)
        touch(place.buffer);
  Values results = B.whileLoop(
      inits,
      [&](ArrayRef<Value> carried) {
        unsigned next = 0;
        for (Value arg : before->getArguments())
          if (!isTensor(arg))
            scalars[arg] = carried[next++];
        emitBlock(before, headTargets);
        Build::WhileHead head;
        head.condition =
            failed ? B.boolean(false) : scalar(condition.getCondition());
        for (Value v : condition.getArgs())
          if (!isTensor(v))
            head.forwarded.push_back(failed ? B.zero(registerType(v.getType()))
                                            : scalar(v));
        return head;
      },
      [&](ArrayRef<Value> carried) {
        unsigned next = 0;
        for (Value arg : after->getArguments())
          if (!isTensor(arg))
            scalars[arg] = carried[next++];
        emitBlock(after, targets);
        if (waits)
          emitYield();
        Values yields;
        for (Value v : after->getTerminator()->getOperands())
          if (!isTensor(v))
            yields.push_back(failed ? B.zero(registerType(v.getType()))
                                    : scalar(v));
        return yields;
      });
  leaveLoop();
  unsigned next = 0;
  for (auto [j, result] : llvm::enumerate(op.getResults())) {
    if (isTensor(result)) {
      touch(forwarded[j].buffer);
      views[result] = forwarded[j];
    } else {
      scalars[result] = results[next++];
    }
  }
}

} // namespace tilesdk::lowering
