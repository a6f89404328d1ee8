//===- passes.h - The passes of the stage simt ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_dialect.h"
#include "core/optimizer/simt/pipeline.h"
#include "core/target/target.h"

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
namespace scf {
class ForOp;
} // namespace scf
} // namespace mlir

namespace tilesdk::optimizer {

/// Each pass keeps the machine alive. passes.td says what they do.
std::unique_ptr<mlir::Pass> createSimtSelectMatrix(MachinePtr machine,
                                                   const SimtOptions &options);
std::unique_ptr<mlir::Pass> createSimtDelayProducts(MachinePtr machine,
                                                    const SimtOptions &options);
std::unique_ptr<mlir::Pass> createSimtBoxCopies(MachinePtr machine,
                                                const SimtOptions &options);
std::unique_ptr<mlir::Pass> createSimtAssignLayouts(MachinePtr machine,
                                                    const SimtOptions &options);

std::unique_ptr<mlir::Pass>
createSimtWarpSpecialize(MachinePtr machine, const SimtOptions &options);
std::unique_ptr<mlir::Pass> createSimtPipelineLoops(MachinePtr machine,
                                                    const SimtOptions &options);
std::unique_ptr<mlir::Pass> createSimtBoxStores(MachinePtr machine,
                                                const SimtOptions &options);
std::unique_ptr<mlir::Pass>
createSimtAllocateShared(MachinePtr machine, const SimtOptions &options);
std::unique_ptr<mlir::Pass>
createSimtInsertBarriers(MachinePtr machine, const SimtOptions &options);

/// Whether the kernel wants warps of their own for the copies of \p loop, or of
/// the loop in it.
bool isWarpSpecialized(mlir::scf::ForOp loop);

} // namespace tilesdk::optimizer
