//===- compile.cpp - One build from its first stage to its last -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole build runs inside a guard of core/codegen: when LLVM or MLIR gives
// up, the build is left by a jump, everything it owns is leaked, and the caller
// gets an internal error with a reproducer.
//
//===----------------------------------------------------------------------===//

#include "core/compiler/compile.h"

#include "core/codegen/codegen.h"
#include "core/codegen/guard.h"
#include "core/compiler/context.h"
#include "core/compiler/line_info.h"
#include "core/compiler/metadata.h"
#include "core/compiler/mlir_diagnostics.h"
#include "core/compiler/options.h"
#include "core/compiler/output.h"
#include "core/compiler/shared_accesses.h"
#include "core/compiler/text.h"
#include "core/diagnostics/diagnostics.h"
#include "core/ir/tile_ops.h"
#include "core/ir/tile_reader.h"
#include "core/lowering/lowering.h"
#include "core/lowering/simt_lowering.h"
#include "core/optimizer/pipeline.h"
#include "core/optimizer/simt/pipeline.h"
#include "core/target/target.h"

#include "mlir/IR/Action.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

namespace tilesdk::compiler {

using codegen::StepTimes;
using diagnostics::Diag;
using llvm::StringRef;

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
  tsdk_code assignThreads();
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

std::string printModule(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // With locations: who goes on from the text has the same line tables and
  // remarks.
  module.print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  stream << '\n';
  return text;
}

/// LLVM's parser recurses on brackets.
bool isNestedTooDeep(StringRef text) {
  const unsigned limit = 256;
  unsigned depth = 0;
  bool quoted = false, comment = false;
  for (char c : text) {
    if (comment || quoted) {
      comment = comment && c != '\n';
      quoted = quoted && c != '"';
      continue;
    }
    comment = c == ';';
    quoted = c == '"';
    if (c == '(' || c == '[' || c == '{' || c == '<') {
      if (++depth > limit)
        return true;
    } else if ((c == ')' || c == ']' || c == '}' || c == '>') && depth) {
      --depth;
    }
  }
  return false;
}

std::string Compilation::reproducerHeader() const {
  std::string text = "# target: " + toRef(input.target->name).str() +
                     "\n# kernel: " + toRef(input.kernel).str() +
                     "\n# signature: " + toRef(input.signature).str() + "\n";
  for (size_t i = 0; i < input.numOptions; ++i)
    text += "# option: " + toRef(input.options[i].name).str() + "=" +
            toRef(input.options[i].value).str() + "\n";
  return text;
}

/// Reports our own bug with what is needed to see it again.
tsdk_code Compilation::internal(const llvm::Twine &message,
                                StringRef reproducer) {
  diagnostics.reportGlobal(Diag::Internal, message.str())
      .help("please report it with the reproducer");
  std::string text = reproducerHeader();
  if (input.program) {
    const diagnostics::SourceManager &sources = input.program->parsed.sources();
    for (diagnostics::FileId id = 1; sources.file(id); ++id)
      text += "# ---- " + sources.file(id)->name().str() + "\n" +
              sources.file(id)->text().str() + "\n";
  } else {
    text += "# ---- stage " + toRef(input.irStage).str() + "\n" +
            toRef(input.ir).str() + "\n";
  }
  if (!reproducer.empty())
    text += "# ---- LLVM IR\n" + reproducer.str();
  emitBlob(sink, "reproducer", text);
  return TSDK_E_INTERNAL;
}

/// Hands out what a call ends with.
tsdk_code Compilation::finish(tsdk_code result) {
  if (result == TSDK_OK) {
    describeDiagnostics(metadata, diagnostics);
    std::string text;
    llvm::raw_string_ostream(text)
        << llvm::json::Value(llvm::json::Object(metadata));
    emitBlob(sink, "metadata", text);
  }
  emitBlob(sink, "remarks", remarksJson(diagnostics));
  emitBlob(sink, "times", times.toJson());
  emitDiagnostics(sink, diagnostics);
  return result;
}

tsdk_code Compilation::reportFatal(const codegen::GuardResult &guard) {
  tsdk_code result =
      internal(guard.cause == codegen::GuardResult::OutOfMemory
                   ? llvm::Twine("the compiler ran out of memory")
                   : "the compiler gave up: " + llvm::Twine(guard.message));
  emitDiagnostics(sink, diagnostics);
  return guard.cause == codegen::GuardResult::OutOfMemory
             ? TSDK_E_RESOURCE_EXHAUSTED
             : result;
}

tsdk_code Compilation::run() {
  if (interruption.poll())
    return finish(stopped());
  if (!readOptions(input, options, diagnostics) ||
      !readStages(input, plan, diagnostics))
    return finish(TSDK_E_INVALID_ARGUMENT);
  bool isLowered = input.target->execution == TSDK_EXECUTION_TILE_LOOPS ||
                   input.target->execution == TSDK_EXECUTION_SIMT;
  bool isMissing = plan.last >= Stage::Llvm
                       ? !isLowered
                       : plan.last == Stage::Simt && !isSimt();
  bool isForeign = plan.first == Stage::Simt && !isSimt();
  if (isMissing || isForeign) {
    diagnostics.reportGlobal(Diag::NoStageForTarget, toRef(input.target->name),
                             stageName(isForeign ? plan.first : plan.last));
    return finish(TSDK_E_UNIMPLEMENTED);
  }
  tsdk_code result = plan.first == Stage::Llvm ? readLlvm() : mlirStages();
  if (result == TSDK_OK && plan.last > Stage::Llvm)
    result = generate();
  return finish(result);
}

//===----------------------------------------------------------------------===//
// Source and tile IR
//===----------------------------------------------------------------------===//

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
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::Internal, where,
                                  "after a pass on tile IR: " + message.str());
      });
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

