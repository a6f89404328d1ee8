//===- hint_layouts.cpp - What users want of values -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/select_matrix.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

void LayoutChoice::hint(Value value, LayoutAttr layout) {
  if (layout && isTensor(value) && !home(value))
    hints.try_emplace(value, layout);
}

void LayoutChoice::hintBlock(Block &block) {
  auto adopt = [&](Value carried, Value other) {
    if (!isTensor(carried) || home(carried))
      return;
    LayoutAttr layout = hints.lookup(carried);
    if (!layout && other)
      layout = hints.lookup(other);
    if (!layout)
      layout = defaultFor(carried);
    carriedHomes[carried] = layout;
    changed = true;
  };
  for (Operation &op : llvm::reverse(block)) {
    if (auto loop = dyn_cast<scf::ForOp>(&op)) {
      auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
      for (auto [next, result] :
           llvm::zip(yield.getOperands(), loop.getResults()))
        hint(next, hints.lookup(result));
      hintBlock(*loop.getBody());
      for (auto [arg, init, result] :
           llvm::zip(loop.getRegionIterArgs(), loop.getInitArgs(),
                     loop.getResults())) {
        adopt(arg, result);
        hint(init, home(arg) ? home(arg) : carriedHomes.lookup(arg));
      }
      continue;
    }
    if (auto loop = dyn_cast<scf::WhileOp>(&op)) {
      hintBlock(*loop.getAfterBody());
      for (auto [arg, passed, result] :
           llvm::zip(loop.getAfterArguments(), loop.getConditionOp().getArgs(),
                     loop.getResults())) {
        adopt(arg, result);
        hint(passed, home(arg) ? home(arg) : carriedHomes.lookup(arg));
      }
      hintBlock(*loop.getBeforeBody());
      for (auto [arg, init] :
           llvm::zip(loop.getBeforeArguments(), loop.getInits())) {
        adopt(arg, {});
        hint(init, home(arg) ? home(arg) : carriedHomes.lookup(arg));
      }
      continue;
    }
    if (auto branch = dyn_cast<scf::IfOp>(&op)) {
      if (!branch.getElseRegion().empty()) {
        for (auto [result, then, other] :
             llvm::zip(branch.getResults(), branch.thenYield().getOperands(),
                       branch.elseYield().getOperands())) {
          LayoutAttr layout =
              home(result) ? home(result) : hints.lookup(result);
          hint(then, layout);
          hint(other, layout);
        }
        hintBlock(branch.getElseRegion().front());
      }
      hintBlock(branch.getThenRegion().front());
      continue;
    }
    LayoutAttr layout;
    if (isa<tile::StoreOp>(&op)) {
      layout = home(op.getOperand(1));
      if (!layout)
        layout = coalesced(&op);
      for (Value operand : op.getOperands())
        hint(operand, layout);
      continue;
    }
    for (Value result : op.getResults()) {
      if (!layout)
        layout = home(result);
      if (!layout)
        layout = hints.lookup(result);
    }
    for (Value operand : op.getOperands())
      if (isTensor(operand))
        hint(operand, operandLayout(&op, layout, operand));
  }
}

} // namespace tilesdk::optimizer
