//===- kernel_inputs.cpp - Kernels as fuzz inputs ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fuzz/kernel_inputs.h"

#include "core/diagnostics/render.h"
#include "core/frontend/frontend.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/parser.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace tilesdk;
using llvm::StringRef;

void fuzz::require(bool holds, const char *promise) {
  if (holds)
    return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static bool mentions(StringRef text, StringRef name) {
  for (size_t at = 0; (at = text.find(name, at)) != StringRef::npos; ++at) {
    auto isWord = [&](size_t i) {
      return i < text.size() && (llvm::isAlnum(text[i]) || text[i] == '_');
    };
    if (!isWord(at - 1) && !isWord(at + name.size()))
      return true;
  }
  return false;
}

/// A signature under which the kernel is likely to build.
static std::string guessSignature(const frontend::FunctionSummary &function,
                                  StringRef text) {
  std::string result;
  for (const frontend::ParamSummary &param : function.params) {
    if (!result.empty())
      result += ',';
    StringRef name = param.name;
    if (param.hasDefault)
      continue;
    if (param.isConstexpr) {
      // Names of modes are compared with.
      auto [before, choice] = text.split((name + " == \"").str());
      if (!choice.empty())
        result +=
            ("'" + choice.take_until([](char c) { return c == '"'; }) + "'")
                .str();
      else
        result += name.size() == 1 ? "4" : "16";
    } else if (name.ends_with("ptr") || name.size() == 1 ||
               text.contains(("load(" + name).str()) ||
               text.contains(("store(" + name).str())) {
      result += name.size() == 1 && name != "x" && llvm::isLower(name[0])
                    ? "i32"
                : name.contains("index") ? "*i32"
                                         : "*f32";
    } else {
      result += name.contains("scale") || name == "eps" ? "f32" : "i32";
    }
  }
  return result;
}

/// Text from one decorator at the left edge to the next.
struct Block {
  StringRef name;
  StringRef text;
};

static void addKernels(StringRef file, std::vector<std::string> &inputs) {
  std::vector<Block> blocks;
  size_t begin = file.find("\n@");
  StringRef head = file.substr(0, begin);
  while (begin != StringRef::npos) {
    size_t end = file.find("\n@", begin + 1);
    StringRef text = file.slice(begin, end);
    StringRef name = text.split("\ndef ").second.take_while(
        [](char c) { return llvm::isAlnum(c) || c == '_'; });
    blocks.push_back({name, text});
    begin = end;
  }
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink(sources);
  auto module = frontend::parseModule(sources.addFile("seed.py", file), sink);
  if (module->hasErrors)
    return;
  auto functions = frontend::summarizeFunctions(*module, sources);
  for (size_t i = 0; i < blocks.size(); ++i) {
    auto function = llvm::find_if(functions, [&](const auto &function) {
      return function.name == blocks[i].name;
    });
    if (function == functions.end() || !function->isJit)
      continue;
    std::vector<bool> needed(blocks.size());
    std::vector<size_t> work = {i};
    needed[i] = true;
    while (!work.empty()) {
      StringRef text = blocks[work.back()].text;
      work.pop_back();
      for (size_t j = 0; j < blocks.size(); ++j)
        if (!needed[j] && !blocks[j].name.empty() &&
            mentions(text, blocks[j].name)) {
          needed[j] = true;
          work.push_back(j);
        }
    }
    std::string input =
        ("# kernel: " + blocks[i].name + "\n# signature: " +
         guessSignature(*function, blocks[i].text) + "\n" + head)
            .str();
    for (size_t j = 0; j < blocks.size(); ++j)
      if (needed[j])
        input += blocks[j].text;
    inputs.push_back(std::move(input));
  }
}

const std::vector<std::string> &fuzz::kernelInputs() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> result, paths;
    for (const char *folder : {"tests/end_to_end/kernels", "core/frontend/test",
                               "core/frontend/test/diagnostics"}) {
      std::error_code error;
      for (llvm::sys::fs::directory_iterator
               it(StringRef(TILESDK_SOURCE_DIR) + "/" + folder, error),
           end;
           it != end && !error; it.increment(error))
        if (StringRef(it->path()).ends_with(".py"))
          paths.push_back(it->path());
    }
    std::sort(paths.begin(), paths.end());
    for (const std::string &path : paths) {
      auto buffer = llvm::MemoryBuffer::getFile(path);
      require(bool(buffer), "the tests of the source tree can be read");
      StringRef text = (*buffer)->getBuffer();
      if (text.starts_with("# signature:"))
        result.push_back(("# kernel: k\n" + text).str());
      else
        addKernels(text, result);
    }
    require(result.size() > 50, "the source tree has kernels");
    return result;
  }();
  return all;
}

//===----------------------------------------------------------------------===//
// The front end
//===----------------------------------------------------------------------===//

static StringRef option(StringRef text, StringRef name) {
  while (text.consume_front("# ")) {
    auto [line, rest] = text.split('\n');
    if (line.consume_front(name) && line.consume_front(":"))
      return line.trim();
    text = rest;
  }
  return "";
}

mlir::OwningOpRef<mlir::ModuleOp> fuzz::lowerInput(StringRef text,
                                                   mlir::MLIRContext *context) {
  frontend::ProgramSource source;
  source.source = text;
  source.filename = "fuzz.py";
  frontend::ParsedProgram program(source);
  diagnostics::DiagnosticSink sink(program.sources());
  bool parsed = program.parse(sink);
  require(parsed == !sink.hasErrors(), "parsing fails with an error");
  mlir::OwningOpRef<mlir::ModuleOp> module;
  bool cancelled = false;
  if (parsed) {
    std::string described = program.metadataJson();
    frontend::KernelRequest request;
    request.kernel = option(text, "kernel");
    if (request.kernel.empty())
      request.kernel = "k";
    request.signature = option(text, "signature");
    request.targetName = "fuzz";
    // Both ways of what a build may ask for.
    request.options.debug = text.size() % 2;
    auto start = std::chrono::steady_clock::now();
    request.cancelled = [&] {
      return cancelled |=
             std::chrono::steady_clock::now() - start > std::chrono::seconds(1);
    };
    module = frontend::lowerKernel(program, request, context, sink);
    require(cancelled || bool(module) == !sink.hasErrors(),
            "a module if and only if there are no errors");
    require(!module || mlir::succeeded(mlir::verify(*module)),
            "tile IR of the front end is valid");
  }
  for (const diagnostics::Diagnostic &diagnostic : sink.diagnostics()) {
    require(diagnostic.id != diagnostics::Diag::Internal, "no internal error");
    const diagnostics::Location &where = diagnostic.primary;
    const diagnostics::SourceFile *file = program.sources().file(where.fileId);
    require(!where.isValid() || (file && where.line <= file->numLines() &&
                                 where.endLine <= file->numLines()),
            "places lie inside of the source");
  }
  renderText(sink.diagnostics(), program.sources());
  return module;
}
