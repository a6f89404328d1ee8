//===- tile_dialect.h - The dialect tile ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_types.h"

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "core/ir/tile_dialect.h.inc"
#include "core/ir/tile_enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "core/ir/tile_attributes.h.inc"

namespace tilesdk::tile {

/// Version of the dialect that this library writes. It reads all up to it.
inline constexpr uint32_t dialectVersion = 1;

/// Attributes with meaning on ops of other dialects; tile_dialect.td says on
/// which.
namespace attr {
inline constexpr llvm::StringLiteral version = "tile.version";
inline constexpr llvm::StringLiteral kernel = "tile.kernel";
inline constexpr llvm::StringLiteral name = "tile.name";
inline constexpr llvm::StringLiteral divisibility = "tile.divisibility";
inline constexpr llvm::StringLiteral leaf = "tile.leaf";
inline constexpr llvm::StringLiteral numStages = "tile.num_stages";
inline constexpr llvm::StringLiteral unrollFactor = "tile.loop_unroll_factor";
inline constexpr llvm::StringLiteral flatten = "tile.flatten";
inline constexpr llvm::StringLiteral warpSpecialize = "tile.warp_specialize";
inline constexpr llvm::StringLiteral disallowAccMultiBuffer =
    "tile.disallow_acc_multi_buffer";
inline constexpr llvm::StringLiteral disableLicm = "tile.disable_licm";
} // namespace attr

/// What `tile.assume` writes, so that it stays in place without being an
/// obstacle to loads.
struct AssumptionResource
    : mlir::SideEffects::Resource::Base<AssumptionResource> {
  llvm::StringRef getName() final { return "tile.assumption"; }
};

/// Bytecode support, see tile_bytecode.cpp.
void addBytecodeInterface(TileDialect &dialect);

} // namespace tilesdk::tile
