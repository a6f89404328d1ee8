//===- mlir_diagnostics.cpp - What MLIR reports, as ours --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/mlir_diagnostics.h"
#include "core/ir/places.h"

namespace tilesdk::compiler {

using tile::toLocation;

MlirDiagnostics::MlirDiagnostics(mlir::MLIRContext *context,
                                 diagnostics::DiagnosticSink &sink)
    : sink(sink), handler(context, [this](mlir::Diagnostic &diagnostic) {
        forward(diagnostic);
        return mlir::success();
      }) {}

void MlirDiagnostics::forward(mlir::Diagnostic &from) {
  diagnostics::Location where = toLocation(from.getLocation());
  if (from.getSeverity() == mlir::DiagnosticSeverity::Error) {
    diagnostics::DiagnosticBuilder builder = onError(where, from.str());
    for (mlir::Diagnostic &note : from.getNotes())
      builder.note(toLocation(note.getLocation()), note.str());
    return;
  }
  if (from.getSeverity() == mlir::DiagnosticSeverity::Note)
    return;
  diagnostics::Diagnostic one;
  one.severity = from.getSeverity() == mlir::DiagnosticSeverity::Warning
                     ? diagnostics::Severity::Warning
                     : diagnostics::Severity::Remark;
  one.message = from.str();
  one.primary = where;
  for (mlir::Diagnostic &note : from.getNotes())
    one.children.push_back({diagnostics::Severity::Note, note.str(),
                            toLocation(note.getLocation())});
  sink.add(std::move(one));
}

} // namespace tilesdk::compiler
