//===- loop_loads.cpp - What a loop loads for its products ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/loop_loads.h"
#include "core/layout/algebra.h"
#include "core/optimizer/simt/layout_costs.h"
#include "core/optimizer/simt/warp_copies.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tilesdk::optimizer {

static bool isProduct(Operation *op) {
  return isa<tile::DotOp, simt::MmaAsyncOp>(op);
}

bool feedsProduct(Value value) {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      Operation *user = use.getOwner();
      if (isProduct(user)) {
        if (use.getOperandNumber() < 2)
          return true;
        continue;
      }
      // A reduction of it, or what it is stored to, is no operand.
      if (user->getBlock() != value.getParentBlock() ||
          isa<tile::LoadOp, tile::StoreOp, tile::ReduceOp, scf::YieldOp>(user))
        continue;
      for (Value result : user->getResults())
        values.insert(result);
    }
  return false;
}

bool LoopLoads::findLoads() {
  Block &body = *loop.getBody();
  if (llvm::none_of(body, [](Operation &op) { return isProduct(&op); }))
    return false;
  for (Operation &op : body) {
    auto load = dyn_cast<tile::LoadOp>(&op);
    auto block = dyn_cast<tile::DescriptorLoadOp>(&op);
    if ((!load && !block) ||
        !isa<RankedTensorType>(op.getResult(0).getType()) ||
        (load && load.getIsVolatile()) || !feedsProduct(op.getResult(0)))
      continue;
    LoopLoad entry{&op, {}, nullptr, std::nullopt};
    if (op.hasOneUse())
      entry.buffer = dyn_cast<simt::SharedAllocOp>(*op.getUsers().begin());
    if (entry.buffer && entry.buffer->getBlock() != &body)
      entry.buffer = {};
    if (entry.buffer && load)
      entry.row = asyncRow(load, entry.buffer);
    if (entry.buffer && block) {
      entry.boxes = planBoxes(entry.buffer.getType(), machine);
      if (entry.boxes)
        entry.row = boxRow(machine);
    }
    if (!entry.row)
      entry.buffer = {};
    if (block && !entry.row) {
      remark(block) << "boxes do not fit the buffer of this operand";
      return false;
    }
    loads.push_back(entry);
  }
  // Who waits at barriers has been given warps for the copies.
  if (loads.empty() && body.getOps<simt::BarrierWaitOp>().empty())
    remark(loop) << "no operand of a product is loaded in this loop";
  return !loads.empty();
}

static bool isWrite(Operation *op) {
  return isa<tile::StoreOp, tile::AtomicRMWOp, tile::AtomicCASOp,
             tile::DescriptorStoreOp>(op);
}

/// Whether \p op itself writes memory, or counts as if it did: a volatile load,
/// a function that may do anything.
static bool writesMemory(Operation *op) {
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return false;
  SmallVector<MemoryEffects::EffectInstance> all;
  effects.getEffects(all);
  return llvm::any_of(all, [](const MemoryEffects::EffectInstance &effect) {
    return isa<MemoryEffects::Write>(effect.getEffect()) &&
           effect.getResource() == SideEffects::DefaultResource::get();
  });
}

Operation *orderedIn(Operation *op) {
  Operation *found = nullptr;
  op->walk([&](Operation *inner) {
    if (!writesMemory(inner))
      return WalkResult::advance();
    found = inner;
    return WalkResult::interrupt();
  });
  return found;
}

Operation *obstacleIn(scf::ForOp loop) {
  for (Operation &op : *loop.getBody()) {
    if (isa<scf::ForOp, scf::WhileOp>(op))
      return &op;
    if (Operation *found = orderedIn(&op))
      return found;
  }
  return nullptr;
}

