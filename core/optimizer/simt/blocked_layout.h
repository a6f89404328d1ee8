//===- blocked_layout.h - Layouts made from a shape -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_dialect.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tilesdk::optimizer {

/// The threads of a program, or of a partition of one.
struct ThreadCounts {
  unsigned lanes = 32, warps = 4;
  unsigned total() const { return lanes * warps; }
};

/// A tensor's dimensions being handed out, bit by bit from the low end, to
/// registers, lanes and warps. Odd factors lie above all bits and end as
/// repetitions in registers; lanes and warps that find nothing hold copies.
class LayoutBuilder {
public:
  explicit LayoutBuilder(llvm::ArrayRef<int64_t> shape);

  /// Bits of \p dim that nobody has yet.
  unsigned bitsLeft(unsigned dim) const {
    return unsigned(llvm::popcount(left[dim]));
  }
  bool isLeft(unsigned dim, uint64_t bit) const { return left[dim] & bit; }
  /// The next bit of \p dim. Precondition: there is one.
  void addRegister(unsigned dim) { registers.push_back(take(dim)); }
  /// \p bit of \p dim. Precondition: nobody has it yet.
  void addRegister(unsigned dim, uint64_t bit) {
    registers.push_back(take(dim, bit));
  }
  void addLane(unsigned dim) { lanes.push_back(take(dim)); }
  void addWarp(unsigned dim) { warps.push_back(take(dim)); }
  /// A lane or warp bit that holds copies.
  void addLaneCopy() { lanes.push_back(zero()); }
  void addWarpCopy() { warps.push_back(zero()); }
  /// Basis vectors of a fragment at the origin; marks \p bits of each dimension
  /// as taken.
  void addFragment(const layout::Layout &fragment,
                   llvm::ArrayRef<unsigned> dims);
  /// The rest goes to registers, \p order fastest first, copies fill up to
  /// \p threads.
  layout::Layout finish(llvm::ArrayRef<unsigned> order, ThreadCounts threads);

private:
  layout::Basis take(unsigned dim) { return take(dim, left[dim] & -left[dim]); }
  layout::Basis take(unsigned dim, uint64_t bit);
  layout::Basis zero() const;

  llvm::SmallVector<int64_t, 4> shape;
  /// The bits of each dimension that nobody has.
  llvm::SmallVector<uint64_t, 4> left;
  std::vector<layout::Basis> registers, lanes, warps;
};

/// The last dimension first.
llvm::SmallVector<unsigned, 4> rowMajorOrder(unsigned rank);

/// The layout for accesses along \p dim by \p vector elements in which each
/// warp keeps what it has in \p home: lanes take \p run elements along the
/// dimension, then others. Nothing where the warps' parts are no such boxes.
std::optional<layout::Layout> withinWarps(const layout::Layout &home,
                                          unsigned dim, unsigned vector,
                                          unsigned run, ThreadCounts threads);

/// Coalesced in \p order, fastest first: \p vector elements a register group,
/// then lanes along the fastest dimension; warps take the slowest dimensions,
/// so that what a warp reads and reduces stays its own. Of the second fastest
/// dimension a thread has the bits \p across, if it has that many elements.
layout::Layout blockedLayout(llvm::ArrayRef<int64_t> shape,
                             llvm::ArrayRef<unsigned> order, unsigned vector,
                             ThreadCounts threads,
                             llvm::ArrayRef<uint64_t> across = {});
/// Row-major with \p elementBytes wide elements and 16-byte registers groups:
/// for values that nothing else decides.
layout::Layout defaultLayout(llvm::ArrayRef<int64_t> shape,
                             ThreadCounts threads);
/// \p axis whole in registers of each thread, the rest blocked.
layout::Layout axisInRegisters(llvm::ArrayRef<int64_t> shape, unsigned axis,
                               ThreadCounts threads);

/// Natural layouts, without movement; null where there is none.
/// What an operand of tile.broadcast must have for the result to have \p
/// result.
simt::LayoutAttr broadcastSourceLayout(simt::LayoutAttr result,
                                       llvm::ArrayRef<int64_t> sourceShape);
/// The layout after elements are renumbered row-major to \p shape.
simt::LayoutAttr reshapeLayout(simt::LayoutAttr source,
                               llvm::ArrayRef<int64_t> shape);
/// Two parts of equal layout one after the other along \p dim: the upper half
/// is a register bit.
simt::LayoutAttr catLayout(simt::LayoutAttr part, unsigned dim);

} // namespace tilesdk::optimizer
