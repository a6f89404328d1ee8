//===- compile_llvm.cpp - LLVM IR to assembly or an object ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/compilation.h"

#include "core/compiler/copy_scopes.h"
#include "core/compiler/line_info.h"
#include "core/compiler/shared_accesses.h"

#include "mlir/IR/Verifier.h"

#include "llvm/Support/raw_ostream.h"

namespace tilesdk::compiler {

/// LLVM's parser recurses on brackets.
static bool isNestedTooDeep(StringRef text) {
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

/// LLVM dialect to LLVM IR.
tsdk_code Compilation::translate() {
  errorsAreOurs("after lowering");
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
  // The simulator's checks see to the order of what it executes.
  if (llvmModule && threads && threads->countsCopies() && !threads->hasChecks)
    separateCopies(*llvmModule);
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

} // namespace tilesdk::compiler
