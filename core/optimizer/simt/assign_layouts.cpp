//===- assign_layouts.cpp - The pass simt-assign-layouts ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

#define GEN_PASS_DEF_SIMTASSIGNLAYOUTS
#include "core/optimizer/simt/passes.h.inc"

namespace {
struct SimtAssignLayouts : impl::SimtAssignLayoutsBase<SimtAssignLayouts> {
  SimtAssignLayouts(MachinePtr machine, const SimtOptions &options)
      : machine(std::move(machine)), options(options) {}

  void runOnOperation() override {
    ThreadCounts threads{machine->warpSize, options.numWarps};
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      LayoutChoice choice(function, *machine, threads);
      if (failed(LayoutRealisation(choice, *machine).run(function)))
        return signalPassFailure();
      setAttributes(function, threads);
    }
    if (!options.target.empty())
      getOperation()->setAttr(attr::target,
                              StringAttr::get(&getContext(), options.target));
    report();
  }

  void setAttributes(func::FuncOp function, ThreadCounts threads) {
    Builder builder(function.getContext());
    function->setAttr(attr::numWarps, builder.getI32IntegerAttr(threads.warps));
    function->setAttr(attr::warpSize, builder.getI32IntegerAttr(threads.lanes));
    function->setAttr(attr::threads,
                      builder.getI32IntegerAttr(threads.total()));
  }

  void report() {
    getOperation().walk([&](Operation *op) {
      if (auto convert = dyn_cast<ConvertLayoutOp>(op)) {
        Type type = convert.getType();
        auto plan = layout::planConversion(
            layoutOf(convert.getSource().getType()), layoutOf(type),
            machine->conversion(elementBytes(tile::elementOf(type))));
        if (plan && plan->cost.scratchBytes)
          op->emitRemark("simt-assign-layouts: ")
              << tile::numElementsOf(type) << " elements of "
              << tile::elementOf(type)
              << " change threads through shared memory, "
              << plan->cost.total << " cycles";
      }
    });
  }

  MachinePtr machine;
  SimtOptions options;
};
} // namespace

std::unique_ptr<Pass> createSimtAssignLayouts(MachinePtr machine,
                                              const SimtOptions &options) {
  return std::make_unique<SimtAssignLayouts>(std::move(machine), options);
}

} // namespace tilesdk::optimizer
