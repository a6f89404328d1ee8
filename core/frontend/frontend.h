//===- frontend.h - Kernel sources to tile IR -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   ParsedProgram program(source);
//   DiagnosticSink sink(program.sources());
//   if (program.parse(sink))
//     module = lowerKernel(program, request, context, sink);
//
// A program is immutable once parsed: any number of threads may lower kernels
// of it at once, each with its own sink and MLIR context.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tilesdk::frontend {

struct ProgramImpl;

struct ModuleText {
  /// Dotted, as the importing source spells it.
  llvm::StringRef name;
  llvm::StringRef filename;
  llvm::StringRef source;
};

/// A value taken from the host language. `name` is dotted for an attribute of a
/// captured module, `value` is a literal as in a signature.
struct Capture {
  llvm::StringRef name;
  llvm::StringRef value;
};

struct ProgramSource {
  llvm::StringRef source;
  llvm::StringRef filename;
  uint32_t firstLine = 1;
  llvm::ArrayRef<ModuleText> modules;
  llvm::ArrayRef<Capture> captures;
};

class ParsedProgram {
public:
  /// Copies the texts; nothing is parsed yet.
  explicit ParsedProgram(const ProgramSource &source);
  ~ParsedProgram();
  ParsedProgram(const ParsedProgram &) = delete;
  ParsedProgram &operator=(const ParsedProgram &) = delete;

  const diagnostics::SourceManager &sources() const;

  /// Parses all modules and checks what needs no specialisation. False when an
  /// error was reported; such a program must not be lowered. Call it once.
  bool parse(diagnostics::DiagnosticSink &sink);

  /// Kernels and their parameters; schema in docs/program_metadata.md.
  std::string metadataJson() const;

  const ProgramImpl &impl() const { return *data; }

private:
  std::unique_ptr<ProgramImpl> data;
};

/// One overload of a function that the target adds to the language.
struct LanguageRow {
  /// Dotted: "tl.extra.libdevice.tanh".
  std::string spelling;
  /// Signature types, "f32,f32"; empty for none.
  std::string arguments;
  /// Signature type, "f32"; empty for none.
  std::string result;
  /// What lowering asks the device library for.
  std::string symbol;
  bool pure = true;
};

struct LowerOptions {
  unsigned numWarps = 4;
  /// Keeps device_assert and `assert`.
  bool debug = false;
  /// Lets multiply and add contract.
  bool enableFpFusion = true;
  /// Of `dot` on float32 when the kernel does not say: "ieee", "tf32", ...
  std::string defaultInputPrecision = "ieee";
};

struct KernelRequest {
  llvm::StringRef kernel;
  /// Grammar: docs/signature.md.
  llvm::StringRef signature;
  LowerOptions options;
  /// Name of the target, for messages.
  llvm::StringRef targetName;
  llvm::ArrayRef<LanguageRow> rows;
  /// Element types this target lacks, as in a signature ("f8e4m3").
  llvm::ArrayRef<std::string> unsupportedTypes;
  /// Smallest M, N, K of `dot`.
  int64_t dotMinimum[3] = {1, 1, 1};
  /// Polled now and then; true stops without a message.
  std::function<bool()> cancelled;
};

/// Null when at least one error was reported, or when it was cancelled.
mlir::OwningOpRef<mlir::ModuleOp>
lowerKernel(const ParsedProgram &program, const KernelRequest &request,
            mlir::MLIRContext *context, diagnostics::DiagnosticSink &sink);

/// Loads what lowerKernel builds ops of.
void loadFrontendDialects(mlir::MLIRContext *context);

} // namespace tilesdk::frontend
