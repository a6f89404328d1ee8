//===- structured.cpp - Operations with loops of their own ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"

namespace tilesdk::lowering {

void Engine::emitStructured(Operation *op) {
  if (isa<tile::LoadOp, tile::StoreOp>(op) &&
      !isa<RankedTensorType>(op->getOperand(0).getType()))
    return emitScalarMemory(op);
  fail(op, "operation '" + op->getName().getStringRef() +
               "' is not supported on this target");
}

} // namespace tilesdk::lowering
