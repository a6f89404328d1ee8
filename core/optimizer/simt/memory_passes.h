//===- memory_passes.h - Time and place of shared memory --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The passes of the stage `simt` behind layout assignment, in this order; each
// runs on functions.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/optimizer/simt/pipeline.h"

#include <memory>

namespace mlir {
class Pass;
} // namespace mlir

namespace tilesdk::optimizer {

/// `simt-pipeline`: overlaps the loads of a loop with what is computed from
/// those of earlier iterations.
///
/// Assumes: layouts everywhere. Guarantees: nothing is changed in a loop that
/// it declines; the function has `simt.num_stages`, the largest number of
/// stages in effect. Numbers: never changed.
std::unique_ptr<mlir::Pass> createSimtPipeline(MachinePtr machine,
                                               const SimtOptions &options);

/// `simt-allocate-shared`: an `offset` for every buffer and array of barriers,
/// `simt.scratch` for every op that needs it, `simt.shared_bytes` on the
/// function. What is never live at the same time may share bytes.
///
/// Assumes: structured control flow. Guarantees: all offsets fit the machine,
/// or an error says how much is needed by whom. Numbers: never changed.
std::unique_ptr<mlir::Pass> createSimtAllocateShared(MachinePtr machine);

/// `simt-insert-barriers`: between any two accesses to the same bytes of shared
/// memory of which one writes, there is a barrier of all warps that make them;
/// between an asynchronous copy and what reads it also a wait.
///
/// Assumes: allocation is done; partitions exchange data under barriers of
/// their own. Guarantees: the above, around loops too. Numbers: never changed.
std::unique_ptr<mlir::Pass> createSimtInsertBarriers(MachinePtr machine);

/// On `simt.shared_index`, set by simt-pipeline: the buffer is that of
/// iteration i + slot, modulo the number of buffers, in iteration i (before the
/// loop: i is 0). Accesses of different slots never meet.
inline constexpr char slotAttr[] = "simt.slot";

} // namespace tilesdk::optimizer
