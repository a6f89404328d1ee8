//===- program.cpp - Programs and their kernels -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/program.h"

#include "core/runtime/context.h"
#include "core/runtime/hash.h"
#include "core/runtime/json.h"
#include "core/runtime/text.h"

using namespace tilesdk::runtime;

namespace {

/// A literal of a signature as a Python value; anything that is not a number, a
/// boolean or None stays text.
tsdk_arg literalArg(llvm::StringRef text) {
  tsdk_arg arg = {};
  if (text == "None") {
    arg.kind = TSDK_ARG_NONE;
  } else if (text == "True" || text == "False") {
    arg.kind = TSDK_ARG_BOOL;
    arg.v.u = text == "True";
  } else if (!text.getAsInteger(10, arg.v.i)) {
    arg.kind = TSDK_ARG_INT;
  } else if (!text.getAsInteger(10, arg.v.u)) {
    arg.kind = TSDK_ARG_UINT;
  } else if (!text.getAsDouble(arg.v.f)) {
    arg.kind = TSDK_ARG_FLOAT;
  } else {
    arg.kind = TSDK_ARG_CONSTEXPR;
    arg.v.u = 0;
  }
  return arg;
}

Parameter readParameter(const llvm::json::Object &object) {
  auto flag = [&](const char *name) {
    return object.getBoolean(name).value_or(false);
  };
  Parameter param;
  param.name = object.getString("name").value_or("").str();
  param.isConstexpr = flag("constexpr");
  param.isConst = flag("const");
  param.doNotSpecialize = flag("do_not_specialize");
  param.doNotAlign =
      param.doNotSpecialize || flag("do_not_specialize_on_alignment");
  llvm::StringRef type = object.getString("type").value_or("");
  if (type.consume_front("*")) {
    param.forcedPointer = true;
    if (type.consume_front("k"))
      param.isConst = true;
  }
  param.forcedType = parseDtype(type);
  if (param.forcedType == TSDK_DTYPE_NONE)
    param.forcedPointer = false;
  if (std::optional<llvm::StringRef> text = object.getString("default")) {
    param.hasDefault = true;
    param.defaultText = text->str();
    param.defaultArg = literalArg(param.defaultText);
  }
  return param;
}

std::string digestOf(const ProgramText &text) {
  Hasher hasher;
  hasher.add(text.source).add(text.filename).add(text.firstLine);
  hasher.add(text.modules.size());
  for (const ModuleText &module : text.modules)
    hasher.add(module.name).add(module.filename).add(module.source);
  hasher.add(text.captures.size());
  for (const auto &[name, value] : text.captures)
    hasher.add(name).add(value);
  hasher.add(text.irStage).add(text.ir);
  return hasher.hex();
}

} // namespace

ProgramText::~ProgramText() {
  if (tree)
    madeBy->programFree(tree);
}

Error ProgramText::parseLocked(const compiler::Table &table,
                               CompilerOutput &output) {
  std::vector<compiler::ModuleSource> moduleSources;
  moduleSources.reserve(modules.size());
  for (const ModuleText &module : modules)
    moduleSources.push_back(
        {toStr(module.name), toStr(module.filename), toStr(module.source)});
  std::vector<tsdk_option> options;
  for (const auto &[name, value] : captures)
    options.push_back({toStr(name), toStr(value)});
  compiler::ProgramInput input = {};
  input.source = toStr(source);
  input.filename = toStr(filename);
  input.firstLine = firstLine;
  input.modules = moduleSources.data();
  input.numModules = moduleSources.size();
  input.captures = options.data();
  input.numCaptures = options.size();
  compiler::Sink sink = output.sink();
  tsdk_code code = table.programParse(&input, &sink, &tree);
  madeBy = &table;
  return output.error(code, "`" + filename + "`");
}

Error ProgramText::parse(const compiler::Table &table, CompilerOutput &output) {
  std::lock_guard lock(mutex);
  return parseLocked(table, output);
}

Error ProgramText::parsed(const compiler::Table &table,
                          const compiler::Program **out) {
  std::lock_guard lock(mutex);
  if (!tree) {
    CompilerOutput output;
    if (Error error = parseLocked(table, output))
      return error;
  }
  *out = tree;
  return success();
}

void Kernel::retain() { program.retain(); }
void Kernel::release() { program.release(); }
Context &Kernel::context() const { return *program.context; }

int Kernel::findParameter(llvm::StringRef wanted) const {
  for (size_t i = 0; i < params.size(); ++i)
    if (params[i].name == wanted)
      return static_cast<int>(i);
  return -1;
}

