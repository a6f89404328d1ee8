//===- layout_test.cpp - Making, applying and asking layouts --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
TEST(Layout, AppliesAsDescribed) {
  Rng rng(1);
  for (int i = 0; i < 3000; ++i) {
    Description d = randomDescription(rng);
    Result<Layout> layout = d.build();
    ASSERT_TRUE(layout) << layout.error();
    EXPECT_EQ(tableOf(*layout), d.evaluate()) << toText(*layout);
    EXPECT_EQ(*layout, layout->canonical());
  }
}

TEST(Layout, PropertiesByEnumeration) {
  Rng rng(2);
  int invertible = 0;
  for (int i = 0; i < 3000; ++i) {
    Layout layout = randomLayout(rng);
    Table table = tableOf(layout);
    std::set<uint64_t> image(table.begin(), table.end());
    EXPECT_EQ(layout.isInjective(), image.size() == table.size());
    EXPECT_EQ(layout.isSurjective(), image.size() == layout.totalOutputSize());
    invertible += layout.isInvertible();

    // The places whose free digits are zero are a section of the image.
    auto masks = layout.freeVariableMasks();
    std::vector<uint64_t> kept;
    for (uint64_t place = 0; place < table.size(); ++place) {
      uint64_t rest = place;
      bool zero = true;
      for (size_t d = 0; d < layout.inputs().size(); ++d)
        for (size_t k = 0; k < layout.inputs()[d].radix.size(); ++k) {
          uint32_t f = layout.inputs()[d].radix[k];
          zero &= rest % f == 0 || !((masks[d] >> k) & 1);
          rest /= f;
        }
      if (zero)
        kept.push_back(table[place]);
    }
    EXPECT_EQ(kept.size(), image.size());
    EXPECT_EQ(std::set<uint64_t>(kept.begin(), kept.end()), image);
  }
  EXPECT_GT(invertible, 20);
}

/// One map written with two different orders of factors is one layout.
TEST(Layout, CanonicalFormIsUnique) {
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) {
    // Runs that go straight through, are copies, or are left out.
    struct Run {
      std::vector<uint32_t> factors;
      unsigned in, out; // 2: none
    };
    std::vector<Run> runs(1 + below(rng, 4));
    for (Run &run : runs) {
      run.factors = randomRadix(rng, 3);
      run.in = below(rng, 5) ? below(rng, 2) : 2;
      run.out = below(rng, 5) ? below(rng, 2) : 2;
    }
    auto make = [&] {
      Description d;
      d.ins = {{"register", {}}, {"lane", {}}};
      d.outs = {{"dim0", {}}, {"dim1", {}}};
      std::vector<std::vector<uint32_t>> orders;
      std::vector<std::vector<unsigned>> numbers(runs.size());
      for (Run &run : runs) {
        std::shuffle(run.factors.begin(), run.factors.end(), rng);
        orders.push_back(run.factors);
      }
      unsigned number = 0;
      for (unsigned out = 0; out < 2; ++out)
        for (size_t r = 0; r < runs.size(); ++r)
          if (runs[r].out == out)
            for (uint32_t f : orders[r]) {
              d.outs[out].radix.push_back(f);
              numbers[r].push_back(number++);
            }
      for (unsigned in = 0; in < 2; ++in)
        for (size_t r = 0; r < runs.size(); ++r)
          if (runs[r].in == in)
            for (size_t k = 0; k < orders[r].size(); ++k) {
              d.ins[in].radix.push_back(orders[r][k]);
              d.feeds.push_back(runs[r].out < 2
                                    ? std::vector<unsigned>{numbers[r][k]}
                                    : std::vector<unsigned>{});
            }
      return d;
    };
    Description one = make(), two = make();
    Result<Layout> a = one.build(), b = two.build();
    ASSERT_TRUE(a && b);
    ASSERT_EQ(tableOf(*a), tableOf(*b));
    EXPECT_EQ(*a, *b) << toText(*a) << "\n" << toText(*b);
    EXPECT_EQ(a->hash(), b->hash());
  }
}

/// Where an output is not reached, its digits cannot be known from the map.
TEST(Layout, EqualTablesMeanEqualLayouts) {
  Rng rng(4);
  std::map<std::vector<uint64_t>, Layout> seen;
  int pairs = 0;
  for (int i = 0; i < 20000; ++i) {
    Description d;
    d.ins = {{"register", randomRadix(rng, 3)}};
    d.outs = {{"dim0", randomRadix(rng, 3)}};
    randomFeeds(rng, d);
    Layout layout = *d.build();
    if (!layout.isSurjective())
      continue;
    std::vector<uint64_t> key = tableOf(layout);
    key.push_back(layout.totalOutputSize());
    auto [it, fresh] = seen.emplace(key, layout);
    pairs += !fresh;
    EXPECT_EQ(it->second, layout) << toText(it->second) << "\n"
                                  << toText(layout);
  }
  EXPECT_GT(pairs, 1000);
}

TEST(Layout, OneDimensional) {
  for (uint64_t size : {1, 2, 3, 8, 24, 33, 48, 96, 160, 192}) {
    Layout identity = *Layout::identity1D(size, "register", "dim0");
    Layout zeros = *Layout::zeros1D(size, "register", "dim0", 6);
    EXPECT_TRUE(identity.isInvertible());
    EXPECT_EQ(zeros.outputSize("dim0"), 6u);
    for (uint64_t stride : {1, 2, 3, 6, 33}) {
      Layout strided = *Layout::strided1D(size, stride, "register", "dim0");
      EXPECT_EQ(strided.outputSize("dim0"), size * stride);
      for (uint64_t i = 0; i < size; ++i) {
        EXPECT_EQ(strided.applyLinear(i), i * stride);
        EXPECT_EQ(identity.applyLinear(i), i);
        EXPECT_EQ(zeros.applyLinear(i), 0u);
      }
    }
  }
  EXPECT_FALSE(Layout::identity1D(0, "a", "b"));
  EXPECT_FALSE(Layout::strided1D(4, 0, "a", "b"));
  EXPECT_FALSE(Layout::identity1D(4, "", "b"));
  EXPECT_FALSE(Layout::identity1D(4, "1a", "b"));
  EXPECT_FALSE(
      Layout::strided1D(uint64_t(1) << 40, uint64_t(1) << 40, "a", "b"));
  EXPECT_TRUE(Layout::identity1D(uint64_t(1) << 62, "a", "b"));
}

