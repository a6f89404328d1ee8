//===- pipeline.cpp - The clean-up of tile IR -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/pipeline.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tilesdk::optimizer {

void buildTilePipeline(OpPassManager &manager) {
  // Callees need no clean-up of their own: what they become is simplified in
  // the caller.
  manager.addPass(createInlinerPass({}, [](OpPassManager &) {}));
  manager.addPass(createSymbolDCEPass());
  OpPassManager &function = manager.nest<func::FuncOp>();
  // Offsets turn scalar only once uniform increments are splats.
  function.addPass(createTileSimplify());
  function.addPass(createCSEPass());
  function.addPass(createTileScalarizeLoopOffsets());
  function.addPass(createTileHoistInvariants());
  function.addPass(createTileCombineDot());
  function.addPass(createTileRemoveDeadLoopValues());
  function.addPass(createTileSimplify());
  function.addPass(createCSEPass());
}

void buildDescriptorExpansion(OpPassManager &manager) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(createTileExpandDescriptors());
  function.addPass(createTileSimplify());
  function.addPass(createCSEPass());
  function.addPass(createTileHoistInvariants());
}

void registerOptimizer() {
  registerTransformsPasses();
  registerPasses();
  PassPipelineRegistration<>("tile-pipeline",
                             "The whole clean-up: stage `tile` to `tile-opt`",
                             buildTilePipeline);
}

} // namespace tilesdk::optimizer
