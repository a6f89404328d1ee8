//===- load_remarks.h - How each load of a loop is fetched ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/optimizer/simt/loop_loads.h"

namespace tilesdk::optimizer {

/// A remark at each load that is fetched ahead: by whom, and how much at once.
inline void remarkWays(const LoopLoads &found) {
  for (const LoopLoad &load : found.loads) {
    mlir::InFlightDiagnostic remark = found.remark(load.load);
    if (load.boxes) {
      remark << "one thread asks for boxes of ";
      llvm::interleave(
          load.boxes->box, [&](int32_t extent) { remark << extent; },
          [&] { remark << " x "; });
      remark << " elements, " << load.boxes->parts.size() << " for a block";
    } else if (load.buffer) {
      remark << "asynchronous copies of " << load.row->bytes << " bytes a lane";
    } else {
      remark << "to registers, one iteration ahead";
    }
  }
}

} // namespace tilesdk::optimizer
