//===- golden_syntax_test.cpp - Messages of lexer and parser --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser.h"
#include "core/frontend/test/golden_runner.h"

#include <gtest/gtest.h>

using namespace tilesdk;

TEST(GoldenDiagnostics, Syntax) {
  unsigned cases = frontend::test::runGoldenCases(
      TILESDK_SOURCE_DIR "/core/frontend/test/diagnostics", "syntax_",
      [](const frontend::test::GoldenCase &, diagnostics::FileId file,
         diagnostics::SourceManager &, diagnostics::DiagnosticSink &sink) {
        frontend::parseModule(file, sink);
      });
  EXPECT_GT(cases, 20u);
}
