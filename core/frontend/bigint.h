//===- bigint.h - Integers of any size, with Python's rules -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tilesdk::frontend {

/// Immutable signed integer. Operations whose result would be wider than
/// `maxBits` give nothing, so that no source can make the compiler allocate
/// without bound.
class BigInt {
public:
  static constexpr unsigned maxBits = 4096;
  using Maybe = std::optional<BigInt>;

  BigInt(int64_t value = 0) : value(64, static_cast<uint64_t>(value), true) {}
  static BigInt fromUnsigned(uint64_t value);
  /// \p value is read as signed. Nothing when it is too wide.
  static Maybe fromAPInt(const llvm::APInt &value);
  /// Truncates toward zero; nothing for nan, infinities and huge values.
  static Maybe fromDouble(double value);
  /// Nothing when \p text is no integer of \p radix, sign allowed.
  static Maybe parse(llvm::StringRef text, unsigned radix = 10);

  bool isZero() const { return value.isZero(); }
  bool isNegative() const { return value.isNegative(); }
  bool isPowerOfTwo() const;
  std::optional<int64_t> asInt64() const;
  std::optional<uint64_t> asUInt64() const;
  /// True when it lies in the range of that integer type.
  bool fitsSigned(unsigned width) const;
  bool fitsUnsigned(unsigned width) const;
  double toDouble() const;
  /// Two's complement, truncated or sign-extended.
  llvm::APInt toAPInt(unsigned width) const { return value.sextOrTrunc(width); }
  unsigned significantBits() const { return value.getSignificantBits(); }
  std::string str(unsigned radix = 10) const;

  static int compare(const BigInt &lhs, const BigInt &rhs);
  bool operator==(const BigInt &other) const {
    return compare(*this, other) == 0;
  }
  bool operator<(const BigInt &other) const {
    return compare(*this, other) < 0;
  }

  Maybe add(const BigInt &other) const;
  Maybe sub(const BigInt &other) const;
  Maybe mul(const BigInt &other) const;
  /// Round toward minus infinity; \p other must not be 0.
  Maybe floorDiv(const BigInt &other) const;
  /// Has the sign of \p other, which must not be 0.
  Maybe floorMod(const BigInt &other) const;
  /// \p exponent must not be negative.
  Maybe pow(const BigInt &exponent) const;
  /// \p amount must not be negative.
  Maybe shl(const BigInt &amount) const;
  Maybe shr(const BigInt &amount) const;
  BigInt bitAnd(const BigInt &other) const;
  BigInt bitOr(const BigInt &other) const;
  BigInt bitXor(const BigInt &other) const;
  BigInt invert() const;
  Maybe negate() const { return BigInt(0).sub(*this); }

private:
  explicit BigInt(const llvm::APInt &value);
  /// A multiple of 64 bits, as narrow as possible.
  llvm::APInt value;
};

} // namespace tilesdk::frontend
