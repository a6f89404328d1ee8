//===- structured.cpp - Operations with loops of their own ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

void Engine::emitStructured(Operation *op) {
  if (op->hasAttr(copyAttr)) {
    // The end of a long chain of views: evaluated here, once.
    op->removeAttr(copyAttr);
    for (Value v : op->getResults()) {
      View view = resultView(v);
      copyTo(v, view);
      views[v] = view;
    }
    op->setAttr(copyAttr, UnitAttr::get(op->getContext()));
    return;
  }
  if (auto dot = dyn_cast<tile::DotOp>(op))
    return emitDot(dot);
  if (auto scan = dyn_cast<tile::ScanOp>(op))
    return emitScan(scan);
  if (auto sort = dyn_cast<tile::SortOp>(op))
    return emitSort(sort);
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return emitGather(gather);
  if (auto histogram = dyn_cast<tile::HistogramOp>(op))
    return emitHistogram(histogram);
  if (auto cat = dyn_cast<tile::CatOp>(op))
    return emitCat(cat);
  if (auto join = dyn_cast<tile::JoinOp>(op))
    return emitJoin(join);
  if (auto split = dyn_cast<tile::SplitOp>(op))
    return emitSplit(split);
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return emitReshape(reshape);
  if (auto rmw = dyn_cast<tile::AtomicRMWOp>(op))
    return emitAtomicRmw(rmw);
  if (auto cas = dyn_cast<tile::AtomicCASOp>(op))
    return emitAtomicCas(cas);
  if (auto print = dyn_cast<tile::PrintOp>(op))
    return emitPrint(print);
  if (auto check = dyn_cast<tile::AssertOp>(op))
    return emitAssert(check);
  if (isa<tile::BarrierOp>(op))
    return; // A program is one thread, its accesses are in order.
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    if (!isa<RankedTensorType>(load.getPtr().getType()))
      return emitScalarMemory(op);
    // Volatile: alone, but like any other.
    View view = resultView(load.getResult());
    Type element = tile::elementOf(load.getResult().getType());
    forEachChunk(shapeOf(load.getPtr()), target.vectorBytes / sizeOf(element),
                 [&](const Point &p) {
                   writeView(view, element, p, emitLoad(load, p));
                 });
    views[load.getResult()] = view;
    return;
  }
  if (isa<tile::StoreOp>(op))
    return emitScalarMemory(op);
  fail(op, "operation '" + op->getName().getStringRef() +
               "' is not supported on this target");
}

void Engine::emitReshape(tile::ReshapeOp op) {
  Value source = op.getSource(), result = op.getResult();
  auto rowMajor = [&](View view) {
    int64_t count = 1;
    view.strides.assign(shapeOf(result).size(), 0);
    for (int i = int(view.strides.size()) - 1; i >= 0; --i) {
      view.strides[i] = count;
      count *= shapeOf(result)[i];
    }
    return view;
  };
  // The same memory under another shape, unless later values go there.
  const View *old = viewOf(source);
  if (old && !old->buffer->carried && !preferred.count(source) &&
      !preferred.count(result)) {
    touch(old->buffer);
    views[result] = rowMajor(*old);
    return;
  }
  View view = resultView(result);
  View asSource = view;
  int64_t count = 1;
  asSource.strides.assign(shapeOf(source).size(), 0);
  for (int i = int(asSource.strides.size()) - 1; i >= 0; --i) {
    asSource.strides[i] = count;
    count *= shapeOf(source)[i];
  }
  copyTo(source, asSource);
  views[result] = view;
}

void Engine::emitCat(tile::CatOp op) {
  View view = resultView(op.getResult());
  copyTo(op.getLhs(), view);
  View second = view;
  second.start += shapeOf(op.getLhs())[op.getDim()] * view.strides[op.getDim()];
  copyTo(op.getRhs(), second);
  views[op.getResult()] = view;
}

void Engine::emitJoin(tile::JoinOp op) {
  View view = resultView(op.getResult());
  View half = view;
  half.strides.pop_back();
  Type element = tile::elementOf(op.getResult().getType());
  if (!isa<RankedTensorType>(op.getLhs().getType())) {
    for (Value v : {op.getLhs(), op.getRhs()}) {
      writeView(half, element, Point(), Lane::uniform(scalar(v)));
      half.start += view.strides.back();
    }
    views[op.getResult()] = view;
    return;
  }
  unsigned maxLanes = target.vectorBytes / sizeOf(element);
  forEachChunk(shapeOf(op.getLhs()), maxLanes, [&](const Point &p) {
    Lane l = eval(op.getLhs(), p), r = eval(op.getRhs(), p);
    bool rows = p.lanes && half.strides[p.laneDim] == 2 && !tail &&
                view.element == element;
    if (!rows) {
      View right = half;
      right.start += view.strides.back();
      writeView(half, element, p, l);
      writeView(right, element, p, r);
      return;
    }
    Type inRegister = registerType(element);
    Value a = toMemory(vectorOf(l, p.lanes, inRegister), element);
    Value b = toMemory(vectorOf(r, p.lanes, inRegister), element);
    SmallVector<int32_t> order;
    for (unsigned i = 0; i < p.lanes; ++i) {
      order.push_back(i);
      order.push_back(p.lanes + i);
    }
    B.store(B.shuffle(a, b, order), addressIn(half, p.index), sizeOf(element));
  });
  views[op.getResult()] = view;
}

/// Of a tensor of two elements; others are views.
void Engine::emitSplit(tile::SplitOp op) {
  Type element = tile::elementOf(op.getSource().getType());
  View view = materialize(op.getSource(), /*strided=*/true);
  Point p;
  for (unsigned i = 0; i < 2; ++i) {
    p.index.assign(1, B.cst32(i));
    scalars[op->getResult(i)] = readView(view, element, p).value;
  }
}

} // namespace tilesdk::lowering
