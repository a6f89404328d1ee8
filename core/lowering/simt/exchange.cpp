//===- exchange.cpp - Gathering, sorting, counting on threads -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements whose places depend on values go through the operation's scratch,
// where a tensor lies row by row.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

#include "core/ir/simt_dialect.h"

#include <map>

namespace tilesdk::lowering {

namespace {
/// A tensor in scratch, row by row.
struct Rows {
  Rows(SimtEngine &e, Value base, Value tensor)
      : e(e), B(e.B), base(base), shape(tile::shapeOf(tensor.getType())),
        element(tile::elementOf(tensor.getType())),
        stored(e.storedType(element)), bytes(unsigned(B.bytesOf(stored))) {}

  Value address(Value index) { return B.gep(base, stored, index); }
  Value read(Value index) {
    return e.fromStored(B.load(stored, address(index), bytes), element);
  }
  void write(Value v, Value index) {
    B.store(e.toStored(v, element), address(index), bytes);
  }
  /// Where register \p r of \p table belongs; coordinate \p replaced, if not
  /// negative, is \p with.
  Value indexOf(const LayoutTable &table, unsigned r, int replaced = -1,
                Value with = {}) {
    Value index = B.cst32(0);
    for (size_t d = 0; d < shape.size(); ++d)
      index = B.add(B.mul(index, B.cst32(shape[d])),
                    int(d) == replaced ? with : e.coordinate(table, r, d));
    return index;
  }
  void writeAll(Value tensor) {
    const LayoutTable &table = e.table(tensor);
    ArrayRef<Value> in = e.registers(tensor);
    auto store = [&] {
      for (unsigned r = 0; r < table.size(); ++r)
        if (table.firstCopy[r] == r)
          write(in[r], indexOf(table, r));
    };
    if (Value first = e.holdsFirstCopy(table))
      B.ifThen(first, store);
    else
      store();
  }
  Registers readAll(const LayoutTable &table) {
    Registers out(table.size());
    for (unsigned r = 0; r < table.size(); ++r)
      out[r] = table.firstCopy[r] != r ? out[table.firstCopy[r]]
                                       : read(indexOf(table, r));
    return out;
  }

