//===- print_test.cpp - Text, tables and pictures -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
size_t count(const std::string &text, const std::string &what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++n;
  return n;
}

TEST(Text, RoundTrip) {
  Rng rng(1);
  for (int i = 0; i < 3000; ++i) {
    Layout layout = randomLayout(rng);
    Result<Layout> again = parse(toText(layout));
    ASSERT_TRUE(again) << again.error() << "\n" << toText(layout);
    EXPECT_EQ(*again, layout);
    EXPECT_EQ(toText(*again), toText(layout));
  }
  EXPECT_EQ(toText(Layout()), "() { }");
  EXPECT_EQ(*parse("() { }"), Layout());
}

TEST(Text, Form) {
  EXPECT_EQ(toText(*parse("(m:16,n:8*3){\n register:(0,1)(8,0)3*(0,8)\n"
                          " lane: (0,2) (0,4) (1,0) (2,0) (4,0)\n}")),
            "(m: 16, n: 8*3) { register: (0,1) (8,0) 3*(0,8); "
            "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  // Repetitions that go together are one; an even one is its digits.
  EXPECT_EQ(toText(*parse("(n: 8*24) { register: 24*(8) }")),
            "(n: 64*3) { register: (8) (16) (32) 3*(64) }");
}

TEST(Text, Errors) {
  auto error = [](const char *text) { return parse(text).error(); };
  EXPECT_EQ(error(""), "1:1: expected '(', found the end");
  EXPECT_EQ(error("(m 16) {}"), "1:4: expected ':', found '1'");
  EXPECT_EQ(error("(m: ) {}"), "1:5: expected a number, found ')'");
  EXPECT_EQ(error("(m: 4; n: 2) {}"), "1:6: expected ',' or ')', found ';'");
  EXPECT_EQ(error("(m: 4)\n{ register: (1,2) }"),
            "2:13: expected a vector with 1 component, one for each output "
            "dimension, found '('");
  EXPECT_EQ(error("(m: 4) { register: (1) "),
            "1:24: expected a dimension's name, found the end");
  EXPECT_EQ(error("(m: 4) { } x"), "1:12: expected the end of the layout, "
                                   "found 'x'");
  EXPECT_EQ(error("(m: 4) { register: (99999999999999999999) }"),
            "1:21: expected a number below 2^62, found '9'");
  EXPECT_EQ(error("(m: 4) { register: 0*(1) }"),
            "1:20: expected a repetition between 1 and 4294967295, found '0'");
  EXPECT_EQ(error("(m: 4) { register: (4) }"),
            "1:1: input dimension 'register', basis (4): outside of 'm', whose "
            "size is 4");
  // Nothing that is cut off or garbled is taken, and nothing crashes.
  Rng rng(2);
  const std::string good =
      "(m: 16, n: 8*3) { register: (0,1) (8,0) 3*(0,8); lane: (0,2) }";
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(parse(good.substr(0, n)));
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (unsigned k = 1 + below(rng, 3); k-- > 0;)
      bad[below(rng, unsigned(bad.size()))] = char(below(rng, 256));
    if (Result<Layout> layout = parse(bad))
      EXPECT_EQ(*parse(toText(*layout)), *layout);
    else
      EXPECT_FALSE(layout.error().empty());
  }
}

TEST(Table, PlacesAndElements) {
  Layout layout = *parse("(dim0: 2, dim1: 4) { register: (0,1); "
                         "lane: (0,2) (1,0) (0,0) }");
  EXPECT_EQ(*toPlaceTable(layout), "lane     r0     r1\n"
                                   "   0  (0,0)  (0,1)\n"
                                   "   1  (0,2)  (0,3)\n"
                                   "   2  (1,0)  (1,1)\n"
                                   "   3  (1,2)  (1,3)\n"
                                   "   4  (0,0)  (0,1)\n"
                                   "   5  (0,2)  (0,3)\n"
                                   "   6  (1,0)  (1,1)\n"
                                   "   7  (1,2)  (1,3)\n");
  EXPECT_EQ(*toElementTable(layout),
            "l0:r0|l4:r0  l0:r1|l4:r1  l1:r0|l5:r0  l1:r1|l5:r1\n"
            "l2:r0|l6:r0  l2:r1|l6:r1  l3:r0|l7:r0  l3:r1|l7:r1\n");
  EXPECT_EQ(*toElementTable(*parse("(d: 4) { lane: (2) }")), "l0  -  l1  -\n");
  EXPECT_FALSE(toPlaceTable(layout, 4));
  EXPECT_FALSE(toElementTable(layout, 4));
  EXPECT_FALSE(toPlaceTable(Layout()));
  EXPECT_FALSE(toElementTable(Layout()));
}

TEST(Svg, IsWholeAndNamesEveryPlace) {
  Layout layout = *parse("(dim0: 8, dim1: 8*3) { register: (0,1) 3*(0,8); "
                         "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  std::string svg = *toSvg(layout);
  EXPECT_EQ(svg.rfind("<svg xmlns", 0), 0u);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
  EXPECT_EQ(count(svg, "<title>"), 8u * 24u);
  EXPECT_EQ(count(svg, "<g>"), count(svg, "</g>"));
  EXPECT_EQ(count(svg, "<text"), count(svg, "</text>"));
  EXPECT_NE(svg.find("<title>dim0 1, dim1 11\nlane 5, register 3</title>"),
            std::string::npos);
  Layout memory = *parse("(dim0: 4, dim1: 32) { offset: (0,1) (0,2) (0,4) "
                         "(0,8) (0,16) (1,0) (2,0) }");
  SvgOptions banks;
  banks.colour = "offset";
  banks.banks = 32;
  EXPECT_NE(toSvg(memory, banks)->find("(bank 15)"), std::string::npos);
  EXPECT_FALSE(toSvg(memory));
  EXPECT_FALSE(toSvg(Layout()));
  banks.bankBytes = 0;
  EXPECT_FALSE(toSvg(memory, banks));
}
} // namespace
