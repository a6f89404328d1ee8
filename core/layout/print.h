//===- print.h - Layouts as text, tables and pictures -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

#include <ostream>

namespace tilesdk::layout {

/// One line that parse() reads back:
///   (dim0: 16, dim1: 8*3) { register: (0,1) (8,0) 3*(0,8); lane: (0,2) ... }
/// Sizes are products of digits, innermost first. A vector is what its input
/// digit contributes: 2 values XORed in, or with "3*" a repetition.
std::string toText(const Layout &layout);
std::ostream &operator<<(std::ostream &stream, const Layout &layout);
/// Reads toText()'s form; white space is free, "; " may be a newline. Errors
/// are "line:column: what was found and what was expected".
Result<Layout> parse(std::string_view text);

/// Which coordinates each place holds: a row for each value of the inputs but
/// the first, a column for each value of the first (the registers). Fails above
/// \p maxPlaces places.
Result<std::string> toPlaceTable(const Layout &layout,
                                 uint64_t maxPlaces = 1 << 14);
/// Which places hold each element: the first output downwards, the second
/// across (one row when there is one output). "l3:r1" is register 1 of lane 3;
/// copies are joined by "|". Needs 1 or 2 outputs.
Result<std::string> toElementTable(const Layout &layout,
                                   uint64_t maxElements = 1 << 14);

struct SvgOptions {
  /// The input dimension that chooses the colour.
  std::string colour = "lane";
  /// Above 0: the colour is instead the bank of \p colour's value taken as an
  /// offset in elements: (value * elementBytes / bankBytes) % banks.
  uint32_t banks = 0;
  uint32_t bankBytes = 4;
  uint32_t elementBytes = 2;
  uint64_t maxElements = 1 << 14;
};
/// A self-contained picture of 1 or 2 outputs; every cell has a hover text with
/// its coordinates and all places that hold it.
Result<std::string> toSvg(const Layout &layout, const SvgOptions &options = {});

} // namespace tilesdk::layout
