//===- text.h - Texts of the C API and small parsers ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_types.h"

#include "llvm/ADT/StringRef.h"

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace tilesdk::runtime {

inline llvm::StringRef toRef(tsdk_str text) {
  if (!text.data)
    return "";
  size_t size =
      text.size == TSDK_NUL_TERMINATED ? std::strlen(text.data) : text.size;
  return llvm::StringRef(text.data, size);
}

inline llvm::StringRef toRef(tsdk_bytes bytes) {
  return llvm::StringRef(static_cast<const char *>(bytes.data), bytes.size);
}

inline tsdk_str toStr(llvm::StringRef text) {
  return {text.data(), text.size()};
}

inline tsdk_bytes toBytes(llvm::StringRef bytes) {
  return {bytes.data(), bytes.size()};
}

inline std::optional<bool> parseBool(llvm::StringRef text) {
  if (text == "1" || text.equals_insensitive("true"))
    return true;
  if (text == "0" || text.equals_insensitive("false"))
    return false;
  return std::nullopt;
}

/// Spelling of an element type in signatures; null for an unknown one.
const char *dtypeName(uint32_t dtype);
/// Size in bytes of a value; 0 for an unknown one.
unsigned dtypeBytes(uint32_t dtype);
bool isFloat(uint32_t dtype);
bool isSigned(uint32_t dtype);
/// The inverse, with Triton's spellings; TSDK_DTYPE_NONE when unknown.
uint32_t parseDtype(llvm::StringRef name);

/// The entries of a signature, trimmed; nothing when quotes or parentheses do
/// not match. The empty signature has no entries.
std::optional<std::vector<std::string>> splitSignature(llvm::StringRef text);

/// A floating-point literal of the signature grammar that reads back the same.
std::string floatLiteral(double value);

} // namespace tilesdk::runtime
