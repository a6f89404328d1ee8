//===- product_uses.cpp - What becomes of products ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/product_uses.h"
#include "core/optimizer/simt/assign_layouts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tilesdk::optimizer {

/// What \p use becomes in a loop that carries it, in the next iteration and
/// behind the loop; null: it is no such use.
static std::pair<Value, Value> carriedAs(OpOperand &use) {
  Operation *user = use.getOwner();
  if (auto loop = dyn_cast<scf::ForOp>(user)) {
    if (BlockArgument carried = loop.getTiedLoopRegionIterArg(&use))
      return {carried, loop.getTiedLoopResult(&use)};
  } else if (isa<scf::YieldOp>(user)) {
    if (auto around = dyn_cast<scf::ForOp>(user->getParentOp()))
      return {around.getRegionIterArg(use.getOperandNumber()),
              around.getResult(use.getOperandNumber())};
  }
  return {};
}

void visitUses(
    Value result, bool behindLoops,
    llvm::function_ref<void(OpOperand &use, bool isTransposed)> visit) {
  constexpr unsigned maxVisited = 64;
  llvm::MapVector<Value, bool> seen;
  seen.insert({result, false});
  for (unsigned i = 0; i < seen.size() && i < maxVisited; ++i) {
    auto [value, isTransposed] = seen.begin()[i];
    for (OpOperand &use : value.getUses()) {
      visit(use, isTransposed);
      Operation *user = use.getOwner();
      auto trans = dyn_cast<tile::TransOp>(user);
      if (trans && trans.getPerm().size() == 2)
        seen.insert(
            {trans.getResult(), isTransposed != (trans.getPerm()[0] == 1)});
      else if (auto [carried, end] = carriedAs(use); carried) {
        seen.insert({carried, isTransposed});
        if (behindLoops)
          seen.insert({end, isTransposed});
      } else if (layoutRuleOf(user) == LayoutRule::Elementwise)
        for (Value next : user->getResults())
          seen.insert({next, isTransposed});
    }
  }
}

bool wantsWholeRows(tile::DotOp op) {
  unsigned rank = tile::shapeOf(op.getType()).size();
  bool result = false;
  visitUses(op.getResult(), /*behindLoops=*/false,
            [&](OpOperand &use, bool isTransposed) {
              auto reduce = dyn_cast<tile::ReduceOp>(use.getOwner());
              result |= reduce && unsigned(reduce.getAxis()) ==
                                      (isTransposed ? rank - 2 : rank - 1);
              result |= isa<tile::DotOp>(use.getOwner()) && !isTransposed &&
                        use.getOperandNumber() == 0;
            });
  return result;
}

/// What \p value is made of: the values that it has as one that a loop carries
/// or ends with; else the first tensor operand, which is what is converted or
/// combined.
static SmallVector<Value, 2> sourcesOf(Value value) {
  if (auto carried = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(carried.getOwner()->getParentOp());
    OpOperand *init = loop ? loop.getTiedLoopInit(carried) : nullptr;
    if (!init)
      return {};
    return {loop.getTiedLoopYieldedValue(carried)->get(), init->get()};
  }
  Operation *op = value.getDefiningOp();
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    unsigned index = cast<OpResult>(value).getResultNumber();
    return {loop.getYieldedValues()[index], loop.getInitArgs()[index]};
  }
  if (layoutRuleOf(op) != LayoutRule::Elementwise)
    return {};
  for (Value operand : op->getOperands())
    if (isTensor(operand) && !tile::isBoolLike(operand.getType()) &&
        !isa_and_nonnull<tile::BroadcastOp, tile::SplatOp, arith::ConstantOp,
                         tile::LoadOp>(operand.getDefiningOp()))
      return {operand};
  return {};
}

bool comesFromProduct(Value operand) {
  constexpr unsigned maxVisited = 32;
  llvm::SetVector<Value> values;
  values.insert(operand);
  for (unsigned i = 0; i < values.size() && i < maxVisited; ++i) {
    if (values[i].getDefiningOp<tile::DotOp>())
      return true;
    values.insert_range(sourcesOf(values[i]));
  }
  return false;
}

} // namespace tilesdk::optimizer
