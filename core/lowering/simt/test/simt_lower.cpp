//===- simt_lower.cpp - Test tool: stage simt to LLVM -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simt-lower [--target=warp32] [--array] [--buffers] [--time] [--mlir] FILE:
// lowers a file of stage simt for a machine made up for tests and prints LLVM
// IR, or the LLVM dialect with --mlir.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/lowering/simt_lowering.h"
#include "core/optimizer/simt/test_machine.h"
#include "core/target/target.h"

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

using namespace mlir;
using namespace tilesdk;

static llvm::cl::opt<std::string> input(llvm::cl::Positional,
                                        llvm::cl::init("-"));
static llvm::cl::opt<std::string> targetName("target",
                                             llvm::cl::init("warp32"));
static llvm::cl::opt<bool> inArray("array", llvm::cl::init(false));
static llvm::cl::opt<bool> buffers("buffers", llvm::cl::init(false));
static llvm::cl::opt<bool> printMlir("mlir", llvm::cl::init(false));
static llvm::cl::opt<bool> timing("time", llvm::cl::init(false));

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "stage simt to LLVM IR\n");
  DialectRegistry registry;
  simt::registerSimtDialects(registry);
  registry.insert<LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = parseSourceFile<ModuleOp>(input, sources, &context);
  if (!module)
    return 1;
  optimizer::MachinePtr known = optimizer::testMachine(targetName.getValue());
  if (!known) {
    llvm::errs() << "simt-lower: no test machine '" << targetName << "'\n";
    return 1;
  }
  target::Machine machine = *known;
  machine.parametersInArray = inArray;
  // Which must not matter to what is emitted.
  machine.features |= TSDK_SIMT_LOCKSTEP;
  if (buffers)
    machine.features |= TSDK_SIMT_BUFFER_ADDRESSING;
  lowering::SimtLoweringInfo info;
  auto start = std::chrono::steady_clock::now();
  bool ok = lowering::lowerSimt(*module, machine, info);
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
  if (failed(verify(*module)))
    return 1;
  if (printMlir)
    return 0;
  llvm::LLVMContext llvmContext;
  auto ir = translateModuleToLLVMIR(*module, llvmContext);
  if (!ir)
    return 1;
  llvm::outs() << "; threads " << info.threads << " shared " << info.sharedBytes
               << "\n"
               << *ir;
  return 0;
}
