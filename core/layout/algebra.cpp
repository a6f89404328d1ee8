//===- algebra.cpp - Composing, inverting, dividing layouts ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/layout/digits.h"
#include "core/layout/f2.h"

#include <algorithm>

namespace tilesdk::layout {

namespace {
template <typename Dims>
std::optional<size_t> findDim(const Dims &dims, std::string_view name) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].name == name)
      return i;
  return std::nullopt;
}

Error radixError(const std::string &name, const char *what) {
  return Error{std::string(what) + ": the digits of dimension '" + name +
               "' do not fit together, so that the result would not be F2 "
               "times an outer repetition"};
}

/// XORs the ids of \p b into the set \p a.
void toggle(std::vector<int> &a, const std::vector<int> &b) {
  for (int id : b) {
    auto it = std::find(a.begin(), a.end(), id);
    if (it == a.end())
      a.push_back(id);
    else
      a.erase(it);
  }
  std::sort(a.begin(), a.end());
}

DigitGraph merged(const Layout &layout) {
  DigitGraph graph(layout);
  graph.merge();
  return graph;
}
} // namespace

Result<Layout> compose(const Layout &first, const Layout &second) {
  DigitGraph a = merged(first), b = merged(second);
  if (a.outs.size() != b.ins.size())
    return Error{"compose: the first layout has " +
                 std::to_string(a.outs.size()) + " outputs, the second has " +
                 std::to_string(b.ins.size()) + " inputs"};
  std::vector<size_t> place;
  for (const auto &dim : a.outs) {
    auto index = findDim(b.ins, dim.name);
    if (!index)
      return Error{"compose: output '" + dim.name +
                   "' of the first layout is no input of the second"};
    if (b.ins[*index].size() != dim.size())
      return Error{"compose: '" + dim.name + "' has size " +
                   std::to_string(dim.size()) + " in the first layout, " +
                   std::to_string(b.ins[*index].size()) + " in the second"};
    place.push_back(*index);
  }
  for (size_t d = 0; d < place.size(); ++d)
    if (!alignDim(a, d, b, place[d]))
      return radixError(a.outs[d].name, "compose");
  a.expand();
  b.expand();
  DigitGraph result;
  result.outs = b.outs;
  result.nextId = b.nextId;
  result.ins = a.ins;
  for (auto &dim : result.ins)
    for (auto &digit : dim.digits) {
      std::vector<int> feeds;
      for (int id : digit.feeds)
        for (size_t d = 0; d < a.outs.size(); ++d)
          for (size_t i = 0; i < a.outs[d].digits.size(); ++i)
            if (a.outs[d].digits[i].id == id)
              toggle(feeds, b.ins[place[d]].digits[i].feeds);
      digit.feeds = std::move(feeds);
    }
  return result.finish();
}

Layout pseudoInvert(const Layout &layout) {
  DigitGraph result;
  std::vector<int> bitIds, oddIds;
  for (const Dim &dim : layout.inputs()) {
    result.outs.push_back({dim.name, {}});
    for (uint32_t count : dim.radix) {
      (count == 2 ? bitIds : oddIds).push_back(result.nextId);
      result.outs.back().digits.push_back({count, result.nextId++});
    }
  }
  f2::Span span(layout.columns());
  unsigned bit = 0;
  int odd = 0;
  for (const Dim &dim : layout.outputs()) {
    result.ins.push_back({dim.name, {}});
    for (uint32_t count : dim.radix) {
      DigitGraph::InputDigit digit{count, {}};
      if (count == 2) {
        uint64_t used = span.reduce(uint64_t(1) << bit++).used;
        for (size_t b = 0; b < bitIds.size(); ++b)
          if ((used >> b) & 1)
            digit.feeds.push_back(bitIds[b]);
      } else {
        for (size_t k = 0; k < layout.links().size(); ++k)
          if (layout.links()[k] == odd)
            digit.feeds.push_back(oddIds[k]);
        ++odd;
      }
      result.ins.back().digits.push_back(std::move(digit));
    }
  }
  // The same digits with the sides exchanged: within the limits of a layout.
  return *result.finish();
}

