//===- conversion.cpp - How to change a distribution, and its cost --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/conversion.h"
#include "core/layout/algebra.h"
#include "core/layout/digits.h"
#include "core/layout/f2.h"
#include "core/layout/shuffle.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace tilesdk::layout {

namespace {
constexpr const char *placeNames[] = {"register", "lane", "warp", "block"};

/// Inputs (register, lane, warp, block), missing ones added with size 1.
Result<Layout> withPlaces(const Layout &layout) {
  DigitGraph graph(layout), result(layout);
  result.ins.clear();
  for (const char *name : placeNames) {
    result.ins.push_back({name, {}});
    for (const auto &dim : graph.ins)
      if (dim.name == name)
        result.ins.back().digits = dim.digits;
  }
  for (const auto &dim : graph.ins)
    if (std::find(std::begin(placeNames), std::end(placeNames), dim.name) ==
        std::end(placeNames))
      return Error{"a conversion knows register, lane, warp and block, not '" +
                   dim.name + "'"};
  return result.finish();
}

bool repeatsOnlyRegisters(const Layout &layout) {
  for (const Repetition &repetition : layout.repetitions())
    if (repetition.input != "register")
      return false;
  return true;
}

uint64_t dimMask(const std::vector<Dim> &dims, size_t index, unsigned first) {
  return ((uint64_t(1) << dims[index].bits()) - 1) << first;
}

/// Whether \p pull changes dimension \p dim of a place. A bit that only one
/// side has counts as a change unless it leads to zero.
bool moves(const Layout &pull, size_t dim) {
  uint64_t mask = dimMask(pull.outputs(), dim, pull.firstOutputBit(dim));
  for (size_t d = 0; d < pull.inputs().size(); ++d)
    for (unsigned b = 0; b < pull.inputs()[d].bits(); ++b) {
      uint64_t part = pull.columns()[pull.firstInputBit(d) + b] & mask;
      uint64_t own = d == dim && b < pull.outputs()[dim].bits()
                         ? uint64_t(1) << (pull.firstOutputBit(dim) + b)
                         : 0;
      if (part != own)
        return true;
    }
  return false;
}

bool isIdentity(const Layout &pull) {
  for (size_t d = 0; d < pull.inputs().size(); ++d)
    if (pull.inputs()[d].radix != pull.outputs()[d].radix)
      return false;
  for (size_t i = 0; i < pull.links().size(); ++i)
    if (pull.links()[i] != int(i))
      return false;
  return pull.columns() == f2::units(pull.inputBits());
}
} // namespace

Result<Layout> pullMap(const Layout &src, const Layout &dst) {
  f2::Span span(src.columns());
  DigitGraph result;
  std::vector<int> bitIds, oddIds;
  for (const Dim &dim : src.inputs()) {
    result.outs.push_back({dim.name, {}});
    for (uint32_t count : dim.radix) {
      (count == 2 ? bitIds : oddIds).push_back(result.nextId);
      result.outs.back().digits.push_back({count, result.nextId++});
    }
  }
  unsigned bit = 0;
  size_t odd = 0;
  for (size_t d = 0; d < dst.inputs().size(); ++d) {
    const Dim &dim = dst.inputs()[d];
    result.ins.push_back({dim.name, {}});
    unsigned own = 0;
    for (uint32_t count : dim.radix) {
      DigitGraph::InputDigit digit{count, {}};
      if (count == 2) {
        // Stay in place, then mend the difference by the nearest places.
        uint64_t image = dst.columns()[bit++], stay = 0;
        if (own < src.inputs()[d].bits())
          stay = uint64_t(1) << (src.firstInputBit(d) + own);
        ++own;
        auto mend = span.solve(image ^ f2::multiply(src.columns(), stay));
        if (!mend)
          return Error{"the source does not hold every element that '" +
                       dim.name + "' of the destination needs"};
        uint64_t from = stay ^ *mend;
        for (; from; from &= from - 1)
          digit.feeds.push_back(bitIds[std::countr_zero(from)]);
      } else if (int link = dst.links()[odd++]; link >= 0) {
        for (size_t k = 0; k < src.links().size(); ++k)
          if (src.links()[k] == link)
            digit.feeds.push_back(oddIds[k]);
        if (digit.feeds.empty())
          return Error{"the source does not hold every repetition of the "
                       "destination"};
      }
      result.ins.back().digits.push_back(std::move(digit));
    }
  }
  return result.finish(false);
}

