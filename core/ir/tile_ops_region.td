//===- tile_ops_region.td - Reductions and scans -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_REGION
#define TILESDK_CORE_IR_TILE_OPS_REGION

include "core/ir/tile_op_base.td"
include "mlir/IR/RegionKindInterface.td"

class Tile_CombineOp<string mnemonic>
    : Tile_InferredOp<mnemonic, [IsolatedFromAbove, SingleBlock]> {
  let regions = (region SizedRegion<1>:$combine);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  code combineDeclaration = [{
    /// The accumulated values of the combine region, one per source.
    mlir::Block::BlockArgListType getAccumulators() {
      return getCombine().getArguments().take_front(getSources().size());
    }
    /// The incoming elements of the combine region, one per source.
    mlir::Block::BlockArgListType getElements() {
      return getCombine().getArguments().drop_front(getSources().size());
    }
  }];
}

// Called with the accumulated and the incoming values; yields what it returns.
def Tile_CombineBuilder {
  string type = "llvm::function_ref<llvm::SmallVector<mlir::Value>("
                "mlir::OpBuilder &, mlir::Location, mlir::ValueRange, "
                "mlir::ValueRange)>";
}

def Tile_ReduceOp : Tile_CombineOp<"reduce"> {
  let summary = "Combines the elements along a dimension";
  let description = [{
    The region takes one accumulated value per source, then one element per
    source, and yields their combination. It must be associative: the order and
    grouping of combinations are unspecified. With `commutative` elements may
    also change places. The dimension vanishes; reducing the only dimension
    gives scalars. The region is isolated and has no effects.

    ```mlir
    %sum = tile.reduce %x axis = 1 commutative
        : (tensor<8x64xf32>) -> tensor<8xf32> {
    ^bb0(%acc: f32, %elt: f32):
      %0 = arith.addf %acc, %elt : f32
      tile.yield %0 : f32
    }
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Variadic<Tile_Tensor>:$sources, Tile_Axis:$axis,
                       UnitAttr:$commutative);
  let results = (outs Variadic<Tile_Value>:$results);
  let assemblyFormat = [{
    $sources `axis` `=` $axis (`commutative` $commutative^)? attr-dict
    `:` functional-type($sources, $results) $combine
  }];
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$sources,
      "int32_t":$axis, "bool":$commutative,
      Tile_CombineBuilder.type:$combine)>];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = combineDeclaration;
}

def Tile_ScanOp : Tile_CombineOp<"scan"> {
  let summary = "Running combination along a dimension, inclusive";
  let description = [{
    `result[i] = combine(result[i - 1], source[i])`, and `result[0] =
    source[0]`; with `reverse` from the end to the beginning. The region is as
    that of `tile.reduce`: associative, isolated, without effects.

    ```mlir
    %sums = tile.scan %x axis = 0 reverse
        : (tensor<64xf32>) -> tensor<64xf32> {
    ^bb0(%acc: f32, %elt: f32):
      %0 = arith.addf %acc, %elt : f32
      tile.yield %0 : f32
    }
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Variadic<Tile_Tensor>:$sources, Tile_Axis:$axis,
                       UnitAttr:$reverse);
  let results = (outs Variadic<Tile_Tensor>:$results);
  let assemblyFormat = [{
    $sources `axis` `=` $axis (`reverse` $reverse^)? attr-dict
    `:` functional-type($sources, $results) $combine
  }];
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$sources,
      "int32_t":$axis, "bool":$reverse,
      Tile_CombineBuilder.type:$combine)>];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = combineDeclaration;
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator,
    ParentOneOf<["ReduceOp", "ScanOp"]>]> {
  let summary = "Ends the region of a reduction or a scan";
  let description = [{
    ```mlir
    tile.yield %0, %1 : f32, i32
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Variadic<Tile_Scalar>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // TILESDK_CORE_IR_TILE_OPS_REGION
