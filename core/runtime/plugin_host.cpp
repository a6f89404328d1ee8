//===- plugin_host.cpp - Finding and keeping plugins ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/plugin_host.h"

#include "core/runtime/json.h"
#include "core/runtime/os.h"
#include "core/runtime/text.h"

#include "llvm/ADT/STLExtras.h"

using namespace tilesdk::runtime;

namespace {

constexpr llvm::StringRef filePrefix = "libtilesdk_plugin_";
constexpr llvm::StringRef fileSuffix = ".so";

std::string fileNameOf(llvm::StringRef path) {
  return path.rsplit('/').second.empty() ? path.str()
                                         : path.rsplit('/').second.str();
}

} // namespace

void PluginHost::init(const Knobs &knobs, Plugin::Log logger) {
  log = std::move(logger);
  searchPath = splitPath(knobs.text(Knob::plugin_path));
  if (knobs.flag(Knob::plugin_search)) {
    std::string directory = os::libraryDirectory();
    searchPath.push_back(directory);
    searchPath.push_back(directory + "/tilesdk/plugins");
  }
}

std::vector<std::string> PluginHost::candidates() const {
  std::vector<std::string> files;
  for (const std::string &path : searchPath) {
    if (!os::isDirectory(path)) {
      if (os::exists(path))
        files.push_back(path);
      continue;
    }
    for (const os::FileInfo &file : os::listDirectory(path)) {
      llvm::StringRef name = file.name;
      if (name.starts_with(filePrefix) && name.ends_with(fileSuffix))
        files.push_back(path + "/" + file.name);
    }
  }
  return files;
}

Plugin *PluginHost::lookUp(llvm::StringRef name) {
  for (const std::unique_ptr<Plugin> &plugin : plugins)
    if (plugin->hasName(name))
      return plugin.get();
  return nullptr;
}

Error PluginHost::keep(std::unique_ptr<Plugin> plugin, Plugin **out) {
  if (Plugin *other = lookUp(plugin->name()))
    return makeError(TSDK_E_ALREADY_EXISTS,
                     "plugin " + plugin->origin() + ": a plugin named `" +
                         plugin->name() + "` is loaded already, from " +
                         other->origin());
  plugins.push_back(std::move(plugin));
  *out = plugins.back().get();
  return success();
}

Error PluginHost::loadFile(const std::string &name, Plugin **out) {
  std::string path = os::realPath(name);
  for (const std::unique_ptr<Plugin> &plugin : plugins)
    if (plugin->origin() == path) {
      *out = plugin.get();
      return success();
    }
  auto attempt = [&]() -> Error {
    void *library = nullptr;
    if (!os::exists(path))
      return makeError(TSDK_E_NOT_FOUND, "there is no plugin file " + path);
    if (Error error = os::openLibrary(path, &library))
      return makeError(TSDK_E_PLUGIN, "plugin " + path + " cannot be loaded: " +
                                          error.message());
    auto query = reinterpret_cast<tsdk_plugin_query_fn>(
        os::librarySymbol(library, TSDK_PLUGIN_QUERY_SYMBOL));
    if (!query)
      return makeError(TSDK_E_PLUGIN, "plugin " + path +
                                          " is refused: it does not export `" +
                                          TSDK_PLUGIN_QUERY_SYMBOL + "`");
    std::unique_ptr<Plugin> plugin;
    if (Error error = Plugin::create(query, path, log, otherTargets(), &plugin))
      return error;
    return keep(std::move(plugin), out);
  };
  Error error = attempt();
  // A second file of a plugin that is found twice is no news.
  if (error && error.code() != TSDK_E_ALREADY_EXISTS &&
      llvm::none_of(refusals,
                    [&](const Refused &r) { return r.file == path; })) {
    refusals.push_back({path, error.message().str()});
    if (log)
      log(TSDK_LOG_WARNING, error.message().str());
  }
  return error;
}

