//===- layout_costs.cpp - What a layout costs -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/layout_costs.h"
#include "core/ir/tile_types.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <set>

using namespace llvm;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

/// Bytes that memory moves at least.
static constexpr unsigned sectorBytes = 32;
/// Issue of one instruction on global memory, beside its sectors.
static constexpr unsigned accessIssue = 2;

AccessPattern accessPattern(const AxisInfoAnalysis &axes, mlir::Value ptr,
                            mlir::Value mask, unsigned maxVectorBytes) {
  AxisInfo info = axes.lookup(ptr);
  mlir::Type pointee = tile::elementOf(tile::pointeeLike(ptr.getType()));
  unsigned bytes = elementBytes(pointee);
  AccessPattern best{unsigned(info.dims.size()) - 1, 1, 1};
  int64_t most = 0;
  for (unsigned dim = info.dims.size(); dim-- > 0;)
    if (info.contiguity(dim) > most) {
      most = info.contiguity(dim);
      best.dim = dim;
    }
  int64_t run = most;
  if (mask)
    run = std::min(run, axes.lookup(mask).constancy(best.dim));
  best.run = int64_t(bit_floor(uint64_t(std::max<int64_t>(run, 1))));
  best.contiguous = int64_t(bit_floor(uint64_t(std::max<int64_t>(most, 1))));
  // A run's first address; parts of a run are as aligned as they are long.
  int64_t aligned = std::max<int64_t>(info.divisibility(best.dim) / bytes, 1);
  best.vector = unsigned(
      std::min<int64_t>({best.run, int64_t(bit_floor(uint64_t(aligned))),
                         int64_t(std::max(1u, maxVectorBytes / bytes))}));
  return best;
}

LayoutCosts::Conversion LayoutCosts::conversion(LayoutAttr from, LayoutAttr to,
                                                unsigned bytes) {
  if (from == to)
    return {};
  auto [entry, isNew] = conversions.try_emplace(
      {from.getAsOpaquePointer(), to.getAsOpaquePointer(), bytes});
  if (!isNew)
    return entry->second;
  layout::Result<layout::ConversionPlan> plan = layout::planConversion(
      from.getLayout(), to.getLayout(), machine.conversion(bytes));
  Conversion result{uint64_t(1) << 40, true};
  if (plan) {
    result.cycles = plan->cost.total;
    result.shared = plan->strategy == layout::Strategy::Shared ||
                    plan->strategy == layout::Strategy::SharedLinear;
  }
  return entry->second = result;
}

uint64_t LayoutCosts::elements(LayoutAttr layout) {
  return divideCeil(layout.getLayout().inputSize(registerDim) * threads.warps,
                    machine.warpIssue);
}

uint64_t LayoutCosts::access(LayoutAttr attr, unsigned bytes,
                             const AccessPattern &pattern) {
  auto [entry, isNew] =
      accesses.try_emplace({attr.getAsOpaquePointer(), bytes, pattern.dim,
                            pattern.contiguous * 64 + pattern.vector});
  if (!isNew)
    return entry->second;
  const layout::Layout &layout = attr.getLayout();
  uint64_t vector =
      layout.widestVector(dimName(pattern.dim), pattern.vector, pattern.vector)
          .elements;
  uint64_t registers = layout.inputSize(registerDim);
  uint64_t instructions = (registers + vector - 1) / vector * threads.warps;
  std::set<layout::Coord> sectors;
  // Runs with masks of their own share a sector.
  uint64_t perSector = std::max<uint64_t>(
      1, std::min<uint64_t>(sectorBytes / bytes, pattern.contiguous));
  for (uint64_t lane = 0; lane < threads.lanes; ++lane)
    for (uint64_t start = 0; start < vector; start += perSector) {
      layout::Coord at = *layout.apply({start, lane, 0});
      at[pattern.dim] /= perSector;
      sectors.insert(std::move(at));
    }
  return entry->second = instructions * (accessIssue + sectors.size());
}

LayoutCosts::Sectors LayoutCosts::sectors(LayoutAttr attr, unsigned bytes,
                                          const AccessPattern &pattern) const {
  const layout::Layout &layout = attr.getLayout();
  uint64_t vector =
      layout.widestVector(dimName(pattern.dim), pattern.vector, pattern.vector)
          .elements;
  uint64_t perSector = std::max<uint64_t>(
      1, std::min<uint64_t>(sectorBytes / bytes, pattern.contiguous));
  // By linear index, the first dimension fastest on both sides.
  uint64_t registers = layout.inputSize(registerDim), stride = 1;
  for (unsigned dim = 0; dim < pattern.dim; ++dim)
    stride *= layout.outputs()[dim].size();
  uint64_t size = layout.outputs()[pattern.dim].size();
  SmallVector<uint64_t> elements, moved;
  for (uint64_t lane = 0; lane < threads.lanes; ++lane)
    for (uint64_t i = 0; i < vector; ++i) {
      uint64_t at = layout.applyLinear(lane * registers + i);
      uint64_t place = at / stride % size;
      elements.push_back(at);
      moved.push_back(at - (place - place / perSector) * stride);
    }
  auto count = [](SmallVector<uint64_t> &list) {
    sort(list);
    return uint64_t(std::unique(list.begin(), list.end()) - list.begin());
  };
  return {count(moved), divideCeil(count(elements) * bytes, sectorBytes),
          sectorBytes};
}

} // namespace tilesdk::optimizer
