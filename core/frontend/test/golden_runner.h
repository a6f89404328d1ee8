//===- golden_runner.h - Sources and the messages they must get -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace tilesdk::frontend::test {

/// One `NAME.py` beside its `NAME.expected`.
struct GoldenCase {
  std::string name;
  std::string text;
  /// Leading comment lines `# key: value`, e.g. the signature to compile for.
  std::map<std::string, std::string> options;

  std::string option(llvm::StringRef key, llvm::StringRef fallback = "") const;
};

/// Compiles one case; its messages go to the sink.
using GoldenCompile = llvm::function_ref<void(
    const GoldenCase &golden, diagnostics::FileId file,
    diagnostics::SourceManager &sources, diagnostics::DiagnosticSink &sink)>;

/// Runs every PREFIX*.py in \p directory and compares the rendered messages
/// with the text beside it, as GoogleTest failures. With TILESDK_BLESS=1 in the
/// environment the texts are rewritten. Returns the number of cases.
unsigned runGoldenCases(llvm::StringRef directory, llvm::StringRef prefix,
                        GoldenCompile compile);

} // namespace tilesdk::frontend::test
