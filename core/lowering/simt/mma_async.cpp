//===- mma_async.cpp - Matrix instructions of warp groups -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An asynchronous instruction finds operands in shared memory by a descriptor:
// where the operand begins and how far its atoms lie apart. All that follows
// from the buffer's layout and the format that it names. Starts of instructions
// lie in the first row of an atom, where no format moves a chunk: offsets of
// such places add up.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/fragments.h"

#include "core/ir/simt_ops.h"
#include "core/layout/algebra.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include <bit>

namespace tilesdk::lowering {

using layout::Coord;

namespace {

/// An operand in shared memory.
class SharedOperand {
public:
  SharedOperand(SimtEngine &e, Value buffer, Operation *op);

  bool isValid() const { return format != nullptr; }
  /// Bytes from the start of the buffer to an element.
  uint64_t bytesTo(uint64_t row, uint64_t column) const;
  /// Whether the elements of a column (not of a row) follow each other.
  bool rowsAreFastest() const { return fast == 0; }
  /// The descriptor of what begins \p bytes (i32; the same in every call)
  /// behind the buffer's start and a constant.
  Value descriptor(Value bytes, uint64_t more);

private:
  SimtEngine &e;
  Value base;
  Value first; ///< The descriptor without a constant.
  /// From the operand's coordinates to those of the whole buffer: dimension i
  /// is that of `dims`, shifted.
  unsigned dims[2] = {0, 1};
  Coord shift = {0, 0};
  layout::Layout inverse;
  const target::SharedFormat *format = nullptr;
  uint64_t elementBytes = 1, leading = 0, stride = 0;
  unsigned fast = 1;
};

SharedOperand::SharedOperand(SimtEngine &e, Value buffer, Operation *op)
    : e(e) {
  auto whole = cast<simt::SharedType>(buffer.getType());
  ArrayRef<int64_t> shape = whole.getBufferShape();
  base = e.scalar(buffer);
  while (true) {
    if (auto trans = buffer.getDefiningOp<simt::SharedTransOp>()) {
      for (unsigned &dim : dims)
        dim = unsigned(trans.getPerm()[dim]);
      Coord moved(2);
      for (unsigned i = 0; i < 2; ++i)
        moved[unsigned(trans.getPerm()[i])] = shift[i];
      shift = moved;
      buffer = trans.getSource();
    } else if (auto slice = buffer.getDefiningOp<simt::SharedSliceOp>()) {
      for (unsigned i = 0; i < 2; ++i)
        shift[i] += uint64_t(slice.getOffsets()[i]);
      buffer = slice.getSource();
    } else {
      break;
    }
  }
  auto type = cast<simt::SharedType>(buffer.getType());
  simt::SharedLayoutAttr memory = type.getLayout();
  const target::SharedFormat *named =
      e.machine.format(memory.getFormat().str());
  if (!named) {
    e.fail(op, "the target has no format '" + memory.getFormat() +
                   "' of operands in shared memory");
    return;
  }
  elementBytes = simt::elementBytes(type.getElementType());
  inverse = layout::pseudoInvert(memory.getLayout());
  if (bytesTo(1, 0) - bytesTo(0, 0) == elementBytes)
    fast = 0;
  unsigned slow = 1 - fast;
  // From one atom to the next; of a single one no distance is read.
  uint64_t inRow = named->rowBytes / elementBytes;
  auto distance = [&](unsigned dim, uint64_t step) -> uint64_t {
    if (uint64_t(shape[dim]) <= step)
      return uint64_t(named->rowBytes) * named->atomRows;
    uint64_t at[2] = {0, 0};
    at[dim] = step;
    return bytesTo(at[0], at[1]) - bytesTo(0, 0);
  };
  leading = distance(fast, inRow);
  stride = distance(slow, named->atomRows);
  format = named;
}

uint64_t SharedOperand::bytesTo(uint64_t row, uint64_t column) const {
  Coord at = shift;
  at[dims[0]] += row;
  at[dims[1]] += column;
  return (*inverse.apply(at))[0] * elementBytes;
}

Value SharedOperand::descriptor(Value bytes, uint64_t more) {
  Build &B = e.B;
  if (!first)
    first = B.call("tsdk.shared.descriptor." + format->name, B.b.getI64Type(),
                   {e.byteOffset(base, bytes), B.cst32(int64_t(leading)),
                    B.cst32(int64_t(stride))},
                   /*pure=*/true);
  if (!more)
    return first;
  return B.call("tsdk.shared.descriptor_move", B.b.getI64Type(),
                {first, B.cst32(int64_t(more))}, /*pure=*/true);
}

bool isZeroConstant(Value v) {
  DenseElementsAttr dense;
  if (!matchPattern(v, m_Constant(&dense)) || !dense.isSplat())
    return false;
  Attribute value = dense.getSplatValue<Attribute>();
  if (auto i = dyn_cast<IntegerAttr>(value))
    return i.getValue().isZero();
  return cast<FloatAttr>(value).getValue().isPosZero();
}

/// The products of one group of warps for one simt.mma_async.
class Product {
public:
  Product(SimtEngine &e, simt::MmaAsyncOp op, const target::MatrixRow &row)
      : e(e), op(op), row(row), acc(e, op.getAcc()) {}

