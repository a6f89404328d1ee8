//===- f2_test.cpp - Linear algebra over F2, by enumeration ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/f2.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

using namespace tilesdk::layout::f2;

namespace {
std::set<uint64_t> allOf(const Vectors &vectors) {
  std::set<uint64_t> all;
  for (uint64_t x = 0; x < uint64_t(1) << vectors.size(); ++x)
    all.insert(multiply(vectors, x));
  return all;
}

Vectors randomVectors(std::mt19937 &rng, unsigned n) {
  Vectors vectors(rng() % 7);
  for (uint64_t &v : vectors)
    v = rng() & ((1u << n) - 1);
  return vectors;
}

TEST(F2, SpanSolvesExactlyWhatIsInIt) {
  std::mt19937 rng(1);
  for (int i = 0; i < 2000; ++i) {
    unsigned n = 1 + rng() % 6;
    Vectors vectors = randomVectors(rng, n);
    std::set<uint64_t> all = allOf(vectors);
    Span span(vectors);
    EXPECT_EQ(uint64_t(1) << span.dimension(), all.size());
    EXPECT_EQ(span.kernel().size() + span.dimension(), vectors.size());
    for (uint64_t relation : span.kernel()) {
      EXPECT_NE(relation, 0u);
      EXPECT_EQ(multiply(vectors, relation), 0u);
    }
    for (uint64_t v = 0; v < uint64_t(1) << n; ++v) {
      auto solution = span.solve(v);
      ASSERT_EQ(bool(solution), all.count(v) == 1);
      if (solution) {
        EXPECT_EQ(multiply(vectors, *solution), v);
        EXPECT_EQ(*solution & ~span.pivots(), 0u);
      }
      uint64_t w = rng() & ((1u << n) - 1);
      EXPECT_EQ(span.reduce(v).used ^ span.reduce(w).used,
                span.reduce(v ^ w).used);
    }
  }
}

TEST(F2, IntersectionAndCommonComplement) {
  std::mt19937 rng(2);
  for (int i = 0; i < 2000; ++i) {
    unsigned n = 1 + rng() % 6;
    Vectors a, b;
    extend(a, randomVectors(rng, n), 64);
    extend(b, randomVectors(rng, n), 64);
    std::set<uint64_t> inA = allOf(a), inB = allOf(b), both;
    for (uint64_t v : inA)
      if (inB.count(v))
        both.insert(v);
    EXPECT_EQ(allOf(intersect(a, b)), both);

    size_t size = std::min(a.size(), b.size());
    a.resize(size);
    b.resize(size);
    Vectors c = commonComplement(a, b, n);
    EXPECT_EQ(c.size(), n - size);
    for (const Vectors &side : {a, b}) {
      Vectors whole = side;
      whole.insert(whole.end(), c.begin(), c.end());
      EXPECT_EQ(rank(whole), n);
    }
  }
}
} // namespace
