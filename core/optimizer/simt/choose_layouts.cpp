//===- choose_layouts.cpp - A home layout for each tensor -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/select_matrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

/// Cheap operations an element of a small load counts as.
static constexpr double smallLoadWeight = 8;

static Value ptrOf(Operation *op) { return op->getOperand(0); }

static Value maskOf(Operation *op) {
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return load.getMask();
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return store.getMask();
  if (auto atomic = dyn_cast<tile::AtomicRMWOp>(op))
    return atomic.getMask();
  return {};
}

LayoutAttr LayoutChoice::wrap(const layout::Layout &layout) const {
  return LayoutAttr::get(context, layout);
}

LayoutChoice::LayoutChoice(func::FuncOp function,
                           const target::Machine &machine, ThreadCounts threads,
                           unsigned numStages)
    : context(function.getContext()), machine(machine), threads(threads),
      layoutCosts(machine, threads) {
  AxisInfoAnalysis axes(function);
  function.walk([&](Operation *op) {
    if (!isa<tile::LoadOp, tile::StoreOp, tile::AtomicRMWOp, tile::AtomicCASOp>(
            op) ||
        !isTensor(ptrOf(op)))
      return;
    AccessPattern pattern =
        accessPattern(axes, ptrOf(op), maskOf(op), machine.maxVectorBytes);
    patterns[op] = pattern;
    ArrayRef<int64_t> shape = tile::shapeOf(ptrOf(op).getType());
    SmallVector<unsigned, 4> order{pattern.dim};
    for (unsigned dim : rowMajorOrder(shape.size()))
      if (dim != pattern.dim)
        order.push_back(dim);
    coalescedLayouts[op] =
        wrap(blockedLayout(shape, order, pattern.vector, threads));
  });
  function.walk([&](tile::DotOp op) {
    DotLayouts layouts = dotLayouts(op, machine, threads);
    unsigned rank = tile::shapeOf(op.getType()).size();
    if (!layouts.row)
      return;
    products.insert(layouts.result);
    if (!copyInOrder(op.getLhs(), layouts.lhs, numStages))
      loadAcross(op.getLhs(), layouts.lhs, layouts.lhsBuffer, rank - 1,
                 rank - 2);
    if (!copyInOrder(op.getRhs(), layouts.rhs, numStages))
      loadAcross(op.getRhs(), layouts.rhs, layouts.rhsBuffer, rank - 2,
                 rank - 1);
  });
  // A loop's values may follow what its body makes of them: a second round
  // sees that, a third what that changed for outer loops.
  constexpr unsigned maxRounds = 4;
  for (unsigned round = 0; round < maxRounds; ++round) {
    changed = false;
    visitBlock(function.getBody().front());
    if (!changed)
      hintBlock(function.getBody().front());
    if (!changed)
      break;
  }
}

const AccessPattern &LayoutChoice::pattern(Operation *op) const {
  return patterns.find(op)->second;
}

bool LayoutChoice::isSmall(Value value) const {
  return tile::numElementsOf(value.getType()) * 2 <= threads.total();
}

LayoutAttr LayoutChoice::coalesced(Operation *op) const {
  return coalescedLayouts.lookup(op);
}

LayoutAttr LayoutChoice::coalescedWithin(Operation *op, LayoutAttr home,
                                         unsigned bytes) const {
  if (!products.contains(home))
    return {};
  const AccessPattern &access = pattern(op);
  std::optional<layout::Layout> found =
      withinWarps(home.getLayout(), access.dim, access.vector,
                  machine.coalesceBytes / bytes, threads);
  return found ? wrap(*found) : LayoutAttr();
}

std::pair<LayoutAttr, LayoutAttr>
LayoutChoice::reshapePair(Operation *op) const {
  Value source = op->getOperand(0);
  ArrayRef<int64_t> from = tile::shapeOf(source.getType());
  ArrayRef<int64_t> to = tile::shapeOf(op->getResult(0).getType());
  int64_t count = tile::numElementsOf(source.getType());
  LayoutAttr flat = wrap(defaultLayout({count}, threads));
  LayoutAttr before = reshapeLayout(flat, from);
  LayoutAttr after = reshapeLayout(flat, to);
  if (before && after)
    return {before, after};
  // Digits that fit nowhere: each thread holds all.
  flat = wrap(axisInRegisters({count}, 0, threads));
  return {reshapeLayout(flat, from), reshapeLayout(flat, to)};
}

LayoutAttr LayoutChoice::defaultFor(Value value) const {
  return wrap(defaultLayout(tile::shapeOf(value.getType()), threads));
}

