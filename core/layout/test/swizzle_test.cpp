//===- swizzle_test.cpp - Shared-memory exchange, conflicts counted -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle here shares no code with the library: it walks registers, lanes
// and phases, and counts words per bank with maps.
//
//===----------------------------------------------------------------------===//

#include "core/layout/swizzle.h"
#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
/// 32 banks of 4 bytes; a warp's 64-bit accesses are served half by half, its
/// 128-bit ones by quarters.
SharedMemory quarterPhases() {
  SharedMemory machine;
  for (uint32_t bytes : {1, 2, 4, 8, 16}) {
    uint32_t lanes = bytes <= 4 ? 32 : 128 / bytes;
    machine.stores.push_back(SharedAccess::contiguous(bytes, 32, lanes));
    machine.loads.push_back(SharedAccess::contiguous(bytes, 32, lanes));
  }
  return machine;
}

/// 64 lanes of which scattered groups of 8 are served together in 128-bit
/// loads, groups of neighbours otherwise.
SharedMemory scatteredPhases() {
  SharedMemory machine;
  for (uint32_t bytes : {2, 4, 8, 16}) {
    uint32_t lanes = bytes <= 4 ? 32 : 128 / bytes;
    machine.stores.push_back(SharedAccess::contiguous(bytes, 64, lanes));
    if (bytes != 16)
      machine.loads.push_back(SharedAccess::contiguous(bytes, 64, lanes));
  }
  SharedAccess wide{16, {}};
  for (uint32_t base : {0, 32})
    for (uint32_t pair : {0, 1})
      for (uint32_t half : {0, 8}) {
        std::vector<uint32_t> phase;
        for (uint32_t i = 0; i < 4; ++i)
          phase.push_back(base + half + pair * 4 + i);
        for (uint32_t i = 0; i < 4; ++i)
          phase.push_back(base + 16 + half + (pair ? 0 : 4) + i);
        wide.phases.push_back(phase);
      }
  machine.loads.push_back(wide);
  return machine;
}

struct Counted {
  uint64_t instructions = 0, cycles = 0, conflicts = 0;
};

/// Counts one side and checks that every vector is consecutive and aligned.
template <typename OffsetOf>
Counted countByHand(const Layout &side, unsigned elementBytes,
                    const SharedAccess &access, const SharedMemory &machine,
                    OffsetOf offsetOf) {
  Counted counted;
  unsigned width = access.bytes / elementBytes;
  auto at = [&](uint64_t reg, uint64_t lane, uint64_t warp) {
    return offsetOf(*side.apply({reg, lane, warp}));
  };
  for (uint64_t warp = 0; warp < side.inputSize("warp"); ++warp) {
    std::map<uint64_t, std::vector<uint64_t>> instructions;
    for (uint64_t reg = 0; reg < side.inputSize("register"); ++reg)
      instructions[at(reg, 0, warp) / width].push_back(reg);
    for (auto &[key, registers] : instructions) {
      ++counted.instructions;
      for (uint64_t lane = 0; lane < side.inputSize("lane"); ++lane) {
        std::set<uint64_t> covered;
        for (uint64_t reg : registers)
          covered.insert(at(reg, lane, warp));
        EXPECT_EQ(covered.size(), width);
        EXPECT_EQ(*covered.begin() % width, 0u);
        EXPECT_EQ(*covered.rbegin() - *covered.begin(), width - 1);
      }
      for (const auto &phase : access.phases) {
        std::map<uint64_t, std::set<uint64_t>> inBank;
        std::set<uint64_t> words;
        for (uint32_t lane : phase)
          for (uint64_t reg : registers)
            for (unsigned b = 0; b < elementBytes; ++b) {
              uint64_t word =
                  (at(reg, lane, warp) * elementBytes + b) / machine.bankBytes;
              inBank[word % machine.banks].insert(word);
              words.insert(word);
            }
        uint64_t worst = 0;
        for (auto &[bank, set] : inBank)
          worst = std::max<uint64_t>(worst, set.size());
        counted.cycles += worst;
        counted.conflicts +=
            worst - (words.size() + machine.banks - 1) / machine.banks;
      }
    }
  }
  return counted;
}

const SharedAccess &accessOf(const std::vector<SharedAccess> &accesses,
                             uint32_t bytes) {
  for (const SharedAccess &access : accesses)
    if (access.bytes == bytes)
      return access;
  ADD_FAILURE() << "no access of " << bytes << " bytes";
  return accesses.front();
}

