//===- swizzle.cpp - Shared-memory exchange without conflicts -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The derivation. Offsets have, from the low end, vector bits V, further bank
// bits, and row bits S. A phase touches a coset of A = span(V, its lanes); two
// of its words fall into one bank exactly when they differ by an element of
// span(V, S). So the access is free of conflicts when A and S meet only in
// zero. Two subspaces of equal dimension have a common complement: S is one of
// the store's A and the load's A, whence both sides are free of conflicts.
//
//===----------------------------------------------------------------------===//

#include "core/layout/swizzle.h"
#include "core/layout/algebra.h"
#include "core/layout/exchange.h"
#include "core/layout/f2.h"

#include <algorithm>
#include <bit>

namespace tilesdk::layout {

namespace {
f2::Vectors columnsOf(const Layout &layout, const char *name) {
  f2::Vectors result;
  if (auto dim = layout.inputIndex(name)) {
    unsigned first = layout.firstInputBit(*dim);
    for (unsigned b = 0; b < layout.inputs()[*dim].bits(); ++b)
      result.push_back(layout.columns()[first + b]);
  }
  return result;
}

/// One side of the exchange, its columns in coordinates of the exchanged space.
struct Side {
  f2::Vectors registers, lanes, warps;
  uint64_t laneCount, warpCount;
  Copies copies; ///< That do not take part.
};

/// The span of the differences of one phase's lanes, as elements. Phases that
/// are no cosets give a larger span: still right, the count decides.
f2::Vectors phaseSpan(const Side &side, const SharedAccess &access) {
  f2::Vectors result;
  if (access.phases.empty())
    return result;
  const auto &phase = access.phases[0];
  for (uint32_t lane : phase)
    f2::extend(result, {f2::multiply(side.lanes, lane ^ phase[0])}, 64);
  return result;
}

/// Columns of lanes and warps inside of vectors of \p elements.
f2::Vectors turnsOf(const Side &side, uint32_t elements,
                    const f2::Span &address) {
  f2::Vectors result;
  for (const f2::Vectors *columns : {&side.lanes, &side.warps})
    for (uint64_t column : *columns)
      result.push_back(address.reduce(column).used & (elements - 1));
  return result;
}

/// countAccesses for a layout without repetitions and linear memory. Every
/// instruction's offsets are those of the first one XOR a constant, which only
/// permutes banks and words: one is counted for all.
AccessCount countLinear(const Side &side, uint32_t elementBytes,
                        const SharedAccess &access, const SharedMemory &machine,
                        const f2::Span &address) {
  AccessCount count;
  count.elements = access.bytes / elementBytes;
  f2::Vectors groups, lanes;
  for (uint64_t column : side.registers)
    groups.push_back(address.reduce(column).used / count.elements);
  for (uint64_t column : side.lanes)
    lanes.push_back(address.reduce(column).used);
  std::vector<std::optional<uint64_t>> touched(side.laneCount);
  for (uint64_t lane = 0; lane < side.laneCount; ++lane)
    if (!(lane & side.copies.lanes))
      touched[lane] = f2::multiply(lanes, lane);
  countAccess(count, std::move(touched), elementBytes, access, machine);
  count.instructions = (uint64_t(1) << f2::rank(groups)) *
                       (side.warpCount >> std::popcount(side.copies.warps));
  count.cycles *= count.instructions;
  count.conflicts *= count.instructions;
  return count;
}

std::optional<Error> checkSide(const Layout &layout) {
  for (const Dim &dim : layout.inputs()) {
    if (dim.name != "register" && dim.name != "lane" && dim.name != "warp" &&
        dim.name != "block")
      return Error{"the exchange knows register, lane, warp and block, not '" +
                   dim.name + "'"};
    if (dim.name != "register" && dim.bits() != dim.radix.size())
      return Error{"'" + dim.name +
                   "' holds a repetition; only registers do "
                   "in a swizzled exchange"};
  }
  return std::nullopt;
}

unsigned log2(uint64_t value) { return unsigned(std::bit_width(value)) - 1; }

/// Bases of memory for one choice of vector widths, low offset bit first;
/// nothing when the registers do not have such vectors.
std::optional<f2::Vectors>
chooseBases(const Side &store, const Side &load,
            const SharedAccess &storeAccess, const SharedAccess &loadAccess,
            uint32_t elementBytes, const SharedMemory &machine, unsigned bits) {
  unsigned storeBits = log2(storeAccess.bytes / elementBytes),
           loadBits = log2(loadAccess.bytes / elementBytes),
           low = std::min(storeBits, loadBits),
           high = std::max(storeBits, loadBits);
  // Bits within one bank word, and within one row of all banks.
  unsigned wordBits = machine.bankBytes > elementBytes
                          ? log2(machine.bankBytes / elementBytes)
                          : 0;
  unsigned rowBits = log2(std::max<uint64_t>(
      uint64_t(machine.banks) * machine.bankBytes / elementBytes, 1));
  if (high > bits)
    return std::nullopt;
  wordBits = std::min(wordBits, bits);
  rowBits = std::min(rowBits, bits);

  f2::Vectors vector;
  f2::extend(vector, f2::intersect(store.registers, load.registers), low);
  if (vector.size() < low)
    return std::nullopt;
  const Side &wider = storeBits > loadBits ? store : load;
  f2::extend(vector, wider.registers, high);
  if (vector.size() < high)
    return std::nullopt;

  f2::Vectors storeLanes = phaseSpan(store, storeAccess),
              loadLanes = phaseSpan(load, loadAccess);
  // What fills a word beyond the vectors: best what both sides touch at once.
  f2::extend(vector, f2::intersect(storeLanes, loadLanes), wordBits);
  f2::extend(vector, storeLanes, wordBits);
  f2::extend(vector, loadLanes, wordBits);
  f2::extend(vector, f2::units(bits), wordBits);

  auto touched = [&](unsigned width, const f2::Vectors &lanes) {
    f2::Vectors result(vector.begin(),
                       vector.begin() + std::max(width, wordBits));
    f2::extend(result, lanes, rowBits);
    return result;
  };
  f2::Vectors a = touched(storeBits, storeLanes),
              b = touched(loadBits, loadLanes);
  // The rest of the vector belongs into the row as well.
  f2::extend(a, vector, rowBits);
  f2::extend(b, vector, rowBits);
  f2::extend(a, b, rowBits);
  f2::extend(a, f2::units(bits), rowBits);
  f2::extend(b, a, rowBits);
  if (a.size() != b.size())
    return std::nullopt;
  f2::Vectors rows = f2::commonComplement(a, b, bits);
  // S must leave room for all of V below it; it does, V being part of a and b
  // unless a side already fills a row without it.
  f2::Vectors bases = vector;
  f2::Span blocked(rows);
  for (uint64_t v : vector)
    if (!blocked.add(v))
      return std::nullopt;
  for (uint64_t v : a)
    if (bases.size() < rowBits && blocked.add(v))
      bases.push_back(v);
  bases.insert(bases.end(), rows.begin(), rows.end());
  f2::extend(bases, f2::units(bits), bits);
  if (bases.size() != bits || f2::rank(bases) != bits)
    return std::nullopt;
  return bases;
}

/// What one round exchanges: a subspace that lanes and warps of neither side
/// leave, so that a round is some of the registers; within the limit if there
/// are such, but not at the cost of vectors.
f2::Vectors roundOf(const Side &store, const Side &load, uint32_t elementBytes,
                    const SharedMemory &machine, unsigned bits) {
  uint64_t limit = machine.scratchLimit / elementBytes;
  if (!limit || uint64_t(1) << bits <= limit)
    return f2::units(bits);
  f2::Vectors kept;
  for (const Side *side : {&store, &load}) {
    f2::extend(kept, side->lanes, 64);
    f2::extend(kept, side->warps, 64);
  }
  auto widest = [&](const std::vector<SharedAccess> &accesses) {
    uint32_t bytes = elementBytes;
    for (const SharedAccess &access : accesses)
      bytes = std::max(bytes, access.bytes);
    return log2(bytes / elementBytes);
  };
  auto keepVectors = [&](const Side &side, unsigned count) {
    for (uint64_t column : side.registers)
      if (column && count) {
        f2::extend(kept, {column}, 64);
        --count;
      }
  };
  keepVectors(load, widest(machine.loads));
  keepVectors(store, std::min(1u, widest(machine.stores)));
  unsigned wanted = log2(limit);
  f2::extend(kept, load.registers, wanted);
  f2::extend(kept, store.registers, wanted);
  f2::extend(kept, f2::units(bits), wanted);
  return kept.size() < bits ? kept : f2::units(bits);
}

/// The side in coordinates of the subspace, with the registers inside of it.
Side restrict(const Side &side, const f2::Vectors &kept) {
  f2::Span inside(kept);
  Side result = side;
  f2::Vectors registers;
  for (uint64_t column : side.registers)
    if (inside.contains(column))
      registers.push_back(column);
  f2::extend(registers, f2::intersect(side.registers, kept), 64);
  result.registers = std::move(registers);
  for (f2::Vectors *columns : {&result.registers, &result.lanes, &result.warps})
    for (uint64_t &column : *columns)
      column = inside.reduce(column).used;
  return result;
}

/// One repetition of a layout: its odd digits dropped on both sides.
Result<Layout> withoutRepetitions(const Layout &layout) {
  std::vector<InputBases> ins;
  std::vector<OutputDim> outs;
  unsigned bit = 0;
  auto compress = [&](uint64_t bits) {
    Coord coord;
    for (const Dim &dim : layout.outputs()) {
      coord.push_back(bits & ((uint64_t(1) << dim.bits()) - 1));
      bits >>= dim.bits();
    }
    return coord;
  };
  for (const Dim &dim : layout.outputs())
    outs.push_back({dim.name, {uint64_t(1) << dim.bits()}});
  for (const Dim &dim : layout.inputs()) {
    ins.push_back({dim.name, {}});
    for (unsigned b = 0; b < dim.bits(); ++b)
      ins.back().bases.push_back({2, compress(layout.columns()[bit++])});
  }
  return Layout::fromBases(ins, outs);
}

} // namespace

Result<SharedPlan> deriveSwizzle(const Layout &src, const Layout &dst,
                                 uint32_t elementBytes,
                                 const SharedMemory &machine) {
  if (auto error = checkMachine(elementBytes, machine))
    return *error;
  for (const Layout *side : {&src, &dst})
    if (auto error = checkSide(*side))
      return *error;
  Result<Aligned> aligned = alignOutputs(src, dst);
  if (!aligned)
    return Error{aligned.error()};
  Result<Layout> store = withoutRepetitions(aligned->a),
                 load = withoutRepetitions(aligned->b);
  if (!store || !load)
    return Error{store ? load.error() : store.error()};
  unsigned bits = store->outputBits();
  // A block exchanges the elements W that it holds on either side; its own
  // position, and elements that nobody holds, come above them in the offset.
  f2::Vectors held, basis;
  for (const Layout *side : {&*store, &*load})
    for (const char *name : {"register", "lane", "warp"})
      f2::extend(held, columnsOf(*side, name), 64);
  f2::Span heldSpan(held);
  for (uint64_t unit : f2::units(bits))
    if (heldSpan.contains(unit))
      f2::extend(basis, {unit}, 64);
  f2::extend(basis, held, 64);
  unsigned exchanged = unsigned(basis.size());
  for (const Layout *side : {&*store, &*load})
    f2::extend(basis, columnsOf(*side, "block"), 64);
  f2::extend(basis, f2::units(bits), 64);
  f2::Span coordinates(basis);
  auto sideOf = [&](const Layout &layout) {
    auto convert = [&](f2::Vectors columns) {
      for (uint64_t &column : columns)
        column = coordinates.reduce(column).used;
      return columns;
    };
    return Side{convert(columnsOf(layout, "register")),
                convert(columnsOf(layout, "lane")),
                convert(columnsOf(layout, "warp")),
                sizeOf(layout, "lane"),
                sizeOf(layout, "warp"),
                {}};
  };
  Side storeSide = sideOf(*store), loadSide = sideOf(*load);
  storeSide.copies = copiesOf(*store);
  f2::Vectors kept =
      roundOf(storeSide, loadSide, elementBytes, machine, exchanged);
  unsigned inRound = unsigned(kept.size());
  if (inRound < exchanged) {
    storeSide = restrict(storeSide, kept);
    loadSide = restrict(loadSide, kept);
  }
  std::vector<OutputDim> outs;
  for (const Dim &dim : store->outputs())
    outs.push_back({dim.name, {dim.size()}});

  std::optional<SharedPlan> best;
  f2::Vectors bestBases;
  for (const SharedAccess &storeAccess : machine.stores)
    for (const SharedAccess &loadAccess : machine.loads) {
      auto usable = [&](const SharedAccess &access) {
        return access.bytes >= elementBytes &&
               std::has_single_bit(access.bytes);
      };
      if (!usable(storeAccess) || !usable(loadAccess))
        continue;
      auto bases = chooseBases(storeSide, loadSide, storeAccess, loadAccess,
                               elementBytes, machine, inRound);
      if (!bases)
        continue;
      SharedPlan plan;
      f2::Span address(*bases);
      plan.store =
          countLinear(storeSide, elementBytes, storeAccess, machine, address);
      plan.load =
          countLinear(loadSide, elementBytes, loadAccess, machine, address);
      addMoves(plan.moves, plan.store, elementBytes,
               turnsOf(storeSide, plan.store.elements, address));
      addMoves(plan.moves, plan.load, elementBytes,
               turnsOf(loadSide, plan.load.elements, address));
      plan.scratchElements = uint64_t(1) << inRound;
      plan.binaryRounds = uint64_t(1) << (exchanged - inRound);
      plan.rounds = (aligned->a.totalOutputSize() >> bits) * plan.binaryRounds;
      if (!best || better(plan, *best, machine)) {
        best = std::move(plan);
        bestBases = std::move(*bases);
      }
    }
  if (!best)
    return Error{"no shared-memory access of the machine moves elements of " +
                 std::to_string(elementBytes) + " bytes"};
  // Back to coordinates of all that is exchanged; then what tells rounds.
  for (uint64_t &base : bestBases)
    base = f2::multiply(kept, base);
  f2::extend(bestBases, f2::units(exchanged), exchanged);
  InputBases offset{"offset", {}};
  for (uint64_t base : bestBases)
    offset.bases.push_back(
        {2, store->outputFromBits(f2::multiply(basis, base))});
  for (unsigned b = exchanged; b < bits; ++b)
    offset.bases.push_back({2, store->outputFromBits(basis[b])});
  Result<Layout> memory = Layout::fromBases({offset}, outs);
  if (!memory)
    return Error{memory.error()};
  best->memory = std::move(*memory);
  return *best;
}

} // namespace tilesdk::layout
