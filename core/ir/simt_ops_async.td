//===- simt_ops_async.td - Asynchronous copies and products -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_OPS_ASYNC
#define TILESDK_CORE_IR_SIMT_OPS_ASYNC

include "core/ir/simt_op_base.td"

def Simt_AsyncCopyOp : Simt_Op<"async_copy", [
    MemoryEffects<[MemRead, MemWrite<Simt_Shared>, MemWrite<Simt_InFlight>]>,
    AttrSizedOperandSegments,
    Simt_OptionalTypeFrom<"ptrs", "mask", "maskLike">,
    Simt_OptionalTypeFrom<"ptrs", "other", "pointeeLike">]> {
  let summary = "Copies a tile from global to shared memory, asynchronously";
  let description = [{
    Each lane copies what its pointers name, by the target's async row `row`.
    Of rows that warps issue the lanes' places follow each other, and a mask is
    the same for all elements: where it is false nothing is written.
    Otherwise, where `mask` is false zeros are written; `other`, where it is not zero, is
    written by ordinary stores. The token ends in `simt.async_commit`.

    ```mlir
    %t = simt.async_copy "b128" %p to %b mask %m
        : tensor<64x64x!tile.ptr<f16>, #a> -> !simt.shared<64x64xf16, #s>
    ```

    Effects: reads memory, writes shared memory.
  }];
  let arguments = (ins StrAttr:$row, Tile_PtrLike:$ptrs, Simt_SharedType:$dest,
    Optional<Tile_BoolLike>:$mask, Optional<Tile_Value>:$other);
  let results = (outs Simt_TokenType:$token);
  let assemblyFormat = [{
    $row $ptrs `to` $dest (`mask` $mask^)? (`other` $other^)? attr-dict
    `:` type($ptrs) `->` qualified(type($dest))
  }];
  let hasVerifier = 1;
}

def Simt_AsyncCommitOp : Simt_Op<"async_commit", [
    MemoryEffects<[MemRead<Simt_InFlight>, MemWrite<Simt_InFlight>]>]> {
  let summary = "Makes the copies since the last commit a group";
  let description = [{
    A group without copies is legal and complete.

    ```mlir
    %g = simt.async_commit(%t0, %t1)
    ```

    Effects: on what is in flight.
  }];
  let arguments = (ins Variadic<Simt_TokenType>:$tokens);
  let results = (outs Simt_TokenType:$group);
  let assemblyFormat = "`(` $tokens `)` attr-dict";
}

def Simt_AsyncWaitOp : Simt_Op<"async_wait", [
    MemoryEffects<[MemRead<Simt_InFlight>, MemWrite<Simt_InFlight>,
                   MemRead<Simt_Shared>, MemWrite<Simt_Shared>]>]> {
  let summary = "Waits until at most `pending` groups of copies are under way";
  let description = [{
    Each thread waits for its own copies: a barrier must follow before others'
    are read. Where the target counts copies, not groups, `copies` is how many
    a warp issues for each group; without it all are waited for.

    ```mlir
    %w = simt.async_wait %g pending = 2
    ```

    Effects: completes writes to shared memory.
  }];
  let arguments = (ins Variadic<Simt_TokenType>:$tokens, Simt_Count:$pending,
    OptionalAttr<Simt_Positive>:$copies);
  let results = (outs Simt_TokenType:$token);
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$tokens,
                                 "uint32_t":$pending), [{
    build($_builder, $_state, TokenType::get($_builder.getContext()), tokens,
          $_builder.getI32IntegerAttr(pending), ::mlir::IntegerAttr());
  }]>];
  let assemblyFormat = [{
    ($tokens^)? `pending` `=` $pending (`copies` `=` $copies^)? attr-dict
  }];
}

