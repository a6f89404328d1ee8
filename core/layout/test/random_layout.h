//===- random_layout.h - Random layouts with an oracle ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layout is described by digits, and the oracle evaluates the description
// place by place; it shares no code with the library.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/algebra.h"
#include "core/layout/print.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace tilesdk::layout::test {

using Rng = std::mt19937;

inline unsigned below(Rng &rng, unsigned n) { return rng() % n; }

/// Every output for every input, both by linear index, first dimension fastest.
using Table = std::vector<uint64_t>;

inline Table tableOf(const Layout &layout) {
  Table table;
  for (uint64_t i = 0; i < layout.totalInputSize(); ++i)
    table.push_back(layout.applyLinear(i));
  return table;
}

/// A dimension as plain factors, innermost first; each is 2 or odd.
struct Factors {
  std::string name;
  std::vector<uint32_t> radix;
  uint64_t size() const {
    uint64_t n = 1;
    for (uint32_t f : radix)
      n *= f;
    return n;
  }
};

struct Description {
  std::vector<Factors> ins, outs;
  /// Per input digit, in order: which output digits (numbered in order).
  std::vector<std::vector<unsigned>> feeds;

  Table evaluate() const {
    uint64_t total = 1;
    for (const Factors &dim : ins)
      total *= dim.size();
    Table table;
    for (uint64_t place = 0; place < total; ++place) {
      std::vector<uint32_t> counts, value;
      for (const Factors &dim : outs)
        counts.insert(counts.end(), dim.radix.begin(), dim.radix.end());
      value.resize(counts.size());
      uint64_t rest = place;
      size_t digit = 0;
      for (const Factors &dim : ins)
        for (uint32_t f : dim.radix) {
          for (unsigned out : feeds[digit])
            value[out] = (value[out] + rest % f) % f;
          rest /= f;
          ++digit;
        }
      uint64_t index = 0, step = 1;
      for (size_t i = 0; i < counts.size(); ++i) {
        index += step * value[i];
        step *= counts[i];
      }
      table.push_back(index);
    }
    return table;
  }

  Result<Layout> build() const {
    std::vector<OutputDim> outputs;
    std::vector<Coord> units; // the coordinate of each output digit
    for (size_t d = 0; d < outs.size(); ++d) {
      outputs.push_back({outs[d].name, {}});
      uint64_t step = 1;
      for (uint32_t f : outs[d].radix) {
        outputs.back().factors.push_back(f);
        Coord unit(outs.size());
        unit[d] = step;
        units.push_back(unit);
        step *= f;
      }
    }
    std::vector<InputBases> inputs;
    size_t digit = 0;
    for (const Factors &dim : ins) {
      inputs.push_back({dim.name, {}});
      for (uint32_t f : dim.radix) {
        Basis basis{f, Coord(outs.size())};
        for (unsigned out : feeds[digit])
          for (size_t d = 0; d < outs.size(); ++d)
            basis.value[d] += units[out][d];
        ++digit;
        inputs.back().bases.push_back(std::move(basis));
      }
    }
    return Layout::fromBases(inputs, outputs);
  }
};

/// Feeds for the given dimensions: some digits straight through, some copies,
/// some mixed.
inline void randomFeeds(Rng &rng, Description &d, bool invertible = false) {
  std::vector<uint32_t> counts;
  for (const Factors &dim : d.outs)
    counts.insert(counts.end(), dim.radix.begin(), dim.radix.end());
  std::vector<bool> used(counts.size());
  d.feeds.clear();
  for (const Factors &dim : d.ins)
    for (uint32_t f : dim.radix) {
      std::vector<unsigned> fits, free;
      for (unsigned i = 0; i < counts.size(); ++i)
        if (counts[i] == f) {
          fits.push_back(i);
          if (!used[i])
            free.push_back(i);
        }
      std::vector<unsigned> feeds;
      unsigned kind = invertible ? 0 : below(rng, 5);
      if (kind <= 2) { // straight; in order more often than not
        if (!free.empty())
          feeds = {free[below(rng, 3) ? 0 : below(rng, unsigned(free.size()))]};
      } else if (kind == 3 && f == 2) {
        for (unsigned i : fits)
          if (below(rng, 2))
            feeds.push_back(i);
      }
      for (unsigned i : feeds)
        used[i] = true;
      d.feeds.push_back(feeds);
    }
}

