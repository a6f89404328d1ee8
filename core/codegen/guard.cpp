//===- guard.cpp - LLVM's fatal errors as values ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/guard.h"

#include "llvm/Support/ErrorHandling.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace tilesdk::codegen {

namespace {

struct Frame {
  std::jmp_buf jump;
  Frame *outer;
  GuardResult *result;
};

thread_local Frame *innermost = nullptr;

[[noreturn]] void leave(GuardResult::Cause cause, const char *message) {
  Frame *frame = innermost;
  frame->result->cause = cause;
  frame->result->message = message ? message : "";
  std::longjmp(frame->jump, 1);
}

void onFatalError(void *, const char *reason, bool) {
  // Outside of a guard LLVM goes on to its own message and abort().
  if (innermost)
    leave(GuardResult::Fatal, reason);
}

void onBadAlloc(void *, const char *reason, bool) {
  if (innermost)
    leave(GuardResult::OutOfMemory, reason);
}

void installHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::install_fatal_error_handler(onFatalError);
    llvm::install_bad_alloc_error_handler(onBadAlloc);
  });
}

} // namespace

bool insideGuard() { return innermost != nullptr; }

void abandonGuarded(GuardResult::Cause cause, const char *message) {
  if (!innermost) {
    std::fprintf(stderr, "tilesdk: %s outside of a guard\n", message);
    std::abort();
  }
  leave(cause, message);
}

bool runGuarded(llvm::function_ref<void()> body, GuardResult &result) {
  installHandlers();
  result = GuardResult();
  // Nothing that is changed between setjmp and longjmp is read after it, and
  // no object with a destructor lives in this frame.
  Frame frame;
  frame.outer = innermost;
  frame.result = &result;
  if (setjmp(frame.jump) != 0) {
    innermost = frame.outer;
    return false;
  }
  innermost = &frame;
  body();
  innermost = frame.outer;
  return true;
}

} // namespace tilesdk::codegen

// The linker leaves a fatal error through llvm_shutdown() and Process::Exit,
// which would end the caller's process. Every binary with this library is
// linked with --wrap of both (see CMakeLists.txt).
// NOLINTBEGIN(bugprone-reserved-identifier): ld --wrap prescribes the names.
extern "C" {
void __real__ZN4llvm13llvm_shutdownEv();
[[noreturn]] void __real__ZN4llvm3sys7Process4ExitEib(int code, bool noCleanup);

void __wrap__ZN4llvm13llvm_shutdownEv() {
  if (!tilesdk::codegen::insideGuard())
    __real__ZN4llvm13llvm_shutdownEv();
}

[[noreturn]] void __wrap__ZN4llvm3sys7Process4ExitEib(int code,
                                                      bool noCleanup) {
  if (tilesdk::codegen::insideGuard())
    tilesdk::codegen::abandonGuarded(tilesdk::codegen::GuardResult::Exit,
                                     "the linker gave up");
  __real__ZN4llvm3sys7Process4ExitEib(code, noCleanup);
}
}
// NOLINTEND(bugprone-reserved-identifier)
