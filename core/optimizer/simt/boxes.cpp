//===- boxes.cpp - Tiles that one thread copies as boxes ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/boxes.h"

#include "core/layout/algebra.h"
#include "core/optimizer/passes.h"
#include "core/optimizer/simt/assign_layouts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numeric>

using namespace mlir;

namespace tilesdk::optimizer {

const target::AsyncRow *boxRow(const target::Machine &machine) {
  if (!machine.has(TSDK_SIMT_MBARRIER))
    return nullptr;
  for (const target::AsyncRow &row : machine.async)
    if (row.issuer == target::AsyncRow::Thread &&
        row.completion == target::AsyncRow::Barrier)
      return &row;
  return nullptr;
}

std::optional<BoxPlan> planBoxes(simt::SharedType buffer,
                                 const target::Machine &machine) {
  const target::AsyncRow *row = boxRow(machine);
  ArrayRef<int64_t> shape = buffer.getBufferShape();
  if (!row || shape.size() != 2)
    return std::nullopt;
  simt::SharedLayoutAttr memory = buffer.getLayout();
  const target::SharedFormat *format = machine.format(memory.getFormat().str());
  if (!format)
    return std::nullopt;
  uint64_t bytes = simt::elementBytes(buffer.getElementType());
  uint64_t columns = format->rowBytes / bytes;
  if (!columns || columns > row->maxBox || shape[1] % int64_t(columns))
    return std::nullopt;
  layout::Layout inverse = layout::pseudoInvert(memory.getLayout());
  auto offset = [&](uint64_t r, uint64_t c) {
    return (*inverse.apply({r, c}))[0] * bytes;
  };
  // Rows follow each other, their chunks moved as the format says.
  auto fits = [&](uint64_t r) {
    uint64_t chunk = r / format->rowShift % format->chunkCount;
    for (uint64_t c = 0; c < columns; c = c ? c * 2 : 1)
      if (offset(r, c) != r * format->rowBytes + ((c * bytes) ^ (chunk * 16)))
        return false;
    return true;
  };
  uint64_t rows = 0;
  while (rows < uint64_t(shape[0]) && rows < row->maxBox && fits(rows))
    ++rows;
  while (rows && shape[0] % int64_t(rows))
    --rows;
  uint64_t step = rows * format->rowBytes;
  if (!rows || step % format->alignment)
    return std::nullopt;
  BoxPlan plan;
  plan.box = {int32_t(rows), int32_t(columns)};
  for (int64_t c = 0; c < shape[1]; c += int64_t(columns))
    for (int64_t r = 0; r < shape[0]; r += int64_t(rows)) {
      uint64_t start = offset(uint64_t(r), uint64_t(c));
      // Each is laid out as the first.
      if (start % format->alignment ||
          offset(uint64_t(r) + rows - 1, uint64_t(c) + columns - 1) !=
              start + offset(rows - 1, columns - 1))
        return std::nullopt;
      plan.parts.push_back({{r, c}, start});
    }
  return plan;
}

std::optional<unsigned> HostValue::argument() const {
  if (terms.size() != 1 || terms[0].factor != 1 ||
      terms[0].arguments.size() != 1)
    return std::nullopt;
  return terms[0].arguments[0];
}

std::optional<int64_t> HostValue::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() != 1 || !terms[0].arguments.empty())
    return std::nullopt;
  return terms[0].factor;
}

std::optional<HostValue> hostValue(Value value) {
  constexpr size_t maxTerms = 8;
  while (auto extended = value.getDefiningOp<arith::ExtSIOp>())
    value = extended.getIn();
  if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
    auto number = dyn_cast<IntegerAttr>(constant.getValue());
    if (!number)
      return std::nullopt;
    return HostValue{{{number.getInt(), {}}}};
  }
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (!isa<func::FuncOp>(argument.getOwner()->getParentOp()))
      return std::nullopt;
    return HostValue{{{1, {argument.getArgNumber()}}}};
  }
  Operation *op = value.getDefiningOp();
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return std::nullopt;
  std::optional<HostValue> left = hostValue(op->getOperand(0)),
                           right = hostValue(op->getOperand(1));
  if (!left || !right || left->terms.size() * right->terms.size() > maxTerms)
    return std::nullopt;
  HostValue result;
  if (isa<arith::MulIOp>(op)) {
    for (const HostValue::Term &l : left->terms)
      for (const HostValue::Term &r : right->terms) {
        HostValue::Term &term = result.terms.emplace_back(l);
        term.factor *= r.factor;
        llvm::append_range(term.arguments, r.arguments);
      }
    return result;
  }
  result = *left;
  for (HostValue::Term term : right->terms) {
    if (isa<arith::SubIOp>(op))
      term.factor = -term.factor;
    result.terms.push_back(term);
  }
  return result;
}

