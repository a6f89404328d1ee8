//===- conversion.h - How to change a distribution, and its cost *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A conversion is seen from the place that receives: its pull map takes each
// (register, lane, warp, block) of the destination to a place of the source
// that holds the same element, moved as little as possible. How far the map
// reaches decides which strategies exist; the cheapest by counted cost is
// chosen, and the counts are returned for passes to compare.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/swizzle.h"

#include <optional>
#include <string_view>

namespace tilesdk::layout {

/// What a target says about moving data; costs are in one unit, cycles of a
/// block.
struct ConversionMachine {
  uint32_t elementBytes = 4;
  /// Bytes that one lane receives in one shuffle.
  uint32_t shuffleBytes = 4;
  uint32_t shuffleCost = 2;
  uint32_t selectCost = 1;
  /// Of one cycle of shared memory, of issuing an access, of a CTA barrier.
  uint32_t sharedCycleCost = 1;
  uint32_t sharedIssueCost = 2;
  uint32_t barrierCost = 20;
  /// Of waiting for one exchange, which other warps do not hide.
  uint32_t shuffleLatencyCost = 0, sharedLatencyCost = 0;
  SharedMemory shared;
};

/// How far elements move at most.
enum class Reach {
  /// Every place keeps its element.
  Identity,
  /// Between registers of a thread.
  Registers,
  /// Between lanes of an aligned group smaller than a warp.
  LaneGroup,
  /// Between lanes of a warp.
  Warp,
  /// Between warps of a block.
  Block,
  /// Between blocks of a cluster: no strategy of this library.
  Cluster,
  /// Layouts whose digits do not fit together, or whose repetitions leave the
  /// registers: through memory by linear index.
  LinearIndex,
};

enum class Strategy { None, Permute, Shuffle, Shared, SharedLinear };

/// "none", "permute", "shuffle", "shared", "shared-linear".
const char *nameOf(Strategy strategy);
std::optional<Strategy> strategyNamed(std::string_view name);

/// The rounds of a conversion within warps. In each step every lane offers one
/// register and takes one value from another lane. Steps are numbered by the
/// destination register (its bits as in the pull map) times the defects.
/// Lanes and warps enter as the bits of the pull map's inputs, so every
/// function is affine in them and a lowering may emit XORs of constants.
struct ShufflePlan {
  /// Per lane bit: what it adds to the destination register and source lane.
  std::vector<uint64_t> destinationOfLane, sourceOfLane, registerOfLane;
  /// Per destination register bit: source lane, source register.
  std::vector<uint64_t> sourceOfRegister, registerOfRegister;
  /// Per warp and then block bit: source lane, source register.
  std::vector<uint64_t> sourceOfOuter, registerOfOuter;
  /// Per source-lane bit: the reading lane it stands for (a right inverse of
  /// sourceOfLane).
  std::vector<uint64_t> readerOfSource;
  /// Registers by which readers of one lane differ: 2^n steps per register.
  std::vector<uint64_t> defects;
  uint64_t registers = 1;
  /// Registers that differ in this many low bits travel in one word, which no
  /// function here changes: their steps are those of the first one.
  unsigned packBits = 0;

  uint64_t steps() const { return registers << defects.size(); }
  /// The register, in source bits, that \p lane offers.
  uint64_t published(uint64_t step, uint64_t lane, uint64_t outer) const;
  uint64_t sourceLane(uint64_t step, uint64_t lane, uint64_t outer) const;
  /// The register, in destination bits, that the value is for.
  uint64_t destination(uint64_t step, uint64_t lane) const;
  /// Whether the value is this lane's; always true without defects.
  bool keeps(uint64_t step, uint64_t lane, uint64_t outer) const;
  /// Whether no lane needs another's value in this step.
  bool isLocal(uint64_t step) const;
};

struct ConversionCost {
  uint64_t total = 0;
  uint64_t moves = 0;
  uint64_t shuffles = 0, selects = 0;
  /// Instructions that only join narrow elements to words or take them apart;
  /// turns inside of the vectors of shared memory are selects.
  uint64_t packs = 0;
  AccessCount store, load;
  uint64_t barriers = 0;
  uint64_t scratchBytes = 0;
};

struct ConversionPlan {
  Reach reach = Reach::Identity;
  Strategy strategy = Strategy::None;
  /// The layouts with common digits, inputs (register, lane, warp, block);
  /// bits and repetitions of all maps here are theirs. Not for LinearIndex.
  /// The destination is without its registers that hold copies.
  Layout src, dst;
  /// dst place -> src place; not for LinearIndex.
  Layout pull;
  /// Lanes of the smallest aligned group within which lanes exchange.
  uint64_t laneGroup = 1;
  /// Per warp and repetition; present when reach is LaneGroup or Warp.
  std::optional<ShufflePlan> shuffle;
  /// Present when shared memory was considered and can be used.
  std::optional<SharedPlan> shared;
  /// Of the chosen strategy: all warps of a block and all repetitions, except
  /// the access counts, which are of one of shared->rounds.
  ConversionCost cost;
};

/// The pull map of one layout onto another over the same digits, with the
/// least movement: source registers are preferred to lanes, those to warps,
/// those to blocks. Preconditions: results of alignOutputs with inputs
/// (register, lane, warp, block) whose repetitions are all in registers.
/// Fails when \p src does not hold an element of \p dst.
Result<Layout> pullMap(const Layout &src, const Layout &dst);

/// Plans the conversion from \p src to \p dst. Fails when the outputs differ,
/// when the source does not hold every element, or when elements change block.
/// With \p forced, for measurements: that strategy or an error.
Result<ConversionPlan>
planConversion(const Layout &src, const Layout &dst,
               const ConversionMachine &machine,
               std::optional<Strategy> forced = std::nullopt);

} // namespace tilesdk::layout