bool LoopLoads::isFreeOfObstacles() {
  Operation *op = obstacleIn(loop);
  if (!op)
    return true;
  if (isa<scf::ForOp, scf::WhileOp>(op))
    remark(op) << "a loop with a loop in it stays as it is";
  else if (isWrite(op))
    remark(op) << "loads of later iterations may not move before this write to "
                  "memory";
  else
    remark(op) << "'" << op->getName() << "' keeps iterations in order";
  return false;
}

/// The ops of the body that \p root needs, over iterations too, and itself.
bool LoopLoads::findSlice(Operation *root,
                          llvm::SetVector<Operation *> &slice) {
  SmallVector<Operation *> stack;
  llvm::SmallPtrSet<Operation *, 16> visited;
  auto visit = [&](Value value) {
    if (auto arg = dyn_cast<BlockArgument>(value)) {
      if (arg.getOwner() != loop.getBody() || arg.getArgNumber() == 0)
        return;
      value = loop.getYieldedValues()[arg.getArgNumber() - 1];
    }
    if (Operation *op = value.getDefiningOp())
      if (Operation *inBody = loop.getBody()->findAncestorOpInBlock(*op))
        if (visited.insert(inBody).second)
          stack.push_back(inBody);
  };
  // Carried values may lead through further carried values.
  auto visitAll = [&](Operation *op) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        visit(operand);
    });
  };
  visitAll(root);
  slice.insert(root);
  while (!stack.empty()) {
    Operation *op = stack.pop_back_val();
    if (isProduct(op) || (!isa<tile::LoadOp>(op) && !isMemoryEffectFree(op))) {
      remark(root)
              .append("the address depends on what earlier iterations "
                      "compute")
              .attachNote(op->getLoc())
          << "by '" << op->getName() << "'";
      return false;
    }
    slice.insert(op);
    visitAll(op);
  }
  return true;
}

/// The largest power of two, at most \p vector, such that so many registers of
/// \p from along \p dim are neighbours in the buffer.
unsigned LoopLoads::sharedVector(simt::SharedType buffer,
                                 const layout::Layout &from, unsigned dim,
                                 unsigned vector) {
  layout::Layout toOffset =
      layout::pseudoInvert(buffer.getLayout().getLayout());
  auto through = layout::compose(from, toOffset);
  if (!through)
    return 1;
  vector = std::min<unsigned>(
      vector, from.widestVector(simt::dimName(dim), vector, vector).elements);
  for (; vector > 1; vector /= 2) {
    bool fits = true;
    unsigned at = 0;
    for (const char *place : {simt::registerDim, simt::laneDim, simt::warpDim})
      for (const layout::Basis &basis : through->bases(place)) {
        uint64_t offset = basis.value[0];
        bool inVector =
            place == StringRef(simt::registerDim) && (1u << at) < vector;
        fits &= inVector ? offset == (1u << at) : offset % vector == 0;
        if (place == StringRef(simt::registerDim))
          ++at;
      }
    if (fits)
      return vector;
  }
  return 1;
}

const target::AsyncRow *LoopLoads::asyncRow(tile::LoadOp load,
                                            simt::SharedAllocOp to) {
  if (machine.countsCopies())
    return warpRow(load, to);
  auto isRow = [](const target::AsyncRow &row) {
    return row.issuer == target::AsyncRow::Lane &&
           row.completion == target::AsyncRow::Group;
  };
  if (llvm::none_of(machine.async, isRow))
    return nullptr;
  if (load.getOther() && !matchPattern(load.getOther(), m_AnyZeroFloat()) &&
      !matchPattern(load.getOther(), m_Zero())) {
    remark(load) << "not an asynchronous copy: masked elements are not zero";
    return nullptr;
  }
  AccessPattern pattern = accessPattern(axes, load.getPtr(), load.getMask(),
                                        machine.maxVectorBytes);
  unsigned bytes = simt::elementBytes(tile::elementOf(load.getType()));
  unsigned vector = sharedVector(to.getType(), simt::layoutOf(load.getType()),
                                 pattern.dim, pattern.vector);
  const target::AsyncRow *best = nullptr;
  for (const target::AsyncRow &row : machine.async)
    if (isRow(row) && row.bytes <= vector * bytes &&
        (row.zeroFill || !load.getMask()) && (!best || row.bytes > best->bytes))
      best = &row;
  if (!best)
    remark(load) << "not an asynchronous copy: a lane has " << vector * bytes
                 << " consecutive bytes, too few";
  return best;
}

