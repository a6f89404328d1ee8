//===- warp_specialize_consumer.cpp - The partition that computes ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/warp_specialize.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tilesdk::optimizer {

void Specializer::makeConsumer() {
  bool isLate = !found.counted.empty();
  if (isLate) {
    b.setInsertionPointAfter(loop);
    SmallVector<Value> results;
    for (simt::MmaWaitOp wait : found.counted) {
      OpOperand &use = *wait.getResult(0).getUses().begin();
      results.push_back(loop.getResult(use.getOperandNumber()));
      wait.setPending(1);
    }
    auto wait = simt::MmaWaitOp::create(b, loc, TypeRange(ValueRange(results)),
                                        results, 0);
    for (auto [from, to] : llvm::zip(results, wait.getResults()))
      from.replaceAllUsesExcept(to, wait);
  }
  IRRewriter rewriter(b.getContext());
  b.setInsertionPoint(top());
  Value zero = constant(0);
  SmallVector<Value> places{zero, zero};
  unsigned numCarried = around ? around.getNumRegionIterArgs() : 0;
  if (around) {
    rewriter.setInsertionPoint(around);
    around = cast<scf::ForOp>(*around.replaceWithAdditionalYields(
        rewriter, places, /*replaceInitOperandUsesInLoop=*/false,
        [&](OpBuilder &, Location, ArrayRef<BlockArgument> args) {
          places.assign(args.begin(), args.end());
          return places; // Replaced below.
        }));
    // The new loop has the body of the old one.
    places.assign(around.getRegionIterArgs().begin() + numCarried,
                  around.getRegionIterArgs().end());
  }
  b.setInsertionPoint(loop);
  rewriter.setInsertionPoint(loop);
  // Index, phase, whether and where a buffer of the iteration before is held.
  SmallVector<Value> inits(places);
  if (isLate)
    inits.append({zero, zero});
  loop = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      rewriter, inits, /*replaceInitOperandUsesInLoop=*/false,
      [&](OpBuilder &builder, Location, ArrayRef<BlockArgument> args) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        Ring at{args[0], args[1]};
        if (isLate) {
          Value held = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                             args[3], constant(0));
          auto branch =
              scf::IfOp::create(b, loc, held, /*withElseRegion=*/false);
          OpBuilder::InsertionGuard inner(b);
          b.setInsertionPointToStart(branch.thenBlock());
          simt::BarrierArriveOp::create(b, loc, empty, args[2]);
        } else {
          simt::BarrierArriveOp::create(b, loc, empty, at.index);
        }
        Ring following = next(at);
        SmallVector<Value> yields{following.index, following.phase};
        if (isLate)
          yields.append({at.index, constant(1)});
        return yields;
      }));
  unsigned first = loop.getNumRegionIterArgs() - inits.size();
  if (around) {
    auto yield = cast<scf::YieldOp>(around.getBody()->getTerminator());
    for (unsigned i = 0; i < 2; ++i)
      yield->setOperand(numCarried + i, loop.getResult(first + i));
    if (isLate) {
      // Behind the wait for the last product of the tile.
      b.setInsertionPointAfter(loop->getNextNode());
      Value held = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                         loop.getResult(first + 3), zero);
      auto branch = scf::IfOp::create(b, loc, held, /*withElseRegion=*/false);
      b.setInsertionPointToStart(branch.thenBlock());
      simt::BarrierArriveOp::create(b, loc, empty, loop.getResult(first + 2));
    }
  }
  b.setInsertionPointToStart(loop.getBody());
  Value index = loop.getRegionIterArg(first);
  simt::BarrierWaitOp::create(b, loc, full, index,
                              loop.getRegionIterArg(first + 1));
  SmallVector<Value> views;
  for (auto [load, array] : llvm::zip(found.loads, arrays))
    views.push_back(
        simt::SharedIndexOp::create(b, load.load->getLoc(), array, index));
  for (auto [load, view] : llvm::zip(found.loads, views)) {
    rewriter.replaceOp(load.buffer, view);
    found.copyOps.remove(load.load);
    rewriter.eraseOp(load.load);
  }
  // Addresses are the producer's now.
  for (Operation *op = loop.getBody()->getTerminator()->getPrevNode(); op;) {
    Operation *dead = op;
    op = op->getPrevNode();
    if (found.copyOps.contains(dead) && dead->use_empty() &&
        isMemoryEffectFree(dead))
      rewriter.eraseOp(dead);
  }
}

} // namespace tilesdk::optimizer
