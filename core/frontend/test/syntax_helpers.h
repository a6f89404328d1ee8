//===- syntax_helpers.h - Parse a text in a test ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"
#include "core/frontend/ast_printer.h"
#include "core/frontend/parser.h"

#include <memory>
#include <string>

namespace tilesdk::frontend::test {

/// A parsed text together with everything it points into.
struct Parsed {
  explicit Parsed(llvm::StringRef text, const ParseLimits &limits = {})
      : sink(sources), file(sources.addFile("test.py", text)),
        module(parseModule(file, sink, limits)) {}

  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink;
  diagnostics::FileId file;
  std::unique_ptr<Module> module;

  std::string print() const { return printAst(*module); }
  /// "T0101 1:5" for each message, one per line.
  std::string codes() const {
    std::string result;
    for (const diagnostics::Diagnostic &diagnostic : sink.diagnostics()) {
      if (!result.empty())
        result += '\n';
      result += diagnostics::info(diagnostic.id).code.str() + " " +
                std::to_string(diagnostic.primary.line) + ":" +
                std::to_string(diagnostic.primary.column);
    }
    return result;
  }
};

/// The S-expression of one expression.
inline std::string parseExpression(llvm::StringRef text) {
  Parsed parsed(text);
  if (parsed.module->hasErrors || parsed.module->body.size() != 1)
    return "error " + parsed.codes();
  std::string printed = parsed.print();
  return printed.substr(0, printed.size() - 1);
}

} // namespace tilesdk::frontend::test
