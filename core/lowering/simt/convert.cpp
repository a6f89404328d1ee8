//===- convert.cpp - From one layout to another -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes the plans of core/layout/conversion.h. Every map in a plan is linear
// over F2, so what a thread does is a constant per register, XOR a function of
// lane and warp: registers are permuted by that function first (a select per
// bit and register), and what remains is known at compile time.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/layout/f2.h"
#include "core/lowering/simt/engine.h"

#include <bit>

namespace tilesdk::lowering {

using layout::ConversionPlan;
using layout::Layout;

namespace {
/// Registers of one repetition, by their binary digits.
using Bits = SmallVector<Value>;

class Conversion {
public:
  Conversion(SimtEngine &e, ArrayRef<Value> in, const ConversionPlan &plan,
             Type element, Operation *op)
      : e(e), B(e.B), in(in), plan(plan), element(element), op(op),
        src(e.table(plan.src)), dst(e.table(plan.dst)), out(dst.size()) {}

  Registers permute();
  Registers shuffle();
  Registers throughMemory();

private:
  Value base; ///< Of the scratch.
  uint64_t sourceOdd(uint64_t odd) const;
  ThreadMap threadMap(
      llvm::function_ref<uint64_t(uint64_t lane, uint64_t warp)> column) const;
  Bits sourceBits(uint64_t odd) const;
  SmallVector<Value> shuffleRound(const Bits &from);
  /// Accesses of one side and one round; calls `access` with the address and
  /// the registers, those of neighbouring elements in order.
  void visitVectors(const LayoutTable &table, uint64_t odd, uint64_t round,
                    unsigned width,
                    llvm::function_ref<void(Value, ArrayRef<unsigned>)> access);
  ThreadMap lowOffsets(const LayoutTable &table, unsigned width);
  unsigned usableWidth(const LayoutTable &table, unsigned width);