  bool lower();

private:
  bool missing() {
    e.fail(op, "internal error: the operands' layouts do not fit the product");
    return false;
  }
  uint32_t width();
  Value warpBytes(const SharedOperand &operand, unsigned dim);

  SimtEngine &e;
  simt::MmaAsyncOp op;
  const target::MatrixRow &row;
  Elements acc;
};

} // namespace

/// The width of an instruction: the widest that divides the run of columns
/// that the group holds from column 0 on.
uint32_t Product::width() {
  uint64_t run = 0;
  while (acc.find({0, run}))
    run += row.n;
  return row.widestFor(run);
}

/// Where the group's part of an operand begins, in bytes by its warps (i32).
/// \p dim is the dimension of the result that the operand has.
Value Product::warpBytes(const SharedOperand &operand, unsigned dim) {
  const LayoutTable &table = acc.table;
  ThreadMap map;
  map.lane.assign(table.thread.lane.size(), 0);
  unsigned inGroup = unsigned(std::countr_zero(row.warps));
  uint64_t start = operand.bytesTo(0, 0);
  for (auto [bit, column] : llvm::enumerate(table.thread.warp)) {
    uint64_t at = bit < inGroup ? 0 : table.expand(column, dim);
    map.warp.push_back(
        (dim == 0 ? operand.bytesTo(at, 0) : operand.bytesTo(0, at)) - start);
  }
  return e.threadValue(map);
}

bool Product::lower() {
  Build &B = e.B;
  bool leftInShared = isa<simt::SharedType>(op.getLhs().getType());
  std::optional<SharedOperand> left;
  std::optional<Elements> leftElements;
  Value leftWarp;
  if (leftInShared) {
    left.emplace(e, op.getLhs(), op);
    if (!left->isValid())
      return false;
    leftWarp = warpBytes(*left, 0);
  } else {
    leftElements.emplace(e, op.getLhs());
  }
  SharedOperand right(e, op.getRhs(), op);
  if (!right.isValid())
    return false;
  Value rightWarp = warpBytes(right, 1);
  uint32_t n = width();
  if (!n)
    return missing();
  const LayoutTable &part = e.table(row.resultFor(n));
  uint64_t depth = uint64_t(op.getRhs().getType().getShape()[0]);

  struct Tile {
    uint64_t row, column;
    SmallVector<unsigned> registers;
    Values sum;
  };
  std::vector<Tile> tiles;
  for (auto &[c, r] : acc.at) {
    if (c[0] % row.m || c[1] % n)
      continue;
    Tile &tile = tiles.emplace_back();
    tile.row = c[0];
    tile.column = c[1];
    for (unsigned q = 0; q < part.size(); ++q) {
      auto at = Elements::coordinates(part, q);
      auto found = acc.at.find({c[0] + at[0], c[1] + at[1]});
      if (found == acc.at.end())
        return missing();
      tile.registers.push_back(found->second);
      tile.sum.push_back(acc.value(found->second));
    }
  }
  if (tiles.size() * part.size() != acc.at.size())
    return missing();

  std::string name = "tsdk.mma." + row.name + ".n" + std::to_string(n) +
                     (leftInShared ? ".ss" : ".rs");
  // By default operands run along the dimension that is summed over.
  if (leftInShared && left->rowsAreFastest())
    name += ".ta";
  if (!right.rowsAreFastest())
    name += ".tb";
  Value useAcc = op.getUseAcc() ? e.scalar(op.getUseAcc()) : B.boolean(true);
  if (isZeroConstant(op.getAcc()))
    useAcc = B.boolean(false);
  Type sumType = tiles[0].sum[0].getType();
  Type all = B.structOf(SmallVector<Type>(part.size(), sumType));
  const LayoutTable &leftPart = e.table(row.left);
  std::map<uint64_t, Value> rightStarts, leftStarts;
  auto once = [](std::map<uint64_t, Value> &known, uint64_t key, auto make) {
    Value &v = known[key];
    if (!v)
      v = make();
    return v;
  };
  // The fragments first: an instruction reads registers that are not touched
  // between the fence and the wait.
  std::map<std::pair<uint64_t, uint64_t>, Value> fragments;
  if (!leftInShared)
    for (uint64_t k = 0; k < depth; k += row.k)
      for (Tile &tile : tiles) {
        Value &v = fragments[{tile.row, k}];
        if (!v)
          v = packFragment(e, *leftElements, placesOf(leftPart), row.leftType,
                           {tile.row, k});
        if (!v)
          return missing();
      }
  B.callTogether("tsdk.mma.fence", {}, {}, false);
  for (uint64_t k = 0; k < depth; k += row.k) {
    leftStarts.clear();
    rightStarts.clear();
    for (Tile &tile : tiles) {
      Value a = leftInShared ? once(leftStarts, tile.row,
                                    [&] {
                                      return left->descriptor(
                                          leftWarp, left->bytesTo(tile.row, k));
                                    })
                             : fragments[{tile.row, k}];
      Value b = once(rightStarts, tile.column, [&] {
        return right.descriptor(rightWarp, right.bytesTo(k, tile.column));
      });
      Values args(tile.sum);
      args.append({a, b, k ? B.boolean(true) : useAcc});
      Value sum = B.callTogether(name, all, args, /*pure=*/false);
      for (auto [i, v] : llvm::enumerate(tile.sum))
        v = B.extractValue(sum, unsigned(i));
    }
  }
  B.callTogether("tsdk.mma.commit", {}, {}, false);

  Registers out(acc.table.size());
  for (Tile &tile : tiles)
    for (auto [r, v] : llvm::zip(tile.registers, tile.sum))
      out[r] = v;
  for (unsigned r = 0; r < out.size(); ++r)
    out[r] = out[acc.table.firstCopy[r]];
  e.setRegisters(op.getResult(), std::move(out));
  return true;
}

static bool lowerProduct(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::MmaAsyncOp>(operation);
  const target::MatrixRow *row = e.machine.matrixRow(op.getRow().str());
  if (!row || !row->isAsync) {
    e.fail(op, "the target has no asynchronous matrix instruction '" +
                   op.getRow() + "'");
    return false;
  }
  return Product(e, op, *row).lower();
}

/// Registers are tied behind the wait: nothing that uses them may move ahead.
static bool lowerWait(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::MmaWaitOp>(operation);
  e.B.callTogether("tsdk.mma.wait." + std::to_string(op.getPending()), {}, {},
                   false);
  for (auto [from, to] : llvm::zip(op.getAccs(), op.getResults())) {
    const LayoutTable &table = e.table(from);
    ArrayRef<Value> in = e.registers(from);
    SmallVector<Value> tied;
    for (unsigned r = 0; r < table.size(); ++r)
      if (table.firstCopy[r] == r)
        tied.push_back(in[r]);
    tied = e.tie(tied);
    Registers out(table.size());
    for (unsigned r = 0, next = 0; r < table.size(); ++r)
      out[r] = table.firstCopy[r] == r ? tied[next++] : out[table.firstCopy[r]];
    e.setRegisters(to, std::move(out));
  }
  return true;
}

void addAsyncProductOps(OpTable &table) {
  table["simt.mma_async"] = lowerProduct;
  table["simt.mma_wait"] = lowerWait;
}

} // namespace tilesdk::lowering
