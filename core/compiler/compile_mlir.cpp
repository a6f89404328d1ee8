//===- compile_mlir.cpp - Source to tile IR to LLVM dialect -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/compilation.h"

#include "core/ir/tile_ops.h"
#include "core/ir/tile_reader.h"
#include "core/lowering/lowering.h"
#include "core/lowering/simt_lowering.h"
#include "core/optimizer/pipeline.h"
#include "core/optimizer/simt/pipeline.h"

#include "mlir/IR/Action.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"

#include "llvm/Support/raw_ostream.h"

namespace tilesdk::compiler {

namespace {

/// Adds up the time of each MLIR pass, without nested pipelines.
class PassTimes : public mlir::PassInstrumentation {
public:
  explicit PassTimes(StepTimes &times) : times(times) {}
  void runBeforePass(mlir::Pass *, mlir::Operation *) override {
    starts.push_back({StepTimes::now(), 0});
  }
  void runAfterPass(mlir::Pass *pass, mlir::Operation *) override {
    auto [start, nested] = starts.pop_back_val();
    uint64_t total = StepTimes::now() - start;
    if (!starts.empty())
      starts.back().second += total;
    StringRef name = pass->getArgument();
    times.add(("mlir." + (name.empty() ? pass->getName() : name)).str(),
              total - nested);
  }
  void runAfterPassFailed(mlir::Pass *pass, mlir::Operation *op) override {
    runAfterPass(pass, op);
  }

private:
  StepTimes &times;
  llvm::SmallVector<std::pair<uint64_t, uint64_t>> starts;
};

} // namespace

std::string printModule(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // With locations: who goes on from the text has the same line tables and
  // remarks.
  module.print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  stream << '\n';
  return text;
}

bool Compilation::lowerSource() {
  frontend::KernelRequest request;
  request.kernel = toRef(input.kernel);
  request.signature = toRef(input.signature);
  request.options.numWarps = options.numWarps;
  request.options.debug = options.debug;
  request.options.enableFpFusion = options.fpFusion;
  if (!options.dotPrecision.empty())
    request.options.defaultInputPrecision = options.dotPrecision;
  request.targetName = toRef(input.target->name);
  std::vector<frontend::LanguageRow> rows;
  for (size_t i = 0; i < machine.num_functions; ++i) {
    auto row = readRow(machine.functions, i, machine.function_stride);
    rows.push_back({toRef(row.name).str(), toRef(row.arguments).str(),
                    toRef(row.result).str(), toRef(row.symbol).str(),
                    row.effects == 0});
  }
  request.rows = rows;
  if (interruption.isPossible())
    request.cancelled = [this] { return interruption.poll(); };
  module = frontend::lowerKernel(input.program->parsed, request, context.get(),
                                 diagnostics);
  return bool(module);
}

bool Compilation::readTile() {
  // Shown in diagnostics when it is text.
  StringRef bytes = toRef(input.ir);
  if (!bytes.starts_with("ML\xefR"))
    ownSources.addFile("ir", bytes);
  module = tile::readTileModule(bytes, "ir", *context, diagnostics,
                                plan.first == Stage::Simt);
  return bool(module);
}

/// Finds the kernel to build, and drops the others.
tsdk_code Compilation::chooseKernel() {
  llvm::SmallVector<mlir::Operation *> kernels = kernelsOf(*module);
  StringRef wanted = toRef(input.kernel);
  mlir::Operation *chosen = nullptr;
  std::string names;
  for (mlir::Operation *kernel : kernels) {
    names += (names.empty() ? "`" : ", `") + nameOf(kernel).str() + "`";
    if (wanted.empty() ? kernels.size() == 1 : nameOf(kernel) == wanted)
      chosen = kernel;
  }
  // A specialised kernel of a program is alone in its module.
  if (!chosen && input.program && kernels.size() == 1)
    chosen = kernels.front();
  if (!chosen) {
    auto builder = diagnostics.reportGlobal(Diag::KernelNotFound, wanted);
    if (!names.empty())
      builder.note("the module has " + names);
    return TSDK_E_NOT_FOUND;
  }
  for (mlir::Operation *kernel : kernels)
    if (kernel != chosen)
      kernel->erase();
  kernelName = nameOf(chosen).str();
  metadata = describeKernel(chosen, input);
  return TSDK_OK;
}

tsdk_code Compilation::mlirStages() {
  context = timed("create-context", [] { return makeContext(); });
  bool made = timed(input.program ? "frontend" : "read-ir", [this] {
    return input.program ? lowerSource() : readTile();
  });
  if (interruption.poll())
    return stopped();
  if (!made)
    return input.program ? TSDK_E_SOURCE : TSDK_E_DATA_LOSS;
  if (tsdk_code result = chooseKernel())
    return result;

  mlirDiagnostics =
      std::make_unique<MlirDiagnostics>(context.get(), diagnostics);
  if (interruption.isPossible())
    context->registerActionHandler([this](llvm::function_ref<void()> run,
                                          const mlir::tracing::Action &action) {
      // Only whole passes are left out: what is inside may loop until a
      // step reports that it did nothing.
      if (!llvm::isa<mlir::PassExecutionAction>(action) || !interruption.poll())
        run();
    });
  if (plan.first == Stage::Tile || input.program) {
    if (plan.wants(Stage::Tile))
      emitBlob(sink, "tile", printModule(*module));
    if (plan.last <= Stage::Tile)
      return TSDK_OK;
    if (tsdk_code result = timed("tile-opt", [this] { return optimise(); }))
      return result;
  }
  if (plan.first < Stage::Simt && plan.wants(Stage::TileOpt))
    emitBlob(sink, "tile-opt", printModule(*module));
  if (plan.last <= Stage::TileOpt)
    return TSDK_OK;
  if (isSimt()) {
    if (tsdk_code result =
            timed("read-target", [this] { return readMachine(); }))
      return result;
    if (plan.first < Stage::Simt)
      if (tsdk_code result = timed("simt", [this] { return assignThreads(); }))
        return result;
    if (plan.wants(Stage::Simt))
      emitBlob(sink, "simt", printModule(*module));
    if (plan.last <= Stage::Simt)
      return TSDK_OK;
  }
  return lower();
}

tsdk_code
Compilation::runPasses(llvm::function_ref<void(mlir::OpPassManager &)> build) {
  errorsAreOurs("after a pass on tile IR");
  mlir::PassManager passes(context.get(), mlir::ModuleOp::getOperationName());
  // One verification at the end instead of one per pass.
  passes.enableVerifier(false);
  passes.addInstrumentation(std::make_unique<PassTimes>(times));
  build(passes);
  bool good = mlir::succeeded(passes.run(*module));
  if (interruption.poll())
    return stopped();
  if (!good || mlir::failed(mlir::verify(*module)))
    return internal("tile IR is broken after its clean-up");
  return TSDK_OK;
}

tsdk_code Compilation::optimise() {
  return runPasses(optimizer::buildTilePipeline);
}

/// For loops, which have no use for descriptors.
tsdk_code Compilation::expandDescriptors() {
  bool has =
      (*module)
          ->walk([](mlir::Operation *op) {
            return llvm::isa<tile::DescriptorLoadOp, tile::DescriptorStoreOp>(
                       op)
                       ? mlir::WalkResult::interrupt()
                       : mlir::WalkResult::advance();
          })
          .wasInterrupted();
  return has ? runPasses(optimizer::buildDescriptorExpansion) : TSDK_OK;
}

tsdk_code Compilation::readMachine() {
  layout::Result<target::Machine> machine =
      target::Machine::read(*input.target->machine, *input.target->codegen);
  if (!machine) {
    diagnostics.reportGlobal(Diag::BadTarget, toRef(input.target->name),
                             machine.error());
    return TSDK_E_PLUGIN;
  }
  threads = std::make_shared<const target::Machine>(*std::move(machine));
  if (options.numWarps > threads->maxWarps ||
      !llvm::isPowerOf2_32(options.numWarps)) {
    diagnostics.reportGlobal(Diag::InvalidOptionValue, "num_warps",
                             "a power of two up to " +
                                 std::to_string(threads->maxWarps),
                             std::to_string(options.numWarps));
    return TSDK_E_INVALID_ARGUMENT;
  }
  return TSDK_OK;
}

void Compilation::errorsAreOfTheKernel() {
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::NotLowerable, where, kernelName,
                                  toRef(input.target->name), message);
      });
}

