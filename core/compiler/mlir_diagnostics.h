//===- mlir_diagnostics.h - What MLIR reports, as ours ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "mlir/IR/Diagnostics.h"

#include <functional>

namespace tilesdk::compiler {

/// Passes warnings and remarks of MLIR passes on for as long as it lives, and
/// turns errors into what the step in progress means by one.
class MlirDiagnostics {
public:
  /// Reports an error with this message at this place.
  using OnError = std::function<diagnostics::DiagnosticBuilder(
      const diagnostics::Location &, llvm::StringRef)>;

  MlirDiagnostics(mlir::MLIRContext *context,
                  diagnostics::DiagnosticSink &sink);
  void setOnError(OnError report) { onError = std::move(report); }

private:
  void forward(mlir::Diagnostic &diagnostic);
  diagnostics::DiagnosticSink &sink;
  OnError onError;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tilesdk::compiler
