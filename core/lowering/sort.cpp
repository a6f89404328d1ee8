//===- sort.cpp - Sorting along the last dimension --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batcher's odd-even merge sort (Knuth, volume 3, algorithm 5.2.2M) as
// run-time loops over scratch: any number of elements, a few hundred bytes of
// code. Steps that compare elements at least a vector apart take vectors.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

/// i1: `a` belongs behind `b` in ascending order.
static Value isGreater(Engine &e, Value a, Value b, Type element) {
  Build &B = e.B;
  if (!Engine::isFloat(element))
    return B.icmp(element == B.i1 ? UGT : SGT, a, b);
  a = e.toArithmetic(a, element);
  b = e.toArithmetic(b, element);
  // NaN is larger than every number.
  Value nanA = B.fcmp(UNO, a, a), ordB = B.fcmp(ORD, b, b);
  return B.op("or", nanA.getType(),
              {B.fcmp(OGT, a, b), B.op("and", nanA.getType(), {nanA, ordB})});
}

void Engine::emitSort(tile::SortOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getSource());
  Type element = tile::elementOf(op.getSource().getType());
  View view = resultView(op.getResult());
  copyTo(op.getSource(), view);
  views[op.getResult()] = view;
  int64_t n = shape.back();
  if (n == 1)
    return;
  Type inMemory = memoryType(element);
  unsigned size = B.bytesOf(inMemory);
  unsigned lanes = floorPowerOfTwo(
      std::max<int64_t>(1, target.vectorBytes / std::max<int64_t>(4, size)));
  bool descending = op.getDescending();

  auto exchange = [&](Value rowBase, Value i, Value j, unsigned width) {
    Type type = B.vec(inMemory, width);
    Value at = B.gep(rowBase, inMemory, i), bt = B.gep(rowBase, inMemory, j);
    Value am = B.load(type, at, size), bm = B.load(type, bt, size);
    Value a = fromMemory(am, element), b = fromMemory(bm, element);
    Value swap = descending ? isGreater(*this, b, a, element)
                            : isGreater(*this, a, b, element);
    B.store(B.select(swap, bm, am), at, size);
    B.store(B.select(swap, am, bm), bt, size);
  };

  SmallVector<int64_t> rows(shape);
  rows.back() = 1;
  enterLoop();
  touch(view.buffer);
  forEachChunk(rows, 0, [&](const Point &row) {
    Value base = addressIn(view, row.index);
    Value count = B.cst32(n), one = B.cst32(1), zero = B.cst32(0);
    auto twice = [&](Value v) { return B.mul(v, B.cst32(2)); };
    auto half = [&](Value v) { return B.bin("lshr", v, one); };
    // for (p = 1; p < n; p *= 2) for (k = p; k >= 1; k /= 2)
    B.whileLoop(
        {one},
        [&](ArrayRef<Value> p) {
          return Build::WhileHead{B.icmp(SLT, p[0], count), Values(p)};
        },
        [&](ArrayRef<Value> pv) {
          Value p = pv[0];
          B.whileLoop(
              {p},
              [&](ArrayRef<Value> k) {
                return Build::WhileHead{B.icmp(SGE, k[0], one), Values(k)};
              },
              [&](ArrayRef<Value> kv) {
                Value k = kv[0];
                // j starts at k % p: 0 in the first pass, else k.
                Value from = B.select(B.icmp(EQ, k, p), zero, k);
                B.forLoop(
                    from, B.sub(count, k), twice(k), {},
                    [&](Value j, ArrayRef<Value>) {
                      // Blocks of 2p are merged, never across their border.
                      Value blockMask = B.sub(zero, twice(p));
                      Value lowBlock = B.bin("and", j, blockMask);
                      Value highBlock = B.bin("and", B.add(j, k), blockMask);
                      B.ifThen(B.icmp(EQ, lowBlock, highBlock), [&] {
                        Value length = B.smin(k, B.sub(B.sub(count, j), k));
                        Value whole =
                            B.bin("and", length, B.cst32(-int64_t(lanes)));
                        auto run = [&](Value lo, Value hi, unsigned width) {
                          B.forLoop(
                              lo, hi, B.cst32(std::max(width, 1u)), {},
                              [&](Value i, ArrayRef<Value>) {
                                Value l = B.add(j, i);
                                exchange(base, l, B.add(l, k), width);
                                return Values();
                              },
                              false, /*isHot=*/true);
                        };
                        if (lanes > 1) {
                          run(zero, whole, lanes);
                          run(whole, length, 0);
                        } else {
                          run(zero, length, 0);
                        }
                      });
                      return Values();
                    });
                return Values{half(k)};
              });
          return Values{twice(p)};
        });
  });
  leaveLoop();
}

} // namespace tilesdk::lowering
