//===- reduce.cpp - tile.reduce and tile.scan -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/dims.h"
#include "core/lowering/simt/combine.h"

namespace tilesdk::lowering {

static bool lowerReduce(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::ReduceOp>(operation);
  bool keepOrder =
      !op.getCommutative() && !Emitter::knownCombination(op.getCombine());
  AxisCombiner combiner(e, op, op.getCombine(), op.getSources(), op.getAxis(),
                        keepOrder, /*reverse=*/false);
  if (e.failed || !combiner.run(/*scan=*/false))
    return false;
  const LayoutTable &table = combiner.table;
  auto reduced = layout::dropDim(table.layout, op.getAxis());
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (!isa<RankedTensorType>(result.getType())) {
      e.setScalar(result, combiner.total(0)[i]);
      continue;
    }
    if (!reduced) {
      e.fail(op, "internal error: " + Twine(reduced.error()));
      return false;
    }
    Registers list;
    for (unsigned r = 0; r < table.size(); ++r)
      list.push_back(combiner.total(r)[i]);
    Registers out = e.convert(list, *reduced, e.table(result).layout,
                              tile::elementOf(result.getType()), op);
    if (e.failed)
      return false;
    e.setRegisters(result, std::move(out));
  }
  return true;
}

static bool lowerScan(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::ScanOp>(operation);
  AxisCombiner combiner(e, op, op.getCombine(), op.getSources(), op.getAxis(),
                        /*keepOrder=*/true, op.getReverse());
  if (e.failed || !combiner.run(/*scan=*/true))
    return false;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    Registers list;
    for (unsigned r = 0; r < combiner.table.size(); ++r)
      list.push_back(combiner.element(r)[i]);
    e.setRegisters(result, std::move(list));
  }
  return true;
}

void addReductionOps(OpTable &table) {
  table["tile.reduce"] = lowerReduce;
  table["tile.scan"] = lowerScan;
}

} // namespace tilesdk::lowering
