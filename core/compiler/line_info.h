//===- line_info.h - From locations to line tables --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace tilesdk::compiler {

/// What an artifact carries of the places in the source.
enum class LineInfo {
  Directives, ///< `.file` and `.loc` of an assembly text, no DWARF sections.
  Tables,     ///< Line tables and the inlined calls.
};

/// Gives each function of the LLVM dialect a subprogram, so that translation
/// puts the locations of its operations on the instructions. Types, variables
/// and so on are not described: code stays as it is without.
void attachLineInfo(mlir::ModuleOp module, LineInfo kind);

} // namespace tilesdk::compiler
