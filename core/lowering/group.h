//===- group.h - One loop nest for a group ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lane loop runs twice: first over the chunks where every mask of the form
// "index < bound" is known to be true, then with the masks over what is left.
// Kernels that write much more than the caches hold get a second version of
// the loop with non-temporal stores, and indices taken modulo a size one for
// the usual case that they do not wrap inside of the tile.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/engine.h"
#include "core/lowering/reduce.h"

namespace tilesdk::lowering {

class GroupEmitter {
public:
  GroupEmitter(Engine &e, Plan &plan, Step &step)
      : e(e), B(e.B), plan(plan), step(step), rank(step.space.size()),
        axis(step.reduceDim) {}

  void emit();

private:
  void chooseLanes();
  int chooseLaneDim();
  unsigned widestElement(unsigned &work);
  void createViews();
  void emitPoint();
  Values emitVersions();
  Values emitNest(unsigned d);
  Values emitLaneLoop();
  Values emitChunk(Value iv, ArrayRef<Value> acc);
  Values emitMembers(ArrayRef<Value> acc, Value isFirst);
  void finishReductions(ArrayRef<Value> acc, Values &scalars);
  Value streamingCondition();
  void collectMasks();

  Point loopPoint(Value lane) {
    Point p;
    p.index.assign(index.begin(), index.end());
    p.laneDim = laneDim;
    p.lanes = lanes;
    if (laneDim >= 0)
      p.index[laneDim] = lane;
    return p;
  }
  bool isReduced(Operation *op) {
    auto reduce = dyn_cast<tile::ReduceOp>(op);
    return reduce && axis >= 0 && reducedDim(reduce) == axis;
  }

  Engine &e;
  Build &B;
  Plan &plan;
  Step &step;
  int rank;
  int axis;
  int laneDim = -1;
  unsigned lanes = 0;
  unsigned narrowLanes = 1; ///< That fill one register.
  int64_t extent = 1;       ///< Of the lane dimension.
  SmallVector<Value> index;
  SmallVector<int> outer; ///< Loops round the lane loop.
  std::vector<Reduction> reductions;
  DenseMap<Operation *, unsigned> reductionOf;
  SmallVector<Value> masks;          ///< Of the form index < bound.
  SmallVector<Value> remainders;     ///< Indices that usually do not wrap.
  SmallVector<Engine::Known> noWrap; ///< Their starts, in the fast version.
  bool onlyMaskedStores = true;
};

} // namespace tilesdk::lowering
