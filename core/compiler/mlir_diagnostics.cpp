//===- mlir_diagnostics.cpp - What MLIR reports, as ours --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/mlir_diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace tilesdk::compiler {

/// The place in a file that a location leads to: where inlined code stands.
static diagnostics::Location toLocation(mlir::Location from) {
  diagnostics::Location result;
  mlir::LocationAttr loc = from;
  for (unsigned step = 0; loc && step < 64; ++step) {
    if (auto place = llvm::dyn_cast<mlir::FileLineColLoc>(loc)) {
      result.file = place.getFilename().str();
      result.line = place.getLine();
      result.column = place.getColumn();
      if (auto range = llvm::dyn_cast<mlir::FileLineColRange>(loc)) {
        result.endLine = range.getEndLine();
        result.endColumn = range.getEndColumn();
      }
      return result;
    }
    if (auto call = llvm::dyn_cast<mlir::CallSiteLoc>(loc))
      loc = call.getCallee();
    else if (auto named = llvm::dyn_cast<mlir::NameLoc>(loc))
      loc = named.getChildLoc();
    else if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc);
             fused && !fused.getLocations().empty())
      loc = fused.getLocations().front();
    else
      break;
  }
  return result;
}

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
