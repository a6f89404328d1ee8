//===- pipeline.h - From tile IR to the stage simt --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <memory>
#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace tilesdk::target {
class Machine;
} // namespace tilesdk::target

namespace tilesdk::optimizer {

/// Numbered as the build's option `box_stores`.
enum class BoxStores : unsigned {
  None,
  Descriptors,
  /// Tiles of pointers too.
  Pointers,
};

/// What a build chooses; the rest follows from the kernel and the machine.
struct SimtOptions {
  /// Name of the target, for the module's attribute `simt.target`.
  std::string target;
  /// A power of two.
  unsigned numWarps = 4;
  /// At most so many stages of a loop are in flight.
  unsigned numStages = 3;
  /// A shortfall of stages is an error, not a remark.
  bool strictStages = false;
  /// Tiles of pointers may be copied as boxes.
  bool pointerBoxes = true;
  /// What may be stored as boxes.
  BoxStores boxStores = BoxStores::Descriptors;
};

using MachinePtr = std::shared_ptr<const target::Machine>;

/// Stage `tile-opt` to stage `simt`, for a pass manager on modules. Decisions
/// and what was declined are remarks at the op's location, whose text begins
/// with the pass's name.
void buildSimtPipeline(mlir::OpPassManager &manager, const MachinePtr &machine,
                       const SimtOptions &options);

/// Makes the passes and `simt-pipeline` known by name, each with the options
/// target (one of test_machine.h), num-warps, num-stages, strict-stages. For
/// command-line tools.
void registerSimtOptimizer();

} // namespace tilesdk::optimizer
