//===- tile_bytecode_check.h - Bounds on bytecode ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace tilesdk::tile {

/// The version of MLIR's container format that tile IR is kept in. It has
/// neither use-list orders nor native properties, which MLIR's reader takes on
/// trust, and every later MLIR reads it.
inline constexpr unsigned containerVersion = 2;

/// Walks the whole container without building anything: every count, index,
/// length and reference must lie inside of what holds it, references must not
/// form circles, and only encodings that tile IR needs may occur. MLIR's reader
/// corrupts memory when some of that does not hold. Linear in the bytes.
/// Returns what is wrong, or nothing.
std::optional<std::string> checkBytecode(llvm::StringRef bytes,
                                         mlir::MLIRContext &context,
                                         unsigned maxNesting);

} // namespace tilesdk::tile
