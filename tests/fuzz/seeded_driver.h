//===- seeded_driver.h - A fuzz target without libFuzzer --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>

/// What every target defines. It must not fail for any input; a broken promise
/// is a trap. -1 for inputs that were refused and lead nowhere.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// What every target gives the seeded driver: inputs to start from and words to
/// splice in.
struct FuzzSeeds {
  const char *const *texts;
  size_t numTexts;
  const char *const *words;
  size_t numWords;
  /// Mutate words and lines instead of bytes, so that most inputs parse.
  bool keepWords = false;
};
FuzzSeeds tilesdkFuzzSeeds();
