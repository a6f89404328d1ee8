//===- warp_specialize_producer.cpp - The partition that copies -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/warp_specialize.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tilesdk::optimizer {

/// Layouts of the producer's fewer warps: what the others held goes to more
/// registers.
static simt::LayoutAttr withWarps(simt::LayoutAttr attr, unsigned warps) {
  const layout::Layout &layout = attr.getLayout();
  std::vector<layout::InputBases> inputs;
  for (const char *place : {simt::registerDim, simt::laneDim, simt::warpDim})
    inputs.push_back({place, layout.bases(place)});
  while (inputs[2].bases.size() > llvm::Log2_32(warps)) {
    inputs[0].bases.push_back(inputs[2].bases.back());
    inputs[2].bases.pop_back();
  }
  std::vector<layout::OutputDim> outputs;
  for (const layout::Dim &dim : layout.outputs())
    outputs.push_back({dim.name, {dim.radix.begin(), dim.radix.end()}});
  auto result = layout::Layout::fromBases(inputs, outputs);
  return result ? simt::LayoutAttr::get(attr.getContext(), *result) : attr;
}

void Specializer::adapt(Operation *op) {
  auto adapted = [&](Type type) -> Type {
    simt::LayoutAttr layout = simt::layoutAttrOf(type);
    return layout ? simt::withLayout(type, withWarps(layout, copyWarps()))
                  : type;
  };
  op->walk([&](Operation *inner) {
    for (Value result : inner->getResults())
      result.setType(adapted(result.getType()));
    for (Region &region : inner->getRegions())
      for (Block &block : region)
        for (Value arg : block.getArguments())
          arg.setType(adapted(arg.getType()));
    auto constant = dyn_cast<arith::ConstantOp>(inner);
    auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                             : DenseElementsAttr();
    if (elements) {
      auto type = cast<ShapedType>(constant.getType());
      constant.setValueAttr(elements.isSplat() ? elements.resizeSplat(type)
                                               : elements.reshape(type));
    }
  });
}

Value Specializer::external(Value value) {
  return toProducer.lookupOrDefault(value);
}

scf::ForOp Specializer::openLoop(scf::ForOp from, ArrayRef<Value> rings,
                                 ArrayRef<unsigned> carried) {
  SmallVector<Value> inits(rings);
  for (unsigned index : carried)
    inits.push_back(external(from.getInitArgs()[index]));
  auto made = scf::ForOp::create(b, loc, external(from.getLowerBound()),
                                 external(from.getUpperBound()),
                                 external(from.getStep()), inits);
  if (made.getBody()->mightHaveTerminator())
    made.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(made.getBody());
  toProducer.map(from.getInductionVar(), made.getInductionVar());
  for (auto [i, index] : llvm::enumerate(carried))
    toProducer.map(from.getRegionIterArg(index),
                   made.getRegionIterArg(rings.size() + i));
  return made;
}

void Specializer::closeLoop(scf::ForOp made, scf::ForOp from,
                            ArrayRef<Value> rings, ArrayRef<unsigned> carried) {
  SmallVector<Value> yields(rings);
  for (unsigned index : carried)
    yields.push_back(external(from.getYieldedValues()[index]));
  scf::YieldOp::create(b, loc, yields);
  b.setInsertionPointAfter(made);
}

SmallVector<Value>
Specializer::inAround(ArrayRef<Value> rings,
                      llvm::function_ref<SmallVector<Value>(ValueRange)> make) {
  if (!around)
    return make(rings);
  SmallVector<unsigned> carried = carriedBy(around);
  scf::ForOp made = openLoop(around, rings, carried);
  for (Operation &op : *around.getBody())
    if (outer.contains(&op))
      adapt(b.clone(op, toProducer));
  SmallVector<Value> next =
      make(made.getRegionIterArgs().take_front(rings.size()));
  closeLoop(made, around, next, carried);
  return SmallVector<Value>(made.getResults().take_front(rings.size()));
}

