//===- reduce.cpp - Reductions inside of a group ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/reduce.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

Reduction::Reduction(tile::ReduceOp op, bool alongLanes)
    : op(op), alongLanes(alongLanes),
      known(Emitter::knownCombination(op.getCombine())),
      count(op.getSources().size()) {
  ordered = !known && !op.getCommutative();
}

/// x such that combine(x, y) is y, in register form.
static Value neutral(Engine &e, Operation *op, Type element, unsigned lanes) {
  Build &B = e.B;
  Type type = B.vec(e.registerType(element), lanes);
  if (Engine::isFloat(element)) {
    const llvm::fltSemantics &s = cast<FloatType>(element).getFloatSemantics();
    APFloat f = APFloat::getZero(s, /*Negative=*/true);
    if (isa<arith::MulFOp>(op))
      f = APFloat(s, 1);
    else if (isa<arith::MaximumFOp>(op))
      f = APFloat::getInf(s, true);
    else if (isa<arith::MinimumFOp>(op))
      f = APFloat::getInf(s, false);
    else if (isa<arith::MaxNumFOp, arith::MinNumFOp>(op))
      f = APFloat::getNaN(s); // The other operand wins.
    if (Engine::isFloat(B.elementOf(type)))
      return B.cstAPFloat(type, f);
    return B.cst(type, f.bitcastToAPInt().getZExtValue());
  }
  unsigned bits = element.getIntOrFloatBitWidth();
  int64_t v = 0;
  if (isa<arith::MulIOp>(op))
    v = 1;
  else if (isa<arith::AndIOp, arith::MinUIOp>(op))
    v = -1;
  else if (isa<arith::MaxSIOp>(op))
    v = APInt::getSignedMinValue(bits).getSExtValue();
  else if (isa<arith::MinSIOp>(op))
    v = APInt::getSignedMaxValue(bits).getSExtValue();
  return B.cst(type, v);
}

Values Reduction::initial(Engine &e, unsigned lanes) {
  if (alongLanes && ordered)
    lanes = 0;
  Values v;
  for (unsigned i = 0; i < count; ++i)
    v.push_back(known
                    ? neutral(e, known, elementType(i), lanes)
                    : e.B.zero(e.B.vec(e.registerType(elementType(i)), lanes)));
  return v;
}

/// Combines lanes pairwise until one is left.
static Values fold(Engine &e, Region &region, Values v, unsigned lanes,
                   bool ordered) {
  while (lanes > 1) {
    unsigned half = lanes / 2;
    SmallVector<int32_t> l(half), r(half);
    for (unsigned i = 0; i < half; ++i) {
      l[i] = ordered ? 2 * i : i;
      r[i] = ordered ? 2 * i + 1 : i + half;
    }
    Values left, right;
    for (Value x : v) {
      left.push_back(e.B.shuffle(x, x, l));
      right.push_back(e.B.shuffle(x, x, r));
    }
    v = e.combine(region, left, right, half);
    lanes = half;
  }
  Values scalars;
  for (Value x : v)
    scalars.push_back(e.B.lanesOf(x) ? e.B.extract(x, int64_t(0)) : x);
  return scalars;
}

Values Reduction::step(Engine &e, ArrayRef<Value> acc, ArrayRef<Value> chunk,
                       Value isFirst, unsigned lanes) {
  Build &B = e.B;
  Values x(chunk);
  unsigned width = lanes;
  if (alongLanes && ordered) {
    x = fold(e, op.getCombine(), x, lanes, true);
    width = 0;
  }
  Values r = e.combine(op.getCombine(), acc, x, width);
  if (!known)
    for (auto [v, y] : llvm::zip(r, x))
      v = B.select(isFirst, y, v);
  if (e.tail && alongLanes) {
    Value active = e.maskOf(*e.tail, lanes);
    for (auto [v, old] : llvm::zip(r, acc))
      v = B.select(active, v, old);
  }
  return r;
}

Values Reduction::finish(Engine &e, ArrayRef<Value> acc, unsigned lanes) {
  if (ordered)
    return Values(acc);
  return fold(e, op.getCombine(), Values(acc), lanes, false);
}

} // namespace tilesdk::lowering
