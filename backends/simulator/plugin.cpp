//===- plugin.cpp - The simulator plugin ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/plugin.h"

#include "backends/libdevice/messages.h"

namespace tilesdk::simulator {

namespace {

Plugin &self(void *plugin) {
  return static_cast<Plugin &>(*static_cast<cpu::Plugin *>(plugin));
}

size_t targetCount(void *plugin) { return self(plugin).twins.size(); }

const tsdk_target *targetGet(void *plugin, size_t index) {
  TargetModel *model = self(plugin).twins.at(index);
  return model ? &model->twin : nullptr;
}

tsdk_code deviceFunction(void *plugin, const tsdk_target *target,
                         tsdk_str symbol, tsdk_bytes *out) {
  return self(plugin).findTwinFunction(target, view(symbol), *out);
}

void shutdown(void *plugin) { delete &self(plugin); }

} // namespace

Plugin::Plugin(const tsdk_host &host) : cpu::Plugin(host), twins(this->host) {
  interface.name = str("sim");
  interface.self = static_cast<cpu::Plugin *>(this);
  interface.target_count = targetCount;
  interface.target_get = targetGet;
  interface.device_function = deviceFunction;
  interface.shutdown = shutdown;
  makeDriver(*this);
}

tsdk_code Plugin::findTwinFunction(const tsdk_target *target,
                                   std::string_view symbol, tsdk_bytes &out) {
  TargetModel *model = twins.find(target);
  if (!model)
    return TSDK_E_NOT_FOUND;
  std::lock_guard lock(mutex);
  auto [at, isNew] = functions.try_emplace({target, std::string(symbol)});
  if (isNew)
    at->second = makeDeviceFunction(*model, symbol);
  if (isNew && at->second.empty())
    at->second = libdevice::makeMessageFunction(symbol);
  if (at->second.empty())
    return TSDK_E_NOT_FOUND;
  out = {at->second.data(), at->second.size()};
  return TSDK_OK;
}

} // namespace tilesdk::simulator
