//===- shape.cpp - Making and rearranging tensors ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operation on shapes is first applied to the source's layout: that tells
// which element each place has now. What is left is a conversion to the
// result's layout, which the passes see to be a renaming of registers.
//
//===----------------------------------------------------------------------===//

#include "core/layout/dims.h"
#include "core/layout/f2.h"
#include "core/lowering/simt/engine.h"

#include "core/ir/simt_dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

using layout::Layout;
using layout::Result;

/// Sets the result from registers that lie as \p from says.
static bool finish(SimtEngine &e, Operation *op, Value result,
                   ArrayRef<Value> in, const Result<Layout> &from) {
  if (!from) {
    e.fail(op, "internal error: " + Twine(from.error()));
    return false;
  }
  Registers out = e.convert(in, *from, e.table(result).layout,
                            tile::elementOf(result.getType()), op);
  if (e.failed)
    return false;
  e.setRegisters(result, std::move(out));
  return true;
}

static bool lowerMakeRange(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::MakeRangeOp>(operation);
  const LayoutTable &table = e.table(op.getResult());
  Registers list;
  for (unsigned r = 0; r < table.size(); ++r)
    list.push_back(table.firstCopy[r] != r
                       ? list[table.firstCopy[r]]
                       : e.B.add(e.coordinate(table, r, 0),
                                 e.B.cst32(int32_t(op.getStart()))));
  e.setRegisters(op.getResult(), std::move(list));
  return true;
}

static bool lowerSplat(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::SplatOp>(operation);
  Value v = e.scalar(op.getSource());
  e.setRegisters(op.getResult(), Registers(e.table(op.getResult()).size(), v));
  return true;
}

/// Different values lie in constant memory, row by row.
static bool lowerDenseConstant(SimtEngine &e, arith::ConstantOp op,
                               DenseElementsAttr dense) {
  Build &B = e.B;
  const LayoutTable &table = e.table(op.getResult());
  Type element = tile::elementOf(op.getType());
  unsigned bytes = e.bytesOf(element);
  std::string text;
  for (Attribute attr : dense.getValues<Attribute>()) {
    APInt bits = isa<IntegerAttr>(attr)
                     ? cast<IntegerAttr>(attr).getValue()
                     : cast<FloatAttr>(attr).getValue().bitcastToAPInt();
    uint64_t value = bits.getZExtValue();
    for (unsigned i = 0; i < bytes; ++i)
      text.push_back(char(value >> 8 * i));
  }
  Value base = B.textConstant(text);
  Registers list(table.size());
  ArrayRef<int64_t> shape = tile::shapeOf(op.getType());
  for (unsigned r = 0; r < table.size(); ++r) {
    if (table.firstCopy[r] != r) {
      list[r] = list[table.firstCopy[r]];
      continue;
    }
    Value index = B.cst32(0);
    for (size_t d = 0; d < shape.size(); ++d)
      index = B.add(B.mul(index, B.cst32(shape[d])), e.coordinate(table, r, d));
    Type type = e.memoryType(element);
    list[r] =
        e.fromMemory(B.load(type, B.gep(base, type, index), bytes), element);
  }
  e.setRegisters(op.getResult(), std::move(list));
  return true;
}

static bool lowerConstant(SimtEngine &e, Operation *operation) {
  auto op = cast<arith::ConstantOp>(operation);
  Type element = tile::elementOf(op.getType());
  if (!isa<RankedTensorType>(op.getType())) {
    e.setScalar(op.getResult(), e.constantElement(op.getValue(), element));
    return true;
  }
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense) {
    e.fail(op, "constant tensors must be dense");
    return false;
  }
  if (!dense.isSplat())
    return lowerDenseConstant(e, op, dense);
  Value v = e.constantElement(dense.getSplatValue<Attribute>(), element);
  e.setRegisters(op.getResult(), Registers(e.table(op.getResult()).size(), v));
  return true;
}

static bool lowerPoison(SimtEngine &e, Operation *op) {
  Value result = op->getResult(0);
  Value zero = e.B.zero(e.registerType(tile::elementOf(result.getType())));
  bool isTensor = isa<RankedTensorType>(result.getType());
  e.setRegisters(result,
                 Registers(isTensor ? e.table(result).size() : 1, zero));
  return true;
}

static bool lowerExpandDims(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::ExpandDimsOp>(operation);
  return finish(
      e, op, op.getResult(), e.registers(op.getSource()),
      layout::insertDim(e.table(op.getSource()).layout, op.getAxis()));
}

