//===- dims.cpp - Output dimensions added, dropped, moved -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/dims.h"

#include "core/layout/algebra.h"

#include <algorithm>

namespace tilesdk::layout {

std::string dimName(size_t i) { return "dim" + std::to_string(i); }

std::vector<uint64_t> factorsOf(const Dim &dim) {
  return {dim.radix.begin(), dim.radix.end()};
}

Result<Layout>
mapOutputs(const Layout &layout,
           const std::vector<std::vector<uint64_t>> &factors,
           const std::function<Coord(const Coord &)> &coordinate) {
  std::vector<InputBases> inputs;
  for (const Dim &dim : layout.inputs()) {
    inputs.push_back({dim.name, layout.bases(dim.name)});
    for (Basis &basis : inputs.back().bases)
      basis.value = coordinate(basis.value);
  }
  std::vector<OutputDim> outputs;
  outputs.reserve(factors.size());
  for (const auto &list : factors)
    outputs.push_back({dimName(outputs.size()), list});
  return Layout::fromBases(inputs, outputs);
}

Result<Layout> dropDim(const Layout &layout, unsigned dim) {
  std::vector<std::vector<uint64_t>> factors;
  for (size_t i = 0; i < layout.outputs().size(); ++i)
    if (i != dim)
      factors.push_back(factorsOf(layout.outputs()[i]));
  return mapOutputs(layout, factors, [&](Coord c) {
    c.erase(c.begin() + dim);
    return c;
  });
}

Result<Layout> insertDim(const Layout &layout, unsigned dim, uint64_t size) {
  std::vector<std::vector<uint64_t>> factors;
  factors.reserve(layout.outputs().size() + 1);
  for (const Dim &out : layout.outputs())
    factors.push_back(factorsOf(out));
  factors.insert(factors.begin() + dim, {size});
  return mapOutputs(layout, factors, [&](Coord c) {
    c.insert(c.begin() + dim, 0);
    return c;
  });
}

Result<Layout> flattenDims(const Layout &layout,
                           const std::vector<bool> &dims) {
  std::vector<std::vector<uint64_t>> factors;
  factors.reserve(layout.outputs().size());
  for (size_t i = 0; i < layout.outputs().size(); ++i)
    factors.push_back(dims[i] ? std::vector<uint64_t>{1}
                              : factorsOf(layout.outputs()[i]));
  return mapOutputs(layout, factors, [&](Coord c) {
    for (size_t i = 0; i < c.size(); ++i)
      if (dims[i])
        c[i] = 0;
    return c;
  });
}

Result<Layout> permuteDims(const Layout &layout,
                           std::span<const int32_t> perm) {
  std::vector<std::vector<uint64_t>> factors;
  for (int32_t from : perm)
    factors.push_back(factorsOf(layout.outputs()[from]));
  return mapOutputs(layout, factors, [&](const Coord &c) {
    Coord result;
    for (int32_t from : perm)
      result.push_back(c[from]);
    return result;
  });
}

Result<Layout> halfOf(const Layout &layout, unsigned dim, uint64_t half) {
  std::vector<std::vector<uint64_t>> factors;
  for (const Dim &out : layout.outputs())
    factors.push_back(factorsOf(out));
  const Dim &out = layout.outputs()[dim];
  if (out.radix.empty() || out.radix.back() != 2 ||
      out.step(out.radix.size() - 1) != half)
    return Error{"the halves of '" + out.name + "' are not told by a bit"};
  factors[dim].pop_back();
  return mapOutputs(layout, factors, [&](Coord c) {
    c[dim] %= half;
    return c;
  });
}

/// Outputs (and their names) from last to first.
static Result<Layout> reverseDims(const Layout &layout) {
  std::vector<std::string> inputs, outputs;
  for (const Dim &dim : layout.inputs())
    inputs.push_back(dim.name);
  for (const Dim &dim : layout.outputs())
    outputs.push_back(dim.name);
  std::reverse(outputs.begin(), outputs.end());
  return transpose(layout, inputs, outputs);
}

Result<Layout> reshapeRows(const Layout &layout,
                           std::span<const int64_t> shape) {
  Result<Layout> columns = reverseDims(layout);
  if (!columns)
    return columns;
  // reshapeOutputs counts the first dimension fastest.
  std::vector<NamedSize> dims;
  for (size_t i = shape.size(); i-- > 0;)
    dims.push_back({dimName(i), uint64_t(shape[i])});
  Result<Layout> result = reshapeOutputs(*columns, dims);
  return result ? reverseDims(*result) : result;
}

} // namespace tilesdk::layout
