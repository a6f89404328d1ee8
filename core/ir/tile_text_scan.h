//===- tile_text_scan.h - Bounds on IR text before it is parsed -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstddef>
#include <optional>
#include <string>

namespace tilesdk::tile {

struct TextProblem {
  size_t offset; ///< Byte in the text.
  std::string message;
};

/// Looks for what makes MLIR's recursive parser or printer exhaust stack or
/// memory: brackets nested deeper than \p maxNesting, affine maps (their
/// expressions recurse without brackets; tile IR has none), and aliases other
/// than those of locations (a chain of them grows exponentially when printed), and
/// numbers of results that can not be there.
/// Linear in the text.
std::optional<TextProblem> scanIrText(llvm::StringRef text,
                                      unsigned maxNesting);

} // namespace tilesdk::tile
