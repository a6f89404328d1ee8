//===- atomic_ops.cpp - One atomic operation --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/atomic_ops.h"

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
static Value toBits(Emitter &e, Value v, Type element) {
  Build &B = e.B;
  if (isa<tile::PointerType>(element))
    return B.cast("ptrtoint", v, B.i64);
  v = e.toMemory(v, element);
  if (Emitter::isFloat(v.getType()))
    return B.cast("bitcast", v,
                  B.b.getIntegerType(v.getType().getIntOrFloatBitWidth()));
  return v;
}

static Value fromBits(Emitter &e, Value v, Type element) {
  Build &B = e.B;
  Type t = e.registerType(element);
  if (isa<tile::PointerType>(element))
    return B.cast("inttoptr", v, t);
  if (Emitter::isFloat(t))
    return B.cast("bitcast", v, t);
  return e.fromMemory(v, element);
}

/// old = *address; *address = old + v, for types without an instruction.
static Value addByExchange(Emitter &e, Value address, Value v, Type element,
                           Ordering order, StringRef scope) {
  Build &B = e.B;
  unsigned size = e.sizeOf(element);
  Value wide = e.toArithmetic(v, element);
  Value start =
      B.atomicLoad(B.b.getIntegerType(size * 8), address, size, scope);
  Values r = B.whileLoop(
      {start},
      [&](ArrayRef<Value> in) {
        Value old = e.toArithmetic(fromBits(e, in[0], element), element);
        Value sum = e.fromArithmetic(B.bin("fadd", old, wide), element);
        auto [seen, ok] = B.cmpxchg(address, in[0], toBits(e, sum, element),
                                    order, size, scope);
        return Build::WhileHead{B.logicalNot(ok), Values{seen}};
      },
      [&](ArrayRef<Value> in) { return Values(in); });
  return fromBits(e, r[0], element);
}

Value emitAtomic(Emitter &e, tile::AtomicRMWOp op, Value address, Value v,
                 StringRef scope) {
  Build &B = e.B;
  Type element = tile::elementOf(op.getResult().getType());
  Ordering order = orderingOf(op.getSem());
  unsigned size = e.sizeOf(element);
  if (op.getKind() == tile::AtomicKind::FAdd) {
    if (element == B.f32 || element == B.f64)
      return B.atomicRmw("fadd", address, v, order, size, scope);
    return addByExchange(e, address, v, element, order, scope);
  }
  Value old = B.atomicRmw(kindName(op.getKind()), address,
                          toBits(e, v, element), order, size, scope);
  return fromBits(e, old, element);
}

Value emitAtomic(Emitter &e, tile::AtomicCASOp op, Value address, Value compare,
                 Value v, StringRef scope) {
  Type element = tile::elementOf(op.getResult().getType());
  auto [old, ok] =
      e.B.cmpxchg(address, toBits(e, compare, element), toBits(e, v, element),
                  orderingOf(op.getSem()), e.sizeOf(element), scope);
  return fromBits(e, old, element);
}

} // namespace tilesdk::lowering