def Simt_MmaAsyncOp : Simt_Op<"mma_async", [
    MemoryEffects<[MemRead<Simt_Shared>, MemRead<Simt_InFlight>,
                   MemWrite<Simt_InFlight>]>,
    Simt_TypeFrom<"acc", "result", "sameType">]> {
  let summary = "Starts matrix instructions of a warp group";
  let description = [{
    `result = acc + lhs * rhs` by the target's asynchronous row `row`, with the
    fence before and the commit behind it. Without `use_acc`, or where it is
    true, the accumulator is added; where it is false it is ignored. The result
    is in flight: only another `simt.mma_async` (as `acc`), `simt.mma_wait` and
    the edges of loops may take it.

    ```mlir
    %d = simt.mma_async "m64k16.f32.f16" %a, %b, %c use_acc %p
        : !simt.shared<64x64xf16, #s>, !simt.shared<64x128xf16, #s> -> tensor<64x128xf32, #l>
    ```

    Effects: reads shared memory until waited for.
  }];
  let arguments = (ins StrAttr:$row, Simt_TensorOrShared:$lhs,
    Simt_SharedType:$rhs, Tile_Tensor:$acc, Optional<I1>:$use_acc);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = [{
    $row $lhs `,` $rhs `,` $acc (`use_acc` $use_acc^)? attr-dict
    `:` type($lhs) `,` qualified(type($rhs)) `->` type($acc)
  }];
  let hasVerifier = 1;
}

def Simt_MmaWaitOp : Simt_Op<"mma_wait", [
    MemoryEffects<[MemRead<Simt_InFlight>, MemWrite<Simt_InFlight>,
                   MemRead<Simt_Shared>, MemWrite<Simt_Shared>]>,
    InferTypeOpAdaptor]> {
  let summary = "Waits until at most `pending` products are under way";
  let description = [{
    ```mlir
    %e = simt.mma_wait %d pending = 0 : tensor<64x128xf32, #l>
    ```

    Effects: completes reads of shared memory.
  }];
  let arguments = (ins Variadic<Tile_Tensor>:$accs, Simt_Count:$pending);
  let results = (outs Variadic<Tile_Tensor>:$results);
  let assemblyFormat = [{
    ($accs^)? `pending` `=` $pending attr-dict (`:` type($accs)^)?
  }];
}

def Simt_BarriersInitOp : Simt_Op<"barriers_init", [
    MemoryEffects<[MemWrite<Simt_Shared>, MemAlloc<Simt_Shared>]>]> {
  let summary = "Barriers in shared memory, each waiting for `count` arrivals";
  let description = [{
    ```mlir
    %b = simt.barriers_init count = 1 : !simt.barriers<3>
    ```

    Effects: allocates and writes shared memory.
  }];
  let arguments = (ins Simt_Positive:$count, OptionalAttr<Simt_Count>:$offset);
  let results = (outs Simt_BarriersType:$result);
  let assemblyFormat = "`count` `=` $count attr-dict `:` qualified(type($result))";
}

class Simt_BarrierUse<string mnemonic, dag extra>
    : Simt_Op<mnemonic, [MemoryEffects<[
        MemRead<Simt_Shared>, MemWrite<Simt_Shared>,
        MemRead<Simt_InFlight>, MemWrite<Simt_InFlight>]>]> {
  let arguments = !con((ins Simt_BarriersType:$barriers, I32:$index), extra);
}

def Simt_BarrierExpectOp : Simt_BarrierUse<"barrier_expect",
    (ins Simt_Positive:$bytes)> {
  let summary = "Arrives once and lets a barrier wait for bytes";
  let description = [{
    One thread arrives for all.

    ```mlir
    simt.barrier_expect %b[%i] bytes = 16384 : !simt.barriers<3>
    ```

    Effects: on shared memory.
  }];
  let assemblyFormat = [{
    $barriers `[` $index `]` `bytes` `=` $bytes attr-dict `:` qualified(type($barriers))
  }];
}

def Simt_BarrierArriveOp : Simt_BarrierUse<"barrier_arrive", (ins)> {
  let summary = "Arrives at a barrier, once for each warp that is here";
  let description = [{
    What a warp's threads read and wrote before is done when its arrival counts.

    ```mlir
    simt.barrier_arrive %b[%i] : !simt.barriers<3>
    ```

    Effects: on shared memory.
  }];
  let assemblyFormat = [{
    $barriers `[` $index `]` attr-dict `:` qualified(type($barriers))
  }];
}

def Simt_BarrierWaitOp : Simt_BarrierUse<"barrier_wait", (ins I32:$phase)> {
  let summary = "Waits for the end of a barrier's phase";
  let description = [{
    `phase` is 0 or 1: the parity of the phase whose end is waited for.

    ```mlir
    simt.barrier_wait %b[%i], %phase : !simt.barriers<3>
    ```

    Effects: on shared memory.
  }];
  let assemblyFormat = [{
    $barriers `[` $index `]` `,` $phase attr-dict `:` qualified(type($barriers))
  }];
}

