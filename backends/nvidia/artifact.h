//===- artifact.h - Machine code with its assembly --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An artifact is assembly text with a NUL, or machine code (ELF) with, for
// targets that later devices run too, the assembly behind it: machine code runs
// on one generation of devices only. The ELF is at the start, so that tools for
// it take the artifact as it is.
//
//   code, padding to 8 | assembly, NUL | bytes of assembly with NUL (8) | magic
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <string_view>

namespace tilesdk::nvidia {

struct Artifact {
  const char *code = nullptr, *assembly = nullptr; ///< Null: not there.
};

/// The bytes that \p code and \p assembly take together.
size_t artifactSize(std::string_view code, std::string_view assembly);
void writeArtifact(std::string_view code, std::string_view assembly, char *out);
/// False: it is none of these forms.
bool readArtifact(tsdk_bytes object, Artifact *out);

} // namespace tilesdk::nvidia
