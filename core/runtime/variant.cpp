//===- variant.cpp - Artifacts and their modules ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/build.h"
#include "core/runtime/context.h"
#include "core/runtime/json.h"
#include "core/runtime/maps.h"
#include "core/runtime/messages.h"
#include "core/runtime/text.h"

using namespace tilesdk::runtime;

namespace {

constexpr size_t maxLeaves = 4096;
constexpr uint64_t maxScratchBytes = uint64_t(1) << 36;

/// A number of metadata that may be absent; false when it is nonsense.
bool readNumber(const llvm::json::Object &object, const char *name,
                uint64_t limit, uint64_t *out) {
  const llvm::json::Value *value = object.get(name);
  if (!value)
    return true;
  std::optional<int64_t> number = value->getAsInteger();
  if (!number || *number < 0 || static_cast<uint64_t>(*number) > limit)
    return false;
  *out = static_cast<uint64_t>(*number);
  return true;
}

/// The hidden block: {"version": 1, "fields": [{"name": ..., "bytes": ...}]}.
/// A field that is not known here could not be given to the kernel.
bool readHidden(const llvm::json::Object &object, llvm::StringRef kernel,
                std::shared_ptr<const MessageTexts> *out) {
  const llvm::json::Value *value = object.get("hidden");
  if (!value)
    return true;
  const llvm::json::Object *hidden = value->getAsObject();
  const llvm::json::Array *fields =
      hidden ? hidden->getArray("fields") : nullptr;
  const llvm::json::Array *texts = object.getArray("messages");
  if (!fields || !texts || hidden->getInteger("version") != 1 ||
      fields->size() != 2)
    return false;
  constexpr std::pair<llvm::StringRef, int64_t> known[] = {{"messages", 8},
                                                           {"launch", 4}};
  for (size_t i = 0; i < 2; ++i) {
    const llvm::json::Object *field = (*fields)[i].getAsObject();
    if (!field || field->getString("name") != known[i].first ||
        field->getInteger("bytes") != known[i].second)
      return false;
  }
  auto list = std::make_shared<MessageTexts>();
  list->kernel = kernel.str();
  for (const llvm::json::Value &text : *texts) {
    std::optional<llvm::StringRef> string = text.getAsString();
    if (!string)
      return false;
    list->texts.push_back(string->str());
  }
  *out = std::move(list);
  return true;
}

} // namespace

/// A module on one device; the device destroys it.
struct Variant::Loaded : Deferred {
  Device *device = nullptr;
  void *module = nullptr;
  void *function = nullptr;
  Loaded *next = nullptr;

  void destroyOn(Device &home) override {
    home.driver().module_unload(home.driver().self, home.native(), module);
  }
};

Variant::Variant(Context &context, const BuildRequest &request, std::string key)
    : Object(Kind::Variant), request(request), key(std::move(key)),
      owner(Ref<Context>(&context)) {
  const_cast<BuildRequest &>(this->request).cancel = nullptr;
  const_cast<BuildRequest &>(this->request).deadline = 0;
}

Variant::~Variant() {
  if (diagsHandle)
    releaseHandle(diagsHandle);
  // The context, and so its devices, live until `owner` goes.
  Loaded *next = nullptr;
  for (Loaded *each = modules.load(); each; each = next) {
    next = each->next;
    each->device->defer(each);
  }
}

void Variant::lastReference() {
  owner->builds.forget(this);
  delete this;
}

