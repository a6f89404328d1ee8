//===- swizzle.h - Shared-memory exchange without conflicts -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a tensor is laid out in shared memory so that one distribution can store
// it and another load it with the fewest bank cycles. The hardware is data:
// banks, their width, and per access width the sets of lanes that are served
// together.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

namespace tilesdk::layout {

/// An access of \p bytes a lane. Each phase lists the lanes served in one
/// cycle when no two of them need different words of one bank; every lane is in
/// exactly one phase.
struct SharedAccess {
  uint32_t bytes = 4;
  std::vector<std::vector<uint32_t>> phases;

  /// Phases of \p lanesPerPhase neighbouring lanes.
  static SharedAccess contiguous(uint32_t bytes, uint32_t lanes,
                                 uint32_t lanesPerPhase);
};

struct SharedMemory {
  uint32_t banks = 32;
  uint32_t bankBytes = 4;
  std::vector<SharedAccess> stores, loads;
};

/// Counted, not estimated: over every warp and every access instruction.
struct AccessCount {
  /// Elements one lane moves at once.
  uint32_t elements = 1;
  uint64_t instructions = 0;
  /// Sum over instructions and phases of the most words any bank must give.
  uint64_t cycles = 0;
  /// Cycles above the least that the phases' distinct words need.
  uint64_t conflicts = 0;
};

/// What serving the lanes of one phase takes.
struct PhaseCycles {
  uint64_t cycles = 0;
  /// Cycles above the least that the distinct words need.
  uint64_t conflicts = 0;
};

/// Each of the phase's lanes accesses \p bytes at one of \p addresses.
PhaseCycles cyclesOfPhase(const std::vector<uint64_t> &addresses,
                          uint32_t bytes, const SharedMemory &machine);

struct SharedPlan {
  /// offset (in elements) -> the outputs of one repetition; invertible. Offsets
  /// are taken modulo scratchElements: what is above is the block's position.
  Layout memory;
  /// False: memory holds the whole tensor row-major and the bases are not used;
  /// pitch is then the distance of rows in elements.
  bool swizzled = true;
  uint64_t pitch = 0;
  AccessCount store, load;
  /// Elements of shared memory needed for one round.
  uint64_t scratchElements = 0;
  /// How often the exchange is repeated (the odd repetitions); the counts are
  /// of one round.
  uint64_t rounds = 1;
};

/// Derives the memory layout for storing by \p src and loading by \p dst.
/// Inputs are named register, lane, warp, block (missing ones have size 1; a
/// block's own part is exchanged, so blocks must hold equal elements on both
/// sides or none). Tries every pair of access widths and returns the one with
/// the fewest counted cycles. Fails when the layouts have no common digits
/// (then exchangeByLinearIndex serves), when repetitions are not in registers,
/// when an element's size is no power of two, or when no access row of the
/// element's size exists.
Result<SharedPlan> deriveSwizzle(const Layout &src, const Layout &dst,
                                 uint32_t elementBytes,
                                 const SharedMemory &machine);

/// The exchange for any two layouts of equal outputs: row-major memory, the
/// last output fastest, the row pitch padded by whatever counts best.
Result<SharedPlan> exchangeByLinearIndex(const Layout &src, const Layout &dst,
                                         uint32_t elementBytes,
                                         const SharedMemory &machine);

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
