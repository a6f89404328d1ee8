//===- artifact.cpp - Machine code with its assembly ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/artifact.h"

#include <cstring>

namespace tilesdk::nvidia {

namespace {

constexpr std::string_view Magic = "TSDKPTX1";
constexpr size_t TrailerBytes = 8 + Magic.size();

size_t padded(size_t size) { return (size + 7) / 8 * 8; }

} // namespace

size_t artifactSize(std::string_view code, std::string_view assembly) {
  return assembly.empty()
             ? code.size()
             : padded(code.size()) + assembly.size() + 1 + TrailerBytes;
}

void writeArtifact(std::string_view code, std::string_view assembly,
                   char *out) {
  std::memset(out, 0, artifactSize(code, assembly));
  std::memcpy(out, code.data(), code.size());
  if (assembly.empty())
    return;
  out += padded(code.size());
  std::memcpy(out, assembly.data(), assembly.size());
  out += assembly.size() + 1;
  uint64_t size = assembly.size() + 1;
  std::memcpy(out, &size, 8);
  std::memcpy(out + 8, Magic.data(), Magic.size());
}

bool readArtifact(tsdk_bytes object, Artifact *out) {
  std::string_view all(static_cast<const char *>(object.data), object.size);
  *out = {};
  constexpr size_t headerBytes = 64;
  constexpr uint16_t machine = 190; // EM_CUDA
  if (all.size() < headerBytes || all.substr(0, 4) != "\x7f"
                                                      "ELF") {
    // The driver reads text up to its NUL.
    if (all.empty() || all.back() != 0 ||
        all.find(".version") == std::string_view::npos)
      return false;
    out->assembly = all.data();
    return true;
  }
  uint16_t found;
  std::memcpy(&found, all.data() + 18, sizeof found);
  if (found != machine)
    return false;
  out->code = all.data();
  if (all.size() < headerBytes + TrailerBytes ||
      all.substr(all.size() - Magic.size()) != Magic)
    return true;
  uint64_t size;
  std::memcpy(&size, all.data() + all.size() - TrailerBytes, sizeof size);
  if (size < 2 || size > all.size() - TrailerBytes - headerBytes)
    return false;
  const char *text = all.data() + all.size() - TrailerBytes - size;
  if (text[size - 1] != 0)
    return false;
  out->assembly = text;
  return true;
}

} // namespace tilesdk::nvidia