bool Variant::readMetadata(llvm::StringRef json) {
  std::optional<llvm::json::Value> value = parseJson(json);
  const llvm::json::Object *object = value ? value->getAsObject() : nullptr;
  if (!object || object->getInteger("schema") != 1)
    return false;
  metadata = json.str();
  std::optional<llvm::StringRef> name = object->getString("symbol");
  uint64_t shared = 0, numThreads = 1;
  if (!name || name->empty() ||
      !readNumber(*object, "scratch_bytes", maxScratchBytes, &scratchBytes) ||
      !readNumber(*object, "shared_bytes", UINT32_MAX, &shared) ||
      !readNumber(*object, "threads", UINT32_MAX, &numThreads))
    return false;
  symbol = name->str();
  if (!readHidden(*object, symbol, &messages))
    return false;
  sharedBytes = static_cast<uint32_t>(shared);
  threads = static_cast<uint32_t>(numThreads);
  const llvm::json::Array *list = object->getArray("params");
  if (!list || list->size() > maxLeaves)
    return false;
  leaves.clear();
  leafBytes.clear();
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Object *param = element.getAsObject();
    uint64_t bytes = 0;
    if (!param || !readNumber(*param, "bytes", 64, &bytes) || !bytes)
      return false;
    LeafInfo leaf;
    leaf.name = param->getString("name").value_or("").str();
    leaf.type = param->getString("type").value_or("").str();
    leaf.bytes = static_cast<uint32_t>(bytes);
    leafBytes.push_back(leaf.bytes);
    leaves.push_back(std::move(leaf));
  }
  bool hasGoodMaps;
  maps = TensorMaps::read(*object, leaves, &hasGoodMaps);
  return hasGoodMaps;
}

Error Variant::withoutPointerBoxes(Variant **out) {
  std::lock_guard lock(plainMutex);
  if (!plain) {
    const std::pair<std::string, std::string> off[] = {{"box_stores", "0"},
                                                       {"pointer_boxes", "0"}};
    BuildRequest other = request;
    other.deadline = 0;
    other.cancel = nullptr;
    // IR of later stages has its boxes already.
    bool isLate = other.resumeStage == "simt" || other.resumeStage == "llvm";
    if (isLate || llvm::all_of(off, [&](const auto &option) {
          return llvm::is_contained(other.options, option);
        }))
      return makeError(TSDK_E_FAILED_PRECONDITION,
                       "kernel `" + request.kernel +
                           "` copies tiles of pointers, or stores blocks, as "
                           "boxes, which the strides of this launch do not "
                           "allow; build its IR with pointer_boxes=0 and "
                           "box_stores=0");
    for (const auto &option : off) {
      llvm::erase_if(other.options, [&](const auto &each) {
        return each.first == option.first;
      });
      other.options.push_back(option);
    }
    if (Error error = other.sortOptions())
      return error;
    if (Error error = owner->builds.get(other, &plain))
      return error;
  }
  *out = plain.get();
  return success();
}

Error Variant::function(Device &device, void **out) {
  for (Loaded *each = modules.load(std::memory_order_acquire); each;
       each = each->next)
    if (each->device == &device) {
      *out = each->function;
      return success();
    }
  return load(device, out);
}

Error Variant::loadModule(Device &device, void **module) {
  const tsdk_driver &driver = device.driver();
  std::string what = "module of `" + request.kernel + "`";
  auto attempt = [&] {
    return device.check(driver.module_load(driver.self, device.native(),
                                           toBytes(stages["object"]->bytes),
                                           toStr(metadata), module),
                        what.c_str());
  };
  Error error = attempt();
  if (!error || !fromCache || error.code() == TSDK_E_RESOURCE_EXHAUSTED)
    return error;
  // The entry had the right checksum and yet is no good.
  Ref<Variant> fresh;
  if (Error failure = owner->builds.rebuild(*this, &fresh))
    return error;
  owner->builds.forget(this);
  if (fresh->metadata != metadata)
    return error;
  fromCache = false;
  stages["object"] = fresh->stages["object"];
  return attempt();
}

