//===- reshape.h - Layouts of what shape operations make --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/layout.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tilesdk::lowering {

/// "dim0", "dim1", ...
std::string dimName(size_t i);

/// The layout with other outputs: \p factors has those of each new dimension,
/// and \p coordinate maps the value of each basis.
layout::Result<layout::Layout>
mapOutputs(const layout::Layout &layout,
           const std::vector<std::vector<uint64_t>> &factors,
           llvm::function_ref<layout::Coord(const layout::Coord &)> coordinate);

/// The factors of one output dimension.
std::vector<uint64_t> factorsOf(const layout::Dim &dim);

/// Without output \p dim; places that differ only there hold copies.
layout::Result<layout::Layout> dropDim(const layout::Layout &layout,
                                       unsigned dim);
/// With an output of size \p size before \p dim that is always 0.
layout::Result<layout::Layout> insertDim(const layout::Layout &layout,
                                         unsigned dim, uint64_t size = 1);
/// With the outputs marked in \p dims of size 1.
layout::Result<layout::Layout> flattenDims(const layout::Layout &layout,
                                           const std::vector<bool> &dims);
/// Output i of the result is output perm[i].
layout::Result<layout::Layout> permuteDims(const layout::Layout &layout,
                                           llvm::ArrayRef<int32_t> perm);
/// The same elements, counted row by row, in another shape.
layout::Result<layout::Layout> reshapeRows(const layout::Layout &layout,
                                           llvm::ArrayRef<int64_t> shape);

} // namespace tilesdk::lowering
