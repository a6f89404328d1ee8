//===- pipeline.h - The clean-up of tile IR ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace tilesdk::optimizer {

/// Stage `tile` to stage `tile-opt`, for a pass manager on modules: inlines
/// helpers that are not marked `no_inline`, simplifies, merges equal values,
/// makes loop-carried offsets scalar, hoists what loops do not change, and
/// drops what nobody uses. The result is tile IR again.
///
/// Numbers change only where `tile-combine-dot` says so.
void buildTilePipeline(mlir::OpPassManager &manager);

/// For machines that cannot use descriptors: replaces the accesses by those of
/// pointers, and cleans up what that leaves, addresses in loops first of all.
void buildDescriptorExpansion(mlir::OpPassManager &manager);

/// Makes the passes and `tile-pipeline` known by name, for command-line tools.
void registerOptimizer();

} // namespace tilesdk::optimizer
