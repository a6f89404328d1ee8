//===- driver.h - Devices of the CUDA driver --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/nvidia/cuda.h"
#include "backends/nvidia/targets.h"
#include "tilesdk/tilesdk_plugin.h"

#include <mutex>
#include <vector>

namespace tilesdk::nvidia {

struct Device;

/// What the driver needs of its plugin; `self` of all its functions.
struct DriverOwner {
  tsdk_host host = {};
  TargetTable targets;
  tsdk_driver driver = {};
  Cuda cuda;
  std::mutex mutex;
  std::vector<const Device *> devices; ///< Open ones; of `mutex`.
};

void makeDriver(DriverOwner &owner);

} // namespace tilesdk::nvidia