void Specializer::makeProducer() {
  b.setInsertionPoint(&partitions.getPartitions()[1].front().back());
  for (Operation &op : *top()->getBlock())
    if (outer.contains(&op))
      adapt(b.clone(op, toProducer));
  if (byBoxes) {
    // The place to fill, and its parity.
    inAround({constant(0), constant(1)},
             [&](ValueRange rings) { return copyByBoxes(rings); });
    return;
  }
  // The place to fill and its parity, the place that is full next, the count of
  // groups.
  SmallVector<Value> last =
      inAround({constant(0), constant(1), constant(0), constant(0)},
               [&](ValueRange rings) { return copyByLanes(rings); });
  // The last groups.
  simt::AsyncWaitOp::create(b, loc, ValueRange(), 0);
  if (readsByProducts())
    simt::FenceAsyncOp::create(b, loc);
  Value left = arith::MinSIOp::create(b, loc, last[3], constant(ahead()));
  auto rest = scf::ForOp::create(b, loc, constant(0), left, constant(1),
                                 ValueRange{last[2]});
  OpBuilder::InsertionGuard guard(b);
  if (rest.getBody()->mightHaveTerminator())
    rest.getBody()->getTerminator()->erase();
  b.setInsertionPointToEnd(rest.getBody());
  simt::BarrierArriveOp::create(b, loc, full, rest.getRegionIterArg(0));
  scf::YieldOp::create(
      b, loc, ValueRange{next({rest.getRegionIterArg(0), {}}, false).index});
}

bool Specializer::readsByProducts() {
  return llvm::any_of(*loop.getBody(),
                      [](Operation &op) { return isa<simt::MmaAsyncOp>(op); });
}

SmallVector<Value> Specializer::copyByLanes(ValueRange rings) {
  SmallVector<unsigned> carried = carriedBy(loop);
  scf::ForOp copies =
      openLoop(loop, SmallVector<Value>(rings.begin(), rings.end()), carried);
  Ring fill{copies.getRegionIterArg(0), copies.getRegionIterArg(1)};
  Ring done{copies.getRegionIterArg(2), {}};
  Value count = copies.getRegionIterArg(3);
  simt::BarrierWaitOp::create(b, loc, empty, fill.index, fill.phase);
  SmallVector<Value> tokens;
  for (Operation &op : *loop.getBody()) {
    if (!found.copyOps.contains(&op))
      continue;
    auto *load = llvm::find_if(
        found.loads, [&](LoopLoad &load) { return load.load == &op; });
    if (load == found.loads.end()) {
      adapt(b.clone(op, toProducer));
      continue;
    }
    auto mapped = [&](Value value) { return value ? external(value) : value; };
    Value to = simt::SharedIndexOp::create(
        b, op.getLoc(), arrays[load - found.loads.begin()], fill.index);
    tile::LoadOp lanes = load->byLanes();
    tokens.push_back(simt::AsyncCopyOp::create(
        b, op.getLoc(), load->row->name, external(lanes.getPtr()), to,
        mapped(lanes.getMask()), mapped(lanes.getOther())));
  }
  simt::AsyncCommitOp::create(b, loc, tokens);
  simt::AsyncWaitOp::create(b, loc, ValueRange(), ahead());
  if (readsByProducts())
    simt::FenceAsyncOp::create(b, loc);
  Value arrives = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                        count, constant(ahead()));
  auto branch = scf::IfOp::create(b, loc, arrives, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  simt::BarrierArriveOp::create(b, loc, full, done.index);
  b.setInsertionPointToEnd(copies.getBody());
  Ring fillNext = next(fill), doneNext = next(done, false);
  closeLoop(
      copies, loop,
      {fillNext.index, fillNext.phase,
       arith::SelectOp::create(b, loc, arrives, doneNext.index, done.index),
       arith::AddIOp::create(b, loc, count, constant(1))},
      carried);
  return SmallVector<Value>(copies.getResults().take_front(4));
}

/// The copies arrive at the barrier by themselves.
SmallVector<Value> Specializer::copyByBoxes(ValueRange rings) {
  SmallVector<unsigned> carried = carriedBy(loop);
  scf::ForOp copies =
      openLoop(loop, SmallVector<Value>(rings.begin(), rings.end()), carried);
  Ring fill{copies.getRegionIterArg(0), copies.getRegionIterArg(1)};
  SmallVector<Value> targets;
  for (auto [load, array] : llvm::zip(found.loads, arrays))
    targets.push_back(
        simt::SharedIndexOp::create(b, load.load->getLoc(), array, fill.index));
  for (Operation &op : *loop.getBody())
    if (found.copyOps.contains(&op) && !isa<tile::DescriptorLoadOp>(op))
      adapt(b.clone(op, toProducer));
  simt::BarrierWaitOp::create(b, loc, empty, fill.index, fill.phase);
  copyBoxes(b, loc, found.loads, maps, targets, full, fill.index,
            [&](Value v) { return external(v); });
  Ring following = next(fill);
  closeLoop(copies, loop, {following.index, following.phase}, carried);
  return SmallVector<Value>(copies.getResults().take_front(2));
}

} // namespace tilesdk::optimizer
