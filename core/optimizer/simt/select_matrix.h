//===- select_matrix.h - Which instruction makes a product ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/simt/blocked_layout.h"
#include "core/target/target.h"

namespace tilesdk::optimizer {

/// How a product is made. simt-select-matrix leaves it on the op, as the
/// attributes `simt.row` and `layouts`; simt-assign-layouts takes it from
/// there.
struct DotLayouts {
  /// Null: multiply-adds of single elements.
  const target::MatrixRow *row = nullptr;
  /// Whether the row makes the transposed product (MatrixRow::transposed).
  bool isTransposed = false;
  simt::LayoutAttr result;
  /// In registers: a layout. In shared memory: the buffer's layout.
  simt::LayoutAttr lhs, rhs;
  simt::SharedLayoutAttr lhsBuffer, rhsBuffer;
  /// Instructions whose steps of k are interleaved.
  unsigned pack = 1;
};

/// From the op's attributes; without them, for single multiply-adds.
DotLayouts dotLayouts(tile::DotOp op, const target::Machine &machine,
                      ThreadCounts threads);
void setDotLayouts(tile::DotOp op, const DotLayouts &layouts);
void removeDotLayouts(tile::DotOp op);

/// Layouts for single multiply-adds: a thread holds a small block of the
/// result, whole rows of the left and whole columns of the right operand.
DotLayouts fmaLayouts(tile::DotOp op, ThreadCounts threads);

/// How many warps lie along each dimension of a product's result.
struct WarpTiling {
  unsigned batch = 1, rows = 1, columns = 1;
};
/// Layouts for the synchronous \p row, or the asynchronous one with operands in
/// buffers, its fragments tiled over the result as \p tiling says, the steps of
/// \p pack of them interleaved. The row that the product is made by is left for
/// the caller to name.
DotLayouts rowLayouts(tile::DotOp op, const target::MatrixRow &row,
                      WarpTiling tiling, ThreadCounts threads,
                      unsigned pack = 1);

} // namespace tilesdk::optimizer
