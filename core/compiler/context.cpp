//===- context.cpp - MLIR contexts ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dialects of upstream are registered through their C handles: the C++ headers
// would cost twenty seconds to compile here.
//
//===----------------------------------------------------------------------===//

#include "core/compiler/context.h"

#include "core/ir/simt_dialect.h"

#include "mlir-c/Dialect/LLVM.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

namespace tilesdk::compiler {

static const mlir::DialectRegistry &registry() {
  static const mlir::DialectRegistry *all = [] {
    auto *result = new mlir::DialectRegistry;
    simt::registerSimtDialects(*result);
    mlirDialectHandleInsertDialect(mlirGetDialectHandle__llvm__(),
                                   wrap(result));
    mlir::registerBuiltinDialectTranslation(*result);
    mlir::registerLLVMDialectTranslation(*result);
    return result;
  }();
  return *all;
}

std::unique_ptr<mlir::MLIRContext> makeContext() {
  auto context = std::make_unique<mlir::MLIRContext>(
      registry(), mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  // A diagnostic shows the source, not the IR.
  context->printOpOnDiagnostic(false);
  return context;
}

} // namespace tilesdk::compiler
