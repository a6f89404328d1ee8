//===- text.h - LLVM IR of device functions, as text ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::nvidia {

/// Of functions: #0 of one thread, #1 collective, #3 pure. Of calls: #2
/// collective, #4 reading.
constexpr std::string_view Attributes =
    "attributes #0 = { alwaysinline nounwind }\n"
    "attributes #1 = { alwaysinline convergent nomerge nounwind }\n"
    "attributes #2 = { convergent nomerge nounwind }\n"
    "attributes #3 = { alwaysinline nounwind memory(none) willreturn }\n"
    "attributes #4 = { nounwind memory(argmem: read) }\n";

inline bool consume(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

inline bool number(std::string_view text, uint32_t &value) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

inline std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos)
      return parts;
    text.remove_prefix(dot + 1);
  }
}

inline std::string define(std::string_view symbol, std::string_view result,
                          std::string_view params, int attributes,
                          const std::string &body,
                          const std::string &more = "") {
  return more + "define " + std::string(result) + " @" + std::string(symbol) +
         "(" + std::string(params) + ") #" + std::to_string(attributes) +
         " {\n" + body + "}\n" + std::string(Attributes);
}

/// A function that is one call of an intrinsic.
inline std::string intrinsic(std::string_view symbol, std::string_view result,
                             std::string_view params, int attributes,
                             const std::string &name,
                             const std::string &declared,
                             const std::string &args) {
  bool isVoid = result == "void";
  std::string body = "  " + std::string(isVoid ? "" : "%v = ") + "call " +
                     std::string(result) + " @" + name + "(" + args + ")\n" +
                     "  ret " + std::string(result) + (isVoid ? "" : " %v") +
                     "\n";
  return define(symbol, result, params, attributes, body,
                "declare " + std::string(result) + " @" + name + "(" +
                    declared + ")\n");
}

/// Registers of an assembly statement: {$4, $5}.
inline std::string braces(unsigned first, unsigned count) {
  if (count == 1)
    return "$" + std::to_string(first);
  std::string text = "{";
  for (unsigned i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}

/// In braces even when it is one.
inline std::string group(unsigned first, unsigned count) {
  return count == 1 ? "{$" + std::to_string(first) + "}" : braces(first, count);
}

inline std::string vectorOf(unsigned count, std::string_view type) {
  return "<" + std::to_string(count) + " x " + std::string(type) + ">";
}

} // namespace tilesdk::nvidia
