//===- dot.cpp - Matrix products --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of the accumulator, a few rows by a few vectors, stays in registers
// while a loop runs over K: rows of the right operand are vectors, elements of
// the left one are broadcast. Operands lie in scratch in the accumulator's
// type; groups store them like that when only products read them.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

namespace tilesdk::lowering {

Type Engine::dotType(tile::DotOp op) {
  Type acc = tile::elementOf(op.getAcc().getType());
  return isFloat(acc) ? arithmeticType(acc) : acc;
}

namespace {
class DotEmitter {
public:
  DotEmitter(Engine &e, tile::DotOp op) : e(e), B(e.B), op(op) {}
  void emit();

private:
  View rightOperand();
  void transpose(const View &from, const View &to);
  void emitPanels(Value batch);
  void emitRows(Value column, unsigned vectors, bool partial);
  void emitKernel(Value row, Value column, unsigned rows, unsigned vectors,
                  bool partial);
  Value at(const View &view, ArrayRef<Value> matrixIndex) {
    SmallVector<Value> index;
    if (batched)
      index.push_back(batchIndex);
    index.append(matrixIndex.begin(), matrixIndex.end());
    return e.addressIn(view, index);
  }

  Engine &e;
  Build &B;
  tile::DotOp op;
  Type type; ///< Of products and sums.
  bool batched = false, fromZero = false;
  int64_t M = 0, N = 0, K = 0, batches = 1;
  unsigned lanes = 1, blockRows = 1, blockVectors = 1;
  View a, b, c;
  Value batchIndex;
};
} // namespace

static bool isZero(Value v) {
  if (auto splat = v.getDefiningOp<tile::SplatOp>())
    v = splat.getSource();
  return matchPattern(v, m_AnyZeroFloat()) || matchPattern(v, m_Zero());
}

void DotEmitter::emit() {
  type = e.dotType(op);
  ArrayRef<int64_t> left = shapeOf(op.getLhs()), right = shapeOf(op.getRhs());
  batched = left.size() == 3;
  batches = batched ? left[0] : 1;
  M = left[left.size() - 2];
  K = left[left.size() - 1];
  N = right[right.size() - 1];
  batchIndex = B.cst32(0);

  a = e.materialize(op.getLhs(), /*strided=*/true, type);
  b = rightOperand();

  Type stored = tile::elementOf(op.getAcc().getType());
  const View *old = e.viewOf(op.getAcc());
  View result;
  if (!e.preferred.count(op.getResult()) && old && op.getAcc().hasOneUse() &&
      op.getAcc().getDefiningOp() && !old->buffer->carried &&
      op.getAcc().getParentBlock() == op->getBlock())
    result = *old;
  else
    result = e.resultView(op.getResult());
  fromZero = isZero(op.getAcc());
  bool narrow = stored != type;
  c = narrow ? e.newView(shapeOf(op.getAcc()), type) : result;
  bool inPlace = old && !narrow && old->buffer == c.buffer;
  if (!fromZero && !inPlace)
    e.copyTo(op.getAcc(), c);

  e.enterLoop();
  for (const View *v : {&a, &b, &c})
    e.touch(v->buffer);
  if (batched)
    B.forLoop(B.cst32(0), B.cst32(batches), B.cst32(1), {},
              [&](Value iv, ArrayRef<Value>) {
                batchIndex = iv;
                emitPanels(iv);
                return Values();
              });
  else
    emitPanels(batchIndex);
  e.leaveLoop();
  if (narrow) {
    e.touch(c.buffer);
    e.forEachChunk(shapeOf(op.getResult()), e.target.vectorBytes / 4,
                   [&](const Point &p) {
                     e.writeView(result, stored, p, e.readView(c, stored, p));
                   });
  }
  e.views[op.getResult()] = result;
}

/// The right operand with contiguous rows.
View DotEmitter::rightOperand() {
  View v = e.materialize(op.getRhs(), /*strided=*/true, type);
  if (v.strides.back() == 1 || N == 1)
    return v;
  View rows = e.newView(shapeOf(op.getRhs()), type);
  unsigned tile = e.target.vectorBytes / B.bytesOf(type);
  while (tile > 1 && (K % tile || N % tile))
    tile /= 2;
  if (v.strides[v.strides.size() - 2] == 1 && tile >= 4) {
    transpose(v, rows);
    return rows;
  }
  e.forEachChunk(shapeOf(op.getRhs()), e.target.vectorBytes / B.bytesOf(type),
                 [&](const Point &p) {
                   e.writeView(rows, type, p, e.readView(v, type, p));
                 });
  return rows;
}

/// Square blocks are transposed in registers, by halves of ever smaller size.
void DotEmitter::transpose(const View &from, const View &to) {
  unsigned tile = e.target.vectorBytes / B.bytesOf(type);
  while (K % tile || N % tile)
    tile /= 2;
  auto block = [&](Value k, Value n) {
    SmallVector<Value> rows;
    unsigned size = B.bytesOf(type);
    for (unsigned i = 0; i < tile; ++i)
      rows.push_back(
          B.load(B.vec(type, tile), at(from, {k, B.add(n, B.cst32(i))}), size));
    for (unsigned s = tile / 2; s; s /= 2)
      for (unsigned i = 0; i < tile; ++i) {
        if (i & s)
          continue;
        SmallVector<int32_t> low(tile), high(tile);
        for (unsigned l = 0; l < tile; ++l) {
          low[l] = l & s ? tile + l - s : l;
          high[l] = l & s ? tile + l : l + s;
        }
        Value x = rows[i], y = rows[i + s];
        rows[i] = B.shuffle(x, y, low);
        rows[i + s] = B.shuffle(x, y, high);
      }
    for (unsigned i = 0; i < tile; ++i)
      B.store(rows[i], at(to, {B.add(k, B.cst32(i)), n}), size);
  };
  auto loop = [&](int64_t n, int64_t by, llvm::function_ref<void(Value)> body) {
    B.forLoop(
        B.cst32(0), B.cst32(n), B.cst32(by), {},
        [&](Value iv, ArrayRef<Value>) {
          body(iv);
          return Values();
        },
        false, /*isHot=*/true);
  };
  loop(batches, 1, [&](Value batch) {
    batchIndex = batch;
    loop(N, tile,
         [&](Value n) { loop(K, tile, [&](Value k) { block(k, n); }); });
  });
  batchIndex = B.cst32(0);
}

void DotEmitter::emitPanels(Value) {
  unsigned full = e.target.vectorBytes / B.bytesOf(type);
  lanes = std::min(full, floorPowerOfTwo(N));
  bool many = e.target.vectorRegisters >= 32;
  blockVectors = std::min<int64_t>(2, std::max<int64_t>(1, N / lanes));
  unsigned most =
      many ? (blockVectors == 2 ? 12 : 16) : (blockVectors == 2 ? 6 : 8);
  // Whole blocks of rows if the number of rows allows it.
  blockRows = std::min<int64_t>(most, M);
  for (unsigned r = most; r >= most / 2 && M > most; --r)
    if (M % r == 0) {
      blockRows = r;
      break;
    }
  int64_t width = int64_t(lanes) * blockVectors;
  int64_t wholeColumns = N / width * width;
  B.forLoop(B.cst32(0), B.cst32(wholeColumns), B.cst32(width), {},
            [&](Value n, ArrayRef<Value>) {
              emitRows(n, blockVectors, false);
              return Values();
            });
  int64_t rest = N - wholeColumns;
  if (rest)
    emitRows(B.cst32(wholeColumns), (rest + lanes - 1) / lanes,
             rest % lanes != 0);
}

void DotEmitter::emitRows(Value column, unsigned vectors, bool partial) {
  int64_t whole = M / blockRows * blockRows;
  B.forLoop(B.cst32(0), B.cst32(whole), B.cst32(blockRows), {},
            [&](Value m, ArrayRef<Value>) {
              emitKernel(m, column, blockRows, vectors, partial);
              return Values();
            });
  if (whole != M)
    emitKernel(B.cst32(whole), column, M - whole, vectors, partial);
}

void DotEmitter::emitKernel(Value row, Value column, unsigned rows,
                            unsigned vectors, bool partial) {
  unsigned size = B.bytesOf(type);
  Type vector = B.vec(type, lanes);
  bool floats = isa<FloatType>(type);
  auto cAddress = [&](unsigned i, unsigned j) {
    return at(c, {B.add(row, B.cst32(i)), B.add(column, B.cst32(j * lanes))});
  };
  Values acc;
  for (unsigned i = 0; i < rows; ++i)
    for (unsigned j = 0; j < vectors; ++j)
      acc.push_back(fromZero ? B.zero(vector)
                             : B.load(vector, cAddress(i, j), size));
  Value aStart = at(a, {row, B.cst32(0)});
  Value bStart = at(b, {B.cst32(0), column});
  int64_t aRow = a.strides[a.strides.size() - 2], aStep = a.strides.back();
  int64_t bStep = b.strides[b.strides.size() - 2];
  // Two steps of K a pass keep the loop's own cost small.
  unsigned unroll = K % 2 == 0 ? 2 : 1;
  acc = B.forLoop(
      B.cst64(0), B.cst64(K), B.cst64(unroll), acc,
      [&](Value k, ArrayRef<Value> in) {
        Values sum(in);
        Value aAt = B.gep(aStart, type, B.mul(k, B.cst64(aStep)));
        Value bAt = B.gep(bStart, type, B.mul(k, B.cst64(bStep)));
        for (unsigned u = 0; u < unroll; ++u) {
          Values right;
          for (unsigned j = 0; j < vectors; ++j)
            right.push_back(
                B.load(vector, B.gep(bAt, type, B.cst64(u * bStep + j * lanes)),
                       size));
          for (unsigned i = 0; i < rows; ++i) {
            Value left = B.splat(
                B.load(type, B.gep(aAt, type, B.cst64(u * aStep + i * aRow)),
                       size),
                lanes);
            for (unsigned j = 0; j < vectors; ++j) {
              Value &s = sum[i * vectors + j];
              s = floats ? B.fma(left, right[j], s)
                         : B.bin("add", s, B.bin("mul", left, right[j]));
            }
          }
        }
        return sum;
      },
      false, /*isHot=*/true);
  for (unsigned i = 0; i < rows; ++i)
    for (unsigned j = 0; j < vectors; ++j) {
      Value v = acc[i * vectors + j];
      if (partial && j + 1 == vectors)
        e.storeMasked(v, cAddress(i, j), Lane::prefix(B.cst32(N % lanes)),
                      size);
      else
        B.store(v, cAddress(i, j), size);
    }
}

void Engine::emitDot(tile::DotOp op) { DotEmitter(*this, op).emit(); }

/// If only matrix products read `v`, directly or through views, the type that
/// they want it in; else its own.
Type Engine::storageType(Value v) {
  Type element = tile::elementOf(v.getType());
  Type wanted;
  bool only = true;
  std::function<void(Value)> visit = [&](Value x) {
    for (OpOperand &use : x.getUses()) {
      Operation *user = use.getOwner();
      if (auto dot = dyn_cast<tile::DotOp>(user)) {
        Type t = dotType(dot);
        if (use.getOperandNumber() == 2 || (wanted && wanted != t))
          only = false;
        wanted = t;
      } else if (user->getNumResults() == 1 &&
                 classify(user) == OpClass::View) {
        visit(user->getResult(0));
      } else {
        only = false;
      }
    }
  };
  visit(v);
  return only && wanted ? wanted : element;
}

} // namespace tilesdk::lowering
