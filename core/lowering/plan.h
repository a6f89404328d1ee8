//===- plan.h - Which operations share a loop -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block is cut into steps: groups of operations that share one loop nest
// over one iteration space, and single operations with loops of their own.
// A space is a shape without its unit dimensions, so that [N], [1, N] and
// [N, 1] share loops.
//
// Values are of three kinds. *Virtual* ones (index arithmetic, splats, views)
// have no storage: their code is emitted again wherever they are used. *Group
// members* live in registers inside of their loop and get a buffer only when
// something outside of it reads them. All others live in buffers.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/tile_ops.h"

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"

namespace tilesdk::lowering {

using namespace mlir;

/// For each dimension of a value the dimension of the space that indexes it,
/// or -1 - k for the constant index k.
using IndexMap = SmallVector<int, 4>;

enum class OpClass {
  Scalar,    ///< Pure, on scalars: emitted where its operands are known.
  View,      ///< Virtual: another index into its source, or no source.
  Pointwise, ///< Element by element, loads and stores included.
  Reduce,
  Structured, ///< Loops of its own, or effects that keep their place.
  Region,     ///< scf.for, scf.if, scf.while.
  Ignored,    ///< No code.
  Unknown
};

OpClass classify(Operation *op);
/// Marks a view as computed once and stored.
inline constexpr llvm::StringLiteral copyAttr = "tile_loops.copy";
inline constexpr unsigned maxViewDepth = 32;
/// Marks views so that no chain of them is longer than maxViewDepth: what
/// walks them recurses.
void cutViewChains(Operation *root);
/// True if code for `v` can be emitted anywhere its leaves are available.
bool isVirtual(Value v);

ArrayRef<int64_t> shapeOf(Value v);
/// `shape` without its unit dimensions.
SmallVector<int64_t> squeeze(ArrayRef<int64_t> shape);
/// The map of a value of `shape` whose squeezed dimensions are the space.
IndexMap identityMap(ArrayRef<int64_t> shape);
bool isIdentity(const IndexMap &map, ArrayRef<int64_t> shape, size_t rank);
/// True if a reshape only adds and removes unit dimensions.
bool onlyUnitDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to);

/// Calls `leaf` for every scalar and every stored value that `v`, indexed by
/// `map`, depends on through virtual operations, and `inner` for the virtual
/// values in between, `v` included. A false result of `inner` stops there.
void walkLeaves(
    Value v, const IndexMap &map,
    llvm::function_ref<void(Value, const IndexMap &)> leaf,
    llvm::function_ref<bool(Value, const IndexMap &)> inner = nullptr);

struct Step {
  bool isGroup = false;
  Operation *op = nullptr;          ///< The operation, unless a group.
  SmallVector<int64_t> space;       ///< Of a group.
  SmallVector<Operation *> members; ///< Of a group, in program order.
  int reduceDim = -1;               ///< Space dimension that is reduced.
  bool readsMemory = false, writesMemory = false;
  /// Stored values read, and whether only at the current point of the loop.
  SmallVector<std::pair<Value, bool>> reads;
};

struct Plan {
  explicit Plan(Block *block);

  Block *block;
  SmallVector<Step> steps;
  DenseMap<Operation *, int> stepOf;
  /// scalars[k]: scalar operations that need no step after k - 1.
  SmallVector<SmallVector<Operation *>> scalars;
  /// Members of groups that are read outside of their loop.
  DenseSet<Value> stored;

private:
  void place(Operation *op, OpClass kind);
  int join(Operation *op, OpClass kind);
  void sinkMembers();
  void findReads();
  int levelOf(Value v) const {
    auto it = level.find(v);
    return it == level.end() ? 0 : it->second;
  }

  DenseMap<Value, int> level;
  DenseMap<Operation *, unsigned> order;
};

/// The space of a pointwise operation or a reduction.
SmallVector<int64_t> spaceOf(Operation *op);
/// The dimension of the space that `op` reduces, -1 if it has extent 1.
int reducedDim(tile::ReduceOp op);

} // namespace tilesdk::lowering
