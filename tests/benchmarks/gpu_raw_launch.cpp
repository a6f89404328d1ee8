//===- gpu_raw_launch.cpp - cuLaunchKernel in a Python process --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The peer of launches from Python, on the same stream of the same process.
//
//===----------------------------------------------------------------------===//

#include "tests/benchmarks/gpu_driver.h"

#include <chrono>

using benchmarks::Driver;

static Driver &driver() {
  static Driver instance;
  return instance;
}

/// The function of a kernel of machine code or assembly. The context is the
/// caller's current one.
extern "C" __attribute__((visibility("default"))) void *
tilesdk_raw_load(const char *code, const char *kernel, unsigned shared) {
  return driver().load(code, kernel, shared);
}

/// Seconds that `count` launches of one program took the host.
extern "C" __attribute__((visibility("default"))) double
tilesdk_raw_launches(void *function, unsigned threads, unsigned shared,
                     void *stream, void **params, unsigned count) {
  auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < count; ++i)
    Driver::require(driver().launch(function, 1, 1, 1, threads, 1, 1, shared,
                                    stream, params, nullptr),
                    "cuLaunchKernel");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}
