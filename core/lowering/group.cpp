//===- group.cpp - One loop nest for a group --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lane loop runs twice: first over the chunks where every mask of the form
// "index < bound" is known to be true, then with the masks over what is left.
// Kernels that write much more than the caches hold get a second version of
// the loop with non-temporal stores, and indices taken modulo a size one for
// the usual case that they do not wrap inside of the tile.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"
#include "core/lowering/form.h"
#include "core/lowering/reduce.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

namespace {
class GroupEmitter {
public:
  GroupEmitter(Engine &e, Plan &plan, Step &step)
      : e(e), B(e.B), plan(plan), step(step), rank(step.space.size()),
        axis(step.reduceDim) {}

  void emit();

private:
  void chooseLanes();
  int chooseLaneDim();
  unsigned widestElement(unsigned &work);
  void createViews();
  void emitPoint();
  Values emitVersions();
  Values emitNest(unsigned d);
  Values emitLaneLoop();
  Values emitChunk(Value iv, ArrayRef<Value> acc);
  Values emitMembers(ArrayRef<Value> acc, Value isFirst);
  void finishReductions(ArrayRef<Value> acc, Values &scalars);
  Value streamingCondition();
  void collectMasks();

  Point loopPoint(Value lane) {
    Point p;
    p.index.assign(index.begin(), index.end());
    p.laneDim = laneDim;
    p.lanes = lanes;
    if (laneDim >= 0)
      p.index[laneDim] = lane;
    return p;
  }
  bool isReduced(Operation *op) {
    auto reduce = dyn_cast<tile::ReduceOp>(op);
    return reduce && axis >= 0 && reducedDim(reduce) == axis;
  }

  Engine &e;
  Build &B;
  Plan &plan;
  Step &step;
  int rank;
  int axis;
  int laneDim = -1;
  unsigned lanes = 0;
  int64_t extent = 1; ///< Of the lane dimension.
  SmallVector<Value> index;
  SmallVector<int> outer; ///< Loops round the lane loop.
  std::vector<Reduction> reductions;
  DenseMap<Operation *, unsigned> reductionOf;
  SmallVector<Value> masks;          ///< Of the form index < bound.
  SmallVector<Value> remainders;     ///< Indices that usually do not wrap.
  SmallVector<Engine::Known> noWrap; ///< Their starts, in the fast version.
  bool onlyMaskedStores = true;
};
} // namespace

int GroupEmitter::chooseLaneDim() {
  // The dimension along which most accesses are contiguous; the last one wins
  // a tie, because buffers are row-major.
  SmallVector<int> score(rank, 0);
  for (Operation *op : step.members) {
    if (isa<tile::LoadOp, tile::StoreOp>(op)) {
      Value ptr = op->getOperand(0);
      for (int d = 0; d < rank; ++d) {
        Form f = formOf(ptr, identityMap(shapeOf(ptr)), d);
        if (f.kind == Form::Linear && f.stride == 1)
          score[d] += 4;
      }
    }
    for (Value r : op->getResults())
      if (plan.stored.count(r))
        score[rank - 1] += 3;
    for (Value v : op->getOperands())
      if (e.viewOf(v))
        score[rank - 1] += 3;
  }
  int best = rank - 1;
  for (int d = rank - 1; d >= 0; --d)
    if (score[d] > score[best] && step.space[d] >= 4)
      best = d;
  // Few elements in the last dimension make short vectors.
  if (best == rank - 1 && rank > 1 && step.space[best] < 4) {
    bool contiguous = score[best] > 0;
    for (int d = rank - 2; d >= 0 && !contiguous; --d)
      if (step.space[d] >= 16) {
        best = d;
        break;
      }
  }
  return best;
}

unsigned GroupEmitter::widestElement(unsigned &work) {
  unsigned widest = 1;
  for (Operation *op : step.members) {
    Type type;
    if (auto store = dyn_cast<tile::StoreOp>(op))
      type = store.getValue().getType();
    else
      type = op->getResult(0).getType();
    Type element = tile::elementOf(type);
    bool moves = isa<tile::LoadOp, tile::StoreOp>(op);
    if (!moves)
      for (Value v : op->getOperands()) {
        Type t = tile::elementOf(v.getType());
        if (!isa<tile::PointerType>(t) && t != B.i1)
          widest = std::max<unsigned>(widest, B.bytesOf(e.arithmeticType(t)));
      }
    if (element != B.i1 || moves)
      widest = std::max<unsigned>(widest,
                                  moves ? e.sizeOf(element)
                                        : B.bytesOf(e.arithmeticType(element)));
    if (op->getName().getDialectNamespace() == "math" ||
        isa<tile::ExternElementwiseOp>(op))
      work += 6;
    else if (isa<arith::DivFOp, arith::DivSIOp, arith::RemSIOp, arith::DivUIOp,
                 arith::RemUIOp>(op))
      work += 4;
    else
      work += 1;
  }
  return widest;
}

