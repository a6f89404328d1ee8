//===- dims.h - Output dimensions added, dropped, moved ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which element each place holds once a tensor has another shape. Outputs are
// named dim0, dim1, ... before and after.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

#include <span>

namespace tilesdk::layout {

/// "dim0", "dim1", ...
std::string dimName(size_t i);

/// The layout with other outputs: \p factors has those of each new dimension,
/// and \p coordinate maps the value of each basis.
Result<Layout>
mapOutputs(const Layout &layout,
           const std::vector<std::vector<uint64_t>> &factors,
           const std::function<Coord(const Coord &)> &coordinate);

/// The factors of one output dimension.
std::vector<uint64_t> factorsOf(const Dim &dim);

/// Without output \p dim; places that differ only there hold copies.
Result<Layout> dropDim(const Layout &layout, unsigned dim);
/// With an output of size \p size before \p dim that is always 0.
Result<Layout> insertDim(const Layout &layout, unsigned dim, uint64_t size = 1);
/// With the outputs marked in \p dims of size 1.
Result<Layout> flattenDims(const Layout &layout, const std::vector<bool> &dims);
/// Output i of the result is output perm[i].
Result<Layout> permuteDims(const Layout &layout, std::span<const int32_t> perm);
/// The half of size \p half along \p dim that each place is in; fails unless
/// one bit, the highest digit of \p dim, tells the halves.
Result<Layout> halfOf(const Layout &layout, unsigned dim, uint64_t half);
/// The same elements, counted row by row, in another shape.
Result<Layout> reshapeRows(const Layout &layout,
                           std::span<const int64_t> shape);

} // namespace tilesdk::layout