Error PluginHost::load(llvm::StringRef pathOrName) {
  std::lock_guard lock(mutex);
  Plugin *plugin;
  if (pathOrName.contains('/'))
    return loadFile(pathOrName.str(), &plugin);
  return find(pathOrName, &plugin);
}

Error PluginHost::add(tsdk_plugin_query_fn query) {
  std::lock_guard lock(mutex);
  std::unique_ptr<Plugin> plugin;
  if (Error error =
          Plugin::create(query, "(registered)", log, otherTargets(), &plugin))
    return error;
  Plugin *kept;
  return keep(std::move(plugin), &kept);
}

Error PluginHost::find(llvm::StringRef name, Plugin **out) {
  std::lock_guard lock(mutex);
  if (Plugin *plugin = lookUp(name)) {
    *out = plugin;
    return success();
  }
  std::string wanted = (filePrefix + name + fileSuffix).str();
  for (const std::string &path : candidates()) {
    if (fileNameOf(path) != wanted)
      continue;
    Plugin *plugin;
    if (Error error = loadFile(path, &plugin))
      return error;
    if (plugin->hasName(name)) {
      *out = plugin;
      return success();
    }
  }
  all();
  if (Plugin *plugin = lookUp(name)) {
    *out = plugin;
    return success();
  }
  std::vector<llvm::StringRef> names;
  std::string known;
  for (const std::unique_ptr<Plugin> &plugin : plugins) {
    names.push_back(plugin->name());
    known += (known.empty() ? "" : ", ") + plugin->name().str();
  }
  std::string text =
      ("there is no plugin `" + name + "`" + didYouMean(name, names) +
       "; loaded: " + (known.empty() ? "none" : known))
          .str();
  for (const Refused &refusal : refusals)
    text += "\n" + refusal.reason;
  return makeError(TSDK_E_NOT_FOUND, text);
}

Plugin::OtherTargets PluginHost::otherTargets() {
  return [this](const Plugin &asking, size_t index) {
    return otherTarget(asking, index);
  };
}

const tsdk_target *PluginHost::otherTarget(const Plugin &asking, size_t index) {
  std::lock_guard lock(mutex);
  for (Plugin *plugin : all()) {
    // Whoever derives targets from others has none that others derive from.
    if (plugin == &asking)
      continue;
    const std::deque<Target> &targets = plugin->targets();
    if (index < targets.size())
      return &targets[index].data;
    index -= targets.size();
  }
  return nullptr;
}

const Target *PluginHost::findTarget(llvm::StringRef name) {
  std::lock_guard lock(mutex);
  auto search = [&]() -> const Target * {
    for (const std::unique_ptr<Plugin> &plugin : plugins)
      for (const Target &target : plugin->targets())
        if (target.name() == name)
          return &target;
    return nullptr;
  };
  if (const Target *target = search())
    return target;
  if (searchedAll)
    return nullptr;
  all();
  return search();
}

std::vector<Plugin *> PluginHost::all() {
  std::lock_guard lock(mutex);
  if (!searchedAll) {
    searchedAll = true;
    for (const std::string &path : candidates()) {
      Plugin *plugin;
      // What is refused was logged and is listed.
      Error ignored = loadFile(path, &plugin);
    }
  }
  return loaded();
}

std::vector<Plugin *> PluginHost::loaded() {
  std::lock_guard lock(mutex);
  std::vector<Plugin *> result;
  result.reserve(plugins.size());
  for (const std::unique_ptr<Plugin> &plugin : plugins)
    result.push_back(plugin.get());
  return result;
}

llvm::json::Value PluginHost::toJson() {
  llvm::json::Array list;
  for (Plugin *plugin : all())
    list.push_back(plugin->toJson());
  std::lock_guard lock(mutex);
  for (const Refused &refusal : refusals)
    list.push_back(llvm::json::Object{{"file", jsonText(refusal.file)},
                                      {"error", jsonText(refusal.reason)}});
  return list;
}

void PluginHost::abandon() {
  for (const std::unique_ptr<Plugin> &plugin : plugins)
    plugin->abandon();
}

void PluginHost::clear() { plugins.clear(); }
