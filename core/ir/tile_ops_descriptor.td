//===- tile_ops_descriptor.td - Blocks of described tensors -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A descriptor has no type of its own: an access names its parts. Nothing has
// to be threaded through loops and calls, and what a machine makes of a
// descriptor follows from where the parts come from.
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_DESCRIPTOR
#define TILESDK_CORE_IR_TILE_OPS_DESCRIPTOR

include "core/ir/tile_op_base.td"

def Tile_DescriptorLoadOp : Tile_Op<"descriptor_load", [
    MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let summary = "Reads a block of a described tensor";
  let description = [{
    The tensor starts at `base` and has `shape` elements per dimension, which
    lie `strides` elements apart; the last stride is 1. The block starts at
    `offsets`. What lies outside the tensor is not read and gives the padding.

    ```mlir
    %t = tile.descriptor_load %base shape[%m, %n] strides[%s, %one]
        at[%i, %j] padding zero : !tile.ptr<f16> -> tensor<128x64xf16>
    ```

    Since version 1. Effects: reads memory.
  }];
  let arguments = (ins Tile_PtrLike:$base, Variadic<I32>:$shape,
    Variadic<I64>:$strides, Variadic<I32>:$offsets,
    DefaultValuedAttr<Tile_PaddingAttr,
                      "::tilesdk::tile::Padding::Zero">:$padding);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $base `shape` `[` $shape `]` `strides` `[` $strides `]`
    `at` `[` $offsets `]` `padding` $padding attr-dict `:` type($base) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_DescriptorStoreOp : Tile_Op<"descriptor_store", [
    MemoryEffects<[MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Writes a block of a described tensor";
  let description = [{
    As `descriptor_load`; what lies outside the tensor is dropped.

    ```mlir
    tile.descriptor_store %base shape[%m, %n] strides[%s, %one]
        at[%i, %j], %v : !tile.ptr<f16>, tensor<128x64xf16>
    ```

    Since version 1. Effects: writes memory.
  }];
  let arguments = (ins Tile_PtrLike:$base, Variadic<I32>:$shape,
    Variadic<I64>:$strides, Variadic<I32>:$offsets, Tile_Tensor:$value);
  let assemblyFormat = [{
    $base `shape` `[` $shape `]` `strides` `[` $strides `]`
    `at` `[` $offsets `]` `,` $value attr-dict `:` type($base) `,` type($value)
  }];
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_TILE_OPS_DESCRIPTOR
