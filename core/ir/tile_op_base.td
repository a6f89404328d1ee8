//===- tile_op_base.td - What all ops of `tile` share -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_OP_BASE
#define TILESDK_CORE_IR_TILE_OP_BASE

include "core/ir/tile_attributes.td"
include "core/ir/tile_types.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

/// An op without effects whose result type follows from its operands, up to the
/// layout: which one fits best is not for the op to say.
class Tile_InferredOp<string mnemonic, list<Trait> traits = []>
    : Tile_Op<mnemonic, !listconcat(traits,
                                    [Pure, InferTypeOpAdaptorWithIsCompatible])>;

/// Types that the parser and the builders derive. The predicates always hold:
/// verify() checks the same with a message that shows both types.
class Tile_TypeFrom<string from, string to, string transform>
    : TypesMatchWith<"type of '" # to # "' follows from '" # from # "'", from,
                     to, "::tilesdk::tile::" # transform # "($_self)",
                     "::tilesdk::tile::checkedByVerify">;
class Tile_OptionalTypeFrom<string from, string to, string transform>
    : OptionalTypesMatchWith<"type of '" # to # "' follows from '" # from # "'",
                             from, to,
                             "::tilesdk::tile::" # transform # "($_self)",
                             "::tilesdk::tile::checkedByVerify">;

def Tile_Axis : ConfinedAttr<I32Attr, [IntMinValue<0>, IntMaxValue<7>]>;
def Tile_GridAxis : ConfinedAttr<I32Attr, [IntMinValue<0>, IntMaxValue<2>]>;

#endif // TILESDK_CORE_IR_TILE_OP_BASE