namespace {
/// The memory with the costs of its accesses.
SharedMemory memoryOf(const ConversionMachine &machine) {
  SharedMemory memory = machine.shared;
  memory.cycleCost = machine.sharedCycleCost;
  memory.issueCost = machine.sharedIssueCost;
  memory.moveCost = machine.selectCost;
  return memory;
}

/// Turns the plan to shared memory where that exists and is cheaper.
void considerShared(ConversionPlan &plan, const ConversionMachine &machine) {
  if (!plan.shared)
    return;
  const SharedPlan &shared = *plan.shared;
  ConversionCost cost;
  cost.store = shared.store;
  cost.load = shared.load;
  cost.scratchBytes = shared.scratchElements * machine.elementBytes;
  // One barrier between store and load, one before each reuse.
  cost.barriers = plan.reach >= Reach::Block ? 2 * shared.rounds - 1 : 0;
  cost.packs = shared.moves.joins * shared.rounds;
  cost.selects = shared.moves.turns * shared.rounds;
  cost.total = shared.cost(memoryOf(machine)) * shared.rounds +
               cost.barriers * machine.barrierCost +
               shared.rounds * machine.sharedLatencyCost;
  if (plan.strategy == Strategy::None || cost.total < plan.cost.total) {
    plan.strategy = shared.swizzled ? Strategy::Shared : Strategy::SharedLinear;
    plan.cost = cost;
  }
}
} // namespace

static constexpr const char *strategyNames[] = {"none", "permute", "shuffle",
                                                "shared", "shared-linear"};

const char *nameOf(Strategy strategy) {
  return strategyNames[static_cast<size_t>(strategy)];
}

std::optional<Strategy> strategyNamed(std::string_view name) {
  for (size_t i = 0; i < std::size(strategyNames); ++i)
    if (name == strategyNames[i])
      return Strategy(i);
  return std::nullopt;
}

