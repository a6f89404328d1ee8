//===- global_accesses.cpp - Global memory that copies access ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/global_accesses.h"

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tilesdk::optimizer {

Value globalRoot(Value pointer) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(pointer)) {
      auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      OpOperand *init = loop ? loop.getTiedLoopInit(argument) : nullptr;
      if (!init)
        return pointer;
      pointer = init->get();
      continue;
    }
    Operation *op = pointer.getDefiningOp();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      pointer = loop.getInitArgs()[cast<OpResult>(pointer).getResultNumber()];
    else if (isa<tile::AddPtrOp, tile::SplatOp, tile::BroadcastOp,
                 tile::ExpandDimsOp, tile::HintOp, tile::PtrCastOp,
                 tile::TransOp, tile::ReshapeOp, simt::ConvertLayoutOp>(op))
      pointer = op->getOperand(0);
    else
      return pointer;
  }
}

/// Whether lanes or warps have copies of the elements.
static bool isCopied(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getEncoding())
    return true; // every thread has a scalar
  const layout::Layout &layout = simt::layoutOf(type);
  std::vector<uint64_t> masks = layout.freeVariableMasks();
  for (std::string_view input : {"lane", "warp"})
    if (std::optional<size_t> at = layout.inputIndex(input);
        at && masks[*at] != 0)
      return true;
  return false;
}

std::optional<GlobalAccess> globalAccessOf(Operation *op) {
  Value pointer;
  GlobalAccess access;
  if (auto load = dyn_cast<tile::LoadOp>(op)) {
    pointer = load.getPtr();
    access.isCopied = isCopied(pointer.getType());
  } else if (isa<tile::StoreOp, tile::AtomicRMWOp, tile::AtomicCASOp>(op)) {
    pointer = op->getOperand(0);
    access.isWrite = true;
  } else if (auto store = dyn_cast<simt::BoxStoreOp>(op)) {
    // One thread writes for all.
    auto map = store.getMap().getDefiningOp<simt::BoxMapOp>();
    if (!map)
      return std::nullopt;
    pointer = map.getBase();
    access.isWrite = access.isCopied = true;
  } else {
    return std::nullopt;
  }
  access.root = globalRoot(pointer);
  return access;
}

bool isParameter(Value root) {
  auto argument = dyn_cast_or_null<BlockArgument>(root);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

bool mayWrite(func::FuncOp function, Value base, bool byThreads) {
  WalkResult result = function.walk([&](Operation *op) {
    Value root;
    if (auto store = dyn_cast<tile::DescriptorStoreOp>(op)) {
      if (!byThreads || !op->hasAttr(keepDescriptorAttr))
        root = globalRoot(store.getBase());
    } else if (std::optional<GlobalAccess> access = globalAccessOf(op);
               access && access->isWrite) {
      root = access->root;
    }
    return root && (root == base || !isParameter(root))
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool mayAccess(Operation *op, Value root) {
  Value other;
  if (std::optional<GlobalAccess> access = globalAccessOf(op)) {
    other = access->root;
  } else if (auto copy = dyn_cast<simt::AsyncCopyOp>(op)) {
    other = globalRoot(copy.getPtrs());
  } else if (auto load = dyn_cast<simt::BoxLoadOp>(op)) {
    auto map = load.getMap().getDefiningOp<simt::BoxMapOp>();
    if (!map)
      return true;
    other = map.getBase();
  } else {
    return false;
  }
  return root == other || !isParameter(root) || !isParameter(other);
}

} // namespace tilesdk::optimizer