void GroupEmitter::chooseLanes() {
  laneDim = chooseLaneDim();
  extent = step.space[laneDim];
  unsigned work = 0;
  unsigned widest = widestElement(work);
  unsigned target = std::max(1u, e.target.vectorBytes / widest);
  // Light bodies take several registers at a time, to hide latencies.
  target *= work <= 6 ? 4 : work <= 12 ? 2 : 1;
  lanes = std::min(floorPowerOfTwo(extent), target);
  for (Operation *op : step.members) {
    // Foreign functions are called lane by lane.
    if (auto ext = dyn_cast<tile::ExternElementwiseOp>(op))
      if (!ext.getSymbol().starts_with("tsdk.math."))
        lanes = std::min(lanes, 4u);
    if (!isReduced(op))
      continue;
    Reduction r(cast<tile::ReduceOp>(op), axis == laneDim);
    if (r.ordered && r.alongLanes) {
      // Every lane of every chunk takes part in the pairwise combination.
      lanes = std::min<unsigned>(lanes, e.target.vectorBytes / widest);
      while (extent % lanes)
        lanes /= 2;
    }
  }
}

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

void GroupEmitter::collectMasks() {
  auto consider = [&](Value v) {
    Type element = tile::elementOf(v.getType());
    if (!element.isInteger(1) || !isa<RankedTensorType>(v.getType()) ||
        !isVirtual(v) || llvm::is_contained(masks, v))
      return;
    IndexMap map = identityMap(shapeOf(v));
    Form f = formOf(v, map, laneDim);
    if (f.kind != Form::Prefix || f.mayWrap)
      return;
    if (axis >= 0 && axis != laneDim && dependsOn(v, map, axis))
      return;
    masks.push_back(v);
  };
  for (Operation *op : step.members) {
    bool prefix = false;
    for (Value v : op->getOperands()) {
      consider(v);
      prefix |= llvm::is_contained(masks, v);
      walkLeaves(
          v, identityMap(shapeOf(v)), [](Value, const IndexMap &) {},
          [&](Value inner, const IndexMap &map) {
            Operation *def = inner.getDefiningOp();
            if (!isa<arith::RemSIOp, arith::RemUIOp>(def) ||
                llvm::is_contained(remainders, inner))
              return true;
            Form f = formOf(inner, map, laneDim);
            if (f.kind == Form::Linear && f.mayWrap &&
                formOf(def->getOperand(0), map, laneDim).mayWrap == false)
              remainders.push_back(inner);
            return true;
          });
    }
    if (auto store = dyn_cast<tile::StoreOp>(op))
      onlyMaskedStores &= store.getMask() && prefix;
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

/// i1: this launch writes more than the caches hold, to aligned addresses.
Value GroupEmitter::streamingCondition() {
  if (rank != 1 || !reductions.empty())
    return Value();
  int64_t bytes = 0;
  SmallVector<tile::StoreOp> stores;
  for (Operation *op : step.members) {
    if (auto store = dyn_cast<tile::StoreOp>(op)) {
      Form f = formOf(store.getPtr(), identityMap(shapeOf(store.getPtr())), 0);
      int64_t size = e.sizeOf(tile::elementOf(store.getValue().getType()));
      if (f.kind != Form::Linear || f.stride != 1 || f.mayWrap ||
          lanes * size % 64 != 0)
        return Value();
      bytes += size * extent;
      stores.push_back(store);
    }
    for (Value r : op->getResults())
      if (plan.stored.count(r))
        return Value();
  }
  if (stores.empty() || bytes < 1024)
    return Value();
  Engine::ScopeGuard guard(e);
  Value total = B.cst64(bytes);
  for (int i = 0; i < 3; ++i)
    total =
        B.mul(total, B.cast("zext", e.programField(20 + 4 * i, B.i32), B.i64));
  Value c = B.icmp(UGT, total, e.programField(32, B.i64));
  for (tile::StoreOp store : stores) {
    Point p = loopPoint(B.cst32(0));
    Lane ptr = e.eval(store.getPtr(), e.pointIn(shapeOf(store.getPtr()), p));
    Value low = B.bin("and", B.cast("ptrtoint", ptr.value, B.i64), B.cst64(63));
    c = B.logicalAnd(c, B.icmp(EQ, low, B.cst64(0)));
  }
  return c;
}

Values GroupEmitter::emitVersions() {
  // Types of scalar results, if any.
  SmallVector<Type> types;
  if (rank == 1)
    for (Reduction &r : reductions)
      for (Value s : r.op.getSources())
        types.push_back(e.registerType(tile::elementOf(s.getType())));

  Value fits;
  SmallVector<Engine::Known> starts;
  if (!remainders.empty()) {
    Engine::ScopeGuard guard(e);
    fits = B.boolean(true);
    for (Value v : remainders) {
      Operation *op = v.getDefiningOp();
      // The value has no other dimension, so the point of its start is known.
      Point p;
      for (int64_t n : shapeOf(v)) {
        if (n != 1) {
          p.laneDim = p.index.size();
          p.lanes = extent;
        }
        p.index.push_back(B.cst32(0));
      }
      Lane l = e.eval(op->getOperand(0), p);
      Lane n = e.eval(op->getOperand(1), p);
      if (l.kind != Lane::Linear || n.kind != Lane::Uniform)
        continue;
      Type t = l.value.getType();
      Value start =
          e.integerDivide(l.value, n.value, isa<arith::RemSIOp>(op), true);
      Value end = B.add(start, B.cst(t, extent));
      fits = B.logicalAnd(fits, B.icmp(SGE, l.value, B.cst(t, 0)));
      fits = B.logicalAnd(fits, B.icmp(SLE, end, n.value));
      starts.push_back({v, Lane::uniform(start), true});
    }
  }
  auto nest = [&]() -> Values {
    Value stream = streamingCondition();
    if (!stream)
      return emitNest(0);
    return B.ifElse(
        stream, types,
        [&] {
          e.streaming = true;
          Values r = emitNest(0);
          e.streaming = false;
          return r;
        },
        [&] { return emitNest(0); });
  };
  if (starts.empty())
    return nest();
  return B.ifElse(
      fits, types,
      [&] {
        noWrap = starts;
        Values r = nest();
        noWrap.clear();
        return r;
      },
      [&] { return emitNest(0); });
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

  int64_t whole = extent / lanes * lanes;
  Value zero = B.cst32(0), by = B.cst32(lanes);
  auto savedKnown = e.known;
  auto run = [&](Value from, Value to, bool masked) {
    acc = B.forLoop(from, to, by, acc, [&](Value iv, ArrayRef<Value> a) {
      Engine::ScopeGuard inner(e);
      e.known = savedKnown;
      for (auto &[mask, bound] : bounds) {
        Lane l = masked ? Lane::prefix(B.sub(bound, iv))
                        : Lane::uniform(B.boolean(true));
        e.known.push_back({mask, l, false});
      }
      for (Engine::Known &k : noWrap) {
        Value start = B.add(k.lane.value, B.toInt(iv, k.lane.value.getType()));
        e.known.push_back({k.value, Lane::linear(start, {1, {}}), true});
      }
      return emitChunk(iv, a);
    });
  };
  auto runTail = [&](Value from) {
    const Lane *saved = e.tail;
    Lane rest = Lane::prefix(B.cst32(extent - whole));
    e.tail = &rest;
    run(from, B.add(from, by), !bounds.empty());
    e.tail = saved;
  };
  if (bounds.empty()) {
    run(zero, B.cst32(whole), false);
    if (whole != extent)
      runTail(B.cst32(whole));
  } else {
    Value split =
        B.bin("and", B.smin(least, B.cst32(whole)), B.cst32(-int64_t(lanes)));
    run(zero, split, false);
    Value end = B.cst32(whole);
    if (onlyMaskedStores)
      end = B.smin(end, most);
    run(split, end, true);
    if (whole != extent)
      runTail(B.cst32(whole));
  }
  e.known = savedKnown;

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
