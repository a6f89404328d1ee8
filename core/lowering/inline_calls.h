//===- inline_calls.h - Calls become the bodies of functions ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tilesdk::lowering {

/// Replaces calls by the bodies of the functions, which are single blocks.
/// Emits an error when that fails.
llvm::LogicalResult inlineCalls(mlir::ModuleOp module,
                                mlir::func::FuncOp kernel);

} // namespace tilesdk::lowering
