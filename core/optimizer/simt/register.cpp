//===- register.cpp - The simt passes by name, for tools ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/test_machine.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace tilesdk::optimizer {

namespace {
struct ToolOptions : PassPipelineOptions<ToolOptions> {
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("warp32, blocking32, warp64, flushes64, "
                     "direct64 or group"),
      llvm::cl::init("warp32")};
  Option<unsigned> numWarps{*this, "num-warps", llvm::cl::init(4)};
  Option<unsigned> numStages{*this, "num-stages", llvm::cl::init(3)};
  Option<bool> strictStages{*this, "strict-stages", llvm::cl::init(false)};
  Option<bool> pointerBoxes{*this, "pointer-boxes", llvm::cl::init(true)};
  Option<unsigned> boxStores{*this, "box-stores", llvm::cl::init(1)};
};

using Create = std::unique_ptr<Pass> (*)(MachinePtr, const SimtOptions &);
} // namespace

template <typename Add>
static void registerTool(StringRef name, StringRef summary, Add add) {
  PassPipelineRegistration<ToolOptions>(
      name, summary, [=](OpPassManager &manager, const ToolOptions &options) {
        MachinePtr machine = testMachine(options.target.getValue());
        if (!machine) {
          llvm::errs() << name << ": no test machine '" << options.target
                       << "'\n";
          return;
        }
        add(manager, machine,
            SimtOptions{options.target, options.numWarps, options.numStages,
                        options.strictStages, options.pointerBoxes,
                        BoxStores(std::min(2u, options.boxStores.getValue()))});
      });
}

static void registerPass(StringRef name, StringRef summary, Create create) {
  registerTool(name, summary,
               [=](OpPassManager &manager, const MachinePtr &machine,
                   const SimtOptions &options) {
                 manager.addPass(create(machine, options));
               });
}

void registerSimtOptimizer() {
  registerTool("simt-pipeline", "Stage `tile-opt` to stage `simt`",
               buildSimtPipeline);
  registerPass("simt-select-matrix",
               "Choose the instruction of each matrix product",
               createSimtSelectMatrix);
  registerPass("simt-delay-products",
               "Make products in the iteration that takes them",
               createSimtDelayProducts);
  registerPass("simt-box-copies",
               "Choose which blocks of described tensors are copied as boxes",
               createSimtBoxCopies);
  registerPass("simt-assign-layouts", "Give each tensor a layout",
               createSimtAssignLayouts);
  registerPass("simt-warp-specialize",
               "Let a warp group of its own copy what a loop needs",
               createSimtWarpSpecialize);
  registerPass("simt-pipeline-loops",
               "Fetch iterations ahead what products of a loop need",
               createSimtPipelineLoops);
  registerPass("simt-box-stores",
               "Store blocks of tensors as boxes, from shared memory",
               createSimtBoxStores);
  registerPass("simt-allocate-shared",
               "Give buffers and scratch their offsets in shared memory",
               createSimtAllocateShared);
  registerPass("simt-insert-barriers",
               "Put barriers between accesses to the same shared memory",
               createSimtInsertBarriers);
}

} // namespace tilesdk::optimizer
