//===- simt_ops_program.td - Barriers and partitions -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_OPS_PROGRAM
#define TILESDK_CORE_IR_SIMT_OPS_PROGRAM

include "core/ir/simt_op_base.td"
include "mlir/IR/RegionKindInterface.td"

def Simt_BarrierOp : Simt_Op<"barrier", [
    MemoryEffects<[MemRead, MemWrite, MemRead<Simt_Shared>,
                   MemWrite<Simt_Shared>]>]> {
  let summary = "All warps of the program, or of a partition, meet";
  let description = [{
    What they wrote before, shared and global, all of them see behind it. With
    `id` other than 0 it is the barrier of a partition of `warps` warps.

    ```mlir
    simt.barrier
    simt.barrier id = 1 warps = 4
    ```

    Effects: on all memory.
  }];
  let arguments = (ins DefaultValuedAttr<Simt_Count, "0">:$id,
                       DefaultValuedAttr<Simt_Count, "0">:$warps);
  let assemblyFormat = "(`id` `=` $id^)? (`warps` `=` $warps^)? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, 0, 0); }]>];
  let hasVerifier = 1;
}

def Simt_WarpSpecializeOp : Simt_Op<"warp_specialize", [
    RecursiveMemoryEffects, NoRegionArguments,
    SingleBlockImplicitTerminator<"EndOp">]> {
  let summary = "Groups of warps do different things at the same time";
  let description = [{
    Region `i` runs on `warps[i]` warps, in order from warp 0; together they are
    all warps of the program. Values from outside are captured. Layouts inside
    count the partition's own warps. `registers`, where given, is how many
    32-bit registers a thread of the partition gets. Partitions hand data to each
    other under `!simt.barriers`; before and behind, `simt.barrier` stands where
    shared memory needs it.

    ```mlir
    simt.warp_specialize warps = [4, 8] registers = [40, 232] {
      ...
    }, {
      ...
    }
    ```

    Effects: those of the regions.
  }];
  let arguments = (ins DenseI32ArrayAttr:$warps,
                       OptionalAttr<DenseI32ArrayAttr>:$registers);
  let regions = (region VariadicRegion<SizedRegion<1>>:$partitions);
  let assemblyFormat = [{
    `warps` `=` $warps (`registers` `=` $registers^)? $partitions attr-dict
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Simt_EndOp : Simt_Op<"end", [Pure, Terminator,
    HasParent<"WarpSpecializeOp">]> {
  let summary = "Ends a partition";
  let description = [{
    ```mlir
    simt.end
    ```

    Effects: none.
  }];
  let assemblyFormat = "attr-dict";
}

#endif // TILESDK_CORE_IR_SIMT_OPS_PROGRAM
