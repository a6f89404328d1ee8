//===- algebra_test.cpp - Operations on layouts, by enumeration -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
Coord coordOf(const std::vector<Dim> &dims, uint64_t index) {
  Coord coord;
  for (const Dim &dim : dims) {
    coord.push_back(index % dim.size());
    index /= dim.size();
  }
  return coord;
}

uint64_t valueOf(const std::vector<Dim> &dims, const Coord &coord,
                 std::string_view name) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].name == name)
      return coord[i];
  return 0;
}

std::vector<std::string> namesOf(const std::vector<Dim> &dims) {
  std::vector<std::string> names;
  for (const Dim &dim : dims)
    names.push_back(dim.name);
  return names;
}

TEST(Algebra, Compose) {
  Rng rng(1);
  for (int i = 0; i < 3000; ++i) {
    Description first = randomDescription(rng), second;
    second.ins = first.outs;
    second.outs = {{"x", randomRadix(rng, 4)}, {"y", randomRadix(rng, 3)}};
    randomFeeds(rng, second);
    Layout a = *first.build(), b = *second.build();
    Result<Layout> both = compose(a, b);
    ASSERT_TRUE(both) << both.error();
    Table ta = tableOf(a), tb = tableOf(b), expected;
    for (uint64_t mid : ta)
      expected.push_back(tb[mid]);
    EXPECT_EQ(tableOf(*both), expected);
  }
}

TEST(Algebra, ComposeAcrossRadices) {
  // Any straight map can be recut, whichever way its repetitions are written.
  Layout twelve = *parse("(dim0: 4*3) { register: 12*(1) }");
  Layout mixed = *parse("(x: 3*4) { dim0: 3*(1) (6) (3) }");
  Result<Layout> both = compose(twelve, mixed);
  ASSERT_TRUE(both) << both.error();
  for (uint64_t i = 0; i < 12; ++i)
    EXPECT_EQ(both->applyLinear(i), mixed.applyLinear(i));
  // A binary mix below the 3 cannot: 12 as 4 * 3 against 3 * 4.
  Layout swapped = *parse("(dim0: 4*3) { register: (2) (1) 3*(4) }");
  EXPECT_FALSE(compose(swapped, mixed));
  EXPECT_NE(compose(swapped, mixed).error().find("'dim0'"), std::string::npos);
  // Random digits on both sides: an answer is right or there is none.
  Rng rng(2);
  int done = 0, refused = 0;
  for (int i = 0; i < 6000; ++i) {
    Description first, second;
    std::vector<uint32_t> radix = randomRadix(rng, 4);
    first.ins = {{"register", randomRadix(rng, 4)}};
    first.outs = {{"dim0", radix}};
    std::shuffle(radix.begin(), radix.end(), rng);
    second.ins = {{"dim0", radix}};
    second.outs = {{"x", randomRadix(rng, 4)}};
    randomFeeds(rng, first);
    randomFeeds(rng, second);
    Layout a = *first.build(), b = *second.build();
    Result<Layout> both = compose(a, b);
    if (!both) {
      ++refused;
      continue;
    }
    ++done;
    for (uint64_t p = 0; p < a.totalInputSize(); ++p)
      ASSERT_EQ(both->applyLinear(p), b.applyLinear(a.applyLinear(p)));
  }
  EXPECT_GT(done, 1000);
  EXPECT_GT(refused, 100);
}

TEST(Algebra, ComposeErrors) {
  Layout a = *Layout::identity1D(8, "register", "dim0"),
         b = *Layout::identity1D(16, "dim0", "x"),
         c = *Layout::identity1D(8, "dim1", "x");
  EXPECT_EQ(compose(a, b).error(),
            "compose: 'dim0' has size 8 in the first layout, 16 in the second");
  EXPECT_FALSE(compose(a, c));
  EXPECT_FALSE(compose(a, Layout()));
}

