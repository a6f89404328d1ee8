//===- eval.cpp - Tile values at a point ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

Point Engine::pointIn(ArrayRef<int64_t> shape, const Point &loop) {
  Point p;
  unsigned next = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) {
      p.index.push_back(B.cst32(0));
      continue;
    }
    if (int(next) == loop.laneDim) {
      p.laneDim = i;
      p.lanes = loop.lanes;
    }
    p.index.push_back(loop.index[next++]);
  }
  return p;
}

const Lane *Engine::cached(Value v, const Point &p) {
  for (Scope &scope : llvm::reverse(scopes)) {
    auto it = scope.lanes.find(v);
    if (it == scope.lanes.end())
      continue;
    for (auto &entry : it->second)
      if (entry.first == p)
        return &entry.second;
  }
  return nullptr;
}

Value Engine::scalar(Value v) {
  if (Value known = scalars.lookup(v))
    return known;
  Operation *op = v.getDefiningOp();
  if (!op || classify(op) != OpClass::Scalar) {
    if (op)
      fail(op, "internal error: scalar used before it is computed");
    else
      failed = true;
    return B.zero(registerType(v.getType()));
  }
  emitScalarOp(op);
  return scalars.lookup(v);
}

void Engine::emitScalarOp(Operation *op) {
  if (op->getNumResults() && scalars.count(op->getResult(0)))
    return;
  Location saved = B.loc;
  B.loc = op->getLoc();
  SmallVector<Value> operands;
  for (Value v : op->getOperands())
    operands.push_back(scalar(v));
  SmallVector<Value> results;
  if (!emitOp(op, operands, 0, results)) {
    fail(op, "operation '" + op->getName().getStringRef() +
                 "' is not supported on this target");
    for (Value r : op->getResults())
      results.push_back(B.zero(registerType(r.getType())));
  }
  for (auto [from, to] : llvm::zip(op->getResults(), results))
    scalars[from] = to;
  B.loc = saved;
}

Value Engine::valueAt(Value v, const Point &p) {
  Lane lane = eval(v, p);
  Type element = registerType(tile::elementOf(v.getType()));
  return vectorOf(lane, p.lanes, element);
}

