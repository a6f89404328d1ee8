//===- outcome.h - What a call of the driver came to ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tests that are the driver's host: the driver only passes errors on, so
// they are objects of the test's own.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace tilesdk::amd {

struct Outcome {
  /// Takes an error that makeOutcome() gave; null: the call has succeeded.
  Outcome(tsdk_error error) {
    if (auto *own = reinterpret_cast<Outcome *>(error)) {
      *this = std::move(*own);
      delete own;
    }
  }
  bool says(std::string_view text) const {
    return message.find(text) != std::string::npos;
  }

  tsdk_code code = TSDK_OK;
  int64_t native = 0;
  std::string message;
};

/// tsdk_host::error.
inline tsdk_error makeOutcome(void *, tsdk_code code, int64_t native,
                              tsdk_str text) {
  auto *made = new Outcome(nullptr);
  made->code = code;
  made->native = native;
  made->message.assign(text.data, text.size);
  return reinterpret_cast<tsdk_error>(made);
}

#define EXPECT_DONE(CALL)                                                      \
  do {                                                                         \
    Outcome outcome(CALL);                                                     \
    EXPECT_EQ(outcome.code, TSDK_OK) << outcome.message;                       \
  } while (0)

/// What a driver says of a function, where that is a number of 32 bits.
inline uint32_t functionInfo(const tsdk_driver &driver, void *device,
                             void *function, uint32_t which) {
  uint32_t value = 0;
  size_t size = sizeof value;
  EXPECT_DONE(driver.function_info(driver.self, device, function, which, &value,
                                   &size));
  return value;
}

} // namespace tilesdk::amd
