//===- polynomial.h - Sums of products of scalars ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <utility>

namespace tilesdk::optimizer {

/// A sum of products of a constant and scalars of the kernel, as if integers
/// were unbounded.
class Polynomial {
public:
  struct Term {
    int64_t factor;
    /// In any order; a scalar may be in it several times.
    llvm::SmallVector<mlir::Value, 2> scalars;
  };

  Polynomial() = default;
  explicit Polynomial(int64_t constant);
  explicit Polynomial(mlir::Value scalar);

  llvm::ArrayRef<Term> terms() const { return sum; }
  bool isZero() const { return sum.empty(); }
  /// The number that it is; nothing when it has scalars.
  std::optional<int64_t> constant() const;
  bool operator==(const Polynomial &other) const;

  Polynomial &add(const Polynomial &other, int64_t factor = 1);
  Polynomial operator+(const Polynomial &other) const;
  Polynomial operator-(const Polynomial &other) const;
  Polynomial operator*(const Polynomial &other) const;
  /// Quotient and rest: this = quotient * \p divisor + rest, where no term of
  /// the rest is a multiple of the divisor's first.
  std::pair<Polynomial, Polynomial> divide(const Polynomial &divisor) const;

  /// Makes its value where \p builder stands, in arithmetic of \p type.
  mlir::Value make(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::IntegerType type) const;

private:
  void addTerm(const Term &term, int64_t factor);

  llvm::SmallVector<Term, 2> sum;
};

/// What element (i, j, ...) of an integer tensor is: start + i * steps[0] + j *
/// steps[1] + ...; of a tensor of pointers, the elements from `base`.
struct AffineTile {
  mlir::Value base;
  Polynomial start;
  llvm::SmallVector<Polynomial, 2> steps;
};

/// Finds polynomials behind values. 32-bit sums and products are taken not to
/// wrap.
class AffineTiles {
public:
  /// Of an integer or pointer, or a tensor of those; nothing when it is
  /// something else than a sum of ranges. Scalars always are something: their
  /// own value if nothing better. What a loop carries and moves by the same
  /// amount each time is a multiple of the loop's counter.
  std::optional<AffineTile> find(mlir::Value value);

  /// The tile's mask as what must be below zero; nothing when it is no
  /// conjunction of comparisons of affine tiles.
  std::optional<llvm::SmallVector<AffineTile, 4>>
  findConditions(mlir::Value mask);

private:
  AffineTile scalar(mlir::Value value);
  std::optional<AffineTile> carried(mlir::BlockArgument argument);

  /// Carried values that stand for themselves while their step is found.
  llvm::SmallPtrSet<void *, 4> open;
};

} // namespace tilesdk::optimizer
