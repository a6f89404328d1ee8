//===- tile_module_check.h - What a tile module may hold --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace tilesdk::tile {

/// Regions nest at most \p maxNesting deep, and the attributes, types and
/// locations of every op are bounded when they are printed. Must hold before
/// anything that recurses, the verifier included. Never recurses itself; on
/// failure an error is emitted that prints neither.
mlir::LogicalResult checkBounds(mlir::ModuleOp module, unsigned maxNesting,
                                uint64_t maxAttributeSize);

/// No op lacks an attribute that its class takes for granted. MLIR drops one
/// of the wrong kind when it reads bytecode, and the accessors of attributes
/// with a default would then read through null. Must hold before the verifier.
mlir::LogicalResult checkDefaults(mlir::ModuleOp module);

/// The rules that ops alone cannot check: only functions with bodies, only ops
/// of the dialects of tile IR, only values of tile types, no tensor above
/// `maxTileElements`. With \p withLayouts it may be the stage `simt`: ops and
/// types of that dialect, and tensors with its layouts. The module must verify.
mlir::LogicalResult checkTileModule(mlir::ModuleOp module,
                                    bool withLayouts = false);

/// Erases the ops innermost first, where the destructor would recurse.
void eraseDeepModule(mlir::ModuleOp module);

} // namespace tilesdk::tile
