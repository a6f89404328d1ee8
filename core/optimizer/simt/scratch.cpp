//===- scratch.cpp - Shared memory that single ops need ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/scratch.h"

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/layout/algebra.h"
#include "core/layout/reduction.h"
#include "core/target/target.h"

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

/// The layout with other outputs; \p coordinate maps the value of each basis.
Result<Layout>
mapOutputs(const Layout &layout, std::vector<layout::OutputDim> outputs,
           const std::function<layout::Coord(const layout::Coord &)> &map) {
  std::vector<layout::InputBases> inputs;
  for (const layout::Dim &dim : layout.inputs()) {
    layout::InputBases list{dim.name, layout.bases(dim.name)};
    for (layout::Basis &basis : list.bases)
      basis.value = map(basis.value);
    inputs.push_back(std::move(list));
  }
  return Layout::fromBases(inputs, outputs);
}

std::vector<layout::OutputDim> outputsOf(const Layout &layout) {
  std::vector<layout::OutputDim> result;
  for (const layout::Dim &dim : layout.outputs())
    result.push_back({dim.name, {dim.radix.begin(), dim.radix.end()}});
  return result;
}

void rename(std::vector<layout::OutputDim> &outputs) {
  for (size_t i = 0; i < outputs.size(); ++i)
    outputs[i].name = simt::dimName(i);
}

Result<Layout> dropDim(const Layout &layout, unsigned dim) {
  auto outputs = outputsOf(layout);
  outputs.erase(outputs.begin() + dim);
  rename(outputs);
  return mapOutputs(layout, outputs, [&](layout::Coord c) {
    c.erase(c.begin() + dim);
    return c;
  });
}

Result<Layout> insertDim(const Layout &layout, unsigned dim, uint64_t size) {
  auto outputs = outputsOf(layout);
  outputs.insert(outputs.begin() + dim, {"", {size}});
  rename(outputs);
  return mapOutputs(layout, outputs, [&](layout::Coord c) {
    c.insert(c.begin() + dim, 0);
    return c;
  });
}

/// Extents of 1 where the source of a broadcast has them.
Result<Layout> flattenDims(const Layout &layout, ArrayRef<int64_t> shape) {
  auto outputs = outputsOf(layout);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (shape[i] == 1)
      outputs[i].factors = {1};
  return mapOutputs(layout, outputs, [&](layout::Coord c) {
    for (size_t i = 0; i < c.size(); ++i)
      if (shape[i] == 1)
        c[i] = 0;
    return c;
  });
}

/// Elements counted row by row, in another shape.
Result<Layout> reshapeRows(const Layout &layout, ArrayRef<int64_t> shape) {
  std::vector<std::string> inputs, fastestFirst, rowsFirst;
  for (const layout::Dim &dim : layout.inputs())
    inputs.push_back(dim.name);
  for (const layout::Dim &dim : llvm::reverse(layout.outputs()))
    fastestFirst.push_back(dim.name);
  auto turned = layout::transpose(layout, inputs, fastestFirst);
  if (!turned)
    return turned;
  std::vector<layout::NamedSize> dims;
  for (size_t i = shape.size(); i-- > 0;)
    dims.push_back({simt::dimName(i), uint64_t(shape[i])});
  for (size_t i = 0; i < shape.size(); ++i)
    rowsFirst.push_back(simt::dimName(i));
  auto reshaped = layout::reshapeOutputs(*turned, dims);
  return reshaped ? layout::transpose(*reshaped, inputs, rowsFirst) : reshaped;
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
          bytes,
          ofConversion(dropDim(simt::layoutOf(source.getType()), op.getAxis()),
                       Result<Layout>(simt::layoutOf(result.getType())),
                       tile::elementOf(result.getType()), machine));
  return bytes;
}

uint64_t ofCat(tile::CatOp op, const Machine &machine) {
  // Halves of one layout, told by a bit of the registers.
  const Layout &from = simt::layoutOf(op.getLhs().getType());
  const Layout &to = simt::layoutOf(op.getType());
  unsigned dim = op.getDim();
  const auto &radix = to.outputs()[dim].radix;
  uint64_t half = tile::shapeOf(op.getLhs().getType())[dim];
  if (op.getLhs().getType() == op.getRhs().getType() && !radix.empty() &&
      radix.back() == 2 && to.outputs()[dim].step(radix.size() - 1) == half) {
    auto outputs = outputsOf(to);
    outputs[dim].factors.pop_back();
    auto wanted = mapOutputs(to, outputs, [&](layout::Coord c) {
      c[dim] %= half;
      return c;
    });
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
    auto outputs = outputsOf(from);
    auto wanted = mapOutputs(from, outputs, [](layout::Coord c) {
      return layout::Coord(c.size(), 0);
    });
    return ofConversion(Result<Layout>(from), wanted, half, machine);
  }
  return ofConversion(Result<Layout>(from),
                      insertDim(simt::layoutOf(half), last, 2),
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

} // namespace

uint64_t scratchBytes(Operation *op, const Machine &machine) {
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
  if (op->getNumOperands() == 0 ||
      llvm::none_of(op->getOperandTypes(), isEncoded))
    return 0;
  Type first = op->getOperand(0).getType();
  simt::LayoutAttr source = simt::layoutAttrOf(first);
  return llvm::TypeSwitch<Operation *, uint64_t>(op)
      .Case([&](simt::ConvertLayoutOp) { return natural(source); })
      .Case([&](tile::ExpandDimsOp op) {
        return ofConversion(insertDim(source.getLayout(), op.getAxis(), 1),
                            Result<Layout>(simt::layoutOf(op.getType())),
                            tile::elementOf(first), machine);
      })
      .Case([&](tile::TransOp op) {
        return natural(simt::transLayout(source, op.getPerm()));
      })
      .Case([&](tile::BroadcastOp op) {
        return ofConversion(
            Result<Layout>(source.getLayout()),
            flattenDims(simt::layoutOf(op.getType()), tile::shapeOf(first)),
            tile::elementOf(first), machine);
      })
      .Case([&](tile::ReshapeOp op) {
        auto rows =
            reshapeRows(source.getLayout(), tile::shapeOf(op.getType()));
        if (!rows)
          return uint64_t(0);
        return ofConversion(*rows, simt::layoutOf(op.getType()),
                            tile::elementOf(first), machine);
      })
      .Case([&](tile::JoinOp op) {
        const Layout &to = simt::layoutOf(op.getType());
        return ofConversion(Result<Layout>(source.getLayout()),
                            dropDim(to, to.outputs().size() - 1),
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
