//===- tile_lower.cpp - Test tool: tile IR to LLVM --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tile-lower [--vector-bytes=N] [--mlir] FILE: lowers tile IR for tile-loops
// targets and prints LLVM IR, or the LLVM dialect with --mlir.
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_dialect.h"
#include "core/lowering/lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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

static llvm::cl::opt<std::string> input(llvm::cl::Positional,
                                        llvm::cl::init("-"));
static llvm::cl::opt<unsigned> vectorBytes("vector-bytes", llvm::cl::init(64));
static llvm::cl::opt<bool> printMlir("mlir", llvm::cl::init(false));
static llvm::cl::opt<bool> timing("time", llvm::cl::init(false));

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "tile IR to LLVM IR\n");
  DialectRegistry registry;
  registry.insert<tilesdk::tile::TileDialect, arith::ArithDialect,
                  math::MathDialect, scf::SCFDialect, func::FuncDialect,
                  LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = parseSourceFile<ModuleOp>(input, sources, &context);
  if (!module)
    return 1;
  tilesdk::lowering::TileLoopsTarget target;
  target.vectorBytes = vectorBytes;
  target.vectorRegisters = vectorBytes == 64 ? 32 : 16;
  target.hasMaskedMemory = vectorBytes == 64;
  tilesdk::lowering::TileLoopsInfo info;
  auto start = std::chrono::steady_clock::now();
  bool ok = tilesdk::lowering::lowerTileToLoops(*module, target, info);
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
  llvm::outs() << "; scratch " << info.scratchBytes << "\n" << *ir;
  return 0;
}
