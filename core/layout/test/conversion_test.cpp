//===- conversion_test.cpp - Plans are executed on data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/conversion.h"
#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
ConversionMachine machineWith(unsigned lanes, unsigned elementBytes) {
  ConversionMachine machine;
  machine.elementBytes = elementBytes;
  for (uint32_t bytes : {1, 2, 4, 8, 16}) {
    machine.shared.stores.push_back(SharedAccess::contiguous(bytes, lanes, 8));
    machine.shared.loads.push_back(SharedAccess::contiguous(bytes, lanes, 8));
  }
  return machine;
}

/// What every place of a (register, lane, warp) layout holds.
std::vector<uint64_t> dataOf(const Layout &layout) { return tableOf(layout); }

uint64_t placeOf(const Layout &layout, uint64_t reg, uint64_t lane,
                 uint64_t warp) {
  return reg + layout.inputSize("register") *
                   (lane + layout.inputSize("lane") * warp);
}

/// A register from its bits, in repetition \p odd of \p layout's registers.
uint64_t registerOf(const Layout &layout, uint64_t bits, uint64_t odd) {
  uint64_t value = 0, step = 1;
  for (uint32_t f : layout.inputs()[0].radix) {
    uint64_t digit = f == 2 ? bits & 1 : odd % f;
    if (f == 2)
      bits >>= 1;
    else
      odd /= f;
    value += digit * step;
    step *= f;
  }
  return value;
}

/// Runs the shuffle; only for plans whose odd digits agree in order.
std::vector<uint64_t> runShuffle(const ConversionPlan &plan) {
  const ShufflePlan &shuffle = *plan.shuffle;
  std::vector<uint64_t> from = dataOf(plan.src);
  std::vector<uint64_t> to(plan.dst.totalInputSize(), ~uint64_t(0));
  uint64_t odd = plan.dst.inputSize("register") / shuffle.registers;
  for (uint64_t warp = 0; warp < plan.dst.inputSize("warp"); ++warp)
    for (uint64_t repetition = 0; repetition < odd; ++repetition)
      for (uint64_t step = 0; step < shuffle.steps(); ++step) {
        // Every lane offers one register, then every lane reads one lane.
        std::vector<uint64_t> offered;
        for (uint64_t lane = 0; lane < plan.src.inputSize("lane"); ++lane)
          offered.push_back(from[placeOf(
              plan.src,
              registerOf(plan.src, shuffle.published(step, lane, warp),
                         repetition),
              lane, warp)]);
        for (uint64_t lane = 0; lane < plan.dst.inputSize("lane"); ++lane) {
          uint64_t source = shuffle.sourceLane(step, lane, warp);
          if (shuffle.isLocal(step))
            EXPECT_EQ(source, lane);
          if (shuffle.keeps(step, lane, warp))
            to[placeOf(plan.dst,
                       registerOf(plan.dst, shuffle.destination(step, lane),
                                  repetition),
                       lane, warp)] = offered.at(source);
        }
      }
  return to;
}

/// How far elements must move, by looking at every place.
Reach reachByHand(const Layout &src, const Layout &dst) {
  std::map<uint64_t, std::vector<Coord>> where;
  auto coordOf = [](const Layout &layout, uint64_t place) {
    Coord coord;
    for (const Dim &dim : layout.inputs()) {
      coord.push_back(place % dim.size());
      place /= dim.size();
    }
    return coord;
  };
  for (uint64_t p = 0; p < src.totalInputSize(); ++p)
    where[src.applyLinear(p)].push_back(coordOf(src, p));
  Reach reach = src.inputSize("register") == dst.inputSize("register")
                    ? Reach::Identity
                    : Reach::Registers;
  for (uint64_t p = 0; p < dst.totalInputSize(); ++p) {
    Coord to = coordOf(dst, p);
    Reach best = Reach::Block;
    for (const Coord &from : where[dst.applyLinear(p)]) {
      Reach here = from[2] != to[2]   ? Reach::Block
                   : from[1] != to[1] ? Reach::Warp
                   : from[0] != to[0] ? Reach::Registers
                                      : Reach::Identity;
      best = std::min(best, here);
    }
    reach = std::max(reach, best);
  }
  return reach;
}