TEST(Layout, ApplyRefusesWhatIsOutOfRange) {
  Layout layout = *Layout::identity1D(24, "register", "dim0");
  EXPECT_TRUE(layout.apply({23}));
  EXPECT_FALSE(layout.apply({24}));
  EXPECT_FALSE(layout.apply({}));
  EXPECT_FALSE(layout.apply({0, 0}));
}

TEST(Layout, FromBasesRefusesWhatIsNoLayout) {
  using Bases = std::vector<InputBases>;
  auto error = [](const Bases &ins, const std::vector<OutputDim> &outs) {
    return Layout::fromBases(ins, outs).error();
  };
  std::vector<OutputDim> out{{"dim0", {8, 3}}};
  EXPECT_EQ(error({{"r", {{2, {24}}}}}, out),
            "input dimension 'r', basis (24): outside of 'dim0', whose size is "
            "24");
  EXPECT_EQ(error({{"r", {{2, {1, 1}}}}}, out),
            "input dimension 'r', basis (1,1): has 2 components for 1 output "
            "dimensions");
  EXPECT_NE(error({{"r", {{2, {8}}}}}, out), "");
  EXPECT_NE(error({{"r", {{3, {1}}}}}, out), "");
  EXPECT_NE(error({{"r", {{3, {16}}}}}, out), "");
  EXPECT_NE(error({{"r", {{0, {1}}}}}, out), "");
  EXPECT_EQ(error({{"r", {{3, {8}}, {3, {8}}}}}, out),
            "input dimension 'r': two repetitions fill the same output digit");
  EXPECT_NE(error({{"r", {}}, {"r", {}}}, out), "");
  EXPECT_NE(error({{"r", {}}}, {{"d", {2}}, {"d", {2}}}), "");
  EXPECT_NE(error({}, {{"d", {0}}}), "");
  EXPECT_NE(error({}, {{"d", {uint64_t(1) << 62, 4}}}), "");
  EXPECT_EQ(error({{"r", {{24, {1}}}}}, out), "");
}

TEST(Layout, WidestVectorByEnumeration) {
  Rng rng(5);
  int wide = 0;
  for (int i = 0; i < 4000; ++i) {
    Layout layout = randomLayout(rng);
    const Dim &fast = layout.outputs().back();
    size_t last = layout.outputs().size() - 1;
    for (uint64_t align : {1, 2, 12, 16}) {
      Vector vector = layout.widestVector(fast.name, 8, align);
      // Oracle: the first v registers from every aligned start hold v aligned
      // consecutive elements.
      unsigned best = 1;
      uint64_t registers = layout.inputSize("register");
      for (unsigned v = 2; v <= 8; v *= 2) {
        bool good =
            registers % v == 0 && fast.size() % v == 0 && align % v == 0;
        for (uint64_t p = 0; good && p < layout.totalInputSize(); p += v) {
          for (unsigned k = 0; good && k < v; ++k) {
            auto coordOf = [&](uint64_t place) {
              Coord in;
              for (const Dim &dim : layout.inputs()) {
                in.push_back(place % dim.size());
                place /= dim.size();
              }
              return *layout.apply(in);
            };
            Coord base = coordOf(p), here = coordOf(p + k);
            good &= base[last] % v == 0;
            base[last] += k;
            good &= here == base;
          }
        }
        if (!good)
          break;
        best = v;
      }
      EXPECT_EQ(vector.elements, best) << toText(layout) << " align " << align;
      wide += best > 1;
      EXPECT_GE(layout.widestVector(fast.name, 8, align, true).elements, best);
    }
  }
  EXPECT_GT(wide, 100);
  Layout swapped = *parse("(dim0: 8) { register: (4) (2) (1) }");
  EXPECT_EQ(swapped.widestVector("dim0", 8, 8).elements, 1u);
  Vector any = swapped.widestVector("dim0", 8, 8, true);
  EXPECT_EQ(any.elements, 8u);
  EXPECT_EQ(any.registerBits, (std::vector<unsigned>{2, 1, 0}));
}

TEST(Layout, RepetitionsAndBases) {
  Layout layout =
      *parse("(dim0: 16, dim1: 8*3) { register: (0,1) (8,0) 3*(0,8) 5*(0,0) }");
  auto repetitions = layout.repetitions();
  ASSERT_EQ(repetitions.size(), 2u);
  EXPECT_EQ(repetitions[0].output, "dim1");
  EXPECT_EQ(repetitions[0].count, 3u);
  EXPECT_EQ(repetitions[0].inputStep, 4u);
  EXPECT_EQ(repetitions[0].outputStep, 8u);
  EXPECT_EQ(repetitions[1].output, "");
  EXPECT_EQ(repetitions[1].inputStep, 12u);
  EXPECT_EQ(layout.bases("register").size(), 4u);
  EXPECT_EQ(layout.bases("register")[2].value, (Coord{0, 8}));
  EXPECT_TRUE(layout.bases("lane").empty());
}
} // namespace
