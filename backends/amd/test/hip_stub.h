//===- hip_stub.h - A HIP runtime that does nothing -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libamdhip64 of ours for tests of the driver: it keeps a list of the calls,
// device memory is the host's, everything is done at once, and any call can be
// made to fail.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdlib>
#include <string>
#include <vector>

namespace tilesdk::amd::stub {

struct Launch {
  unsigned grid[3], block[3], shared;
  void *stream;
  void *firstParam; ///< Value of the first parameter, as a pointer.
};

/// As HIP 6 counts them; HIP 5 counts from 0.
enum class MemoryKind { Host = 1, Device = 2, Managed = 3 };

struct State {
  std::vector<std::string> calls; ///< "hipMalloc", without getters of errors.
  std::string failing;            ///< Function that fails,
  int error = 0;                  ///< with this,
  int after = 0;                  ///< after so many calls that work.
  int lastError = 0;              ///< Of hipGetLastError.
  int current = 0;                ///< The thread's device.
  int devices = 2;
  int version = 60443484; ///< Of the runtime.
  std::string architecture = "gfx90a:sramecc+:xnack-";
  int warpSize = 64, hasPools = 1, isCooperative = 1;
  /// Kernels reach all memory of the process.
  int isPageable = getenv("STUB_HIP_PAGEABLE") ? 1 : 0;
  MemoryKind kind = MemoryKind::Device; ///< What allocations give.
  int captured = 0;
  std::vector<Launch> launches;
  int callbacks = 0;
};

State &state();

} // namespace tilesdk::amd::stub
