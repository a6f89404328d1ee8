//===- tile_lower.cpp - Test tool: tile IR to LLVM --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tile-lower [--vector-bytes=N] [--mlir] FILE: lowers tile IR for tile-loops
// targets and prints LLVM IR, or the LLVM dialect with --mlir.
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_dialect.h"
#include "core/lowering/lowering.h"
#include "core/lowering/test/lower_tool.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace tilesdk;

static llvm::cl::opt<unsigned> vectorBytes("vector-bytes", llvm::cl::init(64));

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "tile IR to LLVM IR\n");
  lowering::TileLoopsTarget target;
  target.vectorBytes = vectorBytes;
  target.vectorRegisters = vectorBytes == 64 ? 32 : 16;
  target.hasMaskedMemory = vectorBytes == 64;
  mlir::DialectRegistry registry;
  registry.insert<tile::TileDialect, mlir::arith::ArithDialect,
                  mlir::math::MathDialect, mlir::scf::SCFDialect,
                  mlir::func::FuncDialect>();
  lowering::TileLoopsInfo info;
  return lowering::lowerFile(
      registry,
      [&](mlir::ModuleOp module) {
        return lowering::lowerTileToLoops(module, target, info);
      },
      [&] { return "scratch " + std::to_string(info.scratchBytes); });
}
