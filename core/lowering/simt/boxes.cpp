//===- boxes.cpp - Copies of boxes by one thread ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware's description of a tensor is made by the launcher and is a
// parameter of the kernel, behind all others: the metadata say of what.
//
// A box is stored at coordinates of 0 to MostCoordinate: of a negative one an
// H100 says that the instruction is illegal, although it loads such boxes.
// Where a coordinate may be another the threads store the elements themselves.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/boxes.h"

#include "core/optimizer/simt/boxes.h"

namespace tilesdk::lowering {

unsigned countBoxMaps(func::FuncOp kernel) {
  unsigned count = 0;
  kernel.walk([&](simt::BoxMapOp) { ++count; });
  return count;
}

static bool lowerMap(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BoxMapOp>(operation);
  BoxMap map;
  auto add = [&](Value value, std::vector<BoxMap::Part> &to) {
    std::optional<optimizer::HostValue> known = optimizer::hostValue(value);
    if (!known) {
      e.fail(op, "internal error: a part of the map is no argument");
      return;
    }
    BoxMap::Part &part = to.emplace_back();
    for (const optimizer::HostValue::Term &term : known->terms)
      part.push_back(
          {term.factor, {term.arguments.begin(), term.arguments.end()}});
  };
  std::vector<BoxMap::Part> base;
  add(op.getBase(), base);
  for (Value extent : op.getShape())
    add(extent, map.shape);
  for (Value stride : op.getStrides())
    add(stride, map.strides);
  if (e.failed)
    return false;
  map.base = base[0][0].arguments[0];
  map.isOptional = op->hasAttr(optimizer::pointersAttr);
  map.box.assign(op.getBox().begin(), op.getBox().end());
  if (const target::SharedFormat *format =
          e.machine.format(op.getFormat().str()))
    map.swizzleBytes = format->rowBytes;
  e.setScalar(op.getResult(), e.mapParameter(e.info.maps.size()));
  e.info.maps.push_back(std::move(map));
  return true;
}

/// Coordinates come innermost first.
static void addCoordinates(SimtEngine &e, ValueRange at, ArrayRef<int64_t> part,
                           Values &args) {
  for (size_t d = part.size(); d-- > 0;)
    args.push_back(e.B.add(e.scalar(at[d]), e.B.cst32(part[d])));
}

static std::optional<optimizer::BoxPlan> planOf(SimtEngine &e, Operation *op,
                                                simt::SharedType buffer) {
  std::optional<optimizer::BoxPlan> plan =
      optimizer::planBoxes(buffer, e.machine);
  if (!plan)
    e.fail(op, "internal error: boxes do not fit the buffer");
  return plan;
}

static bool lowerLoad(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BoxLoadOp>(operation);
  std::optional<optimizer::BoxPlan> plan =
      planOf(e, op, op.getDest().getType());
  if (!plan)
    return false;
  Build &B = e.B;
  std::string name = "tsdk.box.load." + std::to_string(plan->box.size());
  B.ifThen(e.isFirstThread(), [&] {
    Value barrier = barrierAddress(e, op.getBarriers(), op.getIndex());
    for (const optimizer::BoxPlan::Part &part : plan->parts) {
      Values args{
          e.byteOffset(e.scalar(op.getDest()), B.cst32(int64_t(part.bytes))),
          barrier, e.scalar(op.getMap())};
      addCoordinates(e, op.getCoordinates(), part.at, args);
      B.call(name, {}, args, false);
    }
  });
  return true;
}

/// A box at it and the 256 elements behind have numbers of 32 bits.
static constexpr int64_t MostCoordinate = 1 << 30;

/// Whether a box cannot be stored where \p op is to; null: it can.
static Value isOutOfReach(SimtEngine &e, simt::BoxStoreOp op) {
  Build &B = e.B;
  Value result;
  auto add = [&](Value isOut) {
    result = result ? B.bin("or", result, isOut) : isOut;
  };
  for (Value at : op.getCoordinates()) {
    optimizer::AxisInfo info = e.axisInfo().lookup(at);
    if (!info.constant || *info.constant < 0 || *info.constant > MostCoordinate)
      add(B.icmp(UGT, e.scalar(at), B.cst32(MostCoordinate)));
  }
  Value column = op.getCoordinates().back();
  int64_t step = optimizer::boxAlignment /
                 e.bytesOf(op.getSource().getType().getElementType());
  if (e.axisInfo().lookup(column).divisibility(0) % step)
    add(B.icmp(NE, B.andMask(e.scalar(column), step - 1), B.cst32(0)));
  return result;
}

/// Stores what the buffer has of the tensor, element by element.
static void storeElements(SimtEngine &e, simt::BoxStoreOp op,
                          const optimizer::BoxPlan &plan) {
  Build &B = e.B;
  auto map = op.getMap().getDefiningOp<simt::BoxMapOp>();
  const target::SharedFormat *format =
      e.machine.format(op.getSource().getType().getLayout().getFormat().str());
  Type element = op.getSource().getType().getElementType(),
       stored = e.storedType(element);
  unsigned bytes = e.bytesOf(element);
  int64_t columns = plan.box[1],
          threads = int64_t(e.scope().warps) * e.machine.warpSize;
  Value first = B.add(B.mul(e.warp(), B.cst32(e.machine.warpSize)), e.lane());
  for (const optimizer::BoxPlan::Part &part : plan.parts)
    B.forLoop(
        first, B.cst32(plan.box[0] * columns), B.cst32(threads), {},
        [&](Value i, ArrayRef<Value>) -> Values {
          Value row = B.shiftRight(i, llvm::Log2_64(uint64_t(columns))),
                column = B.andMask(i, columns - 1),
                chunk = B.andMask(
                    B.shiftRight(row, llvm::Log2_32(format->rowShift)),
                    format->chunkCount - 1);
          Value place = B.add(B.mul(row, B.cst32(format->rowBytes)),
                              B.logicalXor(B.mul(column, B.cst32(bytes)),
                                           B.mul(chunk, B.cst32(16))));
          Value value =
              B.load(stored,
                     e.byteOffset(e.scalar(op.getSource()),
                                  B.add(place, B.cst32(int64_t(part.bytes)))),
                     bytes);
          Value isThere, index = B.cst64(0);
          for (auto [d, inBox] : enumerate(Values{row, column})) {
            Value at = B.add(B.toInt(e.scalar(op.getCoordinates()[d]), B.i64),
                             B.add(B.toInt(inBox, B.i64), B.cst64(part.at[d])));
            Value extent = B.toInt(e.scalar(map.getShape()[d]), B.i64);
            Value isHere = B.logicalAnd(B.icmp(SGE, at, B.cst64(0)),
                                        B.icmp(SLT, at, extent));
            isThere = isThere ? B.logicalAnd(isThere, isHere) : isHere;
            index = B.add(index, B.mul(at, e.scalar(map.getStrides()[d])));
          }
          B.ifThen(isThere, [&] {
            B.store(value, B.gep(e.scalar(map.getBase()), stored, index),
                    bytes);
          });
          return {};
        });
  // A later box may go to the same place, by another way to memory.
  B.call("tsdk.fence.async.global", {}, {}, false);
}

static bool lowerStore(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BoxStoreOp>(operation);
  std::optional<optimizer::BoxPlan> plan =
      planOf(e, op, op.getSource().getType());
  if (!plan)
    return false;
  Build &B = e.B;
  std::string name = "tsdk.box.store." + std::to_string(plan->box.size());
  Value isOut = isOutOfReach(e, op), isFirst = e.isFirstThread();
  if (isOut && !op.getMap().getDefiningOp<simt::BoxMapOp>()) {
    e.fail(op, "internal error: the map of a stored box is not in sight");
    return false;
  }
  auto store = [&] {
    for (const optimizer::BoxPlan::Part &part : plan->parts) {
      Values args{
          e.scalar(op.getMap()),
          e.byteOffset(e.scalar(op.getSource()), B.cst32(int64_t(part.bytes)))};
      addCoordinates(e, op.getCoordinates(), part.at, args);
      B.call(name, {}, args, false);
    }
  };
  B.ifThen(isFirst, [&] {
    if (isOut)
      B.ifThen(B.logicalNot(isOut), store);
    else
      store();
    // Also of nothing: groups are counted.
    B.call("tsdk.box.commit", {}, {}, false);
  });
  if (isOut)
    B.ifThen(isOut, [&] { storeElements(e, op, *plan); });
  return true;
}

/// Of the thread that copied: the others meet it at a barrier.
static bool lowerStoreWait(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BoxStoreWaitOp>(operation);
  e.B.ifThen(e.isFirstThread(), [&] {
    e.B.call((op.getWritten() ? "tsdk.box.complete." : "tsdk.box.wait.") +
                 std::to_string(op.getPending()),
             {}, {}, false);
  });
  return true;
}

void addBoxOps(OpTable &table) {
  table["simt.box_map"] = lowerMap;
  table["simt.box_load"] = lowerLoad;
  table["simt.box_store"] = lowerStore;
  table["simt.box_store_wait"] = lowerStoreWait;
}

} // namespace tilesdk::lowering
