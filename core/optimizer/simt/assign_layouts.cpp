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
      LayoutChoice choice(function, *machine, threads, options.numStages);
      if (failed(LayoutRealisation(choice, *machine).run(function)))
        return signalPassFailure();
      sinkOperandLoads(function, *machine);
      sinkBelowLoops(function);
      sinkProductWaits(function);
      setAttributes(function, threads);
      report(function, choice, choice.costs());
    }
    if (!options.target.empty())
      getOperation()->setAttr(attr::target,
                              StringAttr::get(&getContext(), options.target));
  }

  void setAttributes(func::FuncOp function, ThreadCounts threads) {
    Builder builder(function.getContext());
    function->setAttr(attr::numWarps, builder.getI32IntegerAttr(threads.warps));
    function->setAttr(attr::warpSize, builder.getI32IntegerAttr(threads.lanes));
    function->setAttr(attr::threads,
                      builder.getI32IntegerAttr(threads.total()));
  }

  void report(func::FuncOp function, const LayoutChoice &choice,
              LayoutCosts &costs) {
    function.walk([&](Operation *op) {
      if (auto convert = dyn_cast<ConvertLayoutOp>(op))
        reportConversion(convert, costs);
      else if (isa<tile::LoadOp, tile::StoreOp>(op) &&
               isTensor(op->getOperand(0)))
        reportAccess(op, choice, costs);
    });
  }

  void reportConversion(ConvertLayoutOp op, LayoutCosts &costs) {
    Value source = op.getSource();
    LayoutCosts::Conversion cost =
        costs.conversion(layoutAttrOf(source.getType()),
                         layoutAttrOf(op.getType()), bytesOf(source));
    if (!cost.shared)
      return;
    auto remark = op.emitRemark("simt-assign-layouts: ");
    remark << tile::numElementsOf(op.getType());
    if (Type element = tile::elementOf(op.getType()); element.isInteger(1))
      remark << " masks";
    else
      remark << " elements of " << element;
    remark << " change threads through shared memory, " << cost.cycles
           << " cycles";
  }

  /// What a lane moves at once, and why it is not more.
  void reportAccess(Operation *op, const LayoutChoice &choice,
                    const LayoutCosts &costs) {
    Type ptrs = op->getOperand(0).getType();
    unsigned bytes = elementBytes(tile::elementOf(tile::pointeeLike(ptrs)));
    // Copies of a load have no pattern of their own.
    const AccessPattern *pattern = choice.findPattern(op);
    if (!pattern)
      return;
    unsigned width = layoutOf(ptrs)
                         .widestVector(dimName(pattern->dim), pattern->vector,
                                       pattern->vector)
                         .elements;
    auto remark = op->emitRemark("simt-assign-layouts: ");
    remark << (isa<tile::LoadOp>(op) ? "load" : "store") << " of "
           << width * bytes << " bytes a lane";
    LayoutCosts::Sectors sectors =
        costs.sectors(layoutAttrOf(ptrs), bytes, *pattern);
    remark << ", " << sectors.moved
           << (sectors.moved == 1 ? " sector of " : " sectors of ")
           << sectors.bytes << " bytes a warp";
    if (sectors.moved > sectors.needed)
      remark << " where " << sectors.needed << " would hold them";
    if (width * bytes >= machine->maxVectorBytes)
      return;
    if (width < pattern->vector)
      remark << ": in the tensor's layout a lane holds no longer runs";
    else if (pattern->contiguous == 1)
      remark << ": elements are not known to be neighbours in memory";
    else if (pattern->contiguous == pattern->vector)
      remark << ": runs of " << pattern->contiguous
             << " elements are known to be neighbours in memory";
    else if (pattern->run == 1)
      remark << ": the mask is not known to be the same for neighbours";
    else if (pattern->run == pattern->vector)
      remark << ": the mask is known to be the same for " << pattern->run
             << " neighbours";
    else
      remark << ": addresses are known to be multiples of "
             << pattern->vector * bytes << " bytes";
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
