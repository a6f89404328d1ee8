//===- tile_ops_elementwise.td - Elementwise ops that arith and math lack -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_ELEMENTWISE
#define TILESDK_CORE_IR_TILE_OPS_ELEMENTWISE

include "core/ir/tile_op_base.td"

def Tile_FpToFpOp : Tile_Op<"fp_to_fp", [Pure]> {
  let summary = "Converts between floating-point types";
  let description = [{
    Any two floating-point types. `rounding` matters where precision is lost:
    to nearest even, or towards zero. Conversion to an 8-bit type saturates to
    its largest finite number; NaN stays NaN.

    ```mlir
    %h = tile.fp_to_fp %x : tensor<64xf32> -> tensor<64xf8E4M3FN>
    %z = tile.fp_to_fp %x rounding = rtz : tensor<64xf32> -> tensor<64xf16>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_FloatLike:$source,
    DefaultValuedAttr<Tile_RoundingAttr,
                      "::tilesdk::tile::Rounding::Rtne">:$rounding);
  let results = (outs Tile_FloatLike:$result);
  let assemblyFormat = [{
    $source (`rounding` `=` $rounding^)? attr-dict
    `:` type($source) `->` type($result)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tile_SqrtRnOp : Tile_Op<"sqrt_rn", [Pure, SameOperandsAndResultType]> {
  let summary = "Square root, correctly rounded";
  let description = [{
    Rounds to nearest even; `math.sqrt` may be less accurate.

    ```mlir
    %r = tile.sqrt_rn %x : tensor<64xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_FloatLike:$source);
  let results = (outs Tile_FloatLike:$result);
  let assemblyFormat = "$source attr-dict `:` type($result)";
}

def Tile_DivRnOp : Tile_Op<"div_rn", [Pure, SameOperandsAndResultType]> {
  let summary = "Quotient, correctly rounded";
  let description = [{
    Rounds to nearest even; `arith.divf` may be less accurate.

    ```mlir
    %r = tile.div_rn %x, %y : tensor<64xf32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_FloatLike:$lhs, Tile_FloatLike:$rhs);
  let results = (outs Tile_FloatLike:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Tile_ExternElementwiseOp : Tile_Op<"extern_elementwise", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "Calls a library function for every element";
  let description = [{
    `symbol` names a function of the target's device library or of bitcode the
    caller links. Names that start with `tsdk.math.` are given without the type
    suffix, which lowering appends. Arguments and result have the same shape;
    element types may differ. Without `pure` the function may do anything.

    ```mlir
    %y = tile.extern_elementwise "tsdk.math.tanh" pure (%x)
        : (tensor<64xf32>) -> tensor<64xf32>
    ```

    Since version 1. Effects: none if `pure`, else reads and writes memory.
  }];
  let arguments = (ins Variadic<Tile_Value>:$args, StrAttr:$symbol,
                       UnitAttr:$pure);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $symbol (`pure` $pure^)? `(` $args `)` attr-dict
    `:` functional-type($args, $result)
  }];
  let hasVerifier = 1;
}

def Tile_HintOp : Tile_Op<"hint", [Pure,
    Tile_TypeFrom<"source", "result", "sameType">]> {
  let summary = "States what is known of a value";
  let description = [{
    The identity. Per dimension (one entry for a scalar): `divisibility`: the
    first element of each contiguous run is a multiple of this; `contiguity`:
    that many neighbours count up by one; `constancy`: that many neighbours are
    equal. A false statement is undefined behaviour.

    ```mlir
    %y = tile.hint %x divisibility = [16] contiguity = [64] : tensor<64xi32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_Value:$source,
    OptionalAttr<DenseI64ArrayAttr>:$divisibility,
    OptionalAttr<DenseI64ArrayAttr>:$contiguity,
    OptionalAttr<DenseI64ArrayAttr>:$constancy);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $source (`divisibility` `=` $divisibility^)?
    (`contiguity` `=` $contiguity^)? (`constancy` `=` $constancy^)? attr-dict
    `:` type($source)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_TILE_OPS_ELEMENTWISE
