//===- sink_loads.cpp - Values are made near to what takes them
//---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

/// The first op of the load's own block that takes it, when products are all
/// that do.
static Operation *firstProduct(SharedLoadOp load) {
  Operation *first = nullptr;
  for (Operation *user : load->getUsers()) {
    if (!isa<tile::DotOp>(user) || user->getBlock() != load->getBlock())
      return nullptr;
    if (!first || user->isBeforeInBlock(first))
      first = user;
  }
  return first;
}

void sinkOperandLoads(func::FuncOp function, const target::Machine &machine) {
  uint64_t bytes = 0;
  function.walk([&](SharedLoadOp load) {
    auto alloc = load.getSource().getDefiningOp<SharedAllocOp>();
    Operation *product = firstProduct(load);
    // A buffer with its contents from the beginning never changes.
    if (!alloc || !alloc.getInit() || !product)
      return;
    bytes += alloc.getType().getBytes();
    if (bytes <= machine.sharedBytes)
      load->moveBefore(product);
  });
}

/// Whether \p op can be made again anywhere from scalars and constants.
static bool isFromNothing(Operation *op) {
  constexpr unsigned maxOps = 64;
  llvm::SmallPtrSet<Operation *, 16> seen{op};
  SmallVector<Operation *> stack{op};
  while (!stack.empty()) {
    Operation *next = stack.pop_back_val();
    if (!isPure(next) || next->getNumRegions() || seen.size() > maxOps)
      return false;
    for (Value operand : next->getOperands()) {
      if (!isTensor(operand))
        continue;
      Operation *source = operand.getDefiningOp();
      if (!source)
        return false;
      if (seen.insert(source).second)
        stack.push_back(source);
    }
  }
  return true;
}

void sinkBelowLoops(func::FuncOp function) {
  SmallVector<Operation *> loops;
  function.walk([&](Operation *op) {
    if (isa<scf::ForOp, scf::WhileOp>(op))
      loops.push_back(op);
  });
  for (Operation *loop : loops) {
    Block *block = loop->getBlock();
    auto isBehind = [&](Operation *user) {
      Operation *here = block->findAncestorOpInBlock(*user);
      return here && loop->isBeforeInBlock(here);
    };
    // Users move first, so what only they need follows.
    Operation *next = nullptr;
    for (Operation *op = loop->getPrevNode(); op; op = next) {
      next = op->getPrevNode();
      if (op->getNumResults() == 1 && isTensor(op->getResult(0)) &&
          !op->use_empty() && llvm::all_of(op->getUsers(), isBehind) &&
          isFromNothing(op))
        op->moveAfter(loop);
    }
  }
}

} // namespace tilesdk::optimizer
