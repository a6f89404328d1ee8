//===- utf8.h - One code point at a time ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace tilesdk::diagnostics {

struct CodePoint {
  uint32_t value;
  /// Bytes taken; 1 for an invalid byte, so that scanning goes on.
  uint8_t size;
  bool valid;
};

/// Decodes the first code point of a text that is not empty. Overlong forms,
/// surrogates and values above 0x10ffff are invalid.
CodePoint decodeUtf8(llvm::StringRef text);

void appendUtf8(std::string &out, uint32_t codePoint);

/// What a terminal is shown for one code point: controls, invisible and
/// direction-changing characters and invalid bytes become visible escapes.
/// Returns the number of columns taken.
unsigned appendVisible(std::string &out, llvm::StringRef bytes,
                       CodePoint codePoint);

/// The whole text through appendVisible.
std::string visibleText(llvm::StringRef text, bool keepNewlines = false);

} // namespace tilesdk::diagnostics
