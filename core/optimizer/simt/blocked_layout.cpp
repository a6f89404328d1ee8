//===- blocked_layout.cpp - Layouts made from a shape ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/blocked_layout.h"
#include "core/layout/algebra.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

using layout::Basis;
using layout::Coord;
using layout::Layout;
using layout::OutputDim;

LayoutBuilder::LayoutBuilder(ArrayRef<int64_t> shape) : shape(shape) {
  for (int64_t extent : shape)
    left.push_back((extent & -extent) - 1);
}

Basis LayoutBuilder::take(unsigned dim, uint64_t bit) {
  assert((left[dim] & bit) && "the bit is used up");
  Basis basis = zero();
  basis.value[dim] = bit;
  left[dim] &= ~bit;
  return basis;
}

Basis LayoutBuilder::zero() const { return {2, Coord(shape.size(), 0)}; }

void LayoutBuilder::addFragment(const Layout &fragment,
                                ArrayRef<unsigned> dims) {
  auto add = [&](const char *input, std::vector<Basis> &to) {
    for (const Basis &basis : fragment.bases(input)) {
      // Fragments are powers of two; a joined digit stands for its bits.
      for (uint32_t step = 1; step < basis.count; step *= 2) {
        Basis bit = zero();
        for (auto [i, dim] : enumerate(dims))
          bit.value[dim] = basis.value[i] * step;
        to.push_back(std::move(bit));
      }
    }
  };
  add(registerDim, registers);
  add(laneDim, lanes);
  add(warpDim, warps);
  for (auto [i, dim] : enumerate(dims)) {
    unsigned bits = Log2_64(fragment.outputs()[i].size());
    for (; bits && left[dim]; --bits)
      left[dim] &= left[dim] - 1;
  }
}

Layout LayoutBuilder::finish(ArrayRef<unsigned> order, ThreadCounts threads) {
  while (lanes.size() < Log2_32(threads.lanes))
    addLaneCopy();
  while (warps.size() < Log2_32(threads.warps))
    addWarpCopy();
  for (unsigned dim : order)
    while (left[dim])
      addRegister(dim);
  for (unsigned dim : order) {
    uint64_t odd = uint64_t(shape[dim]) >> countr_zero(uint64_t(shape[dim]));
    if (odd == 1)
      continue;
    Basis basis = zero();
    basis.count = odd;
    basis.value[dim] = shape[dim] & -shape[dim];
    registers.push_back(std::move(basis));
  }
  std::vector<OutputDim> outputs;
  for (auto [dim, extent] : enumerate(shape))
    outputs.push_back({dimName(dim), {uint64_t(extent)}});
  layout::Result<Layout> result = Layout::fromBases(
      {{registerDim, registers}, {laneDim, lanes}, {warpDim, warps}}, outputs);
  assert(result && "bits are handed out once");
  return *result;
}

SmallVector<unsigned, 4> rowMajorOrder(unsigned rank) {
  SmallVector<unsigned, 4> order;
  for (unsigned dim = rank; dim-- > 0;)
    order.push_back(dim);
  return order;
}

Layout blockedLayout(ArrayRef<int64_t> shape, ArrayRef<unsigned> order,
                     unsigned vector, ThreadCounts threads,
                     ArrayRef<uint64_t> across) {
  LayoutBuilder builder(shape);
  unsigned total = 0;
  for (unsigned dim : order)
    total += builder.bitsLeft(dim);
  // Every thread works before any works on more.
  unsigned threadBits = Log2_32(threads.total());
  unsigned spare = total > threadBits ? total - threadBits : 0;
  for (unsigned bits = Log2_32(vector);
       bits && spare && builder.bitsLeft(order[0]); --bits, --spare)
    builder.addRegister(order[0]);
  for (uint64_t bit : across)
    if (spare && builder.isLeft(order[1], bit)) {
      builder.addRegister(order[1], bit);
      --spare;
    }
  unsigned laneBits = Log2_32(threads.lanes);
  for (unsigned dim : order)
    for (; laneBits && builder.bitsLeft(dim); --laneBits)
      builder.addLane(dim);
  unsigned warpBits = Log2_32(threads.warps);
  for (unsigned dim : reverse(order))
    for (; warpBits && builder.bitsLeft(dim); --warpBits)
      builder.addWarp(dim);
  return builder.finish(order, threads);
}

