//===- warp_specialize_analysis.cpp - What warps of their own can copy ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/warp_specialize.h"

using namespace mlir;

namespace tilesdk::optimizer {

bool Specializer::isPossible() {
  if (!machine.has(TSDK_SIMT_MBARRIER) ||
      !machine.has(TSDK_SIMT_NAMED_BARRIERS) || !machine.warpGroupWarps) {
    found.remark(loop) << "declined: the machine has no warp groups with "
                          "barriers of their own";
    return false;
  }
  auto warps = function->getAttrOfType<IntegerAttr>(simt::attr::numWarps);
  consumerWarps = warps ? warps.getInt() : options.numWarps;
  producerWarps = machine.warpGroupWarps;
  if (consumerWarps % producerWarps ||
      consumerWarps + producerWarps > machine.maxWarps) {
    found.remark(loop) << "declined: num_warps is " << consumerWarps
                       << ", not a multiple of " << producerWarps
                       << " that leaves room for a warp group";
    return false;
  }
  if (top()->getBlock() != &function.getBody().front()) {
    found.remark(loop) << "declined: the loop is inside of another op";
    return false;
  }
  if (!found.find())
    return false;
  for (LoopLoad &load : found.loads)
    if (!load.buffer) {
      found.remark(load.load) << "declined: this operand is not an "
                                 "asynchronous copy to a buffer";
      return false;
    }
  byBoxes = found.loads[0].boxes.has_value();
  for (LoopLoad &load : found.loads)
    if (load.boxes.has_value() != byBoxes) {
      found.remark(load.load) << "declined: one operand is copied by a thread, "
                                 "another by lanes";
      return false;
    }
  for (Operation *op : found.copyOps)
    for (Value result : op->getResults())
      for (Operation *user : result.getUsers()) {
        Operation *inBody = loop.getBody()->findAncestorOpInBlock(*user);
        if (isa<tile::LoadOp, tile::DescriptorLoadOp>(op) && inBody &&
            !isa<simt::SharedAllocOp>(user) &&
            !found.copyOps.contains(inBody)) {
          found.remark(op) << "declined: both sides would need this load";
          return false;
        }
      }
  return findOuterSlice();
}

bool Specializer::findOuterSlice() {
  SmallVector<Block *, 2> bodies{top()->getBlock()};
  if (around)
    bodies.push_back(around.getBody());
  // Whether memory may change between two executions of a load.
  bool writes = false;
  auto noteWrites = [&](Operation *op) {
    writes |= op != loop && op != around && !isMemoryEffectFree(op) &&
              !isa<tile::LoadOp, tile::DescriptorLoadOp, tile::AssumeOp>(op);
  };
  for (Operation *op = top()->getPrevNode(); op; op = op->getPrevNode())
    noteWrites(op);
  if (around)
    for (Operation &op : *around.getBody())
      noteWrites(&op);
  SmallVector<Operation *> stack;
  auto visit = [&](Value value) {
    auto arg = dyn_cast<BlockArgument>(value);
    if (arg && around && arg.getOwner() == around.getBody()) {
      if (arg.getArgNumber() == 0)
        return;
      value = around.getYieldedValues()[arg.getArgNumber() - 1];
    }
    Operation *op = value.getDefiningOp();
    if (op && op != loop && llvm::is_contained(bodies, op->getBlock()) &&
        outer.insert(op))
      stack.push_back(op);
  };
  auto visitAll = [&](Operation *op) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        visit(operand);
    });
  };
  for (Value bound :
       {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    visit(bound);
  for (unsigned index : carriedBy(loop))
    visit(loop.getInitArgs()[index]);
  for (Operation *op : found.copyOps)
    visitAll(op);
  if (around)
    for (Value operand : around->getOperands())
      visit(operand);
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val();
    bool isLoad = isa<tile::LoadOp>(op) && !writes;
    if (!isMemoryEffectFree(op) && !isLoad) {
      found.remark(op) << "declined: the addresses of the copies need this op, "
                          "which has effects";
      return false;
    }
    visitAll(op);
  }
  return true;
}

SmallVector<unsigned> Specializer::carriedBy(scf::ForOp from) {
  auto isNeeded = [&](Operation *user) {
    Operation *inBody = from.getBody()->findAncestorOpInBlock(*user);
    return inBody && (found.copyOps.contains(inBody) || outer.contains(inBody));
  };
  auto isBound = [&](BlockArgument arg) {
    // Of the inner loop.
    return from == around &&
           llvm::is_contained(loop->getOperands().take_front(3), arg);
  };
  SmallVector<unsigned> carried;
  for (auto [index, arg] : llvm::enumerate(from.getRegionIterArgs()))
    if (llvm::any_of(
            arg.getUsers(),
            [&](Operation *user) {
              return isNeeded(user) ||
                     (from == around && loop->isProperAncestor(user) &&
                      found.copyOps.contains(
                          loop.getBody()->findAncestorOpInBlock(*user)));
            }) ||
        isBound(arg))
      carried.push_back(index);
  if (from == around)
    for (unsigned index : carriedBy(loop))
      if (auto arg = dyn_cast<BlockArgument>(loop.getInitArgs()[index]);
          arg && arg.getOwner() == around.getBody() && arg.getArgNumber() > 0 &&
          !llvm::is_contained(carried, arg.getArgNumber() - 1))
        carried.push_back(arg.getArgNumber() - 1);
  // Carried values that only feed carried values.
  for (size_t i = 0; i < carried.size(); ++i)
    if (auto arg = dyn_cast<BlockArgument>(from.getYieldedValues()[carried[i]]);
        arg && arg.getOwner() == from.getBody() && arg.getArgNumber() > 0 &&
        !llvm::is_contained(carried, arg.getArgNumber() - 1))
      carried.push_back(arg.getArgNumber() - 1);
  return carried;
}

} // namespace tilesdk::optimizer
