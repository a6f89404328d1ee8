//===- dot_layouts.cpp - Layouts of products and their operands -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/select_matrix.h"

#include "mlir/IR/Builders.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

static constexpr llvm::StringLiteral layoutsName = "layouts";

void setDotLayouts(tile::DotOp op, const DotLayouts &layouts) {
  auto pick = [](LayoutAttr layout, SharedLayoutAttr buffer) -> Attribute {
    return layout ? Attribute(layout) : Attribute(buffer);
  };
  op->setAttr(layoutsName, ArrayAttr::get(op.getContext(),
                                          {pick(layouts.lhs, layouts.lhsBuffer),
                                           pick(layouts.rhs, layouts.rhsBuffer),
                                           layouts.result}));
  if (layouts.row)
    op->setAttr(attr::row, StringAttr::get(op.getContext(), layouts.row->name));
  if (layouts.isTransposed)
    op->setAttr(attr::transposed, UnitAttr::get(op.getContext()));
  if (layouts.pack > 1)
    op->setAttr(attr::pack,
                Builder(op.getContext()).getI32IntegerAttr(layouts.pack));
}

void removeDotLayouts(tile::DotOp op) { op->removeAttr(layoutsName); }

DotLayouts dotLayouts(tile::DotOp op, const target::Machine &machine,
                      ThreadCounts threads) {
  auto attributes = op->getAttrOfType<ArrayAttr>(layoutsName);
  if (!attributes || attributes.size() != 3)
    return fmaLayouts(op, threads);
  DotLayouts result;
  if (auto row = op->getAttrOfType<StringAttr>(attr::row))
    result.row = machine.matrixRow(row.getValue());
  result.isTransposed = op->hasAttr(attr::transposed);
  if (auto pack = op->getAttrOfType<IntegerAttr>(attr::pack))
    result.pack = pack.getInt();
  result.lhs = dyn_cast<LayoutAttr>(attributes[0]);
  result.rhs = dyn_cast<LayoutAttr>(attributes[1]);
  result.lhsBuffer = dyn_cast<SharedLayoutAttr>(attributes[0]);
  result.rhsBuffer = dyn_cast<SharedLayoutAttr>(attributes[1]);
  result.result = dyn_cast<LayoutAttr>(attributes[2]);
  return result;
}

/// One operand or the result of a product being laid out.
namespace {
struct Side {
  Side(Type type, unsigned rank) : builder(tile::shapeOf(type)), rank(rank) {}
  /// Bits of \p dim in registers until \p keep are left.
  void fillRegisters(unsigned dim, unsigned keep) {
    while (builder.bitsLeft(dim) > keep)
      builder.addRegister(dim);
  }
  void addLanes(unsigned dim, unsigned bits) {
    for (; bits; --bits)
      builder.addLane(dim);
  }
  void addLaneCopies(unsigned bits) {
    for (; bits; --bits)
      builder.addLaneCopy();
  }
  void addWarps(unsigned dim, unsigned bits) {
    for (; bits; --bits)
      builder.addWarp(dim);
  }
  void addWarpCopies(unsigned bits) {
    for (; bits; --bits)
      builder.addWarpCopy();
  }
  LayoutBuilder builder;
  unsigned rank;
};
} // namespace

DotLayouts fmaLayouts(tile::DotOp op, ThreadCounts threads) {
  unsigned rank = tile::shapeOf(op.getType()).size();
  unsigned batch = rank - 3, rows = rank - 2, columns = rank - 1;
  Side result(op.getType(), rank), lhs(op.getLhs().getType(), rank),
      rhs(op.getRhs().getType(), rank);
  LayoutBuilder &all = result.builder;
  unsigned laneBits = llvm::Log2_32(threads.lanes);
  unsigned warpBits = llvm::Log2_32(threads.warps);
  auto add = [&](unsigned dim, bool lane) {
    Side *other = dim == rows ? &rhs : dim == columns ? &lhs : nullptr;
    for (Side *side : {&result, &lhs, &rhs})
      if (side == other)
        lane ? side->builder.addLaneCopy() : side->builder.addWarpCopy();
      else
        lane ? side->builder.addLane(dim) : side->builder.addWarp(dim);
  };
  // Up to 4 x 4 elements a thread before threads are idle, so that each loaded
  // element is used four times.
  unsigned threadBits = laneBits + warpBits;
  unsigned have = all.bitsLeft(rows) + all.bitsLeft(columns) +
                  (rank == 3 ? all.bitsLeft(batch) : 0);
  unsigned spare = have > threadBits ? have - threadBits : 0;
  auto registersOf = [&](unsigned dim, unsigned most) {
    Side &side = dim == rows ? lhs : rhs;
    for (unsigned i = 0; i < most && spare && all.bitsLeft(dim); ++i, --spare) {
      all.addRegister(dim);
      side.builder.addRegister(dim);
    }
  };
  registersOf(columns, 2);
  registersOf(rows, 2);
  // Warps take batches first, lanes a block as square as there is.
  if (rank == 3)
    for (; warpBits && all.bitsLeft(batch); --warpBits)
      add(batch, false);
  unsigned columnBits = std::min((laneBits + 1) / 2, all.bitsLeft(columns));
  unsigned rowBits = std::min(laneBits - columnBits, all.bitsLeft(rows));
  columnBits = std::min(laneBits - rowBits, all.bitsLeft(columns));
  for (unsigned i = 0; i < columnBits; ++i)
    add(columns, true);
  for (unsigned i = 0; i < rowBits; ++i)
    add(rows, true);
  laneBits -= rowBits + columnBits;
  for (; laneBits && rank == 3 && all.bitsLeft(batch); --laneBits)
    add(batch, true);
  for (; laneBits; --laneBits)
    for (Side *side : {&result, &lhs, &rhs})
      side->builder.addLaneCopy();
  for (; warpBits && (all.bitsLeft(rows) || all.bitsLeft(columns)); --warpBits)
    add(all.bitsLeft(rows) >= all.bitsLeft(columns) ? rows : columns, false);
  SmallVector<unsigned, 4> order = rowMajorOrder(rank);
  MLIRContext *context = op.getContext();
  DotLayouts layouts;
  layouts.result =
      LayoutAttr::get(context, result.builder.finish(order, threads));
  layouts.lhs = LayoutAttr::get(context, lhs.builder.finish(order, threads));
  layouts.rhs = LayoutAttr::get(context, rhs.builder.finish(order, threads));
  return layouts;
}