Error Variant::load(Device &device, void **out) {
  if (request.stopStage != "object")
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     "the variant of `" + request.kernel +
                         "` was built up to stage `" + request.stopStage +
                         "` only; build it without stop_stage to launch it");
  const tsdk_driver &driver = device.driver();
  if (&target() != &device.target()) {
    tsdk_bool runs = 0;
    if (target().plugin == &device.backend() && driver.target_runs)
      if (Error error =
              device.check(driver.target_runs(driver.self, device.native(),
                                              target().original, &runs),
                           "target"))
        return error;
    if (!runs)
      return makeError(TSDK_E_FAILED_PRECONDITION,
                       "the variant of `" + request.kernel + "` is for " +
                           target().name() + ", device " + device.uri() +
                           " runs " + device.target().name() +
                           "; build it for that target");
  }

  std::lock_guard lock(mutex);
  for (Loaded *each = modules.load(std::memory_order_relaxed); each;
       each = each->next)
    if (each->device == &device) {
      *out = each->function;
      return success();
    }
  auto loaded = std::make_unique<Loaded>();
  loaded->device = &device;
  if (Error error = loadModule(device, &loaded->module))
    return error;
  tsdk_function_desc desc = {};
  desc.struct_size = sizeof(desc);
  desc.threads = threads;
  desc.symbol = toStr(symbol);
  desc.scratch_bytes = scratchBytes;
  desc.shared_bytes = sharedBytes;
  std::vector<uint32_t> bytes = leafBytes;
  if (messages)
    bytes.insert(bytes.end(), {8, 4});
  if (maps)
    bytes.insert(bytes.end(), maps->size(), uint32_t(TensorMaps::Bytes));
  desc.num_params = static_cast<uint32_t>(bytes.size());
  desc.param_bytes = bytes.data();
  desc.metadata = toStr(metadata);
  if (Error error = device.check(
          driver.function_get(driver.self, device.native(), loaded->module,
                              &desc, &loaded->function),
          "function")) {
    driver.module_unload(driver.self, device.native(), loaded->module);
    return error;
  }
  loaded->next = modules.load(std::memory_order_relaxed);
  *out = loaded->function;
  modules.store(loaded.release(), std::memory_order_release);
  return success();
}

Error Variant::artifact(llvm::StringRef stage, Ref<Blob> *out) {
  {
    std::lock_guard lock(mutex);
    auto found = stages.find(stage.str());
    if (found != stages.end()) {
      *out = found->second;
      return success();
    }
  }
  if (stage == "source" && !request.text->isIr()) {
    *out = makeRef<Blob>(request.text->source);
    return success();
  }
  if (stage == "tile" || stage == "tile-opt" || stage == "simt" ||
      stage == "llvm" || stage == "asm") {
    // Builds are deterministic: the stage belongs to this very object.
    BuildRequest again = request;
    again.keepStages = {stage.str()};
    if (request.stopStage != "object")
      again.keepStages.push_back(request.stopStage);
    Ref<Variant> other;
    if (Error error = owner->builds.get(again, &other))
      return error;
    std::lock_guard lock(other->mutex);
    auto found = other->stages.find(stage.str());
    if (found != other->stages.end()) {
      *out = found->second;
      return success();
    }
  }
  std::string names;
  std::lock_guard lock(mutex);
  for (const auto &[name, blob] : stages)
    names += (names.empty() ? "" : ", ") + name;
  return makeError(TSDK_E_NOT_FOUND, "the variant of `" + request.kernel +
                                         "` has no stage `" + stage +
                                         "`; it has: " + names);
}

std::string Variant::info() {
  std::lock_guard lock(mutex);
  llvm::json::Array names;
  for (const auto &[name, blob] : stages)
    names.push_back(name);
  auto object = stages.find("object");
  llvm::json::Object options;
  for (const auto &[name, value] : request.options)
    options[llvm::json::fixUTF8(name)] = jsonText(value);
  llvm::json::Object json{
      {"schema", 1},
      {"key", key},
      {"kernel", jsonText(request.kernel)},
      {"signature", jsonText(request.signature)},
      {"target", jsonText(target().name())},
      {"options", std::move(options)},
      {"from", fromCache ? "cache" : "build"},
      {"build_ns", buildNanoseconds},
      {"stages", std::move(names)},
      {"artifact_bytes",
       object == stages.end() ? size_t(0) : object->second->bytes.size()}};
  if (std::optional<llvm::json::Value> value = parseJson(times))
    json["times"] = std::move(*value);
  return printJson(std::move(json));
}
