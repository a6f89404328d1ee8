//===- result.h - A value or the reason there is none -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace tilesdk::layout {

/// Why an operation has no result; one sentence that names the dimension.
struct Error {
  std::string message;
};

/// A T or an Error. Nothing in this folder aborts on what a caller hands in.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : message(std::move(error.message)) {}

  explicit operator bool() const { return value.has_value(); }
  const T &operator*() const & { return get(); }
  T &operator*() & { return get(); }
  T &&operator*() && { return std::move(get()); }
  const T *operator->() const { return &get(); }
  T *operator->() { return &get(); }
  /// Empty when there is a value.
  const std::string &error() const { return message; }

private:
  const T &get() const {
    assert(value && "look at the result before taking its value");
    return *value;
  }
  T &get() {
    assert(value && "look at the result before taking its value");
    return *value;
  }

  std::optional<T> value;
  std::string message;
};

} // namespace tilesdk::layout
