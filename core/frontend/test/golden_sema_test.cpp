//===- golden_sema_test.cpp - Messages of the semantic analysis -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Options of a case: kernel (default `k`), signature, capture (NAME=VALUE),
// lacks (a type the target has not), dot_minimum (M,N,K), row
// (SPELLING:ARGUMENTS:RESULT), debug.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/frontend.h"
#include "core/frontend/test/golden_runner.h"

#include <gtest/gtest.h>

using namespace tilesdk;

static void compile(const frontend::test::GoldenCase &golden,
                    diagnostics::DiagnosticSink &sink) {
  std::string capture = golden.option("capture");
  auto [name, value] = llvm::StringRef(capture).split('=');
  frontend::Capture captured{name, value};
  frontend::ProgramSource source;
  source.source = golden.text;
  std::string filename = golden.name + ".py";
  source.filename = filename;
  if (!capture.empty())
    source.captures = captured;
  frontend::ParsedProgram program(source);
  diagnostics::DiagnosticSink own(program.sources());
  if (program.parse(own)) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    frontend::KernelRequest request;
    std::string kernel = golden.option("kernel", "k");
    std::string signature = golden.option("signature");
    request.kernel = kernel;
    request.signature = signature;
    request.targetName = "golden";
    request.options.debug = golden.option("debug") == "1";
    std::vector<std::string> lacks;
    if (std::string type = golden.option("lacks"); !type.empty())
      lacks.push_back(type);
    request.unsupportedTypes = lacks;
    std::string minimum = golden.option("dot_minimum");
    llvm::SmallVector<llvm::StringRef, 3> sizes;
    llvm::StringRef(minimum).split(sizes, ',', -1, false);
    for (size_t i = 0; i < sizes.size() && i < 3; ++i)
      sizes[i].getAsInteger(10, request.dotMinimum[i]);
    std::string rowText = golden.option("row");
    llvm::SmallVector<llvm::StringRef, 3> parts;
    llvm::StringRef(rowText).split(parts, ':');
    std::vector<frontend::LanguageRow> rows;
    if (parts.size() == 3)
      rows.push_back(
          {parts[0].str(), parts[1].str(), parts[2].str(), "symbol", true});
    request.rows = rows;
    auto module = frontend::lowerKernel(program, request, &context, own);
    EXPECT_EQ(bool(module), !own.hasErrors());
  }
  for (const diagnostics::Diagnostic &diagnostic : own.diagnostics())
    sink.add(diagnostic);
}

TEST(GoldenDiagnostics, Semantics) {
  unsigned cases = frontend::test::runGoldenCases(
      TILESDK_SOURCE_DIR "/core/frontend/test/diagnostics", "sema_",
      [](const frontend::test::GoldenCase &golden, diagnostics::FileId,
         diagnostics::SourceManager &,
         diagnostics::DiagnosticSink &sink) { compile(golden, sink); });
  EXPECT_GT(cases, 30u);
}
