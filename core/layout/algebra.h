//===- algebra.h - Operations on layouts ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dimensions are matched by name. Where a result would not be F2 times an outer
// repetition any more (a boundary between radices falls inside a binary mix),
// the operation fails with an error that says so; the caller then goes through
// shared memory by linear index.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

namespace tilesdk::layout {

/// second after first: x -> second(first(x)). The outputs of \p first and the
/// inputs of \p second must be the same names and sizes, in any order.
Result<Layout> compose(const Layout &first, const Layout &second);
/// Needs an invertible layout.
Result<Layout> invert(const Layout &layout);
/// A layout R from outputs to inputs with layout(R(y)) = y for every y that the
/// layout reaches; digits of y that it cannot reach are ignored. Among several
/// inputs, the one whose free variables are zero. Always exists.
Layout pseudoInvert(const Layout &layout);

/// inner x outer: both side by side; where they share a dimension, the digits
/// of \p outer are above those of \p inner. Dimensions of \p inner come first.
Result<Layout> product(const Layout &inner, const Layout &outer);
/// The layout Q with product(tile, Q) == layout up to the order of dimensions:
/// is this layout tiled by that tile, and how?
Result<Layout> leftDivide(const Layout &layout, const Layout &tile);
/// The layout Q with product(Q, outer) == layout up to order.
Result<Layout> rightDivide(const Layout &layout, const Layout &outer);

/// Keeps the named inputs (the others are zero) and the named outputs (the
/// others are dropped), in the order given.
Result<Layout> sublayout(const Layout &layout,
                         const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs);
/// Drops one output: the layout of a reduction's result, with copies where the
/// inputs only differed along that dimension.
Result<Layout> slice(const Layout &layout, std::string_view output);
/// Removes the digits of \p input that hold copies (free variables).
Result<Layout> dropBroadcast(const Layout &layout,
                             std::string_view input = "register");
/// Reorders dimensions; each list must name every dimension once.
Result<Layout> transpose(const Layout &layout,
                         const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs);
/// Renames one dimension of either side.
Result<Layout> renameInput(const Layout &layout, std::string_view from,
                           std::string to);
Result<Layout> renameOutput(const Layout &layout, std::string_view from,
                            std::string to);

using NamedSize = std::pair<std::string, uint64_t>;
/// Renumbers all outputs (inputs) by linear index, the first dimension fastest:
/// transpose first where another order is meant. One new dimension flattens.
Result<Layout> reshapeOutputs(const Layout &layout,
                              const std::vector<NamedSize> &dims);
Result<Layout> reshapeInputs(const Layout &layout,
                             const std::vector<NamedSize> &dims);

/// Two layouts over the same outputs written with one common set of digits, so
/// that bits can be compared with bits. The results have \p a's output order
/// and are not canonical. Fails when no common set of digits exists.
struct Aligned {
  Layout a, b;
};
Result<Aligned> alignOutputs(const Layout &a, const Layout &b);

} // namespace tilesdk::layout
