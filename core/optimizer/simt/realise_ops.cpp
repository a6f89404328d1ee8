//===- realise_ops.cpp - Ops with layouts of their own --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/dims.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/select_matrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

void LayoutRealisation::visitStore(tile::StoreOp op) {
  if (!isTensor(op.getPtr()))
    return;
  LayoutAttr layout = choice.coalesced(op);
  LayoutAttr home = choice.home(op.getValue());
  if (home && home != layout) {
    unsigned bytes = bytesOf(op.getValue());
    const AccessPattern &pattern = choice.pattern(op);
    auto converted = [&](LayoutAttr to) {
      return costs.conversion(home, to, bytes).cycles +
             costs.access(to, bytes, pattern);
    };
    // Warps that exchange only among their own lanes need no barrier.
    if (LayoutAttr own = choice.coalescedWithin(op, home, bytes))
      if (converted(own) <= converted(layout))
        layout = own;
    if (costs.access(home, bytes, pattern) <= converted(layout))
      layout = home;
  }
  for (OpOperand &operand : op->getOpOperands())
    demand(operand, layout);
}

void LayoutRealisation::visitDot(tile::DotOp op) {
  DotLayouts layouts = dotLayouts(op, machine, choice.threadCounts());
  settle(op.getResult(), layouts.result);
  removeDotLayouts(op);
  auto wants = [&](OpOperand &use, LayoutAttr layout, SharedLayoutAttr buffer) {
    if (layout) {
      demand(use, layout, /*buffered=*/true);
      return;
    }
    Type type = use.get().getType();
    demands[use.get()].push_back(
        {&use,
         {},
         true,
         SharedType::get(tile::shapeOf(type), tile::elementOf(type), buffer)});
  };
  if (layouts.row && layouts.row->isAsync) {
    OpBuilder builder(op);
    auto product = MmaAsyncOp::create(builder, op.getLoc(), op.getType(),
                                      layouts.row->name, op.getLhs(),
                                      op.getRhs(), op.getAcc(), Value());
    auto wait = MmaWaitOp::create(builder, op.getLoc(), TypeRange{op.getType()},
                                  ValueRange{product.getResult()}, 0);
    op.getResult().replaceAllUsesWith(wait.getResult(0));
    op.erase();
    wants(product.getLhsMutable(), layouts.lhs, layouts.lhsBuffer);
    wants(product.getRhsMutable(), layouts.rhs, layouts.rhsBuffer);
    demand(product.getAccMutable(), layouts.result);
    return;
  }
  wants(op.getLhsMutable(), layouts.lhs, layouts.lhsBuffer);
  wants(op.getRhsMutable(), layouts.rhs, layouts.rhsBuffer);
  demand(op.getAccMutable(), layouts.result);
}

void LayoutRealisation::visitFor(scf::ForOp op) {
  auto args = op.getRegionIterArgs();
  auto yield = cast<scf::YieldOp>(op.getBody()->getTerminator());
  for (auto [index, arg] : llvm::enumerate(args)) {
    if (!isTensor(arg))
      continue;
    LayoutAttr layout = choice.settled(arg);
    settle(op.getResult(index), layout);
    demand(yield->getOpOperand(index), layout);
    demand(op.getInitArgsMutable()[index], layout);
  }
  visitBlock(*op.getBody());
  for (Value arg : args)
    if (isTensor(arg))
      settle(arg, choice.settled(arg));
}

void LayoutRealisation::visitWhile(scf::WhileOp op) {
  scf::ConditionOp condition = op.getConditionOp();
  for (auto [index, arg] : llvm::enumerate(op.getAfterArguments())) {
    if (!isTensor(arg))
      continue;
    LayoutAttr layout = choice.settled(arg);
    settle(op.getResult(index), layout);
    demand(condition.getArgsMutable()[index], layout);
  }
  for (auto [index, arg] : llvm::enumerate(op.getBeforeArguments())) {
    if (!isTensor(arg))
      continue;
    LayoutAttr layout = choice.settled(arg);
    demand(op.getYieldOp()->getOpOperand(index), layout);
    demand(op.getInitsMutable()[index], layout);
  }
  for (Block *block : {op.getAfterBody(), op.getBeforeBody()}) {
    visitBlock(*block);
    for (Value arg : block->getArguments())
      if (isTensor(arg))
        settle(arg, choice.settled(arg));
  }
}

void LayoutRealisation::visitIf(scf::IfOp op) {
  for (OpResult result : op->getResults()) {
    if (!isTensor(result))
      continue;
    LayoutAttr layout = choice.settled(result);
    settle(result, layout);
    unsigned index = result.getResultNumber();
    demand(op.thenYield()->getOpOperand(index), layout);
    demand(op.elseYield()->getOpOperand(index), layout);
  }
  for (Region *region : {&op.getElseRegion(), &op.getThenRegion()})
    if (!region->empty())
      visitBlock(region->front());
}

