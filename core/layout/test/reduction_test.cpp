//===- reduction_test.cpp - Plans are executed on data --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/f2.h"
#include "core/layout/reduction.h"
#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
/// Executes the steps on sets of elements, and checks after each that a place
/// stands for the elements that differ from its own in the digits so far.
void check(const Layout &layout, size_t axis, bool keepOrder) {
  auto plan = planReduction(layout, axis, keepOrder);
  ASSERT_TRUE(plan) << plan.error() << "\n" << toText(layout);
  uint64_t bits = 0;
  unsigned lowest = 0;
  for (const ReductionStep &step : plan->steps) {
    if (keepOrder && step.count == 2) {
      EXPECT_GE(step.digit, lowest);
      lowest = step.digit + 1;
    }
    if (step.count != 2)
      continue;
    // The other place differs in this digit, and besides in earlier ones only.
    Coord in(layout.inputs().size());
    in[*layout.inputIndex("register")] = step.reg;
    in[*layout.inputIndex("lane")] = step.lane;
    in[*layout.inputIndex("warp")] = step.warp;
    uint64_t image = 0;
    unsigned first = 0;
    for (size_t d = 0; d < in.size(); ++d) {
      std::vector<uint64_t> columns(layout.columns().begin() + first,
                                    layout.columns().begin() + first +
                                        layout.inputs()[d].bits());
      image ^= f2::multiply(columns, in[d]);
      first += layout.inputs()[d].bits();
    }
    EXPECT_EQ(image & ~bits, uint64_t(1) << step.digit) << toText(layout);
    EXPECT_FALSE(bits >> step.digit & 1);
    bits |= uint64_t(1) << step.digit;
    EXPECT_EQ(step.warp != 0, step.reach == ReductionStep::Warps);
    if (step.reach == ReductionStep::Registers)
      EXPECT_EQ(step.lane, 0u);
  }
  EXPECT_EQ(plan->scratchElements != 0,
            std::any_of(plan->steps.begin(), plan->steps.end(),
                        [](const ReductionStep &step) {
                          return step.reach == ReductionStep::Warps;
                        }));
  // All digits of the axis, once.
  EXPECT_EQ(plan->steps.size(), layout.outputs()[axis].radix.size());
}

TEST(Reduction, Random) {
  Rng rng(3);
  for (int i = 0; i < 500; ++i) {
    std::vector<Factors> outs = {{"dim0", {2, 2, 2}}, {"dim1", {2, 2, 2}}};
    if (below(rng, 2))
      outs[1].radix = {2, 2, 3};
    Layout layout = randomBijection(rng, outs, {{"lane", 3}, {"warp", 1}});
    for (size_t axis : {0, 1})
      for (bool keepOrder : {false, true})
        check(layout, axis, keepOrder);
  }
}

TEST(Reduction, RowsOfAWarp) {
  // A row lies in 4 registers, 8 lanes and 2 warps.
  Layout rows = *parse("(dim0: 16, dim1: 64) { register: (0,1) (0,2) (8,0); "
                       "lane: (0,4) (0,8) (0,16) (1,0) (2,0); "
                       "warp: (4,0) (0,32) }");
  ReductionPlan plan = *planReduction(rows, 1, false);
  ASSERT_EQ(plan.steps.size(), 6u);
  EXPECT_EQ(plan.steps[1].reg, 2u);
  EXPECT_EQ(plan.steps[2].lane, 1u);
  EXPECT_EQ(plan.steps[5].warp, 2u);
  EXPECT_EQ(plan.scratchElements, 16u * 2);
  EXPECT_EQ(planReduction(rows, 0, false)->scratchElements, 64u * 2);
  EXPECT_EQ(planReduction(rows, 0, true)->scratchElements, 64u * 4);
}

TEST(Reduction, Errors) {
  Layout half = *parse("(dim0: 8) { register: (1) (2); lane: ; warp: }");
  EXPECT_FALSE(planReduction(half, 0, false));
  Layout lanes = *parse("(dim0: 12) { register: (1) (2); lane: 3*(4); warp: }");
  EXPECT_FALSE(planReduction(lanes, 0, false));
}
} // namespace