Result<Layout> invert(const Layout &layout) {
  if (!layout.isInjective())
    return Error{"invert: several inputs share an output; the free variables "
                 "say which digits are copies"};
  if (!layout.isSurjective())
    return Error{"invert: some outputs have no input"};
  return pseudoInvert(layout);
}

Result<Layout> product(const Layout &inner, const Layout &outer) {
  DigitGraph a(inner), b(outer);
  for (auto &dim : b.ins)
    for (auto &digit : dim.digits)
      for (int &id : digit.feeds)
        id += a.nextId;
  for (auto &dim : b.outs)
    for (auto &digit : dim.digits)
      digit.id += a.nextId;
  a.nextId += b.nextId;
  auto append = [](auto &to, auto &from) {
    for (auto &dim : from) {
      auto index = findDim(to, dim.name);
      if (!index) {
        to.push_back(dim);
        continue;
      }
      auto &digits = to[*index].digits;
      digits.insert(digits.end(), dim.digits.begin(), dim.digits.end());
    }
  };
  append(a.ins, b.ins);
  append(a.outs, b.outs);
  return a.finish();
}

namespace {
/// Cuts \p whole at the boundaries that \p part has when its dimensions begin
/// at the given step of whole's, and part at those of whole.
bool alignPart(DigitGraph &whole, DigitGraph &part,
               const std::vector<uint64_t> &inBase,
               const std::vector<uint64_t> &outBase) {
  auto side = [&](bool input) {
    const auto &base = input ? inBase : outBase;
    for (size_t d = 0; d < base.size(); ++d) {
      auto name = input ? part.ins[d].name : part.outs[d].name;
      size_t w =
          *(input ? findDim(whole.ins, name) : findDim(whole.outs, name));
      auto steps = input ? part.inputSteps(d) : part.outputSteps(d);
      uint64_t end = steps.back();
      for (uint64_t step : steps)
        if (!(input ? whole.splitInput(w, base[d] * step)
                    : whole.splitOutput(w, base[d] * step)))
          return false;
      for (uint64_t step : input ? whole.inputSteps(w) : whole.outputSteps(w))
        if (step >= base[d] && step <= base[d] * end)
          if (step % base[d] || !(input ? part.splitInput(d, step / base[d])
                                        : part.splitOutput(d, step / base[d])))
            return false;
    }
    return true;
  };
  // A cut on one side cuts the other too; two rounds reach the fixed point for
  // digits that go straight through, the third only confirms it.
  for (int round = 0; round < 3; ++round)
    if (!side(false) || !side(true))
      return false;
  whole.expand();
  part.expand();
  return true;
}

/// Takes \p part out of \p layout; it must be the low (high) digits.
Result<Layout> divide(const Layout &layout, const Layout &part, bool low) {
  const char *what = low ? "left divide" : "right divide";
  DigitGraph whole = merged(layout), tile = merged(part);
  std::vector<uint64_t> inBase, outBase;
  for (int input = 0; input < 2; ++input)
    for (const Dim &dim : input ? part.inputs() : part.outputs()) {
      uint64_t have =
          input ? layout.inputSize(dim.name) : layout.outputSize(dim.name);
      bool exists = bool(input ? layout.inputIndex(dim.name)
                               : layout.outputIndex(dim.name));
      if (!exists || have % dim.size())
        return Error{std::string(what) + ": '" + dim.name + "' of size " +
                     std::to_string(dim.size()) + " does not divide " +
                     (exists ? "size " + std::to_string(have)
                             : std::string("a layout without it"))};
      (input ? inBase : outBase).push_back(low ? 1 : have / dim.size());
    }
  if (!alignPart(whole, tile, inBase, outBase))
    return Error{std::string(what) +
                 ": the layouts' digits do not fit together"};

  // Which digits of whole belong to the part, and as which of its ids.
  std::vector<std::pair<int, int>> ids; // id of whole, id of part
  auto firstOf = [&](const auto &steps, uint64_t base) {
    return size_t(std::find(steps.begin(), steps.end(), base) - steps.begin());
  };
  for (size_t d = 0; d < tile.outs.size(); ++d) {
    size_t w = *findDim(whole.outs, tile.outs[d].name);
    size_t first = firstOf(whole.outputSteps(w), outBase[d]);
    auto &digits = whole.outs[w].digits;
    size_t n = tile.outs[d].digits.size();
    for (size_t i = 0; i < n; ++i)
      ids.push_back({digits[first + i].id, tile.outs[d].digits[i].id});
    digits.erase(digits.begin() + first, digits.begin() + first + n);
  }
  auto translate = [&](int id) {
    for (auto [ofWhole, ofPart] : ids)
      if (ofWhole == id)
        return ofPart;
    return -1;
  };
  Error differs{std::string(what) +
                ": the layout is no product with that tile: "};
  for (size_t d = 0; d < tile.ins.size(); ++d) {
    size_t w = *findDim(whole.ins, tile.ins[d].name);
    size_t first = firstOf(whole.inputSteps(w), inBase[d]);
    auto &digits = whole.ins[w].digits;
    size_t n = tile.ins[d].digits.size();
    for (size_t i = 0; i < n; ++i) {
      std::vector<int> feeds;
      for (int id : digits[first + i].feeds)
        feeds.push_back(translate(id));
      std::sort(feeds.begin(), feeds.end());
      auto expected = tile.ins[d].digits[i].feeds;
      std::sort(expected.begin(), expected.end());
      if (feeds != expected ||
          digits[first + i].count != tile.ins[d].digits[i].count) {
        differs.message += "digit " + std::to_string(i) + " of '" +
                           tile.ins[d].name + "' differs";
        return differs;
      }
    }
    digits.erase(digits.begin() + first, digits.begin() + first + n);
  }
  for (const auto &dim : whole.ins)
    for (const auto &digit : dim.digits)
      for (int id : digit.feeds)
        if (translate(id) >= 0) {
          differs.message += "'" + dim.name + "' moves inside the tile";
          return differs;
        }
  return whole.finish();
}
} // namespace

