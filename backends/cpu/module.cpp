//===- module.cpp - What a kernel's metadata says ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/module.h"

#include <cstring>

namespace tilesdk::cpu {

namespace {

/// Reads JSON just far enough to step over values. Depth is counted, not
/// recursed, so hostile nesting is harmless.
class JsonCursor {
public:
  explicit JsonCursor(std::string_view text) : text(text) {}

  bool consume(char wanted) {
    skipSpace();
    if (at >= text.size() || text[at] != wanted)
      return false;
    ++at;
    return true;
  }

  bool string(std::string_view &out) {
    if (!consume('"'))
      return false;
    size_t start = at;
    while (at < text.size() && text[at] != '"')
      at += text[at] == '\\' ? 2 : 1;
    if (at >= text.size())
      return false;
    out = text.substr(start, at - start);
    ++at;
    return true;
  }

  /// Steps over one value; \p out is its text when it is a scalar.
  bool value(std::string_view &out) {
    skipSpace();
    if (at >= text.size())
      return false;
    if (text[at] == '"')
      return string(out);
    if (text[at] == '{' || text[at] == '[') {
      out = {};
      return skipNested();
    }
    size_t start = at;
    while (at < text.size() && !strchr(",}] \t\r\n", text[at]))
      ++at;
    out = text.substr(start, at - start);
    return true;
  }

private:
  void skipSpace() {
    while (at < text.size() && strchr(" \t\r\n", text[at]) && text[at])
      ++at;
  }

  bool skipNested() {
    size_t depth = 0;
    while (at < text.size()) {
      char letter = text[at];
      std::string_view ignored;
      if (letter == '"') {
        if (!string(ignored))
          return false;
        continue;
      }
      ++at;
      if (letter == '{' || letter == '[')
        ++depth;
      else if ((letter == '}' || letter == ']') && --depth == 0)
        return true;
    }
    return false;
  }

  std::string_view text;
  size_t at = 0;
};

/// Moves \p cursor, which stands before an object, behind the colon of \p key.
bool enterMember(JsonCursor &cursor, std::string_view key) {
  if (!cursor.consume('{'))
    return false;
  do {
    std::string_view name, ignored;
    if (!cursor.string(name) || !cursor.consume(':'))
      return false;
    if (name == key)
      return true;
    if (!cursor.value(ignored))
      return false;
  } while (cursor.consume(','));
  return false;
}

} // namespace

std::string_view optionOfMetadata(std::string_view json, std::string_view key) {
  JsonCursor cursor(json);
  std::string_view value;
  if (enterMember(cursor, "options") && enterMember(cursor, key) &&
      cursor.value(value))
    return value;
  return {};
}

} // namespace tilesdk::cpu