Program::Program(Context &context, std::shared_ptr<ProgramText> text)
    : Object(Kind::Program), context(Ref<Context>(&context)),
      text(std::move(text)) {}

bool Program::readMetadata(llvm::StringRef metadata) {
  std::optional<llvm::json::Value> value = parseJson(metadata);
  const llvm::json::Object *object = value ? value->getAsObject() : nullptr;
  const llvm::json::Array *list =
      object ? object->getArray("kernels") : nullptr;
  if (!list || object->getInteger("schema") != 1)
    return false;
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Object *entry = element.getAsObject();
    std::optional<llvm::StringRef> name =
        entry ? entry->getString("name") : std::nullopt;
    if (!name)
      return false;
    auto kernel = std::make_unique<Kernel>(*this, name->str());
    kernel->json = printJson(element);
    if (const llvm::json::Array *params = entry->getArray("params"))
      for (const llvm::json::Value &param : *params)
        if (const llvm::json::Object *paramObject = param.getAsObject())
          kernel->params.push_back(readParameter(*paramObject));
    kernels.push_back(std::move(kernel));
  }
  json = metadata.str();
  return true;
}

Error Program::create(Context &context, std::shared_ptr<ProgramText> text,
                      Ref<Program> *out, Ref<DiagList> *warnings) {
  text->digest = digestOf(*text);
  if (text->isIr()) {
    Ref<Program> program = makeRef<Program>(context, std::move(text));
    program->json = printJson(
        llvm::json::Object{{"schema", 1},
                           {"stage", jsonText(program->text->irStage)},
                           {"kernels", llvm::json::Array()}});
    *out = std::move(program);
    return success();
  }

  const std::string &buildId = context.compiler.buildId();
  std::string key =
      Hasher().add("program").add(buildId).add(text->digest).hex();
  if (!buildId.empty()) {
    if (std::optional<CacheEntry> entry = context.cache.load(key)) {
      Ref<Program> program = makeRef<Program>(context, text);
      if (program->readMetadata(entry->section("program"))) {
        Ref<DiagList> diags = DiagList::fromJson(entry->section("diagnostics"));
        if (warnings && diags->size())
          *warnings = std::move(diags);
        *out = std::move(program);
        return success();
      }
      context.cache.reject(key);
    }
  }

  const compiler::Table *table;
  if (Error error = context.compiler.table(&table))
    return error;
  CompilerOutput output;
  if (Error error = text->parse(*table, output))
    return error;
  Ref<Program> program = makeRef<Program>(context, text);
  const std::string &metadata = output.blobs["program"];
  if (!program->readMetadata(metadata))
    return makeError(TSDK_E_INTERNAL,
                     "`" + text->filename +
                         "`: the compiler's program metadata cannot be read");
  context.cache.store(
      key, {{"program", metadata},
            {"diagnostics", output.diags->size() ? output.diags->toJson()
                                                 : std::string("[]")}});
  if (warnings && output.diags->size())
    *warnings = output.diags;
  *out = std::move(program);
  return success();
}

Error Program::findKernel(llvm::StringRef name, Kernel **out) {
  std::lock_guard lock(kernelsMutex);
  if (name.empty() && kernels.size() == 1 && !text->isIr()) {
    *out = kernels[0].get();
    return success();
  }
  for (const std::unique_ptr<Kernel> &kernel : kernels)
    if (kernel->name == name) {
      *out = kernel.get();
      return success();
    }
  if (text->isIr()) {
    kernels.push_back(std::make_unique<Kernel>(*this, name.str()));
    *out = kernels.back().get();
    return success();
  }
  std::vector<llvm::StringRef> names;
  std::string list;
  for (const std::unique_ptr<Kernel> &kernel : kernels) {
    names.push_back(kernel->name);
    list += (list.empty() ? "`" : ", `") + kernel->name + "`";
  }
  if (kernels.empty())
    return makeError(TSDK_E_NOT_FOUND,
                     "`" + text->filename +
                         "` has no kernels: decorate a function with "
                         "`@triton.jit` or `@tilesdk.jit`");
  if (name.empty())
    return makeError(TSDK_E_NOT_FOUND,
                     "`" + text->filename +
                         "` has several kernels, say which: " + list);
  return makeError(TSDK_E_NOT_FOUND,
                   "`" + text->filename + "` has no kernel `" + name + "`" +
                       didYouMean(name, names) + "; it has " + list);
}