//===----------------------------------------------------------------------===//
// LLVM
//===----------------------------------------------------------------------===//

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

/// Stage `tile-opt` to `simt`.
tsdk_code Compilation::assignThreads() {
  optimizer::SimtOptions request;
  request.target = toRef(input.target->name).str();
  request.numWarps = options.numWarps;
  request.numStages = options.numStages;
  request.strictStages = options.strictStages;
  request.pointerBoxes = options.pointerBoxes;
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::NotLowerable, where, kernelName,
                                  toRef(input.target->name), message);
      });
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
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::Internal, where,
                                  "after the passes of stage simt: " +
                                      message.str());
      });
  if (mlir::failed(mlir::verify(*module)))
    return internal("the IR of stage simt is broken", printModule(*module));
  return TSDK_OK;
}

tsdk_code Compilation::lowerToThreads() {
  lowering::SimtLoweringInfo info;
  bool lowered = timed("lower-to-threads", [&] {
    return lowering::lowerSimt(*module, *threads, info, options.fpFusion);
  });
  if (interruption.poll())
    return stopped();
  if (!lowered)
    return diagnostics.hasErrors()
               ? TSDK_E_UNSUPPORTED
               : internal("lowering failed without a reason");
  describeLowering(metadata, info);
  metadata["artifact"] =
      code.artifact == TSDK_ARTIFACT_ASSEMBLY ? "assembly" : "elf";
  return TSDK_OK;
}

tsdk_code Compilation::lower() {
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::NotLowerable, where, kernelName,
                                  toRef(input.target->name), message);
      });
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
  if (interruption.poll())
    return stopped();
  if (!lowered)
    return diagnostics.hasErrors()
               ? TSDK_E_UNSUPPORTED
               : internal("lowering failed without a reason");
  describeLowering(metadata, info);
  return TSDK_OK;
}

/// LLVM dialect to LLVM IR.
tsdk_code Compilation::translate() {
  mlirDiagnostics->setOnError(
      [this](const diagnostics::Location &where, StringRef message) {
        return diagnostics.report(Diag::Internal, where,
                                  "after lowering: " + message.str());
      });
  llvmContext = std::make_unique<codegen::LeakableContext>();
  bool valid = timed("verify-lowered",
                     [&] { return mlir::succeeded(mlir::verify(*module)); });
  if (valid)
    llvmModule = timed("translate", [&] {
      attachLineInfo(*module, code.artifact == TSDK_ARTIFACT_ASSEMBLY
                                  ? LineInfo::Directives
                                  : LineInfo::Tables);
      return translateToLlvm(*module, **llvmContext);
    });
  if (!llvmModule)
    return internal("lowering made IR that does not translate",
                    printModule(*module));
  if (isSimt())
    timed("count-shared-accesses", [this] { return describeAccesses(); });
  if (plan.wants(Stage::Llvm)) {
    std::string text;
    llvm::raw_string_ostream(text)
        << llvm::json::Value(llvm::json::Object(metadata));
    attachMetadata(*llvmModule, text);
    emitBlob(sink, "llvm", printLlvm(*llvmModule));
  }
  return TSDK_OK;
}