  SimtEngine &e;
  Build &B;
  Value base;
  ArrayRef<int64_t> shape;
  Type element, stored;
  unsigned bytes;
};
} // namespace

static bool lowerGather(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::GatherOp>(operation);
  Rows rows(e, e.scratch(op), op.getSource());
  rows.writeAll(op.getSource());
  e.barrier();
  const LayoutTable &table = e.table(op.getResult());
  Registers at =
      e.convert(e.registers(op.getIndices()), e.table(op.getIndices()).layout,
                table.layout, tile::elementOf(op.getIndices().getType()), op);
  if (e.failed)
    return false;
  Registers out(table.size());
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = table.firstCopy[r] != r
                 ? out[table.firstCopy[r]]
                 : rows.read(rows.indexOf(table, r, int(op.getAxis()),
                                          e.B.toInt(at[r], e.B.i32)));
  e.setRegisters(op.getResult(), std::move(out));
  return !e.failed;
}

//===----------------------------------------------------------------------===//
// Histogram
//===----------------------------------------------------------------------===//

static Value threadNumber(SimtEngine &e) {
  return e.B.add(e.B.mul(e.warp(), e.B.cst32(e.machine.warpSize)), e.lane());
}

static bool lowerHistogram(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::HistogramOp>(operation);
  Build &B = e.B;
  Rows bins(e, e.scratch(op), op.getResult());
  Value count = B.cst32(bins.shape.front());
  Value threads = B.cst32(e.scope().warps * e.machine.warpSize);
  B.forLoop(threadNumber(e), count, threads, {},
            [&](Value bin, ArrayRef<Value>) {
              bins.write(B.cst32(0), bin);
              return Values();
            });
  e.barrier();
  const LayoutTable &table = e.table(op.getSource());
  ArrayRef<Value> in = e.registers(op.getSource());
  Registers mask;
  if (op.getMask()) {
    ArrayRef<Value> given = e.registers(op.getMask());
    if (isa<RankedTensorType>(op.getMask().getType()))
      mask = e.convert(given, e.table(op.getMask()).layout, table.layout, B.i1,
                       op);
    else
      mask.assign(table.size(), given.front());
    if (e.failed)
      return false;
  }
  Value first = e.holdsFirstCopy(table);
  for (unsigned r = 0; r < table.size(); ++r) {
    if (table.firstCopy[r] != r)
      continue;
    Value v = in[r];
    // What is negative is a large unsigned number, above all bins.
    if (v.getType().getIntOrFloatBitWidth() < 32)
      v = v.getType() == B.i1 ? B.cast("zext", v, B.i32) : B.toInt(v, B.i32);
    Value counts = B.icmp(ULT, v, B.cst(v.getType(), bins.shape.front()));
    if (first)
      counts = B.logicalAnd(counts, first);
    if (!mask.empty())
      counts = B.logicalAnd(counts, mask[r]);
    B.ifThen(counts, [&] {
      B.atomicRmw("add", bins.address(B.toInt(v, B.i32)), B.cst32(1),
                  Ordering::Relaxed, 4, e.machine.programScope);
    });
  }
  e.barrier();
  e.setRegisters(op.getResult(), bins.readAll(e.table(op.getResult())));
  return !e.failed;
}

//===----------------------------------------------------------------------===//
// Sorting: Batcher's odd-even merge sort (Knuth, volume 3, algorithm 5.2.2M),
// whose comparisons of one step are independent; any number of elements.
//===----------------------------------------------------------------------===//

/// i1: \p a belongs behind \p b in ascending order.
static Value isGreater(SimtEngine &e, Value a, Value b, Type element) {
  Build &B = e.B;
  if (!SimtEngine::isFloat(element))
    return B.icmp(element == B.i1 ? UGT : SGT, a, b);
  a = e.toArithmetic(a, element);
  b = e.toArithmetic(b, element);
  // NaN is larger than every number.
  Value nanA = B.fcmp(UNO, a, a), ordB = B.fcmp(ORD, b, b);
  return B.op("or", B.i1, {B.fcmp(OGT, a, b), B.op("and", B.i1, {nanA, ordB})});
}

/// The rows lie in registers of single threads: a network of selects.
static bool sortRegisters(SimtEngine &e, tile::SortOp op) {
  Build &B = e.B;
  Type element = tile::elementOf(op.getResult().getType());
  const LayoutTable &table = e.table(op.getResult());
  Registers list =
      e.convert(e.registers(op.getSource()), e.table(op.getSource()).layout,
                table.layout, element, op);
  if (e.failed)
    return false;
  // Threads only shift whole rows, so the first thread's coordinates tell which
  // registers are one row, and in which order.
  std::map<layout::Coord, SmallVector<std::pair<uint64_t, unsigned>>> rows;
  for (unsigned r = 0; r < table.size(); ++r) {
    if (table.firstCopy[r] != r)
      continue;
    layout::Coord at = *table.layout.apply({r, 0, 0});
    uint64_t position = at.back();
    at.pop_back();
    rows[at].push_back({position, r});
  }
  for (auto &[key, row] : rows) {
    llvm::sort(row);
    int64_t n = row.size();
    for (int64_t p = 1; p < n; p *= 2)
      for (int64_t k = p; k >= 1; k /= 2)
        for (int64_t j = k % p; j + k < n; j += 2 * k)
          for (int64_t i = 0; i < std::min(k, n - j - k); ++i) {
            if ((i + j) / (2 * p) != (i + j + k) / (2 * p))
              continue;
            Value &a = list[row[i + j].second],
                  &b = list[row[i + j + k].second];
            Value swap = op.getDescending() ? isGreater(e, b, a, element)
                                            : isGreater(e, a, b, element);
            Value low = B.select(swap, b, a);
            b = B.select(swap, a, b);
            a = low;
          }
  }
  for (unsigned r = 0; r < table.size(); ++r)
    list[r] = list[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(list));
  return !e.failed;
}

/// All threads share the comparisons of each step.
static bool lowerSort(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::SortOp>(operation);
  if (!op->hasAttr(simt::attr::scratch))
    return sortRegisters(e, op);
  Build &B = e.B;
  Rows rows(e, e.scratch(op), op.getSource());
  rows.writeAll(op.getSource());
  e.barrier();
  int64_t n = rows.shape.back();
  int64_t total = tile::numElementsOf(op.getSource().getType());
  Value one = B.cst32(1), zero = B.cst32(0), length = B.cst32(n);
  Value thread = threadNumber(e);
  Value threads = B.cst32(e.scope().warps * e.machine.warpSize);
  auto half = [&](Value v) { return B.bin("lshr", v, one); };
  auto step = [&](Value p, Value k) {
    // The lower element of a comparison: at or behind k % p, which is 0 in the
    // first pass and k later, in the lower half of a run of 2k.
    Value from = B.select(B.icmp(EQ, k, p), zero, k);
    Value blocks = B.sub(zero, B.mul(p, B.cst32(2)));
    B.forLoop(
        thread, B.cst32(total), threads, {}, [&](Value index, ArrayRef<Value>) {
          Value x = B.bin("urem", index, length);
          Value y = B.add(x, k);
          Value shifted = B.sub(x, from);
          Value isLower = B.icmp(EQ, B.bin("and", shifted, k), zero);
          Value inBlock =
              B.icmp(EQ, B.bin("and", x, blocks), B.bin("and", y, blocks));
          Value compares = B.logicalAnd(
              B.logicalAnd(B.icmp(SGE, shifted, zero), B.icmp(SLT, y, length)),
              B.logicalAnd(isLower, inBlock));
          B.ifThen(compares, [&] {
            Value other = B.add(index, k);
            Value a = rows.read(index), b = rows.read(other);
            Value swap = op.getDescending() ? isGreater(e, b, a, rows.element)
                                            : isGreater(e, a, b, rows.element);
            B.ifThen(swap, [&] {
              rows.write(b, index);
              rows.write(a, other);
            });
          });
          return Values();
        });
    e.barrier();
  };
  B.whileLoop(
      {one},
      [&](ArrayRef<Value> p) {
        return Build::WhileHead{B.icmp(SLT, p[0], length), Values(p)};
      },
      [&](ArrayRef<Value> outer) {
        Value p = outer[0];
        B.whileLoop(
            {p},
            [&](ArrayRef<Value> k) {
              return Build::WhileHead{B.icmp(SGE, k[0], one), Values(k)};
            },
            [&](ArrayRef<Value> inner) {
              step(p, inner[0]);
              return Values{half(inner[0])};
            });
        return Values{B.mul(p, B.cst32(2))};
      });
  e.setRegisters(op.getResult(), rows.readAll(e.table(op.getResult())));
  return !e.failed;
}

void addExchangeOps(OpTable &table) {
  table["tile.gather"] = lowerGather;
  table["tile.histogram"] = lowerHistogram;
  table["tile.sort"] = lowerSort;
}

} // namespace tilesdk::lowering
