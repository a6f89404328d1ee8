//===- realise_layouts.cpp - From home layouts to encoded tensors ---------===//
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

void LayoutRealisation::demand(OpOperand &use, LayoutAttr layout,
                               bool buffered) {
  if (isTensor(use.get()))
    demands[use.get()].push_back({&use, layout, buffered, {}});
}

LayoutRealisation::Demands LayoutRealisation::take(Value value) {
  auto it = demands.find(value);
  if (it == demands.end())
    return {};
  Demands taken = std::move(it->second);
  demands.erase(it);
  return taken;
}

void LayoutRealisation::demandOperands(Operation *op, LayoutAttr result,
                                       bool buffered) {
  for (OpOperand &operand : op->getOpOperands())
    if (isTensor(operand.get()))
      demand(operand, operandLayout(op, result, operand.get()), buffered);
}

Value LayoutRealisation::toBuffer(OpBuilder &builder, Value value,
                                  SharedType type) {
  return SharedAllocOp::create(builder, value.getLoc(), type, value);
}

Value LayoutRealisation::convert(OpBuilder &builder, Value value,
                                 LayoutAttr layout, bool buffered) {
  Type type = withLayout(value.getType(), layout);
  LayoutAttr from = layoutAttrOf(value.getType());
  if (buffered && costs.conversion(from, layout, bytesOf(value)).shared)
    if (SharedLayoutAttr memory =
            operandBuffer(from, layout, bytesOf(value),
                          bool(value.getDefiningOp<tile::LoadOp>()), machine)) {
      auto shared = SharedType::get(tile::shapeOf(value.getType()),
                                    tile::elementOf(value.getType()), memory);
      Value buffer = toBuffer(builder, value, shared);
      return SharedLoadOp::create(builder, value.getLoc(), type, buffer);
    }
  return ConvertLayoutOp::create(builder, value.getLoc(), type, value);
}

void LayoutRealisation::settle(Value value, LayoutAttr layout,
                               Demands demanded) {
  value.setType(withLayout(value.getType(), layout));
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  SmallVector<std::pair<Attribute, Value>, 2> converted;
  for (Demand &demand : demanded) {
    Attribute wanted =
        demand.buffer ? Attribute(demand.buffer.getLayout()) : demand.layout;
    if (wanted == layout)
      continue;
    auto *found = llvm::find_if(
        converted, [&](auto &entry) { return entry.first == wanted; });
    if (found == converted.end()) {
      Value made = demand.buffer ? toBuffer(builder, value, demand.buffer)
                                 : convert(builder, value, demand.layout,
                                           demand.buffered);
      converted.push_back({wanted, made});
      found = &converted.back();
    }
    demand.use->set(found->second);
  }
}

//===----------------------------------------------------------------------===//
// Ops that can make their result in any layout
//===----------------------------------------------------------------------===//

bool LayoutRealisation::canMake(Operation *op, LayoutAttr layout) {
  if (!layout)
    return false;
  for (Value operand : op->getOperands())
    if (isTensor(operand)) {
      LayoutAttr needed = operandLayout(op, layout, operand);
      if (!needed)
        return false;
      switch (layoutRuleOf(op)) {
      case LayoutRule::ExpandDims:
      case LayoutRule::Trans:
      case LayoutRule::Reshape:
        if (resultLayout(op, needed) != layout)
          return false;
        break;
      default:
        break;
      }
    }
  return true;
}

uint64_t LayoutRealisation::moveCost(Value value, LayoutAttr from,
                                     LayoutAttr to) {
  LayoutCosts::Conversion move = costs.conversion(from, to, bytesOf(value));
  if (!move.shared || !tile::elementOf(value.getType()).isInteger(1))
    return move.cycles;
  // Predicates become bytes, and bytes predicates.
  return move.cycles + costs.elements(from) + costs.elements(to);
}

uint64_t LayoutRealisation::produceCost(Operation *op, LayoutRule rule,
                                        LayoutAttr layout) {
  uint64_t cost = uint64_t(elementWeight(op) * double(costs.elements(layout)));
  if (rule == LayoutRule::Load)
    cost += costs.access(layout, bytesOf(op->getResult(0)), choice.pattern(op));
  for (Value operand : op->getOperands()) {
    if (!isTensor(operand))
      continue;
    LayoutAttr needed = operandLayout(op, layout, operand);
    if (!needed)
      needed = choice.reshapePair(op).first;
    // Others have it made there already.
    auto demanded = demands.find(operand);
    if (demanded != demands.end() &&
        llvm::any_of(demanded->second, [&](const Demand &demand) {
          return needed && demand.layout == needed;
        }))
      continue;
    if (LayoutAttr home = choice.home(operand))
      cost += moveCost(operand, home, needed);
    else
      cost += uint64_t(choice.weight(operand) * double(costs.elements(needed)));
  }
  return cost;
}

/// Whoever takes a transposed tensor through shared memory takes the tensor
/// itself, and a view: what is loaded goes into its buffer as it comes.
bool LayoutRealisation::transposeBehindBuffers(tile::TransOp op) {
  auto found = demands.find(op.getResult());
  if (found == demands.end() || tile::shapeOf(op.getType()).size() != 2 ||
      !llvm::all_of(found->second,
                    [](const Demand &demand) { return bool(demand.buffer); }))
    return false;
  Demands wanted = take(op.getResult());
  for (Demand &demand : wanted) {
    SharedLayoutAttr memory = demand.buffer.getLayout();
    // Two dimensions: the permutation is its own inverse.
    auto swapped = layout::permuteDims(memory.getLayout(), op.getPerm());
    if (!swapped)
      return false;
    auto source = SharedType::get(
        tile::shapeOf(op.getSource().getType()), demand.buffer.getElementType(),
        SharedLayoutAttr::get(op.getContext(), *swapped, memory.getFormat(),
                              memory.getAlignment()));
    OpBuilder builder(op);
    // The operand becomes the buffer when the source is settled.
    auto view = SharedTransOp::create(builder, op.getLoc(), demand.buffer,
                                      op.getSource(), op.getPerm());
    demand.use->set(view.getResult());
    demands[op.getSource()].push_back(
        {&view->getOpOperand(0), {}, true, source});
  }
  op.erase();
  return true;
}

