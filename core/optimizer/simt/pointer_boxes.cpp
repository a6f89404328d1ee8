//===- pointer_boxes.cpp - Tiles of pointers that are boxes ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/pointer_boxes.h"

#include "core/optimizer/axis_info_rules.h"
#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/global_accesses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;

namespace tilesdk::optimizer {

static constexpr int64_t mostElements = std::numeric_limits<int32_t>::max();

PointerBoxes::PointerBoxes(func::FuncOp function)
    : function(function), axes(function) {}

/// As what the launcher can compute.
static std::optional<HostValue> onHost(const Polynomial &value) {
  HostValue result;
  for (const Polynomial::Term &term : value.terms()) {
    HostValue::Term &made = result.terms.emplace_back();
    made.factor = term.factor;
    for (Value scalar : term.scalars) {
      auto argument = dyn_cast<BlockArgument>(scalar);
      if (!argument || !isa<func::FuncOp>(argument.getOwner()->getParentOp()) ||
          argument.getType().getIntOrFloatBitWidth() < 32)
        return std::nullopt;
      made.arguments.push_back(argument.getArgNumber());
    }
  }
  return result;
}

static bool isWide(const Polynomial &value) {
  return llvm::any_of(value.terms(), [](const Polynomial::Term &term) {
    return llvm::any_of(term.scalars, [](Value scalar) {
      return scalar.getType().getIntOrFloatBitWidth() > 32;
    });
  });
}

/// An op among those that \p pointer is made of that makes it no sum of ranges.
static std::string obstacle(Value pointer) {
  SmallVector<Value> values{pointer};
  llvm::SmallPtrSet<Operation *, 16> visited;
  while (!values.empty()) {
    Operation *op = values.pop_back_val().getDefiningOp();
    if (!op || !visited.insert(op).second ||
        !tile::isTileTensor(op->getResult(0).getType()))
      continue;
    if (isa<arith::RemSIOp, arith::RemUIOp>(op))
      return "rows or columns wrap around, by a remainder";
    if (isa<tile::LoadOp>(op))
      return "its rows or columns are loaded";
    llvm::append_range(values, op->getOperands());
  }
  return "the addresses are not those of rows and columns from a start";
}

bool PointerBoxes::isNonNegative(Value value, unsigned depth) {
  constexpr unsigned maxDepth = 16;
  if (axes.lookup(value).isNonNegative)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || depth == maxDepth) {
    auto argument = dyn_cast<BlockArgument>(value);
    auto loop = argument
                    ? dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp())
                    : scf::ForOp();
    return loop && depth < maxDepth && value == loop.getInductionVar() &&
           isNonNegative(loop.getLowerBound(), depth + 1);
  }
  auto operand = [&](unsigned i) {
    return isNonNegative(op->getOperand(i), depth + 1);
  };
  // Tiles are counted: what divides their numbers is positive.
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::ExtSIOp, tile::HintOp>(op))
    return operand(0);
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp>(op))
    return operand(0) && operand(1);
  if (isa<arith::MaxSIOp>(op))
    return operand(0) || operand(1);
  if (isa<arith::SelectOp>(op))
    return operand(1) && operand(2);
  return false;
}

bool PointerBoxes::isNonNegative(const Polynomial &value) {
  return llvm::all_of(value.terms(), [&](const Polynomial::Term &term) {
    return term.factor > 0 && llvm::all_of(term.scalars, [&](Value scalar) {
             return isNonNegative(scalar);
           });
  });
}

int64_t PointerBoxes::alignmentOf(const Polynomial &value) {
  int64_t divisor = boxAlignment;
  for (const Polynomial::Term &term : value.terms()) {
    int64_t each = axis::powerOfTwoIn(term.factor);
    for (Value scalar : term.scalars)
      each = std::min(each, boxAlignment) *
             std::min(axes.lookup(scalar).divisibility(0), boxAlignment);
    divisor = std::min(divisor, each);
  }
  return divisor;
}

