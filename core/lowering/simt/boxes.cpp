//===- boxes.cpp - Copies of boxes by one thread ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The hardware's description of a tensor is made by the launcher and is a
// parameter of the kernel, behind all others: the metadata say of what.
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

static bool lowerStore(SimtEngine &e, Operation *operation) {
  auto op = cast<simt::BoxStoreOp>(operation);
  std::optional<optimizer::BoxPlan> plan =
      planOf(e, op, op.getSource().getType());
  if (!plan)
    return false;
  Build &B = e.B;
  std::string name = "tsdk.box.store." + std::to_string(plan->box.size());
  B.ifThen(e.isFirstThread(), [&] {
    for (const optimizer::BoxPlan::Part &part : plan->parts) {
      Values args{
          e.scalar(op.getMap()),
          e.byteOffset(e.scalar(op.getSource()), B.cst32(int64_t(part.bytes)))};
      addCoordinates(e, op.getCoordinates(), part.at, args);
      B.call(name, {}, args, false);
    }
    B.call("tsdk.box.commit", {}, {}, false);
  });
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
