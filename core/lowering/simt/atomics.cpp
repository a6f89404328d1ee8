//===- atomics.cpp - Atomic operations by threads ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each element is touched once, by the thread that holds its first copy; the
// others learn the result through shared memory.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/atomic_ops.h"
#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

static StringRef scopeOf(SimtEngine &e, tile::MemoryScope scope) {
  switch (scope) {
  case tile::MemoryScope::Cta:
    return e.machine.programScope;
  case tile::MemoryScope::Gpu:
    return e.machine.deviceScope;
  case tile::MemoryScope::Sys:
    return e.machine.systemScope;
  }
  return e.machine.systemScope;
}

/// Gives the threads with copies what the first one got.
static void share(SimtEngine &e, Operation *op, Value first, Registers &list,
                  const LayoutTable *table) {
  Build &B = e.B;
  Type element = tile::elementOf(op->getResult(0).getType());
  Type stored = e.storedType(element);
  unsigned bytes = e.bytesOf(element);
  Value base = e.scratch(op);
  auto address = [&](unsigned r) {
    Value index = B.cst32(0);
    for (unsigned d = 0; table && d < table->layout.outputs().size(); ++d)
      index = B.add(B.mul(index, B.cst32(table->layout.outputs()[d].size())),
                    e.coordinate(*table, r, d));
    return B.gep(base, stored, index);
  };
  auto isFirst = [&](unsigned r) { return !table || table->firstCopy[r] == r; };
  SmallVector<Value> places(list.size());
  for (unsigned r = 0; r < list.size(); ++r)
    if (isFirst(r))
      places[r] = address(r);
  B.ifThen(first, [&] {
    for (unsigned r = 0; r < list.size(); ++r)
      if (isFirst(r))
        B.store(e.toStored(list[r], element), places[r], bytes);
  });
  e.barrier();
  for (unsigned r = 0; r < list.size(); ++r)
    list[r] = isFirst(r)
                  ? e.fromStored(B.load(stored, places[r], bytes), element)
                  : list[table->firstCopy[r]];
}

template <typename Emit>
static bool lowerAtomic(SimtEngine &e, Operation *op, Value ptr, Value mask,
                        tile::MemorySemantics sem, Emit emit) {
  Build &B = e.B;
  Value result = op->getResult(0);
  bool isTensor = isa<RankedTensorType>(ptr.getType());
  const LayoutTable *table = isTensor ? &e.table(ptr) : nullptr;
  Value first = table ? e.holdsFirstCopy(*table) : e.isFirstThread();
  Type type = e.registerType(tile::elementOf(result.getType()));
  bool releases = sem == tile::MemorySemantics::Release ||
                  sem == tile::MemorySemantics::AcqRel;
  bool acquires = sem == tile::MemorySemantics::Acquire ||
                  sem == tile::MemorySemantics::AcqRel;
  // What any thread of the program wrote before is released.
  if (releases)
    e.barrier();
  ArrayRef<Value> active = mask ? e.registers(mask) : ArrayRef<Value>();
  Registers out(table ? table->size() : 1);
  for (unsigned r = 0; r < out.size(); ++r) {
    if (table && table->firstCopy[r] != r) {
      out[r] = out[table->firstCopy[r]];
      continue;
    }
    Value condition = first ? first : B.boolean(true);
    if (!active.empty())
      condition = B.logicalAnd(active[r], condition);
    out[r] = B.ifElse(
        condition, {type}, [&] { return Values{emit(r)}; },
        [&] { return Values{B.zero(type)}; })[0];
  }
  if (!result.use_empty()) {
    if (first)
      share(e, op, first, out, table);
    else if (acquires)
      e.barrier();
  }
  e.setRegisters(result, std::move(out));
  return !e.failed;
}

static bool lowerRmw(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::AtomicRMWOp>(operation);
  ArrayRef<Value> ptr = e.registers(op.getPtr()),
                  value = e.registers(op.getValue());
  return lowerAtomic(
      e, op, op.getPtr(), op.getMask(), op.getSem(), [&](unsigned r) {
        return emitAtomic(e, op, ptr[r], value[r], scopeOf(e, op.getScope()));
      });
}

static bool lowerCas(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::AtomicCASOp>(operation);
  ArrayRef<Value> ptr = e.registers(op.getPtr()),
                  compare = e.registers(op.getCompare()),
                  value = e.registers(op.getValue());
  return lowerAtomic(e, op, op.getPtr(), Value(), op.getSem(), [&](unsigned r) {
    return emitAtomic(e, op, ptr[r], compare[r], value[r],
                      scopeOf(e, op.getScope()));
  });
}

void addAtomicOps(OpTable &table) {
  table["tile.atomic_rmw"] = lowerRmw;
  table["tile.atomic_cas"] = lowerCas;
}

} // namespace tilesdk::lowering
