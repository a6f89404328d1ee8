//===- memory.cpp - Loads and stores of chunks ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

#include <algorithm>

namespace tilesdk::lowering {

static bool isTrue(const Lane &mask) {
  if (mask.kind != Lane::Uniform)
    return false;
  auto c = Build::constant(mask.value);
  return c && *c;
}

/// Masks of loads and stores are bounds or vectors.
static Lane spreadMask(Build &B, const Lane &mask, unsigned lanes) {
  if (mask.kind == Lane::Uniform && !isTrue(mask))
    return Lane::prefix(B.select(mask.value, B.cst32(lanes), B.cst32(0)));
  return mask;
}

Lane Engine::emitLoad(tile::LoadOp op, const Point &p) {
  Type element = tile::elementOf(op.getResult().getType());
  Type inRegister = registerType(element), inMemory = memoryType(element);
  unsigned align = sizeOf(element);
  bool isVolatile = op.getIsVolatile();
  Lane ptr = eval(op.getPtr(), p);
  Lane mask =
      op.getMask() ? eval(op.getMask(), p) : Lane::uniform(B.boolean(true));
  auto otherLane = [&] {
    return op.getOther() ? eval(op.getOther(), p)
                         : Lane::uniform(B.zero(inRegister));
  };
  auto loadScalar = [&](Value address) {
    return fromMemory(B.load(inMemory, address, align, isVolatile), element);
  };
  if (p.lanes == 0) {
    if (isTrue(mask))
      return Lane::uniform(loadScalar(ptr.value));
    Value other = otherLane().value;
    Values r = B.ifElse(
        mask.value, {inRegister}, [&] { return Values{loadScalar(ptr.value)}; },
        [&] { return Values{other}; });
    return Lane::uniform(r[0]);
  }
  if (ptr.kind == Lane::Uniform && mask.kind == Lane::Uniform) {
    if (isTrue(mask))
      return Lane::uniform(loadScalar(ptr.value));
    Lane other = otherLane();
    if (other.kind == Lane::Uniform) {
      Values r = B.ifElse(
          mask.value, {inRegister},
          [&] { return Values{loadScalar(ptr.value)}; },
          [&] { return Values{other.value}; });
      return Lane::uniform(r[0]);
    }
  }
  if (tail)
    mask = andMask(mask, *tail, p.lanes);
  mask = spreadMask(B, mask, p.lanes);
  Type vector = B.vec(inMemory, p.lanes);
  bool contiguous = ptr.kind == Lane::Linear && ptr.stride.isConstant(align);
  if (contiguous && isTrue(mask))
    return Lane::vector(
        fromMemory(B.load(vector, ptr.value, align, isVolatile), element));
  Value pass = toMemory(vectorOf(otherLane(), p.lanes, inRegister), element);
  Value m = maskOf(mask, p.lanes);
  Value r = contiguous ? B.maskedLoad(vector, ptr.value, m, pass, align)
                       : B.gather(vector, vectorOf(ptr, p.lanes, B.ptr), m,
                                  pass, align);
  return Lane::vector(fromMemory(r, element));
}

void Engine::storeMasked(Value v, Value address, Lane mask, unsigned align) {
  unsigned lanes = B.lanesOf(v);
  Type element = B.elementOf(v.getType());
  auto known =
      mask.kind == Lane::Prefix ? B.constant(mask.value) : std::nullopt;
  if (known) {
    // A known number of elements: pieces of 2^k, without a mask.
    unsigned at = 0, left = std::clamp<int64_t>(*known, 0, lanes);
    while (left) {
      unsigned piece = floorPowerOfTwo(left);
      Value part =
          piece == 1 ? B.extract(v, int64_t(at)) : B.slice(v, at, piece);
      B.store(part, B.gep(address, element, B.cst64(at)), align);
      at += piece;
      left -= piece;
    }
    return;
  }
  B.maskedStore(v, address, maskOf(mask, lanes), align);
}

void Engine::emitStore(tile::StoreOp op, const Point &p) {
  Type element = tile::elementOf(op.getValue().getType());
  unsigned align = sizeOf(element);
  Lane ptr = eval(op.getPtr(), p);
  Lane mask =
      op.getMask() ? eval(op.getMask(), p) : Lane::uniform(B.boolean(true));
  Lane value = eval(op.getValue(), p);
  if (p.lanes == 0) {
    Value v = toMemory(value.value, element);
    if (isTrue(mask))
      return B.store(v, ptr.value, align);
    B.ifThen(mask.value, [&] { B.store(v, ptr.value, align); });
    return;
  }
  if (tail)
    mask = andMask(mask, *tail, p.lanes);
  mask = spreadMask(B, mask, p.lanes);
  Value v = toMemory(vectorOf(value, p.lanes, registerType(element)), element);
  bool contiguous = ptr.kind == Lane::Linear && ptr.stride.isConstant(align);
  if (contiguous && isTrue(mask)) {
    bool wide = streaming && p.lanes * align % 64 == 0;
    return B.store(v, ptr.value, wide ? 64 : align, wide);
  }
  if (contiguous)
    return storeMasked(v, ptr.value, mask, align);
  B.scatter(v, vectorOf(ptr, p.lanes, B.ptr), maskOf(mask, p.lanes), align);
}

Value Engine::addressIn(const View &view, ArrayRef<Value> index) {
  touch(view.buffer);
  Value at = B.cst32(view.start);
  for (auto [i, stride] : llvm::zip(index, view.strides))
    at = B.add(at, B.mul(i, B.cst32(stride)));
  return B.gep(view.buffer->base, memoryType(view.element), at);
}

Lane Engine::readView(const View &view, Type element, const Point &p) {
  Value address = addressIn(view, p.index);
  Type inMemory = memoryType(view.element);
  unsigned size = B.bytesOf(inMemory);
  auto done = [&](Value v) {
    v = fromMemory(v, view.element);
    if (view.element != element)
      v = isFloat(element) ? convertFloat(v, view.element, element, false)
                           : B.toInt(v, registerType(element));
    return v;
  };
  int64_t stride = p.lanes ? view.strides[p.laneDim] : 0;
  if (stride == 0)
    return Lane::uniform(done(B.load(inMemory, address, size)));
  Type vector = B.vec(inMemory, p.lanes);
  if (stride == 1)
    return Lane::vector(done(B.load(vector, address, size)));
  // The end of the last row is not ours to read with a stride.
  Value mask =
      tail ? maskOf(*tail, p.lanes) : B.splat(B.boolean(true), p.lanes);
  SmallVector<int64_t> steps;
  for (unsigned i = 0; i < p.lanes; ++i)
    steps.push_back(i * stride);
  Value addresses = B.gep(address, inMemory, B.cstLanes(B.i32, steps));
  return Lane::vector(
      done(B.gather(vector, addresses, mask, B.zero(vector), size)));
}

void Engine::writeView(const View &view, Type element, const Point &p,
                       const Lane &lane) {
  Value address = addressIn(view, p.index);
  Type inMemory = memoryType(view.element);
  unsigned size = B.bytesOf(inMemory);
  Value v = vectorOf(lane, p.lanes, registerType(element));
  if (view.element != element) {
    if (isFloat(element))
      v = convertFloat(v, element, view.element, false);
    else
      v = B.toInt(v, B.elementOf(registerType(view.element)));
  }
  v = toMemory(v, view.element);
  if (p.lanes == 0)
    return B.store(v, address, size);
  int64_t stride = view.strides[p.laneDim];
  if (stride == 1) {
    if (tail)
      return storeMasked(v, address, *tail, size);
    return B.store(v, address, size);
  }
  Value mask =
      tail ? maskOf(*tail, p.lanes) : B.splat(B.boolean(true), p.lanes);
  SmallVector<int64_t> steps;
  for (unsigned i = 0; i < p.lanes; ++i)
    steps.push_back(i * stride);
  Value addresses = B.gep(address, inMemory, B.cstLanes(B.i32, steps));
  B.scatter(v, addresses, mask, size);
}

void Engine::emitScalarMemory(Operation *op) {
  Point none;
  if (auto load = dyn_cast<tile::LoadOp>(op))
    scalars[load.getResult()] = emitLoad(load, none).value;
  else
    emitStore(cast<tile::StoreOp>(op), none);
}

} // namespace tilesdk::lowering
