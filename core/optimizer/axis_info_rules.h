//===- axis_info_rules.h - How ops pass axis information on -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/optimizer/axis_info.h"

#include "llvm/ADT/ArrayRef.h"

/// The transfer functions of AxisInfoAnalysis, without state.
namespace tilesdk::optimizer::axis {

/// Nothing known of a value of \p type.
AxisInfo unknown(mlir::Type type);
/// All elements are \p value.
AxisInfo constant(mlir::Type type, int64_t value);
/// What holds for both; \p bytes as elementBytes of their type.
AxisInfo join(const AxisInfo &a, const AxisInfo &b, int64_t bytes);

/// The largest power of two that divides \p value, at most 2^30; that for 0.
int64_t powerOfTwoIn(int64_t value);
/// Divisibility of the values at multiples of \p run. \p bytes is by how much
/// neighbours in a contiguous run differ.
int64_t divisibilityAt(const AxisDim &dim, int64_t run, int64_t bytes = 1);
/// Size of what a pointer (or tensor of them) points to; 1 for integers.
int64_t elementBytes(mlir::Type type);

/// The induction variable of a loop.
AxisInfo inductionInfo(const AxisInfo &lowerBound, const AxisInfo &step);

/// The result of an op with one result and no region.
AxisInfo infer(mlir::Operation *op, llvm::ArrayRef<AxisInfo> operands);

} // namespace tilesdk::optimizer::axis
