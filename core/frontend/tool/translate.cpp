//===- translate.cpp - Prints the tile IR of a kernel file ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the tests of the front end:
//   tilesdk-translate FILE --kernel NAME --signature TEXT [--module NAME=FILE]
// Diagnostics go to stderr in text form; the exit code is 1 after an error.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/render.h"
#include "core/frontend/frontend.h"

#include "mlir/IR/Verifier.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

#include <chrono>

using namespace tilesdk;

static llvm::cl::opt<std::string>
    inputFile(llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("FILE"));
static llvm::cl::opt<std::string> kernelName("kernel");
static llvm::cl::opt<std::string> signature("signature");
static llvm::cl::list<std::string> moduleFiles("module",
                                               llvm::cl::desc("NAME=FILE"));
static llvm::cl::list<std::string> captureTexts("capture",
                                                llvm::cl::desc("NAME=VALUE"));
static llvm::cl::list<std::string>
    rowTexts("row", llvm::cl::desc("SPELLING:ARGS:RESULT:SYMBOL"));
static llvm::cl::list<std::string> lacking("unsupported-type");
static llvm::cl::opt<bool> debugMode("debug-mode");
static llvm::cl::opt<bool> noFusion("no-fp-fusion");
static llvm::cl::opt<bool> describeOnly("describe");
static llvm::cl::opt<bool> withLocations("locations");
static llvm::cl::opt<unsigned> repeat("time", llvm::cl::init(0));

static std::string readFile(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    llvm::errs() << "cannot read " << path << "\n";
    exit(2);
  }
  return (*buffer)->getBuffer().str();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "kernel source to tile IR\n");
  std::string text = readFile(inputFile);
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::pair<std::string, std::string>> captured;
  for (llvm::StringRef entry : moduleFiles)
    texts.emplace_back(entry.split('=').first.str(),
                       entry.split('=').second.str());
  std::vector<std::string> moduleTexts;
  moduleTexts.reserve(texts.size());
  for (auto &[name, path] : texts)
    moduleTexts.push_back(readFile(path));
  std::vector<frontend::ModuleText> modules;
  modules.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i)
    modules.push_back({texts[i].first, texts[i].second, moduleTexts[i]});
  std::vector<frontend::Capture> captures;
  for (llvm::StringRef entry : captureTexts)
    captures.push_back({entry.split('=').first, entry.split('=').second});
  std::vector<frontend::LanguageRow> rows;
  for (llvm::StringRef entry : rowTexts) {
    llvm::SmallVector<llvm::StringRef, 4> parts;
    entry.split(parts, ':');
    if (parts.size() == 4)
      rows.push_back({parts[0].str(), parts[1].str(), parts[2].str(),
                      parts[3].str(), true});
  }
  // As users name it, not as the build does.
  llvm::StringRef shown = llvm::StringRef(inputFile).rsplit('/').second;
  frontend::ProgramSource source{text, shown.empty() ? inputFile : shown, 1,
                                 modules, captures};
  std::vector<std::string> unsupported(lacking.begin(), lacking.end());

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::loadFrontendDialects(&context);
  auto start = std::chrono::steady_clock::now();
  unsigned rounds = std::max(1u, repeat.getValue());
  for (unsigned round = 0; round < rounds; ++round) {
    frontend::ParsedProgram program(source);
    diagnostics::DiagnosticSink sink(program.sources());
    bool valid = program.parse(sink);
    if (valid && describeOnly) {
      llvm::outs() << program.metadataJson() << "\n";
      return 0;
    }
    mlir::OwningOpRef<mlir::ModuleOp> module;
    if (valid) {
      frontend::KernelRequest request;
      request.kernel = kernelName;
      request.signature = signature;
      request.targetName = "test";
      request.rows = rows;
      request.unsupportedTypes = unsupported;
      request.options.debug = debugMode;
      request.options.enableFpFusion = !noFusion;
      module = frontend::lowerKernel(program, request, &context, sink);
    }
    if (round + 1 < rounds)
      continue;
    llvm::errs() << diagnostics::renderText(sink.diagnostics(),
                                            program.sources());
    if (!module)
      return 1;
    if (repeat) {
      double ms = std::chrono::duration<double, std::milli>(
                      std::chrono::steady_clock::now() - start)
                      .count();
      llvm::errs() << ms / rounds << " ms per round\n";
      return 0;
    }
    if (failed(mlir::verify(*module))) {
      llvm::errs() << "the module does not verify\n";
      return 1;
    }
    mlir::OpPrintingFlags flags;
    flags.enableDebugInfo(withLocations);
    module->print(llvm::outs(), flags);
    llvm::outs() << "\n";
  }
  return 0;
}
