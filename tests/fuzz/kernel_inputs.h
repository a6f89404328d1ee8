//===- kernel_inputs.h - Kernels as fuzz inputs -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is kernel source. Comments at its head say what to build of it, as
// in the golden tests of the front end:
//   # kernel: NAME         default: the last kernel
//   # signature: TEXT
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace tilesdk::fuzz {

/// Ends the process when a promise is broken.
void require(bool holds, const char *promise);

/// One input per kernel of the tests in the source tree, with the functions it
/// calls and a signature guessed from its parameters.
const std::vector<std::string> &kernelInputs();

/// Null when the front end reported an error or took too long.
mlir::OwningOpRef<mlir::ModuleOp> lowerInput(llvm::StringRef text,
                                             mlir::MLIRContext *context);

} // namespace tilesdk::fuzz