void Compilation::errorsAreOurs(const char *when) {
  mlirDiagnostics->setOnError(
      [this, when](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::Internal, where,
                                  (when + (": " + message)).str());
      });
}

/// Stage `tile-opt` to `simt`.
tsdk_code Compilation::assignThreads() {
  optimizer::SimtOptions request;
  request.target = toRef(input.target->name).str();
  request.numWarps = options.numWarps;
  request.numStages = options.numStages;
  request.strictStages = options.strictStages;
  request.pointerBoxes = options.pointerBoxes;
  request.boxStores = optimizer::BoxStores(options.boxStores);
  errorsAreOfTheKernel();
  mlir::PassManager passes(context.get(), mlir::ModuleOp::getOperationName());
  passes.enableVerifier(false);
  passes.addInstrumentation(std::make_unique<PassTimes>(times));
  optimizer::buildSimtPipeline(passes, threads, request);
  bool good = mlir::succeeded(passes.run(*module));
  if (interruption.poll())
    return stopped();
  if (!good)
    return diagnostics.hasErrors()
               ? tsdk_code(TSDK_E_UNSUPPORTED)
               : internal("a pass on stage simt failed without a reason");
  errorsAreOurs("after the passes of stage simt");
  if (mlir::failed(mlir::verify(*module)))
    return internal("the IR of stage simt is broken", printModule(*module));
  return TSDK_OK;
}