Result<ConversionPlan> planConversion(const Layout &src, const Layout &dst,
                                      const ConversionMachine &machine,
                                      std::optional<Strategy> forced) {
  Result<Layout> from = withPlaces(src), to = withPlaces(dst);
  if (!from || !to)
    return Error{from ? to.error() : from.error()};
  // Registers that hold copies are filled from the first one.
  to = dropBroadcast(*to, "register");
  if (!to)
    return Error{to.error()};
  ConversionPlan plan;
  uint64_t warps = to->inputSize("warp");

  Result<Aligned> aligned = alignOutputs(*from, *to);
  if (!aligned || !repeatsOnlyRegisters(aligned->a) ||
      !repeatsOnlyRegisters(aligned->b) || forced == Strategy::SharedLinear) {
    if (forced && forced != Strategy::SharedLinear)
      return Error{"these layouts have no digits in common"};
    if (!from->isSurjective())
      return Error{"the source does not hold every element"};
    Result<SharedPlan> shared = exchangeByLinearIndex(
        *from, *to, machine.elementBytes, memoryOf(machine));
    if (!shared)
      return Error{shared.error()};
    plan.reach = Reach::LinearIndex;
    plan.shared = std::move(*shared);
    considerShared(plan, machine);
    return plan;
  }
  plan.src = aligned->a;
  plan.dst = aligned->b;
  Result<Layout> pull = pullMap(plan.src, plan.dst);
  if (!pull)
    return Error{pull.error()};
  plan.pull = *pull;

  uint64_t registers = plan.dst.inputSize("register");
  auto isPossible = [&](Strategy strategy) {
    return !forced || forced == strategy;
  };
  auto impossible = [&] {
    return Error{std::string("this conversion cannot be done by the strategy "
                             "`") +
                 nameOf(*forced) + "`"};
  };
  if (isIdentity(*pull) && isPossible(Strategy::None))
    return plan;
  if (moves(*pull, 3))
    return Error{"elements move between blocks, which no conversion of this "
                 "library does"};
  if (moves(*pull, 2)) {
    plan.reach = Reach::Block;
    if (!isPossible(Strategy::Shared))
      return impossible();
  } else if (!moves(*pull, 1)) {
    plan.reach = Reach::Registers;
    if (forced == Strategy::Shuffle || forced == Strategy::None)
      return impossible();
    plan.strategy = Strategy::Permute;
    // A permutation that every thread shares is only a renaming; what depends
    // on the thread is picked by selects.
    f2::Vectors fromThread;
    uint64_t mask = dimMask(pull->outputs(), 0, 0);
    for (unsigned b = pull->inputs()[0].bits(); b < pull->inputBits(); ++b)
      fromThread.push_back(pull->columns()[b] & mask);
    f2::Vectors fromRegister(pull->columns().begin(),
                             pull->columns().begin() +
                                 pull->inputs()[0].bits());
    std::set<uint64_t> used;
    for (uint64_t r = 0; r < uint64_t(1) << fromRegister.size(); ++r)
      used.insert(f2::multiply(fromRegister, r) & mask);
    plan.cost.moves = registers * warps;
    plan.cost.selects = countPicks(fromThread, std::move(used)) *
                        (plan.cost.moves >> fromRegister.size());
    plan.cost.total = plan.cost.selects * machine.selectCost;
    if (isPossible(Strategy::Permute))
      return plan;
  } else {
    if (!isPossible(Strategy::Shuffle) && !isPossible(Strategy::Shared))
      return impossible();
    // The lane bits that change, as seen from source and destination.
    uint64_t changed = 0;
    unsigned first = pull->firstInputBit(1),
             sourceFirst = pull->firstOutputBit(1);
    uint64_t mask = dimMask(pull->outputs(), 1, sourceFirst);
    for (unsigned b = 0; b < pull->inputBits(); ++b) {
      uint64_t part = (pull->columns()[b] & mask) >> sourceFirst;
      if (b >= first && b < first + pull->inputs()[1].bits())
        part ^= uint64_t(1) << (b - first);
      changed |= part;
    }
    plan.laneGroup = uint64_t(1) << std::bit_width(changed);
    uint64_t lanes =
        std::max(plan.src.inputSize("lane"), plan.dst.inputSize("lane"));
    plan.reach = plan.laneGroup < lanes ? Reach::LaneGroup : Reach::Warp;
    plan.shuffle = planShuffle(*pull);
    unsigned pack = 0;
    if (machine.elementBytes && machine.shuffleBytes > machine.elementBytes)
      pack = packedBits(*pull, unsigned(std::bit_width(machine.shuffleBytes /
                                                       machine.elementBytes)) -
                                   1);
    plan.shuffle->packBits = pack;
    countShuffle(*plan.shuffle, pack, plan.cost.shuffles, plan.cost.selects);
    uint64_t repetitions = registers / plan.shuffle->registers;
    uint64_t words = std::max<uint64_t>(
        1,
        machine.shuffleBytes ? machine.elementBytes / machine.shuffleBytes : 1);
    plan.cost.shuffles *= repetitions * words * warps;
    plan.cost.selects *= repetitions * words * warps;
    if (pack)
      plan.cost.packs = (registers + plan.src.inputSize("register")) * warps *
                            ((uint64_t(1) << pack) - 1) >>
                        pack;
    else if (machine.elementBytes < machine.shuffleBytes)
      plan.cost.packs = plan.cost.shuffles; // Each is widened.
    plan.strategy = Strategy::Shuffle;
    plan.cost.total =
        costOfUnits((plan.cost.selects + plan.cost.packs) * machine.selectCost,
                    plan.cost.shuffles * machine.shuffleCost) +
        machine.shuffleLatencyCost;
    if (forced == Strategy::Shuffle)
      return plan;
  }
  if (forced) {
    plan.strategy = Strategy::None;
    plan.cost = {};
  }
  Result<SharedPlan> shared = deriveSwizzle(
      plan.src, plan.dst, machine.elementBytes, memoryOf(machine));
  if (shared)
    plan.shared = std::move(*shared);
  considerShared(plan, machine);
  if (plan.strategy == Strategy::None)
    return Error{shared.error()};
  return plan;
}

} // namespace tilesdk::layout
