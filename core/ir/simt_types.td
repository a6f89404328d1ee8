//===- simt_types.td - Attributes and types of `simt` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_TYPES
#define TILESDK_CORE_IR_SIMT_TYPES

include "core/ir/simt_dialect.td"
include "core/ir/tile_types.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"

/// Held by value; equal maps are one attribute because layouts are canonical.
def Simt_LayoutParameter
    : AttrOrTypeParameter<"::tilesdk::layout::Layout", "a linear layout",
                          "const ::tilesdk::layout::Layout &"> {
  let cppStorageType = "::tilesdk::layout::Layout";
}

def Simt_LayoutAttr : AttrDef<Simt_Dialect, "Layout", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "Which thread holds which element of a tensor";
  let description = [{
    A linear layout from `register`, `lane` and `warp` to `dim0`, `dim1`, ... in
    the text of docs/layouts.md. Every element is held at least once; what is
    held more often is a copy.

    ```mlir
    #simt.layout<"(dim0: 64) { register: (32); lane: (1) (2) (4) (8) (16); warp: }">
    ```
  }];
  let parameters = (ins Simt_LayoutParameter:$layout);
  let skipDefaultBuilders = 1;
  let builders = [AttrBuilder<(ins "const ::tilesdk::layout::Layout &":$layout), [{
    return $_get($_ctxt, layout.canonical());
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Simt_SharedLayoutAttr : AttrDef<Simt_Dialect, "SharedLayout"> {
  let mnemonic = "shared_layout";
  let summary = "Where the elements of a buffer lie in shared memory";
  let description = [{
    `layout` maps `offset`, in elements, to the dimensions of one buffer.
    `format` names the target's shared-operand format that the layout follows,
    or is empty; `alignment` is that of a buffer, in bytes.

    ```mlir
    #simt.shared_layout<layout = "(dim0: 8, dim1: 8) { offset: (0,1) (0,2) (0,4) (1,0) (2,0) (4,0) }", format = "", alignment = 16>
    ```
  }];
  let parameters = (ins Simt_LayoutParameter:$layout,
                        StringRefParameter<"name of a format">:$format,
                        "unsigned":$alignment);
  let skipDefaultBuilders = 1;
  let builders = [AttrBuilder<(ins "const ::tilesdk::layout::Layout &":$layout,
      CArg<"::llvm::StringRef", "{}">:$format,
      CArg<"unsigned", "16">:$alignment), [{
    return $_get($_ctxt, layout.canonical(), format, alignment);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

class Simt_Type<string name, string typeMnemonic> : TypeDef<Simt_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Simt_SharedType : Simt_Type<"Shared", "shared"> {
  let summary = "A region of shared memory";
  let description = [{
    A buffer, or with more dimensions than the layout has an array of buffers,
    one after the other: `!simt.shared<4x128x64xf16, #layout>` is 4 of 128 x 64.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType,
                        "SharedLayoutAttr":$layout);
  let builders = [TypeBuilderWithInferredContext<
      (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
           "SharedLayoutAttr":$layout), [{
    return $_get(elementType.getContext(), shape, elementType, layout);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    /// Dimensions of one buffer.
    int64_t getBufferRank() const;
    llvm::ArrayRef<int64_t> getBufferShape() const {
      return getShape().take_back(getBufferRank());
    }
    /// How many buffers; 1 without leading dimensions.
    int64_t getNumBuffers() const;
    /// From one buffer to the next, rounded up to the alignment.
    int64_t getBufferBytes() const;
    int64_t getBytes() const { return getNumBuffers() * getBufferBytes(); }
    unsigned getAlignment() const;
  }];
}

def Simt_TokenType : Simt_Type<"Token", "token"> {
  let summary = "An asynchronous copy, or a group of them, under way";
}

def Simt_BarriersType : Simt_Type<"Barriers", "barriers"> {
  let summary = "An array of barriers in shared memory that count arrivals";
  let parameters = (ins "int64_t":$count);
  let assemblyFormat = "`<` $count `>`";
  let genVerifyDecl = 1;
}

def Simt_MapType : Simt_Type<"Map", "map"> {
  let summary = "What the hardware knows of a tensor that boxes are copied from";
}

def Simt_TensorOrShared : Type<Or<[Tile_Tensor.predicate,
                                   Simt_SharedType.predicate]>,
    "a tensor or a !simt.shared">;

#endif // TILESDK_CORE_IR_SIMT_TYPES
