//===- plugin.cpp - The NVIDIA plugin's one entry point ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/messages.h"
#include "backends/nvidia/assemble.h"
#include "backends/nvidia/driver.h"
#include "backends/nvidia/library.h"
#include "backends/nvidia/targets.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#ifndef TILESDK_VERSION
#error "the build defines TILESDK_VERSION"
#endif

namespace tilesdk::nvidia {

namespace {

struct Plugin : DriverOwner {
  Assembler assembler{*this};
  tsdk_plugin interface = {};
  std::mutex mutex;
  std::map<std::pair<unsigned, std::string>, std::string> functions;
};

Plugin &self(void *plugin) { return *static_cast<Plugin *>(plugin); }

size_t targetCount(void *) { return NumTargets; }

const tsdk_target *targetGet(void *plugin, size_t index) {
  return index < NumTargets ? &self(plugin).targets.target(index) : nullptr;
}

tsdk_code deviceFunction(void *plugin, const tsdk_target *target,
                         tsdk_str symbol, tsdk_bytes *out) {
  Plugin &own = self(plugin);
  unsigned capability = TargetTable::capability(own.targets.indexOf(target));
  std::lock_guard lock(own.mutex);
  auto [at, isNew] =
      own.functions.try_emplace({capability, std::string(view(symbol))});
  if (isNew)
    at->second = makeDeviceFunction(capability, at->first.second);
  if (isNew && at->second.empty())
    at->second = libdevice::makeMessageFunction(at->first.second);
  if (at->second.empty())
    return TSDK_E_NOT_FOUND;
  *out = {at->second.data(), at->second.size()};
  return TSDK_OK;
}

tsdk_error assemble(void *plugin, const tsdk_plugin_compile_in *in,
                    tsdk_plugin_compile_out *out) {
  // A host of an older header has less.
  tsdk_plugin_compile_in own = {};
  std::memcpy(&own, in, std::min<size_t>(in->struct_size, sizeof own));
  return self(plugin).assembler.assemble(own, *out);
}

tsdk_str assembler(void *plugin, const tsdk_target *target) {
  return self(plugin).assembler.plan(target);
}

void shutdown(void *plugin) { delete &self(plugin); }

} // namespace

} // namespace tilesdk::nvidia

extern "C" __attribute__((visibility("default"))) tsdk_code tsdk_plugin_query(
    uint32_t hostMaxAbi, const tsdk_host *host, const tsdk_plugin **out) {
  using namespace tilesdk::nvidia;
  (void)hostMaxAbi; // 0 is the only ABI so far, and every host speaks it
  if (!host || !out ||
      host->struct_size < offsetof(tsdk_host, error) + sizeof host->error)
    return TSDK_E_INVALID_ARGUMENT;
  Plugin *plugin = new (std::nothrow) Plugin();
  if (!plugin)
    return TSDK_E_RESOURCE_EXHAUSTED;
  std::memcpy(&plugin->host, host,
              std::min<size_t>(host->struct_size, sizeof plugin->host));
  tsdk_plugin &interface = plugin->interface;
  interface.struct_size = sizeof interface;
  interface.abi = TSDK_PLUGIN_ABI;
  interface.name = str("nvidia");
  interface.aliases = str("cuda");
  interface.version = str(TILESDK_VERSION);
  interface.build_id = str(TILESDK_VERSION);
  interface.self = plugin;
  interface.target_count = targetCount;
  interface.target_get = targetGet;
  interface.device_function = deviceFunction;
  interface.assemble = assemble;
  interface.assembler = assembler;
  interface.shutdown = shutdown;
  makeDriver(*plugin);
  interface.driver = &plugin->driver;
  *out = &interface;
  return TSDK_OK;
}
