//===- parser.h - Source text to syntax tree --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"
#include "core/frontend/ast.h"

#include <memory>

namespace tilesdk::frontend {

/// Bounds that keep hostile sources from exhausting stack and memory.
struct ParseLimits {
  /// Brackets, prefix operators and the like inside of each other.
  unsigned maxNesting = 200;
  /// Blocks inside of each other.
  unsigned maxBlocks = 100;
  /// Height of an expression tree: operator and attribute chains count too.
  unsigned maxExprHeight = 500;
  /// `elif`s of one statement.
  unsigned maxElifs = 400;
  uint32_t maxSourceBytes = 8u << 20;
};

/// Parses one file of the sink's SourceManager. Never null: mistakes are
/// reported to \p sink and leave error nodes, and `hasErrors` is set.
std::unique_ptr<Module> parseModule(diagnostics::FileId file,
                                    diagnostics::DiagnosticSink &sink,
                                    const ParseLimits &limits = {});

} // namespace tilesdk::frontend
