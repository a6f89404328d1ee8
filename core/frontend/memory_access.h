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

/// A tuple of \p rank run-time integers of type \p dtype, from an argument
/// called \p what; nothing after a message of \p diag.
std::optional<Value> integerTuple(Sema &sema, const Value &value,
                                  llvm::StringRef what, size_t rank,
                                  DType dtype, Span where, Diag diag);

/// Addresses of a block and, for checked dimensions, a mask.
struct BlockAccess {
  Value pointer;
  Value mask;
};
/// The block at \p offsets of the array that starts at \p base. Coordinates
/// of dimensions in \p checked are compared with 0 and \p extents.
std::optional<BlockAccess>
blockAccess(Sema &sema, const Value &base, llvm::ArrayRef<Value> extents,
            llvm::ArrayRef<Value> strides, llvm::ArrayRef<Value> offsets,
            llvm::ArrayRef<int64_t> block, llvm::ArrayRef<bool> checked,
            Span where);

/// A tensor descriptor from its parts, all run-time scalars but the block and
/// the padding; nothing after a message.
std::optional<Value> makeDescriptor(Sema &sema, const Value &base, Value shape,
                                    Value strides,
                                    llvm::ArrayRef<int64_t> block,
                                    llvm::StringRef padding, Span where);
/// Why there is no such descriptor.
std::optional<std::string> descriptorProblem(DType element,
                                             llvm::ArrayRef<int64_t> block,
                                             llvm::StringRef padding);

/// `load` and `store` of a block pointer, which is argument 0. The numbers are
/// those of the arguments in \p call.
Value loadBlock(Sema &sema, BuiltinCall &call, unsigned boundary,
                unsigned padding, const AccessModes &modes);
Value storeBlock(Sema &sema, BuiltinCall &call, unsigned value,
                 unsigned boundary, const AccessModes &modes);

} // namespace tilesdk::frontend
