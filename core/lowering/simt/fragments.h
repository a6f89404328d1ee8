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

namespace tilesdk::lowering {

/// A tensor's registers by their coordinates at lane 0 of warp 0.
class Elements {
public:
  Elements(SimtEngine &e, Value tensor)
      : Elements(e.table(tensor), e.registers(tensor)) {}
  Elements(const LayoutTable &table, ArrayRef<Value> values)
      : table(table), values(values) {
    for (unsigned r = 0; r < table.size(); ++r)
      if (table.firstCopy[r] == r)
        at[coordinates(table, r)] = r;
  }
  static std::vector<uint64_t> coordinates(const LayoutTable &table,
                                           unsigned reg) {
    std::vector<uint64_t> c;
    for (unsigned d = 0; d < table.layout.outputs().size(); ++d)
      c.push_back(table.expand(table.bits[reg], d) + table.oddPart(reg, d));
    return c;
  }
  /// Null when the thread does not hold it.
  Value find(const std::vector<uint64_t> &c) const {
    auto found = at.find(c);
    return found == at.end() ? Value() : values[found->second];
  }

  const LayoutTable &table;
  ArrayRef<Value> values;
  std::map<std::vector<uint64_t>, unsigned> at;
};

/// What an instruction takes: bf16 as such, other narrow floats as bits.
Type fragmentType(Build &B, StringRef name);

/// The fragment of \p part whose first element is at \p start, as a vector of
/// elements of \p type (a row's name of it); null when the thread does not hold
/// all of it.
Value packFragment(SimtEngine &e, const Elements &from, const LayoutTable &part,
                   StringRef type, const std::vector<uint64_t> &start);

} // namespace tilesdk::lowering
