//===- warp_copies.cpp - Copies that a warp makes in order ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/warp_copies.h"

#include "core/layout/algebra.h"
#include "core/optimizer/simt/loop_loads.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

using layout::Basis;
using layout::Layout;

namespace {

/// Chunks of a row of the buffer change places with the number of the row.
struct Swizzle {
  uint64_t chunk, shift, count; ///< Elements, bits, chunks.
};

/// A block of powers of two, its binary digits in the order of places: along
/// the row, then row by row.
class Block {
public:
  Block(ArrayRef<int64_t> shape, unsigned fast) : shape(shape), fast(fast) {
    for (int64_t extent : shape) {
      uint64_t binary = uint64_t(1) << countr_zero(uint64_t(extent));
      extents.push_back(binary);
      repeats.push_back(uint64_t(extent) / binary);
    }
  }
  uint64_t size() const { return extents[0] * extents[1]; }
  uint64_t rowElements() const { return extents[fast]; }

  std::vector<Basis> places(const Swizzle &swizzle) const {
    std::vector<Basis> result;
    auto add = [&](uint64_t along, uint64_t row) {
      Basis &basis = result.emplace_back();
      basis.value.assign(2, 0);
      basis.value[fast] = along;
      basis.value[1 - fast] = row;
    };
    for (uint64_t i = 1; i < extents[fast]; i *= 2)
      add(i, 0);
    for (uint64_t i = 1; i < extents[1 - fast]; i *= 2)
      add((i >> swizzle.shift) % swizzle.count * swizzle.chunk, i);
    return result;
  }

  /// Adds the repetitions to a layout of the block.
  std::optional<Layout> whole(const std::vector<layout::InputBases> &inputs,
                              const char *slowest) const {
    std::vector<layout::OutputDim> outputs;
    for (unsigned dim : {0u, 1u})
      outputs.push_back({dimName(dim), {extents[dim]}});
    layout::Result<Layout> result = Layout::fromBases(inputs, outputs);
    for (unsigned dim : {0u, 1u}) {
      if (!result || repeats[dim] == 1)
        continue;
      layout::Result<Layout> more =
          Layout::identity1D(repeats[dim], slowest, dimName(dim));
      if (!more)
        return std::nullopt;
      result = layout::product(*result, *more);
    }
    return result ? std::optional(*result) : std::nullopt;
  }

private:
  ArrayRef<int64_t> shape;
  unsigned fast;
  SmallVector<uint64_t, 2> extents, repeats;
};

/// Of one access: the others differ from it by a constant XOR.
layout::AccessCycles cyclesOf(const OperandRead &read, const Layout &memory,
                              unsigned bytes,
                              const layout::SharedMemory &shared) {
  Layout offsets = layout::pseudoInvert(memory);
  std::vector<std::optional<uint64_t>> addresses;
  for (uint64_t lane = 0; lane < read.lanes.inputSize(laneDim); ++lane) {
    layout::Coord at;
    for (const layout::Dim &dim : read.lanes.inputs())
      at.push_back(dim.name == laneDim ? lane : 0);
    uint64_t offset = (*offsets.apply(*read.lanes.apply(at)))[0] * bytes;
    addresses.push_back(offset / read.access.bytes * read.access.bytes);
  }
  return layout::cyclesOfAccess(addresses, read.access, shared);
}

} // namespace

