//===- table.h - A layout, register by register -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An element's position is a set of binary output digits, which depend on
// register, lane and warp by XOR, and odd output digits, which only registers
// have. Bits are numbered as in layout::Layout::columns().
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

#include "llvm/ADT/SmallVector.h"

namespace tilesdk::lowering {

/// A function of lane and warp that is linear over F2: the XOR of the columns
/// of the bits that are set.
struct ThreadMap {
  llvm::SmallVector<uint64_t, 8> lane, warp;

  /// All bits that the function can set.
  uint64_t reach() const;
  bool isZero() const { return reach() == 0; }
  bool operator==(const ThreadMap &) const = default;
  template <typename Fn> ThreadMap map(Fn fn) const {
    ThreadMap result;
    for (uint64_t c : lane)
      result.lane.push_back(fn(c));
    for (uint64_t c : warp)
      result.warp.push_back(fn(c));
    return result;
  }
};

/// The number of a register as binary digits and the rest: the odd digits as a
/// mixed-radix number, the first one fastest.
struct RegisterDigits {
  explicit RegisterDigits(const layout::Dim &dim);

  unsigned bits = 0;
  uint64_t odds = 1;
  uint64_t compose(uint64_t bits, uint64_t odd) const;
  std::pair<uint64_t, uint64_t> decompose(uint64_t number) const;
  /// What binary digit \p bit stands for in the number.
  uint64_t step(unsigned bit) const { return bitSteps[bit]; }
  /// Sizes of the odd digits.
  llvm::SmallVector<uint32_t, 2> oddRadix;

private:
  llvm::SmallVector<uint64_t, 8> bitSteps;
  llvm::SmallVector<uint64_t, 2> oddSteps;
};

/// Consecutive binary digits of an output dimension.
struct BitGroup {
  unsigned first; ///< In the numbering of columns().
  unsigned count;
  uint64_t step; ///< What the first one stands for in the coordinate.
};

class LayoutTable {
public:
  explicit LayoutTable(layout::Layout layout);

  layout::Layout layout;
  RegisterDigits digits; ///< Of "register".
  /// Whether lanes and warps have binary digits only, which all code needs.
  bool isSupported = true;

  unsigned size() const { return bits.size(); }
  /// Per register: output bits at lane 0 of warp 0, and odd output digits as a
  /// mixed-radix number.
  std::vector<uint64_t> bits, odd;
  uint64_t odds = 1; ///< Product of the odd output digits.
  /// Per register: the first one that holds the same element.
  std::vector<unsigned> firstCopy;
  /// Output bits by lane and warp.
  ThreadMap thread;
  /// Lanes and warps that have one of these bits hold copies only.
  uint64_t laneCopies = 0, warpCopies = 0;
  /// Per output dimension.
  std::vector<std::vector<BitGroup>> groups;
  /// Output coordinate that the odd digits of register \p reg make.
  uint64_t oddPart(unsigned reg, unsigned dim) const {
    return oddParts[dim][reg];
  }
  /// The coordinate that output bits stand for in one dimension.
  uint64_t expand(uint64_t bits, unsigned dim) const;

private:
  std::vector<std::vector<uint64_t>> oddParts;
};

} // namespace tilesdk::lowering