void LayoutRealisation::visitAdaptable(Operation *op, LayoutRule rule) {
  // Users of all results, by layout; a user of a buffer takes it from whatever
  // register layout there is.
  SmallVector<LayoutAttr, 4> wanted;
  SmallVector<bool, 4> buffered;
  SmallVector<Demands, 2> demanded;
  for (Value result : op->getResults()) {
    demanded.push_back(take(result));
    for (Demand &demand : demanded.back()) {
      if (!demand.layout)
        continue;
      auto *found = llvm::find(wanted, demand.layout);
      if (found == wanted.end()) {
        wanted.push_back(demand.layout);
        buffered.push_back(demand.buffered);
      } else {
        buffered[found - wanted.begin()] &= demand.buffered;
      }
    }
  }
  LayoutAttr home = choice.home(op->getResult(0));
  SmallVector<LayoutAttr, 4> versions;
  if (wanted.empty() && rule != LayoutRule::Reshape)
    versions.push_back(home ? home : choice.settled(op->getResult(0)));
  else if (wanted.size() == 1 &&
           (!home || wanted[0] == home ||
            (rule == LayoutRule::Trans && buffered[0])) &&
           canMake(op, wanted[0]))
    versions.push_back(wanted[0]);
  if (versions.empty()) {
    SmallVector<LayoutAttr, 4> candidates;
    if (home)
      candidates.push_back(home);
    // What is loaded for products goes ahead by iterations, and several warps
    // need it: the fewest accesses to memory count.
    auto isWorseLoad = [&](unsigned i) {
      if (rule != LayoutRule::Load || !buffered[i] || !home)
        return false;
      if (choice.isCopiedInOrder(op))
        return true;
      unsigned bytes = bytesOf(op->getResult(0));
      return costs.access(wanted[i], bytes, choice.pattern(op)) >
             costs.access(home, bytes, choice.pattern(op));
    };
    for (auto [i, layout] : llvm::enumerate(wanted))
      if (layout != home && !isWorseLoad(i) && canMake(op, layout))
        candidates.push_back(layout);
    if (candidates.empty())
      candidates.push_back(rule == LayoutRule::Reshape
                               ? choice.reshapePair(op).second
                               : choice.settled(op->getResult(0)));
    uint64_t least = ~uint64_t(0);
    for (LayoutAttr candidate : candidates) {
      uint64_t cost = produceCost(op, rule, candidate);
      for (LayoutAttr layout : wanted)
        cost += moveCost(op->getResult(0), candidate, layout);
      if (cost < least) {
        least = cost;
        versions.assign(1, candidate);
      }
    }
    // Each user its own, where nothing in memory is read twice.
    bool repeatable = rule != LayoutRule::Load && isPure(op) &&
                      llvm::all_of(wanted, [&](LayoutAttr layout) {
                        return canMake(op, layout);
                      });
    if (repeatable && wanted.size() > 1) {
      uint64_t cost = 0;
      for (LayoutAttr layout : wanted)
        cost += produceCost(op, rule, layout);
      if (cost <= least)
        versions.assign(wanted.begin(), wanted.end());
    }
  }
  auto isBuffered = [&](LayoutAttr layout) {
    auto *found = llvm::find(wanted, layout);
    return found != wanted.end() && buffered[found - wanted.begin()];
  };
  // A reshape at home may need a source that its result does not lead back to.
  auto finish = [&](Operation *made, LayoutAttr layout) {
    if (auto constant = dyn_cast<arith::ConstantOp>(made)) {
      auto type =
          cast<ShapedType>(withLayout(made->getResult(0).getType(), layout));
      auto elements = cast<DenseElementsAttr>(constant.getValue());
      constant.setValueAttr(elements.isSplat() ? elements.resizeSplat(type)
                                               : elements.reshape(type));
    }
    if (rule == LayoutRule::Reshape && !canMake(op, layout))
      demand(made->getOpOperand(0), choice.reshapePair(op).first);
    else
      demandOperands(made, layout, isBuffered(layout));
  };
  for (LayoutAttr extra : ArrayRef(versions).drop_front()) {
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Operation *copy = builder.clone(*op);
    for (auto [index, result] : llvm::enumerate(copy->getResults())) {
      result.setType(withLayout(result.getType(), extra));
      for (Demand &demand : demanded[index])
        if (demand.layout == extra)
          demand.use->set(result);
      llvm::erase_if(demanded[index],
                     [&](Demand &demand) { return demand.layout == extra; });
    }
    finish(copy, extra);
  }
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    settle(result, versions.front(), std::move(demanded[index]));
  finish(op, versions.front());
}

LogicalResult LayoutRealisation::run(func::FuncOp function) {
  Block &entry = function.getBody().front();
  visitBlock(entry);
  SmallVector<Type> inputs, results;
  for (Value arg : entry.getArguments()) {
    if (isTensor(arg))
      settle(arg, choice.defaultFor(arg));
    inputs.push_back(arg.getType());
  }
  for (Value value : entry.getTerminator()->getOperands())
    results.push_back(value.getType());
  function.setFunctionType(
      FunctionType::get(function.getContext(), inputs, results));
  return success();
}

} // namespace tilesdk::optimizer