static bool lowerBroadcast(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::BroadcastOp>(operation);
  ArrayRef<int64_t> shape = tile::shapeOf(op.getSource().getType());
  std::vector<bool> ones;
  for (int64_t extent : shape)
    ones.push_back(extent == 1);
  // The element that each place of the result needs.
  Result<Layout> wanted =
      layout::flattenDims(e.table(op.getResult()).layout, ones);
  if (!wanted) {
    e.fail(op, "internal error: " + Twine(wanted.error()));
    return false;
  }
  Registers out =
      e.convert(e.registers(op.getSource()), e.table(op.getSource()).layout,
                *wanted, tile::elementOf(op.getResult().getType()), op);
  if (e.failed)
    return false;
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

static bool lowerTrans(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::TransOp>(operation);
  return finish(
      e, op, op.getResult(), e.registers(op.getSource()),
      layout::permuteDims(e.table(op.getSource()).layout, op.getPerm()));
}

static bool lowerReshape(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::ReshapeOp>(operation);
  const LayoutTable &from = e.table(op.getSource()),
                    &to = e.table(op.getResult());
  Result<Layout> natural =
      layout::reshapeRows(from.layout, tile::shapeOf(op.getResult().getType()));
  // Any order will do if every place has one element of its own.
  if (op.getAllowReorder() && (!natural || *natural != to.layout) &&
      from.layout.isInvertible() && to.layout.isInvertible() &&
      from.size() == to.size()) {
    ArrayRef<Value> in = e.registers(op.getSource());
    e.setRegisters(op.getResult(), Registers(in.begin(), in.end()));
    return true;
  }
  return finish(e, op, op.getResult(), e.registers(op.getSource()), natural);
}

/// Each place takes from one of two lists, by an output bit of the result.
static void choose(SimtEngine &e, const LayoutTable &table, unsigned bit,
                   ArrayRef<Value> zeros, ArrayRef<Value> ones,
                   Registers &out) {
  Value turned = e.threadBit(table.thread, bit);
  for (unsigned r = 0; r < table.size(); ++r) {
    bool one = table.bits[r] >> bit & 1;
    Value mine = one ? ones[r] : zeros[r], other = one ? zeros[r] : ones[r];
    out.push_back(e.B.select(turned, other, mine));
  }
}

/// What place of the result comes from \p source, which is any value or a
/// scalar; \p wanted are the elements in the coordinates of the source.
static Registers pieces(SimtEngine &e, Operation *op, Value source,
                        const Layout &wanted, unsigned count) {
  ArrayRef<Value> in = e.registers(source);
  if (!isa<RankedTensorType>(source.getType()))
    return Registers(count, in.front());
  return e.convert(in, e.table(source).layout, wanted,
                   tile::elementOf(source.getType()), op);
}

static bool lowerPair(SimtEngine &e, Operation *op, Value lhs, Value rhs,
                      const Result<Layout> &wanted, unsigned bit) {
  Value result = op->getResult(0);
  if (!wanted) {
    e.fail(op, "internal error: " + Twine(wanted.error()));
    return false;
  }
  const LayoutTable &table = e.table(result);
  Registers zeros = pieces(e, op, lhs, *wanted, table.size());
  if (e.failed)
    return false;
  Registers ones = pieces(e, op, rhs, *wanted, table.size());
  if (e.failed)
    return false;
  Registers out;
  choose(e, table, bit, zeros, ones, out);
  e.setRegisters(result, std::move(out));
  return true;
}

static bool lowerJoin(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::JoinOp>(operation);
  const Layout &to = e.table(op.getResult()).layout;
  unsigned last = to.outputs().size() - 1;
  return lowerPair(e, op, op.getLhs(), op.getRhs(), layout::dropDim(to, last),
                   to.firstOutputBit(last));
}

/// By way of shared memory, the result being there row by row.
static bool catByMemory(SimtEngine &e, tile::CatOp op) {
  Build &B = e.B;
  Type element = tile::elementOf(op.getResult().getType());
  Type stored = e.storedType(element);
  unsigned bytes = B.bytesOf(stored);
  Value base = e.scratch(op);
  ArrayRef<int64_t> shape = tile::shapeOf(op.getResult().getType());
  auto address = [&](const LayoutTable &table, unsigned r, int64_t shift) {
    Value index = B.cst32(0);
    for (size_t d = 0; d < shape.size(); ++d) {
      Value c = e.coordinate(table, r, d);
      if (d == size_t(op.getDim()))
        c = B.add(c, B.cst32(shift));
      index = B.add(B.mul(index, B.cst32(shape[d])), c);
    }
    return B.gep(base, stored, index);
  };
  int64_t shift = 0;
  for (Value source : {op.getLhs(), op.getRhs()}) {
    const LayoutTable &table = e.table(source);
    ArrayRef<Value> in = e.registers(source);
    auto store = [&] {
      for (unsigned r = 0; r < table.size(); ++r)
        if (table.firstCopy[r] == r)
          B.store(e.toStored(in[r], element), address(table, r, shift), bytes);
    };
    if (Value first = e.holdsFirstCopy(table))
      B.ifThen(first, store);
    else
      store();
    shift += tile::shapeOf(source.getType())[op.getDim()];
  }
  e.barrier();
  const LayoutTable &table = e.table(op.getResult());
  Registers out(table.size());
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = table.firstCopy[r] != r
                 ? out[table.firstCopy[r]]
                 : e.fromStored(B.load(stored, address(table, r, 0), bytes),
                                element);
  e.setRegisters(op.getResult(), std::move(out));
  return !e.failed;
}

static bool lowerCat(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::CatOp>(operation);
  const Layout &to = e.table(op.getResult()).layout;
  unsigned dim = op.getDim();
  uint64_t half = tile::shapeOf(op.getLhs().getType())[dim];
  Result<Layout> wanted = layout::halfOf(to, dim, half);
  if (op.getLhs().getType() != op.getRhs().getType() || !wanted ||
      op->hasAttr(simt::attr::scratch))
    return catByMemory(e, op);
  unsigned bit = to.firstOutputBit(dim) + to.outputs()[dim].bits() - 1;
  return lowerPair(e, op, op.getLhs(), op.getRhs(), wanted, bit);
}

static bool lowerSplit(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::SplitOp>(operation);
  const LayoutTable &from = e.table(op.getSource());
  Type element = tile::elementOf(op.getSource().getType());
  unsigned last = from.layout.outputs().size() - 1;
  bool isTensor = isa<RankedTensorType>(op.getLhs().getType());
  Result<Layout> wanted =
      isTensor
          ? layout::insertDim(e.table(op.getLhs()).layout, last, 2)
          : layout::mapOutputs(from.layout, {{2}}, [](const layout::Coord &) {
              return layout::Coord{0};
            });
  // The place that differs from another in the last coordinate only.
  layout::f2::Span span(from.layout.columns());
  auto step = span.solve(uint64_t(1) << from.layout.firstOutputBit(last));
  if (!wanted || !step) {
    e.fail(op, "internal error: the source does not hold every element");
    return false;
  }
  layout::Coord at = from.layout.inputFromBits(*step);
  uint64_t lane = at[*from.layout.inputIndex("lane")];
  ArrayRef<Value> in = e.registers(op.getSource());
  auto emit = [&](Value result, ArrayRef<Value> list) {
    Registers out = e.convert(list, from.layout, *wanted, element, op);
    if (e.failed)
      return;
    if (isTensor)
      e.setRegisters(result, std::move(out));
    else
      e.setScalar(result, out.front());
  };
  emit(op.getLhs(), in);
  if (e.failed)
    return false;
  if (at[*from.layout.inputIndex("warp")]) {
    e.fail(op, "internal error: pairs of a split tensor lie in two warps");
    return false;
  }
  auto [bits, odd] =
      from.digits.decompose(at[*from.layout.inputIndex("register")]);
  Registers other;
  for (unsigned r = 0; r < from.size(); ++r) {
    if (from.firstCopy[r] != r) {
      other.push_back(other[from.firstCopy[r]]);
      continue;
    }
    auto [mine, rest] = from.digits.decompose(r);
    Value v = in[from.digits.compose(mine ^ bits, rest)];
    other.push_back(lane ? e.shuffleXor(v, unsigned(lane)) : v);
  }
  emit(op.getRhs(), other);
  return !e.failed;
}

void addShapeOps(OpTable &table) {
  table["tile.make_range"] = lowerMakeRange;
  table["tile.splat"] = lowerSplat;
  table["arith.constant"] = lowerConstant;
  table["ub.poison"] = lowerPoison;
  table["tile.expand_dims"] = lowerExpandDims;
  table["tile.broadcast"] = lowerBroadcast;
  table["tile.trans"] = lowerTrans;
  table["tile.reshape"] = lowerReshape;
  table["tile.join"] = lowerJoin;
  table["tile.cat"] = lowerCat;
  table["tile.split"] = lowerSplit;
}

} // namespace tilesdk::lowering
