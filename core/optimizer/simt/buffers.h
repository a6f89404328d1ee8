//===- buffers.h - Which buffer a view is of --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tilesdk::optimizer {

/// On `simt.shared_index`, set by simt-pipeline-loops: the buffer is that of
/// iteration i + slot, modulo the number of buffers, in iteration i (before the
/// loop: i is 0). Accesses of different slots never meet.
inline constexpr char slotAttr[] = "simt.slot";

/// On an array of buffers that partitions share, set by simt-warp-specialize:
/// behind its last use in the first partition nobody else uses it either.
inline constexpr char ringAttr[] = "simt.ring";

/// A place that a value of type !simt.shared or !simt.barriers may name.
struct BufferView {
  mlir::Operation *alloc; ///< shared_alloc or barriers_init.
  /// Of the whole buffer when the index is not known.
  std::optional<int64_t> index; ///< Constant.
  std::optional<int64_t> slot;  ///< See slotAttr.
};

/// All of them, through views, loops and branches.
llvm::SmallVector<BufferView, 1> viewsOf(mlir::Value value);

/// Calls \p visit for each use of \p value and of what it becomes: views,
/// carried values, results. The second argument is the value that is used.
void forEachBufferUse(
    mlir::Value value,
    llvm::function_ref<void(mlir::OpOperand &, mlir::Value)> visit);

} // namespace tilesdk::optimizer
