//===- elements.cpp - Elements of matrix instructions as numbers *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/elements.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tilesdk::simulator {

ElementType::ElementType(std::string_view name) {
  auto format = [&](unsigned bytes, int exponent, int mantissa, int newBias) {
    size = bytes;
    exponentBits = exponent;
    mantissaBits = mantissa;
    bias = newBias;
  };
  if (name == "i8" || name == "u8") {
    kind = name == "i8" ? Signed : Unsigned;
    size = 1;
  } else if (name == "i32" || name == "i64") {
    kind = Signed;
    size = name == "i32" ? 4 : 8;
  } else if (name == "f16") {
    format(2, 5, 10, 15);
  } else if (name == "bf16") {
    format(2, 8, 7, 127);
  } else if (name == "f64") {
    format(8, 11, 52, 1023);
  } else if (name == "tf32" || name == "xf32") {
    isTf32 = true;
  } else if (name == "f8E4M3FN") {
    format(1, 4, 3, 7);
    isFn = true;
  } else if (name == "f8E5M2") {
    format(1, 5, 2, 15);
  } else if (name == "f8E4M3FNUZ") {
    format(1, 4, 3, 8);
    isFnuz = true;
  } else if (name == "f8E5M2FNUZ") {
    format(1, 5, 2, 16);
    isFnuz = true;
  }
}

static uint64_t bitsAt(const void *memory, unsigned index, unsigned size) {
  uint64_t bits = 0;
  std::memcpy(&bits, static_cast<const char *>(memory) + size_t(index) * size,
              size);
  return bits;
}

double ElementType::load(const void *memory, unsigned index) const {
  uint64_t bits = bitsAt(memory, index, size);
  if (size == 8)
    return std::bit_cast<double>(bits);
  if (size == 4) {
    // The instruction reads the upper 19 bits.
    if (isTf32)
      bits &= 0xFFFFE000u;
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  }
  unsigned width = size * 8;
  bool negative = bits >> (width - 1) & 1;
  int exponent =
      static_cast<int>(bits >> mantissaBits) & ((1 << exponentBits) - 1);
  int64_t mantissa = static_cast<int64_t>(bits & ((1u << mantissaBits) - 1));
  int top = (1 << exponentBits) - 1;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (isFnuz && bits == 1u << (width - 1))
    return nan;
  if (isFn && exponent == top && mantissa == (1 << mantissaBits) - 1)
    return nan;
  if (!isFn && !isFnuz && exponent == top)
    return mantissa   ? nan
           : negative ? -std::numeric_limits<double>::infinity()
                      : std::numeric_limits<double>::infinity();
  double value = exponent
                     ? std::ldexp(double(mantissa + (1 << mantissaBits)),
                                  exponent - bias - mantissaBits)
                     : std::ldexp(double(mantissa), 1 - bias - mantissaBits);
  return negative ? -value : value;
}

void ElementType::store(void *memory, unsigned index, double value) const {
  char *to = static_cast<char *>(memory) + size_t(index) * size;
  if (size == 8) {
    std::memcpy(to, &value, 8);
  } else if (size == 4) {
    float narrow = static_cast<float>(value);
    std::memcpy(to, &narrow, 4);
  } else if (mantissaBits == 10) {
    _Float16 narrow = static_cast<_Float16>(value);
    std::memcpy(to, &narrow, 2);
  } else {
    uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    uint16_t narrow =
        value != value
            ? static_cast<uint16_t>(bits >> 16 | 0x40)
            : static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    std::memcpy(to, &narrow, 2);
  }
}

int64_t ElementType::loadInteger(const void *memory, unsigned index) const {
  uint64_t bits = bitsAt(memory, index, size);
  unsigned unused = 64 - size * 8;
  return kind == Unsigned ? static_cast<int64_t>(bits)
                          : static_cast<int64_t>(bits << unused) >> unused;
}

void ElementType::storeInteger(void *memory, unsigned index,
                               int64_t value) const {
  std::memcpy(static_cast<char *>(memory) + size_t(index) * size, &value, size);
}

} // namespace tilesdk::simulator
