//===- tile_ops.td - All ops of `tile` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS
#define TILESDK_CORE_IR_TILE_OPS

include "core/ir/tile_ops_program.td"
include "core/ir/tile_ops_shape.td"
include "core/ir/tile_ops_memory.td"
include "core/ir/tile_ops_descriptor.td"
include "core/ir/tile_ops_elementwise.td"
include "core/ir/tile_ops_compute.td"
include "core/ir/tile_ops_region.td"
include "core/ir/tile_ops_debug.td"

#endif // TILESDK_CORE_IR_TILE_OPS
