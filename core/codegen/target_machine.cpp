//===- target_machine.cpp - Target machines and code emission ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Pass.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <mutex>

using namespace llvm;

namespace tilesdk::codegen {

namespace {

void initialiseTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define TILESDK_LLVM_TARGET(NAME)                                              \
  LLVMInitialize##NAME##TargetInfo();                                          \
  LLVMInitialize##NAME##Target();                                              \
  LLVMInitialize##NAME##TargetMC();                                            \
  LLVMInitialize##NAME##AsmPrinter();
#define TILESDK_LLVM_ASM_PARSER(NAME) LLVMInitialize##NAME##AsmParser();
#include "core/codegen/llvm_targets.def"
  });
}

} // namespace

std::unique_ptr<TargetMachine> createTargetMachine(const Target &target,
                                                   unsigned optLevel,
                                                   std::string &error) {
  initialiseTargets();
  Triple triple(target.triple);
  const llvm::Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  // LLVM prints to stderr about an unknown CPU or feature and goes on.
  std::unique_ptr<MCSubtargetInfo> info(
      found->createMCSubtargetInfo(triple, "", ""));
  if (!info) {
    error = "no code generator for '" + target.triple + "'";
    return nullptr;
  }
  if (!target.cpu.empty() && !info->isCPUStringValid(target.cpu)) {
    error = "unknown cpu '" + target.cpu + "' for '" + target.triple + "'";
    return nullptr;
  }
  SmallVector<StringRef> features;
  StringRef(target.features).split(features, ',', -1, false);
  for (StringRef feature : features) {
    StringRef name = feature.ltrim("+-");
    bool known =
        any_of(info->getAllProcessorFeatures(),
               [&](const SubtargetFeatureKV &row) { return name == row.Key; });
    if (!known || name.size() == feature.size()) {
      error =
          "unknown feature '" + feature.str() + "' for '" + target.triple + "'";
      return nullptr;
    }
  }
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  options.FunctionSections = true;
  options.DataSections = true;
  return std::unique_ptr<TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.features, options, Reloc::PIC_, std::nullopt,
      optLevel == 0   ? CodeGenOptLevel::None
      : optLevel == 1 ? CodeGenOptLevel::Less
      : optLevel == 2 ? CodeGenOptLevel::Default
                      : CodeGenOptLevel::Aggressive));
}

bool targetHasFeature(const Target &target, StringRef name) {
  std::string error;
  std::unique_ptr<TargetMachine> machine =
      createTargetMachine(target, 0, error);
  return machine &&
         machine->getMCSubtargetInfo()->checkFeatures("+" + name.str());
}

namespace {

/// The target's passes without those that are not worth their time.
class EmissionPasses : public legacy::PassManager {
public:
  explicit EmissionPasses(const Module &module) {
    for (const Function &function : module)
      largest = std::max(largest, function.getInstructionCount());
  }

  void add(Pass *pass) override {
    // It compares every address with every other one, through SCEV: 90 of 127
    // ms of a matmul with 2,000 instructions, whose code is then the same.
    // Small kernels keep it: there it is cheap, whatever it finds.
    if (largest > 500 &&
        pass->getPassName() == "Straight line strength reduction") {
      delete pass;
      return;
    }
    legacy::PassManager::add(pass);
  }

private:
  unsigned largest = 0;
};

} // namespace

bool emitModule(Module &module, TargetMachine &machine, bool assembly,
                raw_pwrite_stream &stream) {
  EmissionPasses passes(module);
  TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  passes.add(new TargetLibraryInfoWrapperPass(library));
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  assembly ? CodeGenFileType::AssemblyFile
                                           : CodeGenFileType::ObjectFile,
                                  /*DisableVerify=*/true))
    return false;
  passes.run(module);
  return true;
}

StringRef versionText() { return "llvm-" LLVM_VERSION_STRING; }

} // namespace tilesdk::codegen
