//===- hoist_invariants.cpp - Move invariant ops out of loops ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILEHOISTINVARIANTS
#include "core/optimizer/passes.h.inc"

namespace {

bool isCostly(Operation *op) {
  return isa<tile::DotOp, tile::ReduceOp, tile::ScanOp, tile::SortOp,
             tile::GatherOp, tile::HistogramOp>(op);
}

struct HoistInvariants : impl::TileHoistInvariantsBase<HoistInvariants> {
  void runOnOperation() override {
    // Inner loops first, so that what leaves one can leave the next.
    getOperation().walk([&](LoopLikeOpInterface loop) {
      if (loop->hasAttr(tile::attr::disableLicm))
        return;
      moveLoopInvariantCode(
          loop.getLoopRegions(),
          [&](Value value, Region *) {
            return loop.isDefinedOutsideOfLoop(value);
          },
          [&](Operation *op, Region *) {
            return isMemoryEffectFree(op) && isSpeculatable(op) &&
                   !isCostly(op);
          },
          [&](Operation *op, Region *) { loop.moveOutOfLoop(op); });
    });
  }
};

} // namespace
} // namespace tilesdk::optimizer
