//===- f2.h - Linear algebra over the field of two elements -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector is a uint64_t (bit i is component i), a matrix the list of its
// columns, a subspace a list of independent vectors. Never fails: all sizes are
// at most 64 by construction.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tilesdk::layout::f2 {

using Vectors = std::vector<uint64_t>;

/// M x: the XOR of the columns that x selects.
uint64_t multiply(const Vectors &columns, uint64_t x);
unsigned rank(const Vectors &vectors);

/// A basis grown one vector at a time that remembers how each of its vectors
/// was made from those given, earlier ones preferred.
class Span {
public:
  Span() = default;
  explicit Span(const Vectors &vectors);

  /// Returns whether \p vector was independent of those before it.
  bool add(uint64_t vector);
  bool contains(uint64_t vector) const { return reduce(vector).rest == 0; }
  unsigned dimension() const { return unsigned(rows.size()); }

  struct Reduced {
    /// What the span cannot express; linear in the argument.
    uint64_t rest;
    /// Bit i: the i-th vector given takes part; linear in the argument.
    uint64_t used;
  };
  Reduced reduce(uint64_t vector) const;
  /// The combination of given vectors that makes \p vector.
  std::optional<uint64_t> solve(uint64_t vector) const;
  /// Combinations of the given vectors that are zero: a basis of the kernel.
  const Vectors &kernel() const { return relations; }
  /// Bit i: the i-th vector given was independent.
  uint64_t pivots() const { return independent; }

private:
  struct Row {
    uint64_t vector, lead, used;
  };
  std::vector<Row> rows;
  Vectors relations;
  uint64_t independent = 0;
  unsigned given = 0;
};

/// A basis of span(a) and span(b)'s intersection.
Vectors intersect(const Vectors &a, const Vectors &b);
/// Appends those of \p more that are independent of \p basis, up to \p limit
/// vectors in all.
void extend(Vectors &basis, const Vectors &more, size_t limit);
/// The \p n unit vectors.
Vectors units(unsigned n);
/// A subspace of F2^n that is a complement of span(a) and of span(b).
/// Precondition: a and b are independent lists of the same length.
Vectors commonComplement(const Vectors &a, const Vectors &b, unsigned n);

} // namespace tilesdk::layout::f2
