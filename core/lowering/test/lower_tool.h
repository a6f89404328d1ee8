//===- lower_tool.h - What the test tools of lowering share -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

namespace tilesdk::lowering {

inline llvm::cl::opt<std::string> input(llvm::cl::Positional,
                                        llvm::cl::init("-"));
inline llvm::cl::opt<bool> printMlir("mlir", llvm::cl::init(false));
inline llvm::cl::opt<bool> timing("time", llvm::cl::init(false));

/// Lowers the file and prints it as LLVM IR under \p comment, or as the LLVM
/// dialect. The exit code.
inline int lowerFile(mlir::DialectRegistry &registry,
                     llvm::function_ref<bool(mlir::ModuleOp)> lower,
                     llvm::function_ref<std::string()> comment) {
  registry.insert<mlir::LLVM::LLVMDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(input, sources, &context);
  if (!module)
    return 1;
  auto start = std::chrono::steady_clock::now();
  bool ok = lower(*module);
  auto end = std::chrono::steady_clock::now();
  if (timing)
    llvm::errs()
        << "lowering: "
        << std::chrono::duration<double, std::milli>(end - start).count()
        << " ms\n";
  if (!ok)
    return 1;
  if (printMlir) {
    module->print(llvm::outs());
    llvm::outs() << "\n";
  }
  if (failed(mlir::verify(*module)))
    return 1;
  if (printMlir)
    return 0;
  llvm::LLVMContext llvmContext;
  auto ir = mlir::translateModuleToLLVMIR(*module, llvmContext);
  if (!ir)
    return 1;
  llvm::outs() << "; " << comment() << "\n" << *ir;
  return 0;
}

} // namespace tilesdk::lowering