void checkPlan(const Layout &src, const Layout &dst, unsigned elementBytes,
               const SharedMemory &machine, const SharedPlan &plan) {
  Result<Layout> address =
      plan.swizzled ? invert(plan.memory) : Result<Layout>(Layout());
  ASSERT_TRUE(address) << address.error();
  auto offsetOf = [&](const Coord &coord) -> uint64_t {
    if (plan.swizzled)
      return (*address->apply(coord))[0];
    uint64_t row = 0;
    for (size_t i = 0; i + 1 < coord.size(); ++i)
      row = row * src.outputs()[i].size() + coord[i];
    return row * plan.pitch + coord.back();
  };
  std::set<uint64_t> offsets;
  for (uint64_t i = 0; i < src.totalInputSize(); ++i) {
    uint64_t y = src.applyLinear(i);
    Coord coord;
    for (const Dim &dim : src.outputs()) {
      coord.push_back(y % dim.size());
      y /= dim.size();
    }
    uint64_t offset = offsetOf(coord);
    EXPECT_LT(offset, plan.scratchElements * plan.binaryRounds);
    offsets.insert(offset);
  }
  EXPECT_EQ(offsets.size(), src.totalOutputSize());
  for (bool store : {true, false}) {
    const AccessCount &count = store ? plan.store : plan.load;
    Counted counted =
        countByHand(store ? src : dst, elementBytes,
                    accessOf(store ? machine.stores : machine.loads,
                             count.elements * elementBytes),
                    machine, offsetOf);
    EXPECT_EQ(counted.instructions, count.instructions * plan.binaryRounds);
    EXPECT_EQ(counted.cycles, count.cycles * plan.binaryRounds);
    EXPECT_EQ(counted.conflicts, count.conflicts * plan.binaryRounds);
    AccessCount library =
        countAccesses(store ? src : dst, elementBytes,
                      accessOf(store ? machine.stores : machine.loads,
                               count.elements * elementBytes),
                      machine, offsetOf);
    EXPECT_EQ(library.cycles, count.cycles * plan.binaryRounds);
    EXPECT_EQ(library.instructions, count.instructions * plan.binaryRounds);
    // Registers alone say in which round an element is exchanged.
    const Layout &side = store ? src : dst;
    for (uint64_t reg = 0; reg < side.inputSize("register"); ++reg) {
      std::set<uint64_t> rounds;
      for (uint64_t lane = 0; lane < side.inputSize("lane"); ++lane)
        for (uint64_t warp = 0; warp < side.inputSize("warp"); ++warp)
          rounds.insert(offsetOf(*side.apply({reg, lane, warp})) /
                        plan.scratchElements);
      EXPECT_EQ(rounds.size(), 1u);
    }
  }
}

TEST(Swizzle, RandomPairsAreFreeOfConflicts) {
  Rng rng(1);
  for (bool scattered : {false, true}) {
    SharedMemory machine = scattered ? scatteredPhases() : quarterPhases();
    for (int i = 0; i < 120; ++i) {
      unsigned bits = 8 + below(rng, 4), rows = 2 + below(rng, bits - 3);
      std::vector<Factors> outs = {
          {"dim0", std::vector<uint32_t>(rows, 2)},
          {"dim1", std::vector<uint32_t>(bits - rows, 2)}};
      std::vector<std::pair<std::string, unsigned>> places = {
          {"lane", scattered ? 6u : 5u}, {"warp", below(rng, 2)}};
      Layout src = randomBijection(rng, outs, places),
             dst = randomBijection(rng, outs, places);
      unsigned bytes = 2u << below(rng, 3);
      Result<SharedPlan> plan = deriveSwizzle(src, dst, bytes, machine);
      ASSERT_TRUE(plan) << plan.error();
      EXPECT_TRUE(plan->memory.isInvertible());
      checkPlan(src, dst, bytes, machine, *plan);
      EXPECT_EQ(plan->store.conflicts, 0u) << toText(src) << "\n"
                                           << toText(dst);
      EXPECT_EQ(plan->load.conflicts, 0u) << toText(src) << "\n" << toText(dst);
    }
  }
}