int64_t divisorOf(func::FuncOp function, const HostValue &value) {
  int64_t all = 0;
  for (const HostValue::Term &term : value.terms) {
    int64_t one = term.factor;
    for (unsigned argument : term.arguments)
      if (auto known = function.getArgAttrOfType<IntegerAttr>(
              argument, tile::attr::divisibility))
        one *= known.getInt();
    all = std::gcd(all, one);
  }
  return all;
}

/// \p value again, from arguments and constants.
static Value cloneHost(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return value;
  IRMapping map;
  for (Value operand : op->getOperands())
    map.map(operand, cloneHost(builder, operand));
  return builder.clone(*op, map)->getResult(0);
}

std::string mapReason(func::FuncOp function, Value base, ValueRange shape,
                      ValueRange strides, Type element) {
  int64_t bytes = simt::elementBytes(element);
  std::optional<HostValue> start = hostValue(base);
  if (!start || !start->argument())
    return "the base is not an argument of the kernel";
  if (divisorOf(function, *start) % boxAlignment)
    return "the base is not known to be aligned by 16 bytes";
  for (Value extent : shape)
    if (!hostValue(extent))
      return "an extent is not made of arguments of the kernel and constants";
  for (auto [i, stride] : llvm::enumerate(strides)) {
    std::optional<HostValue> known = hostValue(stride);
    if (!known)
      return "a stride is not made of arguments of the kernel and constants";
    bool isLast = i + 1 == strides.size();
    if (isLast ? known->constant() != 1
               : (divisorOf(function, *known) * bytes) % boxAlignment != 0)
      return isLast ? "the last stride is not 1"
                    : "a stride is not known to be a multiple of 16 bytes";
  }
  return "";
}

std::string rowEndReason(func::FuncOp function, const HostValue &columns,
                         Type element) {
  int64_t bytes = simt::elementBytes(element);
  return divisorOf(function, columns) * bytes % boxAlignment
             ? "its rows are not known to end at a multiple of 16 bytes, by "
               "which boxes are cut off"
             : "";
}

Value makeBoxMap(OpBuilder &builder, Operation *access, simt::SharedType buffer,
                 const BoxPlan &plan) {
  auto again = [&](ValueRange values) {
    SmallVector<Value> result;
    for (Value value : values)
      result.push_back(cloneHost(builder, value));
    return result;
  };
  auto make = [&](auto op) {
    return simt::BoxMapOp::create(
        builder, op.getLoc(), op.getBase(), again(op.getShape()),
        again(op.getStrides()), builder.getDenseI32ArrayAttr(plan.box),
        builder.getStringAttr(buffer.getLayout().getFormat()));
  };
  auto store = dyn_cast<tile::DescriptorStoreOp>(access);
  auto map = store ? make(store) : make(cast<tile::DescriptorLoadOp>(access));
  if (access->hasAttr(pointersAttr))
    map->setAttr(pointersAttr, builder.getUnitAttr());
  return map;
}

/// Gives \p value and what it is made of the layouts that need no movement.
static void layOut(Value value, simt::LayoutAttr layout) {
  if (!layout || !isTensor(value) || simt::layoutAttrOf(value.getType()))
    return;
  value.setType(simt::withLayout(value.getType(), layout));
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto elements = cast<DenseElementsAttr>(constant.getValue());
    constant.setValueAttr(
        elements.resizeSplat(cast<ShapedType>(value.getType())));
  }
  for (Value operand : op->getOperands())
    layOut(operand, operandLayout(op, layout, operand));
}

void expandDescriptorLoad(tile::DescriptorLoadOp load) {
  simt::LayoutAttr layout = simt::layoutAttrOf(load.getType());
  for (Value operand : expandDescriptor(load)->getOperands())
    layOut(operand, layout);
}

Type coalescedType(tile::DescriptorStoreOp store,
                   const target::Machine &machine) {
  Value value = store.getValue();
  const layout::Layout &have = simt::layoutOf(value.getType());
  ArrayRef<int64_t> shape = tile::shapeOf(value.getType());
  ThreadCounts threads{unsigned(have.inputSize(simt::laneDim)),
                       unsigned(have.inputSize(simt::warpDim))};
  unsigned vector = machine.maxVectorBytes / bytesOf(value);
  // Warps that exchange only among their own lanes need no barrier.
  std::optional<layout::Layout> own =
      withinWarps(have, unsigned(shape.size()) - 1, vector,
                  machine.coalesceBytes / bytesOf(value), threads);
  return simt::withLayout(
      value.getType(),
      own ? *own
          : blockedLayout(shape, rowMajorOrder(shape.size()), vector, threads));
}

void expandDescriptorStore(tile::DescriptorStoreOp store, Type type) {
  if (type != store.getValue().getType()) {
    OpBuilder builder(store);
    store.getValueMutable().assign(simt::ConvertLayoutOp::create(
        builder, store.getLoc(), type, store.getValue()));
  }
  for (Value operand : expandDescriptor(store)->getOperands())
    layOut(operand, simt::layoutAttrOf(type));
}

} // namespace tilesdk::optimizer
