//===- boxes.h - Copies of boxes by one thread ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// Bytes of a map, and what its address is a multiple of.
constexpr int64_t BoxMapBytes = 128, BoxMapAlignment = 64;

/// How many parameters of the kernel are maps.
unsigned countBoxMaps(func::FuncOp kernel);

} // namespace tilesdk::lowering
