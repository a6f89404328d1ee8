//===- warp_copies.h - Copies that a warp makes in order --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp that copies to shared memory by one instruction fills consecutive
// places, a lane's bytes behind those of the lane before it. So the load's
// layout follows from the buffer's, and the buffer's swizzle turns up where the
// lanes read global memory.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_ops.h"
#include "core/layout/swizzle.h"
#include "core/optimizer/simt/blocked_layout.h"
#include "core/optimizer/simt/layout_costs.h"
#include "core/target/target.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilesdk::optimizer {

/// How lanes read a product's operand from a buffer that runs along one
/// dimension: which elements they name, and by which access.
struct OperandRead {
  layout::Layout lanes;
  layout::SharedAccess access;
};
std::optional<OperandRead> operandRead(const target::Machine &machine,
                                       const layout::Layout &to, unsigned fast,
                                       unsigned bytes);
/// Whether lanes read so, or by matrix rows of 16 bytes.
bool readsByRows(const target::Machine &machine, const layout::Layout &to,
                 unsigned fast, unsigned bytes);

/// A buffer, and the layout in which a warp fills it in order.
struct WarpCopyPlan {
  layout::Layout memory, lanes;
};
/// For a tensor whose elements are neighbours in global memory along \p fast,
/// and from which \p reader is read. Each instruction takes whole segments of
/// global memory, and no read has a bank conflict; nothing where that is not to
/// be had.
std::optional<WarpCopyPlan> planWarpCopy(const target::Machine &machine,
                                         const target::AsyncRow &row,
                                         llvm::ArrayRef<int64_t> shape,
                                         unsigned fast,
                                         const layout::Layout &reader,
                                         unsigned bytes, ThreadCounts threads);

/// Whether the warps of a tensor in \p lanes fill \p memory by \p row in order,
/// each element once.
bool fillsInOrder(const target::AsyncRow &row, const layout::Layout &memory,
                  const layout::Layout &lanes, unsigned bytes);

/// Whether the loads of \p loop's products may be copies by warps: they run
/// ahead, and two buffers of each operand have room.
bool hasRoomForWarpCopies(mlir::scf::ForOp loop, const target::Machine &machine,
                          unsigned numStages);

/// The row for \p load, which must have no mask; null: there is none.
const target::AsyncRow *warpCopyRow(const target::Machine &machine,
                                    tile::LoadOp load,
                                    const AccessPattern &pattern,
                                    const layout::Layout &memory,
                                    const layout::Layout &lanes);

} // namespace tilesdk::optimizer
