//===- test_machine.h - Machines for tests of passes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/optimizer/simt/pipeline.h"

#include <string_view>

namespace tilesdk::optimizer {

/// warp32: 32 lanes, 16x8 fragments, matrix loads from shared memory.
/// blocking32: warp32 whose warps wait for their matrix instructions.
/// warp64: 64 lanes, 16x16 fragments, plain accesses only.
/// flushes64: warp64 whose instructions know no subnormal numbers, of bf16 too.
/// direct64: warp64 with loads that transpose rows of 8 bytes, and counted
/// copies by warps of 4 and 16 bytes a lane.
/// group: warp32 with asynchronous products of warp groups from shared memory,
/// box copies and mbarriers. Null for another name.
MachinePtr testMachine(std::string_view name);

} // namespace tilesdk::optimizer
