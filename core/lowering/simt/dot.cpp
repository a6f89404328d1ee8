//===- dot.cpp - Matrix products --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/lowering/simt/fragments.h"

namespace tilesdk::lowering {

/// A coordinate of rows and columns, behind a batch if there is one.
static std::vector<uint64_t> join(ArrayRef<uint64_t> batch, uint64_t row,
                                  uint64_t column) {
  std::vector<uint64_t> c(batch.begin(), batch.end());
  c.push_back(row);
  c.push_back(column);
  return c;
}

static bool missing(SimtEngine &e, Operation *op) {
  e.fail(op, "internal error: the operands' layouts do not fit the product");
  return false;
}

/// What an instruction takes: bf16 as such, other narrow floats as bits.
Type fragmentType(Build &B, StringRef name) {
  if (name == "f16")
    return B.f16;
  if (name == "bf16")
    return B.b.getBF16Type();
  if (name == "f32" || name == "tf32")
    return B.f32;
  if (name == "f64")
    return B.f64;
  if (name == "i32")
    return B.i32;
  return B.i8;
}

Value packFragment(SimtEngine &e, const Elements &from, const LayoutTable &part,
                   StringRef type, const std::vector<uint64_t> &start) {
  Build &B = e.B;
  SmallVector<Value> list;
  for (unsigned q = 0; q < part.size(); ++q) {
    std::vector<uint64_t> c = start, at = Elements::coordinates(part, q);
    c[c.size() - 2] += at[0];
    c[c.size() - 1] += at[1];
    Value element = from.find(c);
    if (!element)
      return {};
    list.push_back(element);
  }
  Value v = e.pack(list);
  Type to = B.vec(fragmentType(B, type), list.size() == 1 ? 0 : list.size());
  if (v.getType() != to)
    v = B.op("bitcast", to, {v});
  // The functions take vectors, of one element too.
  if (list.size() == 1)
    v = B.insert(B.poison(B.vec(to, 1)), v, B.cst32(0));
  return v;
}

static bool lowerRow(SimtEngine &e, tile::DotOp op,
                     const target::MatrixRow &row) {
  Build &B = e.B;
  Elements left(e, op.getLhs()), right(e, op.getRhs()), acc(e, op.getAcc());
  const LayoutTable &leftPart = e.table(row.left),
                    &rightPart = e.table(row.right),
                    &resultPart = e.table(row.result);
  uint64_t depth = tile::shapeOf(op.getLhs().getType()).back();
  // A fragment whose first element is at (batch, row, column), packed once.
  using Packed = std::map<std::vector<uint64_t>, Value>;
  Packed packedLeft, packedRight;
  auto fragment = [&](Packed &known, const Elements &from,
                      const LayoutTable &part, StringRef type,
                      ArrayRef<uint64_t> batch, uint64_t r, uint64_t c) {
    std::vector<uint64_t> start = join(batch, r, c);
    Value &v = known[start];
    if (!v)
      v = packFragment(e, from, part, type, start);
    return v;
  };

  struct Tile {
    std::vector<uint64_t> batch;
    uint64_t row, column;
    Value sum;
  };
  std::vector<Tile> tiles;
  Packed starts;
  for (auto &[c, r] : acc.at) {
    size_t n = c.size();
    uint64_t first = c[n - 2] / row.m * row.m,
             second = c[n - 1] / row.n * row.n;
    std::vector<uint64_t> batch(c.begin(), c.end() - 2);
    Packed::size_type before = starts.size();
    Value sum =
        fragment(starts, acc, resultPart, row.resultType, batch, first, second);
    if (!sum)
      return missing(e, op);
    if (starts.size() != before)
      tiles.push_back({batch, first, second, sum});
  }
  std::string name = "tsdk.mma." + row.name;
  for (uint64_t k = 0; k < depth; k += row.k)
    for (Tile &tile : tiles) {
      Value a = fragment(packedLeft, left, leftPart, row.leftType, tile.batch,
                         tile.row, k);
      Value b = fragment(packedRight, right, rightPart, row.rightType,
                         tile.batch, k, tile.column);
      if (!a || !b)
        return missing(e, op);
      tile.sum = B.callTogether(name, tile.sum.getType(), {a, b, tile.sum},
                                /*pure=*/true);
    }
  const LayoutTable &table = e.table(op.getResult());
  Registers out(table.size());
  Type element = tile::elementOf(op.getResult().getType());
  for (const Tile &tile : tiles) {
    for (unsigned q = 0; q < resultPart.size(); ++q) {
      auto at = Elements::coordinates(resultPart, q);
      auto found =
          acc.at.find(join(tile.batch, tile.row + at[0], tile.column + at[1]));
      if (found != acc.at.end())
        out[found->second] = B.cast("bitcast", B.extract(tile.sum, int64_t(q)),
                                    e.registerType(element));
    }
  }
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = out[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

/// One multiply-add per element and step: a thread has all it needs.
static bool lowerSingle(SimtEngine &e, tile::DotOp op) {
  Build &B = e.B;
  Type to = tile::elementOf(op.getResult().getType());
  bool isFloat = Emitter::isFloat(to);
  Type sumType = isFloat ? (to == B.f64 ? B.f64 : B.f32) : Type(to);
  auto widen = [&](Elements &side, Value tensor) {
    Type from = tile::elementOf(tensor.getType());
    std::map<std::vector<uint64_t>, Value> wide;
    for (auto &[c, r] : side.at) {
      Value v = side.values[r];
      if (isFloat)
        v = e.convertFloat(v, from, sumType, false);
      else
        v = B.cast("sext", v, sumType);
      wide[c] = v;
    }
    return wide;
  };
  Elements left(e, op.getLhs()), right(e, op.getRhs()), acc(e, op.getAcc());
  auto a = widen(left, op.getLhs());
  auto b = widen(right, op.getRhs());
  uint64_t depth = tile::shapeOf(op.getLhs().getType()).back();
  const LayoutTable &table = e.table(op.getResult());
  Registers out(table.size());
  for (auto &[c, r] : acc.at) {
    size_t n = c.size();
    ArrayRef<uint64_t> batch(c.data(), n - 2);
    Value sum = acc.values[r];
    if (isFloat)
      sum = e.convertFloat(sum, to, sumType, false);
    for (uint64_t k = 0; k < depth; ++k) {
      auto x = a.find(join(batch, c[n - 2], k)),
           y = b.find(join(batch, k, c[n - 1]));
      if (x == a.end() || y == b.end())
        return missing(e, op);
      sum = isFloat ? B.fma(x->second, y->second, sum)
                    : B.bin("add", sum, B.bin("mul", x->second, y->second));
    }
    out[r] = isFloat ? e.convertFloat(sum, sumType, to, false) : sum;
  }
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = out[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

static bool lowerDot(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::DotOp>(operation);
  auto name = op->getAttrOfType<StringAttr>(simt::attr::row);
  if (!name)
    return lowerSingle(e, op);
  const target::MatrixRow *row = e.machine.matrixRow(name.getValue().str());
  if (!row || row->isAsync) {
    e.fail(op, "the target has no matrix instruction '" + name.getValue() +
                   "' on registers");
    return false;
  }
  return lowerRow(e, op, *row);
}

void addDotOps(OpTable &table) { table["tile.dot"] = lowerDot; }

} // namespace tilesdk::lowering
