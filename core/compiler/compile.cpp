//===- compile.cpp - One build from its first stage to its last -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole build runs inside a guard of core/codegen: when LLVM or MLIR gives
// up, the build is left by a jump, everything it owns is leaked, and the caller
// gets an internal error with a reproducer.
//
//===----------------------------------------------------------------------===//

#include "core/compiler/compilation.h"

namespace tilesdk::compiler {

std::string Compilation::reproducerHeader() const {
  std::string text = "# target: " + toRef(input.target->name).str() +
                     "\n# kernel: " + toRef(input.kernel).str() +
                     "\n# signature: " + toRef(input.signature).str() + "\n";
  for (size_t i = 0; i < input.numOptions; ++i)
    text += "# option: " + toRef(input.options[i].name).str() + "=" +
            toRef(input.options[i].value).str() + "\n";
  return text;
}

/// Reports our own bug with what is needed to see it again.
tsdk_code Compilation::internal(const llvm::Twine &message,
                                StringRef reproducer) {
  diagnostics.reportGlobal(Diag::Internal, message.str())
      .help("please report it with the reproducer");
  std::string text = reproducerHeader();
  if (input.program) {
    const diagnostics::SourceManager &sources = input.program->parsed.sources();
    for (diagnostics::FileId id = 1; sources.file(id); ++id)
      text += "# ---- " + sources.file(id)->name().str() + "\n" +
              sources.file(id)->text().str() + "\n";
  } else {
    text += "# ---- stage " + toRef(input.irStage).str() + "\n" +
            toRef(input.ir).str() + "\n";
  }
  if (!reproducer.empty())
    text += "# ---- LLVM IR\n" + reproducer.str();
  emitBlob(sink, "reproducer", text);
  return TSDK_E_INTERNAL;
}

/// Hands out what a call ends with.
tsdk_code Compilation::finish(tsdk_code result) {
  if (result == TSDK_OK) {
    describeDiagnostics(metadata, diagnostics);
    std::string text;
    llvm::raw_string_ostream(text)
        << llvm::json::Value(llvm::json::Object(metadata));
    emitBlob(sink, "metadata", text);
  }
  emitBlob(sink, "remarks", remarksJson(diagnostics));
  emitBlob(sink, "times", times.toJson());
  emitDiagnostics(sink, diagnostics);
  return result;
}

tsdk_code Compilation::reportFatal(const codegen::GuardResult &guard) {
  tsdk_code result =
      internal(guard.cause == codegen::GuardResult::OutOfMemory
                   ? llvm::Twine("the compiler ran out of memory")
                   : "the compiler gave up: " + llvm::Twine(guard.message));
  emitDiagnostics(sink, diagnostics);
  return guard.cause == codegen::GuardResult::OutOfMemory
             ? TSDK_E_RESOURCE_EXHAUSTED
             : result;
}

tsdk_code Compilation::run() {
  if (interruption.poll())
    return finish(stopped());
  if (!readOptions(input, options, diagnostics) ||
      !readStages(input, plan, diagnostics))
    return finish(TSDK_E_INVALID_ARGUMENT);
  bool isLowered = input.target->execution == TSDK_EXECUTION_TILE_LOOPS ||
                   input.target->execution == TSDK_EXECUTION_SIMT;
  bool isMissing = plan.last >= Stage::Llvm
                       ? !isLowered
                       : plan.last == Stage::Simt && !isSimt();
  bool isForeign = plan.first == Stage::Simt && !isSimt();
  if (isMissing || isForeign) {
    diagnostics.reportGlobal(Diag::NoStageForTarget, toRef(input.target->name),
                             stageName(isForeign ? plan.first : plan.last));
    return finish(TSDK_E_UNIMPLEMENTED);
  }
  tsdk_code result = plan.first == Stage::Llvm ? readLlvm() : mlirStages();
  if (result == TSDK_OK && plan.last > Stage::Llvm)
    result = generate();
  return finish(result);
}

tsdk_code compileKernel(const CompileInput &input, const Sink &sink) {
  auto *compilation = new Compilation(input, sink);
  tsdk_code result = TSDK_E_INTERNAL;
  codegen::GuardResult guard;
  if (codegen::runGuarded([&] { result = compilation->run(); }, guard))
    delete compilation;
  else
    result = compilation->reportFatal(guard);
  return result;
}

} // namespace tilesdk::compiler