TEST(Algebra, Inverse) {
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) {
    Layout layout = randomLayout(rng);
    Table table = tableOf(layout);
    std::set<uint64_t> image(table.begin(), table.end());
    Result<Layout> inverse = invert(layout);
    EXPECT_EQ(bool(inverse), image.size() == table.size() &&
                                 image.size() == layout.totalOutputSize());
    Layout right = pseudoInvert(layout);
    if (inverse) {
      EXPECT_EQ(*inverse, right);
      EXPECT_EQ(*invert(*inverse), layout);
    }
    for (uint64_t y : image)
      EXPECT_EQ(layout.applyLinear(right.applyLinear(y)), y);
    // What cannot be reached is ignored, so nothing leaves the inputs.
    for (uint64_t y = 0; y < layout.totalOutputSize(); ++y)
      EXPECT_LT(right.applyLinear(y), layout.totalInputSize());
  }
}

TEST(Algebra, ProductAndDivision) {
  Rng rng(4);
  for (int i = 0; i < 2000; ++i) {
    Layout a = randomLayout(rng), b = randomLayout(rng);
    Result<Layout> whole = product(a, b);
    ASSERT_TRUE(whole) << whole.error();
    for (int k = 0; k < 20; ++k) {
      Coord x = coordOf(whole->inputs(), rng() % whole->totalInputSize());
      Coord inA, inB;
      for (const Dim &dim : a.inputs())
        inA.push_back(valueOf(whole->inputs(), x, dim.name) % dim.size());
      for (const Dim &dim : b.inputs())
        inB.push_back(valueOf(whole->inputs(), x, dim.name) /
                      a.inputSize(dim.name));
      Coord y = *whole->apply(x), outA = *a.apply(inA), outB = *b.apply(inB);
      for (size_t d = 0; d < whole->outputs().size(); ++d) {
        const std::string &name = whole->outputs()[d].name;
        EXPECT_EQ(y[d],
                  valueOf(a.outputs(), outA, name) +
                      a.outputSize(name) * valueOf(b.outputs(), outB, name));
      }
    }
    Result<Layout> rest = leftDivide(*whole, a);
    ASSERT_TRUE(rest) << rest.error() << "\n"
                      << toText(*whole) << "\n"
                      << toText(a);
    EXPECT_EQ(*product(a, *rest), *whole);
    Result<Layout> tile = rightDivide(*whole, b);
    ASSERT_TRUE(tile) << tile.error() << "\n"
                      << toText(*whole) << "\n"
                      << toText(b);
    Result<Layout> again = product(*tile, b);
    ASSERT_TRUE(again);
    EXPECT_EQ(
        *transpose(*again, namesOf(whole->inputs()), namesOf(whole->outputs())),
        *whole);
  }
}

/// Division answers exactly when the map is a product with that tile.
TEST(Algebra, DivisionOnlyWhereItHolds) {
  Rng rng(5);
  int divides = 0, refuses = 0;
  for (int i = 0; i < 20000; ++i) {
    Description dw, dt;
    dw.ins = {{"register", randomRadix(rng, 4)}};
    dw.outs = {{"dim0", randomRadix(rng, 4)}};
    dt.ins = {{"register", randomRadix(rng, 2)}};
    dt.outs = {{"dim0", randomRadix(rng, 2)}};
    randomFeeds(rng, dw);
    randomFeeds(rng, dt);
    Layout whole = *dw.build(), tile = *dt.build();
    uint64_t ni = tile.totalInputSize(), no = tile.totalOutputSize();
    bool holds =
        whole.totalInputSize() % ni == 0 && whole.totalOutputSize() % no == 0;
    for (uint64_t x = 0; holds && x < whole.totalInputSize(); ++x) {
      uint64_t y = whole.applyLinear(x);
      holds = y % no == tile.applyLinear(x % ni) &&
              y / no == whole.applyLinear(x / ni * ni) / no;
    }
    Result<Layout> rest = leftDivide(whole, tile);
    // A tile that is not onto may have another form within whole.
    if (rest || tile.isSurjective())
      EXPECT_EQ(bool(rest), holds) << toText(whole) << "\n" << toText(tile);
    (rest ? divides : refuses) += 1;
    if (rest)
      EXPECT_EQ(*product(tile, *rest), whole);
  }
  EXPECT_GT(divides, 1000);
  EXPECT_GT(refuses, 1000);
}

