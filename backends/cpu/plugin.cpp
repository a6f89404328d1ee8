//===- plugin.cpp - The CPU plugin's one entry point ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/plugin.h"

#include "backends/libdevice/libdevice.h"

#include <algorithm>
#include <cstring>
#include <new>

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

void describe(tsdk_plugin &interface, uint32_t abi) {
  interface.struct_size = sizeof interface;
  interface.abi = abi;
  interface.name = str("cpu");
  interface.version = str(TILESDK_VERSION);
  interface.build_id = str(TILESDK_VERSION);
}

} // namespace

Plugin::Plugin(const tsdk_host &host, uint32_t abi) : host(host) {
  describe(interface, abi);
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
