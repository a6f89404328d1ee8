//===- cpu_info.h - What machine this is ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <string>

namespace tilesdk::cpu {

/// The levels of the x86-64 psABI, counting what the operating system saves on
/// a context switch: v4 needs the zmm registers and the masks.
enum class IsaLevel { Baseline, V3, V4 };

IsaLevel detectIsaLevel();

/// The processor's marketing name.
std::string cpuName();

/// Size of the largest data cache that one core reaches; 0 when unknown.
uint64_t lastLevelCacheBytes();

/// How many processors this thread may run on; at least 1.
unsigned usableProcessors();

uint64_t memoryTotalBytes();
uint64_t memoryAvailableBytes();

} // namespace tilesdk::cpu
