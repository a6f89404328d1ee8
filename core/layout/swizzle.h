//===- swizzle.h - Shared-memory exchange without conflicts -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a tensor is laid out in shared memory so that one distribution can store
// it and another load it with the fewest bank cycles.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/shared_access.h"

namespace tilesdk::layout {

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

} // namespace tilesdk::layout
