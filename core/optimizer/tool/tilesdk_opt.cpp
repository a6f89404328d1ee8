//===- tilesdk_opt.cpp - Run passes on tile and simt IR ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/optimizer/pipeline.h"
#include "core/optimizer/simt/pipeline.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tilesdk::simt::registerSimtDialects(registry);
  tilesdk::optimizer::registerOptimizer();
  tilesdk::optimizer::registerSimtOptimizer();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tile IR optimizer driver", registry));
}
