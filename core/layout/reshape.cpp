//===- reshape.cpp - Selecting, renaming and renumbering dimensions -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/layout/digits.h"

#include <algorithm>

namespace tilesdk::layout {

namespace {
/// Keeps and orders \p dims as \p names say.
template <typename Dims>
std::optional<Error> select(Dims &dims, const std::vector<std::string> &names,
                            const char *side) {
  Dims kept;
  for (const std::string &name : names) {
    auto it = std::find_if(dims.begin(), dims.end(),
                           [&](const auto &dim) { return dim.name == name; });
    if (it == dims.end())
      return Error{std::string("the layout has no ") + side + " '" + name +
                   "'"};
    kept.push_back(*it);
  }
  dims = std::move(kept);
  return std::nullopt;
}

void dropDanglingFeeds(DigitGraph &graph) {
  auto exists = [&](int id) {
    for (const auto &dim : graph.outs)
      for (const auto &digit : dim.digits)
        if (digit.id == id)
          return true;
    return false;
  };
  for (auto &dim : graph.ins)
    for (auto &digit : dim.digits)
      std::erase_if(digit.feeds, [&](int id) { return !exists(id); });
}

std::vector<std::string> names(const std::vector<Dim> &dims) {
  std::vector<std::string> result;
  result.reserve(dims.size());
  for (const Dim &dim : dims)
    result.push_back(dim.name);
  return result;
}
} // namespace

Result<Layout> sublayout(const Layout &layout,
                         const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs) {
  DigitGraph graph(layout);
  if (auto error = select(graph.ins, inputs, "input"))
    return *error;
  if (auto error = select(graph.outs, outputs, "output"))
    return *error;
  dropDanglingFeeds(graph);
  return graph.finish();
}

Result<Layout> transpose(const Layout &layout,
                         const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs) {
  if (inputs.size() != layout.inputs().size() ||
      outputs.size() != layout.outputs().size())
    return Error{"transpose: every dimension must be named once"};
  return sublayout(layout, inputs, outputs);
}

Result<Layout> slice(const Layout &layout, std::string_view output) {
  if (!layout.outputIndex(output))
    return Error{"slice: the layout has no output '" + std::string(output) +
                 "'"};
  std::vector<std::string> kept = names(layout.outputs());
  std::erase(kept, std::string(output));
  return sublayout(layout, names(layout.inputs()), kept);
}

Result<Layout> dropBroadcast(const Layout &layout, std::string_view input) {
  auto index = layout.inputIndex(input);
  if (!index)
    return Error{"the layout has no input '" + std::string(input) + "'"};
  uint64_t free = layout.freeVariableMasks()[*index];
  DigitGraph graph(layout), kept(layout);
  kept.ins[*index].digits.clear();
  for (size_t i = 0; i < graph.ins[*index].digits.size(); ++i)
    if (!((free >> i) & 1))
      kept.ins[*index].digits.push_back(graph.ins[*index].digits[i]);
  return kept.finish();
}

static Result<Layout> renamed(const Layout &layout, bool input,
                              std::string_view from, std::string to) {
  DigitGraph graph(layout);
  auto index = input ? layout.inputIndex(from) : layout.outputIndex(from);
  if (!index)
    return Error{std::string("the layout has no ") +
                 (input ? "input '" : "output '") + std::string(from) + "'"};
  (input ? graph.ins[*index].name : graph.outs[*index].name) = std::move(to);
  return graph.finish();
}

Result<Layout> renameInput(const Layout &layout, std::string_view from,
                           std::string to) {
  return renamed(layout, true, from, std::move(to));
}

Result<Layout> renameOutput(const Layout &layout, std::string_view from,
                            std::string to) {
  return renamed(layout, false, from, std::move(to));
}

namespace {
/// Renumbers the dimensions \p dims of \p graph, which \p split cuts.
template <typename Dims, typename Split>
std::optional<Error> renumber(DigitGraph &graph, Dims &dims, Split split,
                              const std::vector<NamedSize> &shape) {
  uint64_t have = 1, want = 1;
  for (const auto &dim : dims)
    have *= dim.size();
  for (const auto &[name, size] : shape) {
    if (size == 0 || want > have / size)
      return Error{"reshape: the new sizes do not multiply to " +
                   std::to_string(have)};
    want *= size;
  }
  if (want != have)
    return Error{"reshape: the new sizes multiply to " + std::to_string(want) +
                 ", not to " + std::to_string(have)};
  Dims flat(1);
  for (auto &dim : dims)
    flat[0].digits.insert(flat[0].digits.end(), dim.digits.begin(),
                          dim.digits.end());
  dims = std::move(flat);
  // Joining across the old boundaries is what makes 12 = 4 * 3 -> 3 * 4 legal
  // where the digits go together; where they do not, the cut below fails.
  graph.merge();
  uint64_t step = 1;
  for (const auto &[name, size] : shape) {
    step *= size;
    if (!split(step))
      return Error{"reshape: the boundary of '" + name +
                   "' falls inside a digit, so that the result would not be "
                   "F2 times an outer repetition"};
  }
  Dims result;
  size_t next = 0;
  for (const auto &[name, size] : shape) {
    result.push_back({name, {}});
    for (uint64_t filled = 1; filled < size;
         filled *= dims[0].digits[next++].count)
      result.back().digits.push_back(dims[0].digits[next]);
  }
  dims = std::move(result);
  return std::nullopt;
}
} // namespace

Result<Layout> reshapeOutputs(const Layout &layout,
                              const std::vector<NamedSize> &dims) {
  DigitGraph graph(layout);
  if (auto error = renumber(
          graph, graph.outs,
          [&](uint64_t step) { return graph.splitOutput(0, step); }, dims))
    return *error;
  return graph.finish();
}

Result<Layout> reshapeInputs(const Layout &layout,
                             const std::vector<NamedSize> &dims) {
  DigitGraph graph(layout);
  if (auto error = renumber(
          graph, graph.ins,
          [&](uint64_t step) { return graph.splitInput(0, step); }, dims))
    return *error;
  return graph.finish();
}

} // namespace tilesdk::layout