  SimtEngine &e;
  Build &B;
  ArrayRef<Value> in;
  const ConversionPlan &plan;
  Type element;
  Operation *op;
  const LayoutTable &src, &dst;
  Registers out;
};
} // namespace

/// The columns of a function of (lane, warp), given by its values.
ThreadMap Conversion::threadMap(
    llvm::function_ref<uint64_t(uint64_t, uint64_t)> column) const {
  ThreadMap map;
  for (unsigned i = 0; i < dst.thread.lane.size(); ++i)
    map.lane.push_back(column(uint64_t(1) << i, 0));
  for (unsigned i = 0; i < dst.thread.warp.size(); ++i)
    map.warp.push_back(column(0, uint64_t(1) << i));
  return map;
}

/// The odd digits of the source's registers for those of the destination's.
uint64_t Conversion::sourceOdd(uint64_t odd) const {
  SmallVector<uint64_t, 2> digits(src.digits.oddRadix.size(), 0);
  for (size_t i = 0; i < dst.digits.oddRadix.size(); ++i) {
    uint64_t digit = odd % dst.digits.oddRadix[i];
    odd /= dst.digits.oddRadix[i];
    if (int link = plan.pull.links()[i]; link >= 0)
      digits[link] = digit;
  }
  uint64_t result = 0;
  for (size_t i = digits.size(); i-- > 0;)
    result = result * src.digits.oddRadix[i] + digits[i];
  return result;
}

Bits Conversion::sourceBits(uint64_t odd) const {
  Bits list;
  for (uint64_t b = 0; b < uint64_t(1) << src.digits.bits; ++b)
    list.push_back(in[src.digits.compose(b, odd)]);
  return list;
}

Registers Conversion::permute() {
  // Columns of the pull map: registers, lanes, warps of the destination.
  const std::vector<uint64_t> &columns = plan.pull.columns();
  unsigned first = dst.digits.bits;
  uint64_t mask = (uint64_t(1) << src.digits.bits) - 1;
  unsigned lanes = dst.thread.lane.size();
  ThreadMap f = threadMap([&](uint64_t lane, uint64_t warp) {
    unsigned at = first + (lane ? std::countr_zero(lane)
                                : lanes + std::countr_zero(warp));
    return columns[at] & mask;
  });
  layout::f2::Vectors registers(columns.begin(), columns.begin() + first);
  std::map<uint64_t, Bits> turned;
  for (uint64_t odd = 0; odd < dst.digits.odds; ++odd) {
    auto [list, isNew] = turned.try_emplace(sourceOdd(odd));
    if (isNew) {
      list->second = sourceBits(list->first);
      e.permuteByThread(list->second, f);
    }
    for (uint64_t b = 0; b < uint64_t(1) << first; ++b)
      out[dst.digits.compose(b, odd)] =
          list->second[layout::f2::multiply(registers, b) & mask];
  }
  return std::move(out);
}

/// One repetition of a shuffle plan.
SmallVector<Value> Conversion::shuffleRound(const Bits &from) {
  const layout::ShufflePlan &s = *plan.shuffle;
  unsigned pack = s.packBits, defects = unsigned(s.defects.size());
  unsigned packed = 1u << pack;
  // Words of neighbouring registers.
  Type stored = e.storedType(element);
  Bits words;
  for (size_t i = 0; i < from.size(); i += packed) {
    if (!pack) {
      words.push_back(from[i]);
      continue;
    }
    SmallVector<Value> parts;
    for (unsigned k = 0; k < packed; ++k)
      parts.push_back(e.toStored(from[i + k], element));
    unsigned bits = packed * stored.getIntOrFloatBitWidth();
    words.push_back(B.op("bitcast", B.b.getIntegerType(bits), {e.pack(parts)}));
  }
  e.permuteByThread(words, threadMap([&](uint64_t lane, uint64_t warp) {
                      return s.published(0, lane, warp) >> pack;
                    }));
  ThreadMap source = threadMap([&](uint64_t lane, uint64_t warp) {
    return s.sourceLane(0, lane, warp);
  });
  ThreadMap own = threadMap([](uint64_t lane, uint64_t) { return lane; });
  bool isXor = source == own;
  // Which of the steps of a register is this lane's.
  layout::f2::Span span(s.defects);
  auto wanted = [&](uint64_t step, uint64_t lane, uint64_t warp) {
    uint64_t base = step >> defects;
    uint64_t need = layout::f2::multiply(s.registerOfRegister, base) ^
                    layout::f2::multiply(s.registerOfLane, lane) ^
                    layout::f2::multiply(s.registerOfOuter, warp);
    uint64_t offered = s.published(step, s.sourceLane(step, lane, warp), warp);
    return span.reduce(need ^ offered).used;
  };
  ThreadMap which = threadMap(
      [&](uint64_t lane, uint64_t warp) { return wanted(0, lane, warp); });
  Bits received;
  for (uint64_t base = 0; base < s.registers; base += packed) {
    Bits steps;
    for (uint64_t k = 0; k < uint64_t(1) << defects; ++k) {
      uint64_t step = base << defects | k;
      Value v = words[s.published(step, 0, 0) >> pack];
      uint64_t shift = s.sourceLane(step, 0, 0);
      if (isXor && shift == 0)
        steps.push_back(v);
      else if (isXor)
        steps.push_back(e.shuffleXor(v, unsigned(shift)));
      else
        steps.push_back(e.shuffleIndex(v, e.threadValue(source, shift)));
    }
    e.permuteByThread(steps, which);
    received.push_back(steps[wanted(base << defects, 0, 0)]);
  }
  e.permuteByThread(received, threadMap([&](uint64_t lane, uint64_t) {
                      return s.destination(0, lane) >> pack;
                    }));
  if (!pack)
    return received;
  SmallVector<Value> result;
  for (Value word : received) {
    SmallVector<Value> parts;
    e.unpack(B.op("bitcast", B.vec(stored, packed), {word}), parts);
    for (Value part : parts)
      result.push_back(e.fromStored(part, element));
  }
  return result;
}

Registers Conversion::shuffle() {
  std::map<uint64_t, SmallVector<Value>> rounds;
  for (uint64_t odd = 0; odd < dst.digits.odds; ++odd) {
    auto [round, isNew] = rounds.try_emplace(sourceOdd(odd));
    if (isNew)
      round->second = shuffleRound(sourceBits(round->first));
    for (uint64_t b = 0; b < round->second.size(); ++b)
      out[dst.digits.compose(b, odd)] = round->second[b];
  }
  return std::move(out);
}

/// Offsets of a side in shared memory, in elements.
static uint64_t offsetOf(const layout::f2::Span &memory, uint64_t bits,
                         uint64_t size) {
  return memory.reduce(bits).used & (size - 1);
}

/// The round in which an element is exchanged.
static uint64_t roundOf(const layout::f2::Span &memory, uint64_t bits,
                        const layout::SharedPlan &plan) {
  return memory.reduce(bits).used / plan.scratchElements % plan.binaryRounds;
}

void Conversion::visitVectors(
    const LayoutTable &table, uint64_t odd, uint64_t round, unsigned width,
    llvm::function_ref<void(Value, ArrayRef<unsigned>)> access) {
  const layout::SharedPlan &shared = *plan.shared;
  layout::f2::Span memory(shared.memory.columns());
  auto offset = [&](uint64_t bits) {
    return offsetOf(memory, bits, shared.scratchElements);
  };
  unsigned bytes = e.bytesOf(element);
  uint64_t low = width - 1;
  std::map<uint64_t, SmallVector<std::pair<uint64_t, unsigned>>> groups;
  for (unsigned r = 0; r < table.size(); ++r)
    if (table.odd[r] == odd && table.firstCopy[r] == r &&
        roundOf(memory, table.bits[r], shared) == round) {
      uint64_t at = offset(table.bits[r]);
      groups[at & ~low].push_back({at & low, r});
    }
  ThreadMap high = table.thread.map(
      [&](uint64_t bits) { return (offset(bits) & ~low) * bytes; });
  uint64_t reach = high.reach();
  DenseMap<uint64_t, Value> starts;
  auto address = [&](uint64_t bytesAt) {
    // The part that other threads' offsets share bits with; the rest is added.
    uint64_t both = bytesAt & reach;
    Value &start = starts[both];
    if (!start)
      start = e.byteOffset(base, e.threadValue(high, both));
    return e.byteOffset(start, B.cst32(bytesAt & ~both));
  };
  for (auto &[start, list] : groups) {
    llvm::sort(list);
    Value at = address(start * bytes);
    if (list.size() == width) {
      SmallVector<unsigned> registers;
      for (auto &entry : list)
        registers.push_back(entry.second);
      access(at, registers);
      continue;
    }
    for (auto &[place, r] : list)
      access(e.byteOffset(at, B.cst32(place * bytes)), {r});
  }
}

/// How a thread's elements are turned inside of their vectors.
ThreadMap Conversion::lowOffsets(const LayoutTable &table, unsigned width) {
  layout::f2::Span memory(plan.shared->memory.columns());
  return table.thread.map([&](uint64_t bits) {
    return offsetOf(memory, bits, plan.shared->scratchElements) & (width - 1);
  });
}

/// The width of vectors; 1 if they are turned but not all are whole.
unsigned Conversion::usableWidth(const LayoutTable &table, unsigned width) {
  if (lowOffsets(table, width).isZero())
    return width;
  layout::f2::Span memory(plan.shared->memory.columns());
  std::map<std::tuple<uint64_t, uint64_t, uint64_t>, unsigned> count;
  for (unsigned r = 0; r < table.size(); ++r)
    if (table.firstCopy[r] == r)
      ++count[{table.odd[r], roundOf(memory, table.bits[r], *plan.shared),
               offsetOf(memory, table.bits[r], plan.shared->scratchElements) /
                   width}];
  for (auto &[group, elements] : count)
    if (elements != width)
      return 1;
  return width;
}

Registers Conversion::throughMemory() {
  const layout::SharedPlan &shared = *plan.shared;
  Type stored = e.storedType(element);
  unsigned bytes = e.bytesOf(element);
  base = e.scratch(op);
  // Warps that hold the same elements write to one place.
  bool isBlock = plan.reach >= layout::Reach::Block || src.warpCopies;
  auto sync = [&] {
    if (isBlock)
      e.barrier();
    else // In lockstep too: it keeps the compiler from reordering.
      e.warpSync();
  };
  unsigned storeWidth = usableWidth(src, shared.store.elements),
           loadWidth = usableWidth(dst, shared.load.elements);
  ThreadMap storeLow = lowOffsets(src, storeWidth),
            loadLow = lowOffsets(dst, loadWidth);
  Value first = e.holdsFirstCopy(src);
  for (uint64_t each = 0; each < dst.odds * shared.binaryRounds; ++each) {
    uint64_t odd = each / shared.binaryRounds,
             round = each % shared.binaryRounds;
    if (each)
      sync();
    auto store = [&] {
      visitVectors(src, odd, round, storeWidth,
                   [&](Value address, ArrayRef<unsigned> registers) {
                     SmallVector<Value> list;
                     for (unsigned r : registers)
                       list.push_back(e.toStored(in[r], element));
                     unsigned size = bytes * list.size();
                     if (list.size() == storeWidth)
                       list = e.turnVector(list, storeLow);
                     B.store(e.pack(list), address, size);
                   });
    };
    if (first)
      B.ifThen(first, store);
    else
      store();
    sync();
    visitVectors(dst, odd, round, loadWidth,
                 [&](Value address, ArrayRef<unsigned> registers) {
                   unsigned n = registers.size();
                   SmallVector<Value> list;
                   e.loadTurned(address, stored, n,
                                n == loadWidth ? loadLow : ThreadMap(), list);
                   for (auto [r, v] : llvm::zip(registers, list))
                     out[r] = e.fromStored(v, element);
                 });
  }
  for (unsigned r = 0; r < dst.size(); ++r)
    out[r] = out[dst.firstCopy[r]];
  return std::move(out);
}

// By linear index ----------------------------------------------------------//

/// Registers in vectors along the last output, and the addresses of these.
static void visitRows(SimtEngine &e, const LayoutTable &table,
                      const layout::SharedPlan &plan, unsigned width,
                      Value base, Type stored,
                      llvm::function_ref<void(Value, ArrayRef<unsigned>)> fn) {
  Build &B = e.B;
  const auto &outs = table.layout.outputs();
  uint64_t rows = table.layout.totalOutputSize() / outs.back().size();
  layout::Vector v = table.layout.widestVector(
      outs.back().name, width, rows > 1 ? plan.pitch : width, true);
  uint64_t inVector = 0;
  for (unsigned i = 0; (uint64_t(1) << i) < v.elements; ++i)
    inVector |= uint64_t(1) << v.registerBits[i];
  for (unsigned r = 0; r < table.size(); ++r) {
    auto [bits, odd] = table.digits.decompose(r);
    if (table.firstCopy[r] != r || bits & inVector)
      continue;
    SmallVector<unsigned> registers;
    for (unsigned k = 0; k < v.elements; ++k) {
      uint64_t set = bits;
      for (unsigned i = 0; k >> i; ++i)
        if (k >> i & 1)
          set |= uint64_t(1) << v.registerBits[i];
      registers.push_back(unsigned(table.digits.compose(set, odd)));
    }
    Value row = B.cst32(0);
    for (unsigned d = 0; d + 1 < outs.size(); ++d)
      row =
          B.add(B.mul(row, B.cst32(outs[d].size())), e.coordinate(table, r, d));
    Value index = B.add(B.mul(row, B.cst32(plan.pitch)),
                        e.coordinate(table, r, outs.size() - 1));
    fn(B.gep(base, stored, index), registers);
  }
}

static Registers convertByIndex(SimtEngine &e, ArrayRef<Value> in,
                                const LayoutTable &src, const LayoutTable &dst,
                                const layout::SharedPlan &plan, Type element,
                                Operation *op) {
  Build &B = e.B;
  Type stored = e.storedType(element);
  unsigned bytes = e.bytesOf(element);
  Value base = e.scratch(op);
  auto store = [&] {
    visitRows(e, src, plan, plan.store.elements, base, stored,
              [&](Value address, ArrayRef<unsigned> registers) {
                SmallVector<Value> list;
                for (unsigned r : registers)
                  list.push_back(e.toStored(in[r], element));
                B.store(e.pack(list), address, bytes * list.size());
              });
  };
  if (Value first = e.holdsFirstCopy(src))
    B.ifThen(first, store);
  else
    store();
  e.barrier();
  Registers out(dst.size());
  visitRows(
      e, dst, plan, plan.load.elements, base, stored,
      [&](Value address, ArrayRef<unsigned> registers) {
        unsigned n = registers.size();
        SmallVector<Value> list;
        e.unpack(B.load(n == 1 ? stored : B.vec(stored, n), address, bytes * n),
                 list);
        for (auto [r, v] : llvm::zip(registers, list))
          out[r] = e.fromStored(v, element);
      });
  for (unsigned r = 0; r < dst.size(); ++r)
    out[r] = out[dst.firstCopy[r]];
  return out;
}

// The operation ------------------------------------------------------------//

/// For who compares strategies.
static void reportPlan(Operation *op, const ConversionPlan &plan) {
  const layout::ConversionCost &cost = plan.cost;
  uint64_t rounds = plan.shared ? plan.shared->rounds : 1;
  op->emitRemark("simt-lower: conversion by ")
      << layout::nameOf(plan.strategy) << ", cost " << cost.total
      << ", shuffles " << cost.shuffles << ", selects " << cost.selects
      << ", packs " << cost.packs << ", accesses "
      << (cost.store.instructions + cost.load.instructions) * rounds
      << ", stored in " << cost.store.cycles * rounds << " cycles with "
      << cost.store.conflicts * rounds << " conflicts, loaded in "
      << cost.load.cycles * rounds << " cycles with "
      << cost.load.conflicts * rounds << " conflicts, barriers "
      << cost.barriers;
}

const ConversionPlan *SimtEngine::planOf(const Layout &from, const Layout &to,
                                         unsigned bytes, Operation *op) {
  auto asked = op->getAttrOfType<StringAttr>(simt::attr::strategy);
  std::optional<layout::Strategy> forced;
  if (asked && asked.getValue() != "chosen") {
    forced = layout::strategyNamed(asked.getValue().str());
    if (!forced) {
      fail(op, "there is no strategy '" + asked.getValue() + "'");
      return nullptr;
    }
  }
  std::tuple key{&table(from), &table(to), bytes, forced};
  auto found = plans.find(key);
  if (found != plans.end())
    return &found->second;
  auto plan =
      layout::planConversion(from, to, machine.conversion(bytes), forced);
  if (!plan && forced) {
    fail(op, plan.error());
    return nullptr;
  }
  if (!plan) {
    fail(op, "internal error: no conversion between layouts: " +
                 Twine(plan.error()));
    return nullptr;
  }
  if (asked)
    reportPlan(op, *plan);
  return &plans.emplace(key, std::move(*plan)).first->second;
}

Registers SimtEngine::convert(ArrayRef<Value> in, const Layout &from,
                              const Layout &to, Type element, Operation *op) {
  if (from == to)
    return Registers(in.begin(), in.end());
  const ConversionPlan *plan = planOf(from, to, bytesOf(element), op);
  if (!plan)
    return {};
  if (plan->reach == layout::Reach::LinearIndex)
    return convertByIndex(*this, in, table(from), table(to), *plan->shared,
                          element, op);
  Conversion conversion(*this, in, *plan, element, op);
  Registers distinct;
  switch (plan->strategy) {
  case layout::Strategy::None:
  case layout::Strategy::Permute:
    distinct = conversion.permute();
    break;
  case layout::Strategy::Shuffle:
    distinct = conversion.shuffle();
    break;
  case layout::Strategy::Shared:
  case layout::Strategy::SharedLinear:
    distinct = conversion.throughMemory();
    break;
  }
  // The plan leaves out registers with copies: the others keep their order.
  const LayoutTable &all = table(to);
  if (distinct.size() == all.size())
    return distinct;
  Registers out(all.size());
  unsigned next = 0;
  for (unsigned r = 0; r < all.size(); ++r)
    out[r] = all.firstCopy[r] == r ? distinct[next++] : out[all.firstCopy[r]];
  assert(next == distinct.size() && "one register for each distinct element");
  return out;
}

static bool lowerConvertLayout(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::ConvertLayoutOp>(operation);
  Registers out =
      e.convert(e.registers(op.getSource()), e.table(op.getSource()).layout,
                e.table(op.getResult()).layout,
                tile::elementOf(op.getResult().getType()), op);
  if (e.failed)
    return false;
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

void addConversionOps(OpTable &table) {
  table["simt.convert_layout"] = lowerConvertLayout;
}

} // namespace tilesdk::lowering
