//===- combine.cpp - Reductions and scans, step by step ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/combine.h"

#include "core/layout/f2.h"

#include <bit>

namespace tilesdk::lowering {

using layout::ReductionStep;

AxisCombiner::AxisCombiner(SimtEngine &e, Operation *op, Region &region,
                           ValueRange sources, unsigned axis, bool keepOrder,
                           bool reverse)
    : table(e.table(sources[0])), e(e), B(e.B), op(op), region(region),
      keepOrder(keepOrder), reverse(reverse) {
  auto planned = layout::planReduction(table.layout, axis, keepOrder);
  if (!planned) {
    e.fail(op, "internal error: " + Twine(planned.error()));
    return;
  }
  plan = std::move(*planned);
  for (const layout::Dim &dim : table.layout.outputs())
    for (uint32_t radix : dim.radix)
      if (radix != 2)
        oddRadix.push_back(radix);
  oddDone.assign(oddRadix.size(), false);
  running.resize(table.size());
  for (Value source : sources) {
    ArrayRef<Value> in = e.registers(source);
    elements.push_back(tile::elementOf(source.getType()));
    for (unsigned r = 0; r < table.size(); ++r)
      if (table.firstCopy[r] == r)
        running[r].push_back(in[r]);
  }
  for (unsigned r = 0; r < table.size(); ++r)
    if (table.firstCopy[r] == r)
      totals[keyOf(r)] = running[r];
}

uint64_t AxisCombiner::oddWithoutDone(uint64_t odd) const {
  uint64_t result = 0, scale = 1;
  for (size_t i = 0; i < oddRadix.size(); ++i) {
    if (!oddDone[i])
      result += odd % oddRadix[i] * scale;
    odd /= oddRadix[i];
    scale *= oddRadix[i];
  }
  return result;
}

AxisCombiner::Key AxisCombiner::keyOf(unsigned reg) const {
  return {table.bits[reg] & ~done, oddWithoutDone(table.odd[reg])};
}

const Values &AxisCombiner::total(unsigned reg) const {
  return totals.find(keyOf(reg))->second;
}

const Values &AxisCombiner::element(unsigned reg) const {
  return running[table.firstCopy[reg]];
}

Values AxisCombiner::combine(const Values &first, const Values &second) {
  return e.combine(region, first, second, 0);
}

Values AxisCombiner::select(Value c, const Values &t, const Values &f) {
  Values result;
  for (auto [x, y] : llvm::zip(t, f))
    result.push_back(B.select(c, x, y));
  return result;
}

Values AxisCombiner::ordered(Value upper, const Values &own,
                             const Values &other) {
  if (!keepOrder)
    return combine(own, other);
  Value isSecond = reverse ? B.logicalNot(upper) : upper;
  return combine(select(isSecond, other, own), select(isSecond, own, other));
}

/// Whether this thread's element has the bit.
Value AxisCombiner::ownBit(const Key &key, unsigned bit) {
  Value v = e.threadBit(table.thread, bit);
  return key.first >> bit & 1 ? B.logicalNot(v) : v;
}

void AxisCombiner::putAhead(std::map<Key, Prefix> &next, const Key &from,
                            const Key &to, Value applies,
                            const Values &values) {
  auto known = prefixes.find(from);
  if (known == prefixes.end()) {
    next[to] = {applies, values};
    return;
  }
  const Prefix &old = known->second;
  Values both = select(old.exists, combine(values, old.values), values);
  next[to] = {B.bin("or", old.exists, applies),
              select(applies, both, old.values)};
}

void AxisCombiner::applyPrefixes() {
  for (unsigned r = 0; r < table.size(); ++r) {
    if (table.firstCopy[r] != r)
      continue;
    auto found = prefixes.find(keyOf(r));
    if (found != prefixes.end())
      running[r] =
          select(found->second.exists,
                 combine(found->second.values, running[r]), running[r]);
  }
  prefixes.clear();
}

void AxisCombiner::stepRegisters(const ReductionStep &step, bool scan) {
  uint64_t mask = uint64_t(1) << step.digit;
  if (scan)
    for (unsigned r = 0; r < table.size(); ++r) {
      if (table.firstCopy[r] != r)
        continue;
      Key own = keyOf(r);
      Value upper = ownBit(own, step.digit);
      Value isSecond = reverse ? B.logicalNot(upper) : upper;
      if (auto c = Build::constant(isSecond); c && !*c)
        continue;
      const Values &before = totals.at({own.first ^ mask, own.second});
      running[r] = select(isSecond, combine(before, running[r]), running[r]);
    }
  std::map<Key, Values> next;
  for (auto &[key, list] : totals)
    if (!(key.first & mask))
      next[key] = ordered(ownBit(key, step.digit), list,
                          totals.at({key.first | mask, key.second}));
  totals = std::move(next);
  done |= mask;
}

void AxisCombiner::stepOdd(const ReductionStep &step, bool scan) {
  uint64_t scale = 1;
  for (unsigned i = 0; i < step.digit; ++i)
    scale *= oddRadix[i];
  auto digitOf = [&](uint64_t odd) { return odd / scale % step.count; };
  // In order of the digit; `before` holds what comes ahead of each.
  std::map<Key, Values> before, next;
  for (uint32_t i = 0; i < step.count; ++i) {
    uint32_t digit = reverse ? step.count - 1 - i : i;
    for (auto &[key, list] : totals) {
      if (digitOf(key.second) != digit)
        continue;
      Key merged{key.first, key.second - digit * scale};
      auto [sum, isNew] = next.try_emplace(merged, list);
      if (isNew)
        continue;
      before[key] = sum->second;
      sum->second = combine(sum->second, list);
    }
  }
  if (scan)
    for (unsigned r = 0; r < table.size(); ++r)
      if (table.firstCopy[r] == r)
        if (auto found = before.find(keyOf(r)); found != before.end())
          running[r] = combine(found->second, running[r]);
  totals = std::move(next);
  oddDone[step.digit] = true;
}

void AxisCombiner::stepLanes(const ReductionStep &step, bool scan) {
  uint64_t mask = uint64_t(1) << step.digit;
  // How the register that the other lane offers differs.
  uint64_t turn = 0;
  unsigned first =
      table.layout.firstInputBit(*table.layout.inputIndex("register"));
  for (uint64_t rest = step.reg; rest; rest &= rest - 1)
    turn ^= table.layout.columns()[first + std::countr_zero(rest)];
  turn &= ~done;
  std::map<Key, Values> next;
  std::map<Key, Prefix> ahead;
  for (auto &[key, list] : totals) {
    Values other;
    for (Value v : totals.at({key.first ^ turn, key.second}))
      other.push_back(e.shuffleXor(v, unsigned(step.lane)));
    Key merged{key.first & ~mask, key.second};
    Value upper = ownBit(key, step.digit);
    next[merged] = ordered(upper, list, other);
    if (scan)
      putAhead(ahead, key, merged, reverse ? B.logicalNot(upper) : upper,
               other);
  }
  prefixes = std::move(ahead);
  totals = std::move(next);
  done |= mask;
}

/// Through shared memory, where the totals lie by the coordinate that is left,
/// the bits of these steps above all others.
void AxisCombiner::stepWarps(ArrayRef<ReductionStep> steps, bool scan) {
  uint64_t phase = 0;
  for (const ReductionStep &step : steps)
    phase |= uint64_t(1) << step.digit;
  uint64_t others = (uint64_t(1) << table.layout.outputBits()) - 1;
  others &= ~(done | phase);
  auto gather = [](uint64_t bits, uint64_t mask) {
    uint64_t result = 0;
    for (unsigned at = 0; mask; mask &= mask - 1, ++at)
      result |= (bits >> std::countr_zero(mask) & 1) << at;
    return result;
  };
  auto oddIndex = [&](uint64_t odd) {
    uint64_t result = 0, scale = 1;
    for (size_t i = 0; i < oddRadix.size(); ++i) {
      if (!oddDone[i]) {
        result += odd % oddRadix[i] * scale;
        scale *= oddRadix[i];
      }
      odd /= oddRadix[i];
    }
    return result;
  };
  uint64_t odds = 1;
  for (size_t i = 0; i < oddRadix.size(); ++i)
    if (!oddDone[i])
      odds *= oddRadix[i];
  unsigned low = std::popcount(others), parts = 1u << std::popcount(phase);
  uint64_t stride = odds << low; // Elements of one part.

  // One thread of those that hold the same totals writes.
  layout::f2::Span span;
  uint64_t lanes = 0, warps = 0;
  for (unsigned b = 0; b < table.digits.bits; ++b)
    span.add(table.layout.columns()[b] & ~done);
  for (auto [i, column] : llvm::enumerate(table.thread.lane))
    if (!span.add(column & ~done))
      lanes |= uint64_t(1) << i;
  for (auto [i, column] : llvm::enumerate(table.thread.warp))
    if (!span.add(column & ~done))
      warps |= uint64_t(1) << i;

  ThreadMap place =
      table.thread.map([&](uint64_t c) { return gather(c, others); });
  ThreadMap part =
      table.thread.map([&](uint64_t c) { return gather(c, phase); });
  auto addressOf = [&](Value base, Type stored, const Key &key) {
    Value index = B.add(e.threadValue(place, gather(key.first, others)),
                        B.cst32(oddIndex(key.second) << low));
    return B.gep(base, stored, index);
  };
  Value scratch = e.scratch(op);
  SmallVector<Value> bases;
  int64_t offset = 0;
  for (Type element : elements) {
    bases.push_back(e.byteOffset(scratch, B.cst32(offset)));
    offset += (stride * parts * e.bytesOf(element) + 15) / 16 * 16;
  }
  // Totals of a thread that lie next to each other move together, and so do
  // the parts of one total where nothing lies between them.
  unsigned widest = 16;
  for (Type element : elements)
    widest = std::min(widest, 16 / std::max(1u, e.bytesOf(element)));
  widest = std::max(widest, 1u);
  uint64_t reach = place.reach();
  unsigned width = 1;
  while (width * 2 <= widest && (width * 2u) <= (uint64_t(1) << low) &&
         !(reach & width))
    width *= 2;
  std::map<std::pair<uint64_t, Key>, SmallVector<Key>> rows;
  for (auto &[key, list] : totals)
    rows[{key.first & phase,
          {gather(key.first, others) & ~uint64_t(width - 1), key.second}}]
        .push_back(key);
  SmallVector<SmallVector<Key>> groups;
  for (auto &[row, keys] : rows) {
    llvm::sort(keys, [&](const Key &a, const Key &b) {
      return gather(a.first, others) < gather(b.first, others);
    });
    if (keys.size() == width)
      groups.push_back(std::move(keys));
    else
      for (const Key &key : keys)
        groups.push_back({key});
  }
  unsigned together = stride == 1 ? std::min(widest, parts) : 1;
  auto write = [&] {
    for (const auto &keys : groups) {
      Value own = B.mul(e.threadValue(part, gather(keys[0].first, phase)),
                        B.cst32(stride));
      for (auto [i, element] : llvm::enumerate(elements)) {
        Type stored = e.storedType(element);
        Value address =
            B.gep(addressOf(bases[i], stored, keys[0]), stored, own);
        SmallVector<Value> list;
        for (const Key &key : keys)
          list.push_back(e.toStored(totals.at(key)[i], element));
        B.store(e.pack(list), address, B.bytesOf(stored) * list.size());
      }
    }
  };
  if (Value first = e.holdsFirstCopy(lanes, warps))
    B.ifThen(first, write);
  else
    write();
  e.barrier();

  auto read = [&](Value address, Type element, unsigned count) {
    Type stored = e.storedType(element);
    SmallVector<Value> list;
    e.unpack(B.load(count == 1 ? stored : B.vec(stored, count), address,
                    B.bytesOf(stored) * count),
             list);
    for (Value &v : list)
      v = e.fromStored(v, element);
    return list;
  };
  std::map<Key, Values> next;
  std::map<Key, Prefix> nextPrefixes;
  for (const auto &keys : groups) {
    // The parts of each total: keys, parts, sources.
    SmallVector<SmallVector<Values>> here(
        keys.size(), SmallVector<Values>(parts, Values(elements.size())));
    for (auto [i, element] : llvm::enumerate(elements)) {
      Value start = addressOf(bases[i], e.storedType(element), keys[0]);
      for (unsigned p = 0; p < parts; p += together) {
        Value address =
            B.gep(start, e.storedType(element), B.cst32(p * stride));
        SmallVector<Value> list =
            read(address, element, keys.size() * together);
        for (unsigned k = 0; k < list.size(); ++k)
          here[k / together][p + k % together][i] = list[k];
      }
    }
    for (auto [at, key] : llvm::enumerate(keys)) {
      Values sum, ahead;
      Value own =
          scan ? e.threadValue(part, gather(key.first, phase)) : Value();
      unsigned firstPart = reverse ? parts - 1 : 0;
      for (unsigned k = 0; k < parts; ++k) {
        unsigned p = reverse ? parts - 1 - k : k;
        const Values &one = here[at][p];
        if (scan && k == 1)
          ahead = sum;
        else if (scan && k > 1)
          ahead = select(B.icmp(EQ, own, B.cst32(p)), sum, ahead);
        sum = k ? combine(sum, one) : one;
      }
      Key merged{key.first & ~phase, key.second};
      next[merged] = std::move(sum);
      if (scan)
        putAhead(nextPrefixes, key, merged, B.icmp(NE, own, B.cst32(firstPart)),
                 ahead);
    }
  }
  prefixes = std::move(nextPrefixes);
  totals = std::move(next);
  done |= phase;
}

bool AxisCombiner::run(bool scan) {
  ArrayRef<ReductionStep> rest(plan.steps);
  while (!rest.empty() && !e.failed) {
    const ReductionStep &step = rest.front();
    unsigned count = 1;
    if (step.reach == ReductionStep::Registers)
      applyPrefixes();
    if (step.reach == ReductionStep::Warps) {
      while (count < rest.size() && rest[count].reach == ReductionStep::Warps)
        ++count;
      stepWarps(rest.take_front(count), scan);
    } else if (step.count != 2) {
      stepOdd(step, scan);
    } else if (step.reach == ReductionStep::Lanes) {
      stepLanes(step, scan);
    } else {
      stepRegisters(step, scan);
    }
    rest = rest.drop_front(count);
  }
  applyPrefixes();
  return !e.failed;
}

} // namespace tilesdk::lowering
