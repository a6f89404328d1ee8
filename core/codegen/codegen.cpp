//===- codegen.cpp - LLVM IR to a shared object, step by step ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/codegen.h"
#include "core/codegen/guard.h"
#include "core/codegen/internal.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <chrono>

using namespace llvm;

namespace tilesdk::codegen {

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

uint64_t StepTimes::now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void StepTimes::add(StringRef name, uint64_t nanoseconds) {
  for (StepTime &step : list)
    if (step.name == name) {
      step.nanoseconds += nanoseconds;
      ++step.runs;
      return;
    }
  list.push_back({name.str(), nanoseconds, 1});
}

std::string StepTimes::toJson() const {
  SmallVector<const StepTime *> order;
  for (const StepTime &step : list)
    order.push_back(&step);
  sort(order, [](const StepTime *a, const StepTime *b) {
    return std::tie(b->nanoseconds, a->name) <
           std::tie(a->nanoseconds, b->name);
  });
  std::string text = "[";
  for (const StepTime *step : order)
    text += formatv("{0}\n {{\"name\": \"{1}\", \"ns\": {2}, \"runs\": {3}}",
                    step == order.front() ? "" : ",", step->name,
                    step->nanoseconds, step->runs)
                .str();
  return text + "\n]\n";
}

namespace {

/// Adds the life time of the object to a step.
class Timer {
public:
  Timer(StepTimes &times, const char *name)
      : times(times), name(name), start(StepTimes::now()) {}
  ~Timer() { times.add(name, StepTimes::now() - start); }

private:
  StepTimes &times;
  const char *name;
  uint64_t start;
};

/// Collects errors; warnings and remarks of LLVM are not for users.
struct Diagnostics : DiagnosticHandler {
  std::string errors;
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    if (info.getSeverity() == DS_Error) {
      if (!errors.empty())
        errors += '\n';
      raw_string_ostream stream(errors);
      DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
    }
    return true;
  }
};

Diagnostics &diagnosticsOf(LLVMContext &context) {
  return *static_cast<Diagnostics *>(
      const_cast<DiagnosticHandler *>(context.getDiagHandlerPtr()));
}

std::string printModule(const Module &module) {
  std::string text;
  raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

/// One compilation between its guard and its result.
struct Job {
  std::unique_ptr<Module> module;
  std::unique_ptr<TargetMachine> machine;
  const Target &target;
  const Options &options;
  Output &output;
  StepTimes &times;
  Status status;
  SmallString<0> object;

  void run();
  bool linkInputs();
  bool linkBitcode(StringRef bytes, StringRef what);
  bool linkProvided();
  bool resolved();
  void setAttributes();
  bool stopped();
  bool fail(Status::Kind kind, const Twine &message) {
    status.kind = kind;
    status.message = message.str();
    return false;
  }
};

bool Job::stopped() {
  if (options.interrupted && options.interrupted())
    fail(Status::Interrupted, "interrupted");
  return status.kind == Status::Interrupted;
}

bool Job::linkBitcode(StringRef bytes, StringRef what) {
  Status read;
  std::unique_ptr<Module> extra = readModule(bytes, module->getContext(), read);
  if (!extra)
    return fail(Status::Invalid, what + ": " + read.message);
  extra->setTargetTriple(module->getTargetTriple());
  extra->setDataLayout(module->getDataLayout());
  for (Function &function : *extra) {
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
    function.removeFnAttr("tune-cpu");
  }
  if (Linker::linkModules(*module, std::move(extra)))
    return fail(Status::Invalid,
                what + ": " + diagnosticsOf(module->getContext()).errors);
  return true;
}

/// Asks the provider for what is still undefined, until nothing new comes.
bool Job::linkProvided() {
  if (!options.provider)
    return true;
  SmallVector<std::string> asked;
  for (bool changed = true; changed;) {
    changed = false;
    SmallVector<std::string> missing;
    for (Function &function : *module)
      if (function.isDeclaration() && !function.isIntrinsic() &&
          !function.use_empty() &&
          (target.isSimt || !function.getName().starts_with("tsdk.math.")) &&
          !is_contained(asked, function.getName()))
        missing.push_back(function.getName().str());
    for (const std::string &symbol : missing) {
      asked.push_back(symbol);
      std::string bytes = options.provider(symbol);
      if (bytes.empty())
        continue;
      if (!linkBitcode(bytes, "device function '" + symbol + "'"))
        return false;
      Function *defined = module->getFunction(symbol);
      if (!defined || defined->isDeclaration())
        return fail(Status::Invalid, "device function '" + symbol +
                                         "': the provider gave a module "
                                         "without it");
      changed = true;
    }
  }
  return true;
}

bool Job::linkInputs() {
  unsigned number = 0;
  for (StringRef bytes : options.extraBitcode)
    if (!linkBitcode(bytes, "linked bitcode " + std::to_string(number++)))
      return false;
  if (target.checkAccesses)
    checkAccesses(*module, target.parameters);
  if (!linkProvided())
    return false;
  for (const std::string &name : options.exports) {
    Function *function = module->getFunction(name);
    if (!function || function->isDeclaration())
      return fail(Status::Invalid, "no function '" + name + "' to export");
  }
  for (GlobalValue &value : module->global_values()) {
    if (value.isDeclaration())
      continue;
    bool exported = is_contained(options.exports, value.getName());
    if (value.getName().starts_with("llvm."))
      continue;
    // A variable of the device library that its driver sets.
    if (target.isSimt && isa<GlobalVariable>(value) &&
        value.hasProtectedVisibility())
      continue;
    if (auto *object = dyn_cast<GlobalObject>(&value))
      object->setComdat(nullptr);
    value.setVisibility(GlobalValue::DefaultVisibility);
    value.setLinkage(exported ? GlobalValue::ExternalLinkage
                              : GlobalValue::InternalLinkage);
  }
  legaliseMath(*module);
  std::string error;
  if (!linkMathFunctions(*module, *machine, error))
    return fail(Status::Invalid, error);
  return true;
}

/// Everything the linker would miss is named here, where it can be explained.
bool Job::resolved() {
  for (const GlobalValue &value : module->global_values()) {
    if (!value.isDeclaration() || value.use_empty())
      continue;
    const auto *function = dyn_cast<Function>(&value);
    if (function && function->isIntrinsic())
      continue;
    // Shared memory, which a launch provides.
    if (target.isSimt && !function && value.getAddressSpace() != 0)
      continue;
    if (value.getName().starts_with("tsdk.print.")) // builtins/print.c
      continue;
    return fail(Status::Invalid,
                "nothing defines '" + value.getName() +
                    "', which the kernel uses; link a module that has it");
  }
  for (const GlobalVariable &variable : module->globals()) {
    if (variable.isThreadLocal())
      return fail(Status::Invalid, "'" + variable.getName() +
                                       "' is thread-local, which a kernel "
                                       "cannot have");
    if (variable.getName() == "llvm.global_ctors" ||
        variable.getName() == "llvm.global_dtors")
      return fail(Status::Invalid, "a kernel cannot have constructors");
  }
  return true;
}

void Job::setAttributes() {
  if (!target.isAssembly && module->getPICLevel() == PICLevel::NotPIC)
    module->setPICLevel(PICLevel::BigPIC);
  for (const auto &[name, value] : target.moduleFlags)
    module->addModuleFlag(Module::Error, name, value);
  for (Function &function : *module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(Attribute::NoUnwind);
    function.setUWTableKind(UWTableKind::None);
    if (target.vectorWidth)
      function.addFnAttr("prefer-vector-width", utostr(target.vectorWidth));
    if (!target.isSimt)
      continue;
    // MLIR has no way to say it of inline assembly.
    for (Instruction &instruction : instructions(function))
      if (auto *call = dyn_cast<CallBase>(&instruction);
          call && call->isInlineAsm() &&
          cast<InlineAsm>(call->getCalledOperand())->hasSideEffects()) {
        call->setConvergent();
        call->addFnAttr(Attribute::NoMerge);
      }
    if (!is_contained(options.exports, function.getName()))
      continue;
    function.setCallingConv(target.callingConvention);
    for (const auto &[name, value] : target.kernelAttributes) {
      StringRef rest = name;
      if (!rest.consume_front("byval.")) {
        function.addFnAttr(name, value);
        continue;
      }
      for (Argument &argument : function.args())
        if (argument.hasByValAttr())
          argument.addAttr(Attribute::get(module->getContext(), rest, value));
    }
  }
}

void Job::run() {
  // A fixed name: no path may reach the artifact.
  module->setModuleIdentifier("kernel");
  module->setSourceFileName("kernel");
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  {
    Timer timer(times, "link-device-functions");
    if (!linkInputs())
      return;
    setAttributes();
  }
  std::string broken;
  raw_string_ostream stream(broken);
  {
    Timer timer(times, "verify-llvm");
    if (verifyModule(*module, &stream)) {
      fail(Status::Internal, "invalid LLVM IR: " + StringRef(broken).trim());
      status.reproducer = printModule(*module);
      return;
    }
  }
  if (!resolved() || stopped())
    return;
  {
    Timer timer(times, "optimise-llvm");
    optimiseModule(*module, *machine, target.isSimt, options, times);
    if (!target.isSimt)
      expandConstantMaskedStores(*module);
  }
  if (stopped())
    return;
  if (options.beforeEmit)
    options.beforeEmit(*module);
  bool assemblyOnly = options.assemblyOnly || target.isAssembly;
  if (options.keepAssembly || assemblyOnly) {
    Timer timer(times, "emit-assembly");
    if (options.keepAssembly)
      output.optimisedIr = printModule(*module);
    SmallString<0> text;
    raw_svector_ostream out(text);
    std::unique_ptr<Module> copy =
        assemblyOnly ? std::move(module) : CloneModule(*module);
    if (!emitModule(*copy, *machine, /*assembly=*/true, out)) {
      fail(Status::Internal, "the target prints no assembly");
      return;
    }
    output.assembly = text.str().str();
  }
  if (assemblyOnly || stopped())
    return;
  {
    Timer timer(times, "emit-object");
    raw_svector_ostream out(object);
    if (!emitModule(*module, *machine, /*assembly=*/false, out)) {
      fail(Status::Internal, "the target writes no objects");
      return;
    }
  }
  stopped();
}

} // namespace

LeakableContext::LeakableContext() : context(new LLVMContext) {
  context->setDiagnosticHandler(std::make_unique<Diagnostics>(),
                                /*RespectFilters=*/false);
}

LeakableContext::~LeakableContext() {
  if (!leaked)
    delete context;
}

std::unique_ptr<Module> readModule(StringRef bytes, LLVMContext &context,
                                   Status &status) {
  std::unique_ptr<Module> result;
  // The readers of LLVM are not proof against hostile bytes: they may give up.
  auto *error = new std::string;
  auto *copy = new std::string(bytes);
  GuardResult guard;
  bool finished = runGuarded(
      [&] {
        MemoryBufferRef buffer(*copy, "module");
        if (isBitcode(reinterpret_cast<const unsigned char *>(copy->data()),
                      reinterpret_cast<const unsigned char *>(copy->data() +
                                                              copy->size()))) {
          Expected<std::unique_ptr<Module>> read =
              parseBitcodeFile(buffer, context);
          if (read)
            result = std::move(*read);
          else
            *error = toString(read.takeError());
        } else {
          SMDiagnostic diagnostic;
          result = parseIR(buffer, diagnostic, context);
          if (!result)
            *error = ("line " + Twine(diagnostic.getLineNo()) + ": " +
                      diagnostic.getMessage())
                         .str();
        }
        raw_string_ostream stream(*error);
        if (result && verifyModule(*result, &stream))
          result.reset();
      },
      guard);
  if (!finished) {
    // Half read: its destructor could fail again, so it is left behind.
    [[maybe_unused]] Module *abandoned = result.release();
    status.kind = Status::Invalid;
    status.message = "cannot read the module: " + guard.message;
    return nullptr;
  }
  if (!result) {
    status.kind = Status::Invalid;
    status.message =
        "cannot read the module: " + StringRef(*error).trim().str();
  }
  delete error;
  delete copy;
  return result;
}

Status generate(std::unique_ptr<Module> module, const Target &target,
                const Options &options, Output &output, StepTimes &times) {
  Status status;
  std::string error;
  LLVMContext &context = module->getContext();
  diagnosticsOf(context).errors.clear();
  std::unique_ptr<TargetMachine> machine;
  {
    Timer timer(times, "create-target-machine");
    machine = createTargetMachine(target, options.optLevel, error);
  }
  if (!machine) {
    status.kind = Status::Invalid;
    status.message = error;
    return status;
  }
  auto *job = new Job{std::move(module),
                      std::move(machine),
                      target,
                      options,
                      output,
                      times,
                      {},
                      {}};
  // Kept beforehand: after a fatal error the module is unusable.
  auto *before = new SmallString<0>;
  GuardResult guard;
  bool finished = runGuarded(
      [&] {
        {
          raw_svector_ostream stream(*before);
          WriteBitcodeToFile(*job->module, stream);
        }
        job->run();
      },
      guard);
  if (!finished) {
    status.kind = Status::Internal;
    status.abandoned = true;
    status.message = guard.message;
    LeakableContext fresh;
    Status read;
    if (std::unique_ptr<Module> copy = readModule(*before, *fresh, read))
      status.reproducer = printModule(*copy);
    return status;
  }
  delete before;
  status = std::move(job->status);
  SmallString<0> object = std::move(job->object);
  delete job;
  if (status && !diagnosticsOf(context).errors.empty()) {
    status.kind = Status::Internal;
    status.message = diagnosticsOf(context).errors;
  }
  if (!status || options.assemblyOnly || target.isAssembly)
    return status;
  Timer timer(times, "link-object");
  bool withBuiltins = Triple(target.triple).isX86();
  if (!linkSharedObject(object, withBuiltins, output.object, error)) {
    status.kind = Status::Internal;
    status.message = "cannot link: " + error;
  }
  return status;
}

} // namespace tilesdk::codegen
