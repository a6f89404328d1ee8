//===- plugin.cpp - The CPU plugin ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/plugin.h"

#include "backends/libdevice/query.h"

#ifndef TILESDK_VERSION
#error "the build defines TILESDK_VERSION"
#endif

namespace tilesdk::cpu {

namespace {

Plugin &self(void *plugin) { return *static_cast<Plugin *>(plugin); }

size_t targetCount(void *) { return NumTargets; }

const tsdk_target *targetGet(void *plugin, size_t index) {
  return index < NumTargets ? &self(plugin).targets().target(index) : nullptr;
}

tsdk_code deviceFunction(void *plugin, const tsdk_target *, tsdk_str symbol,
                         tsdk_bytes *out) {
  size_t size =
      symbol.size == TSDK_NUL_TERMINATED ? strlen(symbol.data) : symbol.size;
  return self(plugin).findDeviceFunction({symbol.data, size}, *out);
}

void shutdown(void *plugin) { delete &self(plugin); }

} // namespace

Plugin::Plugin(const tsdk_host &host) : host(host) {
  libdevice::describePlugin(interface, "cpu", {}, TILESDK_VERSION);
  interface.self = this;
  interface.target_count = targetCount;
  interface.target_get = targetGet;
  interface.device_function = deviceFunction;
  interface.shutdown = shutdown;
  interface.driver = &driver;
  makeDriver(*this);
}

const TargetTable &Plugin::targets() {
  SpinGuard guard(lock);
  if (!table)
    table.emplace();
  return *table;
}

tsdk_code Plugin::findDeviceFunction(std::string_view symbol, tsdk_bytes &out) {
  SpinGuard guard(lock);
  auto found = deviceFunctions.find(symbol);
  if (found == deviceFunctions.end()) {
    std::string text = libdevice::makeDeviceFunction(symbol);
    if (text.empty())
      return TSDK_E_NOT_FOUND;
    found = deviceFunctions.emplace(symbol, std::move(text)).first;
  }
  out = {found->second.data(), found->second.size()};
  return TSDK_OK;
}

} // namespace tilesdk::cpu
