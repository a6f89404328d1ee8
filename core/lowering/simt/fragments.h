//===- fragments.h - Fragments of matrix instructions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The registers of an instruction's fragment are found among those of the
// tensors by their coordinates at lane 0 of warp 0: layouts of operands and
// result are fragments repeated over registers and warps.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/simt/engine.h"

#include <array>
#include <optional>

namespace tilesdk::lowering {

/// A tensor's registers by their coordinates at lane 0 of warp 0.
class Elements {
public:
  Elements(SimtEngine &e, Value tensor)
      : table(e.table(tensor)), e(e), tensor(tensor) {
    for (unsigned r = 0; r < table.size(); ++r)
      if (table.firstCopy[r] == r)
        at[coordinates(table, r)] = r;
  }
  static std::vector<uint64_t> coordinates(const LayoutTable &table,
                                           unsigned reg) {
    std::vector<uint64_t> c;
    c.reserve(table.layout.outputs().size());
    for (unsigned d = 0; d < table.layout.outputs().size(); ++d)
      c.push_back(table.expand(table.bits[reg], d) + table.oddPart(reg, d));
    return c;
  }
  /// Null when the thread does not hold it.
  Value find(const std::vector<uint64_t> &c) const {
    auto found = at.find(c);
    return found == at.end() ? Value() : value(found->second);
  }
  Value value(unsigned reg) const { return e.registerOf(tensor, reg); }
  Type element() const { return tile::elementOf(tensor.getType()); }

  const LayoutTable &table;
  std::map<std::vector<uint64_t>, unsigned> at;

private:
  SimtEngine &e;
  Value tensor;
};

/// Registers of a fragment's elements, in the instruction's order.
struct Fragment {
  /// Of its first element; rows and columns come last.
  std::vector<uint64_t> start;
  SmallVector<unsigned, 8> registers;
};
/// The fragments of \p part, \p rows by \p columns, that make up a tensor at
/// lane 0 of warp 0; empty when they do not.
std::vector<Fragment> fragmentsOf(const LayoutTable &table,
                                  const LayoutTable &part, uint64_t rows,
                                  uint64_t columns);

/// The synchronous instruction that makes \p op, as the one that makes the
/// transposed product where it does; none for multiply-adds of elements.
std::optional<target::MatrixRow> matrixRowOf(SimtEngine &e, tile::DotOp op);

/// What an instruction takes: bf16 as such, other narrow floats as bits.
Type fragmentType(Build &B, StringRef name);

/// Where a fragment's elements lie from its first one, in the order of its
/// registers: (row, column).
using Places = std::vector<std::array<uint64_t, 2>>;
Places placesOf(const LayoutTable &part);

/// A vector of 8-bit floats of type \p from as one of f16 or bf16, exactly.
Value widenFragment(SimtEngine &e, Value v, Type from, Type to);

/// The elements at \p places from \p start on, as a vector of elements of
/// \p type (a row's name of it), which may be wider; null when the thread does
/// not hold all of them.
Value packFragment(SimtEngine &e, const Elements &from, const Places &places,
                   StringRef type, const std::vector<uint64_t> &start);

} // namespace tilesdk::lowering
