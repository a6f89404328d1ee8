//===- exchange.h - What all exchanges through memory share -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/swizzle.h"

#include <algorithm>
#include <map>

namespace tilesdk::layout {

inline uint64_t sizeOf(const Layout &layout, const char *name) {
  return layout.inputSize(name);
}

/// The coordinate of a place, the layout's inputs being in any order.
Coord placeOf(const Layout &layout, uint64_t reg, uint64_t lane, uint64_t warp);

/// Bits of lanes and warps that hold copies: only the first copy is stored.
struct Copies {
  uint64_t lanes = 0, warps = 0;
};

Copies copiesOf(const Layout &layout);

/// One instruction, whose lanes access the elements at \p offsets.
void countAccess(AccessCount &count,
                 std::vector<std::optional<uint64_t>> offsets,
                 uint32_t elementBytes, const SharedAccess &access,
                 const SharedMemory &machine);

/// countAccesses with the offset of each (register, lane, warp) at hand.
template <typename OffsetAt>
AccessCount countPlaces(const Layout &side, Copies copies,
                        uint32_t elementBytes, const SharedAccess &access,
                        const SharedMemory &machine, OffsetAt offsetAt) {
  AccessCount count;
  count.elements = std::max<uint32_t>(1, access.bytes / elementBytes);
  uint64_t registers = sizeOf(side, "register"), lanes = sizeOf(side, "lane");
  for (uint64_t warp = 0; warp < sizeOf(side, "warp"); ++warp) {
    if (warp & copies.warps)
      continue;
    // Registers are grouped by lane 0's vectors: one group, one instruction.
    std::map<uint64_t, uint64_t> groups;
    for (uint64_t reg = 0; reg < registers; ++reg)
      groups.try_emplace(offsetAt(reg, 0, warp) / count.elements, reg);
    for (auto [group, reg] : groups) {
      ++count.instructions;
      std::vector<std::optional<uint64_t>> offsets(lanes);
      for (uint64_t lane = 0; lane < lanes; ++lane)
        if (!(lane & copies.lanes))
          offsets[lane] = offsetAt(reg, lane, warp);
      countAccess(count, std::move(offsets), elementBytes, access, machine);
    }
  }
  return count;
}

/// What the exchange asks of sizes: powers of two.
std::optional<Error> checkMachine(uint32_t elementBytes,
                                  const SharedMemory &machine);

/// Adds what the vectors of one side take, \p columns being what turns them.
void addMoves(VectorMoves &sum, const AccessCount &side, uint32_t elementBytes,
              const std::vector<uint64_t> &columns);

/// Of less cost or, at the same cost, of fewer instructions.
bool better(const SharedPlan &a, const SharedPlan &b,
            const SharedMemory &machine);

} // namespace tilesdk::layout
