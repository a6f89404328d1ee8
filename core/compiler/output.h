//===- output.h - Hands results to the sink of a call -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"

#include "core/diagnostics/diagnostics.h"

namespace tilesdk::compiler {

void emitBlob(const Sink &sink, llvm::StringRef name, llvm::StringRef bytes);

/// Children behind their parents, the parents with the rendered text.
void emitDiagnostics(const Sink &sink,
                     const diagnostics::DiagnosticSink &diagnostics);

} // namespace tilesdk::compiler
