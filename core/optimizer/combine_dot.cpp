//===- combine_dot.cpp - Let tile.dot add to its result ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILECOMBINEDOT
#include "core/optimizer/passes.h.inc"

namespace {

/// \p value as a product whose accumulator is zero and that only \p user uses.
tile::DotOp zeroBasedDot(Value value) {
  auto dot = value.getDefiningOp<tile::DotOp>();
  if (!dot || !dot->hasOneUse())
    return {};
  // -0.0 too: adding it changes no sum but that of negative zeros.
  if (!matchPattern(dot.getAcc(), m_Zero()) &&
      !matchPattern(dot.getAcc(), m_AnyZeroFloat()))
    return {};
  return dot;
}

struct CombineDot : impl::TileCombineDotBase<CombineDot> {
  void runOnOperation() override {
    SmallVector<Operation *> sums;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::AddFOp, arith::AddIOp>(op))
        sums.push_back(op);
    });
    for (Operation *sum : sums)
      for (unsigned index : {0u, 1u}) {
        tile::DotOp dot = zeroBasedDot(sum->getOperand(index));
        if (!dot)
          continue;
        // The product moves to the sum, where both of its parts are known.
        OpBuilder builder(sum);
        Value merged = tile::DotOp::create(
            builder, dot.getLoc(), dot.getLhs(), dot.getRhs(),
            sum->getOperand(1 - index), dot.getInputPrecision(),
            dot.getMaxImpreciseAcc());
        sum->getResult(0).replaceAllUsesWith(merged);
        sum->erase();
        dot->erase();
        break;
      }
  }
};

} // namespace
} // namespace tilesdk::optimizer
