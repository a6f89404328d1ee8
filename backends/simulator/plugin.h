//===- plugin.h - The simulator plugin --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/device.h"
#include "backends/cpu/plugin.h"
#include "backends/simulator/targets.h"

namespace tilesdk::simulator {

/// The CPU plugin with other targets, other functions and other programs.
struct Plugin : cpu::Plugin {
  explicit Plugin(const tsdk_host &host);

  tsdk_code findTwinFunction(const tsdk_target *target, std::string_view symbol,
                             tsdk_bytes &out);

  TargetTable twins;
  /// The launch of the CPU's driver, which ours prepares.
  tsdk_error (*cpuLaunch)(void *self, void *device, void *function,
                          const tsdk_driver_launch *launch) = nullptr;

private:
  std::mutex mutex;
  std::map<std::pair<const tsdk_target *, std::string>, std::string> functions;
};

/// One device per target.
struct Device : cpu::Device {
  Device(const tsdk_host &host, TargetModel &model)
      : cpu::Device(host, cpu::optionsFromEnvironment(host)), model(model) {}
  TargetModel &model;
};

/// Replaces what differs from the CPU's driver. `self` of all its functions is
/// the cpu::Plugin.
void makeDriver(Plugin &plugin);

} // namespace tilesdk::simulator
