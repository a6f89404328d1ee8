//===- remove_dead_loop_values.cpp - Drop unused loop values ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Liveness from the effects backwards, through the values that regions carry,
// so that values which only feed themselves are found dead. Linear in ops.

#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILEREMOVEDEADLOOPVALUES
#include "core/optimizer/passes.h.inc"

namespace {

/// Which values some effect or result of the function depends on.
class Liveness {
public:
  explicit Liveness(func::FuncOp function) {
    function.walk([&](Operation *op) {
      if (op != function && isRoot(op))
        markOp(op);
    });
    while (!work.empty())
      propagate(work.pop_back_val());
  }

  bool isLive(Value value) const { return live.contains(value); }

private:
  /// Ops with regions of structured control flow live by what is in them.
  static bool isRoot(Operation *op) {
    if (isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::YieldOp,
            scf::ConditionOp>(op))
      return false;
    return op->hasTrait<OpTrait::IsTerminator>() ? isa<func::ReturnOp>(op)
                                                 : !isMemoryEffectFree(op);
  }

  void mark(Value value) {
    if (live.insert(value).second)
      work.push_back(value);
  }

  /// \p op runs for its effects or results: so do the loops around it.
  void markOp(Operation *op) {
    for (; op && liveOps.insert(op).second; op = op->getParentOp()) {
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        mark(loop.getLowerBound());
        mark(loop.getUpperBound());
        mark(loop.getStep());
      } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
        mark(branch.getCondition());
      } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
        mark(loop.getConditionOp().getCondition());
      } else if (!isa<func::FuncOp>(op)) {
        for (Value operand : op->getOperands())
          mark(operand);
      }
    }
  }

  void propagate(Value value) {
    auto arg = dyn_cast<BlockArgument>(value);
    Operation *op = arg ? arg.getOwner()->getParentOp() : value.getDefiningOp();
    if (isa<func::FuncOp>(op))
      return;
    markOp(op);
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      if (!arg)
        markCarried(loop, cast<OpResult>(value).getResultNumber());
      else if (arg.getArgNumber() != 0)
        markCarried(loop, arg.getArgNumber() - 1);
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned index = cast<OpResult>(value).getResultNumber();
      mark(branch.thenYield().getOperand(index));
      mark(branch.elseYield().getOperand(index));
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      // A result or an argument of the body comes from the condition, an
      // argument of the condition from the start or the end of the body.
      if (!arg)
        mark(loop.getConditionOp()
                 .getArgs()[cast<OpResult>(value).getResultNumber()]);
      else if (arg.getOwner() == loop.getAfterBody())
        mark(loop.getConditionOp().getArgs()[arg.getArgNumber()]);
      else {
        mark(loop.getInits()[arg.getArgNumber()]);
        mark(loop.getYieldOp().getOperand(arg.getArgNumber()));
      }
    }
  }

  void markCarried(scf::ForOp loop, unsigned index) {
    mark(loop.getInitArgs()[index]);
    mark(loop.getRegionIterArgs()[index]);
    mark(loop.getBody()->getTerminator()->getOperand(index));
  }

  llvm::DenseSet<Value> live;
  llvm::DenseSet<Operation *> liveOps;
  SmallVector<Value> work;
};

/// Whether \p yielded is \p arg plus \p step.
bool advancesBy(Value yielded, Value arg, Value step) {
  auto add = yielded.getDefiningOp<arith::AddIOp>();
  return add && ((add.getLhs() == arg && add.getRhs() == step) ||
                 (add.getRhs() == arg && add.getLhs() == step));
}

/// Whether both yields are the same function, once of \p a and once of \p b.
bool stepAlike(Value yieldedA, Value a, Value yieldedB, Value b) {
  Operation *opA = yieldedA.getDefiningOp(), *opB = yieldedB.getDefiningOp();
  if (!opA || !opB || opA->getName() != opB->getName() ||
      opA->getNumResults() != 1 || opA->getNumRegions() != 0 ||
      opA->getNumOperands() != opB->getNumOperands() ||
      opA->getAttrDictionary() != opB->getAttrDictionary() ||
      !isMemoryEffectFree(opA) || !isMemoryEffectFree(opB))
    return false;
  for (auto [x, y] : llvm::zip(opA->getOperands(), opB->getOperands()))
    if (x != y && !(x == a && y == b))
      return false;
  return true;
}