/// What the banks of shared memory have to do.
bool Compilation::describeAccesses() {
  llvm::Function *kernel = llvmModule->getFunction(kernelName);
  std::optional<int64_t> warps = metadata.getInteger("warps");
  if (!kernel || kernel->isDeclaration() || !warps)
    return false;
  metadata["shared_accesses"] =
      countSharedAccesses(*kernel, *threads, uint32_t(*warps)).toJson();
  return true;
}

tsdk_code Compilation::readLlvm() {
  StringRef bytes = toRef(input.ir);
  auto bad = [&](const llvm::Twine &message) {
    diagnostics.reportGlobal(Diag::InvalidIr, "ir", message.str());
    return TSDK_E_DATA_LOSS;
  };
  // LLVM's bitcode reader trusts its input, its parser of text does not.
  if (bytes.starts_with("BC") || bytes.starts_with("\xde\xc0\x17\x0b"))
    return bad("it is LLVM bitcode; this stage is read as text");
  if (isNestedTooDeep(bytes))
    return bad("its types or constants are nested too deep");
  llvmContext = std::make_unique<codegen::LeakableContext>();
  codegen::Status status;
  llvmModule = timed("read-ir", [&] {
    return codegen::readModule(bytes, **llvmContext, status);
  });
  if (status.abandoned)
    llvmContext->leak();
  if (!llvmModule)
    return bad(status.message);
  llvm::Expected<llvm::json::Value> json =
      llvm::json::parse(compiler::readMetadata(*llvmModule));
  if (!json) {
    llvm::consumeError(json.takeError());
    return bad("it has no `!tilesdk.metadata`, without which its parameters "
               "are unknown");
  }
  llvm::json::Object *object = json->getAsObject();
  std::optional<StringRef> symbol =
      object ? object->getString("symbol") : std::nullopt;
  if (!object || object->getInteger("schema") != 1 || !symbol)
    return bad("its `!tilesdk.metadata` is of another schema");
  kernelName = symbol->str();
  if (StringRef wanted = toRef(input.kernel);
      !wanted.empty() && wanted != kernelName) {
    diagnostics.reportGlobal(Diag::KernelNotFound, wanted)
        .note("the module has `" + kernelName + "`");
    return TSDK_E_NOT_FOUND;
  }
  metadata = std::move(*object);
  metadata["target"] = toRef(input.target->name).str();
  // Checks are put in behind this stage, so this build says which.
  if (llvm::json::Object *built = metadata.getObject("options")) {
    built->erase("check");
    if (!options.check.empty())
      (*built)["check"] = options.check;
  }
  if (plan.wants(Stage::Llvm))
    emitBlob(sink, "llvm", printLlvm(*llvmModule));
  return interruption.poll() ? stopped() : tsdk_code(TSDK_OK);
}

/// Replaces {threads}, {warps}, {entry_registers} and {name of an option};
/// nothing when one has no value.
std::optional<std::string> Compilation::substitute(StringRef text) const {
  std::string result;
  while (true) {
    auto [before, rest] = text.split('{');
    result += before;
    if (before.size() == text.size())
      return result;
    auto [name, after] = rest.split('}');
    std::optional<std::string> value;
    if (name == "threads" || name == "warps" || name == "entry_registers") {
      if (std::optional<int64_t> number = metadata.getInteger(name))
        value = std::to_string(*number);
    } else {
      // What the target starts from stands where nothing was said.
      for (size_t i = 0; i < machine.num_options; ++i)
        if (const tsdk_option_row &row =
                *reinterpret_cast<const tsdk_option_row *>(
                    reinterpret_cast<const char *>(machine.options) +
                    i * machine.option_stride);
            toRef(row.name) == name)
          value = toRef(row.initial).str();
      for (size_t i = 0; i < input.numOptions; ++i)
        if (toRef(input.options[i].name) == name)
          value = toRef(input.options[i].value).str();
    }
    if (!value || value->empty())
      return std::nullopt;
    result += *value;
    text = after;
  }
}

