//===- digits.cpp - A layout as lists of digits, for rewriting ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/digits.h"

#include <algorithm>
#include <bit>

namespace tilesdk::layout {

DigitGraph::DigitGraph(const Layout &layout) {
  std::vector<int> bitIds, oddIds;
  for (const Dim &dim : layout.outputs()) {
    outs.push_back({dim.name, {}});
    for (uint32_t count : dim.radix) {
      (count == 2 ? bitIds : oddIds).push_back(nextId);
      outs.back().digits.push_back({count, nextId++});
    }
  }
  size_t bit = 0, odd = 0;
  for (const Dim &dim : layout.inputs()) {
    ins.push_back({dim.name, {}});
    for (uint32_t count : dim.radix) {
      InputDigit digit{count, {}};
      if (count == 2) {
        for (uint64_t rest = layout.columns()[bit++]; rest; rest &= rest - 1)
          digit.feeds.push_back(bitIds[std::countr_zero(rest)]);
      } else if (int link = layout.links()[odd++]; link >= 0) {
        digit.feeds.push_back(oddIds[link]);
      }
      ins.back().digits.push_back(std::move(digit));
    }
  }
}

std::optional<DigitGraph::Place> DigitGraph::findOutput(int id) const {
  for (size_t d = 0; d < outs.size(); ++d)
    for (size_t i = 0; i < outs[d].digits.size(); ++i)
      if (outs[d].digits[i].id == id)
        return Place{d, i};
  return std::nullopt;
}

bool DigitGraph::isFed(int id) const {
  for (const auto &dim : ins)
    for (const InputDigit &digit : dim.digits)
      if (std::find(digit.feeds.begin(), digit.feeds.end(), id) !=
          digit.feeds.end())
        return true;
  return false;
}

std::optional<DigitGraph::Place> DigitGraph::soleSource(int id) const {
  std::optional<Place> found;
  for (size_t d = 0; d < ins.size(); ++d)
    for (size_t i = 0; i < ins[d].digits.size(); ++i) {
      const auto &feeds = ins[d].digits[i].feeds;
      if (std::find(feeds.begin(), feeds.end(), id) == feeds.end())
        continue;
      if (found || feeds.size() != 1)
        return std::nullopt;
      found = Place{d, i};
    }
  return found;
}

void DigitGraph::merge() {
  auto isTrivial = [](const auto &digit) { return digit.count == 1; };
  for (auto &dim : ins)
    std::erase_if(dim.digits, isTrivial);
  for (auto &dim : outs)
    std::erase_if(dim.digits, isTrivial);
  // Joining only removes ids, so these stay true.
  std::vector<unsigned> uses(nextId);
  std::vector<size_t> dimOf(nextId);
  for (const auto &dim : ins)
    for (const InputDigit &digit : dim.digits)
      for (int id : digit.feeds)
        ++uses[id];
  for (size_t d = 0; d < outs.size(); ++d)
    for (const OutputDigit &digit : outs[d].digits)
      dimOf[digit.id] = d;
  auto straight = [&](const InputDigit &digit) {
    return digit.feeds.size() == 1 && uses[digit.feeds[0]] == 1;
  };
  for (auto &dim : ins)
    for (size_t i = 0; i + 1 < dim.digits.size();) {
      InputDigit &low = dim.digits[i], &high = dim.digits[i + 1];
      bool join = low.feeds.empty() && high.feeds.empty();
      if (straight(low) && straight(high) &&
          dimOf[low.feeds[0]] == dimOf[high.feeds[0]]) {
        auto &digits = outs[dimOf[low.feeds[0]]].digits;
        for (size_t k = 0; k + 1 < digits.size() && !join; ++k)
          if (digits[k].id == low.feeds[0] &&
              digits[k + 1].id == high.feeds[0]) {
            join = true;
            digits[k].count *= digits[k + 1].count;
            digits.erase(digits.begin() + k + 1);
          }
      }
      if (!join) {
        ++i;
        continue;
      }
      low.count *= high.count;
      dim.digits.erase(dim.digits.begin() + i + 1);
    }
  // Neighbouring output digits that nothing feeds.
  for (auto &dim : outs)
    for (size_t i = 0; i + 1 < dim.digits.size();) {
      if (uses[dim.digits[i].id] || uses[dim.digits[i + 1].id]) {
        ++i;
        continue;
      }
      dim.digits[i].count *= dim.digits[i + 1].count;
      dim.digits.erase(dim.digits.begin() + i + 1);
    }
}

bool DigitGraph::cutInput(Place place, uint64_t first) {
  InputDigit &digit = ins[place.dim].digits[place.digit];
  InputDigit high{digit.count / first, {}};
  if (!digit.feeds.empty()) {
    std::optional<Place> out = findOutput(digit.feeds[0]);
    if (digit.feeds.size() != 1 || !soleSource(digit.feeds[0]))
      return false;
    auto &digits = outs[out->dim].digits;
    digits[out->digit].count = first;
    high.feeds = {nextId};
    digits.insert(digits.begin() + out->digit + 1,
                  OutputDigit{high.count, nextId++});
  }
  digit.count = first;
  auto &digits = ins[place.dim].digits;
  digits.insert(digits.begin() + place.digit + 1, std::move(high));
  return true;
}

bool DigitGraph::cutOutput(Place place, uint64_t first) {
  OutputDigit &digit = outs[place.dim].digits[place.digit];
  if (isFed(digit.id)) {
    std::optional<Place> source = soleSource(digit.id);
    return source && cutInput(*source, first);
  }
  OutputDigit high{digit.count / first, nextId++};
  digit.count = first;
  auto &digits = outs[place.dim].digits;
  digits.insert(digits.begin() + place.digit + 1, high);
  return true;
}

void DigitGraph::expand() {
  auto firstOf = [](uint64_t count) -> uint64_t {
    return count > 2 && count % 2 == 0 ? 2 : 0;
  };
  for (size_t d = 0; d < ins.size(); ++d)
    for (size_t i = 0; i < ins[d].digits.size(); ++i)
      if (uint64_t first = firstOf(ins[d].digits[i].count))
        cutInput({d, i}, first);
  for (size_t d = 0; d < outs.size(); ++d)
    for (size_t i = 0; i < outs[d].digits.size(); ++i)
      if (uint64_t first = firstOf(outs[d].digits[i].count))
        cutOutput({d, i}, first);
}

/// Makes \p step a border between digits; \p cut(i, first) divides digit i.
template <typename Digits, typename Cut>
static bool splitAt(const Digits &digits, uint64_t step, Cut cut) {
  uint64_t begin = 1;
  for (size_t i = 0; i < digits.size(); ++i) {
    uint64_t count = digits[i].count;
    if (step == begin)
      return true;
    if (step % begin)
      return false;
    uint64_t first = step / begin;
    if (first < count)
      return count % first == 0 && cut(i, first);
    begin *= count;
  }
  return step == begin;
}

bool DigitGraph::splitInput(size_t dim, uint64_t step) {
  return splitAt(ins[dim].digits, step, [&](size_t i, uint64_t first) {
    return cutInput({dim, i}, first);
  });
}

bool DigitGraph::splitOutput(size_t dim, uint64_t step) {
  return splitAt(outs[dim].digits, step, [&](size_t i, uint64_t first) {
    return cutOutput({dim, i}, first);
  });
}

template <typename Digits>
static std::vector<uint64_t> stepsOf(const Digits &digits) {
  std::vector<uint64_t> steps{1};
  for (const auto &digit : digits)
    steps.push_back(steps.back() * digit.count);
  return steps;
}

std::vector<uint64_t> DigitGraph::inputSteps(size_t dim) const {
  return stepsOf(ins[dim].digits);
}

std::vector<uint64_t> DigitGraph::outputSteps(size_t dim) const {
  return stepsOf(outs[dim].digits);
}

std::vector<std::string> DigitGraph::dimNames() const {
  std::vector<std::string> names;
  names.reserve(ins.size() + outs.size());
  for (const auto &dim : ins)
    names.push_back(dim.name);
  for (const auto &dim : outs)
    names.push_back(dim.name);
  return names;
}

/// What the text form can spell.
static bool isName(const std::string &name) {
  auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '.';
         });
}

