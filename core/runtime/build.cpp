//===- build.cpp - Building each variant once -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/build.h"
#include "core/runtime/context.h"
#include "core/runtime/json.h"
#include "core/runtime/os.h"
#include "core/runtime/text.h"

#include "llvm/ADT/StringExtras.h"

#include <chrono>
#include <cstdlib>

using namespace tilesdk::runtime;

namespace {

// How often a thread that waits for another's build looks at its own cancel
// flag.
constexpr auto pollInterval = std::chrono::milliseconds(2);

bool isCancelled(const BuildRequest &request) {
  return request.cancel && __atomic_load_n(request.cancel, __ATOMIC_RELAXED);
}

/// An error when the request has no more time.
Error checkTime(const BuildRequest &request) {
  if (isCancelled(request))
    return makeError(TSDK_E_CANCELLED,
                     "kernel `" + request.kernel + "` was cancelled");
  if (request.deadline && os::now() >= request.deadline)
    return makeError(TSDK_E_DEADLINE_EXCEEDED,
                     "kernel `" + request.kernel +
                         "` took longer than its timeout");
  return success();
}

std::string join(const std::vector<std::string> &names) {
  return llvm::join(names, ",");
}

/// Adds what is known of the code to the metadata of its artifact.
void addResources(std::string &metadata, const tsdk_plugin_compile_out &out,
                  llvm::StringRef log) {
  if (!out.registers && !out.spill_bytes && !out.stack_bytes &&
      !out.shared_bytes && log.empty())
    return;
  std::optional<llvm::json::Value> value = parseJson(metadata);
  llvm::json::Object *object = value ? value->getAsObject() : nullptr;
  if (!object) // of a plugin; reported where it is read
    return;
  llvm::json::Object resources;
  if (out.registers)
    resources = llvm::json::Object{{"registers", out.registers},
                                   {"spill_bytes", out.spill_bytes},
                                   {"stack_bytes", out.stack_bytes},
                                   {"static_shared_bytes", out.shared_bytes}};
  if (!log.empty())
    resources["log"] = jsonText(log);
  (*object)["resources"] = std::move(resources);
  metadata = printJson(*value);
}

/// What the metadata says of a build whose code was inspected.
struct Outcome {
  int64_t spillBytes = 0, stages = 1, warps = 0;

  explicit Outcome(llvm::StringRef metadata) {
    std::optional<llvm::json::Value> value = parseJson(metadata);
    const llvm::json::Object *object = value ? value->getAsObject() : nullptr;
    if (!object)
      return;
    stages = object->getInteger("num_stages").value_or(1);
    warps = object->getInteger("warps").value_or(0);
    if (const llvm::json::Object *resources = object->getObject("resources"))
      spillBytes = resources->getInteger("spill_bytes").value_or(0);
  }
};

/// Sets an option; the last one of a name counts.
NamedTexts withOption(NamedTexts options, llvm::StringRef name,
                      llvm::StringRef value) {
  llvm::erase_if(options, [&](const auto &each) { return each.first == name; });
  options.emplace_back(name.str(), value.str());
  return options;
}

} // namespace

struct BuildRegistry::InFlight {
  std::condition_variable ended;
  bool done = false;
  Ref<Variant> variant;
  Error error;
};

BuildRegistry::BuildRegistry() = default;

void BuildRegistry::forget(Variant *variant) {
  std::lock_guard lock(mutex);
  auto found = live.find(variant->key);
  if (found != live.end() && found->second == variant)
    live.erase(found);
}

