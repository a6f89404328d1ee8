//===- build_exit.cpp - Leaving a kernel early ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/build_exit.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tilesdk::lowering {

void returnIf(Build &B, Value condition, llvm::function_ref<void()> before) {
  Region *region = B.b.getInsertionBlock()->getParent();
  auto *leave = new Block(), *stay = new Block();
  region->push_back(leave);
  region->push_back(stay);
  LLVM::CondBrOp::create(B.b, B.loc, condition, leave, stay);
  B.b.setInsertionPointToEnd(leave);
  before();
  LLVM::ReturnOp::create(B.b, B.loc, ValueRange{});
  B.b.setInsertionPointToEnd(stay);
}

} // namespace tilesdk::lowering
