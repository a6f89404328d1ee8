//===- context.h - MLIR contexts and translation ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace tilesdk::compiler {

/// A context without threads that knows all dialects of the stages. One per
/// compilation: types and attributes live as long as their context.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// LLVM dialect to LLVM IR. Null after an error, which was emitted.
std::unique_ptr<llvm::Module> translateToLlvm(mlir::ModuleOp module,
                                              llvm::LLVMContext &context);

/// What a stage of LLVM IR carries so that a build can resume from it: the
/// metadata JSON, as named metadata of the module.
void attachMetadata(llvm::Module &module, llvm::StringRef json);
std::string readMetadata(const llvm::Module &module);
std::string printLlvm(const llvm::Module &module);

} // namespace tilesdk::compiler
