//===- combine.h - Reductions and scans, step by step -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/reduction.h"
#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// The state of a reduction along one dimension: per element that a thread
/// still tells apart, what the elements that it stands for combine to.
class AxisCombiner {
public:
  /// Output bits at lane 0 of warp 0, and odd output digits, without the digits
  /// that are done.
  using Key = std::pair<uint64_t, uint64_t>;

  AxisCombiner(SimtEngine &e, Operation *op, Region &region, ValueRange sources,
               unsigned axis, bool keepOrder, bool reverse);

  /// Runs all steps. With \p scan the elements become running combinations.
  bool run(bool scan);
  /// After all steps: what a register's elements combined to.
  const Values &total(unsigned reg) const;
  /// After a scan.
  const Values &element(unsigned reg) const;

  const LayoutTable &table;

private:
  Key keyOf(unsigned reg) const;
  uint64_t oddWithoutDone(uint64_t odd) const;
  Values combine(const Values &first, const Values &second);
  Values select(Value c, const Values &t, const Values &f);
  /// The combination of the two sides of a bit; `upper` is an i1.
  Values ordered(Value upper, const Values &own, const Values &other);
  void stepRegisters(const layout::ReductionStep &step, bool scan);
  void stepOdd(const layout::ReductionStep &step, bool scan);
  void stepLanes(const layout::ReductionStep &step, bool scan);
  void stepWarps(ArrayRef<layout::ReductionStep> steps, bool scan);
  Value ownBit(const Key &key, unsigned bit);
  /// What a scan still has to put ahead of all elements of a key, and where.
  struct Prefix {
    Value exists; ///< i1
    Values values;
  };
  /// \p values come ahead of what is there, where \p applies.
  void putAhead(std::map<Key, Prefix> &next, const Key &from, const Key &to,
                Value applies, const Values &values);
  void applyPrefixes();

  SimtEngine &e;
  Build &B;
  Operation *op;
  Region &region;
  bool keepOrder, reverse;
  layout::ReductionPlan plan;
  SmallVector<Type> elements;
  std::map<Key, Values> totals;
  std::vector<Values> running; ///< Per register, first copies only.
  std::map<Key, Prefix> prefixes;
  uint64_t done = 0; ///< Bits.
  SmallVector<bool> oddDone;
  SmallVector<uint32_t> oddRadix;
};

} // namespace tilesdk::lowering
