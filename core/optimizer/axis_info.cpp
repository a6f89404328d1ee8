//===- axis_info.cpp - Divisibility, contiguity, constancy ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/axis_info.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/axis_info_rules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

using namespace mlir;

namespace tilesdk::optimizer {

static AxisInfo joinAt(Type type, const AxisInfo &a, const AxisInfo &b) {
  return axis::join(a, b, axis::elementBytes(type));
}

AxisInfoAnalysis::AxisInfoAnalysis(func::FuncOp function) {
  if (function.isDeclaration())
    return;
  for (BlockArgument arg : function.getArguments()) {
    AxisInfo info = axis::unknown(arg.getType());
    if (auto value = function.getArgAttrOfType<IntegerAttr>(
            arg.getArgNumber(), tile::attr::divisibility))
      for (AxisDim &dim : info.dims)
        dim.divisibility = axis::powerOfTwoIn(value.getInt());
    infos[arg] = info;
  }
  visitBlock(function.getBody().front(), 0);
}

AxisInfo AxisInfoAnalysis::lookup(Value value) const {
  auto found = infos.find(value);
  return found == infos.end() ? axis::unknown(value.getType()) : found->second;
}

int64_t AxisInfoAnalysis::vectorRun(Value ptr, Value mask) const {
  if (!tile::isTileTensor(ptr.getType()))
    return 1;
  int64_t run = lookup(ptr).dims.back().contiguity;
  return mask ? std::gcd(run, lookup(mask).dims.back().constancy) : run;
}

int64_t AxisInfoAnalysis::alignment(Value ptr, int64_t run) const {
  return axis::divisibilityAt(lookup(ptr).dims.back(), run,
                              axis::elementBytes(ptr.getType()));
}

void AxisInfoAnalysis::visitBlock(Block &block, unsigned nesting) {
  for (Operation &op : block)
    visitOp(&op, nesting);
}

void AxisInfoAnalysis::visitOp(Operation *op, unsigned nesting) {
  if (isa<scf::ForOp>(op))
    return visitFor(op, nesting);
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        visitBlock(block, nesting);
    for (OpResult result : op->getResults()) {
      unsigned index = result.getResultNumber();
      infos[result] =
          joinAt(result.getType(), lookup(branch.thenYield().getOperand(index)),
                 lookup(branch.elseYield().getOperand(index)));
    }
    return;
  }
  if (auto assume = dyn_cast<tile::AssumeOp>(op))
    return visitAssumption(assume.getCondition());
  // Other regions (while, reduce) start from nothing known.
  for (Region &region : op->getRegions())
    for (Block &block : region)
      visitBlock(block, nesting);
  for (OpResult result : op->getResults())
    infos[result] = axis::unknown(result.getType());
  if (op->getNumResults() == 1 && op->getNumRegions() == 0)
    infos[op->getResult(0)] = infer(op);
}

/// Learns from `x >= 0` that x is not negative, from here on: users come after.
void AxisInfoAnalysis::visitAssumption(Value condition) {
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return;
  std::optional<int64_t> bound = lookup(compare.getRhs()).constant;
  using Predicate = arith::CmpIPredicate;
  bool holds =
      bound && ((compare.getPredicate() == Predicate::sge && *bound >= 0) ||
                (compare.getPredicate() == Predicate::sgt && *bound >= -1));
  if (auto known = infos.find(compare.getLhs()); holds && known != infos.end())
    known->second.isNonNegative = true;
}

void AxisInfoAnalysis::visitFor(Operation *op, unsigned nesting) {
  // Each round visits inner loops again, so deep nests get only the round that
  // assumes nothing, and the work stays linear.
  constexpr unsigned maxRounds = 4, maxIteratedNesting = 4;
  auto loop = cast<scf::ForOp>(op);
  infos[loop.getInductionVar()] =
      axis::inductionInfo(lookup(loop.getLowerBound()), lookup(loop.getStep()));

  auto args = loop.getRegionIterArgs();
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  auto assumeNothing = [&] {
    for (BlockArgument arg : args)
      infos[arg] = axis::unknown(arg.getType());
    visitBlock(*loop.getBody(), nesting + 1);
  };
  for (auto [arg, init] : llvm::zip(args, loop.getInitArgs()))
    infos[arg] = lookup(init);
  bool holds = false;
  for (unsigned round = 0; !holds && round < maxRounds; ++round) {
    if (nesting >= maxIteratedNesting)
      break;
    visitBlock(*loop.getBody(), nesting + 1);
    holds = true;
    for (auto [index, arg] : llvm::enumerate(args)) {
      AxisInfo joined =
          joinAt(arg.getType(), infos[arg], lookup(yield.getOperand(index)));
      holds &= joined == infos[arg];
      infos[arg] = joined;
    }
  }
  if (!holds)
    assumeNothing();
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    infos[result] = joinAt(result.getType(), lookup(loop.getInitArgs()[index]),
                           lookup(yield.getOperand(index)));
}

AxisInfo AxisInfoAnalysis::infer(Operation *op) const {
  SmallVector<AxisInfo, 3> operands;
  for (Value operand : op->getOperands())
    operands.push_back(lookup(operand));
  return axis::infer(op, operands);
}

} // namespace tilesdk::optimizer
