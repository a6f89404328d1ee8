//===- guard.h - LLVM's fatal errors as values ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM ends the process where it cannot go on ("Cannot select", out of memory,
// an exit() inside the linker). Inside runGuarded such an end jumps back to the
// guard of its thread and becomes an error: what the body had allocated is
// leaked on purpose, because its state is unknown. No signal handler is
// installed, so the caller's process keeps its own.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace tilesdk::codegen {

struct GuardResult {
  enum Cause {
    None,        ///< The body came to its end.
    Fatal,       ///< report_fatal_error.
    OutOfMemory, ///< LLVM's allocation failure handler.
    Exit,        ///< A library called exit().
    Abandoned,   ///< Our own abandonGuarded().
  };
  Cause cause = None;
  std::string message;
};

/// Runs \p body on this thread. Returns true when it came to its end. May be
/// nested; the innermost guard catches. Objects that the body leaves behind in
/// \p body's captures must not be destroyed when this returns false.
bool runGuarded(llvm::function_ref<void()> body, GuardResult &result);

/// True on a thread that is inside runGuarded.
bool insideGuard();

/// Leaves the innermost guarded body from a callback that has no other way out.
[[noreturn]] void abandonGuarded(GuardResult::Cause cause, const char *message);

} // namespace tilesdk::codegen
