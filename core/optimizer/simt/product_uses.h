//===- product_uses.h - What becomes of products ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_ops.h"

namespace tilesdk::optimizer {

/// Calls \p visit for each use of what \p result becomes by arithmetic, by
/// transpositions, in the next iteration of a loop that carries it and, with
/// \p behindLoops, as what the loop ends with:
/// \p isTransposed says whether rows and columns have changed places.
void visitUses(
    mlir::Value result, bool behindLoops,
    llvm::function_ref<void(mlir::OpOperand &use, bool isTransposed)> visit);

/// Whether the rows of the result stay together on their way: what is reduced
/// along columns, or becomes the left operand of another product, moves least
/// when a warp has whole rows.
bool wantsWholeRows(tile::DotOp op);

/// Whether \p operand comes from arithmetic on the result of a product: then it
/// lies in the registers of the right threads already.
bool comesFromProduct(mlir::Value operand);

} // namespace tilesdk::optimizer
