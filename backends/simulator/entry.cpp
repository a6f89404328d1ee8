//===- entry.cpp - The simulator plugin's one entry point -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/plugin.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

extern "C" __attribute__((visibility("default"))) tsdk_code tsdk_plugin_query(
    uint32_t hostMaxAbi, const tsdk_host *host, const tsdk_plugin **out) {
  using namespace tilesdk::simulator;
  (void)hostMaxAbi; // 0 is the only ABI so far, and every host speaks it
  if (!host || !out ||
      host->struct_size < offsetof(tsdk_host, error) + sizeof host->error)
    return TSDK_E_INVALID_ARGUMENT;
  tsdk_host copy = {};
  std::memcpy(&copy, host, std::min<size_t>(host->struct_size, sizeof copy));
  Plugin *plugin = new (std::nothrow) Plugin(copy, TSDK_PLUGIN_ABI);
  if (!plugin)
    return TSDK_E_RESOURCE_EXHAUSTED;
  *out = &plugin->interface;
  return TSDK_OK;
}
