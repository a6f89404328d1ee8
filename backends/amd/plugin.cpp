//===- plugin.cpp - The AMD plugin's one entry point ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/driver.h"
#include "backends/amd/library.h"
#include "backends/amd/notes.h"
#include "backends/amd/targets.h"
#include "backends/libdevice/messages.h"
#include "backends/libdevice/query.h"

#include <map>
#include <mutex>

#ifndef TILESDK_VERSION
#error "the build defines TILESDK_VERSION"
#endif

namespace tilesdk::amd {

struct Plugin : DriverOwner {
  explicit Plugin(const tsdk_host &from);

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
  unsigned generation = own.targets.indexOf(target);
  std::lock_guard lock(own.mutex);
  auto [at, isNew] =
      own.functions.try_emplace({generation, std::string(view(symbol))});
  if (isNew)
    at->second = makeDeviceFunction(generation, at->first.second);
  if (isNew && at->second.empty())
    at->second = libdevice::makeMessageFunction(at->first.second);
  if (at->second.empty())
    return TSDK_E_NOT_FOUND;
  *out = {at->second.data(), at->second.size()};
  return TSDK_OK;
}

tsdk_error inspect(void *, const tsdk_plugin_compile_in *in,
                   tsdk_plugin_compile_out *out) {
  KernelNumbers numbers;
  if (readKernelNumbers({static_cast<const char *>(in->ir.data), in->ir.size},
                        view(in->kernel), numbers)) {
    out->registers = numbers.vectorRegisters;
    // A spilled scalar register takes a lane of a vector register.
    out->spill_bytes = 4 * numbers.vectorSpills;
    out->stack_bytes = numbers.stackBytes;
    out->shared_bytes = numbers.sharedBytes;
  }
  return nullptr;
}

void shutdown(void *plugin) { delete &self(plugin); }

} // namespace

Plugin::Plugin(const tsdk_host &from) {
  host = from;
  libdevice::describePlugin(interface, "amd", "hip", TILESDK_VERSION);
  interface.self = this;
  interface.target_count = targetCount;
  interface.target_get = targetGet;
  interface.device_function = deviceFunction;
  interface.inspect = inspect;
  interface.shutdown = shutdown;
  makeDriver(*this);
  interface.driver = &driver;
}

} // namespace tilesdk::amd

extern "C" __attribute__((visibility("default"))) tsdk_code tsdk_plugin_query(
    uint32_t hostMaxAbi, const tsdk_host *host, const tsdk_plugin **out) {
  (void)hostMaxAbi; // 0 is the only ABI so far, and every host speaks it
  return tilesdk::libdevice::queryPlugin<tilesdk::amd::Plugin>(host, out);
}