std::string PointerBoxes::findAddresses(Value pointers, PointerBox &box) {
  std::optional<AffineTile> tile = tiles.find(pointers);
  if (!tile || tile->steps.size() != 2)
    return obstacle(pointers);
  auto base = dyn_cast_or_null<BlockArgument>(tile->base);
  if (!base || !isa<func::FuncOp>(base.getOwner()->getParentOp()))
    return "the base is not an argument of the kernel";
  box.base = base;
  if (divisorOf(function, *hostValue(base)) % boxAlignment)
    return "the base is not known to be aligned by 16 bytes";
  std::optional<int64_t> first = tile->steps[0].constant(),
                         last = tile->steps[1].constant();
  if (first != 1 && last != 1)
    return "its elements are not neighbours along any dimension";
  box.isTransposed = last != 1;
  box.pitch = tile->steps[box.isTransposed ? 1 : 0];
  std::optional<HostValue> pitch = onHost(box.pitch);
  if (!pitch)
    return "the distance of its rows is not made of arguments of the kernel "
           "and constants";
  int64_t bytes = simt::elementBytes(
      tile::elementOf(tile::pointeeLike(pointers.getType())));
  if (divisorOf(function, *pitch) * bytes % boxAlignment)
    return "the distance of its rows is not known to be a multiple of 16 bytes";
  if (box.pitch.constant().value_or(1) <= 0)
    return "its rows do not follow each other";
  std::tie(box.rows.start, box.columns.start) = tile->start.divide(box.pitch);
  if (alignmentOf(box.columns.start) * bytes % boxAlignment)
    return columnReason;
  return "";
}

std::string PointerBoxes::findExtents(Value mask, PointerBox &box) {
  PointerBox::Dim *dims[2] = {&box.rows, &box.columns};
  if (box.isTransposed)
    std::swap(dims[0], dims[1]);
  bool isBelow[2] = {}, isAbove[2] = {};
  SmallVector<AffineTile, 4> conditions;
  if (mask) {
    auto found = tiles.findConditions(mask);
    if (!found)
      return "the mask is not made of comparisons of rows or columns with "
             "numbers";
    conditions = std::move(*found);
  }
  for (const AffineTile &below : conditions) {
    std::optional<int64_t> steps[2] = {below.steps[0].constant(),
                                       below.steps[1].constant()};
    unsigned d = steps[0] == 0 ? 1 : 0;
    if (!steps[0] || !steps[1] || steps[1 - d] != 0 || std::abs(*steps[d]) != 1)
      return "the mask compares something else than rows or columns with "
             "numbers";
    const Polynomial &start = dims[d]->start;
    if (*steps[d] < 0) {
      // -index - start - 1 < 0.
      if (!(below.start + start + Polynomial(int64_t(1))).isZero())
        return "rows or columns have a lower limit that is not zero";
      isAbove[d] = true;
      continue;
    }
    Polynomial extent = start - below.start;
    if (isBelow[d] && extent != dims[d]->extent)
      return "rows or columns have several limits";
    if (!onHost(extent))
      return "a limit of rows or columns is not made of arguments of the "
             "kernel and constants";
    if (isWide(extent))
      return "a limit of rows or columns has more than 32 bits";
    isBelow[d] = true;
    dims[d]->extent = std::move(extent);
  }
  for (unsigned d = 0; d < 2; ++d) {
    if (!isAbove[d] && !isNonNegative(dims[d]->start))
      return "the first row or column is not known to be at least zero";
    // What the kernel accesses without a mask is there, also behind the end of
    // a row.
    if (!isBelow[d])
      dims[d]->extent = Polynomial(mostElements);
  }
  return "";
}

std::string PointerBoxes::find(tile::LoadOp load, PointerBox &box) {
  if (load.getCache() == tile::CacheModifier::CV)
    return "it is volatile";
  if (load.getOther() && !matchPattern(load.getOther(), m_AnyZeroFloat()) &&
      !matchPattern(load.getOther(), m_Zero()))
    return "masked elements are not zero";
  std::string why = findAddresses(load.getPtr(), box);
  if (why.empty())
    why = findExtents(load.getMask(), box);
  if (why.empty() && mayWrite(function, box.base, /*byThreads=*/false))
    why = "the kernel writes to the tensor, or to nobody knows what";
  return why;
}

