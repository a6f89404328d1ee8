//===- entry.cpp - The table that libtilesdk_compiler exports ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/codegen.h"
#include "core/codegen/guard.h"
#include "core/compiler/compile.h"
#include "core/compiler/compiler_entry.h"
#include "core/compiler/output.h"
#include "core/compiler/text.h"
#include "core/diagnostics/render.h"

namespace tilesdk::compiler {

namespace {

/// Reports what a guard caught where no compilation exists.
tsdk_code reportFatal(const Sink &sink, const codegen::GuardResult &guard) {
  diagnostics::SourceManager none;
  diagnostics::DiagnosticSink diagnostics(none);
  diagnostics.reportGlobal(diagnostics::Diag::Internal, guard.message);
  emitDiagnostics(sink, diagnostics);
  return guard.cause == codegen::GuardResult::OutOfMemory
             ? TSDK_E_RESOURCE_EXHAUSTED
             : TSDK_E_INTERNAL;
}

tsdk_code parse(const ProgramInput &input, const Sink &sink, Program **out) {
  std::vector<frontend::ModuleText> modules;
  modules.reserve(input.numModules);
  for (size_t i = 0; i < input.numModules; ++i)
    modules.push_back({toRef(input.modules[i].name),
                       toRef(input.modules[i].filename),
                       toRef(input.modules[i].source)});
  std::vector<frontend::Capture> captures;
  captures.reserve(input.numCaptures);
  for (size_t i = 0; i < input.numCaptures; ++i)
    captures.push_back(
        {toRef(input.captures[i].name), toRef(input.captures[i].value)});
  frontend::ProgramSource source;
  source.source = toRef(input.source);
  source.filename = toRef(input.filename);
  source.firstLine = input.firstLine ? input.firstLine : 1;
  source.modules = modules;
  source.captures = captures;
  auto program = std::make_unique<Program>(source);
  diagnostics::DiagnosticSink diagnostics(program->parsed.sources());
  bool good = program->parsed.parse(diagnostics);
  if (good)
    emitBlob(sink, "program", program->parsed.metadataJson());
  emitDiagnostics(sink, diagnostics);
  if (!good)
    return TSDK_E_SOURCE;
  *out = program.release();
  return TSDK_OK;
}

tsdk_code programParse(const ProgramInput *input, const Sink *sink,
                       Program **out) {
  tsdk_code result = TSDK_E_INTERNAL;
  codegen::GuardResult guard;
  *out = nullptr;
  if (codegen::runGuarded([&] { result = parse(*input, *sink, out); }, guard))
    return result;
  return reportFatal(*sink, guard);
}

void programFree(Program *program) { delete program; }

tsdk_code compile(const CompileInput *input, const Sink *sink) {
  return compileKernel(*input, *sink);
}

tsdk_code explain(uint32_t number, const Sink *sink) {
  for (const diagnostics::DiagInfo &info : diagnostics::allDiagnostics())
    if (static_cast<uint32_t>(info.id) == number) {
      emitBlob(*sink, "explain", diagnostics::renderExplanation(info));
      return TSDK_OK;
    }
  return TSDK_E_NOT_FOUND;
}

} // namespace
} // namespace tilesdk::compiler

extern "C" __attribute__((visibility("default")))
const tilesdk::compiler::Table *
tsdk_compiler_table() {
  using namespace tilesdk::compiler;
  static const std::string buildId =
      "tilesdk-" TILESDK_VERSION " " + tilesdk::codegen::versionText().str();
  static const Table table = {sizeof(Table), 0,           buildId.c_str(),
                              programParse,  programFree, compile,
                              explain};
  return &table;
}