/// Whether the counts of all digits have a product of at most 2^62.
template <typename Dims> static bool isWithinLimit(const Dims &dims) {
  constexpr uint64_t maxTotal = uint64_t(1) << 62;
  uint64_t total = 1;
  for (const auto &dim : dims)
    for (const auto &digit : dim.digits) {
      if (digit.count > maxTotal / total)
        return false;
      total *= digit.count;
    }
  return true;
}

Result<Layout> DigitGraph::finish(bool canonical) {
  for (const std::string &name : dimNames())
    if (!isName(name))
      return Error{"'" + name +
                   "' is no name for a dimension: it needs a letter or '_', "
                   "then letters, digits, '_' or '.'"};
  // Before anything multiplies counts.
  auto limit = [](const char *side) {
    return Error{std::string("the ") + side +
                 " of the layout have more than 2^62 values in all, or an odd "
                 "factor above 2^32"};
  };
  if (!isWithinLimit(outs))
    return limit("outputs");
  if (!isWithinLimit(ins))
    return limit("inputs");
  if (canonical)
    merge();
  expand();
  Layout layout;
  struct Number {
    int id, index;
    uint64_t count;
  };
  std::vector<Number> numbers;
  int bits = 0, odds = 0;
  for (const auto &dim : outs) {
    if (layout.outputIndex(dim.name))
      return Error{"output dimension '" + dim.name + "' is named twice"};
    Dim out{dim.name, {}};
    for (const OutputDigit &digit : dim.digits) {
      if (digit.count > UINT32_MAX)
        return limit("outputs");
      numbers.push_back(
          {digit.id, digit.count == 2 ? bits++ : odds++, digit.count});
      out.radix.push_back(uint32_t(digit.count));
    }
    layout.outs.push_back(std::move(out));
  }
  std::vector<bool> taken(odds);
  for (const auto &dim : ins) {
    if (layout.inputIndex(dim.name))
      return Error{"input dimension '" + dim.name + "' is named twice"};
    Dim in{dim.name, {}};
    for (const InputDigit &digit : dim.digits) {
      if (digit.count > UINT32_MAX)
        return limit("inputs");
      in.radix.push_back(uint32_t(digit.count));
      uint64_t column = 0;
      int link = -1;
      for (int id : digit.feeds)
        for (const Number &number : numbers)
          if (number.id == id) {
            if (digit.count != number.count)
              return Error{"input dimension '" + dim.name + "': a digit of " +
                           std::to_string(digit.count) +
                           " cannot fill one of " +
                           std::to_string(number.count)};
            if (digit.count == 2)
              column ^= uint64_t(1) << number.index;
            else
              link = number.index;
          }
      if (digit.count == 2) {
        layout.matrix.push_back(column);
        continue;
      }
      if (link >= 0 && (taken[link] || digit.feeds.size() > 1))
        return Error{"input dimension '" + dim.name +
                     "': two repetitions fill the same output digit"};
      if (link >= 0)
        taken[link] = true;
      layout.matching.push_back(link);
    }
    layout.ins.push_back(std::move(in));
  }
  return layout;
}

bool alignDim(DigitGraph &a, size_t da, DigitGraph &b, size_t db) {
  for (uint64_t step : b.inputSteps(db))
    if (!a.splitOutput(da, step))
      return false;
  for (uint64_t step : a.outputSteps(da))
    if (!b.splitInput(db, step))
      return false;
  return true;
}

} // namespace tilesdk::layout