/// Reads the induction variable, or another carried value, in place of one that
/// always equals it; what then nobody reads is dead.
void mergeEqualValues(scf::ForOp loop) {
  // Candidates share their initial value; a few are tried for each.
  constexpr size_t maxTries = 8;
  llvm::DenseMap<Value, SmallVector<unsigned, 2>> byInit;
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (auto [index, arg] : llvm::enumerate(loop.getRegionIterArgs())) {
    Value init = loop.getInitArgs()[index], yielded = yield.getOperand(index);
    if (init == loop.getLowerBound() &&
        advancesBy(yielded, arg, loop.getStep())) {
      arg.replaceAllUsesWith(loop.getInductionVar());
      continue;
    }
    SmallVector<unsigned, 2> &others = byInit[init];
    for (unsigned other : others) {
      Value otherArg = loop.getRegionIterArgs()[other];
      if (!stepAlike(yield.getOperand(other), otherArg, yielded, arg))
        continue;
      arg.replaceAllUsesWith(otherArg);
      loop.getResult(index).replaceAllUsesWith(loop.getResult(other));
      break;
    }
    if (others.size() < maxTries)
      others.push_back(index);
  }
}

void rewriteFor(IRRewriter &rewriter, scf::ForOp loop,
                const Liveness &liveness) {
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  SmallVector<bool> kept;
  SmallVector<Value> inits;
  for (auto [index, arg] : llvm::enumerate(loop.getRegionIterArgs())) {
    bool isUnchanged = yield.getOperand(index) == arg;
    // A live result keeps the argument live too, see markCarried.
    kept.push_back(liveness.isLive(arg) && !isUnchanged);
    if (!kept.back())
      continue;
    inits.push_back(loop.getInitArgs()[index]);
  }
  if (llvm::all_of(kept, [](bool keep) { return keep; }))
    return;

  rewriter.setInsertionPoint(loop);
  auto newLoop = scf::ForOp::create(
      rewriter, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(),
      loop.getStep(), inits, [](OpBuilder &, Location, Value, ValueRange) {},
      loop.getUnsignedCmp());
  newLoop->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  // Whoever still reads a dead value is dead as well; any value will do.
  SmallVector<Value> args{newLoop.getInductionVar()}, results;
  unsigned next = 0;
  for (auto [index, keep] : llvm::enumerate(kept)) {
    args.push_back(keep ? Value(newLoop.getRegionIterArgs()[next])
                        : loop.getInitArgs()[index]);
    results.push_back(keep ? Value(newLoop.getResult(next))
                           : loop.getInitArgs()[index]);
    next += keep;
  }
  rewriter.mergeBlocks(loop.getBody(), newLoop.getBody(), args);
  rewriter.setInsertionPoint(yield);
  // Operands are read anew: the merge has replaced arguments in them.
  SmallVector<Value> operands;
  for (auto [index, keep] : llvm::enumerate(kept))
    if (keep)
      operands.push_back(yield.getOperand(index));
  rewriter.replaceOpWithNewOp<scf::YieldOp>(yield, operands);
  rewriter.replaceOp(loop, results);
}

struct RemoveDeadLoopValues
    : impl::TileRemoveDeadLoopValuesBase<RemoveDeadLoopValues> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop.getNumRegionIterArgs() != 0)
        loops.push_back(loop);
    });
    if (loops.empty())
      return;
    for (scf::ForOp loop : loops)
      mergeEqualValues(loop);
    Liveness liveness(getOperation());
    IRRewriter rewriter(&getContext());
    // Inner loops first: their new arguments are of no interest to outer ones,
    // which only ask for their own.
    for (scf::ForOp loop : loops)
      rewriteFor(rewriter, loop, liveness);
  }
};

} // namespace
} // namespace tilesdk::optimizer
