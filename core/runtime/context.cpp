//===- context.cpp - What a caller's session consists of --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/context.h"

#include "core/runtime/json.h"
#include "core/runtime/text.h"
#include "tilesdk/tilesdk.h"

using namespace tilesdk::runtime;

Error Context::create(const tsdk_option *options, size_t numOptions,
                      const Callbacks &callbacks, Ref<Context> *out) {
  os::watchForks();
  Ref<Context> context = Ref<Context>::adopt(new Context);
  context->forks = os::forkCount();
  if (Error error = context->knobs.init(options, numOptions))
    return error;
  context->callbacks = callbacks;
  Context *self = context.get();
  auto log = [self](int32_t level, const std::string &message) {
    self->log(level, message);
  };
  context->plugins.init(context->knobs, log);
  context->cache.init(context->knobs, log);
  context->compiler.init(context->knobs);
  context->builds.init(self);
  *out = std::move(context);
  return success();
}

Context::~Context() {
  if (isForked())
    plugins.abandon();
  devices.clear();
  plugins.clear();
  if (callbacks.userFree)
    callbacks.userFree(callbacks.user);
}

void Context::log(int32_t level, llvm::StringRef message) const {
  if (callbacks.log)
    callbacks.log(callbacks.user, level, toStr(message));
}

Error Context::openDevice(llvm::StringRef uri, Ref<Device> *out) {
  auto [name, number] = uri.split(':');
  uint32_t ordinal = 0;
  // `sim:TARGET` and `sim:TARGET:0`: devices are counted by their target.
  llvm::StringRef target;
  bool isNumber = !uri.contains(':') || !number.getAsInteger(10, ordinal);
  if (!isNumber) {
    auto [kind, rest] = number.split(':');
    target = uri.take_front(name.size() + 1 + kind.size());
    isNumber = !kind.empty() && (rest.data() == nullptr || rest.empty() ||
                                 !rest.getAsInteger(10, ordinal));
  }
  if (name.empty() || !isNumber)
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     "`" + uri +
                         "` names no device: expected a plugin and a number, "
                         "`cpu:0`");
  if (isForked())
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     "this context was in use when the process was forked; "
                     "create a new one in the child");
  Plugin *plugin;
  if (Error error = plugins.find(name, &plugin))
    return error;
  const tsdk_driver *driver = plugin->driver();
  if (!driver)
    return makeError(TSDK_E_UNAVAILABLE, "plugin " + plugin->name() +
                                             " builds only; it has no devices");
  std::lock_guard lock(devicesMutex);
  if (!target.empty())
    return openDeviceOf(*plugin, target, ordinal, out);
  return openDevice(*plugin, ordinal, uri, out);
}

Error Context::openDeviceOf(Plugin &plugin, llvm::StringRef target,
                            uint32_t index, Ref<Device> *out) {
  const tsdk_driver *driver = plugin.driver();
  uint32_t count = 0, seen = 0;
  if (Error error = Error(driver->probe(driver->self, &count)))
    return std::move(error).in(plugin.name());
  for (uint32_t ordinal = 0; ordinal < count; ++ordinal) {
    Ref<Device> device;
    if (Error error = openDevice(plugin, ordinal, target, &device))
      return error;
    llvm::StringRef own = device->target().name();
    bool isWanted = own == target || own == target.split(':').second;
    if (isWanted && seen++ == index) {
      *out = std::move(device);
      return success();
    }
  }
  return makeError(TSDK_E_NOT_FOUND,
                   "there is no device `" + target + ":" + llvm::Twine(index) +
                       "`; plugin " + plugin.name() + " sees " +
                       llvm::Twine(count) + " devices, " + llvm::Twine(seen) +
                       " of them of this target");
}

Error Context::openDevice(Plugin &backend, uint32_t ordinal,
                          llvm::StringRef uri, Ref<Device> *out) {
  Plugin *plugin = &backend;
  const tsdk_driver *driver = plugin->driver();
  for (const std::unique_ptr<Device> &device : devices)
    if (&device->backend() == plugin && device->ordinal() == ordinal) {
      *out = Ref<Device>(device.get());
      return success();
    }
  uint32_t count = 0;
  if (Error error = Error(driver->probe(driver->self, &count)))
    return std::move(error).in(plugin->name());
  if (ordinal >= count)
    return makeError(TSDK_E_NOT_FOUND, "there is no device `" + uri +
                                           "`; plugin " + plugin->name() +
                                           " sees " + llvm::Twine(count));
  auto device = std::make_unique<Device>(*this, *plugin, ordinal);
  everOpened.store(true, std::memory_order_relaxed);
  if (Error error = device->open())
    return error;
  devices.push_back(std::move(device));
  *out = Ref<Device>(devices.back().get());
  return success();
}

llvm::json::Value Context::listDevices() {
  llvm::json::Array list;
  for (Plugin *plugin : plugins.all()) {
    const tsdk_driver *driver = plugin->driver();
    uint32_t count = 0;
    if (!driver)
      continue;
    if (Error error = Error(driver->probe(driver->self, &count))) {
      log(TSDK_LOG_WARNING, (plugin->name() + ": " + error.message()).str());
      continue;
    }
    for (uint32_t i = 0; i < count; ++i)
      list.push_back(llvm::json::Object{
          {"uri", (plugin->name() + ":" + llvm::Twine(i)).str()},
          {"plugin", plugin->name().str()},
          {"ordinal", i}});
  }
  return list;
}

Error Context::findTarget(llvm::StringRef name, const Target **out) {
  // A name of a device or plugin is the common case and opens one file only.
  bool isPlugin = name.contains(':');
  for (Plugin *plugin : plugins.loaded())
    isPlugin |= plugin->hasName(name);
  if (!isPlugin) {
    if (const Target *target = plugins.findTarget(name)) {
      *out = target;
      return success();
    }
    for (Plugin *plugin : plugins.all())
      isPlugin |= plugin->hasName(name);
  }
  if (!isPlugin) {
    std::vector<llvm::StringRef> names;
    std::string list;
    for (Plugin *plugin : plugins.all())
      for (const Target &target : plugin->targets()) {
        names.push_back(target.name());
        list += (list.empty() ? "" : ", ") + target.name().str();
      }
    return makeError(TSDK_E_NOT_FOUND,
                     "there is no target or device `" + name + "`" +
                         didYouMean(name, names) + "; targets: " +
                         (list.empty() ? "none, no plugin is loaded" : list));
  }
  Plugin *plugin;
  if (Error error = plugins.find(name.split(':').first, &plugin))
    return error;
  if (!plugin->driver()) {
    if (plugin->targets().empty())
      return makeError(TSDK_E_NOT_FOUND,
                       "plugin " + plugin->name() + " has no targets");
    *out = &plugin->targets().front();
    return success();
  }
  Ref<Device> device;
  if (Error error = openDevice(name, &device))
    return error;
  *out = &device->target();
  return success();
}

llvm::json::Value Context::describe() {
  return llvm::json::Object{
      {"schema", 1},
      {"abi", TSDK_ABI_VERSION},
      {"plugin_abi", TSDK_PLUGIN_ABI},
      {"library", os::libraryDirectory()},
      {"settings", knobs.toJson()},
      {"compiler",
       llvm::json::Object{{"file", compiler.path()},
                          {"build_id", compiler.buildId()},
                          {"present", !compiler.buildId().empty()}}},
      {"cache", cache.stats()},
      {"plugins", plugins.toJson()}};
}
