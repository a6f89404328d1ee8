//===- tile_attributes.td - Enumerations of `tile` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_ATTRIBUTES
#define TILESDK_CORE_IR_TILE_ATTRIBUTES

include "core/ir/tile_dialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

// The numbers are part of the bytecode: append, never renumber.
class Tile_Enum<string name, string what, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, what, cases> {
  let cppNamespace = "::tilesdk::tile";
  let genSpecializedAttr = 0;
}

def Tile_CacheModifier : Tile_Enum<"CacheModifier", "cache modifier", [
  I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"CA", 1, "ca">,
  I32EnumAttrCase<"CG", 2, "cg">, I32EnumAttrCase<"CS", 3, "cs">,
  I32EnumAttrCase<"CV", 4, "cv">, I32EnumAttrCase<"WB", 5, "wb">,
  I32EnumAttrCase<"WT", 6, "wt">]>;
def Tile_EvictionPolicy : Tile_Enum<"EvictionPolicy", "eviction policy", [
  I32EnumAttrCase<"Normal", 0, "normal">,
  I32EnumAttrCase<"EvictFirst", 1, "evict_first">,
  I32EnumAttrCase<"EvictLast", 2, "evict_last">]>;
def Tile_AtomicKind : Tile_Enum<"AtomicKind", "atomic operation", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"FAdd", 1, "fadd">,
  I32EnumAttrCase<"And", 2, "and">, I32EnumAttrCase<"Or", 3, "or">,
  I32EnumAttrCase<"Xor", 4, "xor">, I32EnumAttrCase<"Max", 5, "max">,
  I32EnumAttrCase<"Min", 6, "min">, I32EnumAttrCase<"UMax", 7, "umax">,
  I32EnumAttrCase<"UMin", 8, "umin">, I32EnumAttrCase<"Xchg", 9, "xchg">]>;
def Tile_MemorySemantics : Tile_Enum<"MemorySemantics", "memory ordering", [
  I32EnumAttrCase<"Relaxed", 0, "relaxed">,
  I32EnumAttrCase<"Acquire", 1, "acquire">,
  I32EnumAttrCase<"Release", 2, "release">,
  I32EnumAttrCase<"AcqRel", 3, "acq_rel">]>;
def Tile_MemoryScope : Tile_Enum<"MemoryScope", "memory scope", [
  I32EnumAttrCase<"Cta", 0, "cta">, I32EnumAttrCase<"Gpu", 1, "gpu">,
  I32EnumAttrCase<"Sys", 2, "sys">]>;
def Tile_InputPrecision : Tile_Enum<"InputPrecision",
    "precision of matrix operands", [
  I32EnumAttrCase<"Ieee", 0, "ieee">, I32EnumAttrCase<"Tf32", 1, "tf32">,
  I32EnumAttrCase<"Tf32x3", 2, "tf32x3">,
  I32EnumAttrCase<"Bf16x3", 3, "bf16x3">,
  I32EnumAttrCase<"Bf16x6", 4, "bf16x6">]>;
def Tile_Rounding : Tile_Enum<"Rounding", "rounding mode", [
  I32EnumAttrCase<"Rtne", 0, "rtne">, I32EnumAttrCase<"Rtz", 1, "rtz">]>;
def Tile_Padding : Tile_Enum<"Padding", "padding of a tensor descriptor", [
  I32EnumAttrCase<"Zero", 0, "zero">, I32EnumAttrCase<"Nan", 1, "nan">]>;

def Tile_CacheModifierAttr
    : EnumAttr<Tile_Dialect, Tile_CacheModifier, "cache">;
def Tile_EvictionPolicyAttr
    : EnumAttr<Tile_Dialect, Tile_EvictionPolicy, "evict">;
def Tile_AtomicKindAttr
    : EnumAttr<Tile_Dialect, Tile_AtomicKind, "atomic_kind">;
def Tile_MemorySemanticsAttr
    : EnumAttr<Tile_Dialect, Tile_MemorySemantics, "sem">;
def Tile_MemoryScopeAttr : EnumAttr<Tile_Dialect, Tile_MemoryScope, "scope">;
def Tile_InputPrecisionAttr
    : EnumAttr<Tile_Dialect, Tile_InputPrecision, "precision">;
def Tile_RoundingAttr : EnumAttr<Tile_Dialect, Tile_Rounding, "rounding">;
def Tile_PaddingAttr : EnumAttr<Tile_Dialect, Tile_Padding, "padding">;

#endif // TILESDK_CORE_IR_TILE_ATTRIBUTES
