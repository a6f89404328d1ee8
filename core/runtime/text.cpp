//===- text.cpp - Element types, signatures, literals -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/text.h"

#include <charconv>
#include <cmath>

using namespace tilesdk::runtime;

namespace {

struct DtypeRow {
  const char *name;
  const char *triton; ///< Null when it is the same.
  unsigned bytes;
  char group; ///< i, u, f.
};

// Indexed by TSDK_DTYPE_NONE...
constexpr DtypeRow dtypes[] = {
    {"", nullptr, 0, ' '},
    {"i1", nullptr, 1, 'u'},
    {"i8", nullptr, 1, 'i'},
    {"i16", nullptr, 2, 'i'},
    {"i32", nullptr, 4, 'i'},
    {"i64", nullptr, 8, 'i'},
    {"u8", nullptr, 1, 'u'},
    {"u16", nullptr, 2, 'u'},
    {"u32", nullptr, 4, 'u'},
    {"u64", nullptr, 8, 'u'},
    {"f16", "fp16", 2, 'f'},
    {"bf16", nullptr, 2, 'f'},
    {"f32", "fp32", 4, 'f'},
    {"f64", "fp64", 8, 'f'},
    {"f8e4m3", "fp8e4nv", 1, 'f'},
    {"f8e5m2", "fp8e5", 1, 'f'},
    {"f8e4m3fnuz", "fp8e4b8", 1, 'f'},
    {"f8e5m2fnuz", "fp8e5b16", 1, 'f'},
    {"f8e4m3b11", "fp8e4b15", 1, 'f'},
};
constexpr uint32_t numDtypes = std::size(dtypes);

} // namespace

const char *tilesdk::runtime::dtypeName(uint32_t dtype) {
  return dtype && dtype < numDtypes ? dtypes[dtype].name : nullptr;
}

unsigned tilesdk::runtime::dtypeBytes(uint32_t dtype) {
  return dtype < numDtypes ? dtypes[dtype].bytes : 0;
}

bool tilesdk::runtime::isFloat(uint32_t dtype) {
  return dtype < numDtypes && dtypes[dtype].group == 'f';
}

bool tilesdk::runtime::isSigned(uint32_t dtype) {
  return dtype < numDtypes && dtypes[dtype].group == 'i';
}

uint32_t tilesdk::runtime::parseDtype(llvm::StringRef name) {
  if (name == "u1")
    return TSDK_I1;
  for (uint32_t i = 1; i < numDtypes; ++i)
    if (name == dtypes[i].name ||
        (dtypes[i].triton && name == dtypes[i].triton))
      return i;
  return TSDK_DTYPE_NONE;
}

std::optional<std::vector<std::string>>
tilesdk::runtime::splitSignature(llvm::StringRef text) {
  std::vector<std::string> entries;
  if (text.trim().empty())
    return entries;
  size_t depth = 0, start = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote) {
      if (c == '\\')
        ++i;
      else if (c == quote)
        quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      if (!depth--)
        return std::nullopt;
    } else if (c == ',' && !depth) {
      entries.push_back(text.slice(start, i).trim().str());
      start = i + 1;
    }
  }
  if (quote || depth)
    return std::nullopt;
  entries.push_back(text.substr(start).trim().str());
  return entries;
}

std::string tilesdk::runtime::floatLiteral(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[40];
  std::to_chars_result result =
      std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, result.ptr);
  // "4" would read back as an integer.
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text;
}
