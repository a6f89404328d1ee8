//===- tile_reader.h - Reads and writes tile IR -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace tilesdk::diagnostics {
class DiagnosticSink;
} // namespace tilesdk::diagnostics

namespace tilesdk::tile {

/// Limits of what the reader takes. They are far above what compilers write,
/// and keep a hostile file from exhausting stack or memory.
inline constexpr uint64_t maxIrBytes = uint64_t(64) << 20;
inline constexpr unsigned maxIrNesting = 256;
inline constexpr uint64_t maxAttributeSize = uint64_t(1) << 22;

/// Reads a module of tile IR and verifies it.
///
/// \p bytes is MLIR text or MLIR bytecode of this or an older version of the
/// dialect; \p name stands for it in messages. \p context needs the dialects of
/// registerTileDialects. Never crashes on bad input: on failure the result is
/// null and \p sink has at least one error. The module holds only functions
/// with bodies, ops of tile IR and values of tile types; with \p withLayouts
/// also what the stage `simt` adds.
mlir::OwningOpRef<mlir::ModuleOp>
readTileModule(llvm::StringRef bytes, llvm::StringRef name,
               mlir::MLIRContext &context, diagnostics::DiagnosticSink &sink,
               bool withLayouts = false);

/// Writes bytecode of the current version. Equal modules give equal bytes.
mlir::LogicalResult writeTileBytecode(mlir::ModuleOp module,
                                      llvm::raw_ostream &os);

} // namespace tilesdk::tile
