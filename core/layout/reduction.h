//===- reduction.h - Along one dimension, digit by digit --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A reduction or scan combines, one digit of the dimension's coordinate after
// the other, the elements that differ in this digit only. After a step a place
// stands for all elements that differ from its own in the digits so far. Taken
// from the lowest digit up, neighbours are combined with neighbours, and so the
// order of elements is kept; otherwise registers come first, then lanes, then
// warps.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

namespace tilesdk::layout {

struct ReductionStep {
  /// Where the elements that differ in the digit are, seen from one place.
  enum Reach { Registers, Lanes, Warps } reach = Registers;
  /// 2, or odd: always in registers.
  uint32_t count = 2;
  /// Of the output digit: a bit in the numbering of Layout::columns(), or a
  /// number among all odd output digits.
  unsigned digit = 0;
  /// For count 2: how the register, lane and warp of the other place differ, in
  /// binary digits of these inputs.
  uint64_t reg = 0, lane = 0, warp = 0;
};

struct ReductionPlan {
  std::vector<ReductionStep> steps;
  /// Consecutive steps that reach other warps exchange at once. The largest
  /// number of elements, of each operand, that such an exchange puts into
  /// shared memory; 0: there is none.
  uint64_t scratchElements = 0;
};

/// Plans along output \p axis of a layout (register, lane, warp -> ...). Fails
/// when the layout does not hold every element, or repeats lanes or warps an
/// odd number of times.
Result<ReductionPlan> planReduction(const Layout &layout, size_t axis,
                                    bool keepOrder);

} // namespace tilesdk::layout
