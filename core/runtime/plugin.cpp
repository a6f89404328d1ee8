//===- plugin.cpp - Accepting a backend -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/plugin.h"

#include "core/runtime/json.h"
#include "core/runtime/os.h"
#include "core/runtime/text.h"

#include <cstdlib>

using namespace tilesdk::runtime;

namespace {

const Plugin &pluginOf(void *self) { return *static_cast<Plugin *>(self); }

void *hostAlloc(void *, size_t size, size_t align) {
  void *memory = nullptr;
  if (align < sizeof(void *))
    align = sizeof(void *);
  if (posix_memalign(&memory, align, size ? size : 1))
    return nullptr;
  return memory;
}

void hostFree(void *, void *memory) { std::free(memory); }

void hostLog(void *self, int32_t level, tsdk_str message) {
  try {
    if (const Plugin::Log &log = pluginOf(self).logger())
      log(level, toRef(message).str());
  } catch (...) { // NOLINT(bugprone-empty-catch)
    // Out of memory: the message is lost, the plugin goes on.
  }
}

tsdk_error hostError(void *, tsdk_code code, int64_t native, tsdk_str message) {
  try {
    return makeError(code ? code : TSDK_E_UNKNOWN, toRef(message), native)
        .take();
  } catch (...) {
    return outOfMemory();
  }
}

void hostErrorFree(void *, tsdk_error error) { freeError(error); }

const tsdk_target *hostTarget(void *self, size_t index) {
  try {
    const Plugin &plugin = pluginOf(self);
    return plugin.others() ? plugin.others()(plugin, index) : nullptr;
  } catch (...) {
    return nullptr; // Out of memory: the list ends here.
  }
}

/// A required function: its name and whether it is there.
struct Required {
  const char *name;
  bool present;
};

const char *firstMissing(std::initializer_list<Required> functions) {
  for (const Required &function : functions)
    if (!function.present)
      return function.name;
  return nullptr;
}

Error refused(const std::string &origin, const llvm::Twine &why) {
  return makeError(TSDK_E_PLUGIN, "plugin " + origin + " is refused: " + why);
}

Error wrongAbi(const std::string &origin, const tsdk_plugin *offered) {
  return refused(origin, "it needs plugin ABI " + llvm::Twine(offered->abi) +
                             ", this tilesdk speaks plugin ABI " +
                             llvm::Twine(TSDK_PLUGIN_ABI) +
                             "; install a matching pair");
}

} // namespace

Error Plugin::create(tsdk_plugin_query_fn query, const std::string &origin,
                     Log log, OtherTargets otherTargets,
                     std::unique_ptr<Plugin> *out) {
  std::unique_ptr<Plugin> plugin(new Plugin);
  plugin->file = origin;
  plugin->log = std::move(log);
  plugin->otherTargets = std::move(otherTargets);
  plugin->host.struct_size = sizeof(tsdk_host);
  plugin->host.abi = TSDK_PLUGIN_ABI;
  plugin->host.self = plugin.get();
  plugin->host.alloc = hostAlloc;
  plugin->host.free = hostFree;
  plugin->host.log = hostLog;
  plugin->host.error = hostError;
  plugin->host.error_free = hostErrorFree;
  plugin->host.target = hostTarget;

  const tsdk_plugin *offered = nullptr;
  tsdk_code code = query(TSDK_PLUGIN_ABI, &plugin->host, &offered);
  if (code != TSDK_OK) {
    const size_t enough = offsetof(tsdk_plugin, name);
    if (offered && offered->struct_size >= enough &&
        offered->abi > TSDK_PLUGIN_ABI)
      return wrongAbi(origin, offered);
    const char *name = codeName(code);
    return refused(origin, "it does not speak plugin ABI " +
                               llvm::Twine(TSDK_PLUGIN_ABI) + " (" +
                               (name ? name : "unknown code") + ")");
  }
  if (!offered)
    return refused(origin, "its query succeeded without a plugin");
  if (Error error = plugin->accept(offered))
    return error;
  *out = std::move(plugin);
  return success();
}