void LayoutRealisation::visitBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    visitOp(&op);
}

void LayoutRealisation::visitOp(Operation *op) {
  auto settleResults = [&] {
    for (Value result : op->getResults())
      if (isTensor(result))
        settle(result, choice.settled(result));
  };
  auto demandAll = [&](LayoutAttr layout) {
    for (OpOperand &operand : op->getOpOperands())
      demand(operand, layout);
  };
  LayoutRule rule = layoutRuleOf(op);
  bool hasTensors = llvm::any_of(op->getResults(), isTensor) ||
                    llvm::any_of(op->getOperands(), isTensor);
  if (!hasTensors && rule != LayoutRule::Control)
    return;
  switch (rule) {
  case LayoutRule::Elementwise:
    if (op->getNumResults() == 0) {
      // Printing and assertions take what there is.
      for (OpOperand &operand : op->getOpOperands())
        if (isTensor(operand.get()))
          demand(operand, choice.settled(operand.get()));
      return;
    }
    [[fallthrough]];
  case LayoutRule::Trans:
    if (auto trans = dyn_cast<tile::TransOp>(op);
        trans && transposeBehindBuffers(trans))
      return;
    [[fallthrough]];
  case LayoutRule::Leaf:
  case LayoutRule::Load:
  case LayoutRule::ExpandDims:
  case LayoutRule::Broadcast:
  case LayoutRule::Reshape:
    return visitAdaptable(op, rule);
  case LayoutRule::Store:
    return visitStore(cast<tile::StoreOp>(op));
  case LayoutRule::Dot:
    return visitDot(cast<tile::DotOp>(op));
  case LayoutRule::Atomic:
  case LayoutRule::Scan:
  case LayoutRule::Sort: {
    LayoutAttr layout = choice.settled(op->getResult(0));
    settleResults();
    return demandAll(layout);
  }
  case LayoutRule::Gather: {
    LayoutAttr layout = choice.settled(op->getResult(0));
    settleResults();
    demand(op->getOpOperand(0), choice.settled(op->getOperand(0)));
    return demand(op->getOpOperand(1), layout);
  }
  case LayoutRule::Histogram: {
    settleResults();
    return demandAll(choice.settled(op->getOperand(0)));
  }
  case LayoutRule::Reduce: {
    LayoutAttr source;
    for (Value operand : op->getOperands())
      if (LayoutAttr home = choice.home(operand); home && !source)
        source = home;
    if (!source)
      source = choice.settled(op->getOperand(0));
    // The home of the results was derived from one of these.
    for (Value operand : op->getOperands())
      if (LayoutAttr home = choice.home(operand))
        if (resultLayout(op, home) == choice.home(op->getResult(0)))
          source = home;
    for (Value result : op->getResults())
      if (isTensor(result))
        settle(result, resultLayout(op, source));
    return demandAll(source);
  }
  case LayoutRule::Join: {
    LayoutAttr layout = choice.settled(op->getResult(0));
    settleResults();
    if (isTensor(op->getOperand(0)))
      demandAll(splitLayout(layout));
    return;
  }
  case LayoutRule::Split: {
    if (!isTensor(op->getResult(0)))
      return demandAll(choice.settled(op->getOperand(0)));
    LayoutAttr layout = choice.settled(op->getResult(0));
    settleResults();
    LayoutAttr home = choice.settled(op->getOperand(0));
    return demandAll(splitLayout(home) == layout ? home : joinLayout(layout));
  }
  case LayoutRule::Cat: {
    unsigned dim = cast<tile::CatOp>(op).getDim();
    settleResults();
    LayoutAttr layout = choice.settled(op->getResult(0));
    for (OpOperand &operand : op->getOpOperands()) {
      // The part's own layout where it is half of the result's, else the whole
      // dimension in registers.
      LayoutAttr part;
      for (Value value : op->getOperands())
        if (!part && op->getOperand(0).getType() == op->getOperand(1).getType())
          if (LayoutAttr home = choice.settled(value);
              catLayout(home, dim) == layout)
            part = home;
      if (!part)
        part = LayoutAttr::get(
            op->getContext(),
            axisInRegisters(tile::shapeOf(operand.get().getType()), dim,
                            choice.threadCounts()));
      demand(operand, part);
    }
    return;
  }
  case LayoutRule::Control:
    break;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitFor(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return visitWhile(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitIf(branch);
  if (isa<func::ReturnOp, func::CallOp>(op)) {
    settleResults();
    for (OpOperand &operand : op->getOpOperands())
      if (isTensor(operand.get()))
        demand(operand, choice.defaultFor(operand.get()));
  }
}

} // namespace tilesdk::optimizer