TEST(Algebra, SublayoutSliceTransposeRename) {
  Rng rng(6);
  for (int i = 0; i < 2000; ++i) {
    Layout layout = randomLayout(rng);
    Layout sub = *sublayout(layout, {"lane"}, {"dim0"});
    for (uint64_t lane = 0; lane < layout.inputSize("lane"); ++lane) {
      Coord in(layout.inputs().size());
      in[1] = lane;
      EXPECT_EQ((*sub.apply({lane}))[0], (*layout.apply(in))[0]);
    }
    Layout sliced = *slice(layout, "dim0");
    EXPECT_EQ(sliced.outputs().size(), layout.outputs().size() - 1);
    for (uint64_t p = 0; p < layout.totalInputSize(); ++p)
      EXPECT_EQ(sliced.applyLinear(p),
                layout.applyLinear(p) / layout.outputSize("dim0"));
    std::vector<std::string> ins = namesOf(layout.inputs()),
                             outs = namesOf(layout.outputs());
    std::reverse(ins.begin(), ins.end());
    std::reverse(outs.begin(), outs.end());
    Layout turned = *transpose(layout, ins, outs);
    for (uint64_t p = 0; p < layout.totalInputSize(); ++p) {
      Coord x = coordOf(layout.inputs(), p), y = *layout.apply(x);
      std::reverse(x.begin(), x.end());
      std::reverse(y.begin(), y.end());
      EXPECT_EQ(*turned.apply(x), y);
    }
    Layout renamed =
        *renameInput(*renameOutput(layout, "dim0", "m"), "lane", "thread");
    EXPECT_EQ(tableOf(renamed), tableOf(layout));
    EXPECT_NE(renamed, layout);

    Layout dense = *dropBroadcast(layout);
    Table table = tableOf(layout), denseTable = tableOf(dense);
    EXPECT_EQ(std::set<uint64_t>(table.begin(), table.end()),
              std::set<uint64_t>(denseTable.begin(), denseTable.end()));
    Layout registers =
        *sublayout(dense, {"register"}, namesOf(dense.outputs()));
    EXPECT_TRUE(registers.isInjective());
  }
  Layout layout = *Layout::identity1D(4, "register", "dim0");
  EXPECT_FALSE(sublayout(layout, {"lane"}, {"dim0"}));
  EXPECT_FALSE(sublayout(layout, {"register", "register"}, {"dim0"}));
  EXPECT_FALSE(slice(layout, "dim7"));
  EXPECT_FALSE(transpose(layout, {"register"}, {}));
  EXPECT_FALSE(renameInput(layout, "lane", "x"));
  EXPECT_FALSE(dropBroadcast(layout, "lane"));
}

TEST(Algebra, Reshape) {
  Rng rng(7);
  int done = 0, refused = 0;
  for (int i = 0; i < 4000; ++i) {
    Layout layout = randomLayout(rng);
    uint64_t out = layout.totalOutputSize(), in = layout.totalInputSize();
    for (uint64_t cut : {1, 2, 3, 4, 6}) {
      if (out % cut == 0) {
        Result<Layout> shaped =
            reshapeOutputs(layout, {{"a", cut}, {"b", out / cut}});
        (shaped ? done : refused) += 1;
        if (shaped) {
          EXPECT_EQ(shaped->outputSize("a"), cut);
          EXPECT_EQ(tableOf(*shaped), tableOf(layout));
        }
      }
      if (in % cut == 0)
        if (Result<Layout> shaped =
                reshapeInputs(layout, {{"a", cut}, {"b", in / cut}})) {
          EXPECT_EQ(shaped->inputSize("a"), cut);
          EXPECT_EQ(tableOf(*shaped), tableOf(layout));
        }
    }
    EXPECT_FALSE(reshapeOutputs(layout, {{"a", out + 1}}));
    EXPECT_TRUE(reshapeOutputs(layout, {{"flat", out}}));
  }
  EXPECT_GT(done, 1000);
  EXPECT_GT(refused, 100);
  // 12 = 4 * 3 straight through may become 3 * 4; with its bits swapped not.
  Layout straight = *Layout::identity1D(12, "register", "dim0");
  EXPECT_TRUE(reshapeOutputs(straight, {{"a", 3}, {"b", 4}}));
  Layout swapped = *parse("(dim0: 4*3) { register: (2) (1) 3*(4) }");
  EXPECT_FALSE(reshapeOutputs(swapped, {{"a", 3}, {"b", 4}}));
  EXPECT_TRUE(reshapeOutputs(swapped, {{"a", 4}, {"b", 3}}));
  // A power of two can always be cut.
  Layout power = *parse("(dim0: 16) { register: (3) (8) (4) (2) }");
  EXPECT_TRUE(reshapeOutputs(power, {{"a", 2}, {"b", 4}, {"c", 2}}));
}