Error BuildRegistry::get(const BuildRequest &request, Ref<Variant> *out) {
  if (owner->isForked())
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     "this context was in use when the process was forked; "
                     "create a new one in the child");
  const std::string &buildId = owner->compiler.buildId();
  if (buildId.empty()) {
    const compiler::Table *table;
    if (Error error = owner->compiler.table(&table))
      return error;
  }
  std::string key = request.key(buildId);
  while (true) {
    std::shared_ptr<InFlight> flight;
    {
      std::unique_lock lock(mutex);
      auto found = live.find(key);
      if (found != live.end() && found->second->tryRetain()) {
        *out = Ref<Variant>::adopt(found->second);
        return success();
      }
      if (Error error = checkTime(request))
        return error;
      auto other = inFlight.find(key);
      if (other == inFlight.end()) {
        flight = std::make_shared<InFlight>();
        inFlight.emplace(key, flight);
        active.fetch_add(1, std::memory_order_relaxed);
      } else {
        std::shared_ptr<InFlight> theirs = other->second;
        while (!theirs->done) {
          theirs->ended.wait_for(lock, pollInterval);
          if (!theirs->done)
            if (Error error = checkTime(request))
              return error;
        }
        if (theirs->variant) {
          *out = theirs->variant;
          return success();
        }
        // Their time was over, not ours: build it ourselves.
        if (theirs->error.code() == TSDK_E_CANCELLED ||
            theirs->error.code() == TSDK_E_DEADLINE_EXCEEDED)
          continue;
        return theirs->error.copy();
      }
    }

    // Nothing below the catch may throw: others wait for the end of this.
    Ref<Variant> variant;
    Error error;
    std::unique_lock lock(mutex, std::defer_lock);
    try {
      error = build(request, key, &variant);
      lock.lock();
      if (error)
        flight->error = error.copy();
      else
        live[key] = variant.get();
    } catch (...) {
      error = Error(outOfMemory());
      flight->error = Error(outOfMemory());
      if (!lock.owns_lock())
        lock.lock();
    }
    flight->done = true;
    if (!error)
      flight->variant = variant;
    inFlight.erase(key);
    active.fetch_sub(1, std::memory_order_relaxed);
    flight->ended.notify_all();
    lock.unlock();
    if (!error)
      *out = std::move(variant);
    return error;
  }
}

bool BuildRegistry::fromCache(const BuildRequest &request,
                              const std::string &key, Ref<Variant> *out) {
  std::optional<CacheEntry> entry = owner->cache.load(key);
  if (!entry)
    return false;
  Ref<Variant> variant = makeRef<Variant>(*owner, request, key);
  bool usable = true;
  if (request.stopStage == "object")
    usable = variant->readMetadata(entry->section("metadata")) &&
             !entry->section("object").empty();
  for (const CacheSection &section : entry->sections) {
    llvm::StringRef name = section.name;
    if (name.consume_front("stage:"))
      variant->stages[name.str()] = makeRef<Blob>(section.bytes.str());
  }
  if (entry->has("object"))
    variant->stages["object"] = makeRef<Blob>(entry->section("object").str());
  for (const std::string &stage : request.keepStages)
    usable &= variant->stages.count(stage) != 0 ||
              entry->section("missing").contains("," + stage + ",");
  if (!usable) {
    owner->cache.reject(key);
    return false;
  }
  variant->diags = DiagList::fromJson(entry->section("diagnostics"));
  variant->times = entry->section("times").str();
  variant->fromCache = true;
  *out = std::move(variant);
  return true;
}

void BuildRegistry::toCache(const Variant &variant) {
  std::vector<CacheSection> sections;
  std::string diags = variant.diags->size() ? variant.diags->toJson() : "[]";
  // Stages this target does not have, so that asking again is no miss.
  std::string missing = ",";
  for (const std::string &stage : variant.request.keepStages)
    if (!variant.stages.count(stage))
      missing += stage + ",";
  sections.push_back({"metadata", variant.metadata});
  sections.push_back({"diagnostics", diags});
  sections.push_back({"times", variant.times});
  sections.push_back({"missing", missing});
  for (const auto &[name, blob] : variant.stages)
    sections.push_back(
        {name == "object" ? name : "stage:" + name, blob->bytes});
  owner->cache.store(variant.key, sections);
}

Error BuildRegistry::build(const BuildRequest &request, const std::string &key,
                           Ref<Variant> *out) {
  uint64_t start = os::now();
  Ref<Variant> variant;
  if (!fromCache(request, key, &variant)) {
    variant = makeRef<Variant>(*owner, request, key);
    variant->diags = makeRef<DiagList>();
    compiles.fetch_add(1, std::memory_order_relaxed);
    if (Error error = compile(request, *variant))
      return error;
    toCache(*variant);
  }
  if (!request.remarks.empty()) {
    // They are about this request, not about the artifact in the cache.
    Ref<DiagList> all = makeRef<DiagList>();
    for (size_t i = 0; i < variant->diags->size(); ++i)
      all->add((*variant->diags)[i]);
    for (const DiagEntry &remark : request.remarks)
      all->add(remark);
    variant->diags = std::move(all);
  }
  if (variant->diags->size())
    variant->diagsHandle = makeHandle(Ref<Object>(variant->diags.get()));
  variant->buildNanoseconds = os::now() - start;
  *out = std::move(variant);
  return success();
}

