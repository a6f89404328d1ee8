//===- scratch.cpp - Shared memory that single ops need ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/scratch.h"

#include "core/optimizer/simt/boxes.h"

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/layout/dims.h"
#include "core/layout/reduction.h"
#include "core/target/target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <functional>

using namespace mlir;

namespace tilesdk::optimizer {

using layout::Layout;
using layout::Result;
using target::Machine;

namespace {

uint64_t bytesOfTensor(Type type) {
  return uint64_t(tile::numElementsOf(type)) *
         simt::elementBytes(tile::elementOf(type));
}

uint64_t ofConversion(const Layout &from, const Layout &to, Type element,
                      const Machine &machine) {
  if (from == to)
    return 0;
  auto plan = layout::planConversion(
      from, to, machine.conversion(simt::elementBytes(element)));
  if (!plan)
    return 0; // Lowering has the error with its reason.
  bool isShared = plan->reach == layout::Reach::LinearIndex ||
                  plan->strategy == layout::Strategy::Shared ||
                  plan->strategy == layout::Strategy::SharedLinear;
  if (!isShared || !plan->shared)
    return 0;
  return plan->shared->scratchElements * simt::elementBytes(element);
}

uint64_t ofConversion(const Result<Layout> &from, const Result<Layout> &to,
                      Type element, const Machine &machine) {
  return from && to ? ofConversion(*from, *to, element, machine) : 0;
}

/// The exchange across warps of a reduction or scan.
uint64_t ofCombination(ValueRange sources, unsigned axis, bool maySwap,
                       const Machine &machine) {
  const Layout &layout = simt::layoutOf(sources.front().getType());
  uint64_t elements = 0;
  // Whether the order is kept is lowering's choice where it may be changed.
  for (bool keepOrder : {true, false}) {
    if (!keepOrder && !maySwap)
      break;
    if (auto plan = layout::planReduction(layout, axis, keepOrder))
      elements = std::max(elements, plan->scratchElements);
  }
  uint64_t bytes = 0;
  for (Value source : sources)
    bytes += llvm::alignTo(
        elements * simt::elementBytes(tile::elementOf(source.getType())), 16);
  return bytes;
}

uint64_t ofReduce(tile::ReduceOp op, const Machine &machine) {
  uint64_t bytes =
      ofCombination(op.getSources(), op.getAxis(), /*maySwap=*/true, machine);
  for (auto [source, result] : llvm::zip(op.getSources(), op.getResults()))
    if (simt::layoutAttrOf(result.getType()))
      bytes = std::max(
          bytes, ofConversion(layout::dropDim(simt::layoutOf(source.getType()),
                                              op.getAxis()),
                              Result<Layout>(simt::layoutOf(result.getType())),
                              tile::elementOf(result.getType()), machine));
  return bytes;
}

uint64_t ofCat(tile::CatOp op, const Machine &machine) {
  const Layout &from = simt::layoutOf(op.getLhs().getType());
  if (op.getLhs().getType() == op.getRhs().getType()) {
    auto wanted = layout::halfOf(
        simt::layoutOf(op.getType()), op.getDim(),
        uint64_t(tile::shapeOf(op.getLhs().getType())[op.getDim()]));
    if (wanted &&
        !ofConversion(from, *wanted, tile::elementOf(op.getType()), machine))
      return 0;
  }
  return bytesOfTensor(op.getType());
}

uint64_t ofSplit(tile::SplitOp op, const Machine &machine) {
  const Layout &from = simt::layoutOf(op.getSource().getType());
  unsigned last = from.outputs().size() - 1;
  Type half = op.getLhs().getType();
  if (!simt::layoutAttrOf(half)) {
    auto wanted = layout::mapOutputs(
        from, {{2}}, [](const layout::Coord &) { return layout::Coord{0}; });
    return ofConversion(Result<Layout>(from), wanted, half, machine);
  }
  return ofConversion(Result<Layout>(from),
                      layout::insertDim(simt::layoutOf(half), last, 2),
                      tile::elementOf(half), machine);
}

/// Whether dimension \p axis reaches beyond one thread.
bool crossesThreads(const Layout &layout, unsigned axis) {
  for (const char *place : {simt::laneDim, simt::warpDim})
    for (const layout::Basis &basis : layout.bases(place))
      if (basis.value[axis])
        return true;
  return false;
}

/// Only lanes with the first copy execute an atomic op; the others read what
/// it gave.
uint64_t ofAtomic(Operation *op, const Machine &machine) {
  Value result = op->getResult(0);
  if (result.use_empty())
    return 0;
  Type type = result.getType();
  if (!simt::layoutAttrOf(type))
    return llvm::alignTo(simt::elementBytes(type), 16);
  const Layout &layout = simt::layoutOf(type);
  auto masks = layout.freeVariableMasks();
  for (const char *place : {simt::laneDim, simt::warpDim})
    if (auto index = layout.inputIndex(place); index && masks[*index])
      return bytesOfTensor(type);
  return 0;
}

/// A failed assertion ends the program, which all warps must agree on: a word
/// of each. Not where other threads may be waiting for what these do.
uint64_t ofAssertion(tile::AssertOp op) {
  auto kernel = op->getParentOfType<func::FuncOp>();
  if (!kernel)
    return 0;
  bool othersWait = kernel
                        .walk([](Operation *each) {
                          return isa<simt::BarriersInitOp, simt::BoxStoreOp,
                                     simt::WarpSpecializeOp>(each)
                                     ? WalkResult::interrupt()
                                     : WalkResult::advance();
                        })
                        .wasInterrupted();
  auto warps = kernel->getAttrOfType<IntegerAttr>(simt::attr::numWarps);
  return othersWait || !warps ? 0 : llvm::alignTo(4 * warps.getInt(), 16);
}

} // namespace

uint64_t conversionBytes(Type from, Type to, const Machine &machine) {
  return ofConversion(simt::layoutOf(from), simt::layoutOf(to),
                      tile::elementOf(from), machine);
}

uint64_t scratchBytes(Operation *op, const Machine &machine) {
  // It will have a buffer of its own.
  if (auto store = dyn_cast<tile::DescriptorStoreOp>(op))
    return storeBytes(store.getValue().getType(), machine);
  auto natural = [&](simt::LayoutAttr from) -> uint64_t {
    Type type = op->getResult(0).getType();
    return from ? ofConversion(from.getLayout(), simt::layoutOf(type),
                               tile::elementOf(type), machine)
                : 0;
  };
  // Without layouts there is nothing to exchange.
  auto isEncoded = [](Type type) { return bool(simt::layoutAttrOf(type)); };
  if (isa<tile::AtomicRMWOp, tile::AtomicCASOp>(op))
    return ofAtomic(op, machine);
  if (auto assertion = dyn_cast<tile::AssertOp>(op))
    return ofAssertion(assertion);
  if (op->getNumOperands() == 0 ||
      llvm::none_of(op->getOperandTypes(), isEncoded))
    return 0;
  Type first = op->getOperand(0).getType();
  simt::LayoutAttr source = simt::layoutAttrOf(first);
  return llvm::TypeSwitch<Operation *, uint64_t>(op)
      .Case([&](simt::ConvertLayoutOp) { return natural(source); })
      .Case([&](tile::ExpandDimsOp op) {
        return ofConversion(
            layout::insertDim(source.getLayout(), op.getAxis(), 1),
            Result<Layout>(simt::layoutOf(op.getType())),
            tile::elementOf(first), machine);
      })
      .Case([&](tile::TransOp op) {
        return natural(simt::transLayout(source, op.getPerm()));
      })
      .Case([&](tile::BroadcastOp op) {
        std::vector<bool> ones;
        for (int64_t extent : tile::shapeOf(first))
          ones.push_back(extent == 1);
        return ofConversion(
            Result<Layout>(source.getLayout()),
            layout::flattenDims(simt::layoutOf(op.getType()), ones),
            tile::elementOf(first), machine);
      })
      .Case([&](tile::ReshapeOp op) {
        auto rows = layout::reshapeRows(source.getLayout(),
                                        tile::shapeOf(op.getType()));
        if (!rows)
          return uint64_t(0);
        return ofConversion(*rows, simt::layoutOf(op.getType()),
                            tile::elementOf(first), machine);
      })
      .Case([&](tile::JoinOp op) {
        const Layout &to = simt::layoutOf(op.getType());
        return ofConversion(Result<Layout>(source.getLayout()),
                            layout::dropDim(to, to.outputs().size() - 1),
                            tile::elementOf(first), machine);
      })
      .Case([&](tile::SplitOp op) { return ofSplit(op, machine); })
      .Case([&](tile::CatOp op) { return ofCat(op, machine); })
      .Case([&](tile::ReduceOp op) { return ofReduce(op, machine); })
      .Case([&](tile::ScanOp op) {
        return ofCombination(op.getSources(), op.getAxis(), /*maySwap=*/false,
                             machine);
      })
      .Case([&](tile::GatherOp op) { return bytesOfTensor(first); })
      .Case([&](tile::SortOp op) -> uint64_t {
        unsigned last = tile::shapeOf(first).size() - 1;
        return crossesThreads(source.getLayout(), last) ? bytesOfTensor(first)
                                                        : 0;
      })
      .Case([&](tile::HistogramOp op) { return bytesOfTensor(op.getType()); })
      .Default([](Operation *) { return 0; });
}

} // namespace tilesdk::optimizer