TEST(Swizzle, RoundsOfRegisters) {
  Rng rng(3);
  SharedMemory machine = quarterPhases();
  int inRounds = 0;
  for (int i = 0; i < 120; ++i) {
    unsigned bits = 10 + below(rng, 3), rows = 3 + below(rng, 4);
    std::vector<Factors> outs = {
        {"dim0", std::vector<uint32_t>(rows, 2)},
        {"dim1", std::vector<uint32_t>(bits - rows, 2)}};
    std::vector<std::pair<std::string, unsigned>> places = {{"lane", 5},
                                                            {"warp", 1}};
    Layout src = randomBijection(rng, outs, places), dst = src;
    // Some lanes change places with registers.
    auto ins = std::vector<InputBases>{{"register", src.bases("register")},
                                       {"lane", src.bases("lane")},
                                       {"warp", src.bases("warp")}};
    for (int k = 0; k < 2; ++k)
      std::swap(ins[0].bases[below(rng, unsigned(ins[0].bases.size()))],
                ins[1].bases[below(rng, 5)]);
    std::vector<OutputDim> sizes;
    for (const Factors &dim : outs)
      sizes.push_back({dim.name, {dim.size()}});
    dst = *Layout::fromBases(ins, sizes);
    unsigned bytes = 2u << below(rng, 2);
    machine.scratchLimit = 0;
    SharedPlan whole = *deriveSwizzle(src, dst, bytes, machine);
    EXPECT_EQ(whole.binaryRounds, 1u);
    machine.scratchLimit = (bytes << bits) / 4;
    SharedPlan plan = *deriveSwizzle(src, dst, bytes, machine);
    checkPlan(src, dst, bytes, machine, plan);
    EXPECT_EQ(plan.scratchElements * plan.binaryRounds, uint64_t(1) << bits);
    EXPECT_EQ(plan.store.conflicts + plan.load.conflicts, 0u);
    inRounds += plan.binaryRounds == 4;
  }
  EXPECT_GT(inRounds, 60);
}

TEST(Swizzle, AccumulatorsInRounds) {
  // Warps keep their rows: 16 rows of 256 halves each, eight warps.
  Layout src = *parse(
      "(dim0: 128, dim1: 256) { register: (0,1) (8,0) (0,8) (0,16) (0,32) "
      "(0,64) (0,128); lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
      "warp: (16,0) (32,0) (64,0) }");
  Layout dst =
      *parse("(dim0: 128, dim1: 256) { register: (0,1) (0,2) (0,4) (4,0) (8,0) "
             "(0,64) (0,128); lane: (0,8) (0,16) (0,32) (1,0) (2,0); "
             "warp: (16,0) (32,0) (64,0) }");
  SharedMemory machine = quarterPhases();
  machine.scratchLimit = 16 << 10;
  SharedPlan plan = *deriveSwizzle(src, dst, 2, machine);
  checkPlan(src, dst, 2, machine, plan);
  EXPECT_EQ(plan.scratchElements * 2, 16u << 10);
  EXPECT_EQ(plan.rounds, 4u);
  EXPECT_EQ(plan.load.elements, 8u);
  // Two columns of two rows, which both sides have in registers.
  EXPECT_EQ(plan.store.elements, 4u);
  EXPECT_EQ(plan.store.conflicts + plan.load.conflicts, 0u);
}

TEST(Swizzle, TransposeUsesWideAccessesOnBothSides) {
  // Rows of 8 halves a thread in, columns of 8 halves a thread out.
  Layout src = *parse("(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) "
                      "(16,0) (32,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); "
                      "warp: (4,0) (8,0) }");
  Layout dst = *parse("(dim0: 64, dim1: 64) { register: (1,0) (2,0) (4,0) "
                      "(0,16) (0,32); lane: (8,0) (16,0) (32,0) (0,1) (0,2); "
                      "warp: (0,4) (0,8) }");
  SharedPlan plan = *deriveSwizzle(src, dst, 2, quarterPhases());
  checkPlan(src, dst, 2, quarterPhases(), plan);
  EXPECT_EQ(plan.store.conflicts + plan.load.conflicts, 0u);
  EXPECT_GE(std::max(plan.store.elements, plan.load.elements), 8u);
  // The same tile without a swizzle: row-major, padded as well as it can be.
  SharedPlan padded = *exchangeByLinearIndex(src, dst, 2, quarterPhases());
  checkPlan(src, dst, 2, quarterPhases(), padded);
  EXPECT_LE(plan.store.cycles + plan.load.cycles,
            padded.store.cycles + padded.load.cycles);
}

