//===- polynomial.cpp - Sums of products of scalars -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/polynomial.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tilesdk::optimizer {

using Term = Polynomial::Term;

/// Whether the scalars of \p a are among those of \p b, \p rest the others.
static bool divides(const Term &a, const Term &b, Term &rest) {
  rest = b;
  for (Value scalar : a.scalars) {
    auto *found = llvm::find(rest.scalars, scalar);
    if (found == rest.scalars.end())
      return false;
    rest.scalars.erase(found);
  }
  return true;
}

Polynomial::Polynomial(int64_t constant) {
  if (constant)
    sum.push_back({constant, {}});
}

Polynomial::Polynomial(Value scalar) { sum.push_back({1, {scalar}}); }

std::optional<int64_t> Polynomial::constant() const {
  if (sum.empty())
    return 0;
  if (sum.size() > 1 || !sum[0].scalars.empty())
    return std::nullopt;
  return sum[0].factor;
}

bool Polynomial::operator==(const Polynomial &other) const {
  return (*this - other).isZero();
}

void Polynomial::addTerm(const Term &term, int64_t factor) {
  Term rest;
  for (Term &known : sum)
    if (known.scalars.size() == term.scalars.size() &&
        divides(known, term, rest)) {
      known.factor += factor * term.factor;
      if (!known.factor)
        sum.erase(&known);
      return;
    }
  if (factor * term.factor)
    sum.push_back({factor * term.factor, term.scalars});
}

Polynomial &Polynomial::add(const Polynomial &other, int64_t factor) {
  // Of a copy, for it may be this one.
  llvm::SmallVector<Term, 2> terms = other.sum;
  for (const Term &term : terms)
    addTerm(term, factor);
  return *this;
}

Polynomial Polynomial::operator+(const Polynomial &other) const {
  return Polynomial(*this).add(other);
}

Polynomial Polynomial::operator-(const Polynomial &other) const {
  return Polynomial(*this).add(other, -1);
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  Polynomial result;
  for (const Term &a : sum)
    for (const Term &b : other.sum) {
      Term term = a;
      llvm::append_range(term.scalars, b.scalars);
      result.addTerm(term, b.factor);
    }
  return result;
}

std::pair<Polynomial, Polynomial>
Polynomial::divide(const Polynomial &divisor) const {
  Polynomial quotient, rest = *this;
  if (divisor.isZero())
    return {quotient, rest};
  const Term &first = divisor.sum.front();
  // Each step takes one term away; several terms of a divisor may bring others.
  for (unsigned steps = 0; steps < 16; ++steps) {
    Term left;
    auto *term = llvm::find_if(rest.sum, [&](const Term &term) {
      return term.factor % first.factor == 0 && divides(first, term, left);
    });
    if (term == rest.sum.end())
      break;
    Polynomial part;
    part.addTerm({term->factor / first.factor, left.scalars}, 1);
    quotient.add(part);
    rest.add(part * divisor, -1);
  }
  return {quotient, rest};
}

Value Polynomial::make(OpBuilder &builder, Location loc,
                       IntegerType type) const {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getIntegerAttr(type, value));
  };
  Value result;
  for (const Term &term : sum) {
    Value product;
    for (Value scalar : term.scalars) {
      Value factor = scalar;
      unsigned width = scalar.getType().getIntOrFloatBitWidth();
      if (width < type.getWidth())
        factor = arith::ExtSIOp::create(builder, loc, type, factor);
      else if (width > type.getWidth())
        factor = arith::TruncIOp::create(builder, loc, type, factor);
      product =
          product
              ? arith::MulIOp::create(builder, loc, product, factor).getResult()
              : factor;
    }
    if (!product)
      product = constant(term.factor);
    else if (term.factor != 1)
      product =
          arith::MulIOp::create(builder, loc, product, constant(term.factor));
    result =
        result
            ? arith::AddIOp::create(builder, loc, result, product).getResult()
            : product;
  }
  return result ? result : constant(0);
}

} // namespace tilesdk::optimizer
