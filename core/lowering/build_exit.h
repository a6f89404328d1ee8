//===- build_exit.h - Leaving a kernel early --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/build.h"

namespace tilesdk::lowering {

/// Ends the kernel for the threads for which \p condition holds, after what
/// \p before emits.
void returnIf(Build &B, Value condition, llvm::function_ref<void()> before);

} // namespace tilesdk::lowering