TEST(Swizzle, EqualVectorsMoveInFullWords) {
  // Both sides hold 8 halves of a row: 128-bit both ways, the least cycles.
  Layout src = *parse("(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) "
                      "(16,0) (32,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); "
                      "warp: (4,0) (8,0) }");
  Layout dst = *parse("(dim0: 64, dim1: 64) { register: (0,1) (0,2) (0,4) "
                      "(0,8) (0,16); lane: (1,0) (2,0) (4,0) (8,0) (16,0); "
                      "warp: (0,32) (32,0) }");
  SharedPlan plan = *deriveSwizzle(src, dst, 2, quarterPhases());
  checkPlan(src, dst, 2, quarterPhases(), plan);
  EXPECT_EQ(plan.store.elements, 8u);
  EXPECT_EQ(plan.load.elements, 8u);
  EXPECT_EQ(plan.store.cycles, 64u * 64 * 2 / 128);
  EXPECT_EQ(plan.load.cycles, 64u * 64 * 2 / 128);
}

TEST(Swizzle, RepetitionsShareTheScratch) {
  Layout src = *parse("(dim0: 32, dim1: 32*3) { register: (0,1) (0,2) (16,0) "
                      "3*(0,32); lane: (0,4) (0,8) (0,16) (1,0) (2,0); "
                      "warp: (4,0) (8,0) }");
  Layout dst = *parse("(dim0: 32, dim1: 32*3) { register: (0,1) (8,0) (16,0) "
                      "3*(0,32); lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
                      "warp: (0,8) (0,16) }");
  ASSERT_TRUE(src.isInvertible() && dst.isInvertible());
  SharedPlan plan = *deriveSwizzle(src, dst, 4, quarterPhases());
  EXPECT_EQ(plan.rounds, 3u);
  EXPECT_EQ(plan.scratchElements, 32u * 32);
  EXPECT_EQ(plan.store.conflicts + plan.load.conflicts, 0u);
}

TEST(Swizzle, BlocksExchangeOnlyTheirOwnElements) {
  Layout src =
      *parse("(dim0: 128, dim1: 32) { register: (0,1) (0,2) (16,0); "
             "lane: (0,4) (0,8) (0,16) (1,0) (2,0); warp: (4,0) (8,0); "
             "block: (64,0) (32,0) }");
  Layout dst =
      *parse("(dim0: 128, dim1: 32) { register: (1,0) (2,0) (4,0); "
             "lane: (0,1) (0,2) (0,4) (8,0) (16,0); warp: (0,8) (0,16); "
             "block: (64,0) (32,0) }");
  ASSERT_TRUE(src.isInvertible() && dst.isInvertible());
  SharedPlan plan = *deriveSwizzle(src, dst, 4, quarterPhases());
  EXPECT_EQ(plan.scratchElements, 32u * 32);
  EXPECT_TRUE(plan.memory.isInvertible());
  Layout address = *invert(plan.memory);
  // A block's elements fill the scratch once.
  for (uint64_t block = 0; block < 4; ++block) {
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < 1024; ++i)
      seen.insert(
          (*address.apply(*src.apply({i % 8, i / 8 % 32, i / 256, block})))[0] %
          plan.scratchElements);
    EXPECT_EQ(seen.size(), 1024u);
  }
}

TEST(Swizzle, LinearIndexForOtherRadices) {
  SharedMemory machine = quarterPhases();
  for (uint64_t columns : {33, 48, 96, 160, 192}) {
    Layout tile = *parse("(dim0: 32, dim1: 1) { register: ; lane: (1,0) (2,0) "
                         "(4,0) (8,0) (16,0); warp: }");
    Layout src =
        *product(tile, *Layout::identity1D(columns, "register", "dim1"));
    Layout dst =
        *transpose(src, {"register", "lane", "warp"}, {"dim0", "dim1"});
    SharedPlan plan = *exchangeByLinearIndex(src, dst, 4, machine);
    checkPlan(src, dst, 4, machine, plan);
    // One lane a row: only an odd pitch in words is free of conflicts.
    EXPECT_EQ(plan.store.conflicts, 0u) << columns;
  }
}

TEST(Swizzle, Errors) {
  Layout a = *Layout::identity1D(32, "lane", "dim0"),
         b = *Layout::identity1D(64, "lane", "dim0"),
         c = *Layout::identity1D(32, "thread", "dim0"),
         d = *Layout::identity1D(96, "lane", "dim0");
  SharedMemory machine = quarterPhases();
  EXPECT_FALSE(deriveSwizzle(a, b, 4, machine));
  EXPECT_FALSE(deriveSwizzle(a, c, 4, machine));
  EXPECT_FALSE(deriveSwizzle(d, d, 4, machine));
  EXPECT_FALSE(deriveSwizzle(a, a, 3, machine));
  EXPECT_FALSE(deriveSwizzle(a, a, 0, machine));
  EXPECT_FALSE(deriveSwizzle(a, a, 32, machine));
  machine.banks = 0;
  EXPECT_FALSE(deriveSwizzle(a, a, 4, machine));
  EXPECT_FALSE(exchangeByLinearIndex(a, a, 4, machine));
  EXPECT_FALSE(exchangeByLinearIndex(a, b, 4, quarterPhases()));
}
} // namespace

