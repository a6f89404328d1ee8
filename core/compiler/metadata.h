//===- metadata.h - What is known of an artifact ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/JSON.h"

namespace tilesdk::diagnostics {
class DiagnosticSink;
} // namespace tilesdk::diagnostics
namespace tilesdk::lowering {
struct SimtLoweringInfo;
struct TileLoopsInfo;
} // namespace tilesdk::lowering

namespace tilesdk::compiler {

/// The kernels of a tile module, in order.
llvm::SmallVector<mlir::Operation *> kernelsOf(mlir::ModuleOp module);
llvm::StringRef nameOf(mlir::Operation *kernel);

/// The part known once a kernel is tile IR; tilesdk_plugin.h has the schema.
llvm::json::Object describeKernel(mlir::Operation *kernel,
                                  const CompileInput &input);
/// What lowering adds.
void describeLowering(llvm::json::Object &metadata,
                      const lowering::TileLoopsInfo &info);
void describeLowering(llvm::json::Object &metadata,
                      const lowering::SimtLoweringInfo &info);
/// Warnings and remarks, which a cached artifact repeats.
void describeDiagnostics(llvm::json::Object &metadata,
                         const diagnostics::DiagnosticSink &diagnostics);

/// The remarks alone, as a JSON list.
std::string remarksJson(const diagnostics::DiagnosticSink &diagnostics);

} // namespace tilesdk::compiler
