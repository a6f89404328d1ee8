//===- buffers.cpp - Scratch memory of a program ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers get their place at the end, when it is known from when to when each
// is in use; buffers that are never in use together share memory.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace tilesdk::lowering {

Buffer *Engine::newBuffer(int64_t bytes) {
  Buffer &buffer = buffers.emplace_back();
  // A vector read may run over the end of the last row.
  buffer.bytes = llvm::alignTo(bytes + 4 * target.vectorBytes, 64);
  buffer.index = buffers.size();
  buffer.first = buffer.last = clock;
  std::tie(buffer.offset, buffer.base) = B.scratchAddress(scratchArg);
  return &buffer;
}

View Engine::newView(ArrayRef<int64_t> shape, Type element) {
  View view;
  view.element = element;
  int64_t count = 1;
  view.strides.resize(shape.size());
  for (int i = int(shape.size()) - 1; i >= 0; --i) {
    view.strides[i] = count;
    count *= shape[i];
  }
  view.buffer = newBuffer(count * sizeOf(element));
  return view;
}

View Engine::constantView(DenseElementsAttr value) {
  Type element = value.getElementType();
  int64_t size = sizeOf(element);
  std::string bytes;
  auto append = [&](const APInt &bits) {
    for (int64_t i = 0; i < size; ++i)
      bytes.push_back(char(bits.zextOrTrunc(64).lshr(8 * i).getZExtValue()));
  };
  if (isFloat(element))
    for (const APFloat &f : value.getValues<APFloat>())
      append(f.bitcastToAPInt());
  else
    for (const APInt &i : value.getValues<APInt>())
      append(i);
  bytes.append(4 * target.vectorBytes, '\0');
  View view;
  view.element = element;
  int64_t count = 1;
  ArrayRef<int64_t> shape = value.getType().getShape();
  view.strides.resize(shape.size());
  for (int i = int(shape.size()) - 1; i >= 0; --i) {
    view.strides[i] = count;
    count *= shape[i];
  }
  view.buffer = &buffers.emplace_back();
  view.buffer->carried = true; // Never the place of another value.
  B.atEntry([&] { view.buffer->base = B.textConstant(bytes); });
  return view;
}

void Engine::touch(Buffer *buffer) {
  buffer->last = std::max(buffer->last, clock);
}

void Engine::enterLoop() { loopStarts.push_back(++clock); }

void Engine::leaveLoop() {
  // What a loop uses from outside of it is in use until its last pass ends.
  int start = loopStarts.pop_back_val();
  ++clock;
  for (Buffer &buffer : buffers)
    if (buffer.first < start && buffer.last >= start)
      buffer.last = clock;
}

void Engine::placeBuffers() {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    if (buffer.offset)
      order.push_back(&buffer);
  // Large ones first; ties by age, so that the result is the same every time.
  llvm::sort(order, [](Buffer *a, Buffer *b) {
    return std::tuple(-a->bytes, a->index) < std::tuple(-b->bytes, b->index);
  });
  SmallVector<Buffer *> placed;
  int64_t end = 0;
  for (Buffer *buffer : order) {
    SmallVector<Buffer *> rivals;
    for (Buffer *other : placed)
      if (other->first <= buffer->last && buffer->first <= other->last)
        rivals.push_back(other);
    llvm::sort(rivals,
               [](Buffer *a, Buffer *b) { return a->place < b->place; });
    int64_t at = 0;
    for (Buffer *other : rivals) {
      if (at + buffer->bytes <= other->place)
        break;
      at = std::max(at, other->place + other->bytes);
    }
    buffer->place = at;
    placed.push_back(buffer);
    end = std::max(end, at + buffer->bytes);
    B.setOffsetConstant(buffer->offset, at);
  }
  info.scratchBytes = std::max(info.scratchBytes, end);
}

const View *Engine::viewOf(Value v) {
  auto it = views.find(v);
  return it == views.end() ? nullptr : &it->second;
}