/// An operand's fragment for \p pack instructions with interleaved steps; \p
/// dim is its dimension along k.
static layout::Layout interleaved(const target::MatrixRow &row,
                                  const layout::Layout &fragment, unsigned dim,
                                  unsigned pack) {
  if (pack == 1)
    return fragment;
  unsigned run = row.run();
  auto spread = [&](const char *input) {
    std::vector<layout::Basis> bases;
    for (const layout::Basis &basis : fragment.bases(input))
      // A joined digit stands for its bits.
      for (uint32_t step = 1; step < basis.count; step *= 2) {
        layout::Basis bit{2, basis.value};
        for (uint64_t &value : bit.value)
          value *= step;
        bit.value[dim] = row.interleavedK(uint32_t(bit.value[dim]), 0, pack);
        bases.push_back(std::move(bit));
      }
    return bases;
  };
  std::vector<layout::Basis> registers = spread(registerDim);
  std::vector<layout::Basis> more;
  for (unsigned which = 1; which < pack; which *= 2) {
    layout::Basis bit{2, layout::Coord(2, 0)};
    bit.value[dim] = uint64_t(which) * run;
    more.push_back(std::move(bit));
  }
  registers.insert(registers.begin() + llvm::Log2_32(run), more.begin(),
                   more.end());
  std::vector<layout::OutputDim> outputs;
  for (auto [i, out] : llvm::enumerate(fragment.outputs()))
    outputs.push_back({out.name, {out.size() * (i == dim ? pack : 1)}});
  layout::Result<layout::Layout> result = layout::Layout::fromBases(
      {{registerDim, registers}, {laneDim, spread(laneDim)}}, outputs);
  assert(result && "bits along k stay apart");
  return *result;
}

DotLayouts rowLayouts(tile::DotOp op, const target::MatrixRow &row,
                      WarpTiling tiling, ThreadCounts threads, unsigned pack) {
  unsigned rank = tile::shapeOf(op.getType()).size();
  unsigned batch = rank - 3, first = rank - 2, second = rank - 1;
  Side result(op.getType(), rank), lhs(op.getLhs().getType(), rank),
      rhs(op.getRhs().getType(), rank);
  // A fragment of a warp group already has its warps' bits.
  unsigned rowBits = llvm::Log2_32(tiling.rows / row.warps);
  unsigned columnBits = llvm::Log2_32(tiling.columns);
  unsigned batchBits = llvm::Log2_32(tiling.batch);
  auto add = [&](Side &side, const layout::Layout &fragment, int rowDim,
                 int columnDim) {
    side.builder.addFragment(fragment, {first, second});
    if (columnDim >= 0)
      side.fillRegisters(columnDim, columnBits);
    if (rowDim >= 0)
      side.fillRegisters(rowDim, rowBits);
    // The dimension that is summed over lies in registers as a whole, in those
    // that differ last: one access serves one step.
    if (rowDim < 0)
      side.fillRegisters(first, 0);
    if (columnDim < 0)
      side.fillRegisters(second, 0);
    if (rank == 3)
      side.fillRegisters(batch, batchBits);
    rowDim >= 0 ? side.addWarps(rowDim, rowBits) : side.addWarpCopies(rowBits);
    columnDim >= 0 ? side.addWarps(columnDim, columnBits)
                   : side.addWarpCopies(columnBits);
    if (rank == 3)
      side.addWarps(batch, batchBits);
    return LayoutAttr::get(op.getContext(),
                           side.builder.finish(rowMajorOrder(rank), threads));
  };
  DotLayouts layouts;
  layouts.pack = pack;
  layouts.result = add(result, row.result, first, second);
  if (row.leftInRegisters)
    layouts.lhs = add(lhs, interleaved(row, row.left, 1, pack), first, -1);
  if (row.rightInRegisters)
    layouts.rhs = add(rhs, interleaved(row, row.right, 0, pack), -1, second);
  return layouts;
}

} // namespace tilesdk::optimizer
