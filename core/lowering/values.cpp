//===- values.cpp - Kinds of operations, index maps -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/plan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilesdk::lowering {

ArrayRef<int64_t> shapeOf(Value v) { return tile::shapeOf(v.getType()); }

SmallVector<int64_t> squeeze(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result;
  for (int64_t extent : shape)
    if (extent != 1)
      result.push_back(extent);
  return result;
}

IndexMap identityMap(ArrayRef<int64_t> shape) {
  IndexMap map;
  int next = 0;
  for (int64_t extent : shape)
    map.push_back(extent == 1 ? -1 : next++);
  return map;
}

bool isIdentity(const IndexMap &map, ArrayRef<int64_t> shape, size_t rank) {
  size_t next = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1)
      continue;
    if (map[i] != int(next))
      return false;
    ++next;
  }
  return next == rank;
}

bool onlyUnitDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  return squeeze(from) == squeeze(to);
}

SmallVector<int64_t> spaceOf(Operation *op) {
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    return squeeze(shapeOf(reduce.getSources()[0]));
  if (op->getNumResults())
    return squeeze(shapeOf(op->getResult(0)));
  return squeeze(shapeOf(op->getOperand(0)));
}

int reducedDim(tile::ReduceOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getSources()[0]);
  return identityMap(shape)[op.getAxis()];
}

static bool isTensor(Type type) { return isa<RankedTensorType>(type); }

OpClass classify(Operation *op) {
  bool tensors = llvm::any_of(op->getOperandTypes(), isTensor) ||
                 llvm::any_of(op->getResultTypes(), isTensor);
  if (isa<tile::AssumeOp, tile::HintOp>(op) && !op->hasAttr(copyAttr))
    return isa<tile::AssumeOp>(op) ? OpClass::Ignored
           : tensors               ? OpClass::View
                                   : OpClass::Scalar;
  if (op->hasAttr(copyAttr))
    return OpClass::Structured;
  if (isa<tile::MakeRangeOp, tile::SplatOp, tile::ExpandDimsOp,
          tile::BroadcastOp, tile::TransOp>(op))
    return OpClass::View;
  if (op->getName().getStringRef() == "ub.poison")
    return tensors ? OpClass::View : OpClass::Scalar;
  if (auto split = dyn_cast<tile::SplitOp>(op))
    return isTensor(split.getLhs().getType()) ? OpClass::View
                                              : OpClass::Structured;
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return onlyUnitDims(shapeOf(reshape.getSource()),
                        shapeOf(reshape.getResult()))
               ? OpClass::View
               : OpClass::Structured;
  if (isa<tile::ReduceOp>(op))
    return OpClass::Reduce;
  if (isa<scf::ForOp, scf::IfOp, scf::WhileOp>(op))
    return OpClass::Region;
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return tensors && !load.getIsVolatile() ? OpClass::Pointwise
                                            : OpClass::Structured;
  if (isa<tile::StoreOp>(op))
    return tensors ? OpClass::Pointwise : OpClass::Structured;
  if (isa<tile::DotOp, tile::ScanOp, tile::SortOp, tile::GatherOp,
          tile::HistogramOp, tile::CatOp, tile::JoinOp, tile::AtomicRMWOp,
          tile::AtomicCASOp, tile::PrintOp, tile::AssertOp, tile::BarrierOp>(
          op))
    return OpClass::Structured;
  if (isa<arith::ConstantOp>(op))
    return tensors ? OpClass::View : OpClass::Scalar;
  if (auto ext = dyn_cast<tile::ExternElementwiseOp>(op))
    return tensors ? OpClass::Pointwise
                   : (ext.getPure() ? OpClass::Scalar : OpClass::Structured);
  StringRef dialect = op->getName().getDialectNamespace();
  if (dialect == "arith" || dialect == "math")
    return tensors ? OpClass::Pointwise : OpClass::Scalar;
  if (isa<tile::ProgramIdOp, tile::NumProgramsOp>(op))
    return OpClass::Scalar;
  if (isa<tile::AddPtrOp, tile::FpToFpOp, tile::IntToPtrOp, tile::PtrToIntOp,
          tile::PtrCastOp, tile::SqrtRnOp, tile::DivRnOp>(op))
    return tensors ? OpClass::Pointwise : OpClass::Scalar;
  return OpClass::Unknown;
}

void cutViewChains(Operation *root) {
  DenseMap<Operation *, unsigned> depths;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op->getNumOperands() == 0 || classify(op) != OpClass::View ||
        isa<tile::SplatOp>(op))
      return;
    Operation *source = op->getOperand(0).getDefiningOp();
    unsigned depth = source ? depths.lookup(source) + 1 : 1;
    if (depth == maxViewDepth) {
      op->setAttr(copyAttr, UnitAttr::get(op->getContext()));
      depth = 0;
    }
    depths[op] = depth;
  });
}

