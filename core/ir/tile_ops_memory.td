//===- tile_ops_memory.td - Pointers, loads, stores, atomics -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OPS_MEMORY
#define TILESDK_CORE_IR_TILE_OPS_MEMORY

include "core/ir/tile_op_base.td"

def Tile_AddPtrOp : Tile_Op<"addptr", [Pure,
    Tile_TypeFrom<"ptr", "result", "sameType">]> {
  let summary = "Moves pointers by a number of elements";
  let description = [{
    The offset counts elements of the pointee type and is signed.

    ```mlir
    %q = tile.addptr %p, %i : !tile.ptr<f32>, i32
    %t = tile.addptr %s, %o : tensor<64x!tile.ptr<f32>>, tensor<64xi64>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_PtrLike:$ptr, Tile_IntLike:$offset);
  let results = (outs Tile_PtrLike:$result);
  let assemblyFormat = [{
    $ptr `,` $offset attr-dict `:` type($ptr) `,` type($offset)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Tile_IntToPtrOp : Tile_Op<"int_to_ptr", [Pure]> {
  let summary = "An address becomes a pointer";
  let description = [{
    ```mlir
    %p = tile.int_to_ptr %i : i64 -> !tile.ptr<f32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_I64Like:$source);
  let results = (outs Tile_PtrLike:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tile_PtrToIntOp : Tile_Op<"ptr_to_int", [Pure]> {
  let summary = "A pointer becomes an address";
  let description = [{
    ```mlir
    %i = tile.ptr_to_int %p : !tile.ptr<f32> -> i64
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_PtrLike:$source);
  let results = (outs Tile_I64Like:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tile_PtrCastOp : Tile_Op<"ptr_cast", [Pure]> {
  let summary = "The same address with another pointee type";
  let description = [{
    The address space stays.

    ```mlir
    %q = tile.ptr_cast %p : !tile.ptr<f32> -> !tile.ptr<i32>
    ```

    Since version 1. Effects: none.
  }];
  let arguments = (ins Tile_PtrLike:$source);
  let results = (outs Tile_PtrLike:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Tile_LoadOp : Tile_Op<"load", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, AttrSizedOperandSegments,
    Tile_TypeFrom<"ptr", "result", "pointeeLike">,
    Tile_OptionalTypeFrom<"ptr", "mask", "maskLike">,
    Tile_OptionalTypeFrom<"ptr", "other", "pointeeLike">]> {
  let summary = "Reads memory";
  let description = [{
    Reads one element per pointer. Where `mask` is false nothing is read and
    the result is `other`, or 0 without `other`. A volatile load is never
    merged, moved or dropped.

    ```mlir
    %x = tile.load %p : !tile.ptr<f32>
    %y = tile.load %t mask %m other %o cache = cg evict = evict_first
        : tensor<64x!tile.ptr<f16>>
    ```

    Since version 1. Effects: reads memory; reads and writes if volatile.
  }];
  let arguments = (ins Tile_PtrLike:$ptr, Optional<Tile_BoolLike>:$mask,
    Optional<Tile_Value>:$other,
    DefaultValuedAttr<Tile_CacheModifierAttr,
                      "::tilesdk::tile::CacheModifier::None">:$cache,
    DefaultValuedAttr<Tile_EvictionPolicyAttr,
                      "::tilesdk::tile::EvictionPolicy::Normal">:$evict,
    UnitAttr:$is_volatile);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $ptr (`mask` $mask^)? (`other` $other^)? (`cache` `=` $cache^)?
    (`evict` `=` $evict^)? (`volatile` $is_volatile^)? attr-dict
    `:` type($ptr)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$ptr)>];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [MemoryEffects<[MemWrite]>,
    Tile_TypeFrom<"ptr", "value", "pointeeLike">,
    Tile_OptionalTypeFrom<"ptr", "mask", "maskLike">]> {
  let summary = "Writes memory";
  let description = [{
    Writes one element per pointer where `mask` is true. When several elements
    go to one address, which one stays is unspecified.

    ```mlir
    tile.store %p, %x : !tile.ptr<f32>
    tile.store %t, %y mask %m cache = cs : tensor<64x!tile.ptr<f16>>
    ```

    Since version 1. Effects: writes memory.
  }];
  let arguments = (ins Tile_PtrLike:$ptr, Tile_Value:$value,
    Optional<Tile_BoolLike>:$mask,
    DefaultValuedAttr<Tile_CacheModifierAttr,
                      "::tilesdk::tile::CacheModifier::None">:$cache,
    DefaultValuedAttr<Tile_EvictionPolicyAttr,
                      "::tilesdk::tile::EvictionPolicy::Normal">:$evict);
  let assemblyFormat = [{
    $ptr `,` $value (`mask` $mask^)? (`cache` `=` $cache^)?
    (`evict` `=` $evict^)? attr-dict `:` type($ptr)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$ptr, "::mlir::Value":$value)>];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Tile_AtomicRMWOp : Tile_Op<"atomic_rmw", [
    MemoryEffects<[MemRead, MemWrite]>,
    Tile_TypeFrom<"ptr", "result", "pointeeLike">,
    Tile_TypeFrom<"ptr", "value", "pointeeLike">,
    Tile_OptionalTypeFrom<"ptr", "mask", "maskLike">]> {
  let summary = "Atomic read-modify-write";
  let description = [{
    Replaces each element `e` by `kind(e, value)` in one indivisible step and
    yields `e`. Elements whose mask is false are left alone and yield 0.
    `fadd` takes floating-point elements, `xchg` any element of at least 8
    bits, the rest integers.

    ```mlir
    %old = tile.atomic_rmw fadd relaxed gpu, %p, %v mask %m
        : tensor<64x!tile.ptr<f32>>
    ```

    Since version 1. Effects: reads and writes memory.
  }];
  let arguments = (ins Tile_AtomicKindAttr:$kind, Tile_PtrLike:$ptr,
    Tile_Value:$value, Optional<Tile_BoolLike>:$mask,
    DefaultValuedAttr<Tile_MemorySemanticsAttr,
                      "::tilesdk::tile::MemorySemantics::AcqRel">:$sem,
    DefaultValuedAttr<Tile_MemoryScopeAttr,
                      "::tilesdk::tile::MemoryScope::Gpu">:$scope);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $kind $sem $scope `,` $ptr `,` $value (`mask` $mask^)? attr-dict
    `:` type($ptr)
  }];
  let hasVerifier = 1;
}

def Tile_AtomicCASOp : Tile_Op<"atomic_cas", [
    MemoryEffects<[MemRead, MemWrite]>,
    Tile_TypeFrom<"ptr", "result", "pointeeLike">,
    Tile_TypeFrom<"ptr", "compare", "pointeeLike">,
    Tile_TypeFrom<"ptr", "value", "pointeeLike">]> {
  let summary = "Atomic compare-and-swap";
  let description = [{
    Stores `value` where the element in memory has the same bits as `compare`,
    in one indivisible step, and yields what was there.

    ```mlir
    %old = tile.atomic_cas acq_rel gpu, %p, %c, %v : !tile.ptr<i32>
    ```

    Since version 1. Effects: reads and writes memory.
  }];
  let arguments = (ins Tile_PtrLike:$ptr, Tile_Value:$compare,
    Tile_Value:$value,
    DefaultValuedAttr<Tile_MemorySemanticsAttr,
                      "::tilesdk::tile::MemorySemantics::AcqRel">:$sem,
    DefaultValuedAttr<Tile_MemoryScopeAttr,
                      "::tilesdk::tile::MemoryScope::Gpu">:$scope);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $sem $scope `,` $ptr `,` $compare `,` $value attr-dict `:` type($ptr)
  }];
  let hasVerifier = 1;
}

#endif // TILESDK_CORE_IR_TILE_OPS_MEMORY