std::string PointerBoxes::find(tile::StoreOp store, PointerBox &box) {
  if (store.getCache() != tile::CacheModifier::None)
    return "it has a cache modifier";
  std::string why = findAddresses(store.getPtr(), box);
  if (why.empty())
    why = findExtents(store.getMask(), box);
  // Without a limit nothing is cut off.
  if (why.empty() && box.columns.extent.constant() != mostElements)
    why = rowEndReason(function, *onHost(box.columns.extent),
                       tile::elementOf(store.getValue().getType()));
  return why;
}

/// As far as a box may be away: a multiple of all elements that boxAlignment
/// has.
static constexpr int64_t mostCoordinate = mostElements - 255;

/// \p start as a coordinate. What lies outside of 32 bits is in no tensor.
static Value coordinate(OpBuilder &builder, Location loc,
                        const Polynomial &start) {
  IntegerType narrow = builder.getI32Type();
  if (!isWide(start))
    return start.make(builder, loc, narrow);
  IntegerType wide = builder.getI64Type();
  Value value = start.make(builder, loc, wide);
  Value most = arith::ConstantOp::create(
            builder, loc, builder.getI64IntegerAttr(mostCoordinate)),
        least = arith::ConstantOp::create(
            builder, loc, builder.getI64IntegerAttr(-mostCoordinate));
  value = arith::MinSIOp::create(builder, loc, value, most);
  value = arith::MaxSIOp::create(builder, loc, value, least);
  return arith::TruncIOp::create(builder, loc, narrow, value);
}

tile::DescriptorLoadOp PointerBoxes::replace(tile::LoadOp load,
                                             const PointerBox &box) {
  OpBuilder builder(load);
  Location loc = load.getLoc();
  auto loop = dyn_cast<scf::ForOp>(load->getParentOp());
  SmallVector<Value, 2> shape, starts;
  for (const PointerBox::Dim *dim : {&box.rows, &box.columns}) {
    Value extent = dim->extent.make(builder, loc, builder.getI32Type());
    Value start = coordinate(builder, loc, dim->start);
    // The launcher's tensors have one element at least. Of an empty one the
    // tile is outside, unless the loop does not run anyway.
    bool runs = loop &&
                tiles.find(loop.getUpperBound())->start == dim->extent &&
                axes.lookup(loop.getLowerBound()).isNonNegative;
    if (dim->extent.constant().value_or(0) <= 0 && !runs) {
      auto zero =
          arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
      auto outside = arith::ConstantOp::create(
          builder, loc, builder.getI32IntegerAttr(-(1 << 30)));
      Value isThere = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::sgt, extent, zero);
      start = arith::SelectOp::create(builder, loc, isThere, start, outside);
    }
    shape.push_back(extent);
    starts.push_back(start);
  }
  SmallVector<Value, 2> strides{
      box.pitch.make(builder, loc, builder.getI64Type()),
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1))};
  SmallVector<int64_t, 2> block(tile::shapeOf(load.getType()));
  if (box.isTransposed)
    std::swap(block[0], block[1]);
  auto type = RankedTensorType::get(block, tile::elementOf(load.getType()));
  auto made =
      tile::DescriptorLoadOp::create(builder, loc, type, box.base, shape,
                                     strides, starts, tile::Padding::Zero);
  made->setAttr(pointersAttr, builder.getUnitAttr());
  Value result = made;
  if (box.isTransposed)
    result =
        tile::TransOp::create(builder, loc, result, ArrayRef<int32_t>{1, 0});
  load.replaceAllUsesWith(result);
  load.erase();
  return made;
}

tile::DescriptorStoreOp PointerBoxes::replace(tile::StoreOp store,
                                              const PointerBox &box) {
  OpBuilder builder(store);
  Location loc = store.getLoc();
  SmallVector<Value, 2> shape, starts;
  for (const PointerBox::Dim *dim : {&box.rows, &box.columns}) {
    shape.push_back(dim->extent.make(builder, loc, builder.getI32Type()));
    starts.push_back(coordinate(builder, loc, dim->start));
  }
  SmallVector<Value, 2> strides{
      box.pitch.make(builder, loc, builder.getI64Type()),
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1))};
  auto made = tile::DescriptorStoreOp::create(
      builder, loc, box.base, shape, strides, starts, store.getValue());
  store.erase();
  return made;
}

} // namespace tilesdk::optimizer