void Compilation::describeSimtTarget(codegen::Target &target) const {
  target.isSimt = true;
  target.isAssembly = code.artifact == TSDK_ARTIFACT_ASSEMBLY;
  target.vectorWidth = 0;
  target.callingConvention = code.calling_convention;
  target.checkAccesses = !options.check.empty();
  if (const llvm::json::Array *params = metadata.getArray("params");
      params && target.checkAccesses)
    for (const llvm::json::Value &param : *params) {
      const llvm::json::Object *leaf = param.getAsObject();
      target.parameters.push_back(
          leaf ? leaf->getString("name").value_or("").str() : std::string());
    }
  llvm::SmallVector<StringRef> entries;
  toRef(code.kernel_attributes).split(entries, ';', -1, false);
  for (StringRef entry : entries) {
    auto [name, text] = entry.split('=');
    if (std::optional<std::string> value = substitute(text))
      target.kernelAttributes.emplace_back(name.str(), *value);
  }
  entries.clear();
  toRef(code.module_flags).split(entries, ';', -1, false);
  for (StringRef entry : entries) {
    auto [name, text] = entry.split('=');
    std::optional<std::string> number = substitute(text);
    uint32_t value;
    if (number && !StringRef(*number).getAsInteger(10, value))
      target.moduleFlags.emplace_back(name.str(), value);
  }
}

tsdk_code Compilation::generate() {
  codegen::Target target;
  target.triple = toRef(code.triple).str();
  target.cpu = toRef(code.cpu).str();
  target.features = toRef(code.features).str();
  target.vectorWidth = machine.vector_bytes * 8;
  if (isSimt())
    describeSimtTarget(target);
  codegen::Options request;
  request.exports = {kernelName};
  request.keepAssembly = plan.wants(Stage::Asm);
  request.assemblyOnly = plan.last == Stage::Asm;
  for (size_t i = 0; i < input.numLinkBitcode; ++i)
    request.extraBitcode.push_back(toRef(input.linkBitcode[i]));
  if (interruption.isPossible())
    request.interrupted = [this] { return interruption.poll(); };
  const tsdk_plugin plugin = readStruct(input.plugin);
  auto provide = [&](StringRef symbol) -> std::string {
    tsdk_bytes bytes = {};
    if (!plugin.device_function ||
        plugin.device_function(plugin.self, input.target, toStr(symbol),
                               &bytes) != TSDK_OK)
      return "";
    return toRef(bytes).str();
  };
  request.provider = provide;
  codegen::Output output;
  codegen::Status status =
      codegen::generate(std::move(llvmModule), target, request, output, times);
  if (status.abandoned)
    llvmContext->leak();
  switch (status.kind) {
  case codegen::Status::Ok:
    break;
  case codegen::Status::Interrupted:
    return stopped();
  case codegen::Status::Invalid:
    diagnostics.reportGlobal(Diag::LinkFailed, kernelName, status.message);
    return TSDK_E_UNSUPPORTED;
  case codegen::Status::Internal:
    return internal(status.message, status.reproducer);
  }
  if (plan.wants(Stage::Asm))
    emitBlob(sink, "asm", output.assembly);
  // The plugin makes the object of an assembly text, see the runtime.
  if (target.isAssembly && !plan.wants(Stage::Asm))
    emitBlob(sink, "asm", output.assembly);
  if (plan.last == Stage::Object && !target.isAssembly)
    emitBlob(sink, "object", output.object);
  return TSDK_OK;
}

} // namespace

tsdk_code compileKernel(const CompileInput &input, const Sink &sink) {
  auto *compilation = new Compilation(input, sink);
  tsdk_code result = TSDK_E_INTERNAL;
  codegen::GuardResult guard;
  if (codegen::runGuarded([&] { result = compilation->run(); }, guard))
    delete compilation;
  else
    result = compilation->reportFatal(guard);
  return result;
}

} // namespace tilesdk::compiler
