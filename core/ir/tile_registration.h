//===- tile_registration.h - The dialects of a tile module ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

namespace mlir {
class DialectRegistry;
class MLIRContext;
} // namespace mlir

namespace tilesdk::tile {

/// The dialect tile, those of upstream whose ops tile IR may hold, and what the
/// inliner needs to know of them.
void registerTileDialects(mlir::DialectRegistry &registry);

/// Registers and loads them.
void loadTileDialects(mlir::MLIRContext &context);

} // namespace tilesdk::tile
