//===- gather.cpp - Gather, histogram, sort ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// By way of shared memory, where the source lies row by row.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

namespace {
/// A tensor in scratch, row by row.
struct Rows {
  Rows(SimtEngine &e, Value base, Type tensor)
      : e(e), B(e.B), base(base), element(tile::elementOf(tensor)),
        stored(e.storedType(element)), shape(tile::shapeOf(tensor)) {}

  Value index(ArrayRef<Value> coordinates) {
    Value at = B.cst32(0);
    for (auto [extent, c] : llvm::zip(shape, coordinates))
      at = B.add(B.mul(at, B.cst32(extent)), c);
    return at;
  }
  Value load(Value at) {
    return e.fromStored(
        B.load(stored, B.gep(base, stored, at), B.bytesOf(stored)), element);
  }
  void store(Value v, Value at) {
    B.store(e.toStored(v, element), B.gep(base, stored, at), B.bytesOf(stored));
  }

  SimtEngine &e;
  Build &B;
  Value base;
  Type element, stored;
  ArrayRef<int64_t> shape;
};
} // namespace

static SmallVector<Value> coordinates(SimtEngine &e, const LayoutTable &table,
                                      unsigned reg) {
  SmallVector<Value> c;
  for (unsigned d = 0; d < table.layout.outputs().size(); ++d)
    c.push_back(e.coordinate(table, reg, d));
  return c;
}

/// Runs `body` in the threads that hold first copies.
static void byFirstCopies(SimtEngine &e, const LayoutTable &table,
                          llvm::function_ref<void()> body) {
  if (Value first = e.holdsFirstCopy(table))
    e.B.ifThen(first, body);
  else
    body();
}

/// Calls `fn` for registers that are no copies; copies get their values.
static Registers perElement(const LayoutTable &table,
                            llvm::function_ref<Value(unsigned)> fn) {
  Registers out(table.size());
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = table.firstCopy[r] == r ? fn(r) : out[table.firstCopy[r]];
  return out;
}

static bool lowerGather(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::GatherOp>(operation);
  const LayoutTable &from = e.table(op.getSource()),
                    &to = e.table(op.getResult());
  ArrayRef<Value> in = e.registers(op.getSource()),
                  indices = e.registers(op.getIndices());
  Rows rows(e, e.scratch(op), op.getSource().getType());
  byFirstCopies(e, from, [&] {
    for (unsigned r = 0; r < from.size(); ++r)
      if (from.firstCopy[r] == r)
        rows.store(in[r], rows.index(coordinates(e, from, r)));
  });
  e.barrier();
  e.setRegisters(op.getResult(), perElement(to, [&](unsigned r) {
                   auto c = coordinates(e, to, r);
                   c[op.getAxis()] = e.B.toInt(indices[r], e.B.i32);
                   return rows.load(rows.index(c));
                 }));
  return !e.failed;
}

static bool lowerHistogram(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::HistogramOp>(operation);
  Build &B = e.B;
  const LayoutTable &from = e.table(op.getSource()),
                    &to = e.table(op.getResult());
  ArrayRef<Value> in = e.registers(op.getSource());
  ArrayRef<Value> mask =
      op.getMask() ? e.registers(op.getMask()) : ArrayRef<Value>();
  Rows bins(e, e.scratch(op), op.getResult().getType());
  int64_t count = bins.shape[0];
  byFirstCopies(e, to, [&] {
    for (unsigned r = 0; r < to.size(); ++r)
      if (to.firstCopy[r] == r)
        bins.store(B.cst32(0), bins.index(coordinates(e, to, r)));
  });
  e.barrier();
  byFirstCopies(e, from, [&] {
    for (unsigned r = 0; r < from.size(); ++r) {
      if (from.firstCopy[r] != r)
        continue;
      Type type = in[r].getType();
      unsigned bits = type.getIntOrFloatBitWidth();
      Value active = bits < 63 && count >> (bits - 1)
                         ? B.icmp(SGE, in[r], B.cst(type, 0))
                         : B.icmp(ULT, in[r], B.cst(type, count));
      if (!mask.empty())
        active = B.logicalAnd(mask[r], active);
      B.ifThen(active, [&] {
        B.atomicRmw("add", B.gep(bins.base, B.i32, B.toInt(in[r], B.i32)),
                    B.cst32(1), Ordering::Relaxed, 4, e.machine.programScope);
      });
    }
  });
  e.barrier();
  e.setRegisters(op.getResult(), perElement(to, [&](unsigned r) {
                   return bins.load(bins.index(coordinates(e, to, r)));
                 }));
  return !e.failed;
}

/// Whether a comes before b. NaN is larger than every number.
static Value isBefore(SimtEngine &e, Value a, Value b, Type element,
                      bool descending) {
  Build &B = e.B;
  if (descending)
    std::swap(a, b);
  if (!Emitter::isFloat(element))
    return B.icmp(SLT, a, b);
  a = e.toArithmetic(a, element);
  b = e.toArithmetic(b, element);
  Value isLast = B.bin("and", B.fcmp(UNO, b, b), B.fcmp(ORD, a, a));
  return B.bin("or", B.fcmp(OLT, a, b), isLast);
}

