//===- ops_matrix.cpp - Operations on matrices and shared memory *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

void addMatrixOps(OpTable &table) {
  addBufferOps(table);
  addDotOps(table);
  addAsyncProductOps(table);
  addAsyncOps(table);
  addBarrierOps(table);
  addBoxOps(table);
  addAtomicOps(table);
  addGatherOps(table);
  addDebugOps(table);
}

} // namespace tilesdk::lowering
