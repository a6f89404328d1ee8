//===- open_accesses.cpp - Accesses that no barrier has closed ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/open_accesses.h"

using namespace mlir;

namespace tilesdk::optimizer {

/// Ages above this are the same: a wait that leaves more in flight is none.
static constexpr unsigned maxAge = 64;

void OpenAccesses::merge(const OpenAccesses &other) {
  open.insert(other.open.begin(), other.open.end());
  unfenced.insert(other.unfenced.begin(), other.unfenced.end());
}

void OpenAccesses::close() {
  std::erase_if(open,
                [](const Access &a) { return a.kind <= AccessKind::Write; });
}

void OpenAccesses::grow(AccessKind kind) {
  change(kind,
         [](Access &access) { access.age = std::min(access.age + 1, maxAge); });
}

void OpenAccesses::forget(AccessKind kind) {
  std::erase_if(open, [&](const Access &a) { return a.kind == kind; });
}

void OpenAccesses::complete(AccessKind kind, AccessKind done,
                            unsigned pending) {
  change(kind, [&](Access &access) {
    // What was not committed is not waited for.
    if (access.age > pending || access.age == maxAge) {
      access.kind = done;
      access.age = 0;
      if (isWrite(done))
        unfenced.insert(access);
    }
  });
}

void OpenAccesses::change(AccessKind kind,
                          llvm::function_ref<void(Access &)> apply) {
  std::set<Access> next;
  for (Access access : open) {
    if (access.kind == kind)
      apply(access);
    next.insert(access);
  }
  open = std::move(next);
}

} // namespace tilesdk::optimizer
