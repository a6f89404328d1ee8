//===- loop_loads.h - What a loop loads for its products --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/axis_info.h"
#include "core/optimizer/simt/boxes.h"
#include "core/target/target.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/SetVector.h"

namespace tilesdk::optimizer {

/// A load whose value a product of its loop takes.
struct LoopLoad {
  mlir::Operation *load; ///< tile.load or tile.descriptor_load.
  /// Where the value goes, and how; null: it stays in registers.
  simt::SharedAllocOp buffer;
  const target::AsyncRow *row = nullptr;
  /// Of tile.descriptor_load, which one thread copies for all.
  std::optional<BoxPlan> boxes;

  tile::LoadOp byLanes() const { return mlir::cast<tile::LoadOp>(load); }
  tile::DescriptorLoadOp byBoxes() const {
    return mlir::cast<tile::DescriptorLoadOp>(load);
  }
};

/// Fills \p to, one buffer for each entry of \p loads, with the boxes that \p
/// maps names; the barrier expects them first. \p mapped is applied to the
/// coordinates.
void copyBoxes(mlir::OpBuilder &builder, mlir::Location loc,
               llvm::ArrayRef<LoopLoad> loads, llvm::ArrayRef<mlir::Value> maps,
               llvm::ArrayRef<mlir::Value> to, mlir::Value barriers,
               mlir::Value index,
               llvm::function_ref<mlir::Value(mlir::Value)> mapped);

/// Whether \p value becomes an operand of a product in its own block.
bool feedsProduct(mlir::Value value);

/// The op within \p op, or itself, that loads stay behind; null: they may move
/// over it.
mlir::Operation *orderedIn(mlir::Operation *op);

/// The op of \p loop's body that keeps loads in the order of iterations; null:
/// they may run ahead.
mlir::Operation *obstacleIn(mlir::scf::ForOp loop);

/// What may run ahead in a loop, and what it needs for that.
class LoopLoads {
public:
  /// \p pass begins the remarks.
  LoopLoads(mlir::scf::ForOp loop, const target::Machine &machine,
            const AxisInfoAnalysis &axes, llvm::StringRef pass)
      : loop(loop), machine(machine), axes(axes), pass(pass) {}

  /// Whether there is something; if not, and the loop has products, a remark
  /// says why.
  bool find();
  /// What warps would copy goes to registers instead. False: there is nothing
  /// of that kind.
  bool dropWarpCopies();
  /// Finds the waits of `counted`.
  void findCountedProducts();
  mlir::InFlightDiagnostic remark(mlir::Operation *op) const {
    return op->emitRemark(pass) << ": ";
  }

  llvm::SmallVector<LoopLoad> loads;
  /// The ops of the body that the copies need, the loads included; those that
  /// loads to registers need beside them.
  llvm::SetVector<mlir::Operation *> copyOps, registerOps;
  /// Waits of products whose result only the next iteration's product takes.
  llvm::SmallVector<simt::MmaWaitOp> counted;

private:
  bool findLoads();
  bool findSlices();
  bool isFreeOfObstacles();
  bool findSlice(mlir::Operation *root,
                 llvm::SetVector<mlir::Operation *> &slice);
  const target::AsyncRow *asyncRow(tile::LoadOp load, simt::SharedAllocOp to);
  const target::AsyncRow *warpRow(tile::LoadOp load, simt::SharedAllocOp to);
  unsigned sharedVector(simt::SharedType buffer, const layout::Layout &from,
                        unsigned dim, unsigned vector);

  mlir::scf::ForOp loop;
  const target::Machine &machine;
  const AxisInfoAnalysis &axes;
  llvm::StringRef pass;
};

} // namespace tilesdk::optimizer
