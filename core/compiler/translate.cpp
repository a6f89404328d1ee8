//===- translate.cpp - LLVM dialect to LLVM IR ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/context.h"

#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

namespace tilesdk::compiler {

static constexpr llvm::StringLiteral metadataName = "tilesdk.metadata";

std::unique_ptr<llvm::Module> translateToLlvm(mlir::ModuleOp module,
                                              llvm::LLVMContext &context) {
  // The verifier of codegen looks at the module after all is linked.
  std::unique_ptr<llvm::Module> result = mlir::translateModuleToLLVMIR(
      module, context, "kernel", /*disableVerification=*/true);
  // The one flag says how debug information is encoded.
  if (result && !result->getNamedMetadata("llvm.dbg.cu"))
    if (llvm::NamedMDNode *flags = result->getModuleFlagsMetadata())
      result->eraseNamedMetadata(flags);
  return result;
}

void attachMetadata(llvm::Module &module, llvm::StringRef json) {
  llvm::NamedMDNode *node = module.getOrInsertNamedMetadata(metadataName);
  node->clearOperands();
  node->addOperand(llvm::MDNode::get(
      module.getContext(), {llvm::MDString::get(module.getContext(), json)}));
}

std::string readMetadata(const llvm::Module &module) {
  const llvm::NamedMDNode *node = module.getNamedMetadata(metadataName);
  if (!node || node->getNumOperands() != 1 ||
      node->getOperand(0)->getNumOperands() != 1)
    return "";
  const auto *text = llvm::dyn_cast_or_null<llvm::MDString>(
      node->getOperand(0)->getOperand(0));
  return text ? text->getString().str() : "";
}

std::string printLlvm(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

} // namespace tilesdk::compiler
