//===- entry.cpp - The simulator plugin's one entry point -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/query.h"
#include "backends/simulator/plugin.h"

extern "C" __attribute__((visibility("default"))) tsdk_code tsdk_plugin_query(
    uint32_t hostMaxAbi, const tsdk_host *host, const tsdk_plugin **out) {
  (void)hostMaxAbi; // 0 is the only ABI so far, and every host speaks it
  return tilesdk::libdevice::queryPlugin<tilesdk::simulator::Plugin>(host, out);
}
