//===- buffers.cpp - Which buffer a view is of ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/buffers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tilesdk::optimizer {

/// The values that \p use hands its value on to; nothing when the op is a user
/// proper.
static SmallVector<Value, 2> forwards(OpOperand &use) {
  Operation *op = use.getOwner();
  unsigned index = use.getOperandNumber();
  if (isa<simt::SharedIndexOp, simt::SharedTransOp, simt::SharedSliceOp,
          arith::SelectOp>(op))
    return {op->getResult(0)};
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (index < loop.getNumControlOperands())
      return {};
    return {loop.getTiedLoopRegionIterArg(&use), loop.getTiedLoopResult(&use)};
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return {loop.getBeforeArguments()[index]};
  if (auto condition = dyn_cast<scf::ConditionOp>(op)) {
    auto loop = cast<scf::WhileOp>(op->getParentOp());
    if (index == 0)
      return {};
    return {loop.getAfterArguments()[index - 1], loop.getResult(index - 1)};
  }
  if (isa<scf::YieldOp>(op)) {
    Operation *parent = op->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      return {loop.getRegionIterArg(index), loop.getResult(index)};
    if (auto loop = dyn_cast<scf::WhileOp>(parent))
      return {loop.getBeforeArguments()[index]};
    if (isa<scf::IfOp>(parent))
      return {parent->getResult(index)};
  }
  return {};
}

void forEachBufferUse(Value value,
                      function_ref<void(OpOperand &, Value)> visit) {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      visit(use, values[i]);
      for (Value next : forwards(use))
        values.insert(next);
    }
}

/// The values that \p value may be, one step back.
static SmallVector<Value, 2> sources(Value value) {
  SmallVector<Value, 2> result;
  if (auto arg = dyn_cast<BlockArgument>(value)) {
    Operation *parent = arg.getOwner()->getParentOp();
    unsigned index = arg.getArgNumber();
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      if (index >= loop.getNumInductionVars()) {
        unsigned carried = index - loop.getNumInductionVars();
        result = {loop.getInitArgs()[carried],
                  loop.getYieldedValues()[carried]};
      }
    } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      if (arg.getOwner() == loop.getBeforeBody())
        result = {loop.getInits()[index], loop.getYieldOp().getOperand(index)};
      else
        result = {loop.getConditionOp().getArgs()[index]};
    }
    return result;
  }
  Operation *op = value.getDefiningOp();
  unsigned index = cast<OpResult>(value).getResultNumber();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    result = {loop.getInitArgs()[index], loop.getYieldedValues()[index]};
  else if (auto loop = dyn_cast<scf::WhileOp>(op))
    result = {loop.getConditionOp().getArgs()[index]};
  else if (auto branch = dyn_cast<scf::IfOp>(op))
    result = {branch.thenYield().getOperand(index),
              branch.elseYield().getOperand(index)};
  else if (auto select = dyn_cast<arith::SelectOp>(op))
    result = {select.getTrueValue(), select.getFalseValue()};
  else if (isa<simt::SharedTransOp, simt::SharedSliceOp>(op))
    result = {op->getOperand(0)};
  return result;
}

SmallVector<BufferView, 1> viewsOf(Value value) {
  SmallVector<BufferView, 1> result;
  // The innermost index counts: an array has one dimension of buffers.
  struct Entry {
    Value value;
    std::optional<int64_t> index, slot;
  };
  SmallVector<Entry> stack{{value, {}, {}}};
  llvm::DenseSet<Value> seen;
  while (!stack.empty()) {
    Entry entry = stack.pop_back_val();
    if (!seen.insert(entry.value).second)
      continue;
    Operation *op = entry.value.getDefiningOp();
    if (isa_and_nonnull<simt::SharedAllocOp, simt::BarriersInitOp>(op)) {
      result.push_back({op, entry.index, entry.slot});
      continue;
    }
    if (auto view = dyn_cast_or_null<simt::SharedIndexOp>(op)) {
      Entry next{view.getSource(), {}, {}};
      APInt constant;
      if (matchPattern(view.getIndex(), m_ConstantInt(&constant)) &&
          view.getSource().getType().getRank() ==
              view.getSource().getType().getBufferRank() + 1)
        next.index = constant.getSExtValue();
      if (auto slot = view->getAttrOfType<IntegerAttr>(slotAttr))
        next.slot = slot.getInt();
      stack.push_back(next);
      continue;
    }
    for (Value source : sources(entry.value))
      stack.push_back({source, entry.index, entry.slot});
  }
  return result;
}

} // namespace tilesdk::optimizer
