//===- simt_dialect.td - The dialect `simt` -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TILESDK_CORE_IR_SIMT_DIALECT
#define TILESDK_CORE_IR_SIMT_DIALECT

include "mlir/IR/OpBase.td"

def Simt_Dialect : Dialect {
  let name = "simt";
  let cppNamespace = "::tilesdk::simt";
  let summary = "Tiles spread over the threads of a program";
  let description = [{
    The form of a kernel between tile IR and the code of one thread. Private to
    this library: it may change with every version.

    A tensor carries `#simt.layout` as its encoding: which register of which
    lane of which warp holds which element. Ops of `tile`, `arith` and `math`
    work on such tensors; scalars are uniform, every thread holds them. What
    moves data between threads, memory and time is an op of this dialect.

    Attributes: on a function `simt.num_warps`, `simt.warp_size`,
    `simt.threads`, `simt.shared_bytes` (after allocation), `simt.num_stages`
    (effective, after pipelining); on the module `simt.target`; on `tile.dot`
    `simt.row`, the name of a synchronous matrix instruction, `simt.transposed`
    when it makes the transposed product of operands that change places, and
    `simt.pack`, how many share what a lane has in a row along k; on ops that
    exchange elements through shared memory `simt.scratch`, the byte offset of
    their room; for measurements, on `simt.convert_layout` `simt.strategy`, how
    it is done (`chosen` or one that is forced), which lowering then reports.
  }];
  let dependentDialects = ["::tilesdk::tile::TileDialect",
                           "::mlir::arith::ArithDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerTypes();
  }];
}

#endif // TILESDK_CORE_IR_SIMT_DIALECT
