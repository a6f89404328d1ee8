//===- layout_costs.h - What a layout costs ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/optimizer/axis_info.h"
#include "core/optimizer/simt/blocked_layout.h"
#include "core/target/target.h"

#include "llvm/ADT/DenseMap.h"

#include <tuple>

namespace tilesdk::optimizer {

/// How an access to global memory runs along its fastest dimension.
struct AccessPattern {
  unsigned dim = 0;
  /// Elements that are neighbours in memory and share a mask; a power of two.
  int64_t run = 1;
  /// Elements one lane may access at once.
  unsigned vector = 1;
  /// Elements that are neighbours in memory, under whatever mask.
  int64_t contiguous = 1;

  bool operator==(const AccessPattern &) const = default;
};

/// \p mask may be null. The pointers are a tensor.
AccessPattern accessPattern(const AxisInfoAnalysis &axes, mlir::Value ptr,
                            mlir::Value mask, unsigned maxVectorBytes);

/// Whether elements of \p bytes that are stored as loads of \p pattern have
/// them are stored narrowly, and no copy takes them to an operand's buffer
/// instead
/// (\p isOperand: what is loaded is the operand).
bool isStoredNarrowly(const target::Machine &machine,
                      const AccessPattern &pattern, unsigned bytes,
                      bool isOperand);

/// Counted costs in cycles of a block, the unit of layout::planConversion.
/// Answers are remembered: a function has few layouts.
class LayoutCosts {
public:
  LayoutCosts(const target::Machine &machine, ThreadCounts threads)
      : machine(machine), threads(threads) {}

  struct Conversion {
    uint64_t cycles = 0;
    /// Whether elements change place through shared memory.
    bool shared = false;
  };
  Conversion conversion(simt::LayoutAttr from, simt::LayoutAttr to,
                        unsigned bytes);
  /// Issue and sectors of an access to global memory.
  uint64_t access(simt::LayoutAttr layout, unsigned bytes,
                  const AccessPattern &pattern);
  /// The least parts of memory that one access of a warp moves, and how many
  /// would hold its elements.
  struct Sectors {
    uint64_t moved = 0, needed = 0;
    unsigned bytes = 0; ///< Of one sector.
  };
  Sectors sectors(simt::LayoutAttr layout, unsigned bytes,
                  const AccessPattern &pattern) const;
  /// A cheap operation on all elements that threads hold.
  uint64_t elements(simt::LayoutAttr layout);

private:
  const target::Machine &machine;
  ThreadCounts threads;
  using Pair = std::tuple<const void *, const void *, unsigned>;
  llvm::DenseMap<Pair, Conversion> conversions;
  using Access = std::tuple<const void *, unsigned, unsigned, int64_t>;
  llvm::DenseMap<Access, uint64_t> accesses;
};

} // namespace tilesdk::optimizer
