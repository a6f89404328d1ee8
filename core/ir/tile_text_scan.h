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

/// Looks for what makes MLIR's parser or printer end the process, by stack,
/// memory or null: brackets nested deeper than \p maxNesting, affine maps
/// (their expressions recurse without brackets), aliases other than those of
/// locations and layouts (a chain of them grows exponentially when printed),
/// numbers of results that cannot be there, arrays of other than numbers, and
/// kinds of types and attributes that tile IR has not. Linear in the text.
std::optional<TextProblem> scanIrText(llvm::StringRef text,
                                      unsigned maxNesting);

} // namespace tilesdk::tile