/// Rows in the registers of a thread, by Batcher's network (Knuth 5.2.2, M).
static bool sortRegisters(SimtEngine &e, tile::SortOp op) {
  Build &B = e.B;
  const LayoutTable &table = e.table(op.getSource());
  ArrayRef<Value> in = e.registers(op.getSource());
  Type element = tile::elementOf(op.getSource().getType());
  unsigned last = table.layout.outputs().size() - 1;
  std::map<std::vector<uint64_t>, std::map<uint64_t, unsigned>> rows;
  for (unsigned r = 0; r < table.size(); ++r) {
    if (table.firstCopy[r] != r)
      continue;
    std::vector<uint64_t> c;
    c.reserve(last);
    for (unsigned d = 0; d < last; ++d)
      c.push_back(table.expand(table.bits[r], d) + table.oddPart(r, d));
    rows[c][table.expand(table.bits[r], last) + table.oddPart(r, last)] = r;
  }
  Registers out(in.begin(), in.end());
  unsigned n = tile::shapeOf(op.getSource().getType())[last];
  for (auto &[c, row] : rows) {
    if (row.size() != n) {
      e.fail(op, "internal error: rows to sort lie in several threads, and no "
                 "scratch was allocated");
      return false;
    }
    auto exchange = [&](unsigned i, unsigned j) {
      Value &x = out[row[i]], &y = out[row[j]];
      Value swap = isBefore(e, y, x, element, op.getDescending());
      Value a = B.select(swap, y, x), b = B.select(swap, x, y);
      x = a;
      y = b;
    };
    unsigned top = 1;
    while (top * 2 < n)
      top *= 2;
    for (unsigned p = n > 1 ? top : 0; p; p /= 2) {
      unsigned q = top, r = 0, d = p;
      while (true) {
        for (unsigned i = 0; i + d < n; ++i)
          if ((i & p) == r)
            exchange(i, i + d);
        if (q == p)
          break;
        d = q - p;
        q /= 2;
        r = p;
      }
    }
  }
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = out[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

/// Each element counts those of its row that come before it.
static bool lowerSort(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::SortOp>(operation);
  if (!op->hasAttr("simt.scratch"))
    return sortRegisters(e, op);
  Build &B = e.B;
  const LayoutTable &table = e.table(op.getSource());
  ArrayRef<Value> in = e.registers(op.getSource());
  Rows rows(e, e.scratch(op), op.getSource().getType());
  unsigned last = rows.shape.size() - 1;
  int64_t n = rows.shape[last];
  SmallVector<unsigned> elements;
  for (unsigned r = 0; r < table.size(); ++r)
    if (table.firstCopy[r] == r)
      elements.push_back(r);
  // Where the rows begin; registers of one row share a load.
  SmallVector<Value> columns, starts;
  std::map<std::vector<uint64_t>, Value> known;
  for (unsigned r : elements) {
    auto c = coordinates(e, table, r);
    columns.push_back(c[last]);
    std::vector<uint64_t> key;
    key.reserve(last);
    for (unsigned d = 0; d < last; ++d)
      key.push_back(table.expand(table.bits[r], d) + table.oddPart(r, d));
    Value &start = known[key];
    if (!start) {
      c[last] = B.cst32(0);
      start = rows.index(c);
    }
    starts.push_back(start);
  }
  byFirstCopies(e, table, [&] {
    for (auto [i, r] : llvm::enumerate(elements))
      rows.store(in[r], B.add(starts[i], columns[i]));
  });
  e.barrier();
  Values zeros(elements.size(), B.cst32(0));
  Values ranks = B.forLoop(
      B.cst32(0), B.cst32(n), B.cst32(1), zeros,
      [&](Value j, ArrayRef<Value> counts) {
        Values next;
        DenseMap<Value, Value> loaded;
        for (auto [i, r] : llvm::enumerate(elements)) {
          Value &other = loaded[starts[i]];
          if (!other)
            other = rows.load(B.add(starts[i], j));
          Value before =
              isBefore(e, other, in[r], rows.element, op.getDescending());
          Value after =
              isBefore(e, in[r], other, rows.element, op.getDescending());
          // Equal ones keep their order.
          Value tie =
              B.bin("and", B.logicalNot(after), B.icmp(SLT, j, columns[i]));
          Value counted = B.bin("or", before, tie);
          next.push_back(
              B.bin("add", counts[i], B.cast("zext", counted, B.i32)));
        }
        return next;
      });
  e.barrier();
  byFirstCopies(e, table, [&] {
    for (auto [i, r] : llvm::enumerate(elements))
      rows.store(in[r], B.add(starts[i], ranks[i]));
  });
  e.barrier();
  Registers out(table.size());
  for (auto [i, r] : llvm::enumerate(elements))
    out[r] = rows.load(B.add(starts[i], columns[i]));
  for (unsigned r = 0; r < table.size(); ++r)
    out[r] = out[table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return !e.failed;
}

void addGatherOps(OpTable &table) {
  table["tile.gather"] = lowerGather;
  table["tile.histogram"] = lowerHistogram;
  table["tile.sort"] = lowerSort;
}

} // namespace tilesdk::lowering