Error BuildRegistry::rebuild(const Variant &broken, Ref<Variant> *out) {
  owner->cache.reject(broken.key);
  Ref<Variant> variant = makeRef<Variant>(*owner, broken.request, broken.key);
  variant->diags = makeRef<DiagList>();
  compiles.fetch_add(1, std::memory_order_relaxed);
  if (Error error = compile(broken.request, *variant))
    return error;
  toCache(*variant);
  *out = std::move(variant);
  return success();
}

Error BuildRegistry::compileOnce(const BuildRequest &request,
                                 const NamedTexts &texts,
                                 const Variant &variant,
                                 CompilerOutput &output) {
  const compiler::Table *table;
  if (Error error = owner->compiler.table(&table))
    return error;
  compiler::CompileInput input = {};
  if (request.resumeStage.empty())
    if (Error error = request.text->parsed(*table, &input.program))
      return error;
  input.ir = toBytes(request.resumeIr);
  input.irStage = toStr(request.resumeStage);
  input.kernel = toStr(request.kernel);
  input.signature = toStr(request.signature);
  input.target = &request.target->data;
  input.plugin = request.target->plugin->forCompiler();
  std::vector<tsdk_option> options;
  for (const auto &[name, value] : texts)
    options.push_back({toStr(name), toStr(value)});
  input.options = options.data();
  input.numOptions = options.size();
  std::vector<tsdk_bytes> bitcode;
  bitcode.reserve(request.linkBitcode.size());
  for (const std::string &each : request.linkBitcode)
    bitcode.push_back(toBytes(each));
  input.linkBitcode = bitcode.data();
  input.numLinkBitcode = bitcode.size();

  // A plugin's own compiler starts where ours stops.
  bool byPlugin =
      request.target->data.execution == TSDK_EXECUTION_PLUGIN_COMPILER &&
      request.stopStage != "tile" && request.stopStage != "tile-opt";
  std::vector<std::string> keep = request.keepStages;
  std::string stop = byPlugin ? "tile-opt" : request.stopStage;
  if (stop != "object")
    keep.push_back(stop);
  std::string keepText = join(keep);
  input.keepStages = toStr(keepText);
  input.stopStage = toStr(stop);
  input.deadlineNanoseconds = request.deadline;
  input.cancel = request.cancel;

  compiler::Sink sink = output.sink();
  tsdk_code code = table->compile(&input, &sink);
  if (Error error = output.error(code, "kernel `" + request.kernel + "`")) {
    std::string path =
        owner->cache.storeReproducer(variant.key, output.blobs["reproducer"]);
    if (path.empty() && error.code() == TSDK_E_INTERNAL)
      return makeError(TSDK_E_INTERNAL,
                       error.message().rtrim('\n') +
                           "\nthis is a bug of tilesdk; build it with a disk "
                           "cache to get a reproducer for the report");
    if (path.empty())
      return error;
    return makeError(error.code(), error.message().rtrim('\n') +
                                       "\nthis is a bug of tilesdk; please "
                                       "report it with the reproducer in " +
                                       path);
  }
  const tsdk_plugin &plugin = request.target->plugin->table();
  if (byPlugin) {
    if (Error error = runPlugin(request, texts, output, Step::Compile))
      return error;
  } else if (request.stopStage == "object") {
    bool hasObject = output.blobs.count("object") != 0;
    if (!hasObject && output.blobs.count("asm") && plugin.assemble) {
      if (Error error = runPlugin(request, texts, output, Step::Assemble))
        return error;
    } else if (hasObject && plugin.inspect) {
      if (Error error = runPlugin(request, texts, output, Step::Inspect))
        return error;
    }
  }
  return success();
}

/// A build whose code spills is tried again in ways that need fewer registers,
/// and the one that spills least is taken: without loads of later iterations,
/// which wait in registers, then with twice the warps where nobody asked for a
/// number of them. Only where code is inspected: what another assembler spills
/// is for the one who tunes it.
Error BuildRegistry::compile(const BuildRequest &request, Variant &variant) {
  CompilerOutput output;
  if (Error error = compileOnce(request, request.options, variant, output))
    return error;
  const tsdk_plugin &plugin = request.target->plugin->table();
  if (request.stopStage == "object" && plugin.inspect && !plugin.assemble &&
      request.resumeStage.empty())
    spillLess(request, variant, output);

  variant.diags = output.diags;
  variant.times = output.blobs["times"];
  if (request.stopStage == "object") {
    if (!output.blobs.count("object") ||
        !variant.readMetadata(output.blobs["metadata"]))
      return makeError(TSDK_E_INTERNAL,
                       "kernel `" + request.kernel +
                           "`: the compiler gave no usable object and "
                           "metadata");
    variant.stages["object"] = makeRef<Blob>(std::move(output.blobs["object"]));
  }
  for (const char *stage : {"tile", "tile-opt", "simt", "llvm", "asm"})
    if (request.wants(stage) && output.blobs.count(stage))
      variant.stages[stage] = makeRef<Blob>(std::move(output.blobs[stage]));
  return success();
}

