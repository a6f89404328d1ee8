//===- group.cpp - One loop nest for a group --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/group.h"

namespace tilesdk::lowering {

void GroupEmitter::createViews() {
  unsigned accs = 0;
  for (Operation *op : step.members) {
    if (isReduced(op)) {
      reductions.emplace_back(cast<tile::ReduceOp>(op), axis == laneDim);
      reductions.back().first = accs;
      reductionOf[op] = reductions.size() - 1;
      accs += reductions.back().count;
      onlyMaskedStores = false;
    }
    for (Value r : op->getResults()) {
      if (!isa<RankedTensorType>(r.getType()) || !plan.stored.count(r))
        continue;
      onlyMaskedStores = false;
      if (!(isReduced(op) && rank == 1)) // One element: kept as a scalar.
        e.views[r] = e.resultView(r);
    }
  }
}

void GroupEmitter::emitPoint() {
  Point none;
  Engine::ScopeGuard guard(e);
  for (Operation *op : step.members) {
    B.loc = op->getLoc();
    auto at = [&](Value v) { return e.pointIn(shapeOf(v), none); };
    if (auto store = dyn_cast<tile::StoreOp>(op)) {
      e.emitStore(store, at(store.getPtr()));
    } else if (auto load = dyn_cast<tile::LoadOp>(op)) {
      e.scalars[load.getResult()] = e.emitLoad(load, at(load.getPtr())).value;
    } else if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
      for (auto [r, s] : llvm::zip(reduce.getResults(), reduce.getSources()))
        e.scalars[r] = e.valueAt(s, at(s));
    } else {
      SmallVector<Lane> out;
      e.emitPointwise(op, at(op->getResult(0)), out);
      for (auto [r, lane] : llvm::zip(op->getResults(), out))
        e.scalars[r] = lane.value;
    }
  }
}

void GroupEmitter::emit() {
  if (rank == 0)
    return emitPoint();
  chooseLanes();
  createViews();
  collectMasks();
  for (int d = 0; d < rank; ++d)
    if (d != laneDim && !(d == axis && axis != laneDim))
      outer.push_back(d);
  index.assign(rank, B.cst32(0));
  Values results = emitVersions();
  unsigned next = 0;
  if (rank == 1)
    for (Reduction &r : reductions)
      for (Value v : r.op.getResults())
        e.scalars[v] = results[next++];
}

Values GroupEmitter::emitNest(unsigned d) {
  if (d == outer.size())
    return emitLaneLoop();
  B.forLoop(B.cst32(0), B.cst32(step.space[outer[d]]), B.cst32(1), {},
            [&](Value iv, ArrayRef<Value>) {
              Engine::ScopeGuard guard(e);
              index[outer[d]] = iv;
              emitNest(d + 1);
              return Values();
            });
  return {};
}

Values GroupEmitter::emitLaneLoop() {
  Engine::ScopeGuard guard(e);
  // Bounds of the masks at these outer indices.
  SmallVector<std::pair<Value, Value>> bounds;
  Value least, most;
  for (Value mask : masks) {
    Point p = loopPoint(B.cst32(0));
    p.lanes = extent;
    Lane l = e.eval(mask, e.pointIn(shapeOf(mask), p));
    if (l.kind != Lane::Prefix)
      continue;
    bounds.push_back({mask, l.value});
    least = least ? B.smin(least, l.value) : l.value;
    most = most ? B.smax(most, l.value) : l.value;
  }
  Values acc;
  if (axis == laneDim)
    for (Reduction &r : reductions) {
      Values init = r.initial(e, lanes);
      acc.append(init.begin(), init.end());
    }

  const unsigned wide = lanes;
  int64_t whole = extent / wide * wide;
  Value zero = B.cst32(0);
  auto savedKnown = e.known;
  auto run = [&](Value from, Value to, bool masked) {
    acc = B.forLoop(
        from, to, B.cst32(lanes), acc, [&](Value iv, ArrayRef<Value> a) {
          Engine::ScopeGuard inner(e);
          e.known = savedKnown;
          for (auto &[mask, bound] : bounds) {
            Lane l = masked ? Lane::prefix(B.sub(bound, iv))
                            : Lane::uniform(B.boolean(true));
            e.known.push_back({mask, l, false});
          }
          for (Engine::Known &k : noWrap) {
            Value start =
                B.add(k.lane.value, B.toInt(iv, k.lane.value.getType()));
            e.known.push_back({k.value, Lane::linear(start, {1, {}}), true});
          }
          return emitChunk(iv, a);
        });
  };
  auto runTail = [&](Value from) {
    const Lane *saved = e.tail;
    Lane rest = Lane::prefix(B.cst32(extent - whole));
    e.tail = &rest;
    run(from, B.add(from, B.cst32(lanes)), !bounds.empty());
    e.tail = saved;
  };
  if (bounds.empty()) {
    run(zero, B.cst32(whole), false);
    if (whole != extent)
      runTail(B.cst32(whole));
  } else {
    Value split =
        B.bin("and", B.smin(least, B.cst32(whole)), B.cst32(-int64_t(wide)));
    run(zero, split, false);
    // The rest is short: one register at a time, for the sake of code size.
    // Accumulators along lanes keep their width.
    if (axis != laneDim)
      lanes = std::min(lanes, narrowLanes);
    whole = extent / lanes * lanes;
    Value end = B.cst32(whole);
    if (onlyMaskedStores)
      end = B.smin(end, most);
    run(split, end, true);
    if (whole != extent)
      runTail(B.cst32(whole));
  }
  e.known = savedKnown;
  lanes = wide;

  Values scalars;
  if (axis == laneDim)
    finishReductions(acc, scalars);
  return scalars;
}

