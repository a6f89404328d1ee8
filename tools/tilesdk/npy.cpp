//===- npy.cpp - NumPy's array files ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The format is described in NumPy's documentation, numpy.lib.format.
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/npy.h"

#include <cstdlib>

using namespace tilesdk::tool;

namespace {

/// What follows `'key':` in the header's dict, from the first non-blank on.
std::string after(const std::string &header, const char *key) {
  size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string::npos ||
      (at = header.find(':', at)) == std::string::npos)
    return "";
  at = header.find_first_not_of(' ', at + 1);
  return at == std::string::npos ? "" : header.substr(at);
}

} // namespace

bool tilesdk::tool::parseNpy(const std::string &file, NpyArray &array,
                             std::string &why) {
  if (file.size() < 12 || file.compare(0, 6, "\x93NUMPY") != 0) {
    why = "is not a .npy file";
    return false;
  }
  auto byte = [&](size_t at) {
    return static_cast<size_t>(static_cast<unsigned char>(file[at]));
  };
  size_t version = byte(6);
  size_t headerAt = version == 1 ? 10 : 12;
  size_t headerSize = byte(8) | byte(9) << 8;
  if (version > 1)
    headerSize |= byte(10) << 16 | byte(11) << 24;
  if (version > 3 || headerSize > file.size() - headerAt) {
    why = "has a truncated or unknown .npy header";
    return false;
  }
  std::string header = file.substr(headerAt, headerSize);
  std::string descr = after(header, "descr"), shape = after(header, "shape");
  size_t end = descr.find('\'', 1);
  if (descr.empty() || descr[0] != '\'' || end == std::string::npos ||
      shape.empty() || shape[0] != '(') {
    why = "has a .npy header without `descr` or `shape`";
    return false;
  }
  array.descr = descr.substr(1, end - 1);
  if (after(header, "fortran_order").compare(0, 4, "True") == 0) {
    why = "is in Fortran order; save numpy.ascontiguousarray(x)";
    return false;
  }
  if (array.descr.size() < 3 || array.descr[0] == '>') {
    why = "has the element type `" + array.descr +
          "`; only little-endian numbers can be read";
    return false;
  }
  uint64_t count = 1;
  array.shape.clear();
  for (const char *at = shape.c_str() + 1; *at && *at != ')';) {
    char *next = nullptr;
    uint64_t extent = std::strtoull(at, &next, 10);
    if (next == at) {
      ++at;
      continue;
    }
    if (extent && count > UINT64_MAX / extent) {
      why = "has an impossible shape";
      return false;
    }
    count *= extent;
    array.shape.push_back(extent);
    at = next;
  }
  uint64_t itemSize = std::strtoull(array.descr.c_str() + 2, nullptr, 10);
  size_t dataAt = headerAt + headerSize;
  if (!itemSize || count > (file.size() - dataAt) / itemSize) {
    why = "holds less data than its shape says";
    return false;
  }
  array.bytes = file.substr(dataAt, static_cast<size_t>(count * itemSize));
  return true;
}

std::string tilesdk::tool::formatNpy(const NpyArray &array) {
  std::string shape = "(";
  for (uint64_t extent : array.shape)
    shape += std::to_string(extent) + ",";
  std::string header = "{'descr': '" + array.descr +
                       "', 'fortran_order': False, 'shape': " + shape + "), }";
  // The data starts at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + array.bytes;
}