void BuildRegistry::spillLess(const BuildRequest &request,
                              const Variant &variant, CompilerOutput &output) {
  auto given = [&](llvm::StringRef name) {
    auto found = llvm::find_if(request.options, [&](const auto &option) {
      return option.first == name;
    });
    return found == request.options.end() ? "" : found->second;
  };
  const Outcome first(output.blobs["metadata"]);
  struct Attempt {
    const char *option, *what;
    int64_t value;
    bool isAllowed;
  } attempts[] = {{"num_stages", " stage", 1,
                   first.stages > 1 && given("strict_stages") != "1"},
                  {"num_warps", " warps", 2 * first.warps,
                   given("num_warps").empty() && first.warps}};
  int64_t least = first.spillBytes;
  for (const Attempt &attempt : attempts) {
    if (!least)
      return;
    std::string value = std::to_string(attempt.value);
    CompilerOutput other;
    if (!attempt.isAllowed ||
        compileOnce(request, withOption(request.options, attempt.option, value),
                    variant, other))
      continue;
    int64_t spills = Outcome(other.blobs["metadata"]).spillBytes;
    if (spills >= least)
      continue;
    least = spills;
    output = std::move(other);
    DiagEntry remark;
    remark.severity = TSDK_SEVERITY_REMARK;
    remark.message = "built with " + value + attempt.what +
                     ": a thread spills " + std::to_string(spills) +
                     " bytes, as asked for it would spill " +
                     std::to_string(first.spillBytes);
    output.diags->add(std::move(remark));
  }
}

Error BuildRegistry::runPlugin(const BuildRequest &request,
                               const NamedTexts &texts, CompilerOutput &output,
                               Step step) {
  Plugin &plugin = *request.target->plugin;
  const tsdk_plugin &table = plugin.table();
  const char *stage = step == Step::Assemble  ? "asm"
                      : step == Step::Inspect ? "object"
                                              : "tile-opt";
  std::vector<tsdk_option> options;
  for (const auto &[name, value] : texts)
    options.push_back({toStr(name), toStr(value)});
  tsdk_plugin_compile_in in = {};
  in.struct_size = sizeof(in);
  in.target = request.target->original;
  in.ir = toBytes(output.blobs[stage]);
  in.kernel = toStr(request.kernel);
  in.metadata = toStr(output.blobs["metadata"]);
  in.options = options.data();
  in.num_options = options.size();
  in.deadline_ns = request.deadline;
  in.cancel = request.cancel;
  in.assembler = toStr(request.assembler);
  tsdk_plugin_compile_out result = {};
  result.struct_size = sizeof(result);
  auto *function = step == Step::Assemble  ? table.assemble
                   : step == Step::Inspect ? table.inspect
                                           : table.compile;
  Error error(function(table.self, &in, &result));
  std::string log = toRef(result.log).str();
  if (!error) {
    if (step != Step::Inspect)
      output.blobs["object"] = toRef(result.object).str();
    if (step != Step::Inspect && result.metadata.size)
      output.blobs["metadata"] = toRef(result.metadata).str();
    addResources(output.blobs["metadata"], result, log);
  }
  // All of it is of host->alloc.
  std::free(const_cast<void *>(result.object.data));
  std::free(const_cast<void *>(result.metadata.data));
  std::free(const_cast<void *>(result.log.data));
  if (!log.empty() && !error) {
    DiagEntry remark;
    remark.severity = TSDK_SEVERITY_REMARK;
    remark.message = (plugin.name() + ": " + log).str();
    output.diags->add(std::move(remark));
  }
  if (error)
    return std::move(error).in("kernel `" + request.kernel + "`, plugin " +
                               plugin.name() +
                               (log.empty() ? "" : " (" + log + ")"));
  return error;
}
