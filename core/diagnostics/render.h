//===- render.h - Diagnostics as text and as JSON ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "llvm/Support/JSON.h"

namespace tilesdk::diagnostics {

struct RenderOptions {
  /// The caller decides (terminal, NO_COLOR, CLICOLOR_FORCE, --color).
  bool color = false;
  /// The closing "for more: tilesdk explain T0311" line.
  bool explainHint = true;
  unsigned tabWidth = 4;
};

/// The message with its source lines, ending in a newline. \p sources may miss
/// the file: then only the location is shown.
std::string renderText(const Diagnostic &diagnostic,
                       const SourceManager &sources,
                       const RenderOptions &options = {});
/// All messages, separated by empty lines.
std::string renderText(llvm::ArrayRef<Diagnostic> diagnostics,
                       const SourceManager &sources,
                       const RenderOptions &options = {});

/// {"severity","code","name","message","args","span","label","labels",
///  "children"}; a span is {"file","line","column","end_line","end_column"}.
llvm::json::Value toJson(const Diagnostic &diagnostic);
/// One object per line, as `--message-format=json` prints it.
std::string renderJsonLines(llvm::ArrayRef<Diagnostic> diagnostics);

/// "T0311 dot-inner-mismatch (error)", the message and its explanation.
std::string renderExplanation(const DiagInfo &info);

} // namespace tilesdk::diagnostics
