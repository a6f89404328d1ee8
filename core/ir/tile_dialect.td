//===- tile_dialect.td - The dialect `tile` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_TILE_DIALECT
#define TILESDK_CORE_IR_TILE_DIALECT

include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::tilesdk::tile";
  let summary = "Target-independent programs on tiles of data";
  let description = [{
    A kernel is a `func.func` with the unit attribute `tile.kernel`. Its body
    works on scalars and on tensors of static shape, whose elements are scalars
    or typed pointers (`!tile.ptr`). One instance of the kernel, a *program*,
    runs for every point of a launch grid.

    Arithmetic comes from `arith` and `math`, control flow from `scf`, calls
    from `func`; this dialect has what they lack: grid position, shape changes,
    memory, matrix products, reductions and scans. Nothing here knows of
    threads, layouts or a target.

    Values:

    * scalars: `i1 i8 i16 i32 i64`, `f16 bf16 f32 f64`, `f8E4M3FN f8E5M2
      f8E4M3FNUZ f8E5M2FNUZ`, `!tile.ptr<T>`. Integers are signless.
    * tensors: `tensor<...>` of those, rank 1 to 8, every extent static and at
      least 1 (any number, not only powers of two), at most 1 048 576 elements.
      A value without dimensions is a scalar, never `tensor<T>`.

    Attributes with meaning on upstream ops: `tile.kernel` on `func.func`;
    `tile.name` (string), `tile.divisibility` (integer), `tile.leaf` (integer)
    on its arguments; `tile.num_stages`, `tile.loop_unroll_factor`,
    `tile.flatten`, `tile.warp_specialize`, `tile.disallow_acc_multi_buffer`,
    `tile.disable_licm` on `scf.for`; `tile.version` on the module.

    A module holds functions with one block and a body each, and nothing but
    ops of `tile`, `arith`, `math`, `scf`, `func` and `ub` inside.

    Kept as text or as bytecode. Bytecode is MLIR's container in its version 2,
    which every later MLIR reads, and carries the version of this dialect;
    `mlir-opt --emit-bytecode --emit-bytecode-version=2` writes the same
    container. A reader takes its own and all older versions of the dialect.
    Text may define aliases of locations only.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerTypes();
    friend void addBytecodeInterface(TileDialect &dialect);
  }];
}

#endif // TILESDK_CORE_IR_TILE_DIALECT
