//===- fragment_test.cpp - Matrix fragments as layouts --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NVIDIA's fragments against the formulas of the PTX ISA (sections on
// mma.m16n8k16 and wgmma accumulators), AMD's against test/data.
//
//===----------------------------------------------------------------------===//

#include "core/layout/test/random_layout.h"

#include <fstream>
#include <sstream>

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
TEST(Fragment, MmaM16N8K16) {
  Layout a = *parse("(dim0: 16, dim1: 16) { register: (0,1) (8,0) (0,8); "
                    "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  Layout b = *parse("(dim0: 16, dim1: 8) { register: (1,0) (8,0); "
                    "lane: (2,0) (4,0) (0,1) (0,2) (0,4) }");
  Layout c = *parse("(dim0: 16, dim1: 8) { register: (0,1) (8,0); "
                    "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  for (const Layout *layout : {&a, &b, &c})
    EXPECT_TRUE(layout->isInvertible());
  for (uint64_t lane = 0; lane < 32; ++lane) {
    uint64_t group = lane / 4, thread = lane % 4;
    for (uint64_t i = 0; i < 8; ++i) {
      bool lower = i < 2 || (i >= 4 && i < 6);
      EXPECT_EQ(*a.apply({i, lane}),
                (Coord{lower ? group : group + 8,
                       thread * 2 + (i & 1) + (i >= 4 ? 8 : 0)}));
    }
    for (uint64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(*b.apply({i, lane}),
                (Coord{thread * 2 + (i & 1) + (i >= 2 ? 8 : 0), group}));
      EXPECT_EQ(*c.apply({i, lane}),
                (Coord{i < 2 ? group : group + 8, thread * 2 + (i & 1)}));
    }
  }
}

/// One row with a range: n = 8 ... 256 in steps of 8.
TEST(Fragment, WgmmaAccumulator) {
  Layout tile = *parse("(dim0: 64, dim1: 8) { register: (0,1) (8,0); "
                       "lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
                       "warp: (16,0) (32,0) }");
  for (uint64_t n = 8; n <= 256; n += 8) {
    Layout layout =
        *product(tile, *Layout::identity1D(n / 8, "register", "dim1"));
    EXPECT_TRUE(layout.isInvertible()) << n;
    EXPECT_EQ(layout.inputSize("register"), n / 2);
    EXPECT_EQ(leftDivide(layout, tile)->totalOutputSize(), n / 8);
    EXPECT_EQ(*parse(toText(layout)), layout);
    for (uint64_t warp = 0; warp < 4; ++warp)
      for (uint64_t lane = 0; lane < 32; ++lane)
        for (uint64_t i = 0; i < n / 2; ++i)
          ASSERT_EQ(*layout.apply({i, lane, warp}),
                    (Coord{warp * 16 + lane / 4 + 8 * ((i / 2) % 2),
                           i / 4 * 8 + lane % 4 * 2 + i % 2}));
  }
}

/// Instructions of n = 96 side by side, two of 64 rows on top of each other.
TEST(Fragment, WgmmaTilesRepeat) {
  Layout tile = *parse("(dim0: 64, dim1: 8) { register: (0,1) (8,0); "
                       "lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
                       "warp: (16,0) (32,0) }");
  Layout whole = tile;
  for (auto [count, dim] : {std::pair{12, "dim1"}, {2, "dim0"}, {2, "dim1"}})
    whole = *product(whole, *Layout::identity1D(count, "register", dim));
  EXPECT_TRUE(whole.isInvertible());
  EXPECT_EQ(whole.outputSize("dim0"), 128u);
  EXPECT_EQ(whole.outputSize("dim1"), 192u);
  // Register 48 begins the second 64 rows, register 96 the second 96 columns.
  EXPECT_EQ(*whole.apply({48, 0, 0}), (Coord{64, 0}));
  EXPECT_EQ(*whole.apply({96, 0, 0}), (Coord{0, 96}));
}

TEST(Fragment, Amd) {
  std::ifstream file(TILESDK_SOURCE_DIR
                     "/core/layout/test/data/amd_fragments.txt");
  ASSERT_TRUE(file);
  std::string line, names;
  int maps = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') {
      names += line + "\n";
      continue;
    }
    ++maps;
    Result<Layout> layout = parse(line);
    ASSERT_TRUE(layout) << layout.error() << "\n" << line;
    EXPECT_TRUE(layout->isSurjective()) << names << line;
    for (uint64_t lane = 0; lane < layout->inputSize("lane"); ++lane) {
      ASSERT_TRUE(std::getline(file, line));
      std::istringstream row(line);
      std::string element;
      uint64_t reg = 0;
      while (row >> element) {
        size_t comma = element.find(',');
        EXPECT_EQ(*layout->apply({reg, lane}),
                  (Coord{std::stoull(element.substr(0, comma)),
                         std::stoull(element.substr(comma + 1))}))
            << names << "lane " << lane << " register " << reg;
        ++reg;
      }
      EXPECT_EQ(reg, layout->inputSize("register")) << names;
    }
    // Copies only where a wmma operand lies in both halves of the wave.
    Layout dense = *dropBroadcast(*layout, "lane");
    EXPECT_TRUE(dense.isInvertible()) << names;
    names.clear();
  }
  EXPECT_GE(maps, 20);
}
} // namespace