void checkConversion(const Layout &src, const Layout &dst,
                     const ConversionMachine &machine,
                     std::map<Reach, int> &seen) {
  Result<ConversionPlan> plan = planConversion(src, dst, machine);
  ASSERT_TRUE(plan) << plan.error() << "\n"
                    << toText(src) << "\n"
                    << toText(dst);
  ++seen[plan->reach];
  if (plan->reach == Reach::LinearIndex) {
    EXPECT_EQ(plan->strategy, Strategy::SharedLinear);
    return;
  }
  Reach reach = plan->reach == Reach::LaneGroup ? Reach::Warp : plan->reach;
  EXPECT_EQ(reach, reachByHand(src, dst)) << toText(src) << "\n" << toText(dst);
  // The pull map finds every element in the source.
  std::vector<uint64_t> from = dataOf(plan->src), to = dataOf(plan->dst);
  for (uint64_t p = 0; p < to.size(); ++p)
    ASSERT_EQ(from[plan->pull.applyLinear(p)], to[p]) << toText(src) << "\n"
                                                      << toText(dst);
  if (plan->shuffle) {
    EXPECT_EQ(runShuffle(*plan), to) << toText(src) << "\n" << toText(dst);
    EXPECT_GT(plan->cost.total, 0u);
    for (uint64_t p = 0; p < to.size(); ++p) {
      uint64_t registers = plan->dst.inputSize("register");
      uint64_t lane = p / registers % plan->dst.inputSize("lane");
      uint64_t source = plan->pull.applyLinear(p) /
                        plan->src.inputSize("register") %
                        plan->src.inputSize("lane");
      EXPECT_EQ(lane / plan->laneGroup, source / plan->laneGroup);
    }
  }
  if (plan->reach == Reach::Identity)
    EXPECT_EQ(plan->strategy, Strategy::None);
  if (plan->reach == Reach::Registers)
    EXPECT_EQ(plan->strategy, Strategy::Permute);
  if (plan->reach == Reach::Block)
    EXPECT_EQ(plan->strategy, Strategy::Shared);
}

TEST(Conversion, RandomBijections) {
  Rng rng(1);
  std::map<Reach, int> seen;
  ConversionMachine machine = machineWith(8, 4);
  for (int i = 0; i < 800; ++i) {
    std::vector<Factors> outs = {{"dim0", {2, 2, 2}}, {"dim1", {2, 2}}};
    if (below(rng, 2))
      outs[1].radix = {2, 2, 3};
    if (below(rng, 4) == 0)
      outs[0].radix = {2, 2, 2, 2};
    std::vector<std::pair<std::string, unsigned>> places = {
        {"lane", 3}, {"warp", below(rng, 2)}};
    Layout src = randomBijection(rng, outs, places),
           dst = randomBijection(rng, outs, places);
    checkConversion(src, dst, machine, seen);
    checkConversion(src, src, machine, seen);
    // The same map with its registers renumbered.
    InputBases turned{"register", src.bases("register")};
    std::vector<InputBases> ins{turned};
    std::reverse(ins[0].bases.begin(), ins[0].bases.end());
    for (const char *name : {"lane", "warp"})
      ins.push_back({name, src.bases(name)});
    std::vector<OutputDim> sizes;
    for (const Factors &dim : outs)
      sizes.push_back({dim.name, {dim.size()}});
    Layout permuted = *Layout::fromBases(ins, sizes);
    checkConversion(src, permuted, machine, seen);
    // The same with lanes renumbered.
    ins[0].bases = src.bases("register");
    std::swap(ins[1].bases[0], ins[1].bases[1]);
    checkConversion(src, *Layout::fromBases(ins, sizes), machine, seen);
    std::swap(ins[1].bases[0], ins[0].bases[0]);
    if (ins[0].bases[0].count == 2)
      checkConversion(src, *Layout::fromBases(ins, sizes), machine, seen);
  }
  for (Reach reach : {Reach::Identity, Reach::Registers, Reach::LaneGroup,
                      Reach::Warp, Reach::Block})
    EXPECT_GT(seen[reach], 100) << int(reach);
}

