//===- reduction.cpp - Along one dimension, digit by digit ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/reduction.h"
#include "core/layout/f2.h"

#include <algorithm>

namespace tilesdk::layout {

namespace {
/// The place that differs in output bit \p bit, but for the bits in \p done.
std::optional<ReductionStep> findStep(const Layout &layout, unsigned bit,
                                      uint64_t done) {
  f2::Span span;
  for (uint64_t column : layout.columns())
    span.add(column & ~done);
  auto place = span.solve(uint64_t(1) << bit);
  if (!place)
    return std::nullopt;
  ReductionStep step;
  step.digit = bit;
  unsigned first = 0;
  for (const Dim &dim : layout.inputs()) {
    uint64_t part = *place >> first & ((uint64_t(1) << dim.bits()) - 1);
    first += dim.bits();
    if (dim.name == "register")
      step.reg = part;
    else if (dim.name == "lane")
      step.lane = part;
    else if (dim.name == "warp")
      step.warp = part;
  }
  step.reach = step.warp   ? ReductionStep::Warps
               : step.lane ? ReductionStep::Lanes
                           : ReductionStep::Registers;
  return step;
}
} // namespace

Result<ReductionPlan> planReduction(const Layout &layout, size_t axis,
                                    bool keepOrder) {
  for (const Repetition &repetition : layout.repetitions())
    if (repetition.input != "register")
      return Error{"'" + repetition.input +
                   "' holds a repetition; only registers may"};
  // The digits of the axis, lowest first.
  struct Digit {
    uint32_t count;
    unsigned number;
  };
  std::vector<Digit> digits;
  unsigned bit = 0, odd = 0, bits = 0;
  uint64_t odds = 1;
  for (size_t d = 0; d < layout.outputs().size(); ++d)
    for (uint32_t count : layout.outputs()[d].radix) {
      unsigned number = count == 2 ? bit++ : odd++;
      if (count != 2)
        odds *= count;
      else
        ++bits;
      if (d == axis)
        digits.push_back({count, number});
    }

  ReductionPlan plan;
  uint64_t done = 0;
  uint64_t left = odds;
  auto take = [&](const ReductionStep &step) {
    plan.steps.push_back(step);
    if (step.count == 2)
      done |= uint64_t(1) << step.digit;
    else
      left /= step.count;
  };
  while (!digits.empty()) {
    // The nearest digit, or simply the lowest.
    std::optional<ReductionStep> best;
    size_t at = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
      std::optional<ReductionStep> step;
      if (digits[i].count == 2) {
        step = findStep(layout, digits[i].number, done);
      } else if (std::find(layout.links().begin(), layout.links().end(),
                           int(digits[i].number)) != layout.links().end()) {
        step.emplace();
        step->count = digits[i].count;
        step->digit = digits[i].number;
      }
      if (!step)
        return Error{"the layout does not hold every element"};
      if (!best || step->reach < best->reach) {
        best = step;
        at = i;
      }
      if (keepOrder || best->reach == ReductionStep::Registers)
        break;
    }
    // An exchange between warps begins here: everything not done is in it.
    if (best->reach == ReductionStep::Warps &&
        (plan.steps.empty() ||
         plan.steps.back().reach != ReductionStep::Warps)) {
      unsigned here = bits;
      for (uint64_t rest = done; rest; rest &= rest - 1)
        --here;
      plan.scratchElements = std::max(plan.scratchElements, left << here);
    }
    take(*best);
    digits.erase(digits.begin() + at);
  }
  return plan;
}

} // namespace tilesdk::layout
