//===- json.h - JSON that may be hostile ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace tilesdk::runtime {

/// Parses text from a cache or a plugin. Nothing when it is malformed, or so
/// deeply nested that a recursive parser would run out of stack.
std::optional<llvm::json::Value> parseJson(llvm::StringRef text);

std::string printJson(const llvm::json::Value &value);

/// A JSON string of text that may not be UTF-8.
llvm::json::Value jsonText(llvm::StringRef text);

} // namespace tilesdk::runtime
