//===- sink_loads.cpp - Operands are read where products take them --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"

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

} // namespace tilesdk::optimizer
