//===- tile_types.td - Types and type constraints of `tile` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_TYPES
#define TILESDK_CORE_IR_TILE_TYPES

include "core/ir/tile_dialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"

def Tile_PointerType : TypeDef<Tile_Dialect, "Pointer"> {
  let mnemonic = "ptr";
  let summary = "A typed pointer into device memory";
  let description = [{
    `!tile.ptr<f32>` points to `f32` elements; offsets count elements. The
    address space is 1 (global memory) when it is not written.

    ```mlir
    !tile.ptr<f16>
    !tile.ptr<!tile.ptr<i8>>
    !tile.ptr<f32, 3>
    ```
  }];
  let parameters = (ins "::mlir::Type":$pointee,
                        DefaultValuedParameter<"unsigned", "1">:$addressSpace);
  let builders = [TypeBuilderWithInferredContext<
      (ins "::mlir::Type":$pointee, CArg<"unsigned", "1">:$addressSpace), [{
    return $_get(pointee.getContext(), pointee, addressSpace);
  }]>];
  let assemblyFormat = "`<` $pointee (`,` $addressSpace^)? `>`";
  let genVerifyDecl = 1;
}

// Every constraint is a predicate of tile_types.h, so that C++ and TableGen
// cannot disagree.
class Tile_Constraint<string predicate, string what>
    : Type<CPred<"::tilesdk::tile::" # predicate # "($_self)">, what>;

def Tile_Value : Tile_Constraint<"isTileValue",
    "a tile scalar or a tensor of tile scalars">;
def Tile_Scalar : Tile_Constraint<"isTileScalar", "a tile scalar">;
def Tile_Tensor : Tile_Constraint<"isTileTensor", "a tensor of tile scalars">;
def Tile_DotOperand : Tile_Constraint<"isDotOperand",
    "a tensor of tile scalars or a buffer of them in shared memory">;
def Tile_IntLike : Tile_Constraint<"isIntLike",
    "a signless integer or a tensor of them">;
def Tile_I64Like : Tile_Constraint<"isI64Like", "i64 or a tensor of i64">;
def Tile_BoolLike : Tile_Constraint<"isBoolLike", "i1 or a tensor of i1">;
def Tile_FloatLike : Tile_Constraint<"isFloatLike",
    "a floating-point number or a tensor of them">;
def Tile_PtrLike : Tile_Constraint<"isPtrLike",
    "a !tile.ptr or a tensor of !tile.ptr">;
def Tile_IntTensor : Tile_Constraint<"isIntTensor",
    "a tensor of signless integers">;
def Tile_I32Tensor : Tile_Constraint<"isI32Tensor", "a tensor of i32">;

#endif // TILESDK_CORE_IR_TILE_TYPES
