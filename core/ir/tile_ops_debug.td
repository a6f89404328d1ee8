//===- tile_ops_debug.td - Assumptions, assertions, printing -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_DEBUG
#define TILESDK_CORE_IR_TILE_OPS_DEBUG

include "core/ir/tile_op_base.td"

// Keeps the op in its place without making it touch memory that loads read.
def Tile_AssumptionResource : Resource<"::tilesdk::tile::AssumptionResource">;

def Tile_AssumeOp : Tile_Op<"assume", [
    MemoryEffects<[MemWrite<Tile_AssumptionResource>]>]> {
  let summary = "Promises that a condition holds";
  let description = [{
    A false condition is undefined behaviour. Nothing is checked.

    ```mlir
    tile.assume %c
    ```

    Since version 1. Effects: none on memory; never dropped while it may help.
  }];
  let arguments = (ins I1:$condition);
  let assemblyFormat = "$condition attr-dict";
  let hasCanonicalizeMethod = 1;
}

def Tile_AssertOp : Tile_Op<"assert", [MemoryEffects<[MemWrite]>]> {
  let summary = "Stops the kernel with a message if a condition is false";
  let description = [{
    Fails when any element is false.

    ```mlir
    tile.assert %c, "index out of range" : tensor<64xi1>
    ```

    Since version 1. Effects: writes memory.
  }];
  let arguments = (ins Tile_BoolLike:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict `:` type($condition)";
  let hasCanonicalizeMethod = 1;
}

def Tile_PrintOp : Tile_Op<"print", [MemoryEffects<[MemWrite]>]> {
  let summary = "Prints values from the device";
  let description = [{
    `is_signed` has one entry per value and says how integers are shown; with
    `hex` they are shown in base 16.

    ```mlir
    tile.print "x" hex signed = [true] : %x : tensor<64xi32>
    ```

    Since version 1. Effects: writes memory.
  }];
  let arguments = (ins StrAttr:$prefix, UnitAttr:$hex, Variadic<Tile_Value>:$args,
                       DenseBoolArrayAttr:$is_signed);
  let assemblyFormat = [{
    $prefix (`hex` $hex^)? `signed` `=` $is_signed attr-dict
    (`:` $args^ `:` type($args))?
  }];
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_TILE_OPS_DEBUG
