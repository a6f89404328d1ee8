//===- f2.cpp - Linear algebra over the field of two elements -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/f2.h"

#include <bit>

namespace tilesdk::layout::f2 {

uint64_t multiply(const Vectors &columns, uint64_t x) {
  uint64_t y = 0;
  for (; x; x &= x - 1)
    if (size_t i = std::countr_zero(x); i < columns.size())
      y ^= columns[i];
  return y;
}

unsigned rank(const Vectors &vectors) { return Span(vectors).dimension(); }

Span::Span(const Vectors &vectors) {
  for (uint64_t vector : vectors)
    add(vector);
}

bool Span::add(uint64_t vector) {
  Reduced reduced = reduce(vector);
  uint64_t self = uint64_t(1) << given++;
  if (reduced.rest == 0) {
    relations.push_back(reduced.used ^ self);
    return false;
  }
  independent |= self;
  rows.push_back(
      {reduced.rest, reduced.rest & (~reduced.rest + 1), reduced.used ^ self});
  return true;
}

Span::Reduced Span::reduce(uint64_t vector) const {
  uint64_t used = 0;
  for (const Row &row : rows)
    if (vector & row.lead) {
      vector ^= row.vector;
      used ^= row.used;
    }
  return {vector, used};
}

std::optional<uint64_t> Span::solve(uint64_t vector) const {
  Reduced reduced = reduce(vector);
  if (reduced.rest)
    return std::nullopt;
  return reduced.used;
}

Vectors intersect(const Vectors &a, const Vectors &b) {
  Vectors independent, independentB, result;
  extend(independent, a, 64);
  extend(independentB, b, 64);
  // Zassenhaus on pairs (x, x) for a and (y, 0) for b: rows whose first half
  // vanishes carry the intersection in the second half.
  struct Pair {
    uint64_t first, second;
  };
  std::vector<Pair> rows;
  auto insert = [&](Pair pair) {
    for (const Pair &row : rows)
      if (pair.first & (row.first & (~row.first + 1))) {
        pair.first ^= row.first;
        pair.second ^= row.second;
      }
    if (pair.first)
      rows.push_back(pair);
    else if (pair.second)
      result.push_back(pair.second);
  };
  for (uint64_t x : independent)
    insert({x, x});
  for (uint64_t y : independentB)
    insert({y, 0});
  return result;
}

void extend(Vectors &basis, const Vectors &more, size_t limit) {
  Span span(basis);
  for (uint64_t vector : more) {
    if (basis.size() >= limit)
      return;
    if (!span.contains(vector)) {
      span.add(vector);
      basis.push_back(vector);
    }
  }
}

Vectors units(unsigned n) {
  Vectors result;
  for (unsigned i = 0; i < n; ++i)
    result.push_back(uint64_t(1) << i);
  return result;
}

Vectors commonComplement(const Vectors &a, const Vectors &b, unsigned n) {
  Vectors common = intersect(a, b), ofA = common, ofB = common, sum;
  extend(ofA, a, 64);
  extend(ofB, b, 64);
  // a_i + b_i is in neither space, nor is any combination of them: its part in
  // a would otherwise be in b too, that is in the intersection.
  Vectors result;
  for (size_t i = common.size(); i < ofA.size(); ++i)
    result.push_back(ofA[i] ^ ofB[i]);
  sum = ofA;
  extend(sum, ofB, 64);
  size_t have = sum.size();
  extend(sum, units(n), 64);
  result.insert(result.end(), sum.begin() + have, sum.end());
  return result;
}

} // namespace tilesdk::layout::f2
