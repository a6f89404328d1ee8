//===- simt_ops_shared.td - Layouts and shared memory -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_OPS_SHARED
#define TILESDK_CORE_IR_SIMT_OPS_SHARED

include "core/ir/simt_op_base.td"

def Simt_ConvertLayoutOp : Simt_Op<"convert_layout", [Pure]> {
  let summary = "The same tensor held by other threads";
  let description = [{
    How elements move is planned from the two layouts; a plan through shared
    memory needs `simt.scratch`.

    ```mlir
    %y = simt.convert_layout %x : tensor<64xf32, #a> -> tensor<64xf32, #b>
    ```

    Effects: none.
  }];
  let arguments = (ins Tile_Tensor:$source);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Simt_SharedAllocOp : Simt_Op<"shared_alloc", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Room in shared memory";
  let description = [{
    Lives from here to the last use of the result and its views. With `init`
    the elements are stored at once. Allocation sets `offset`, in bytes.

    ```mlir
    %b = simt.shared_alloc -> !simt.shared<3x64x64xf16, #s>
    %c = simt.shared_alloc init %x : tensor<64x64xf16, #a> -> !simt.shared<64x64xf16, #s>
    ```

    Effects: allocates shared memory; with `init` writes it.
  }];
  let arguments = (ins Optional<Tile_Tensor>:$init,
                       OptionalAttr<Simt_Count>:$offset);
  let results = (outs Simt_SharedType:$result);
  let assemblyFormat = [{
    (`init` $init^ `:` type($init))? attr-dict `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$result,
      CArg<"::mlir::Value", "{}">:$init)>];
  let hasVerifier = 1;
}

def Simt_SharedIndexOp : Simt_Op<"shared_index", [Pure]> {
  let summary = "One buffer of an array";
  let description = [{
    The index is not checked.

    ```mlir
    %v = simt.shared_index %b[%i] : !simt.shared<3x64x64xf16, #s> -> !simt.shared<64x64xf16, #s>
    ```

    Effects: none.
  }];
  let arguments = (ins Simt_SharedType:$source, I32:$index);
  let results = (outs Simt_SharedType:$result);
  let assemblyFormat = [{
    $source `[` $index `]` attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source,
                                 "::mlir::Value":$index)>];
  let hasVerifier = 1;
}

def Simt_SharedTransOp : Simt_Op<"shared_trans", [Pure]> {
  let summary = "A buffer with its dimensions permuted";
  let description = [{
    Result dimension `i` is source dimension `perm[i]`; nothing moves.

    ```mlir
    %v = simt.shared_trans %b [1, 0] : !simt.shared<64x32xf16, #s> -> !simt.shared<32x64xf16, #t>
    ```

    Effects: none.
  }];
  let arguments = (ins Simt_SharedType:$source, DenseI32ArrayAttr:$perm);
  let results = (outs Simt_SharedType:$result);
  let assemblyFormat = [{
    $source $perm attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source,
                                 "::llvm::ArrayRef<int32_t>":$perm)>];
  let hasVerifier = 1;
}

def Simt_SharedSliceOp : Simt_Op<"shared_slice", [Pure]> {
  let summary = "A part of a buffer";
  let description = [{
    The part starts at `offsets` and has the extents of the result, powers of
    two that divide the offsets. The result's layout is that of the whole
    buffer, restricted to the part; lowering reaches it through the source's.

    ```mlir
    %v = simt.shared_slice %b [0, 16] : !simt.shared<64x32xf16, #s> -> !simt.shared<64x16xf16, #t>
    ```

    Effects: none.
  }];
  let arguments = (ins Simt_SharedType:$source, DenseI32ArrayAttr:$offsets);
  let results = (outs Simt_SharedType:$result);
  let assemblyFormat = [{
    $source $offsets attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Simt_SharedLoadOp : Simt_Op<"shared_load", [
    MemoryEffects<[MemRead<Simt_Shared>]>]> {
  let summary = "Reads a buffer into registers";
  let description = [{
    `token` is that of a wait for asynchronous copies to the buffer, to keep
    the load behind it.

    ```mlir
    %x = simt.shared_load %b token %t : !simt.shared<64x64xf16, #s> -> tensor<64x64xf16, #a>
    ```

    Effects: reads shared memory.
  }];
  let arguments = (ins Simt_SharedType:$source, Optional<Simt_TokenType>:$token);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $source (`token` $token^)? attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$result,
      "::mlir::Value":$source), [{
    build($_builder, $_state, result, source, ::mlir::Value());
  }]>];
  let hasVerifier = 1;
}

def Simt_SharedStoreOp : Simt_Op<"shared_store", [
    MemoryEffects<[MemWrite<Simt_Shared>]>]> {
  let summary = "Writes registers to a buffer";
  let description = [{
    ```mlir
    simt.shared_store %x, %b : tensor<64x64xf16, #a> -> !simt.shared<64x64xf16, #s>
    ```

    Effects: writes shared memory.
  }];
  let arguments = (ins Tile_Tensor:$value, Simt_SharedType:$dest);
  let assemblyFormat = [{
    $value `,` $dest attr-dict `:` type($value) `->` qualified(type($dest))
  }];
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_SIMT_OPS_SHARED
