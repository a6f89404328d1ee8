//===- atomics.cpp - Atomic operations on tiles -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One element after the other: processors have no vector atomics.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/atomic_ops.h"
#include "core/lowering/engine.h"

namespace tilesdk::lowering {

/// Emits `one` for a scalar or for each element of a tensor.
static void forElements(Engine &e, Value ptr, Value result,
                        llvm::function_ref<Value(const Point &)> one) {
  if (!isa<RankedTensorType>(ptr.getType())) {
    e.scalars[result] = one(Point());
    return;
  }
  bool used = !result.use_empty();
  View view;
  if (used)
    view = e.resultView(result);
  Type element = tile::elementOf(result.getType());
  e.forEachChunk(shapeOf(ptr), 0, [&](const Point &p) {
    Value v = one(p);
    if (used)
      e.writeView(view, element, p, Lane::uniform(v));
  });
  if (used)
    e.views[result] = view;
}

void Engine::emitAtomicRmw(tile::AtomicRMWOp op) {
  Type element = tile::elementOf(op.getResult().getType());
  forElements(*this, op.getPtr(), op.getResult(), [&](const Point &p) {
    Value address = valueAt(op.getPtr(), p);
    Value v = valueAt(op.getValue(), p);
    if (!op.getMask())
      return emitAtomic(*this, op, address, v);
    Values r = B.ifElse(
        valueAt(op.getMask(), p), {registerType(element)},
        [&] { return Values{emitAtomic(*this, op, address, v)}; },
        [&] { return Values{B.zero(registerType(element))}; });
    return r[0];
  });
}

void Engine::emitAtomicCas(tile::AtomicCASOp op) {
  forElements(*this, op.getPtr(), op.getResult(), [&](const Point &p) {
    return emitAtomic(*this, op, valueAt(op.getPtr(), p),
                      valueAt(op.getCompare(), p), valueAt(op.getValue(), p));
  });
}

} // namespace tilesdk::lowering