Lane Engine::eval(Value v, const Point &p) {
  if (!isa<RankedTensorType>(v.getType()))
    return Lane::uniform(scalar(v));
  if (Value known = scalars.lookup(v))
    return Lane::uniform(known);
  if (!known.empty() && p.laneDim >= 0)
    for (Known &k : known)
      if (k.value == v && p.lanes == loopPoint.lanes &&
          (k.alongLane
               ? p.index[p.laneDim] == loopPoint.index[loopPoint.laneDim]
               : p == pointIn(shapeOf(v), loopPoint)))
        return k.lane;
  if (const Lane *lane = cached(v, p))
    return *lane;

  auto done = [&](Lane lane) {
    cache(v, p, lane);
    return lane;
  };
  Type element = tile::elementOf(v.getType());
  if (const View *view = viewOf(v))
    return done(readView(*view, element, p));

  Operation *op = v.getDefiningOp();
  if (!op) {
    failed = true;
    return Lane::uniform(B.zero(registerType(element)));
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (!dense) {
      fail(op, "constant tensors must be dense");
      return Lane::uniform(B.zero(registerType(element)));
    }
    if (!dense.isSplat()) {
      views[v] = constantView(dense);
      return done(readView(views[v], element, p));
    }
    return done(Lane::uniform(
        constantElement(dense.getSplatValue<Attribute>(), element)));
  }
  if (op->getName().getStringRef() == "ub.poison")
    return Lane::uniform(B.zero(registerType(element)));
  if (auto range = dyn_cast<tile::MakeRangeOp>(op)) {
    Value start = B.add(p.index[0], B.cst32(range.getStart()));
    if (p.laneDim < 0)
      return done(Lane::uniform(start));
    return done(Lane::linear(start, {1, {}}));
  }
  if (auto splat = dyn_cast<tile::SplatOp>(op))
    return Lane::uniform(scalar(splat.getSource()));
  if (auto expand = dyn_cast<tile::ExpandDimsOp>(op)) {
    Point q = p;
    int axis = expand.getAxis();
    q.index.erase(q.index.begin() + axis);
    if (q.laneDim > axis)
      --q.laneDim;
    return eval(expand.getSource(), q);
  }
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    Point q = p;
    ArrayRef<int64_t> shape = shapeOf(broadcast.getSource());
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] != 1)
        continue;
      q.index[i] = B.cst32(0);
      if (q.laneDim == int(i)) {
        q.laneDim = -1;
        q.lanes = 0;
      }
    }
    return eval(broadcast.getSource(), q);
  }
  if (auto trans = dyn_cast<tile::TransOp>(op)) {
    Point q = p;
    for (auto [i, from] : llvm::enumerate(trans.getPerm())) {
      q.index[from] = p.index[i];
      if (p.laneDim == int(i))
        q.laneDim = from;
    }
    return eval(trans.getSource(), q);
  }
  if (auto split = dyn_cast<tile::SplitOp>(op)) {
    Point q = p;
    q.index.push_back(B.cst32(v == split.getLhs() ? 0 : 1));
    return eval(split.getSource(), q);
  }
  if (auto hint = dyn_cast<tile::HintOp>(op))
    return eval(hint.getSource(), p);
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op)) {
    ArrayRef<int64_t> to = shapeOf(v);
    if (onlyUnitDims(shapeOf(reshape.getSource()), to)) {
      Point squeezed;
      for (size_t i = 0; i < to.size(); ++i) {
        if (to[i] == 1)
          continue;
        if (p.laneDim == int(i)) {
          squeezed.laneDim = squeezed.index.size();
          squeezed.lanes = p.lanes;
        }
        squeezed.index.push_back(p.index[i]);
      }
      return eval(reshape.getSource(),
                  pointIn(shapeOf(reshape.getSource()), squeezed));
    }
  }
  if (classify(op) == OpClass::Pointwise && !isa<tile::LoadOp>(op)) {
    SmallVector<Lane> results;
    emitPointwise(op, p, results);
    for (auto [r, lane] : llvm::zip(op->getResults(), results))
      cache(r, p, lane);
    return results[cast<OpResult>(v).getResultNumber()];
  }
  fail(op, "internal error: value of '" + op->getName().getStringRef() +
               "' is not available");
  return Lane::uniform(B.zero(registerType(element)));
}

void Engine::emitPointwise(Operation *op, const Point &p,
                           SmallVectorImpl<Lane> &out) {
  Location saved = B.loc;
  B.loc = op->getLoc();
  SmallVector<Lane> in;
  bool uniform = true;
  for (Value v : op->getOperands()) {
    in.push_back(eval(v, p));
    uniform &= in.back().kind == Lane::Uniform;
  }
  if (!foldLanes(op, in, p, out)) {
    unsigned lanes = uniform ? 0 : p.lanes;
    SmallVector<Value> operands;
    for (auto [lane, v] : llvm::zip(in, op->getOperands())) {
      // A scalar condition selects whole vectors, and a gather with one base
      // address and a vector of offsets is cheaper than one of addresses.
      bool first = operands.empty() && lane.kind == Lane::Uniform &&
                   isa<arith::SelectOp, tile::AddPtrOp>(op);
      operands.push_back(
          first ? lane.value
                : vectorOf(lane, lanes,
                           registerType(tile::elementOf(v.getType()))));
    }
    SmallVector<Value> results;
    if (!emitOp(op, operands, lanes, results)) {
      fail(op, "operation '" + op->getName().getStringRef() +
                   "' is not supported on this target");
      for (Value r : op->getResults())
        results.push_back(B.zero(registerType(tile::elementOf(r.getType()))));
    }
    for (Value r : results)
      out.push_back(B.lanesOf(r) ? Lane::vector(r) : Lane::uniform(r));
  }
  B.loc = saved;
}

} // namespace tilesdk::lowering