namespace {
using Addresses = std::vector<std::optional<uint64_t>>;

/// Lane l at byte fn(l); lanes of which the mask lacks the bit are inactive.
template <typename Fn> Addresses lanesAt(Fn fn, uint32_t mask = ~0u) {
  Addresses list(32);
  for (uint32_t lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      list[lane] = fn(lane);
  return list;
}

std::pair<uint64_t, uint64_t> load(const Addresses &list, uint32_t bytes,
                                   bool mergesPairs = true) {
  SharedMemory machine = quarterPhases();
  SharedAccess access = accessOf(machine.loads, bytes);
  access.mergesPairs = mergesPairs;
  AccessCycles cycles = cyclesOfAccess(list, access, machine);
  return {cycles.cycles, cycles.conflicts};
}
} // namespace

// As an H100's counters say (tests/probes/conflict_rules.py).
TEST(SharedAccess, PhasesAndPairs) {
  using Pair = std::pair<uint64_t, uint64_t>;
  auto strided = [](uint32_t lane) { return lane * 8; };
  EXPECT_EQ(load(lanesAt(strided), 8), Pair(2, 0));
  // Half warps that use half of the banks each wait for each other.
  auto halves = [](uint32_t lane) {
    return lane % 8 * 16 + lane / 16 * 8 + lane / 8 % 2 * 4096;
  };
  EXPECT_EQ(load(lanesAt(halves), 8), Pair(4, 2));
  // One place for all: pairs of quarters are one, in loads.
  auto one = [](uint32_t) { return 64; };
  EXPECT_EQ(load(lanesAt(one), 16), Pair(2, 0));
  EXPECT_EQ(load(lanesAt(one), 8), Pair(1, 0));
  EXPECT_EQ(load(lanesAt(one), 16, false), Pair(4, 0));
  // Each quarter the same 128 bytes: no pairs.
  auto quarters = [](uint32_t lane) { return lane % 8 * 16; };
  EXPECT_EQ(load(lanesAt(quarters), 16), Pair(4, 0));
  EXPECT_EQ(load(lanesAt(quarters, 0xff), 16), Pair(1, 0));
  EXPECT_EQ(load(lanesAt(quarters, 0), 16), Pair(0, 0));
  // Every second lane inactive: pairs again, and their words in one cycle.
  EXPECT_EQ(load(lanesAt(strided, 0x55555555), 8), Pair(2, 1));
  // Every lane in one bank, whatever the width.
  auto column = [](uint32_t lane) { return lane * 128; };
  EXPECT_EQ(load(lanesAt(column), 4), Pair(32, 31));
  EXPECT_EQ(load(lanesAt(column), 8), Pair(32, 30));
  EXPECT_EQ(load(lanesAt(column), 16), Pair(32, 28));
}

TEST(SharedPlan, WhatVectorsTakeInRegisters) {
  using Pair = std::pair<uint64_t, uint64_t>;
  auto moves = [](uint32_t elements, uint32_t bytes,
                  const std::vector<uint64_t> &columns) {
    VectorMoves found = movesOfVector(elements, bytes, columns);
    return Pair(found.joins, found.turns);
  };
  // Words are neither joined nor, here, turned.
  EXPECT_EQ(moves(4, 4, {}), Pair(0, 0));
  EXPECT_EQ(moves(1, 1, {}), Pair(0, 0));
  // 16 bytes: three joins a word; eight half words: one.
  EXPECT_EQ(moves(16, 1, {}), Pair(12, 0));
  EXPECT_EQ(moves(8, 2, {}), Pair(4, 0));
  // Turned by whole words (a select each), by half words (a rotation), by bytes
  // (a reversal that is picked, and a rotation).
  EXPECT_EQ(moves(4, 4, {1, 2, 3}), Pair(0, 8));
  EXPECT_EQ(moves(2, 8, {1}), Pair(0, 4));
  EXPECT_EQ(moves(8, 2, {2}), Pair(4, 4));
  EXPECT_EQ(moves(8, 2, {1}), Pair(4, 4));
  EXPECT_EQ(moves(16, 1, {1}), Pair(12, 12));
  EXPECT_EQ(moves(16, 1, {5}), Pair(12, 16));
  // Two bytes: each by itself.
  EXPECT_EQ(moves(2, 1, {1}), Pair(0, 2));
}
