//===- dot.cpp - Matrix products --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/lowering/simt/fragments.h"

#include <set>

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

std::optional<target::MatrixRow> matrixRowOf(SimtEngine &e, tile::DotOp op) {
  auto name = op->getAttrOfType<StringAttr>(simt::attr::row);
  const target::MatrixRow *row =
      name ? e.machine.matrixRow(name.getValue().str()) : nullptr;
  if (!row || row->isAsync)
    return std::nullopt;
  return op->hasAttr(simt::attr::transposed) ? row->transposed() : *row;
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

Places placesOf(const LayoutTable &part) {
  Places places;
  for (unsigned q = 0; q < part.size(); ++q) {
    std::vector<uint64_t> at = Elements::coordinates(part, q);
    places.push_back({at[0], at[1]});
  }
  return places;
}

Value packFragment(SimtEngine &e, const Elements &from, const Places &places,
                   StringRef type, const std::vector<uint64_t> &start) {
  Build &B = e.B;
  SmallVector<Value> list;
  for (auto [row, column] : places) {
    std::vector<uint64_t> c = start;
    c[c.size() - 2] += row;
    c[c.size() - 1] += column;
    Value element = from.find(c);
    if (!element)
      return {};
    list.push_back(element);
  }
  Value v = e.pack(list);
  Type to = B.vec(fragmentType(B, type), list.size() == 1 ? 0 : list.size());
  if (list[0].getType() == B.i8 && (type == "f16" || type == "bf16"))
    v = widenFragment(e, v, from.element(), fragmentType(B, type));
  if (v.getType() != to)
    v = B.op("bitcast", to, {v});
  // The functions take vectors, of one element too.
  if (list.size() == 1)
    v = B.insert(B.poison(B.vec(to, 1)), v, B.cst32(0));
  return v;
}

std::vector<Fragment> fragmentsOf(const LayoutTable &table,
                                  const LayoutTable &part, uint64_t rows,
                                  uint64_t columns) {
  std::map<std::vector<uint64_t>, unsigned> at;
  for (unsigned r = 0; r < table.size(); ++r)
    if (table.firstCopy[r] == r)
      at[Elements::coordinates(table, r)] = r;
  std::vector<Fragment> result;
  std::set<std::vector<uint64_t>> known;
  for (auto &[c, r] : at) {
    size_t n = c.size();
    Fragment fragment{c, {}};
    fragment.start[n - 2] -= c[n - 2] % rows;
    fragment.start[n - 1] -= c[n - 1] % columns;
    if (!known.insert(fragment.start).second)
      continue;
    for (unsigned q = 0; q < part.size(); ++q) {
      std::vector<uint64_t> place = Elements::coordinates(part, q);
      auto found = at.find(join(ArrayRef(c).drop_back(2),
                                fragment.start[n - 2] + place[0],
                                fragment.start[n - 1] + place[1]));
      if (found == at.end())
        return {};
      fragment.registers.push_back(found->second);
    }
    result.push_back(std::move(fragment));
  }
  return result;
}

static bool lowerRow(SimtEngine &e, tile::DotOp op,
                     const target::MatrixRow &row) {
  Build &B = e.B;
  Elements left(e, op.getLhs()), right(e, op.getRhs()), acc(e, op.getAcc());
  const LayoutTable &resultPart = e.table(row.result);
  unsigned pack = 1;
  if (auto attribute = op->getAttrOfType<IntegerAttr>(simt::attr::pack))
    pack = unsigned(attribute.getInt());
  // Instructions with interleaved steps differ in where along k they read.
  SmallVector<Places> leftPlaces(pack, placesOf(e.table(row.left))),
      rightPlaces(pack, placesOf(e.table(row.right)));
  for (unsigned i = 0; i < pack; ++i) {
    for (auto &place : leftPlaces[i])
      place[1] = row.interleavedK(uint32_t(place[1]), i, pack);
    for (auto &place : rightPlaces[i])
      place[0] = row.interleavedK(uint32_t(place[0]), i, pack);
  }
  uint64_t depth = tile::shapeOf(op.getLhs().getType()).back();
  // A fragment whose first element is at (batch, row, column), packed once.
  using Packed = std::map<std::vector<uint64_t>, Value>;
  auto fragment = [&](Packed &known, const Elements &from, const Places &places,
                      StringRef type, ArrayRef<uint64_t> batch, uint64_t r,
                      uint64_t c) {
    std::vector<uint64_t> start = join(batch, r, c);
    Value &v = known[start];
    if (!v)
      v = packFragment(e, from, places, type, start);
    return v;
  };

  std::vector<Fragment> tiles =
      fragmentsOf(acc.table, resultPart, row.m, row.n);
  if (tiles.empty())
    return missing(e, op);
  std::vector<Value> sums;
  sums.reserve(tiles.size());
  for (const Fragment &tile : tiles)
    sums.push_back(
        packFragment(e, acc, placesOf(resultPart), row.resultType, tile.start));
  std::string name = "tsdk.mma." + row.name;
  bool isTransposed = op->hasAttr(simt::attr::transposed);
  for (uint64_t step = 0; step < depth / row.k; ++step) {
    uint64_t k = step / pack * pack * row.k;
    unsigned which = unsigned(step % pack);
    Packed packedLeft, packedRight;
    for (auto [tile, sum] : llvm::zip(tiles, sums)) {
      size_t n = tile.start.size();
      ArrayRef<uint64_t> batch(tile.start.data(), n - 2);
      Value a = fragment(packedLeft, left, leftPlaces[which], row.leftType,
                         batch, tile.start[n - 2], k);
      Value b = fragment(packedRight, right, rightPlaces[which], row.rightType,
                         batch, k, tile.start[n - 1]);
      if (!a || !b)
        return missing(e, op);
      if (isTransposed)
        std::swap(a, b);
      sum = B.callTogether(name, sum.getType(), {a, b, sum}, /*pure=*/true);
    }
  }
  if (row.isBlocking)
    for (Value &sum : sums)
      sum = B.callTogether("tsdk.mma.done." + row.name, sum.getType(), {sum},
                           /*pure=*/true);
  const LayoutTable &table = e.table(op.getResult());
  Registers out(table.size());
  Type element = tile::elementOf(op.getResult().getType());
  for (auto [tile, sum] : llvm::zip(tiles, sums))
    for (auto [q, r] : llvm::enumerate(tile.registers))
      out[r] = B.cast("bitcast", B.extract(sum, int64_t(q)),
                      e.registerType(element));
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
  Elements left(e, op.getLhs()), right(e, op.getRhs()), acc(e, op.getAcc());
  // Elements of one step of k, as wide as the sum.
  using Known = std::map<std::vector<uint64_t>, Value>;
  auto wide = [&](Known &known, const Elements &side, Value tensor,
                  const std::vector<uint64_t> &c) {
    Value &v = known[c];
    if (v)
      return v;
    v = side.find(c);
    Type from = tile::elementOf(tensor.getType());
    if (v)
      v = isFloat ? e.convertFloat(v, from, sumType, false)
                  : B.cast("sext", v, sumType);
    return v;
  };
  uint64_t depth = tile::shapeOf(op.getLhs().getType()).back();
  const LayoutTable &table = e.table(op.getResult());
  Registers out(table.size());
  for (auto &[c, r] : acc.at)
    out[r] = isFloat ? e.convertFloat(acc.value(r), to, sumType, false)
                     : acc.value(r);
  // Step by step, so that few elements are live at a time.
  for (uint64_t k = 0; k < depth; ++k) {
    Known a, b;
    for (auto &[c, r] : acc.at) {
      size_t n = c.size();
      ArrayRef<uint64_t> batch(c.data(), n - 2);
      Value x = wide(a, left, op.getLhs(), join(batch, c[n - 2], k)),
            y = wide(b, right, op.getRhs(), join(batch, k, c[n - 1]));
      if (!x || !y)
        return missing(e, op);
      out[r] = isFloat ? B.fma(x, y, out[r])
                       : B.bin("add", out[r], B.bin("mul", x, y));
    }
  }
  for (auto &[c, r] : acc.at)
    if (isFloat)
      out[r] = e.convertFloat(out[r], sumType, to, false);
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
  std::optional<target::MatrixRow> row = matrixRowOf(e, op);
  if (!row) {
    e.fail(op, "the target has no matrix instruction '" + name.getValue() +
                   "' on registers");
    return false;
  }
  return lowerRow(e, op, *row);
}

void addDotOps(OpTable &table) { table["tile.dot"] = lowerDot; }

} // namespace tilesdk::lowering
