//===- dims_test.cpp - Output dimensions added, dropped, moved ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/dims.h"
#include "core/layout/test/random_layout.h"

using namespace tilesdk::layout;
using namespace tilesdk::layout::test;

namespace {
/// Every coordinate of \p after is \p map of that of \p before.
template <typename Map>
void check(const Layout &before, const Result<Layout> &after, Map map) {
  ASSERT_TRUE(after) << after.error();
  ASSERT_EQ(before.totalInputSize(), after->totalInputSize());
  for (uint64_t i = 0; i < before.totalInputSize(); ++i) {
    Coord place;
    uint64_t rest = i;
    for (const Dim &dim : before.inputs()) {
      place.push_back(rest % dim.size());
      rest /= dim.size();
    }
    EXPECT_EQ(*after->apply(place), map(*before.apply(place)))
        << toText(before);
  }
}

TEST(Dims, Random) {
  Rng rng(5);
  for (int i = 0; i < 100; ++i) {
    std::vector<Factors> outs = {{"dim0", {2, 2}}, {"dim1", {2, 2, 2}}};
    if (below(rng, 2))
      outs[0].radix = {2, 3};
    Layout l = randomBijection(rng, outs, {{"lane", 2}, {"warp", 1}});
    uint64_t rows = l.outputSize("dim0"), columns = 8;
    check(l, dropDim(l, 0), [](Coord c) { return Coord{c[1]}; });
    check(l, insertDim(l, 1, 4), [](Coord c) { return Coord{c[0], 0, c[1]}; });
    check(l, flattenDims(l, {false, true}),
          [](Coord c) { return Coord{c[0], 0}; });
    int32_t perm[] = {1, 0};
    check(l, permuteDims(l, perm), [](Coord c) { return Coord{c[1], c[0]}; });
    int64_t flat[] = {int64_t(rows * columns)};
    check(l, reshapeRows(l, flat),
          [&](Coord c) { return Coord{c[0] * columns + c[1]}; });
    check(l, halfOf(l, 1, 4), [](Coord c) { return Coord{c[0], c[1] % 4}; });
    EXPECT_FALSE(halfOf(l, 1, 2));
  }
}
} // namespace
