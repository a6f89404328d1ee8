//===- gather.cpp - Gather and histogram ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

void Engine::emitGather(tile::GatherOp op) {
  Type element = tile::elementOf(op.getSource().getType());
  View source = materialize(op.getSource(), /*strided=*/true);
  View result = resultView(op.getResult());
  unsigned axis = op.getAxis();
  Type inMemory = memoryType(source.element);
  unsigned size = B.bytesOf(inMemory);
  unsigned maxLanes = target.vectorBytes / std::max<int64_t>(4, size);
  forEachChunk(shapeOf(op.getIndices()), maxLanes, [&](const Point &p) {
    Point base = p;
    base.index[axis] = B.cst32(0);
    Value address = addressIn(source, base.index);
    Value index = valueAt(op.getIndices(), p);
    Value offset = B.toInt(index, B.i32);
    Type offsets = offset.getType();
    offset = B.bin("mul", offset, B.cst(offsets, source.strides[axis]));
    if (p.lanes && p.laneDim != int(axis)) {
      SmallVector<int64_t> steps;
      for (unsigned i = 0; i < p.lanes; ++i)
        steps.push_back(i * source.strides[p.laneDim]);
      offset = B.bin("add", offset, B.cstLanes(B.i32, steps));
    }
    Value v;
    if (p.lanes == 0) {
      v = B.load(inMemory, B.gep(address, inMemory, offset), size);
    } else {
      Value mask =
          tail ? maskOf(*tail, p.lanes) : B.splat(B.boolean(true), p.lanes);
      Type vector = B.vec(inMemory, p.lanes);
      v = B.gather(vector, B.gep(address, inMemory, offset), mask,
                   B.zero(vector), size);
    }
    v = fromMemory(v, source.element);
    writeView(result, element, p, p.lanes ? Lane::vector(v) : Lane::uniform(v));
  });
  views[op.getResult()] = result;
}

void Engine::emitHistogram(tile::HistogramOp op) {
  int64_t bins = shapeOf(op.getResult())[0];
  // One more counter takes what is masked off or outside of the bins; the
  // space behind a buffer has room for it.
  View result = resultView(op.getResult());
  View counters = result.buffer->carried ? newView({bins + 1}, B.i32) : result;
  forEachChunk({bins}, target.vectorBytes / 4, [&](const Point &p) {
    writeView(counters, B.i32, p, Lane::uniform(B.cst32(0)));
  });
  Type element = tile::elementOf(op.getSource().getType());
  Type t = registerType(element);
  forEachChunk(shapeOf(op.getSource()), 0, [&](const Point &p) {
    Value v = valueAt(op.getSource(), p);
    unsigned bits = t.getIntOrFloatBitWidth();
    Value wide = bits < 64 ? B.cast("sext", v, B.i64) : v;
    Value counted = B.icmp(ULT, wide, B.cst64(bins));
    if (op.getMask())
      counted = B.logicalAnd(counted, valueAt(op.getMask(), p));
    Value bin = B.select(counted, wide, B.cst64(bins));
    Value address = B.gep(addressIn(counters, {B.cst32(0)}), B.i32, bin);
    B.store(B.bin("add", B.load(B.i32, address, 4), B.cst32(1)), address, 4);
  });
  if (counters.buffer != result.buffer)
    forEachChunk({bins}, target.vectorBytes / 4, [&](const Point &p) {
      writeView(result, B.i32, p, readView(counters, B.i32, p));
    });
  views[op.getResult()] = result;
}

} // namespace tilesdk::lowering
