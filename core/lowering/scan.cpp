//===- scan.cpp - Running combinations --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along the last dimension a chunk is scanned in registers, in log2(lanes)
// steps that keep the order of elements, and combined with what the chunks
// before it came to. Along other dimensions every lane has its own sequence.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

/// Inclusive scan of the lanes, from the last lane if `reverse`.
static Values scanLanes(Engine &e, Region &region, Values v, unsigned lanes,
                        bool reverse) {
  Build &B = e.B;
  for (unsigned s = 1; s < lanes; s *= 2) {
    SmallVector<int32_t> shift(lanes);
    SmallVector<int64_t> active(lanes);
    for (unsigned l = 0; l < lanes; ++l) {
      bool has = reverse ? l + s < lanes : l >= s;
      active[l] = has;
      shift[l] = has ? (reverse ? l + s : l - s) : l;
    }
    Value mask = B.cstLanes(B.i1, active);
    Values earlier;
    for (Value x : v)
      earlier.push_back(B.shuffle(x, x, shift));
    Values sum = e.combine(region, earlier, v, lanes);
    for (auto [x, y] : llvm::zip(v, sum))
      x = B.select(mask, y, x);
  }
  return v;
}

void Engine::emitScan(tile::ScanOp op) {
  unsigned n = op.getSources().size();
  ArrayRef<int64_t> shape = shapeOf(op.getSources()[0]);
  int axis = op.getAxis();
  bool reverse = op.getReverse();
  int64_t extent = shape[axis];
  SmallVector<View> places;
  int64_t widest = 1;
  SmallVector<Type> elements;
  for (unsigned i = 0; i < n; ++i) {
    elements.push_back(tile::elementOf(op.getSources()[i].getType()));
    widest = std::max(widest, B.bytesOf(arithmeticType(elements[i])));
    places.push_back(resultView(op.getResults()[i]));
  }
  auto finish = [&] {
    for (unsigned i = 0; i < n; ++i)
      views[op.getResults()[i]] = places[i];
  };
  auto store = [&](const Point &p, ArrayRef<Value> v) {
    for (unsigned i = 0; i < n; ++i)
      writeView(places[i], elements[i], p,
                p.lanes ? Lane::vector(v[i]) : Lane::uniform(v[i]));
  };
  auto first = [&](unsigned lanes) {
    Values zero;
    for (Type t : elements)
      zero.push_back(B.zero(B.vec(registerType(t), lanes)));
    return zero;
  };
  unsigned maxLanes = std::max<int64_t>(1, target.vectorBytes / widest);

  // Is a longer dimension left for the lanes?
  bool alongLast = true;
  for (size_t d = axis + 1; d < shape.size(); ++d)
    alongLast &= shape[d] == 1;
  if (!alongLast) {
    SmallVector<int64_t> others(shape);
    others[axis] = 1;
    forEachChunk(others, maxLanes, [&](const Point &at) {
      B.forLoop(B.cst32(0), B.cst32(extent), B.cst32(1), first(at.lanes),
                [&](Value iv, ArrayRef<Value> acc) {
                  ScopeGuard guard(*this);
                  Point p = at;
                  p.index[axis] = reverse ? B.sub(B.cst32(extent - 1), iv) : iv;
                  Values x;
                  for (Value s : op.getSources())
                    x.push_back(valueAt(s, p));
                  Values sum = combine(op.getCombine(), acc, x, at.lanes);
                  Value isFirst = B.icmp(EQ, iv, B.cst32(0));
                  for (auto [v, y] : llvm::zip(sum, x))
                    v = B.select(isFirst, y, v);
                  store(p, sum);
                  return sum;
                });
    });
    return finish();
  }

  // Every lane must be an element, because all are combined.
  unsigned lanes = 1;
  while (lanes * 2 <= maxLanes && extent % (lanes * 2) == 0)
    lanes *= 2;
  if (lanes == 1)
    lanes = 0;
  SmallVector<int64_t> rows(shape);
  rows[axis] = 1;
  unsigned by = std::max(lanes, 1u);
  forEachChunk(rows, 0, [&](const Point &row) {
    B.forLoop(B.cst32(0), B.cst32(extent), B.cst32(by), first(0),
              [&](Value iv, ArrayRef<Value> carry) {
                ScopeGuard guard(*this);
                Point p = row;
                p.index[axis] = reverse ? B.sub(B.cst32(extent - by), iv) : iv;
                if (lanes) {
                  p.laneDim = axis;
                  p.lanes = lanes;
                }
                Values x;
                for (Value s : op.getSources())
                  x.push_back(valueAt(s, p));
                if (lanes)
                  x = scanLanes(*this, op.getCombine(), x, lanes, reverse);
                Values before;
                for (Value c : carry)
                  before.push_back(B.splat(c, lanes));
                Values sum = combine(op.getCombine(), before, x, lanes);
                Value isFirst = B.icmp(EQ, iv, B.cst32(0));
                for (auto [v, y] : llvm::zip(sum, x))
                  v = B.select(isFirst, y, v);
                store(p, sum);
                Values next;
                for (Value v : sum)
                  next.push_back(
                      lanes ? B.extract(v, int64_t(reverse ? 0 : lanes - 1))
                            : v);
                return next;
              });
  });
  finish();
}

} // namespace tilesdk::lowering
