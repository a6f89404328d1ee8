//===- group_lanes.cpp - Lanes of a group's loop ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/form.h"
#include "core/lowering/group.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

int GroupEmitter::chooseLaneDim() {
  // The dimension along which most accesses are contiguous; the last one wins
  // a tie, because buffers are row-major.
  SmallVector<int> score(rank, 0);
  for (Operation *op : step.members) {
    if (isa<tile::LoadOp, tile::StoreOp>(op)) {
      Value ptr = op->getOperand(0);
      for (int d = 0; d < rank; ++d) {
        Form f = formOf(ptr, identityMap(shapeOf(ptr)), d);
        if (f.kind == Form::Linear && f.stride == 1)
          score[d] += 4;
      }
    }
    for (Value r : op->getResults())
      if (plan.stored.count(r))
        score[rank - 1] += 3;
    for (Value v : op->getOperands())
      if (e.viewOf(v))
        score[rank - 1] += 3;
  }
  int best = rank - 1;
  for (int d = rank - 1; d >= 0; --d)
    if (score[d] > score[best] && step.space[d] >= 4)
      best = d;
  // Few elements in the last dimension make short vectors.
  if (best == rank - 1 && rank > 1 && step.space[best] < 4) {
    bool contiguous = score[best] > 0;
    for (int d = rank - 2; d >= 0 && !contiguous; --d)
      if (step.space[d] >= 16) {
        best = d;
        break;
      }
  }
  return best;
}

unsigned GroupEmitter::widestElement(unsigned &work) {
  unsigned widest = 1;
  for (Operation *op : step.members) {
    Type type;
    if (auto store = dyn_cast<tile::StoreOp>(op))
      type = store.getValue().getType();
    else
      type = op->getResult(0).getType();
    Type element = tile::elementOf(type);
    bool moves = isa<tile::LoadOp, tile::StoreOp>(op);
    if (!moves)
      for (Value v : op->getOperands()) {
        Type t = tile::elementOf(v.getType());
        if (!isa<tile::PointerType>(t) && t != B.i1)
          widest = std::max<unsigned>(widest, B.bytesOf(e.arithmeticType(t)));
      }
    if (element != B.i1 || moves)
      widest = std::max<unsigned>(widest,
                                  moves ? e.sizeOf(element)
                                        : B.bytesOf(e.arithmeticType(element)));
    if (op->getName().getDialectNamespace() == "math" ||
        isa<tile::ExternElementwiseOp>(op))
      work += 6;
    else if (isa<arith::DivFOp, arith::DivSIOp, arith::RemSIOp, arith::DivUIOp,
                 arith::RemUIOp>(op))
      work += 4;
    else
      work += 1;
  }
  return widest;
}

void GroupEmitter::chooseLanes() {
  laneDim = chooseLaneDim();
  extent = step.space[laneDim];
  unsigned work = 0;
  unsigned widest = widestElement(work);
  unsigned target = std::max(1u, e.target.vectorBytes / widest);
  narrowLanes = target;
  // Without instructions for them, masked accesses become a branch a lane.
  if (widest < 4 && !e.target.hasMaskedMemory)
    narrowLanes = std::min(narrowLanes, 8u);
  // Light bodies take several registers at a time, to hide latencies.
  target *= work <= 6 ? 4 : work <= 12 ? 2 : 1;
  lanes = std::min(floorPowerOfTwo(extent), target);
  for (Operation *op : step.members) {
    // Foreign functions are called lane by lane.
    if (auto ext = dyn_cast<tile::ExternElementwiseOp>(op))
      if (!ext.getSymbol().starts_with("tsdk.math."))
        lanes = std::min(lanes, 4u);
    if (!isReduced(op))
      continue;
    Reduction r(cast<tile::ReduceOp>(op), axis == laneDim);
    if (r.ordered && r.alongLanes) {
      // Every lane of every chunk takes part in the pairwise combination.
      lanes = std::min<unsigned>(lanes, e.target.vectorBytes / widest);
      while (extent % lanes)
        lanes /= 2;
    }
  }
}

} // namespace tilesdk::lowering