def Simt_BoxMapOp : Simt_Op<"box_map", [Pure, AttrSizedOperandSegments]> {
  let summary = "The hardware's description of a tensor and of its boxes";
  let description = [{
    The tensor starts at `base` and has `shape` elements per dimension, which
    lie `strides` elements apart; a box has the extents `box` and is laid out in
    shared memory in `format`. The parts are arguments of the kernel: the
    launcher makes the map.

    ```mlir
    %d = simt.box_map %base shape [%m, %n] strides [%s, %one] box = [64, 64] format = "swizzle128" : !tile.ptr<f16>
    ```

    Effects: none.
  }];
  let arguments = (ins Tile_PtrLike:$base, Variadic<I32>:$shape,
    Variadic<I64>:$strides, DenseI32ArrayAttr:$box, StrAttr:$format);
  let results = (outs Simt_MapType:$result);
  let assemblyFormat = [{
    $base `shape` `[` $shape `]` `strides` `[` $strides `]` `box` `=` $box
    `format` `=` $format attr-dict `:` type($base)
  }];
  let hasVerifier = 1;
}

def Simt_BoxLoadOp : Simt_Op<"box_load", [
    MemoryEffects<[MemRead, MemWrite<Simt_Shared>, MemWrite<Simt_InFlight>]>]> {
  let summary = "Copies a box of a tensor to shared memory";
  let description = [{
    One thread copies for all; the bytes arrive at the barrier. Coordinates are
    in the order of the tensor's dimensions.

    ```mlir
    simt.box_load %d[%i, %j] to %b barrier %r[%k]
        : !simt.shared<64x64xf16, #s>, !simt.barriers<3>
    ```

    Effects: reads memory, writes shared memory.
  }];
  let arguments = (ins Simt_MapType:$map, Variadic<I32>:$coordinates,
    Simt_SharedType:$dest, Simt_BarriersType:$barriers, I32:$index);
  let assemblyFormat = [{
    $map `[` $coordinates `]` `to` $dest `barrier` $barriers `[` $index `]`
    attr-dict `:` qualified(type($dest)) `,` qualified(type($barriers))
  }];
  let hasVerifier = 1;
}

def Simt_BoxStoreOp : Simt_Op<"box_store", [
    MemoryEffects<[MemWrite, MemRead<Simt_Shared>, MemWrite<Simt_InFlight>]>]> {
  let summary = "Copies a buffer to a box of a tensor";
  let description = [{
    One thread copies for all, and commits. The buffer is read until
    `simt.box_store_wait`.

    ```mlir
    simt.box_store %b to %d[%i, %j] : !simt.shared<64x64xf16, #s>
    ```

    Effects: writes memory, reads shared memory.
  }];
  let arguments = (ins Simt_SharedType:$source, Simt_MapType:$map,
                       Variadic<I32>:$coordinates);
  let assemblyFormat = [{
    $source `to` $map `[` $coordinates `]` attr-dict `:` qualified(type($source))
  }];
  let hasVerifier = 1;
}

def Simt_BoxStoreWaitOp : Simt_Op<"box_store_wait", [
    MemoryEffects<[MemRead<Simt_InFlight>, MemWrite<Simt_InFlight>,
                   MemWrite<Simt_Shared>]>]> {
  let summary = "Waits until at most `pending` stores of boxes are under way";
  let description = [{
    All others have read their buffers; with `written`, what they wrote is in
    memory too, for the thread that copied and whoever meets it behind.

    ```mlir
    simt.box_store_wait pending = 0
    simt.box_store_wait pending = 0 written
    ```

    Effects: completes reads of shared memory, and writes to memory.
  }];
  let arguments = (ins Simt_Count:$pending, UnitAttr:$written);
  let assemblyFormat = "`pending` `=` $pending (`written` $written^)? attr-dict";
}

def Simt_FenceAsyncOp : Simt_Op<"fence_async", [
    MemoryEffects<[MemRead<Simt_Shared>, MemWrite<Simt_Shared>]>]> {
  let summary = "Orders ordinary accesses to shared memory before async ones";
  let description = [{
    ```mlir
    simt.fence_async
    ```

    Effects: on shared memory.
  }];
  let assemblyFormat = "attr-dict";
}

#endif // TILESDK_CORE_IR_SIMT_OPS_ASYNC
