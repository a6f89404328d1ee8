//===- driver.h - Devices of the HIP runtime --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/amd/targets.h"
#include "tilesdk/tilesdk_plugin.h"

namespace tilesdk::amd {

/// What the driver needs of its plugin; `self` of all its functions.
struct DriverOwner {
  tsdk_host host = {};
  TargetTable targets;
  tsdk_driver driver = {};
};

void makeDriver(DriverOwner &owner);

} // namespace tilesdk::amd
