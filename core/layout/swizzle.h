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

/// What takes \p arithmetic cycles of one unit and \p memory cycles of another
/// that other warps use meanwhile: the busier one counts, the other by a
/// quarter.
uint64_t costOfUnits(uint64_t arithmetic, uint64_t memory);

/// Instructions on registers that vectors take.
struct VectorMoves {
  /// To join narrow elements to words, or to take words apart.
  uint64_t joins = 0;
  /// To turn elements inside of their vectors.
  uint64_t turns = 0;
};

/// Of one vector of \p elements in a lane, turned by what \p columns span:
/// entry i comes to i ^ f, f being the sum of some of the columns.
VectorMoves movesOfVector(uint32_t elements, uint32_t elementBytes,
                          const std::vector<uint64_t> &columns);

struct SharedPlan {
  /// offset (in elements) -> the outputs of one repetition; invertible. Offsets
  /// are taken modulo scratchElements: what is above is the round and then the
  /// block's position.
  Layout memory;
  /// False: memory holds the whole tensor row-major and the bases are not used;
  /// pitch is then the distance of rows in elements.
  bool swizzled = true;
  uint64_t pitch = 0;
  AccessCount store, load;
  /// Of one round: what vectors take in registers.
  VectorMoves moves;
  /// Elements of shared memory needed for one round.
  uint64_t scratchElements = 0;
  /// How often the exchange is repeated: for each odd repetition, and for each
  /// value of the lowest bits of an offset above the scratch. Of these, the
  /// registers alone decide on both sides. The counts are of one round.
  uint64_t rounds = 1;
  uint64_t binaryRounds = 1;

  /// Of one round.
  uint64_t cost(const SharedMemory &machine) const;
};

/// Derives the memory layout for storing by \p src and loading by \p dst.
/// Inputs are named register, lane, warp, block (missing ones have size 1; a
/// block's own part is exchanged, so blocks must hold equal elements on both
/// sides or none). Tries every pair of access widths and returns the one of the
/// least cost. Fails when the layouts have no common digits
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
