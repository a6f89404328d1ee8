//===- compilation.h - One build, from stage to stage -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// compile.cpp runs it and reports, compile_mlir.cpp makes tile IR and lowers
// it, compile_llvm.cpp goes on from LLVM IR to assembly or an object.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/codegen/codegen.h"
#include "core/codegen/guard.h"
#include "core/compiler/compile.h"
#include "core/compiler/context.h"
#include "core/compiler/metadata.h"
#include "core/compiler/mlir_diagnostics.h"
#include "core/compiler/options.h"
#include "core/compiler/output.h"
#include "core/compiler/text.h"
#include "core/diagnostics/diagnostics.h"
#include "core/target/target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/IR/Module.h"

namespace tilesdk::compiler {

using codegen::StepTimes;
using diagnostics::Diag;
using llvm::StringRef;

/// With locations.
std::string printModule(mlir::ModuleOp module);

/// Everything one build owns. On the heap, so that it can be leaked.
class Compilation {
public:
  Compilation(const CompileInput &input, const Sink &sink)
      : input(input), sink(sink), machine(readStruct(input.target->machine)),
        code(readStruct(input.target->codegen)), interruption(input),
        diagnostics(input.program ? input.program->parsed.sources()
                                  : ownSources) {}

  tsdk_code run();
  /// After a fatal error anywhere in `run`.
  tsdk_code reportFatal(const codegen::GuardResult &guard);

private:
  bool isSimt() const { return input.target->execution == TSDK_EXECUTION_SIMT; }
  tsdk_code stopped() const { return interruption.code(); }
  tsdk_code internal(const llvm::Twine &message, StringRef reproducer = "");
  tsdk_code finish(tsdk_code result);
  std::string reproducerHeader() const;

  bool lowerSource();
  bool readTile();
  tsdk_code mlirStages();
  tsdk_code chooseKernel();
  tsdk_code runPasses(llvm::function_ref<void(mlir::OpPassManager &)> build);
  tsdk_code optimise();
  tsdk_code expandDescriptors();
  tsdk_code readMachine();
  /// What MLIR reports from here on: what the kernel has and the target not, or
  /// a mistake of ours.
  void errorsAreOfTheKernel();
  void errorsAreOurs(const char *when);
  tsdk_code assignThreads();
  tsdk_code afterLowering(bool lowered);
  tsdk_code lowerToLoops();
  tsdk_code lowerToThreads();
  tsdk_code lower();
  tsdk_code translate();
  bool describeAccesses();
  tsdk_code readLlvm();
  std::optional<std::string> substitute(StringRef text) const;
  void describeSimtTarget(codegen::Target &target) const;
  tsdk_code generate();
  template <typename Body> auto timed(const char *name, Body &&body) {
    uint64_t start = StepTimes::now();
    auto result = body();
    times.add(name, StepTimes::now() - start);
    return result;
  }

  const CompileInput &input;
  const Sink &sink;
  const tsdk_machine machine;
  const tsdk_codegen code;
  Interruption interruption;
  diagnostics::SourceManager ownSources;
  diagnostics::DiagnosticSink diagnostics;
  StepTimes times;
  BuildOptions options;
  StagePlan plan;
  std::string kernelName;
  llvm::json::Object metadata;

  // In the order of their making: the module goes before its context.
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<MlirDiagnostics> mlirDiagnostics;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<codegen::LeakableContext> llvmContext;
  std::unique_ptr<llvm::Module> llvmModule;
  std::shared_ptr<const target::Machine> threads; ///< Of SIMT targets.
};

} // namespace tilesdk::compiler
