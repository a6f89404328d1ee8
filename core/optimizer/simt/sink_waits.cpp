//===- sink_waits.cpp - Waits near to what needs them ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"

#include "mlir/Interfaces/ControlFlowInterfaces.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

/// Products end in the order in which they began.
void sinkProductWaits(func::FuncOp function) {
  SmallVector<MmaWaitOp> waits;
  function.walk([&](MmaWaitOp wait) { waits.push_back(wait); });
  for (MmaWaitOp wait : llvm::reverse(waits)) {
    if (wait.getAccs().size() != 1 || wait.getPending() != 0 ||
        wait->getPrevNode() != wait.getAccs()[0].getDefiningOp())
      continue;
    unsigned begun = 0;
    Operation *to = wait->getNextNode();
    // What is within a loop or a branch may be any of what follows.
    while (!to->hasTrait<OpTrait::IsTerminator>() &&
           !isa<RegionBranchOpInterface, tile::BarrierOp>(to) &&
           !llvm::is_contained(to->getOperands(), wait.getResult(0))) {
      begun += isa<MmaAsyncOp>(to);
      to = to->getNextNode();
    }
    wait->moveBefore(to);
    wait.setPending(begun);
  }
}

} // namespace tilesdk::optimizer
