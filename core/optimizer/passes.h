//===- passes.h - Passes on tile IR -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace tilesdk::optimizer {

#define GEN_PASS_DECL
#include "core/optimizer/passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "core/optimizer/passes.h.inc"

/// On a descriptor access: tile-expand-descriptors leaves it alone.
inline constexpr char keepDescriptorAttr[] = "tile.keep_descriptor";

/// What tile-expand-descriptors does with one access; \p op is erased. Gives
/// the load or store by pointers that takes its place.
mlir::Operation *expandDescriptor(mlir::Operation *op);

} // namespace tilesdk::optimizer
