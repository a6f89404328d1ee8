//===- optimise.cpp - The LLVM pass pipeline --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input is explicit vector code in few loops, so LLVM's default pipelines
// spend most of their time on things that cannot happen here. The short one is
// what such code gains from; docs/compile_time.md has what each part costs.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/DeadStoreElimination.h"
#include "llvm/Transforms/Scalar/DivRemPairs.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/GVN.h"
#include "llvm/Transforms/Scalar/IndVarSimplify.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopDeletion.h"
#include "llvm/Transforms/Scalar/LoopInstSimplify.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopSimplifyCFG.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

namespace tilesdk::codegen {

namespace {

/// Measures passes (without what they call) and stops them on request.
class Instrumentation {
public:
  Instrumentation(const Options &options, StepTimes &times)
      : options(options), times(times) {
    callbacks.registerShouldRunOptionalPassCallback(
        [this](StringRef, const Any &) { return !stopped(); });
    callbacks.registerBeforeNonSkippedPassCallback(
        [this](StringRef, const Any &) { enter(); });
    callbacks.registerAfterPassCallback(
        [this](StringRef name, const Any &, const PreservedAnalyses &) {
          leave(name);
        });
    callbacks.registerAfterPassInvalidatedCallback(
        [this](StringRef name, const PreservedAnalyses &) { leave(name); });
    callbacks.registerBeforeAnalysisCallback(
        [this](StringRef, const Any &) { enter(); });
    callbacks.registerAfterAnalysisCallback(
        [this](StringRef name, const Any &) { leave(name); });
  }
  PassInstrumentationCallbacks callbacks;

private:
  struct Running {
    uint64_t start, nested;
  };
  bool stopped() {
    if (!stop && options.interrupted)
      stop = options.interrupted();
    return stop;
  }
  void enter() { stack.push_back({StepTimes::now(), 0}); }
  void leave(StringRef name) {
    if (stack.empty())
      return;
    Running running = stack.pop_back_val();
    uint64_t total = StepTimes::now() - running.start;
    if (!stack.empty())
      stack.back().nested += total;
    bool isAdaptor = name.contains("PassManager") || name.contains("Adaptor");
    times.add(isAdaptor ? StringRef("llvm.pass-managers")
                        : ("llvm." + name).toStringRef(buffer),
              total - running.nested);
    buffer.clear();
  }
  const Options &options;
  StepTimes &times;
  SmallVector<Running> stack;
  SmallString<64> buffer;
  bool stop = false;
};

FunctionPassManager shortPipeline(unsigned level) {
  FunctionPassManager function;
  function.addPass(SROAPass(SROAOptions::ModifyCFG));
  function.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  function.addPass(SimplifyCFGPass());
  function.addPass(InstCombinePass());

  LoopPassManager rotate;
  rotate.addPass(LoopInstSimplifyPass());
  rotate.addPass(LoopSimplifyCFGPass());
  rotate.addPass(LoopRotatePass());
  rotate.addPass(LICMPass(LICMOptions()));
  function.addPass(createFunctionToLoopPassAdaptor(std::move(rotate),
                                                   /*UseMemorySSA=*/true));
  function.addPass(SimplifyCFGPass());
  function.addPass(InstCombinePass());

  LoopPassManager simplify;
  simplify.addPass(IndVarSimplifyPass());
  simplify.addPass(LoopDeletionPass());
  simplify.addPass(LoopFullUnrollPass(/*OptLevel=*/level));
  function.addPass(createFunctionToLoopPassAdaptor(std::move(simplify)));
  function.addPass(SROAPass(SROAOptions::ModifyCFG));

  function.addPass(GVNPass());
  function.addPass(DSEPass());
  function.addPass(InstCombinePass());
  LoopPassManager hoist;
  hoist.addPass(LICMPass(LICMOptions()));
  function.addPass(createFunctionToLoopPassAdaptor(std::move(hoist),
                                                   /*UseMemorySSA=*/true));
  function.addPass(ADCEPass());
  function.addPass(DivRemPairsPass());
  function.addPass(SimplifyCFGPass());
  return function;
}

} // namespace

void optimiseModule(Module &module, TargetMachine &machine, bool isSimt,
                    const Options &options, StepTimes &times) {
  Instrumentation instrumentation(options, times);
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = options.optLevel >= 3 && !isSimt;
  tuning.SLPVectorization = options.optLevel >= 3 && !isSimt;
  PassBuilder builder(&machine, tuning, std::nullopt,
                      &instrumentation.callbacks);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  // No C library: nothing may be recognised as a call to one, or made into it.
  TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);

  ModulePassManager passes;
  // A target's own passes hang on the standard pipeline.
  if (isSimt && options.optLevel != 0) {
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2);
  } else if (options.optLevel >= 3) {
    passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3);
  } else if (options.optLevel == 0) {
    passes.addPass(AlwaysInlinerPass());
  } else {
    passes.addPass(AlwaysInlinerPass(/*InsertLifetime=*/false));
    passes.addPass(createModuleToFunctionPassAdaptor(
        shortPipeline(options.optLevel), /*EagerlyInvalidate=*/false));
  }
  passes.addPass(GlobalDCEPass());
  passes.run(module, modules);
}

} // namespace tilesdk::codegen