/// Copies on either side: lanes that share elements, registers that repeat.
TEST(Conversion, RandomWithCopies) {
  Rng rng(2);
  std::map<Reach, int> seen;
  ConversionMachine machine = machineWith(8, 2);
  int planned = 0;
  for (int i = 0; i < 2500; ++i) {
    Description d[2];
    for (Description &one : d) {
      one.ins = {{"register", std::vector<uint32_t>(2 + below(rng, 2), 2)},
                 {"lane", {2, 2, 2}},
                 {"warp", {2}}};
      one.outs = {{"dim0", {2, 2}}, {"dim1", {2, 2}}};
      randomFeeds(rng, one);
    }
    Layout src = *d[0].build(), dst = *d[1].build();
    if (!src.isSurjective())
      continue;
    ++planned;
    checkConversion(src, dst, machine, seen);
  }
  EXPECT_GT(planned, 100);
  EXPECT_GT(seen[Reach::Warp] + seen[Reach::LaneGroup], 30);
}

TEST(Conversion, AccumulatorToOperandStaysInTheThread) {
  // Two accumulator tiles of 16 x 8 hold what one 16 x 16 A operand needs.
  Layout acc = *parse("(dim0: 16, dim1: 16) { register: (0,1) (8,0) (0,8); "
                      "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  EXPECT_EQ(planConversion(acc, acc, machineWith(32, 2))->reach,
            Reach::Identity);
  Layout swapped = *parse("(dim0: 16, dim1: 16) { register: (0,1) (0,8) (8,0); "
                          "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  ConversionPlan plan = *planConversion(acc, swapped, machineWith(32, 2));
  EXPECT_EQ(plan.reach, Reach::Registers);
  EXPECT_EQ(plan.cost.total, 0u);
}

TEST(Conversion, PackedShuffles) {
  // Half of the elements change lanes, each lane exchanging with its
  // neighbour; pairs of halves travel in one word.
  Layout src = *parse("(dim0: 8, dim1: 8) { register: (0,1) (0,2); "
                      "lane: (0,4) (1,0) (2,0) (4,0) }");
  Layout dst = *parse("(dim0: 8, dim1: 8) { register: (0,1) (0,4); "
                      "lane: (0,2) (1,0) (2,0) (4,0) }");
  ConversionPlan halves = *planConversion(src, dst, machineWith(16, 2)),
                 words = *planConversion(src, dst, machineWith(16, 4));
  EXPECT_EQ(halves.reach, Reach::LaneGroup);
  EXPECT_EQ(halves.laneGroup, 2u);
  EXPECT_EQ(halves.shuffle->steps(), 4u);
  EXPECT_EQ(halves.cost.shuffles, 1u);
  EXPECT_EQ(words.cost.shuffles, 2u);
}

TEST(Conversion, OnlyWhatIsUsedIsPicked) {
  // A lane takes one element of eight: a tree of seven selects before and
  // behind the shuffles; lanes that turned all registers would take many more.
  Layout src = *parse("(dim0: 8, dim1: 4) { register: (1,0) (2,0) (4,0); "
                      "lane: (0,1) (0,2) (0,0) (0,0) (0,0); warp: }");
  Layout dst = *parse("(dim0: 8, dim1: 4) { register: ; "
                      "lane: (1,0) (2,0) (4,0) (0,1) (0,2); warp: }");
  Result<ConversionPlan> plan =
      planConversion(src, dst, machineWith(32, 4), Strategy::Shuffle);
  ASSERT_TRUE(plan) << plan.error();
  EXPECT_EQ(plan->cost.shuffles, 4u);
  EXPECT_EQ(plan->cost.selects, 7u);
  // Halves are widened for the shuffle where no two of them travel together.
  plan = planConversion(src, dst, machineWith(32, 2), Strategy::Shuffle);
  ASSERT_TRUE(plan) << plan.error();
  EXPECT_EQ(plan->cost.packs, plan->cost.shuffles);
}

TEST(Conversion, RadicesThatDoNotFitGoByLinearIndex) {
  Layout src = *parse("(dim0: 4*3) { register: 3*(4); lane: (2) (1) }");
  Layout dst = *parse("(dim0: 3*4) { register: 3*(1); lane: (6) (3) }");
  ConversionPlan plan = *planConversion(src, dst, machineWith(4, 4));
  EXPECT_EQ(plan.reach, Reach::LinearIndex);
  EXPECT_EQ(plan.strategy, Strategy::SharedLinear);
  EXPECT_FALSE(plan.shared->swizzled);
  // 96 elements over 32 lanes: the three in registers, above or below.
  Layout above = *parse("(dim0: 32*3) { register: 3*(32); "
                        "lane: (1) (2) (4) (8) (16) }");
  Layout below = *parse("(dim0: 3*32) { register: 3*(1); "
                        "lane: (3) (6) (12) (24) (48) }");
  EXPECT_EQ(planConversion(above, below, machineWith(32, 4))->reach,
            Reach::LinearIndex);
  // Repetitions cut differently but straight through stay in registers.
  Layout n192 = *parse("(dim0: 8*24) { register: (1) 24*(8); lane: (2) (4) }");
  Layout twice96 =
      *parse("(dim0: 8*12*2) { register: (1) (96) 12*(8); lane: (2) (4) }");
  EXPECT_EQ(planConversion(n192, twice96, machineWith(4, 4))->reach,
            Reach::Registers);
}

TEST(Conversion, ForcedStrategies) {
  Layout rows = *parse("(dim0: 64) { register: (1); lane: (2) (4) (8) (16); "
                       "warp: (32) }");
  Layout swapped = *parse("(dim0: 64) { register: (2); lane: (1) (4) (8) (16); "
                          "warp: (32) }");
  Layout turned = *parse("(dim0: 64) { register: (1); lane: (2) (4) (8) (32); "
                         "warp: (16) }");
  Layout picked = *parse("(dim0: 64) { register: (1); lane: (3) (4) (8) (16); "
                         "warp: (32) }");
  using S = Strategy;
  const struct {
    const Layout &to;
    std::vector<Strategy> possible;
  } cases[] = {{swapped, {S::Shuffle, S::Shared, S::SharedLinear}},
               {turned, {S::Shared, S::SharedLinear}},
               {picked, {S::Permute, S::Shared, S::SharedLinear}}};
  for (const auto &[to, possible] : cases)
    for (Strategy forced :
         {S::None, S::Permute, S::Shuffle, S::Shared, S::SharedLinear}) {
      auto plan = planConversion(rows, to, machineWith(16, 4), forced);
      bool isPossible =
          std::find(possible.begin(), possible.end(), forced) != possible.end();
      ASSERT_EQ(bool(plan), isPossible) << nameOf(forced);
      EXPECT_TRUE(strategyNamed(nameOf(forced)) == forced);
      if (isPossible) {
        EXPECT_EQ(plan->strategy, forced);
        EXPECT_EQ(plan->cost.scratchBytes != 0, forced >= S::Shared);
      }
    }
  EXPECT_FALSE(strategyNamed("fast"));
}

TEST(Conversion, CopiesAreNotStored) {
  // Two warps hold the same: one of them stores.
  Layout twice = *parse("(dim0: 32) { register: (1); lane: (2) (4) (8) (16); "
                        "warp: (0) }");
  Layout once = *parse("(dim0: 32) { register:; lane: (1) (2) (4) (8); "
                       "warp: (16) }");
  for (Strategy forced : {Strategy::Shared, Strategy::SharedLinear}) {
    auto plan = planConversion(twice, once, machineWith(16, 4), forced);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->cost.store.instructions, 1u);
    EXPECT_EQ(plan->cost.load.instructions, 2u);
  }
}

TEST(Conversion, Errors) {
  Layout a = *parse("(dim0: 8) { register: (1) (2) (4) }");
  Layout half = *parse("(dim0: 8) { register: (1) (2) }");
  Layout other = *parse("(dim0: 16) { register: (1) (2) (4) (8) }");
  Layout blocks = *parse("(dim0: 8) { register: (1) (2); block: (4) }");
  Layout turned = *parse("(dim0: 8) { register: (1) (4); block: (2) }");
  Layout threads = *parse("(dim0: 8) { thread: (1) (2) (4) }");
  ConversionMachine machine = machineWith(32, 4);
  EXPECT_FALSE(planConversion(half, a, machine));
  EXPECT_TRUE(planConversion(a, half, machine));
  EXPECT_FALSE(planConversion(a, other, machine));
  EXPECT_FALSE(planConversion(blocks, turned, machine));
  EXPECT_FALSE(planConversion(a, threads, machine));
}
} // namespace
