//===- object_loader.h - Runs what codegen made, for tests ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/codegen/codegen.h"

namespace tilesdk::codegen {

/// The CPU rows that this machine can run, best first.
llvm::SmallVector<Target> hostTargets();

/// Compiles LLVM IR text with the function `name` exported.
Status compileText(llvm::StringRef text, llvm::StringRef name,
                   const Target &target, Output &output,
                   const Options *base = nullptr);

/// A loaded shared object. Null on an error, which is printed.
void *loadFunction(llvm::StringRef object, const char *name);

} // namespace tilesdk::codegen