std::optional<WarpCopyPlan> planWarpCopy(const target::Machine &machine,
                                         const target::AsyncRow &row,
                                         ArrayRef<int64_t> shape, unsigned fast,
                                         const Layout &reader, unsigned bytes,
                                         ThreadCounts threads) {
  if (shape.size() != 2 || row.bytes < bytes)
    return std::nullopt;
  std::optional<OperandRead> read = operandRead(machine, reader, fast, bytes);
  Block block(shape, fast);
  uint64_t perLane = row.bytes / bytes, perWarp = perLane * threads.lanes;
  if (!read || block.rowElements() < perLane ||
      block.size() < perWarp * threads.warps)
    return std::nullopt;
  layout::SharedMemory shared = machine.conversion(bytes).shared;
  // Chunks hold what a lane copies and what it reads; those that change places
  // lie in one segment of global memory, which a warp takes as a whole.
  uint64_t least = std::max<uint64_t>({row.bytes, read->access.bytes, 16});
  uint64_t together = std::min<uint64_t>(
      {block.rowElements() * bytes, perWarp * bytes,
       2ull * std::max(machine.coalesceBytes, uint32_t(least))});
  std::optional<Layout> best;
  for (uint64_t chunk = least; !best && chunk <= 4 * least; chunk *= 2)
    for (uint64_t count = 1;
         !best && count * chunk <= std::max(together, chunk); count *= 2)
      for (unsigned shift = 0; !best && shift < (count > 1 ? 4u : 1u);
           ++shift) {
        std::vector<Basis> places = block.places({chunk / bytes, shift, count});
        std::optional<Layout> memory =
            block.whole({{offsetDim, places}}, offsetDim);
        if (memory && cyclesOf(*read, *memory, bytes, shared).conflicts == 0)
          best = memory;
      }
  if (!best)
    return std::nullopt;
  // The binary digits of a place: a lane's own, lanes, warps, and the rest.
  std::vector<Basis> registers, lanes, warps;
  for (auto [i, basis] : enumerate(best->bases(offsetDim))) {
    if (basis.count != 2)
      continue;
    uint64_t place = uint64_t(1) << i;
    (place < perLane                   ? registers
     : place < perWarp                 ? lanes
     : place < perWarp * threads.warps ? warps
                                       : registers)
        .push_back(basis);
  }
  for (std::vector<Basis> *bases : {&registers, &lanes, &warps})
    for (Basis &basis : *bases)
      basis.value.resize(2);
  std::optional<Layout> filled = block.whole(
      {{registerDim, registers}, {laneDim, lanes}, {warpDim, warps}},
      registerDim);
  if (!filled || !fillsInOrder(row, *best, *filled, bytes))
    return std::nullopt;
  return WarpCopyPlan{*best, *filled};
}

bool fillsInOrder(const target::AsyncRow &row, const Layout &memory,
                  const Layout &lanes, unsigned bytes) {
  layout::Result<Layout> places =
      layout::compose(lanes, layout::pseudoInvert(memory));
  if (!places || row.bytes < bytes || !lanes.isInvertible())
    return false;
  uint64_t perLane = row.bytes / bytes,
           perWarp = perLane * lanes.inputSize(laneDim), next = 1;
  for (const Basis &basis : places->bases(registerDim))
    if (next < perLane) {
      if (basis.count != 2 || basis.value[0] != next)
        return false;
      next *= 2;
    } else if (basis.value[0] % perWarp) {
      return false;
    }
  if (next != perLane)
    return false;
  for (const Basis &basis : places->bases(laneDim)) {
    if (basis.count != 2 || basis.value[0] != next)
      return false;
    next *= 2;
  }
  return all_of(places->bases(warpDim), [&](const Basis &basis) {
    return basis.value[0] % perWarp == 0;
  });
}

bool hasRoomForWarpCopies(scf::ForOp loop, const target::Machine &machine,
                          unsigned numStages) {
  if (auto attr = loop->getAttrOfType<IntegerAttr>(tile::attr::numStages))
    numStages = unsigned(attr.getInt());
  if (numStages < 2 || obstacleIn(loop))
    return false;
  uint64_t needed = 0;
  for (auto product : loop.getBody()->getOps<tile::DotOp>())
    for (Value operand : {product.getLhs(), product.getRhs()})
      needed += 2 * tile::numElementsOf(operand.getType()) *
                elementBytes(tile::elementOf(operand.getType()));
  return needed <= machine.sharedBytes;
}

const target::AsyncRow *warpCopyRow(const target::Machine &machine,
                                    tile::LoadOp load,
                                    const AccessPattern &pattern,
                                    const Layout &memory, const Layout &lanes) {
  if (load.getMask())
    return nullptr;
  unsigned bytes = elementBytes(tile::elementOf(load.getType()));
  unsigned vector =
      lanes.widestVector(dimName(pattern.dim), pattern.vector, pattern.vector)
          .elements;
  const target::AsyncRow *best = nullptr;
  for (const target::AsyncRow &row : machine.async)
    if (row.isByWarps() && row.bytes <= vector * bytes &&
        (!best || row.bytes > best->bytes) &&
        fillsInOrder(row, memory, lanes, bytes))
      best = &row;
  return best;
}

} // namespace tilesdk::optimizer
