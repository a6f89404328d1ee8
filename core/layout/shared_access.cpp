//===- shared_access.cpp - What an access of shared memory takes ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/shared_access.h"
#include "core/layout/exchange.h"

namespace tilesdk::layout {

SharedAccess SharedAccess::contiguous(uint32_t bytes, uint32_t lanes,
                                      uint32_t lanesPerPhase) {
  SharedAccess access{bytes, {}, false};
  for (uint32_t lane = 0; lane < lanes && lanesPerPhase; ++lane) {
    if (lane % lanesPerPhase == 0)
      access.phases.emplace_back();
    access.phases.back().push_back(lane);
  }
  return access;
}

Coord placeOf(const Layout &layout, uint64_t reg, uint64_t lane,
              uint64_t warp) {
  Coord coord(layout.inputs().size());
  auto set = [&](const char *name, uint64_t value) {
    if (auto i = layout.inputIndex(name))
      coord[*i] = value;
  };
  set("register", reg);
  set("lane", lane);
  set("warp", warp);
  return coord;
}
/// The words that these lanes need; lanes that need the same one share it.
static std::vector<uint64_t>
wordsOf(const std::vector<std::optional<uint64_t>> &addresses, uint32_t bytes,
        const std::vector<uint32_t> &lanes, const SharedMemory &machine) {
  std::vector<uint64_t> words;
  for (uint32_t lane : lanes)
    if (lane < addresses.size() && addresses[lane])
      for (uint64_t word = *addresses[lane] / machine.bankBytes;
           word <= (*addresses[lane] + bytes - 1) / machine.bankBytes; ++word)
        words.push_back(word);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

/// The most words that one bank has to give.
static uint64_t busiestBank(const std::vector<uint64_t> &words,
                            const SharedMemory &machine) {
  std::vector<uint32_t> banks(machine.banks);
  uint64_t most = 0;
  for (uint64_t word : words)
    most = std::max<uint64_t>(most, ++banks[word % machine.banks]);
  return most;
}

AccessCycles
cyclesOfAccess(const std::vector<std::optional<uint64_t>> &addresses,
               const SharedAccess &access, const SharedMemory &machine) {
  auto isActive = [&](uint32_t lane) {
    return lane < addresses.size() && addresses[lane];
  };
  // Whether lanes come in pairs of one address.
  auto arePaired = [&](const std::vector<uint32_t> &lanes, uint32_t other) {
    return std::all_of(lanes.begin(), lanes.end(), [&](uint32_t lane) {
      return !isActive(lane) || !isActive(lane ^ other) ||
             addresses[lane] == addresses[lane ^ other];
    });
  };
  AccessCycles result;
  for (size_t i = 0; i < access.phases.size(); ++i) {
    std::vector<uint32_t> lanes = access.phases[i];
    if (access.mergesPairs && i % 2 == 0 && i + 1 < access.phases.size()) {
      const std::vector<uint32_t> &next = access.phases[i + 1];
      std::vector<uint32_t> both = lanes;
      both.insert(both.end(), next.begin(), next.end());
      if (arePaired(both, 1) || arePaired(both, 2)) {
        lanes = std::move(both);
        ++i;
      }
    }
    std::vector<uint64_t> words =
        wordsOf(addresses, access.bytes, lanes, machine);
    uint64_t cycles = busiestBank(words, machine);
    result.cycles += cycles;
    result.conflicts +=
        cycles - (words.size() + machine.banks - 1) / machine.banks;
  }
  return result;
}

Copies copiesOf(const Layout &layout) {
  std::vector<uint64_t> free = layout.freeVariableMasks();
  auto lane = layout.inputIndex("lane"), warp = layout.inputIndex("warp");
  return {lane ? free[*lane] : 0, warp ? free[*warp] : 0};
}

void countAccess(AccessCount &count,
                 std::vector<std::optional<uint64_t>> offsets,
                 uint32_t elementBytes, const SharedAccess &access,
                 const SharedMemory &machine) {
  for (std::optional<uint64_t> &offset : offsets)
    if (offset)
      offset = *offset / count.elements * count.elements * elementBytes;
  AccessCycles cycles = cyclesOfAccess(offsets, access, machine);
  count.cycles += cycles.cycles;
  count.conflicts += cycles.conflicts;
}

AccessCount
countAccesses(const Layout &side, uint32_t elementBytes,
              const SharedAccess &access, const SharedMemory &machine,
              const std::function<uint64_t(const Coord &)> &offsetOf) {
  return countPlaces(side, {}, elementBytes, access, machine,
                     [&](uint64_t reg, uint64_t lane, uint64_t warp) {
                       return offsetOf(
                           *side.apply(placeOf(side, reg, lane, warp)));
                     });
}

} // namespace tilesdk::layout
