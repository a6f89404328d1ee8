//===- pointer_boxes.h - Tiles of pointers that are boxes -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_ops.h"
#include "core/optimizer/axis_info.h"
#include "core/optimizer/simt/polynomial.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace tilesdk::optimizer {

/// A tile of pointers as a block of a tensor of two dimensions, the second of
/// which is contiguous.
struct PointerBox {
  mlir::Value base;
  Polynomial pitch; ///< Elements from a row to the next.
  struct Dim {
    Polynomial start, extent;
  } rows, columns;
  /// The tile's dimensions are the other way round.
  bool isTransposed = false;
};

/// Finds such tiles in one kernel, which may change meanwhile only by
/// `replace`.
class PointerBoxes {
public:
  explicit PointerBoxes(mlir::func::FuncOp function);

  /// Fills \p box; else says why \p load is none.
  std::string find(tile::LoadOp load, PointerBox &box);
  /// The load of \p box instead of \p load, which goes away.
  tile::DescriptorLoadOp replace(tile::LoadOp load, const PointerBox &box);
  /// The same of a store, whatever else writes to the tensor. A box that is
  /// transposed cannot replace it.
  std::string find(tile::StoreOp store, PointerBox &box);
  tile::DescriptorStoreOp replace(tile::StoreOp store, const PointerBox &box);

private:
  /// Of a tile of pointers; its mask, or null.
  std::string findAddresses(mlir::Value pointers, PointerBox &box);
  std::string findExtents(mlir::Value mask, PointerBox &box);
  /// A known divisor, a power of two of boxAlignment at most.
  int64_t alignmentOf(const Polynomial &value);
  bool isNonNegative(const Polynomial &value);
  bool isNonNegative(mlir::Value value, unsigned depth = 0);

  mlir::func::FuncOp function;
  AxisInfoAnalysis axes;
  AffineTiles tiles;
};

} // namespace tilesdk::optimizer