inline std::vector<uint32_t> randomRadix(Rng &rng, unsigned maxDigits) {
  std::vector<uint32_t> radix(below(rng, maxDigits + 1));
  for (uint32_t &f : radix)
    f = below(rng, 5) ? 2 : (below(rng, 4) ? 3 : 5);
  return radix;
}

inline Description randomDescription(Rng &rng) {
  Description d;
  d.ins = {{"register", randomRadix(rng, 4)}, {"lane", randomRadix(rng, 3)}};
  if (below(rng, 2))
    d.ins.push_back({"warp", randomRadix(rng, 1)});
  d.outs = {{"dim0", randomRadix(rng, 3)}};
  if (below(rng, 4))
    d.outs.push_back({"dim1", randomRadix(rng, 4)});
  randomFeeds(rng, d);
  return d;
}

inline Layout randomLayout(Rng &rng) {
  Description d = randomDescription(rng);
  Result<Layout> layout = d.build();
  EXPECT_TRUE(layout) << layout.error();
  return layout ? *layout : Layout();
}

/// A bijection between the given inputs and outputs: the output digits are
/// dealt to the inputs at random, then the binary part is mixed.
inline Layout
randomBijection(Rng &rng, std::vector<Factors> outs,
                std::vector<std::pair<std::string, unsigned>> binaryInputs) {
  // Registers take what the binary inputs leave.
  std::vector<unsigned> bits, odds;
  std::vector<uint32_t> counts;
  for (const Factors &dim : outs)
    for (uint32_t f : dim.radix) {
      (f == 2 ? bits : odds).push_back(unsigned(counts.size()));
      counts.push_back(f);
    }
  std::shuffle(bits.begin(), bits.end(), rng);
  Description d;
  d.outs = outs;
  d.ins = {{"register", {}}};
  std::vector<std::vector<unsigned>> later;
  size_t next = 0;
  for (auto &[name, n] : binaryInputs) {
    d.ins.push_back({name, std::vector<uint32_t>(n, 2)});
    for (unsigned i = 0; i < n; ++i)
      later.push_back({bits[next++]});
  }
  std::vector<std::vector<unsigned>> registers;
  for (; next < bits.size(); ++next)
    registers.push_back({bits[next]});
  size_t binaryRegisters = registers.size();
  d.ins[0].radix.assign(binaryRegisters, 2);
  for (unsigned odd : odds) {
    registers.push_back({odd});
    d.ins[0].radix.push_back(counts[odd]);
  }
  d.feeds = registers;
  d.feeds.insert(d.feeds.end(), later.begin(), later.end());
  // Row operations keep it a bijection.
  std::vector<size_t> binary;
  for (size_t i = 0; i < d.feeds.size(); ++i)
    if (counts[d.feeds[i][0]] == 2)
      binary.push_back(i);
  for (unsigned k = below(rng, 4); k-- > 0 && binary.size() > 1;) {
    size_t a = binary[below(rng, unsigned(binary.size()))],
           b = binary[below(rng, unsigned(binary.size()))];
    if (a == b)
      continue;
    std::set<unsigned> sum(d.feeds[a].begin(), d.feeds[a].end());
    for (unsigned i : d.feeds[b])
      if (!sum.erase(i))
        sum.insert(i);
    d.feeds[a].assign(sum.begin(), sum.end());
  }
  Result<Layout> layout = d.build();
  EXPECT_TRUE(layout) << layout.error();
  return layout ? *layout : Layout();
}

} // namespace tilesdk::layout::test
