//===- buffer_plan.h - Memory that two sides access as it lies --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/swizzle.h"

namespace tilesdk::optimizer {

/// A buffer's layout, of one repetition, and what it costs to fill and read it.
struct BufferPlan {
  layout::Layout memory;
  uint64_t cost;
};

/// The cheapest buffer for stores from \p source and loads to \p reader by any
/// accesses of \p shared. Unlike those of an exchange, accesses of a buffer do
/// not turn the elements of a vector. \p times: what the cycles of the loads
/// count.
std::optional<BufferPlan> planBuffer(const layout::Layout &source,
                                     const layout::Layout &reader,
                                     unsigned bytes,
                                     const layout::SharedMemory &shared,
                                     uint64_t times = 1);

} // namespace tilesdk::optimizer
