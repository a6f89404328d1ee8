//===- shared_access.h - What an access of shared memory takes --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware is data: banks, their width, and per access width the sets of
// lanes that are served together.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

#include <functional>
#include <optional>

namespace tilesdk::layout {

/// An access of \p bytes a lane. Each phase lists the lanes served in one
/// cycle when no two of them need different words of one bank; every lane is in
/// exactly one phase.
struct SharedAccess {
  uint32_t bytes = 4;
  std::vector<std::vector<uint32_t>> phases;
  /// Neighbouring phases (0-1, 2-3, ...) are one where each of their lanes has
  /// the address of lane ^ 1, or each that of lane ^ 2, or that lane is
  /// inactive.
  bool mergesPairs = false;

  /// Phases of \p lanesPerPhase neighbouring lanes.
  static SharedAccess contiguous(uint32_t bytes, uint32_t lanes,
                                 uint32_t lanesPerPhase);
};

struct SharedMemory {
  uint32_t banks = 32;
  uint32_t bankBytes = 4;
  /// Bytes that one exchange may take where it can be made in rounds of some
  /// of the registers; 0: no limit.
  uint64_t scratchLimit = 0;
  /// Of one cycle, of issuing an access, of one instruction on registers.
  uint32_t cycleCost = 1, issueCost = 2, moveCost = 1;
  std::vector<SharedAccess> stores, loads;
};

/// Counted, not estimated: over every warp and every access instruction.
struct AccessCount {
  /// Elements one lane moves at once.
  uint32_t elements = 1;
  uint64_t instructions = 0;
  /// Sum over instructions of what cyclesOfAccess says.
  uint64_t cycles = 0;
  /// Cycles above the least that the distinct words need.
  uint64_t conflicts = 0;
};

/// What serving the lanes of one access takes.
struct AccessCycles {
  uint64_t cycles = 0;
  /// Cycles above the least that the distinct words need.
  uint64_t conflicts = 0;
};

/// Lane l accesses the bytes from \p addresses[l]; nothing where it is
/// inactive. Phases are served one after another, in each as many cycles as the
/// bank with the most words needs.
AccessCycles
cyclesOfAccess(const std::vector<std::optional<uint64_t>> &addresses,
               const SharedAccess &access, const SharedMemory &machine);

/// Counts the accesses of \p side (register, lane, warp -> outputs) to memory
/// in which the element with the given output coordinates lies at
/// \p offsetOf(coordinates), in elements. A lane's \p access.bytes must be
/// consecutive there: registers whose offsets share an aligned group of
/// elements are one access.
AccessCount
countAccesses(const Layout &side, uint32_t elementBytes,
              const SharedAccess &access, const SharedMemory &machine,
              const std::function<uint64_t(const Coord &)> &offsetOf);

} // namespace tilesdk::layout