const target::AsyncRow *LoopLoads::warpRow(tile::LoadOp load,
                                           simt::SharedAllocOp to) {
  AccessPattern pattern = accessPattern(axes, load.getPtr(), load.getMask(),
                                        machine.maxVectorBytes);
  const target::AsyncRow *row =
      warpCopyRow(machine, load, pattern, to.getType().getLayout().getLayout(),
                  simt::layoutOf(load.getType()));
  if (!row)
    remark(load) << "not an asynchronous copy: "
                 << (load.getMask()
                         ? "what is masked off would not be written"
                         : "a warp would not fill shared memory in order");
  return row;
}

/// Products whose accumulator goes round the loop need not be waited for in
/// their own iteration.
void LoopLoads::findCountedProducts() {
  for (auto wait : loop.getBody()->getOps<simt::MmaWaitOp>()) {
    if (wait.getAccs().size() != 1 || wait.getPending() != 0)
      continue;
    auto product = wait.getAccs()[0].getDefiningOp<simt::MmaAsyncOp>();
    if (!product || !wait.getResult(0).hasOneUse())
      continue;
    OpOperand &use = *wait.getResult(0).getUses().begin();
    if (use.getOwner() != loop.getBody()->getTerminator())
      continue;
    BlockArgument carried = loop.getRegionIterArg(use.getOperandNumber());
    if (product.getAcc() == carried && carried.hasOneUse())
      counted.push_back(wait);
  }
}

void copyBoxes(OpBuilder &builder, Location loc, ArrayRef<LoopLoad> loads,
               ArrayRef<Value> maps, ArrayRef<Value> to, Value barriers,
               Value index, llvm::function_ref<Value(Value)> mapped) {
  int64_t bytes = 0;
  for (const LoopLoad &load : loads)
    if (load.boxes)
      bytes += LoopLoad(load).buffer.getType().getBytes();
  simt::BarrierExpectOp::create(builder, loc, barriers, index,
                                builder.getI32IntegerAttr(bytes));
  for (auto [load, map, buffer] : llvm::zip(loads, maps, to)) {
    if (!load.boxes)
      continue;
    SmallVector<Value> at;
    for (Value offset : load.byBoxes().getOffsets())
      at.push_back(mapped(offset));
    simt::BoxLoadOp::create(builder, load.load->getLoc(), map, at, buffer,
                            barriers, index);
  }
}

bool LoopLoads::dropWarpCopies() {
  bool hasSome = false;
  for (LoopLoad &load : loads)
    if (load.row && load.row->isByWarps()) {
      hasSome = true;
      load.buffer = {};
      load.row = nullptr;
      remark(load.load)
          << "not an asynchronous copy: shared memory has no room "
             "for a second buffer";
    }
  if (!hasSome)
    return false;
  copyOps.clear();
  registerOps.clear();
  return findSlices();
}

bool LoopLoads::find() {
  return findLoads() && isFreeOfObstacles() && findSlices();
}

bool LoopLoads::findSlices() {
  for (LoopLoad &load : loads)
    if (!findSlice(load.load, load.buffer ? copyOps : registerOps))
      return false;
  for (Operation *op : copyOps)
    registerOps.remove(op);
  // A load whose value an address needs is fetched with the address.
  llvm::erase_if(loads, [&](LoopLoad &load) {
    return !load.buffer && copyOps.contains(load.load);
  });
  return true;
}

} // namespace tilesdk::optimizer
