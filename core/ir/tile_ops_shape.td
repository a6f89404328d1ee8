//===- tile_ops_shape.td - Ops that make, reshape and rearrange tensors -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_SHAPE
#define TILESDK_CORE_IR_TILE_OPS_SHAPE

include "core/ir/tile_op_base.td"

def Tile_MakeRangeOp : Tile_InferredOp<"make_range"> {
  let summary = "Consecutive integers";
  let description = [{
    `result[i] = start + i` for `start + i < end`.

    ```mlir
    %r = tile.make_range 0, 192 : tensor<192xi32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins I32Attr:$start, I32Attr:$end);
  let results = (outs Tile_I32Tensor:$result);
  let assemblyFormat = "$start `,` $end attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Tile_SplatOp : Tile_Op<"splat", [Pure]> {
  let summary = "A tensor whose elements all equal one scalar";
  let description = [{
    ```mlir
    %t = tile.splat %x : f32 -> tensor<128x64xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Scalar:$source);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tile_ExpandDimsOp : Tile_InferredOp<"expand_dims"> {
  let summary = "Inserts a dimension of extent 1";
  let description = [{
    The new dimension gets position `axis`, from 0 to the rank of the source.

    ```mlir
    %c = tile.expand_dims %r, 1 : tensor<128xi32> -> tensor<128x1xi32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source, Tile_Axis:$axis);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source `,` $axis attr-dict `:` type($source) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "Stretches dimensions of extent 1";
  let description = [{
    Source and result have the same rank; where extents differ the source's is
    1. `result[i, j] = source[0, j]` when dimension 0 is stretched.

    ```mlir
    %b = tile.broadcast %c : tensor<128x1xi32> -> tensor<128x64xi32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "The same elements in another shape";
  let description = [{
    Elements keep their row-major order. With `allow_reorder` the compiler may
    permute them instead.

    ```mlir
    %r = tile.reshape %x : tensor<8x16xf32> -> tensor<128xf32>
    %s = tile.reshape %x allow_reorder : tensor<8x16xf32> -> tensor<16x8xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source, UnitAttr:$allow_reorder);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source (`allow_reorder` $allow_reorder^)? attr-dict
    `:` type($source) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Tile_TransOp : Tile_InferredOp<"trans"> {
  let summary = "Permutes dimensions";
  let description = [{
    Result dimension `i` is source dimension `perm[i]`.

    ```mlir
    %t = tile.trans %x [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source, DenseI32ArrayAttr:$perm);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source $perm attr-dict `:` type($source) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tile_JoinOp : Tile_InferredOp<"join"> {
  let summary = "Pairs two values along a new last dimension";
  let description = [{
    `result[..., 0] = lhs[...]`, `result[..., 1] = rhs[...]`.

    ```mlir
    %j = tile.join %a, %b : tensor<8xf32> -> tensor<8x2xf32>
    %p = tile.join %x, %y : f32 -> tensor<2xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Value:$lhs, Tile_Value:$rhs);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` custom<SameTypes>(type($lhs), type($rhs))
    `->` type($result)
  }];
  let hasFolder = 1;
}

def Tile_SplitOp : Tile_InferredOp<"split"> {
  let summary = "Takes pairs along the last dimension apart";
  let description = [{
    The inverse of `tile.join`; the last extent of the source is 2.

    ```mlir
    %a, %b = tile.split %j : tensor<8x2xf32> -> tensor<8xf32>
    %x, %y = tile.split %p : tensor<2xf32> -> f32
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source);
  let results = (outs Tile_Value:$lhs, Tile_Value:$rhs);
  let assemblyFormat = [{
    $source attr-dict `:` type($source) `->`
    custom<SameTypes>(type($lhs), type($rhs))
  }];
  let hasFolder = 1;
}

def Tile_CatOp : Tile_InferredOp<"cat"> {
  let summary = "Concatenates two tensors";
  let description = [{
    `lhs` comes first along `dim`; the other extents agree.

    ```mlir
    %c = tile.cat %a, %b, 0 : tensor<8xf32>, tensor<4xf32> -> tensor<12xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$lhs, Tile_Tensor:$rhs, Tile_Axis:$dim);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $dim attr-dict `:` type($lhs) `,` type($rhs)
    `->` type($result)
  }];
}

#endif // TILESDK_CORE_IR_TILE_OPS_SHAPE
