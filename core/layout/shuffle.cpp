//===- shuffle.cpp - Finding the rounds of a shuffle ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For destination (r, l) the pull map reads source lane C r + D l, register
// A r + B l. In one step all lanes l take register r0 + f(l), so that the lane
// read is C r0 + (C f + D) l. f is chosen to make C f + D as close to a
// permutation of lanes as it can be: then every lane is read once and one step
// a register suffices. Where several lanes still read one lane and want
// different registers of it, the step is repeated for each difference.
//
//===----------------------------------------------------------------------===//

#include "core/layout/shuffle.h"
#include "core/layout/f2.h"

#include <bit>

namespace tilesdk::layout {

ShufflePlan planShuffle(const Layout &pull) {
  // Inputs and outputs are (register, lane, warp, block).
  unsigned r = pull.inputs()[0].bits(), l = pull.inputs()[1].bits(),
           sr = pull.outputs()[0].bits(), sl = pull.outputs()[1].bits();
  auto registerPart = [&](uint64_t column) {
    return column & ((uint64_t(1) << sr) - 1);
  };
  auto lanePart = [&](uint64_t column) {
    return (column >> sr) & ((uint64_t(1) << sl) - 1);
  };
  ShufflePlan plan;
  plan.registers = uint64_t(1) << r;
  const std::vector<uint64_t> &columns = pull.columns();
  f2::Vectors laneColumns;
  for (unsigned i = 0; i < columns.size(); ++i) {
    if (i < r) {
      plan.sourceOfRegister.push_back(lanePart(columns[i]));
      plan.registerOfRegister.push_back(registerPart(columns[i]));
    } else if (i < r + l) {
      laneColumns.push_back(columns[i]);
    } else {
      plan.sourceOfOuter.push_back(lanePart(columns[i]));
      plan.registerOfOuter.push_back(registerPart(columns[i]));
    }
  }
  // First the lanes that already read independent lanes, then let the others
  // take their registers in another order where that helps.
  f2::Span read;
  std::vector<bool> done(l);
  plan.destinationOfLane.assign(l, 0);
  for (unsigned j = 0; j < l; ++j)
    done[j] = read.add(lanePart(laneColumns[j]));
  for (unsigned j = 0; j < l; ++j) {
    if (done[j] || laneColumns[j] == 0)
      continue;
    for (unsigned b = 0; b < r; ++b)
      if (read.add(lanePart(laneColumns[j]) ^ plan.sourceOfRegister[b])) {
        plan.destinationOfLane[j] = uint64_t(1) << b;
        break;
      }
  }
  for (unsigned j = 0; j < l; ++j) {
    uint64_t f = plan.destinationOfLane[j];
    plan.sourceOfLane.push_back(lanePart(laneColumns[j]) ^
                                f2::multiply(plan.sourceOfRegister, f));
    plan.registerOfLane.push_back(registerPart(laneColumns[j]) ^
                                  f2::multiply(plan.registerOfRegister, f));
  }
  f2::Span lanes(plan.sourceOfLane);
  for (unsigned i = 0; i < sl; ++i)
    plan.readerOfSource.push_back(lanes.reduce(uint64_t(1) << i).used);
  for (uint64_t same : lanes.kernel())
    f2::extend(plan.defects, {f2::multiply(plan.registerOfLane, same)}, 64);
  return plan;
}

uint64_t ShufflePlan::sourceLane(uint64_t step, uint64_t lane,
                                 uint64_t outer) const {
  return f2::multiply(sourceOfRegister, step >> defects.size()) ^
         f2::multiply(sourceOfLane, lane) ^ f2::multiply(sourceOfOuter, outer);
}

uint64_t ShufflePlan::published(uint64_t step, uint64_t lane,
                                uint64_t outer) const {
  uint64_t base = step >> defects.size();
  uint64_t reader =
      f2::multiply(readerOfSource, lane ^ f2::multiply(sourceOfRegister, base) ^
                                       f2::multiply(sourceOfOuter, outer));
  return f2::multiply(registerOfRegister, base) ^
         f2::multiply(registerOfLane, reader) ^
         f2::multiply(registerOfOuter, outer) ^
         f2::multiply(defects, step & ((uint64_t(1) << defects.size()) - 1));
}

uint64_t ShufflePlan::destination(uint64_t step, uint64_t lane) const {
  return (step >> defects.size()) ^ f2::multiply(destinationOfLane, lane);
}

bool ShufflePlan::keeps(uint64_t step, uint64_t lane, uint64_t outer) const {
  uint64_t wanted = f2::multiply(registerOfRegister, step >> defects.size()) ^
                    f2::multiply(registerOfLane, lane) ^
                    f2::multiply(registerOfOuter, outer);
  return published(step, sourceLane(step, lane, outer), outer) == wanted;
}

bool ShufflePlan::isLocal(uint64_t step) const {
  if (!defects.empty() ||
      f2::multiply(sourceOfRegister, step >> defects.size()))
    return false;
  for (uint64_t source : sourceOfOuter)
    if (source)
      return false;
  return sourceOfLane == f2::units(unsigned(sourceOfLane.size()));
}

unsigned packedBits(const Layout &pull, unsigned limit) {
  unsigned n = 0;
  for (;
       n < limit && n < pull.inputs()[0].bits() && n < pull.outputs()[0].bits();
       ++n)
    for (unsigned i = 0; i < pull.columns().size(); ++i)
      if (((pull.columns()[i] >> n) & 1) != (i == n) ||
          (i == n && pull.columns()[i] != uint64_t(1) << n))
        return n;
  return n;
}

uint64_t countPicks(const f2::Vectors &byThread, std::set<uint64_t> used) {
  f2::Span span;
  f2::Vectors rounds;
  for (uint64_t column : byThread)
    if (span.add(column))
      rounds.push_back(column);
  uint64_t selects = 0;
  for (; !rounds.empty(); rounds.pop_back()) {
    selects += used.size();
    for (uint64_t number : std::set<uint64_t>(used))
      used.insert(number ^ rounds.back());
  }
  return selects;
}

void countShuffle(const ShufflePlan &plan, unsigned packBits,
                  uint64_t &shuffles, uint64_t &selects) {
  f2::Vectors offered, placed;
  for (unsigned i = 0; i < plan.destinationOfLane.size(); ++i) {
    offered.push_back(plan.published(0, uint64_t(1) << i, 0) >> packBits);
    placed.push_back(plan.destinationOfLane[i] >> packBits);
  }
  for (unsigned i = 0; i < plan.sourceOfOuter.size(); ++i)
    offered.push_back(plan.published(0, 0, uint64_t(1) << i) >> packBits);
  uint64_t low = ((uint64_t(1) << packBits) - 1) << plan.defects.size();
  std::set<uint64_t> published, received;
  shuffles = 0;
  for (uint64_t step = 0; step < plan.steps(); ++step) {
    if (step & low)
      continue;
    shuffles += !plan.isLocal(step);
    published.insert(plan.published(step, 0, 0) >> packBits);
    received.insert(step >> plan.defects.size() >> packBits);
  }
  selects = countPicks(offered, std::move(published)) +
            ((uint64_t(1) << plan.defects.size()) - 1) * received.size();
  selects += countPicks(placed, std::move(received));
}

} // namespace tilesdk::layout
