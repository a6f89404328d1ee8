//===- pipeline.cpp - From tile IR to the stage simt ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/pipeline.h"
#include "core/optimizer/simt/passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tilesdk::optimizer {

void buildSimtPipeline(OpPassManager &manager, const MachinePtr &machine,
                       const SimtOptions &options) {
  manager.addPass(createSimtSelectMatrix(machine, options));
  manager.addPass(createSimtDelayProducts(machine, options));
  manager.addPass(createSimtBoxCopies(machine, options));
  manager.addPass(createSimtAssignLayouts(machine, options));
  manager.addPass(createCSEPass());
  manager.addPass(createSimtWarpSpecialize(machine, options));
  manager.addPass(createSimtPipelineLoops(machine, options));
  manager.addPass(createSimtBoxStores(machine, options));
  manager.addPass(createCSEPass());
  manager.addPass(createSimtAllocateShared(machine, options));
  manager.addPass(createSimtInsertBarriers(machine, options));
}

} // namespace tilesdk::optimizer
