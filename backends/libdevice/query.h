//===- query.h - What every plugin's query does -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/libdevice/libdevice.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

namespace tilesdk::libdevice {

/// Who the plugin is.
inline void describePlugin(tsdk_plugin &interface, std::string_view name,
                           std::string_view aliases, std::string_view version) {
  interface.struct_size = sizeof interface;
  interface.abi = TSDK_PLUGIN_ABI;
  interface.name = str(name);
  interface.aliases = str(aliases);
  interface.version = str(version);
  interface.build_id = str(version);
}

/// Makes a plugin, which has a member `interface`, of the host's table: of as
/// much of it as the host has.
template <typename Plugin>
tsdk_code queryPlugin(const tsdk_host *host, const tsdk_plugin **out) {
  if (!host || !out ||
      host->struct_size < offsetof(tsdk_host, error) + sizeof host->error)
    return TSDK_E_INVALID_ARGUMENT;
  tsdk_host copy = {};
  std::memcpy(&copy, host, std::min<size_t>(host->struct_size, sizeof copy));
  Plugin *plugin = new (std::nothrow) Plugin(copy);
  if (!plugin)
    return TSDK_E_RESOURCE_EXHAUSTED;
  *out = &plugin->interface;
  return TSDK_OK;
}

} // namespace tilesdk::libdevice