tsdk_code Compilation::afterLowering(bool lowered) {
  if (interruption.poll())
    return stopped();
  if (lowered)
    return TSDK_OK;
  return diagnostics.hasErrors() ? tsdk_code(TSDK_E_UNSUPPORTED)
                                 : internal("lowering failed without a reason");
}

tsdk_code Compilation::lowerToThreads() {
  lowering::SimtLoweringInfo info;
  bool lowered = timed("lower-to-threads", [&] {
    return lowering::lowerSimt(*module, *threads, info, options.fpFusion);
  });
  if (tsdk_code result = afterLowering(lowered))
    return result;
  describeLowering(metadata, info);
  metadata["artifact"] =
      code.artifact == TSDK_ARTIFACT_ASSEMBLY ? "assembly" : "elf";
  return TSDK_OK;
}

tsdk_code Compilation::lower() {
  errorsAreOfTheKernel();
  if (tsdk_code result = isSimt() ? lowerToThreads() : lowerToLoops())
    return result;
  return translate();
}

tsdk_code Compilation::lowerToLoops() {
  if (tsdk_code result = expandDescriptors())
    return result;
  lowering::TileLoopsTarget target;
  if (machine.vector_bytes)
    target.vectorBytes = machine.vector_bytes;
  if (machine.vector_registers)
    target.vectorRegisters = machine.vector_registers;
  if (machine.l1_bytes)
    target.l1Bytes = machine.l1_bytes;
  if (machine.l2_bytes)
    target.l2Bytes = machine.l2_bytes;
  if (machine.last_level_bytes)
    target.lastLevelBytes = machine.last_level_bytes;
  target.hasMaskedMemory = machine.features & TSDK_MACHINE_MASKED_MEMORY;
  target.contractFloat = options.fpFusion;
  lowering::TileLoopsInfo info;
  bool lowered = timed("lower-to-loops", [&] {
    return lowering::lowerTileToLoops(*module, target, info);
  });
  if (tsdk_code result = afterLowering(lowered))
    return result;
  describeLowering(metadata, info);
  return TSDK_OK;
}

} // namespace tilesdk::compiler
