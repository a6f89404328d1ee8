//===- leaks_allowed.h - Leaks that are meant -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

// Defined in builds with the leak sanitizer.
extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

/// What an abandoned compilation owns is leaked on purpose.
struct LeaksAllowed {
  LeaksAllowed() {
    if (__lsan_disable)
      __lsan_disable();
  }
  ~LeaksAllowed() {
    if (__lsan_enable)
      __lsan_enable();
  }
};
