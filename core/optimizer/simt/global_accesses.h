//===- global_accesses.h - Global memory that copies access -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace tilesdk::optimizer {

/// What an op does to global memory, as far as threads can meet in it.
struct GlobalAccess {
  /// Where the address comes from: a parameter of the kernel, or the op beyond
  /// which nothing is known.
  mlir::Value root;
  bool isWrite = false;
  /// Several threads read one element. Only one of them writes it, so another
  /// may read late what was written behind the read.
  bool isCopied = false;
};

/// Where a pointer, or a tensor of pointers, comes from: see GlobalAccess.
mlir::Value globalRoot(mlir::Value pointer);

/// Whether \p root is a parameter of the kernel; null is none.
bool isParameter(mlir::Value root);

std::optional<GlobalAccess> globalAccessOf(mlir::Operation *op);
/// Whether \p op accesses memory that pointers from \p root may name, copies
/// included. Different parameters of the kernel are different memory.
bool mayAccess(mlir::Operation *op, mlir::Value root);
/// Whether \p function may write to memory of its parameter \p base; with
/// \p byThreads boxes that are chosen to be stored do not count.
bool mayWrite(mlir::func::FuncOp function, mlir::Value base, bool byThreads);

} // namespace tilesdk::optimizer