TEST(Algebra, AlignOutputs) {
  Rng rng(8);
  int aligned = 0;
  for (int i = 0; i < 4000; ++i) {
    Description da, db;
    std::vector<uint32_t> radix = randomRadix(rng, 4);
    da.ins = {{"register", randomRadix(rng, 3)}};
    da.outs = {{"dim0", radix}};
    std::shuffle(radix.begin(), radix.end(), rng);
    db.ins = {{"register", randomRadix(rng, 3)}};
    db.outs = {{"dim0", radix}};
    randomFeeds(rng, da);
    randomFeeds(rng, db);
    Layout a = *da.build(), b = *db.build();
    Result<Aligned> both = alignOutputs(a, b);
    if (!both)
      continue;
    ++aligned;
    EXPECT_EQ(both->a.outputs(), both->b.outputs());
    EXPECT_EQ(both->a.canonical(), a);
    EXPECT_EQ(both->b.canonical(), b);
    EXPECT_EQ(tableOf(both->a), tableOf(a));
    EXPECT_EQ(tableOf(both->b), tableOf(b));
  }
  EXPECT_GT(aligned, 1000);
}

TEST(Algebra, NonPowerOfTwoTile) {
  // 128 x 192 is 3 repetitions of 128 x 64.
  Layout tile = *parse("(dim0: 128, dim1: 64) { register: (0,1) (0,2) (0,4) "
                       "(32,0) (64,0); lane: (0,8) (0,16) (0,32) (1,0) (2,0); "
                       "warp: (4,0) (8,0) (16,0) }");
  ASSERT_TRUE(tile.isInvertible());
  Layout three = *Layout::identity1D(3, "register", "dim1");
  Layout whole = *product(tile, three);
  EXPECT_EQ(whole.outputSize("dim1"), 192u);
  EXPECT_TRUE(whole.isInvertible());
  Layout rest = *leftDivide(whole, tile);
  EXPECT_EQ(rest.outputSize("dim1"), 3u);
  EXPECT_EQ(rest.totalInputSize(), 3u);
  EXPECT_FALSE(leftDivide(tile, whole));
}

TEST(Algebra, ExamplesOfTheDocument) {
  Layout acc = *parse("(dim0: 64, dim1: 8*3) { register: (0,1) (8,0) 3*(0,8); "
                      "lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
                      "warp: (16,0) (32,0) }");
  EXPECT_EQ(*acc.apply({7, 5, 2}), (Coord{41, 11}));
  Layout swap = *parse("(d: 4) { r: (2) (1) }");
  EXPECT_EQ(toText(*compose(swap, *renameInput(swap, "r", "d"))),
            "(d: 4) { r: (1) (2) }");
  EXPECT_EQ(toText(pseudoInvert(*parse("(d: 4) { r: (1); lane: (1) (2) }"))),
            "(r: 2, lane: 4) { d: (1,0) (0,2) }");
  EXPECT_EQ(toText(*leftDivide(*parse("(d: 8*3) { r: (1) (2) (4) 3*(8) }"),
                               *parse("(d: 4) { r: (1) (2) }"))),
            "(d: 2*3) { r: (1) 3*(2) }");
  EXPECT_EQ(toText(*slice(acc, "dim1")),
            "(dim0: 64) { register: (0) (8) 3*(0); "
            "lane: (0) (0) (1) (2) (4); warp: (16) (32) }");
}
} // namespace
