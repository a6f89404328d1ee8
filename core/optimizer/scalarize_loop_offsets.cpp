//===- scalarize_loop_offsets.cpp - Carry scalar offsets --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILESCALARIZELOOPOFFSETS
#include "core/optimizer/passes.h.inc"

namespace {

/// One movement by the same amount everywhere.
struct Step {
  Value amount; ///< Scalar, or a constant tensor of one value.
  bool isSubtracted = false;
};

/// A carried tensor: where it stands and how far one iteration moves it.
struct Candidate {
  unsigned index;
  SmallVector<Step> steps;
};

/// The scalar behind a splat or the splat constant itself; null otherwise.
Value uniformAmount(Value value) {
  if (auto splat = value.getDefiningOp<tile::SplatOp>())
    return splat.getSource();
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)) && constant.isSplat())
    return value;
  return {};
}

/// How \p yielded comes from \p arg by uniform steps; nullopt where it does
/// not, or where it does not move at all.
std::optional<SmallVector<Step>> stepsFrom(Value arg, Value yielded) {
  if (!tile::isTileTensor(arg.getType()) ||
      (!tile::isPtrLike(arg.getType()) && !tile::isIntLike(arg.getType())) ||
      tile::isBoolLike(arg.getType()))
    return std::nullopt;
  SmallVector<Step> steps;
  Value current = yielded;
  while (current != arg) {
    Operation *op = current.getDefiningOp();
    if (!isa_and_nonnull<tile::AddPtrOp, arith::AddIOp, arith::SubIOp>(op))
      return std::nullopt;
    Value next = op->getOperand(0), amount = uniformAmount(op->getOperand(1));
    if (!amount && isa<arith::AddIOp>(op)) {
      next = op->getOperand(1);
      amount = uniformAmount(op->getOperand(0));
    }
    if (!amount)
      return std::nullopt;
    steps.push_back({amount, isa<arith::SubIOp>(op)});
    current = next;
  }
  if (steps.empty())
    return std::nullopt;
  return steps;
}

/// Offsets of pointers are i64, those of integers have their type and wrap with
/// them.
Type offsetType(Type tensor) {
  return tile::isPtrLike(tensor) ? IntegerType::get(tensor.getContext(), 64)
                                 : tile::elementOf(tensor);
}

/// \p init moved by the scalar \p offset everywhere.
Value moved(OpBuilder &builder, Location loc, Value init, Value offset) {
  Type type = init.getType();
  Value amount = tile::SplatOp::create(
      builder, loc, tile::withElement(type, offset.getType()), offset);
  if (tile::isPtrLike(type))
    return tile::AddPtrOp::create(builder, loc, init, amount);
  return arith::AddIOp::create(builder, loc, init, amount);
}

/// \p offset after the steps of one iteration.
Value advanced(OpBuilder &builder, Location loc, Value offset,
               ArrayRef<Step> steps) {
  Type type = offset.getType();
  for (const Step &step : llvm::reverse(steps)) {
    Value amount = step.amount;
    DenseElementsAttr constant;
    if (matchPattern(amount, m_Constant(&constant)))
      amount = arith::ConstantOp::create(
          builder, loc,
          IntegerAttr::get(type, constant.getSplatValue<APInt>().sextOrTrunc(
                                     type.getIntOrFloatBitWidth())));
    else if (amount.getType() != type)
      amount = arith::ExtSIOp::create(builder, loc, type, amount);
    offset =
        step.isSubtracted
            ? arith::SubIOp::create(builder, loc, offset, amount).getResult()
            : arith::AddIOp::create(builder, loc, offset, amount).getResult();
  }
  return offset;
}

Value zeroOffset(OpBuilder &builder, Location loc, Type tensor) {
  return arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(offsetType(tensor), 0));
}

/// Replaces the results of \p oldLoop by those of \p newLoop; a candidate's
/// tensor is made again from its final offset.
void replaceResults(IRRewriter &rewriter, Operation *oldLoop,
                    Operation *newLoop, ArrayRef<Value> inits,
                    ArrayRef<Candidate> candidates) {
  SmallVector<Value> results(newLoop->getResults());
  rewriter.setInsertionPointAfter(newLoop);
  for (const Candidate &candidate : candidates) {
    Value &result = results[candidate.index];
    // An unused tensor would only be work for the next clean-up.
    if (!oldLoop->getResult(candidate.index).use_empty())
      result =
          moved(rewriter, oldLoop->getLoc(), inits[candidate.index], result);
    else
      result = inits[candidate.index];
  }
  rewriter.replaceOp(oldLoop, results);
}

/// Arguments of the new block that stand for those of the old one.
SmallVector<Value> argumentsFor(IRRewriter &rewriter, Location loc,
                                Block *newBlock, unsigned firstCarried,
                                ArrayRef<Value> inits,
                                ArrayRef<Candidate> candidates) {
  SmallVector<Value> args(newBlock->getArguments());
  rewriter.setInsertionPointToStart(newBlock);
  for (const Candidate &candidate : candidates) {
    Value &arg = args[firstCarried + candidate.index];
    arg = moved(rewriter, loc, inits[candidate.index], arg);
  }
  return args;
}