Result<Layout> leftDivide(const Layout &layout, const Layout &tile) {
  return divide(layout, tile, true);
}

Result<Layout> rightDivide(const Layout &layout, const Layout &outer) {
  return divide(layout, outer, false);
}

Result<Aligned> alignOutputs(const Layout &a, const Layout &b) {
  if (a.outputs().size() != b.outputs().size())
    return Error{"the layouts have " + std::to_string(a.outputs().size()) +
                 " and " + std::to_string(b.outputs().size()) + " outputs"};
  std::vector<std::string> ins, outs;
  for (const Dim &dim : b.inputs())
    ins.push_back(dim.name);
  for (const Dim &dim : a.outputs()) {
    auto index = b.outputIndex(dim.name);
    if (!index)
      return Error{"output '" + dim.name + "' is missing in one layout"};
    if (b.outputs()[*index].size() != dim.size())
      return Error{"output '" + dim.name + "' has sizes " +
                   std::to_string(dim.size()) + " and " +
                   std::to_string(b.outputs()[*index].size())};
    outs.push_back(dim.name);
  }
  Result<Layout> ordered = transpose(b, ins, outs);
  if (!ordered)
    return Error{ordered.error()};
  DigitGraph ga = merged(a), gb = merged(*ordered);
  for (size_t d = 0; d < ga.outs.size(); ++d) {
    bool fits = true;
    for (uint64_t step : gb.outputSteps(d))
      fits = fits && ga.splitOutput(d, step);
    for (uint64_t step : ga.outputSteps(d))
      fits = fits && gb.splitOutput(d, step);
    if (!fits)
      return radixError(ga.outs[d].name, "align");
  }
  Result<Layout> ra = ga.finish(false), rb = gb.finish(false);
  if (!ra || !rb)
    return Error{ra ? rb.error() : ra.error()};
  return Aligned{*ra, *rb};
}

} // namespace tilesdk::layout
