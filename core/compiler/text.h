//===- text.h - Plain C text and data of the entry as LLVM's ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <cstring>

namespace tilesdk::compiler {

inline llvm::StringRef toRef(tsdk_str text) {
  if (!text.data)
    return {};
  return {text.data, text.size == TSDK_NUL_TERMINATED ? std::strlen(text.data)
                                                      : text.size};
}
inline llvm::StringRef toRef(tsdk_bytes bytes) {
  return {static_cast<const char *>(bytes.data), bytes.data ? bytes.size : 0};
}
inline tsdk_str toStr(llvm::StringRef text) {
  return {text.data(), text.size()};
}
inline tsdk_bytes toBytes(llvm::StringRef text) {
  return {text.data(), text.size()};
}

/// A struct of the plugin ABI with a missing tail taken as zero.
template <typename T> T readStruct(const T *from) {
  T result = {};
  if (from)
    std::memcpy(&result, from, std::min<size_t>(from->struct_size, sizeof(T)));
  return result;
}

/// Row `index` of an array that travels with a stride.
template <typename T> T readRow(const T *rows, size_t index, size_t stride) {
  T result = {};
  std::memcpy(&result, reinterpret_cast<const char *>(rows) + index * stride,
              std::min(stride, sizeof(T)));
  return result;
}

} // namespace tilesdk::compiler