/// Stores the results of reductions along lanes, or hands them out.
void GroupEmitter::finishReductions(ArrayRef<Value> acc, Values &scalars) {
  for (Reduction &r : reductions) {
    B.loc = r.op.getLoc();
    Values v = r.finish(e, acc.slice(r.first, r.count), lanes);
    for (auto [result, value] : llvm::zip(r.op.getResults(), v)) {
      if (rank == 1) {
        scalars.push_back(value);
        continue;
      }
      if (!e.viewOf(result))
        continue;
      Point p;
      for (int d = 0; d < rank; ++d)
        if (d != axis)
          p.index.push_back(index[d]);
      e.writeView(*e.viewOf(result), tile::elementOf(result.getType()),
                  e.pointIn(shapeOf(result), p), Lane::uniform(value));
    }
  }
}

Values GroupEmitter::emitChunk(Value iv, ArrayRef<Value> acc) {
  index[laneDim] = iv;
  if (axis < 0 || axis == laneDim) {
    e.loopPoint = loopPoint(iv);
    return emitMembers(acc, B.icmp(EQ, iv, B.cst32(0)));
  }
  Values init;
  for (Reduction &r : reductions) {
    Values v = r.initial(e, lanes);
    init.append(v.begin(), v.end());
  }
  Values sums =
      B.forLoop(B.cst32(0), B.cst32(step.space[axis]), B.cst32(1), init,
                [&](Value along, ArrayRef<Value> a) {
                  Engine::ScopeGuard guard(e);
                  index[axis] = along;
                  e.loopPoint = loopPoint(iv);
                  return emitMembers(a, B.icmp(EQ, along, B.cst32(0)));
                });
  for (Reduction &r : reductions) {
    B.loc = r.op.getLoc();
    for (unsigned i = 0; i < r.count; ++i) {
      Value result = r.op.getResults()[i];
      if (!e.viewOf(result))
        continue;
      Point p;
      p.lanes = lanes;
      for (int d = 0; d < rank; ++d) {
        if (d == axis)
          continue;
        if (d == laneDim)
          p.laneDim = p.index.size();
        p.index.push_back(index[d]);
      }
      e.writeView(*e.viewOf(result), tile::elementOf(result.getType()),
                  e.pointIn(shapeOf(result), p),
                  Lane::vector(sums[r.first + i]));
    }
  }
  return {};
}

Values GroupEmitter::emitMembers(ArrayRef<Value> acc, Value isFirst) {
  Values next(acc);
  SmallVector<std::pair<Value, Lane>> writes;
  Point at = e.loopPoint;
  auto keep = [&](Value result, const Point &p, const Lane &lane) {
    e.cache(result, p, lane);
    if (plan.stored.count(result) && e.viewOf(result))
      writes.push_back({result, lane});
  };
  // Members see each other in registers, not in the buffers that are written
  // when the chunk is complete: a buffer may hold an operand until then.
  for (Operation *op : step.members) {
    B.loc = op->getLoc();
    if (auto store = dyn_cast<tile::StoreOp>(op)) {
      e.emitStore(store, e.pointIn(shapeOf(store.getPtr()), at));
    } else if (auto load = dyn_cast<tile::LoadOp>(op)) {
      Point p = e.pointIn(shapeOf(load.getPtr()), at);
      keep(load.getResult(), p, e.emitLoad(load, p));
    } else if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
      if (!isReduced(op)) {
        for (auto [r, s] : llvm::zip(reduce.getResults(), reduce.getSources()))
          keep(r, e.pointIn(shapeOf(r), at),
               e.eval(s, e.pointIn(shapeOf(s), at)));
        continue;
      }
      Reduction &r = reductions[reductionOf[op]];
      Values chunk;
      for (Value s : reduce.getSources())
        chunk.push_back(e.valueAt(s, e.pointIn(shapeOf(s), at)));
      Values sum = r.step(e, ArrayRef(next).slice(r.first, r.count), chunk,
                          isFirst, lanes);
      for (unsigned i = 0; i < r.count; ++i)
        next[r.first + i] = sum[i];
    } else {
      Point p = e.pointIn(shapeOf(op->getResult(0)), at);
      SmallVector<Lane> out;
      e.emitPointwise(op, p, out);
      for (auto [r, lane] : llvm::zip(op->getResults(), out))
        keep(r, p, lane);
    }
  }
  for (auto &[v, lane] : writes)
    e.writeView(*e.viewOf(v), tile::elementOf(v.getType()),
                e.pointIn(shapeOf(v), at), lane);
  return next;
}

void Engine::emitGroup(Plan &plan, Step &step) {
  GroupEmitter(*this, plan, step).emit();
}

} // namespace tilesdk::lowering
