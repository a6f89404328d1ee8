//===- passes.h - Passes on tile IR -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace tilesdk::optimizer {

#define GEN_PASS_DECL
#include "core/optimizer/passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "core/optimizer/passes.h.inc"

} // namespace tilesdk::optimizer