LayoutAttr LayoutChoice::scanLayout(Value value, unsigned axis) const {
  ArrayRef<int64_t> shape = tile::shapeOf(value.getType());
  SmallVector<unsigned, 4> order{axis};
  for (unsigned dim : rowMajorOrder(shape.size()))
    if (dim != axis)
      order.push_back(dim);
  return wrap(blockedLayout(shape, order, 4, threads));
}

LayoutAttr LayoutChoice::settled(Value value) const {
  if (LayoutAttr layout = home(value))
    return layout;
  if (LayoutAttr layout = hints.lookup(value))
    return layout;
  if (auto load = value.getDefiningOp<tile::LoadOp>())
    return coalesced(load);
  if (value.getDefiningOp<tile::DescriptorLoadOp>()) {
    ArrayRef<int64_t> shape = tile::shapeOf(value.getType());
    return wrap(blockedLayout(shape, rowMajorOrder(shape.size()),
                              machine.maxVectorBytes / bytesOf(value),
                              threads));
  }
  return defaultFor(value);
}

double LayoutChoice::weight(Value value) const { return weights.lookup(value); }

void LayoutChoice::setHome(Value value, LayoutAttr layout) {
  if (layout && isTensor(value))
    homes[value] = layout;
}

void LayoutChoice::joinHome(Value carried, Value next) {
  if (!isTensor(carried))
    return;
  LayoutAttr layout = home(next);
  if (!layout || homes.lookup(carried) == layout)
    return;
  carriedHomes[carried] = layout;
  homes[carried] = layout;
  changed = true;
}

void LayoutChoice::visitBlock(Block &block) {
  for (Operation &op : block)
    if (layoutRuleOf(&op) == LayoutRule::Control)
      visitControl(&op);
    else
      visitOp(&op);
}

void LayoutChoice::visitControl(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    auto args = loop.getRegionIterArgs();
    for (auto [arg, init] : llvm::zip(args, loop.getInitArgs()))
      if (LayoutAttr carried = carriedHomes.lookup(arg))
        setHome(arg, carried);
      else
        setHome(arg, home(init));
    visitBlock(*loop.getBody());
    for (auto [arg, next, result] :
         llvm::zip(args, yield.getOperands(), loop.getResults())) {
      joinHome(arg, next);
      setHome(result, home(arg));
    }
    return;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    for (auto [arg, init] :
         llvm::zip(loop.getBeforeArguments(), loop.getInits()))
      if (LayoutAttr carried = carriedHomes.lookup(arg))
        setHome(arg, carried);
      else
        setHome(arg, home(init));
    visitBlock(*loop.getBeforeBody());
    for (auto [arg, passed, result] :
         llvm::zip(loop.getAfterArguments(), loop.getConditionOp().getArgs(),
                   loop.getResults())) {
      LayoutAttr layout = home(passed);
      if (!layout)
        layout = carriedHomes.lookup(arg);
      setHome(arg, layout);
      setHome(result, layout);
    }
    visitBlock(*loop.getAfterBody());
    for (auto [arg, next] :
         llvm::zip(loop.getBeforeArguments(), loop.getYieldOp().getOperands()))
      joinHome(arg, next);
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    visitBlock(branch.getThenRegion().front());
    if (branch.getElseRegion().empty())
      return;
    visitBlock(branch.getElseRegion().front());
    for (auto [result, then, other] :
         llvm::zip(branch.getResults(), branch.thenYield().getOperands(),
                   branch.elseYield().getOperands()))
      setHome(result, home(then) ? home(then) : home(other));
    return;
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      visitBlock(block);
  // Values of a call are in the default layout on both sides.
  for (Value result : op->getResults())
    if (isTensor(result))
      setHome(result, defaultFor(result));
}

/// Among the homes of \p op's operands, the one to which the others come
/// cheapest; loads can come in another layout for what the access then costs.
LayoutAttr LayoutChoice::chooseAmongOperands(Operation *op) {
  SmallVector<LayoutAttr, 4> candidates;
  for (Value operand : op->getOperands())
    if (LayoutAttr layout = home(operand))
      if (!llvm::is_contained(candidates, layout))
        candidates.push_back(layout);
  if (candidates.size() <= 1)
    return candidates.empty() ? LayoutAttr() : candidates.front();
  LayoutAttr best;
  uint64_t least = ~uint64_t(0);
  for (LayoutAttr candidate : candidates) {
    uint64_t cost = layoutCosts.elements(candidate);
    for (Value operand : op->getOperands()) {
      LayoutAttr layout = home(operand);
      if (!layout || layout == candidate)
        continue;
      uint64_t move =
          layoutCosts.conversion(layout, candidate, bytesOf(operand)).cycles;
      if (Operation *load = operand.getDefiningOp<tile::LoadOp>()) {
        const AccessPattern &access = pattern(load);
        uint64_t here = layoutCosts.access(layout, bytesOf(operand), access);
        uint64_t there =
            layoutCosts.access(candidate, bytesOf(operand), access);
        move = std::min(move, there > here ? there - here : 0);
      }
      cost += move;
    }
    if (cost < least) {
      least = cost;
      best = candidate;
    }
  }
  return best;
}

