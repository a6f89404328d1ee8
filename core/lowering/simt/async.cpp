//===- async.cpp - Asynchronous copies to shared memory ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/buffers.h"

#include "core/ir/simt_ops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

namespace tilesdk::lowering {

/// Whether every element is +0: what a copy writes that is masked off.
static bool isZero(Value other) {
  DenseElementsAttr dense;
  if (!other)
    return true;
  if (!matchPattern(other, m_Constant(&dense)) || !dense.isSplat())
    return false;
  Attribute value = dense.getSplatValue<Attribute>();
  if (auto i = dyn_cast<IntegerAttr>(value))
    return i.getValue().isZero();
  return cast<FloatAttr>(value).getValue().isPosZero();
}

/// By warps: the address is that of the first lane, and a mask, which the
/// pipeliner made, is one value for all. Later waits count on the copies: where
/// there are none, nothing may be left under way.
static bool lowerWarpCopy(SimtEngine &e, simt::AsyncCopyOp op,
                          const target::AsyncRow &row) {
  Build &B = e.B;
  const LayoutTable &table = e.table(op.getPtrs());
  BufferAccess access(e, op.getDest(), table.layout, op);
  if (!access.isValid())
    return false;
  Value condition;
  if (Value mask = op.getMask()) {
    DenseElementsAttr known;
    if (auto splat = mask.getDefiningOp<tile::SplatOp>()) {
      condition = e.scalar(splat.getSource());
    } else if (matchPattern(mask, m_Constant(&known)) && known.isSplat()) {
      condition = B.boolean(known.getSplatValue<bool>());
    } else {
      e.fail(op, "internal error: a copy by warps is masked by elements");
      return false;
    }
  }
  unsigned bytes = e.bytesOf(
      cast<simt::SharedType>(op.getDest().getType()).getElementType());
  ArrayRef<Value> ptrs = e.registers(op.getPtrs());
  bool fits = true;
  auto copyAll = [&] {
    access.visitWarps(row.bytes, [&](Value to, ArrayRef<unsigned> registers) {
      fits &= registers.size() * bytes == row.bytes;
      B.callTogether("tsdk.async.copy." + row.name, {},
                     {to, ptrs[registers[0]], B.boolean(true)}, false);
    });
  };
  if (!condition)
    copyAll();
  else
    B.ifElse(
        condition, {},
        [&] {
          copyAll();
          return Values();
        },
        [&] {
          B.call("tsdk.async.wait.0", {}, {}, false);
          return Values();
        });
  if (!fits)
    e.fail(op, "internal error: elements of one copy do not lie together");
  return fits;
}

static bool lowerCopy(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::AsyncCopyOp>(operation);
  Build &B = e.B;
  const target::AsyncRow *row = e.machine.asyncRow(op.getRow().str());
  if (row && row->isByWarps())
    return lowerWarpCopy(e, op, *row);
  if (!row || row->issuer != target::AsyncRow::Lane) {
    e.fail(op, "the target has no asynchronous copy '" + op.getRow() +
                   "' by lanes or warps");
    return false;
  }
  const LayoutTable &table = e.table(op.getPtrs());
  BufferAccess access(e, op.getDest(), table.layout, op);
  if (!access.isValid())
    return false;
  auto type = cast<simt::SharedType>(op.getDest().getType());
  Type element = type.getElementType();
  ArrayRef<Value> ptrs = e.registers(op.getPtrs());
  ArrayRef<Value> mask =
      op.getMask() ? e.registers(op.getMask()) : ArrayRef<Value>();
  bool fillsZero = row->zeroFill && isZero(op.getOther());
  ArrayRef<Value> other;
  if (!fillsZero && op.getOther())
    other = e.registers(op.getOther());
  std::string name = "tsdk.async.copy." + row->name;
  bool fits = true;
  auto copyPart = [&](Value to, ArrayRef<unsigned> registers) {
    fits &= registers.size() * e.bytesOf(element) == row->bytes;
    Value from = ptrs[registers[0]];
    Value active = mask.empty() ? B.boolean(true) : mask[registers[0]];
    auto copy = [&](Value condition) {
      B.call(name, {}, {to, from, condition}, false);
    };
    if (mask.empty() || fillsZero)
      return copy(active);
    // What is masked off is written by the lane itself.
    B.ifElse(
        active, {},
        [&] {
          copy(B.boolean(true));
          return Values();
        },
        [&] {
          SmallVector<Value> list;
          for (unsigned r : registers)
            list.push_back(other.empty() ? B.zero(e.storedType(element))
                                         : e.toStored(other[r], element));
          B.store(e.pack(list), to, row->bytes);
          return Values();
        });
  };
  auto copyAll = [&] { access.visit(row->bytes, copyPart); };
  // Of lanes that hold the same elements one copies them.
  if (Value first = e.holdsFirstCopy(table))
    B.ifThen(first, copyAll);
  else
    copyAll();
  if (!fits)
    e.fail(op, "internal error: elements of one copy do not lie together");
  return fits;
}

static bool lowerCommit(SimtEngine &e, Operation *) {
  if (e.machine.countsCopies())
    return true;
  e.B.call("tsdk.async.commit", {}, {}, false);
  return true;
}

static bool lowerWait(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::AsyncWaitOp>(operation);
  uint64_t pending = op.getPending();
  if (e.machine.countsCopies()) {
    pending *= op.getCopies().value_or(0);
    for (const target::AsyncRow &row : e.machine.async)
      pending = std::min<uint64_t>(pending, row.maxPending);
  }
  e.B.call("tsdk.async.wait." + std::to_string(pending), {}, {}, false);
  return true;
}

static bool lowerFence(SimtEngine &e, Operation *) {
  e.B.call("tsdk.fence.async", {}, {}, false);
  return true;
}

void addAsyncOps(OpTable &table) {
  table["simt.async_copy"] = lowerCopy;
  table["simt.async_commit"] = lowerCommit;
  table["simt.async_wait"] = lowerWait;
  table["simt.fence_async"] = lowerFence;
}

} // namespace tilesdk::lowering
