//===- memory_access.h - What loads and stores share ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

namespace tilesdk::frontend {

struct AccessModes {
  tile::CacheModifier cache = tile::CacheModifier::None;
  tile::EvictionPolicy evict = tile::EvictionPolicy::Normal;
  bool isVolatile = false;
};

/// \p mask and \p other have the pointer's shape, or are null.
Value emitLoad(Sema &sema, const Value &pointer, const Value *mask,
               const Value *other, const AccessModes &modes, Span where);
void emitStore(Sema &sema, const Value &pointer, const Value &value,
               const Value *mask, const AccessModes &modes, Span where);

/// `load` and `store` of a block pointer, which is argument 0. The numbers are
/// those of the arguments in \p call.
Value loadBlock(Sema &sema, BuiltinCall &call, unsigned boundary,
                unsigned padding, const AccessModes &modes);
Value storeBlock(Sema &sema, BuiltinCall &call, unsigned value,
                 unsigned boundary, const AccessModes &modes);

} // namespace tilesdk::frontend