/// A view of `v` through operations that only change the index.
static std::optional<View> resolve(Engine &e, Value v) {
  if (const View *view = e.viewOf(v))
    return *view;
  Operation *op = v.getDefiningOp();
  if (!op || !isa<RankedTensorType>(v.getType()) || e.scalars.count(v))
    return std::nullopt;
  if (!isa<tile::ExpandDimsOp, tile::BroadcastOp, tile::TransOp, tile::SplitOp,
           tile::HintOp, tile::ReshapeOp>(op) ||
      classify(op) != OpClass::View)
    return std::nullopt;
  auto inner = resolve(e, op->getOperand(0));
  if (!inner)
    return std::nullopt;
  View r = *inner;
  if (auto expand = dyn_cast<tile::ExpandDimsOp>(op)) {
    r.strides.insert(r.strides.begin() + expand.getAxis(), 0);
  } else if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    for (auto [i, extent] : llvm::enumerate(shapeOf(broadcast.getSource())))
      if (extent == 1)
        r.strides[i] = 0;
  } else if (auto trans = dyn_cast<tile::TransOp>(op)) {
    for (auto [i, from] : llvm::enumerate(trans.getPerm()))
      r.strides[i] = inner->strides[from];
  } else if (auto split = dyn_cast<tile::SplitOp>(op)) {
    if (v == split.getRhs())
      r.start += r.strides.back();
    r.strides.pop_back();
  } else if (auto reshape = dyn_cast<tile::ReshapeOp>(op)) {
    SmallVector<int64_t> used;
    for (auto [extent, stride] :
         llvm::zip(shapeOf(reshape.getSource()), inner->strides))
      if (extent != 1)
        used.push_back(stride);
    r.strides.clear();
    size_t next = 0;
    for (int64_t extent : shapeOf(v))
      r.strides.push_back(extent == 1 ? 0 : used[next++]);
  }
  return r;
}

View Engine::materialize(Value v, bool strided, Type element) {
  Type type = tile::elementOf(v.getType());
  if (!element)
    element = type;
  if (auto view = strided ? resolve(*this, v)
                          : (viewOf(v) ? std::optional<View>(*viewOf(v))
                                       : std::nullopt)) {
    if (view->element == element) {
      touch(view->buffer);
      return *view;
    }
  }
  View view = newView(shapeOf(v), element);
  copyTo(v, view);
  return view;
}

void Engine::copyTo(Value v, const View &to) {
  Type element = tile::elementOf(v.getType());
  unsigned lanes =
      target.vectorBytes /
      std::min<int64_t>(8, std::max(sizeOf(element), sizeOf(to.element)));
  // Pointers keep to one register's worth of addresses.
  forEachChunk(shapeOf(v), lanes,
               [&](const Point &p) { writeView(to, element, p, eval(v, p)); });
}

void Engine::forEachChunk(ArrayRef<int64_t> shape, unsigned maxLanes,
                          llvm::function_ref<void(const Point &)> body) {
  SmallVector<int64_t> space = squeeze(shape);
  Point loop;
  std::function<void(unsigned)> nest = [&](unsigned d) {
    if (space.empty()) {
      ScopeGuard guard(*this);
      body(pointIn(shape, loop));
      return;
    }
    if (d + 1 < space.size()) {
      loop.index.push_back(Value());
      B.forLoop(B.cst32(0), B.cst32(space[d]), B.cst32(1), {},
                [&](Value iv, ArrayRef<Value>) {
                  loop.index[d] = iv;
                  nest(d + 1);
                  return Values();
                });
      loop.index.pop_back();
      return;
    }
    int64_t extent = space[d];
    if (maxLanes == 0) {
      loop.index.push_back(Value());
      B.forLoop(B.cst32(0), B.cst32(extent), B.cst32(1), {},
                [&](Value iv, ArrayRef<Value>) {
                  ScopeGuard guard(*this);
                  loop.index[d] = iv;
                  body(pointIn(shape, loop));
                  return Values();
                });
      loop.index.pop_back();
      return;
    }
    unsigned lanes = std::min(maxLanes, floorPowerOfTwo(extent));
    int64_t full = extent / lanes * lanes;
    loop.laneDim = d;
    loop.lanes = lanes;
    loop.index.push_back(Value());
    B.forLoop(B.cst32(0), B.cst32(full), B.cst32(lanes), {},
              [&](Value iv, ArrayRef<Value>) {
                ScopeGuard guard(*this);
                loop.index[d] = iv;
                body(pointIn(shape, loop));
                return Values();
              });
    if (full != extent) {
      ScopeGuard guard(*this);
      const Lane *outer = tail;
      Lane rest = Lane::prefix(B.cst32(extent - full));
      tail = &rest;
      loop.index[d] = B.cst32(full);
      body(pointIn(shape, loop));
      tail = outer;
    }
    loop.index.pop_back();
    loop.laneDim = -1;
    loop.lanes = 0;
  };
  nest(0);
}

} // namespace tilesdk::lowering
