//===- tile_ops_program.td - Position in the grid, barriers -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_PROGRAM
#define TILESDK_CORE_IR_TILE_OPS_PROGRAM

include "core/ir/tile_op_base.td"

def Tile_ProgramIdOp : Tile_Op<"program_id", [Pure]> {
  let summary = "Position of this program on a grid axis";
  let description = [{
    Yields a value from 0 to `tile.num_programs axis` - 1.

    ```mlir
    %pid = tile.program_id 0
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_GridAxis:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "$axis attr-dict";
}

def Tile_NumProgramsOp : Tile_Op<"num_programs", [Pure]> {
  let summary = "Extent of the launch grid along an axis";
  let description = [{
    ```mlir
    %n = tile.num_programs 0
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_GridAxis:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "$axis attr-dict";
}

def Tile_BarrierOp : Tile_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Waits for all parts of this program";
  let description = [{
    Memory accesses of this program before the barrier are visible to its
    accesses behind it. Programs do not wait for each other.

    ```mlir
    tile.barrier
    ```

    Since version 1. Effects: reads and writes memory.
  }];
  let assemblyFormat = "attr-dict";
}

#endif // TILESDK_CORE_IR_TILE_OPS_PROGRAM
