//===- atomic_ops.h - One atomic operation ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/emitter.h"

namespace tilesdk::lowering {

/// The operation on one element in register form; returns what was there. An
/// empty scope is the whole system.
Value emitAtomic(Emitter &e, tile::AtomicRMWOp op, Value address, Value v,
                 StringRef scope = {});
Value emitAtomic(Emitter &e, tile::AtomicCASOp op, Value address, Value compare,
                 Value v, StringRef scope = {});

} // namespace tilesdk::lowering
