//===- plugin.h - One instance of the CPU plugin ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/sync.h"
#include "backends/cpu/targets.h"
#include "tilesdk/tilesdk_plugin.h"

#include <map>
#include <optional>
#include <string>

namespace tilesdk::cpu {

class Device;

/// What one call of tsdk_plugin_query gave away.
struct Plugin {
  explicit Plugin(const tsdk_host &host);

  tsdk_host host;
  tsdk_plugin interface = {};
  tsdk_driver driver = {};
  /// cpu:0 while it is open; pointers are looked up in it.
  std::atomic<Device *> openDevice{nullptr};

  tsdk_error error(tsdk_code code, std::string_view message) const {
    return host.error(host.self, code, 0, str(message));
  }

  const TargetTable &targets();
  tsdk_code findDeviceFunction(std::string_view symbol, tsdk_bytes &out);

private:
  SpinLock lock;
  std::optional<TargetTable> table;
  std::map<std::string, std::string, std::less<>> deviceFunctions;
};

/// Fills in the driver's functions for \p plugin.
void makeDriver(Plugin &plugin);

} // namespace tilesdk::cpu
