//===- plugin.cpp - The NVIDIA plugin's one entry point ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/messages.h"
#include "backends/libdevice/query.h"
#include "backends/nvidia/assemble.h"
#include "backends/nvidia/driver.h"
#include "backends/nvidia/library.h"
#include "backends/nvidia/targets.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#ifndef TILESDK_VERSION
#error "the build defines TILESDK_VERSION"
#endif

namespace tilesdk::nvidia {

struct Plugin : DriverOwner {
  explicit Plugin(const tsdk_host &from);

  Assembler assembler{*this};
  tsdk_plugin interface = {};
  std::mutex mutex;
  std::map<std::pair<unsigned, std::string>, std::string> functions;
};

namespace {

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

tsdk_str planOf(void *plugin, const tsdk_target *target) {
  return self(plugin).assembler.plan(target);
}

void shutdown(void *plugin) { delete &self(plugin); }

} // namespace

Plugin::Plugin(const tsdk_host &from) {
  host = from;
  libdevice::describePlugin(interface, "nvidia", "cuda", TILESDK_VERSION);
  interface.self = this;
  interface.target_count = targetCount;
  interface.target_get = targetGet;
  interface.device_function = deviceFunction;
  interface.assemble = assemble;
  interface.assembler = planOf;
  interface.shutdown = shutdown;
  makeDriver(*this);
  interface.driver = &driver;
}

} // namespace tilesdk::nvidia

extern "C" __attribute__((visibility("default"))) tsdk_code tsdk_plugin_query(
    uint32_t hostMaxAbi, const tsdk_host *host, const tsdk_plugin **out) {
  (void)hostMaxAbi; // 0 is the only ABI so far, and every host speaks it
  return tilesdk::libdevice::queryPlugin<tilesdk::nvidia::Plugin>(host, out);
}
