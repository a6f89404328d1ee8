//===- load_layouts.cpp - Layouts of loads for products -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/select_matrix.h"
#include "core/optimizer/simt/warp_copies.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

bool LayoutChoice::copyInOrder(Value operand, LayoutAttr wanted,
                               unsigned numStages) {
  if (!wanted || !machine.countsCopies() || !operand.getDefiningOp())
    return false;
  // Products that share the operand must read it alike.
  for (OpOperand &use : operand.getUses()) {
    auto product = dyn_cast<tile::DotOp>(use.getOwner());
    if (!product || use.getOperandNumber() > 1)
      return false;
    DotLayouts layouts = dotLayouts(product, machine, threads);
    if ((use.getOperandNumber() ? layouts.rhs : layouts.lhs) != wanted ||
        product->getParentOp() != operand.getDefiningOp()->getParentOp())
      return false;
  }
  // A transposition is a view of the buffer.
  if (auto trans = operand.getDefiningOp<tile::TransOp>();
      trans && trans.getSource().hasOneUse()) {
    wanted = operandLayout(trans, wanted, trans.getSource());
    operand = trans.getSource();
  }
  auto load = operand.getDefiningOp<tile::LoadOp>();
  auto found = patterns.find(load);
  if (!wanted || !load || load.getMask() || load.getIsVolatile() ||
      found == patterns.end())
    return false;
  auto loop = dyn_cast<scf::ForOp>(load->getParentOp());
  if (!loop || (*load->user_begin())->getParentOp() != loop)
    return false;
  unsigned bytes = bytesOf(operand);
  std::optional<WarpCopyPlan> best;
  uint32_t most = 0;
  for (const target::AsyncRow &row : machine.async) {
    if (!row.isByWarps() || row.bytes > found->second.vector * bytes ||
        row.bytes <= most || !hasRoomForWarpCopies(loop, machine, numStages))
      continue;
    if (auto plan = planWarpCopy(machine, row, tile::shapeOf(load.getType()),
                                 found->second.dim, wanted.getLayout(), bytes,
                                 threads)) {
      best = plan;
      most = row.bytes;
    }
  }
  if (!best)
    return false;
  coalescedLayouts[load] = wrap(best->lanes);
  copiedInOrder.insert(load);
  return true;
}

/// Whether neighbours in \p buffer lie along \p dim.
static bool runsAlong(SharedLayoutAttr buffer, unsigned dim) {
  std::optional<layout::Coord> second = buffer.getLayout().apply({1});
  return second && (*second)[dim] == 1;
}

/// The bits of \p dim that registers of \p layout hold, first registers first,
/// so many that \p most elements are together; none where there are no
/// neighbours among them.
static SmallVector<uint64_t, 4> registerBits(const layout::Layout &layout,
                                             unsigned dim, unsigned most) {
  SmallVector<uint64_t, 4> bits;
  for (const layout::Basis &basis : layout.bases(registerDim)) {
    bool isAlone = basis.value[dim] &&
                   llvm::count(basis.value, 0u) + 1 == int(basis.value.size());
    for (uint32_t step = 1; isAlone && step < basis.count; step *= 2)
      if ((uint64_t(2) << bits.size()) <= most)
        bits.push_back(basis.value[dim] * step);
  }
  return llvm::is_contained(bits, 1u) ? bits : SmallVector<uint64_t, 4>();
}

void LayoutChoice::loadAcross(Value operand, LayoutAttr wanted,
                              SharedLayoutAttr buffer, unsigned k,
                              unsigned other) {
  if (!wanted && !buffer)
    return;
  unsigned bytes = bytesOf(operand);
  // The dimensions of what is looked at, and those of the operand.
  struct Step {
    Value value;
    unsigned dims[2];
  };
  unsigned dims[2] = {k, other};
  SmallVector<Step, 4> todo{{operand, {k, other}}};
  for (unsigned i = 0; i < todo.size(); ++i) {
    Step step = todo[i];
    Operation *op = step.value.getDefiningOp();
    if (!op)
      continue;
    if (isa<tile::LoadOp>(op)) {
      auto found = patterns.find(op);
      if (found == patterns.end())
        continue;
      // Only across what memory runs along.
      unsigned which = found->second.dim == step.dims[0];
      unsigned width = std::max(1u, machine.maxVectorBytes / bytes);
      SmallVector<uint64_t, 4> rows;
      ArrayRef<int64_t> shape = tile::shapeOf(step.value.getType());
      if (buffer && found->second.vector > width) {
        // What is converted to wider elements is stored in several pieces:
        // neighbouring lanes should have neighbouring ones.
        SmallVector<unsigned, 4> order{found->second.dim};
        for (unsigned dim : rowMajorOrder(shape.size()))
          if (dim != found->second.dim)
            order.push_back(dim);
        coalescedLayouts[op] =
            wrap(blockedLayout(shape, order, width, threads));
        continue;
      }
      if (buffer || turnsReads(bytes)) {
        // Copies and loads of matrices turn elements by themselves; what needs
        // more is a store of few bytes.
        if (!isStoredNarrowly(machine, found->second, bytes,
                              step.value == operand) ||
            !(buffer ? runsAlong(buffer, dims[which])
                     : readsByRows(machine, wanted.getLayout(), dims[which],
                                   bytes)))
          continue;
        for (uint64_t bit = 1; bit < width; bit *= 2)
          rows.push_back(bit);
      } else if (!which) {
        rows = registerBits(wanted.getLayout(), k, width);
      }
      if (rows.empty())
        continue;
      SmallVector<unsigned, 4> order{found->second.dim, step.dims[which]};
      for (unsigned dim : rowMajorOrder(shape.size()))
        if (!llvm::is_contained(order, dim))
          order.push_back(dim);
      coalescedLayouts[op] = wrap(
          blockedLayout(shape, order, found->second.vector, threads, rows));
      continue;
    }
    if (auto trans = dyn_cast<tile::TransOp>(op)) {
      todo.push_back({trans.getSource(),
                      {unsigned(trans.getPerm()[step.dims[0]]),
                       unsigned(trans.getPerm()[step.dims[1]])}});
      continue;
    }
    if (layoutRuleOf(op) != LayoutRule::Elementwise || todo.size() > 16)
      continue;
    for (Value value : op->getOperands())
      if (isTensor(value))
        todo.push_back({value, {step.dims[0], step.dims[1]}});
  }
}

bool LayoutChoice::turnsReads(unsigned bytes) const {
  return llvm::any_of(machine.shared,
                      [&](const target::SharedRow &row) {
                        return row.isMatrix && !row.isStore &&
                               row.isTransposed && row.elementBytes == bytes;
                      }) ||
         llvm::any_of(machine.async, [](const target::AsyncRow &row) {
           return row.issuer == target::AsyncRow::Lane;
         });
}

bool isStoredNarrowly(const target::Machine &machine,
                      const AccessPattern &pattern, unsigned bytes,
                      bool isOperand) {
  constexpr unsigned leastBytes = 8;
  unsigned stored = pattern.vector * bytes;
  return stored < leastBytes &&
         !(isOperand && llvm::any_of(
                            machine.async,
                            [&](const target::AsyncRow &row) {
                              return row.issuer == target::AsyncRow::Lane &&
                                     row.bytes == stored;
                            }));
}

} // namespace tilesdk::optimizer