/// Above this many operations a value is computed once and stored.
static constexpr unsigned maxVirtualCost = 16;

/// Operations to compute one element again; above maxVirtualCost: too many.
static unsigned costOf(Value v, unsigned depth = 0) {
  if (!isTensor(v.getType()))
    return 0;
  Operation *op = v.getDefiningOp();
  if (!op || depth > 40)
    return maxVirtualCost + 1;
  OpClass kind = classify(op);
  if (kind == OpClass::View) {
    if (isa<tile::MakeRangeOp, tile::SplatOp>(op) || !op->getNumOperands())
      return 0;
    return costOf(op->getOperand(0), depth + 1);
  }
  if (kind != OpClass::Pointwise || isa<tile::LoadOp>(op) ||
      isa<tile::ExternElementwiseOp>(op) ||
      op->getName().getDialectNamespace() == "math")
    return maxVirtualCost + 1;
  unsigned cost = 1;
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
          arith::DivFOp, arith::RemFOp>(op))
    cost = 6;
  for (Value operand : op->getOperands()) {
    cost += costOf(operand, depth + 1);
    if (cost > maxVirtualCost)
      break;
  }
  return cost;
}

bool isVirtual(Value v) {
  if (!isTensor(v.getType()))
    return false;
  Operation *op = v.getDefiningOp();
  if (!op)
    return false;
  OpClass kind = classify(op);
  if (kind == OpClass::View)
    return true;
  return kind == OpClass::Pointwise && costOf(v) <= maxVirtualCost;
}

static void walk(Value v, const IndexMap &map,
                 llvm::function_ref<void(Value, const IndexMap &)> leaf,
                 llvm::function_ref<bool(Value, const IndexMap &)> inner,
                 SmallVectorImpl<std::pair<Value, IndexMap>> &seen) {
  if (!isTensor(v.getType()) || !isVirtual(v))
    return leaf(v, map);
  for (auto &[other, otherMap] : seen)
    if (other == v && otherMap == map)
      return;
  seen.push_back({v, map});
  if (inner && !inner(v, map))
    return;
  Operation *op = v.getDefiningOp();
  auto recurse = [&](Value source, const IndexMap &m) {
    walk(source, m, leaf, inner, seen);
  };
  if (op->getNumOperands() == 0)
    return;
  if (auto splat = dyn_cast<tile::SplatOp>(op))
    return leaf(splat.getSource(), {});
  if (auto expand = dyn_cast<tile::ExpandDimsOp>(op)) {
    IndexMap m = map;
    m.erase(m.begin() + expand.getAxis());
    return recurse(expand.getSource(), m);
  }
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    IndexMap m = map;
    ArrayRef<int64_t> shape = shapeOf(broadcast.getSource());
    for (size_t i = 0; i < m.size(); ++i)
      if (shape[i] == 1)
        m[i] = -1;
    return recurse(broadcast.getSource(), m);
  }
  if (auto trans = dyn_cast<tile::TransOp>(op)) {
    IndexMap m(map.size());
    for (auto [i, from] : llvm::enumerate(trans.getPerm()))
      m[from] = map[i];
    return recurse(trans.getSource(), m);
  }
  if (auto split = dyn_cast<tile::SplitOp>(op)) {
    IndexMap m = map;
    m.push_back(v == split.getLhs() ? -1 : -2);
    return recurse(split.getSource(), m);
  }
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op)) {
    ArrayRef<int64_t> from = shapeOf(reshape.getSource());
    SmallVector<int> used;
    for (auto [extent, m] : llvm::zip(shapeOf(v), map))
      if (extent != 1)
        used.push_back(m);
    IndexMap m;
    size_t next = 0;
    for (int64_t extent : from)
      m.push_back(extent == 1 ? -1 : used[next++]);
    return recurse(reshape.getSource(), m);
  }
  for (Value operand : op->getOperands()) {
    if (isTensor(operand.getType()))
      recurse(operand, map);
    else
      leaf(operand, {});
  }
}

void walkLeaves(Value v, const IndexMap &map,
                llvm::function_ref<void(Value, const IndexMap &)> leaf,
                llvm::function_ref<bool(Value, const IndexMap &)> inner) {
  SmallVector<std::pair<Value, IndexMap>> seen;
  walk(v, map, leaf, inner, seen);
}

} // namespace tilesdk::lowering
