//===- open_accesses.h - Accesses that no barrier has closed ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/Operation.h"

#include <set>
#include <tuple>

namespace tilesdk::optimizer {

enum class AccessKind {
  Read,
  Write,
  /// What runs by itself, counted in waits. A barrier does not end it.
  CopyWrite, ///< simt.async_copy, until simt.async_wait.
  MmaRead,   ///< simt.mma_async, until simt.mma_wait.
  BoxRead,   ///< simt.box_store, until simt.box_store_wait.
  BoxWrite,  ///< The same in global memory, until such a wait `written`.
};

inline bool isWrite(AccessKind kind) {
  return kind == AccessKind::Write || kind == AccessKind::CopyWrite;
}

/// An access to shared memory, or to global memory that copies go through.
struct Access {
  int64_t begin = 0, end = 0; ///< Bytes.
  AccessKind kind = AccessKind::Read;
  /// Of asynchronous kinds: groups committed since, its own included.
  unsigned age = 0;
  /// The array and the slot of an iteration, see slotAttr; of BoxWrite the
  /// store, and 0 of former iterations that wrote elsewhere; or null.
  mlir::Operation *alloc = nullptr;
  int64_t slot = -1;
  /// Of global memory: see GlobalAccess.
  void *root = nullptr;
  bool isCopied = false;

  bool operator<(const Access &other) const { return key() < other.key(); }
  bool operator==(const Access &other) const { return key() == other.key(); }
  std::tuple<int64_t, int64_t, AccessKind, unsigned, mlir::Operation *, int64_t,
             void *, bool>
  key() const {
    return {begin, end, kind, age, alloc, slot, root, isCopied};
  }
  bool overlaps(const Access &other) const {
    // Threads without copies keep to their own elements, unless the kernel
    // wants otherwise and has barriers for it.
    if (root || other.root)
      return root == other.root && (isCopied || other.isCopied);
    if (alloc && alloc == other.alloc && slot >= 0 && other.slot >= 0)
      return slot == other.slot;
    return begin < other.end && other.begin < end;
  }
  bool meets(const Access &other) const {
    // Who looks at what boxes write has waited for it already.
    if (kind == AccessKind::BoxWrite || other.kind == AccessKind::BoxWrite)
      return false;
    return (isWrite(kind) || isWrite(other.kind)) && overlaps(other);
  }
};

/// The accesses that may be under way at a place in the kernel.
struct OpenAccesses {
  std::set<Access> open;
  /// Writes that are done, since the last fence: asynchronous reads do not see
  /// them.
  std::set<Access> unfenced;

  void merge(const OpenAccesses &other);
  bool operator==(const OpenAccesses &other) const {
    return open == other.open && unfenced == other.unfenced;
  }
  /// Everything ordinary before a barrier is done behind it.
  void close();
  /// A group of \p kind is committed.
  void grow(AccessKind kind);
  /// Those of \p kind are done, and everybody knows.
  void forget(AccessKind kind);
  /// At most \p pending groups of \p kind are left; the others are \p done.
  void complete(AccessKind kind, AccessKind done, unsigned pending);

private:
  void change(AccessKind kind, llvm::function_ref<void(Access &)> apply);
};

} // namespace tilesdk::optimizer