void rewriteFor(IRRewriter &rewriter, scf::ForOp loop) {
  SmallVector<Candidate> candidates;
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (auto [index, arg] : llvm::enumerate(loop.getRegionIterArgs()))
    if (auto steps = stepsFrom(arg, yield.getOperand(index)))
      candidates.push_back({static_cast<unsigned>(index), *steps});
  if (candidates.empty())
    return;

  Location loc = loop.getLoc();
  SmallVector<Value> inits(loop.getInitArgs());
  SmallVector<Value> newInits = inits;
  rewriter.setInsertionPoint(loop);
  for (const Candidate &candidate : candidates) {
    Value &init = newInits[candidate.index];
    init = zeroOffset(rewriter, loc, init.getType());
  }
  auto newLoop = scf::ForOp::create(
      rewriter, loc, loop.getLowerBound(), loop.getUpperBound(), loop.getStep(),
      newInits, [](OpBuilder &, Location, Value, ValueRange) {},
      loop.getUnsignedCmp());
  newLoop->setDiscardableAttrs(loop->getDiscardableAttrDictionary());

  Block *body = newLoop.getBody();
  auto args = argumentsFor(rewriter, loc, body, 1, inits, candidates);
  rewriter.mergeBlocks(loop.getBody(), body, args);
  rewriter.setInsertionPoint(yield);
  for (const Candidate &candidate : candidates)
    yield.setOperand(candidate.index,
                     advanced(rewriter, yield.getLoc(),
                              newLoop.getRegionIterArgs()[candidate.index],
                              candidate.steps));
  replaceResults(rewriter, loop, newLoop, inits, candidates);
}

/// The same for a while loop, for values that the condition passes on at their
/// own position.
void rewriteWhile(IRRewriter &rewriter, scf::WhileOp loop) {
  SmallVector<Candidate> candidates;
  scf::ConditionOp condition = loop.getConditionOp();
  scf::YieldOp yield = loop.getYieldOp();
  Block *before = loop.getBeforeBody(), *after = loop.getAfterBody();
  unsigned count =
      std::min(before->getNumArguments(), after->getNumArguments());
  for (unsigned index = 0; index < count; ++index) {
    if (condition.getArgs()[index] != before->getArgument(index))
      continue;
    if (auto steps =
            stepsFrom(after->getArgument(index), yield.getOperand(index)))
      candidates.push_back({index, *steps});
  }
  if (candidates.empty())
    return;

  Location loc = loop.getLoc();
  SmallVector<Value> inits(loop.getInits());
  SmallVector<Value> newInits = inits;
  SmallVector<Type> resultTypes(loop.getResultTypes());
  rewriter.setInsertionPoint(loop);
  for (const Candidate &candidate : candidates) {
    Value &init = newInits[candidate.index];
    resultTypes[candidate.index] = offsetType(init.getType());
    init = zeroOffset(rewriter, loc, init.getType());
  }
  auto newLoop = scf::WhileOp::create(rewriter, loc, resultTypes, newInits);
  newLoop->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  auto makeBlock = [&](Region &region, TypeRange types) {
    return rewriter.createBlock(&region, region.end(), types,
                                SmallVector<Location>(types.size(), loc));
  };
  Block *newBefore =
      makeBlock(newLoop.getBefore(), ValueRange(newInits).getTypes());
  Block *newAfter = makeBlock(newLoop.getAfter(), resultTypes);
  auto beforeArgs =
      argumentsFor(rewriter, loc, newBefore, 0, inits, candidates);
  rewriter.mergeBlocks(before, newBefore, beforeArgs);
  auto afterArgs = argumentsFor(rewriter, loc, newAfter, 0, inits, candidates);
  rewriter.mergeBlocks(after, newAfter, afterArgs);
  rewriter.setInsertionPoint(yield);
  for (const Candidate &candidate : candidates) {
    condition.getArgsMutable()[candidate.index].set(
        newBefore->getArgument(candidate.index));
    yield.setOperand(candidate.index,
                     advanced(rewriter, yield.getLoc(),
                              newAfter->getArgument(candidate.index),
                              candidate.steps));
  }
  replaceResults(rewriter, loop, newLoop, inits, candidates);
}

struct ScalarizeLoopOffsets
    : impl::TileScalarizeLoopOffsetsBase<ScalarizeLoopOffsets> {
  void runOnOperation() override {
    SmallVector<Operation *> loops;
    // Post-order: an inner loop's result is a uniform step of the outer one.
    getOperation().walk([&](Operation *op) {
      if (isa<scf::ForOp, scf::WhileOp>(op))
        loops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *loop : loops) {
      if (auto forLoop = dyn_cast<scf::ForOp>(loop))
        rewriteFor(rewriter, forLoop);
      else
        rewriteWhile(rewriter, cast<scf::WhileOp>(loop));
    }
  }
};

} // namespace
} // namespace tilesdk::optimizer