void LayoutChoice::visitOp(Operation *op) {
  if (op->getNumResults() == 0 || llvm::none_of(op->getResults(), isTensor))
    return;
  Value source = op->getNumOperands() ? op->getOperand(0) : Value();
  LayoutAttr layout;
  LayoutRule rule = layoutRuleOf(op);
  switch (rule) {
  case LayoutRule::Leaf:
    weights[op->getResult(0)] = elementWeight(op);
    return;
  case LayoutRule::Load:
    // A row or column that is about to be broadcast: reading it more often
    // costs less than handing it around.
    if (isSmall(op->getResult(0))) {
      weights[op->getResult(0)] = smallLoadWeight;
      return;
    }
    layout = coalesced(op);
    break;
  case LayoutRule::Store:
  case LayoutRule::Control:
    return;
  case LayoutRule::Atomic: {
    LayoutAttr value = home(op->getOperand(1));
    layout = coalesced(op);
    if (value && value != layout &&
        layoutCosts.access(value, bytesOf(op->getOperand(1)), pattern(op)) <=
            layoutCosts.access(layout, bytesOf(op->getOperand(1)),
                               pattern(op)) +
                layoutCosts.conversion(value, layout, 4).cycles)
      layout = value;
    break;
  }
  case LayoutRule::Elementwise:
  case LayoutRule::ExpandDims:
  case LayoutRule::Trans:
  case LayoutRule::Broadcast: {
    if (rule == LayoutRule::Elementwise)
      layout = chooseAmongOperands(op);
    else
      layout = resultLayout(op, home(source));
    if (layout)
      break;
    double weight = elementWeight(op);
    for (Value operand : op->getOperands())
      if (isTensor(operand) && !home(operand))
        weight += this->weight(operand) *
                  double(tile::numElementsOf(operand.getType())) /
                  double(tile::numElementsOf(op->getResult(0).getType()));
    for (Value result : op->getResults())
      weights[result] = std::min(weight, 1e6);
    return;
  }
  case LayoutRule::Reshape: {
    LayoutAttr from = home(source);
    if (!from) {
      weights[op->getResult(0)] = weight(source);
      return;
    }
    layout = resultLayout(op, from);
    if (layout)
      break;
    layout = reshapePair(op).second;
    break;
  }
  case LayoutRule::Join: {
    if (!isTensor(source)) {
      layout = defaultFor(op->getResult(0));
      break;
    }
    LayoutAttr from = chooseAmongOperands(op);
    if (!from)
      from = settled(source);
    layout = joinLayout(from);
    break;
  }
  case LayoutRule::Split: {
    LayoutAttr from = settled(source);
    layout = splitLayout(from);
    if (!layout)
      layout = sliceLayout(from, tile::shapeOf(source.getType()).size() - 1);
    break;
  }
  case LayoutRule::Cat: {
    unsigned dim = cast<tile::CatOp>(op).getDim();
    LayoutAttr from = chooseAmongOperands(op);
    if (source.getType() == op->getOperand(1).getType())
      layout = catLayout(from ? from : settled(source), dim);
    if (!layout)
      layout = wrap(axisInRegisters(tile::shapeOf(op->getResult(0).getType()),
                                    dim, threads));
    break;
  }
  case LayoutRule::Reduce: {
    LayoutAttr from = chooseAmongOperands(op);
    layout = resultLayout(op, from ? from : settled(source));
    break;
  }
  case LayoutRule::Scan:
    layout = scanLayout(source, cast<tile::ScanOp>(op).getAxis());
    break;
  case LayoutRule::Sort:
    layout = settled(source);
    break;
  case LayoutRule::Gather:
    layout = settled(op->getOperand(1));
    break;
  case LayoutRule::Histogram:
    layout = defaultFor(op->getResult(0));
    break;
  case LayoutRule::Dot:
    layout = dotLayouts(cast<tile::DotOp>(op), machine, threads).result;
    break;
  }
  for (Value result : op->getResults())
    setHome(result, layout);
}

} // namespace tilesdk::optimizer
