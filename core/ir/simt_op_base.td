//===- simt_op_base.td - What all ops of `simt` share -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_OP_BASE
#define TILESDK_CORE_IR_SIMT_OP_BASE

include "core/ir/simt_types.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Simt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Simt_Dialect, mnemonic, traits>;

class Simt_TypeFrom<string from, string to, string transform>
    : TypesMatchWith<"type of '" # to # "' follows from '" # from # "'", from,
                     to, "::tilesdk::tile::" # transform # "($_self)",
                     "::tilesdk::tile::checkedByVerify">;
class Simt_OptionalTypeFrom<string from, string to, string transform>
    : OptionalTypesMatchWith<"type of '" # to # "' follows from '" # from # "'",
                             from, to,
                             "::tilesdk::tile::" # transform # "($_self)",
                             "::tilesdk::tile::checkedByVerify">;

// Shared memory, and what is under way: nothing of it aliases global memory.
def Simt_Shared : Resource<"::tilesdk::simt::SharedMemoryResource">;
def Simt_InFlight : Resource<"::tilesdk::simt::InFlightResource">;

def Simt_Count : ConfinedAttr<I32Attr, [IntMinValue<0>]>;
def Simt_Positive : ConfinedAttr<I32Attr, [IntMinValue<1>]>;

#endif // TILESDK_CORE_IR_SIMT_OP_BASE
