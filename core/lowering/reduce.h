//===- reduce.h - Reductions inside of a group ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along lanes a reduction keeps one accumulator per lane and combines them at
// the end, if elements may change places; otherwise every chunk is combined
// pairwise in order first. Along other dimensions each lane has its own result.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

struct Reduction {
  Reduction(tile::ReduceOp op, bool alongLanes);

  tile::ReduceOp op;
  bool alongLanes;
  bool ordered;       ///< Elements keep their order.
  Operation *known;   ///< The one operation of a region like addf.
  unsigned first = 0; ///< Of its accumulators among those of the group.
  unsigned count;     ///< Number of operands.

  /// Accumulators before the first element; without a known neutral element
  /// `step` drops them.
  Values initial(Engine &e, unsigned lanes);
  /// Takes in a chunk. `isFirst` is an i1.
  Values step(Engine &e, ArrayRef<Value> acc, ArrayRef<Value> chunk,
              Value isFirst, unsigned lanes);
  /// One scalar per operand.
  Values finish(Engine &e, ArrayRef<Value> acc, unsigned lanes);

private:
  Type elementType(unsigned i) {
    return tile::elementOf(op.getSources()[i].getType());
  }
};

} // namespace tilesdk::lowering
