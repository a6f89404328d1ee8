//===- bigint.cpp - Integers of any size, with Python's rules ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/bigint.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>

using namespace tilesdk::frontend;
using llvm::APInt;

static unsigned roundedWidth(unsigned bits) { return (bits + 63) / 64 * 64; }

BigInt::BigInt(const APInt &v)
    : value(v.sextOrTrunc(roundedWidth(std::max(1u, v.getSignificantBits())))) {
}

BigInt BigInt::fromUnsigned(uint64_t value) { return BigInt(APInt(65, value)); }

BigInt::Maybe BigInt::fromAPInt(const APInt &value) {
  BigInt result{APInt(value)};
  if (result.value.getSignificantBits() > maxBits)
    return std::nullopt;
  return result;
}

BigInt::Maybe BigInt::fromDouble(double number) {
  if (!std::isfinite(number) || std::fabs(number) >= 0x1p1023)
    return std::nullopt;
  llvm::APSInt result(1088, /*isUnsigned=*/false);
  bool exact;
  llvm::APFloat(number).convertToInteger(result, llvm::APFloat::rmTowardZero,
                                         &exact);
  return fromAPInt(result);
}

BigInt::Maybe BigInt::parse(llvm::StringRef text, unsigned radix) {
  text = text.trim();
  bool negative = text.consume_front("-");
  if (!negative)
    text.consume_front("+");
  std::string digits;
  for (char c : text)
    if (c != '_')
      digits += c;
  if (digits.empty() || digits.size() > maxBits)
    return std::nullopt;
  APInt parsed;
  if (llvm::StringRef(digits).getAsInteger(radix, parsed))
    return std::nullopt;
  Maybe result = fromAPInt(parsed.zext(parsed.getBitWidth() + 1));
  if (result && negative)
    return result->negate();
  return result;
}

bool BigInt::isPowerOfTwo() const {
  return !isNegative() && value.isPowerOf2();
}

std::optional<int64_t> BigInt::asInt64() const {
  if (value.getSignificantBits() > 64)
    return std::nullopt;
  return value.getSExtValue();
}

std::optional<uint64_t> BigInt::asUInt64() const {
  if (isNegative() || value.getActiveBits() > 64)
    return std::nullopt;
  return value.extractBitsAsZExtValue(64, 0);
}

bool BigInt::fitsSigned(unsigned width) const {
  return value.getSignificantBits() <= width;
}

bool BigInt::fitsUnsigned(unsigned width) const {
  return !isNegative() && value.getActiveBits() <= width;
}

double BigInt::toDouble() const { return value.signedRoundToDouble(); }

std::string BigInt::str(unsigned radix) const {
  llvm::SmallString<32> text;
  value.toString(text, radix, /*Signed=*/true);
  return std::string(text);
}

static void align(APInt &lhs, APInt &rhs, unsigned extra = 0) {
  unsigned width = std::max(lhs.getBitWidth(), rhs.getBitWidth()) + extra;
  lhs = lhs.sext(width);
  rhs = rhs.sext(width);
}

int BigInt::compare(const BigInt &lhs, const BigInt &rhs) {
  APInt a = lhs.value, b = rhs.value;
  align(a, b);
  return a.slt(b) ? -1 : a == b ? 0 : 1;
}

BigInt::Maybe BigInt::add(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b, 1);
  return fromAPInt(a + b);
}

BigInt::Maybe BigInt::sub(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b, 1);
  return fromAPInt(a - b);
}

BigInt::Maybe BigInt::mul(const BigInt &other) const {
  unsigned width = value.getBitWidth() + other.value.getBitWidth();
  return fromAPInt(value.sext(width) * other.value.sext(width));
}

BigInt::Maybe BigInt::floorDiv(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b, 1);
  APInt quotient, remainder;
  APInt::sdivrem(a, b, quotient, remainder);
  if (!remainder.isZero() && remainder.isNegative() != b.isNegative())
    quotient -= 1;
  return fromAPInt(quotient);
}

BigInt::Maybe BigInt::floorMod(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b, 1);
  APInt remainder = a.srem(b);
  if (!remainder.isZero() && remainder.isNegative() != b.isNegative())
    remainder += b;
  return fromAPInt(remainder);
}

BigInt::Maybe BigInt::pow(const BigInt &exponent) const {
  std::optional<uint64_t> count = exponent.asUInt64();
  BigInt magnitude = *this;
  bool trivial = value.isZero() || value.isOne() || value.isAllOnes();
  if (!count)
    count = exponent.value[0] ? 1 : 2; // Only reached by 0, 1 and -1.
  if (trivial)
    count = *count == 0 ? 0 : 2 - (*count & 1);
  else if (!exponent.fitsUnsigned(32) ||
           (significantBits() - 1) * *count > 2 * maxBits)
    return std::nullopt;
  BigInt result(1);
  for (uint64_t bits = *count; bits; bits >>= 1) {
    if (bits & 1) {
      Maybe product = result.mul(magnitude);
      if (!product)
        return std::nullopt;
      result = *product;
    }
    if (bits > 1) {
      Maybe square = magnitude.mul(magnitude);
      if (!square)
        return std::nullopt;
      magnitude = *square;
    }
  }
  return result;
}

BigInt::Maybe BigInt::shl(const BigInt &amount) const {
  if (isZero())
    return *this;
  std::optional<uint64_t> count = amount.asUInt64();
  if (!count || *count > maxBits)
    return std::nullopt;
  return fromAPInt(value.sext(value.getBitWidth() + *count + 1) << *count);
}

BigInt::Maybe BigInt::shr(const BigInt &amount) const {
  std::optional<uint64_t> count = amount.asUInt64();
  if (!count || *count >= value.getBitWidth())
    return BigInt(isNegative() ? -1 : 0);
  return fromAPInt(value.ashr(*count));
}

BigInt BigInt::bitAnd(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b);
  return BigInt(a & b);
}

BigInt BigInt::bitOr(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b);
  return BigInt(a | b);
}

BigInt BigInt::bitXor(const BigInt &other) const {
  APInt a = value, b = other.value;
  align(a, b);
  return BigInt(a ^ b);
}

BigInt BigInt::invert() const { return BigInt(~value); }
