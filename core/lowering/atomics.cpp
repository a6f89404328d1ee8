//===- atomics.cpp - Atomic operations on tiles -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One element after the other: processors have no vector atomics.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

static Ordering orderingOf(tile::MemorySemantics sem) {
  switch (sem) {
  case tile::MemorySemantics::Relaxed:
    return Ordering::Relaxed;
  case tile::MemorySemantics::Acquire:
    return Ordering::Acquire;
  case tile::MemorySemantics::Release:
    return Ordering::Release;
  case tile::MemorySemantics::AcqRel:
    return Ordering::AcqRel;
  }
  return Ordering::AcqRel;
}

static StringRef kindName(tile::AtomicKind kind) {
  switch (kind) {
  case tile::AtomicKind::Add:
    return "add";
  case tile::AtomicKind::FAdd:
    return "fadd";
  case tile::AtomicKind::And:
    return "_and";
  case tile::AtomicKind::Or:
    return "_or";
  case tile::AtomicKind::Xor:
    return "_xor";
  case tile::AtomicKind::Max:
    return "max";
  case tile::AtomicKind::Min:
    return "min";
  case tile::AtomicKind::UMax:
    return "umax";
  case tile::AtomicKind::UMin:
    return "umin";
  case tile::AtomicKind::Xchg:
    return "xchg";
  }
  return "xchg";
}

/// Register form to the integer of the same width, and back.
static Value toBits(Engine &e, Value v, Type element) {
  Build &B = e.B;
  if (v.getType() == B.ptr)
    return B.cast("ptrtoint", v, B.i64);
  v = e.toMemory(v, element);
  if (Engine::isFloat(v.getType()))
    return B.cast("bitcast", v,
                  B.b.getIntegerType(v.getType().getIntOrFloatBitWidth()));
  return v;
}

static Value fromBits(Engine &e, Value v, Type element) {
  Build &B = e.B;
  Type t = e.registerType(element);
  if (t == B.ptr)
    return B.cast("inttoptr", v, B.ptr);
  if (Engine::isFloat(t))
    return B.cast("bitcast", v, t);
  return e.fromMemory(v, element);
}

/// old = *address; *address = old + v, for types without an instruction.
static Value addByExchange(Engine &e, Value address, Value v, Type element,
                           Ordering order) {
  Build &B = e.B;
  unsigned size = e.sizeOf(element);
  Value wide = e.toArithmetic(v, element);
  Value start = B.load(B.b.getIntegerType(size * 8), address, size, true);
  Values r = B.whileLoop(
      {start},
      [&](ArrayRef<Value> in) {
        Value old = e.toArithmetic(fromBits(e, in[0], element), element);
        Value sum = e.fromArithmetic(B.bin("fadd", old, wide), element);
        auto [seen, ok] =
            B.cmpxchg(address, in[0], toBits(e, sum, element), order, size);
        return Build::WhileHead{B.logicalNot(ok), Values{seen}};
      },
      [&](ArrayRef<Value> in) { return Values(in); });
  return fromBits(e, r[0], element);
}

static Value rmw(Engine &e, tile::AtomicRMWOp op, Value address, Value v,
                 Type element) {
  Build &B = e.B;
  Ordering order = orderingOf(op.getSem());
  unsigned size = e.sizeOf(element);
  if (op.getKind() == tile::AtomicKind::FAdd) {
    if (element == B.f32 || element == B.f64)
      return B.atomicRmw("fadd", address, v, order, size);
    return addByExchange(e, address, v, element, order);
  }
  Value old = B.atomicRmw(kindName(op.getKind()), address,
                          toBits(e, v, element), order, size);
  return fromBits(e, old, element);
}

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
      return rmw(*this, op, address, v, element);
    Values r = B.ifElse(
        valueAt(op.getMask(), p), {registerType(element)},
        [&] { return Values{rmw(*this, op, address, v, element)}; },
        [&] { return Values{B.zero(registerType(element))}; });
    return r[0];
  });
}

void Engine::emitAtomicCas(tile::AtomicCASOp op) {
  Type element = tile::elementOf(op.getResult().getType());
  forElements(*this, op.getPtr(), op.getResult(), [&](const Point &p) {
    Value expected = toBits(*this, valueAt(op.getCompare(), p), element);
    Value desired = toBits(*this, valueAt(op.getValue(), p), element);
    auto [old, ok] = B.cmpxchg(valueAt(op.getPtr(), p), expected, desired,
                               orderingOf(op.getSem()), sizeOf(element));
    return fromBits(*this, old, element);
  });
}

} // namespace tilesdk::lowering
