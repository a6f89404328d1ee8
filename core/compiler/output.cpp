//===- output.cpp - Hands results to the sink of a call ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/output.h"

#include "core/compiler/text.h"
#include "core/diagnostics/render.h"

namespace tilesdk::compiler {

using diagnostics::Severity;

static uint32_t severityNumber(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return TSDK_SEVERITY_ERROR;
  case Severity::Warning:
    return TSDK_SEVERITY_WARNING;
  case Severity::Remark:
    return TSDK_SEVERITY_REMARK;
  case Severity::Note:
  case Severity::Help:
    return TSDK_SEVERITY_NOTE;
  }
  return TSDK_SEVERITY_ERROR;
}

void emitBlob(const Sink &sink, llvm::StringRef name, llvm::StringRef bytes) {
  if (sink.blob)
    sink.blob(sink.user, toStr(name), toBytes(bytes));
}

void emitDiagnostics(const Sink &sink,
                     const diagnostics::DiagnosticSink &diagnostics) {
  if (!sink.diagnostic)
    return;
  uint32_t index = 0;
  for (const diagnostics::Diagnostic &one : diagnostics.diagnostics()) {
    const uint32_t parent = index;
    std::string rendered =
        diagnostics::renderText(one, diagnostics.sourceManager());
    std::string help;
    for (const diagnostics::Child &child : one.children)
      if (child.severity == Severity::Help)
        help += (help.empty() ? "" : "\n") + child.text;
    for (const diagnostics::FlatDiagnostic &flat : diagnostics::flatten(one)) {
      bool isParent = flat.parent == diagnostics::FlatDiagnostic::noParent;
      Diagnostic out = {};
      out.severity = severityNumber(flat.severity);
      out.code = isParent ? static_cast<uint32_t>(one.id) : 0;
      out.line = flat.where.line;
      out.column = flat.where.column;
      out.endLine = flat.where.endLine;
      out.endColumn = flat.where.endColumn;
      out.parent = isParent ? ~0u : parent;
      out.file = toStr(flat.where.file);
      out.message = toStr(flat.message);
      if (isParent) {
        out.help = toStr(help);
        out.rendered = toStr(rendered);
      }
      sink.diagnostic(sink.user, &out);
      ++index;
    }
  }
}

} // namespace tilesdk::compiler
