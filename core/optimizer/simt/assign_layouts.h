//===- assign_layouts.h - Choosing and realising layouts --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to simt-assign-layouts. Two steps:
//
// 1. LayoutChoice gives each tensor a home layout, forward from the ops that
//    care (memory, products, scans). What costs little to compute anew (ranges,
//    splats, index arithmetic) has no home: it follows its users.
// 2. LayoutRealisation walks backward. All users of an op have said in which
//    layouts they want its results before the op is visited; it then decides by
//    counted cost which versions to compute and which to convert.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/ir/simt_ops.h"
#include "core/ir/tile_ops.h"
#include "core/optimizer/axis_info.h"
#include "core/optimizer/simt/layout_costs.h"
#include "core/optimizer/simt/pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace tilesdk::optimizer {

/// How an op passes layouts on.
enum class LayoutRule {
  /// Any layout for free: constants, splats, ranges.
  Leaf,
  /// One layout for all operands and results.
  Elementwise,
  /// Elementwise in pointers, mask and result.
  Load,
  Store,
  Atomic,
  ExpandDims,
  Broadcast,
  Trans,
  Reshape,
  Join,
  Split,
  Cat,
  Reduce,
  Scan,
  Sort,
  Gather,
  Histogram,
  Dot,
  /// scf and func.
  Control,
};
LayoutRule layoutRuleOf(mlir::Operation *op);

/// The layout that operand \p operand needs so that \p op makes its result in
/// \p result without movement; null where there is none.
simt::LayoutAttr operandLayout(mlir::Operation *op, simt::LayoutAttr result,
                               mlir::Value operand);
/// The natural layout of result \p op of a source in \p source; null where
/// there is none or the rule has no direction.
simt::LayoutAttr resultLayout(mlir::Operation *op, simt::LayoutAttr source);

/// Cycles an element costs, in units of a cheap operation.
double elementWeight(mlir::Operation *op);

inline bool isTensor(mlir::Value value) {
  return mlir::isa<mlir::RankedTensorType>(value.getType());
}
inline unsigned bytesOf(mlir::Value value) {
  return simt::elementBytes(tile::elementOf(value.getType()));
}

/// Step 1, for one function.
class LayoutChoice {
public:
  LayoutChoice(mlir::func::FuncOp function, const target::Machine &machine,
               ThreadCounts threads, unsigned numStages);

  /// Null for scalars and for what follows its users.
  simt::LayoutAttr home(mlir::Value value) const { return homes.lookup(value); }
  /// Home, or what some user wants, or the default. Never null for a tensor.
  simt::LayoutAttr settled(mlir::Value value) const;
  /// Of a value without home: cost of computing it anew, in cheap operations an
  /// element.
  double weight(mlir::Value value) const;
  /// Of loads, stores and atomics on tensors.
  const AccessPattern &pattern(mlir::Operation *op) const;
  const AccessPattern *findPattern(mlir::Operation *op) const {
    auto it = patterns.find(op);
    return it == patterns.end() ? nullptr : &it->second;
  }
  /// Coalesced for \p op.
  simt::LayoutAttr coalesced(mlir::Operation *op) const;
  /// The same with the warps' parts of \p home, the layout of a product's
  /// result, which nothing but a conversion changes; else null.
  simt::LayoutAttr coalescedWithin(mlir::Operation *op, simt::LayoutAttr home,
                                   unsigned bytes) const;
  /// Whether a load has the one layout in which warps copy it in order.
  bool isCopiedInOrder(mlir::Operation *op) const {
    return copiedInOrder.contains(op);
  }
  /// Layouts of source and result for a reshape that no other layout passes.
  std::pair<simt::LayoutAttr, simt::LayoutAttr>
  reshapePair(mlir::Operation *op) const;

  simt::LayoutAttr defaultFor(mlir::Value value) const;
  simt::LayoutAttr scanLayout(mlir::Value value, unsigned axis) const;
  LayoutCosts &costs() { return layoutCosts; }
  ThreadCounts threadCounts() const { return threads; }

private:
  /// Where threads put the elements of an operand next to each other along
  /// dimension \p k (as \p wanted has them) and memory does not, the load
  /// gets a layout in which a thread has such neighbours to turn them itself.
  /// Where the machine turns what it reads, so does a load whose elements would
  /// be stored in few bytes, along \p k or along \p other, if the buffer that
  /// the instruction reads (\p buffer) runs so, or any can.
  void loadAcross(mlir::Value operand, simt::LayoutAttr wanted,
                  simt::SharedLayoutAttr buffer, unsigned k, unsigned other);
  /// Whether reads of an operand's buffer, or copies to it, turn elements.
  bool turnsReads(unsigned bytes) const;
  /// A load that warps can copy to \p operand's buffer in order gets the layout
  /// for that. False: it is not such a load.
  bool copyInOrder(mlir::Value operand, simt::LayoutAttr wanted,
                   unsigned numStages);
  void visitBlock(mlir::Block &block);
  void visitControl(mlir::Operation *op);
  void visitOp(mlir::Operation *op);
  void hintBlock(mlir::Block &block);
  void hint(mlir::Value value, simt::LayoutAttr layout);
  void setHome(mlir::Value value, simt::LayoutAttr layout);
  /// A value that a loop carries; stays what the first round found better.
  void joinHome(mlir::Value carried, mlir::Value next);
  /// At most one element for two threads.
  bool isSmall(mlir::Value value) const;
  simt::LayoutAttr chooseAmongOperands(mlir::Operation *op);
  simt::LayoutAttr wrap(const layout::Layout &layout) const;

