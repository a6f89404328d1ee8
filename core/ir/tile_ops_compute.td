//===- tile_ops_compute.td - Ops on whole tensors -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_COMPUTE
#define TILESDK_CORE_IR_TILE_OPS_COMPUTE

include "core/ir/tile_op_base.td"

def Tile_DotOp : Tile_Op<"dot", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>,
    Tile_TypeFrom<"acc", "result", "sameType">]> {
  let summary = "Matrix product added to an accumulator";
  let description = [{
    `result = acc + lhs * rhs` for `lhs` M x K, `rhs` K x N, `acc` M x N; with
    rank 3 the first dimension counts independent products. Products are
    formed and summed in the accumulator's type.

    | operands | accumulator |
    |---|---|
    | i8, i8 | i32 |
    | f16, f16 | f16, f32 |
    | bf16, bf16 | f32 |
    | f32, f32 | f32 |
    | f64, f64 | f64 |
    | any two of the 8-bit floats | f16, f32 |

    `input_precision` says how f32 operands may be rounded; the order of
    summation over K is unspecified. `max_imprecise_acc` bounds how many
    products a target may sum in lower precision; 0 means its default.

    ```mlir
    %d = tile.dot %a, %b, %c precision = tf32
        : tensor<64x32xf32>, tensor<32x128xf32> -> tensor<64x128xf32>
    ```

    Since version 1. Effects: none. (In the dialect `simt` operands may be
    buffers; then shared memory is read.)
  }];
  let arguments = (ins Tile_DotOperand:$lhs, Tile_DotOperand:$rhs,
    Tile_Tensor:$acc,
    DefaultValuedAttr<Tile_InputPrecisionAttr,
                      "::tilesdk::tile::InputPrecision::Ieee">:$input_precision,
    DefaultValuedAttr<ConfinedAttr<I32Attr, [IntMinValue<0>]>,
                      "0">:$max_imprecise_acc);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $acc (`precision` `=` $input_precision^)?
    (`max_imprecise_acc` `=` $max_imprecise_acc^)? attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($acc)
  }];
  let hasVerifier = 1;
}

def Tile_SortOp : Tile_Op<"sort", [Pure, SameOperandsAndResultType]> {
  let summary = "Sorts along the last dimension";
  let description = [{
    Ascending, or descending with `descending`. Integers compare as signed;
    NaN counts as larger than every number.

    ```mlir
    %s = tile.sort %x descending : tensor<4x64xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source, UnitAttr:$descending);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source (`descending` $descending^)? attr-dict `:` type($source)
  }];
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_InferredOp<"gather"> {
  let summary = "Picks elements along a dimension by index";
  let description = [{
    `result[i, j] = source[indices[i, j], j]` for `axis` 0. Shapes agree except
    along `axis`. An index out of range is undefined behaviour.

    ```mlir
    %g = tile.gather %x, %i, 0
        : tensor<64x8xf32>, tensor<16x8xi32> -> tensor<16x8xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source, Tile_IntTensor:$indices,
                       Tile_Axis:$axis);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source `,` $indices `,` $axis attr-dict
    `:` type($source) `,` type($indices) `->` type($result)
  }];
}

def Tile_HistogramOp : Tile_Op<"histogram", [Pure,
    Tile_OptionalTypeFrom<"source", "mask", "maskLike">]> {
  let summary = "Counts how often each value occurs";
  let description = [{
    `result[b]` is the number of elements of `source` equal to `b` whose mask
    is true. Values outside the bins are ignored.

    ```mlir
    %h = tile.histogram %x mask %m : tensor<256xi32> -> tensor<16xi32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_IntTensor:$source, Optional<Tile_BoolLike>:$mask);
  let results = (outs Tile_I32Tensor:$result);
  let assemblyFormat = [{
    $source (`mask` $mask^)? attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_TILE_OPS_COMPUTE