std::optional<Layout> withinWarps(const Layout &home, unsigned dim,
                                  unsigned vector, unsigned run,
                                  ThreadCounts threads) {
  // The bits of each dimension that no warp has.
  SmallVector<uint64_t, 4> left;
  for (const layout::Dim &out : home.outputs())
    left.push_back((uint64_t(1) << out.bits()) - 1);
  std::vector<Basis> warps = home.bases(warpDim);
  if (warps.size() != Log2_32(threads.warps))
    return std::nullopt;
  for (const Basis &basis : warps) {
    unsigned used = 0;
    for (auto [d, value] : enumerate(basis.value)) {
      if (!value)
        continue;
      if (basis.count != 2 || ++used > 1 || !isPowerOf2_64(value) ||
          !(left[d] & value))
        return std::nullopt;
      left[d] &= ~value;
    }
  }
  std::vector<Basis> registers, lanes;
  auto take = [&](std::vector<Basis> &to, unsigned d) {
    Basis basis{2, layout::Coord(left.size())};
    basis.value[d] = left[d] & -left[d];
    left[d] &= left[d] - 1;
    to.push_back(std::move(basis));
  };
  uint64_t low = vector - 1;
  if ((left[dim] & low) != low)
    return std::nullopt;
  while (left[dim] & low)
    take(registers, dim);
  unsigned laneBits = Log2_32(threads.lanes);
  auto takeLanes = [&](unsigned d, unsigned most) {
    for (; most && left[d] && lanes.size() < laneBits; --most)
      take(lanes, d);
  };
  takeLanes(dim, Log2_32(std::max(1u, run / vector)));
  for (unsigned d = left.size(); d-- > 0;)
    if (d != dim)
      takeLanes(d, 64);
  takeLanes(dim, 64);
  if (lanes.size() < laneBits)
    return std::nullopt;
  for (unsigned d = 0; d < left.size(); ++d)
    while (left[d])
      take(registers, d);
  std::vector<OutputDim> outputs;
  for (auto [d, out] : enumerate(home.outputs())) {
    uint64_t odd = out.size() >> out.bits();
    if (odd != 1) {
      Basis basis{uint32_t(odd), layout::Coord(left.size())};
      basis.value[d] = uint64_t(1) << out.bits();
      registers.push_back(std::move(basis));
    }
    outputs.push_back({out.name, {out.size()}});
  }
  layout::Result<Layout> result = Layout::fromBases(
      {{registerDim, registers}, {laneDim, lanes}, {warpDim, warps}}, outputs);
  return result ? std::optional<Layout>(*result) : std::nullopt;
}

Layout defaultLayout(ArrayRef<int64_t> shape, ThreadCounts threads) {
  return blockedLayout(shape, rowMajorOrder(shape.size()), 4, threads);
}

Layout axisInRegisters(ArrayRef<int64_t> shape, unsigned axis,
                       ThreadCounts threads) {
  LayoutBuilder builder(shape);
  while (builder.bitsLeft(axis))
    builder.addRegister(axis);
  unsigned laneBits = Log2_32(threads.lanes);
  unsigned warpBits = Log2_32(threads.warps);
  SmallVector<unsigned, 4> order = rowMajorOrder(shape.size());
  for (unsigned dim : order) {
    for (; laneBits && builder.bitsLeft(dim); --laneBits)
      builder.addLane(dim);
    for (; warpBits && builder.bitsLeft(dim); --warpBits)
      builder.addWarp(dim);
  }
  return builder.finish(order, threads);
}

//===----------------------------------------------------------------------===//
// Natural layouts
//===----------------------------------------------------------------------===//

LayoutAttr broadcastSourceLayout(LayoutAttr result,
                                 ArrayRef<int64_t> sourceShape) {
  const Layout &layout = result.getLayout();
  std::vector<layout::InputBases> inputs;
  std::vector<OutputDim> outputs;
  SmallVector<bool, 4> stretched;
  for (auto [dim, extent] : enumerate(sourceShape)) {
    const layout::Dim &out = layout.outputs()[dim];
    stretched.push_back(uint64_t(extent) != out.size());
    OutputDim kept{out.name, {}};
    if (!stretched.back())
      kept.factors.assign(out.radix.begin(), out.radix.end());
    outputs.push_back(std::move(kept));
  }
  for (const layout::Dim &in : layout.inputs()) {
    std::vector<Basis> bases = layout.bases(in.name);
    for (Basis &basis : bases)
      for (auto [dim, gone] : enumerate(stretched))
        if (gone)
          basis.value[dim] = 0;
    inputs.push_back({in.name, std::move(bases)});
  }
  layout::Result<Layout> source = Layout::fromBases(inputs, outputs);
  if (!source)
    return {};
  layout::Result<Layout> dropped = layout::dropBroadcast(*source, registerDim);
  if (!dropped)
    return {};
  return LayoutAttr::get(result.getContext(), *dropped);
}

LayoutAttr reshapeLayout(LayoutAttr source, ArrayRef<int64_t> shape) {
  const Layout &layout = source.getLayout();
  std::vector<std::string> inputs, reversed, ordered;
  for (const layout::Dim &in : layout.inputs())
    inputs.push_back(in.name);
  // The algebra counts the first dimension fastest, tile IR the last.
  for (const layout::Dim &out : reverse(layout.outputs()))
    reversed.push_back(out.name);
  layout::Result<Layout> flipped = layout::transpose(layout, inputs, reversed);
  if (!flipped)
    return {};
  std::vector<layout::NamedSize> dims;
  for (unsigned dim = shape.size(); dim-- > 0;)
    dims.push_back({dimName(dim), uint64_t(shape[dim])});
  layout::Result<Layout> renumbered = layout::reshapeOutputs(*flipped, dims);
  if (!renumbered)
    return {};
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    ordered.push_back(dimName(dim));
  layout::Result<Layout> result =
      layout::transpose(*renumbered, inputs, ordered);
  if (!result)
    return {};
  return LayoutAttr::get(source.getContext(), *result);
}

LayoutAttr catLayout(LayoutAttr part, unsigned dim) {
  const Layout &layout = part.getLayout();
  layout::Result<Layout> halves =
      Layout::identity1D(2, registerDim, layout.outputs()[dim].name);
  if (!halves)
    return {};
  layout::Result<Layout> result = layout::product(layout, *halves);
  if (!result)
    return {};
  return LayoutAttr::get(part.getContext(), *result);
}

} // namespace tilesdk::optimizer