  mlir::MLIRContext *context;
  const target::Machine &machine;
  ThreadCounts threads;
  LayoutCosts layoutCosts;
  llvm::DenseSet<simt::LayoutAttr> products;
  llvm::DenseMap<mlir::Value, simt::LayoutAttr> homes, hints, carriedHomes;
  llvm::DenseMap<mlir::Value, double> weights;
  llvm::DenseMap<mlir::Operation *, AccessPattern> patterns;
  llvm::DenseMap<mlir::Operation *, simt::LayoutAttr> coalescedLayouts;
  llvm::SmallPtrSet<mlir::Operation *, 4> copiedInOrder;
  bool changed = false;
};

/// Step 2, for one function.
class LayoutRealisation {
public:
  LayoutRealisation(LayoutChoice &choice, const target::Machine &machine)
      : choice(choice), costs(choice.costs()), machine(machine) {}
  mlir::LogicalResult run(mlir::func::FuncOp function);

private:
  struct Demand {
    mlir::OpOperand *use;
    simt::LayoutAttr layout;
    /// A product's operand: rather loaded from a buffer than converted.
    bool buffered = false;
    /// Wanted as a buffer; layout is null then.
    simt::SharedType buffer;
  };
  using Demands = llvm::SmallVector<Demand, 2>;

  void visitBlock(mlir::Block &block);
  void visitOp(mlir::Operation *op);
  void visitAdaptable(mlir::Operation *op, LayoutRule rule);
  bool transposeBehindBuffers(tile::TransOp op);
  void visitStore(tile::StoreOp op);
  void visitDot(tile::DotOp op);
  void visitFor(mlir::scf::ForOp op);
  void visitWhile(mlir::scf::WhileOp op);
  void visitIf(mlir::scf::IfOp op);

  void demand(mlir::OpOperand &use, simt::LayoutAttr layout,
              bool buffered = false);
  /// All tensor operands of \p op as it needs them for a result in \p result.
  void demandOperands(mlir::Operation *op, simt::LayoutAttr result,
                      bool buffered);
  Demands take(mlir::Value value);
  /// Sets the type of \p value and converts for users that want another.
  void settle(mlir::Value value, simt::LayoutAttr layout, Demands demands);
  void settle(mlir::Value value, simt::LayoutAttr layout) {
    settle(value, layout, take(value));
  }
  mlir::Value convert(mlir::OpBuilder &builder, mlir::Value value,
                      simt::LayoutAttr layout, bool buffered);
  mlir::Value toBuffer(mlir::OpBuilder &builder, mlir::Value value,
                       simt::SharedType type);
  uint64_t moveCost(mlir::Value value, simt::LayoutAttr from,
                    simt::LayoutAttr to);
  uint64_t produceCost(mlir::Operation *op, LayoutRule rule,
                       simt::LayoutAttr layout);
  bool canMake(mlir::Operation *op, simt::LayoutAttr layout);

  LayoutChoice &choice;
  LayoutCosts &costs;
  const target::Machine &machine;
  llvm::DenseMap<mlir::Value, Demands> demands;
};

/// The buffer through which a product's operand goes from \p from to \p to: few
/// conflicts for both. Null when the layouts do not fit together. \p isLoaded:
/// what is stored comes from memory, perhaps by copies.
simt::SharedLayoutAttr operandBuffer(simt::LayoutAttr from, simt::LayoutAttr to,
                                     unsigned bytes, bool isLoaded,
                                     const target::Machine &machine);

/// Moves what reads an operand's buffer to the product, as far as shared memory
/// has room for all buffers at once: both buffers are filled under one barrier,
/// and registers hold what the next instructions need only.
void sinkOperandLoads(mlir::func::FuncOp function,
                      const target::Machine &machine);
/// Moves what is computed ahead of a loop, from scalars, for users behind it:
/// addresses and masks of the stores of what a loop sums up need no registers
/// in it.
void sinkBelowLoops(mlir::func::FuncOp function);
/// Moves waits for asynchronous products to the first op that takes the result,
/// at most to the end of the block: what does not need it goes on meanwhile.
void sinkProductWaits(mlir::func::FuncOp function);

} // namespace tilesdk::optimizer
