//===- sink_loads.cpp - Values made near to what takes them ---------------===//
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

/// Registers of a thread that \p value takes.
static uint64_t registersOf(Value value) {
  uint64_t elements = layoutOf(value.getType()).inputSize(registerDim);
  return (elements * bytesOf(value) + 3) / 4;
}

/// Products without a matrix instruction take whole rows and columns of their
/// operands: each reads a large one anew, from within its loop too, rather than
/// have registers hold it from one product to another. False: \p load is not
/// only of such products.
static bool loadForEachProduct(SharedLoadOp load,
                               const target::Machine &machine,
                               SmallVectorImpl<SharedLoadOp> &made) {
  SmallVector<tile::DotOp> products;
  for (Operation *user : load->getUsers()) {
    auto product = dyn_cast<tile::DotOp>(user);
    if (!product || product->hasAttr(attr::row))
      return false;
    if (!llvm::is_contained(products, product))
      products.push_back(product);
  }
  if (products.empty() ||
      registersOf(load.getResult()) < machine.maxRegisters / 4)
    return false;
  for (tile::DotOp product : products) {
    OpBuilder builder(product);
    auto own = cast<SharedLoadOp>(builder.clone(*load));
    product->replaceUsesOfWith(load.getResult(), own.getResult());
    made.push_back(own);
  }
  load->erase();
  return true;
}

void sinkOperandLoads(func::FuncOp function, const target::Machine &machine) {
  SmallVector<SharedLoadOp> loads;
  function.walk([&](SharedLoadOp load) { loads.push_back(load); });
  uint64_t bytes = 0;
  SmallVector<SharedLoadOp> moved;
  for (SharedLoadOp load : loads) {
    auto alloc = load.getSource().getDefiningOp<SharedAllocOp>();
    // A buffer with its contents from the beginning never changes.
    if (!alloc || !alloc.getInit())
      continue;
    uint64_t with = bytes + alloc.getType().getBytes();
    if (with > machine.sharedBytes)
      continue;
    if (!loadForEachProduct(load, machine, moved)) {
      if (!firstProduct(load))
        continue;
      moved.push_back(load);
    }
    bytes = with;
  }
  // The buffer that was filled last comes first: a barrier before its load then
  // stands before those of the other operands too.
  for (SharedLoadOp load : llvm::reverse(moved))
    load->moveBefore(firstProduct(load));
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