Error Plugin::accept(const tsdk_plugin *offered) {
  if (offered->struct_size < offsetof(tsdk_plugin, name))
    return refused(file, "its description has " +
                             llvm::Twine(offered->struct_size) + " bytes");
  if (offered->abi > TSDK_PLUGIN_ABI)
    return wrongAbi(file, offered);
  plugin = copyStruct(offered);
  const char *missing = firstMissing({
      {"name", plugin.name.data && !toRef(plugin.name).empty()},
      {"version", plugin.version.data != nullptr},
      {"build_id", plugin.build_id.data != nullptr},
      {"target_count", plugin.target_count != nullptr},
      {"target_get", plugin.target_get != nullptr},
  });
  if (missing)
    return refused(file, llvm::Twine("required `") + missing + "` is missing");
  pluginName = toRef(plugin.name).str();
  version = toRef(plugin.version).str();
  // What is on disk counts: a build id that was not changed would give old
  // kernels for new device functions.
  build = toRef(plugin.build_id).str() + "/" + os::fileIdentity(file);
  if (plugin.driver) {
    drivers = copyStruct(plugin.driver);
    missing = firstMissing({
        {"driver.probe", drivers.probe != nullptr},
        {"driver.device_open", drivers.device_open != nullptr},
        {"driver.device_close", drivers.device_close != nullptr},
        {"driver.device_target", drivers.device_target != nullptr},
        {"driver.mem_alloc", drivers.mem_alloc != nullptr},
        {"driver.mem_free", drivers.mem_free != nullptr},
        {"driver.mem_copy", drivers.mem_copy != nullptr},
        {"driver.mem_set", drivers.mem_set != nullptr},
        {"driver.stream_create", drivers.stream_create != nullptr},
        {"driver.stream_destroy", drivers.stream_destroy != nullptr},
        {"driver.stream_sync", drivers.stream_sync != nullptr},
        {"driver.module_load", drivers.module_load != nullptr},
        {"driver.module_unload", drivers.module_unload != nullptr},
        {"driver.function_get", drivers.function_get != nullptr},
        {"driver.launch", drivers.launch != nullptr},
    });
    if (missing)
      return refused(file,
                     llvm::Twine("required `") + missing + "` is missing");
    bool anyEvent = drivers.event_create || drivers.event_destroy ||
                    drivers.event_record || drivers.event_wait ||
                    drivers.event_sync || drivers.event_query ||
                    drivers.event_elapsed;
    bool allEvents = drivers.event_create && drivers.event_destroy &&
                     drivers.event_record && drivers.event_wait &&
                     drivers.event_sync && drivers.event_query &&
                     drivers.event_elapsed;
    if (anyEvent && !allEvents)
      return refused(file, "it has some of the event functions, not all");
    bool anyGraph = drivers.capture_begin || drivers.capture_end ||
                    drivers.capture_state || drivers.graph_launch ||
                    drivers.graph_destroy;
    bool allGraphs = drivers.capture_begin && drivers.capture_end &&
                     drivers.capture_state && drivers.graph_launch &&
                     drivers.graph_destroy;
    if (anyGraph && !allGraphs)
      return refused(file, "it has some of the graph functions, not all");
    if ((drivers.host_alloc == nullptr) != (drivers.host_free == nullptr))
      return refused(file, "it has one of host_alloc and host_free");
    hasDriver = true;
  }
  compilerView = plugin;
  compilerView.struct_size = sizeof(compilerView);
  compilerView.self = this;
  if (plugin.device_function)
    compilerView.device_function = [](void *self, const tsdk_target *target,
                                      tsdk_str symbol, tsdk_bytes *out) {
      Plugin *plugin = static_cast<Plugin *>(self);
      for (const Target &candidate : plugin->targets())
        if (&candidate.data == target)
          return plugin->plugin.device_function(
              plugin->plugin.self, candidate.original, symbol, out);
      return static_cast<tsdk_code>(TSDK_E_NOT_FOUND);
    };
  // The runtime calls these; a compiler has no business with them.
  compilerView.target_count = nullptr;
  compilerView.target_get = nullptr;
  compilerView.compile = nullptr;
  compilerView.assemble = nullptr;
  compilerView.assembler = nullptr;
  compilerView.inspect = nullptr;
  compilerView.driver = nullptr;
  compilerView.shutdown = nullptr;
  return success();
}

Plugin::~Plugin() {
  if (plugin.shutdown && !abandoned)
    plugin.shutdown(plugin.self);
}

bool Plugin::hasName(llvm::StringRef name) const {
  if (name == pluginName)
    return true;
  llvm::StringRef rest = toRef(plugin.aliases);
  while (!rest.empty()) {
    auto [alias, tail] = rest.split(',');
    if (alias.trim() == name)
      return true;
    rest = tail;
  }
  return false;
}

const std::deque<Target> &Plugin::targets() {
  std::call_once(targetsOnce, [&] {
    size_t count = plugin.target_count(plugin.self);
    for (size_t i = 0; i < count; ++i) {
      const tsdk_target *target = plugin.target_get(plugin.self, i);
      Error error = target
                        ? addTarget(target)
                        : makeError(TSDK_E_PLUGIN, "target " + llvm::Twine(i) +
                                                       " cannot be read");
      if (error && log)
        log(TSDK_LOG_WARNING,
            ("plugin " + pluginName + ": " + error.message()).str());
    }
  });
  return allTargets;
}

const Target *Plugin::findTarget(const tsdk_target *original) {
  for (const Target &target : targets())
    if (target.original == original)
      return &target;
  return nullptr;
}

llvm::json::Value Plugin::toJson() {
  llvm::json::Array names;
  for (const Target &target : targets())
    names.push_back(target.name().str());
  return llvm::json::Object{{"name", jsonText(pluginName)},
                            {"aliases", jsonText(toRef(plugin.aliases))},
                            {"version", jsonText(version)},
                            {"abi", plugin.abi},
                            {"build_id", jsonText(build)},
                            {"file", jsonText(file)},
                            {"driver", hasDriver},
                            {"targets", std::move(names)}};
}
