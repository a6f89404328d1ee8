//===- kernels.h - From the kernels of a module to functions ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tilesdk::lowering {

/// Replaces the functions of \p module by what \p emit makes of its kernels,
/// whose calls have become the bodies of the functions. The name is that of the
/// new function. False when an error was emitted.
bool lowerKernels(
    mlir::ModuleOp module,
    llvm::function_ref<bool(mlir::func::FuncOp, llvm::StringRef)> emit);

} // namespace tilesdk::lowering
