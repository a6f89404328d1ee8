//===- axis_info.h - Divisibility, contiguity, constancy --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace tilesdk::optimizer {

/// What is known of one dimension of an integer or pointer value. All numbers
/// are at least 1, and 1 says nothing.
struct AxisDim {
  /// The dimension falls into runs of this length, from position 0 on, in each
  /// of which the value counts up by one (pointers: by one element).
  int64_t contiguity = 1;
  /// The first value of each such run is a multiple of this power of two;
  /// without runs, every value is. Pointers: in bytes.
  int64_t divisibility = 1;
  /// The dimension falls into runs of this length of equal values.
  int64_t constancy = 1;

  bool operator==(const AxisDim &) const = default;
};

struct AxisInfo {
  /// One entry per dimension; one for a scalar.
  llvm::SmallVector<AxisDim, 2> dims;
  /// The one value of all elements, where it is known.
  std::optional<int64_t> constant;
  /// Integers: never below zero.
  bool isNonNegative = false;

  bool operator==(const AxisInfo &) const = default;
  int64_t contiguity(unsigned dim) const { return dims[dim].contiguity; }
  int64_t divisibility(unsigned dim) const { return dims[dim].divisibility; }
  int64_t constancy(unsigned dim) const { return dims[dim].constancy; }
};

/// Axis information of all values of a function.
///
/// Computed once, in program order; loops are iterated to a fixed point from
/// above, a few times at most. Like Triton's it assumes that index arithmetic
/// does not wrap inside a run. Sources: make_range, constants, `tile.hint`,
/// the argument attribute `tile.divisibility`, and what ops do with them.
class AxisInfoAnalysis {
public:
  /// Cost is linear in ops for a fixed nesting of loops. The function must not
  /// change while the analysis is used; values made later have no information.
  explicit AxisInfoAnalysis(mlir::func::FuncOp function);

  /// Information of \p value; the entry that says nothing when there is none.
  AxisInfo lookup(mlir::Value value) const;

  /// How many consecutive elements of \p ptr along its last dimension may be
  /// accessed as one vector: runs of neighbouring addresses for which \p mask
  /// (may be null) is constant. 1 for a scalar.
  int64_t vectorRun(mlir::Value ptr, mlir::Value mask) const;
  /// Known alignment in bytes of the first address of each such run.
  int64_t alignment(mlir::Value ptr, int64_t run) const;

private:
  void visitBlock(mlir::Block &block, unsigned nesting);
  void visitOp(mlir::Operation *op, unsigned nesting);
  void visitFor(mlir::Operation *op, unsigned nesting);
  void visitAssumption(mlir::Value condition);
  AxisInfo infer(mlir::Operation *op) const;

  llvm::DenseMap<mlir::Value, AxisInfo> infos;
};

} // namespace tilesdk::optimizer
