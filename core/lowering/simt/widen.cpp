//===- widen.cpp - 8-bit floats for wider instructions ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of 8-bit floats on machines without instructions for these. f16 and
// bf16 hold each such number exactly, so nothing is rounded; where f16 will do,
// a word makes two numbers at a time.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/fragments.h"

namespace tilesdk::lowering {

namespace {
/// Two half words at a time, with nothing carried from one to the other.
struct HalfWords {
  Build &B;
  Type words;
  Value both(uint32_t half) const {
    return B.cst(words, int32_t(half << 16 | half));
  }
  Value mask(Value v, uint32_t half) const {
    return B.bin("and", v, both(half));
  }
  Value down(Value v) const { return B.bin("lshr", v, B.cst(words, 1)); }
};
} // namespace

/// \p v, an even number of bytes, as f16.
static Value toHalf(Build &B, Value v, Type from) {
  unsigned count = B.lanesOf(v);
  SmallVector<int32_t> lanes;
  for (unsigned i = 0; i < count; ++i)
    lanes.append({int32_t(count), int32_t(i)});
  Value high = B.shuffle(v, B.cst(v.getType(), 0), lanes);
  Type halves = B.vec(B.f16, count);
  // The upper byte of an f16.
  if (isa<Float8E5M2Type>(from))
    return B.op("bitcast", halves, {high});
  HalfWords h{B, B.vec(B.i32, count / 2)};
  Value w = B.op("bitcast", h.words, {high});
  // Exponent and mantissa in place, scaled so that subnormals come out right.
  Value magnitude = h.down(h.mask(w, 0x7f00));
  Value number = B.bin("or", magnitude, h.mask(w, 0x8000));
  constexpr double scale = 256; // 2^(15 - 7), the exponents' biases.
  Value scaled = B.bin("fmul", B.op("bitcast", halves, {number}),
                       B.cstFloat(halves, scale));
  // Of NaN, and of no other, one more carries into the highest bit; it has all
  // bits of the exponent but this.
  Value nan = h.mask(h.down(B.bin("add", magnitude, h.both(0x80))), 0x2000);
  Value result = B.bin("or", B.op("bitcast", h.words, {scaled}), nan);
  return B.op("bitcast", halves, {result});
}

Value widenFragment(SimtEngine &e, Value v, Type from, Type to) {
  Build &B = e.B;
  unsigned count = B.lanesOf(v);
  if (to == B.f16 && count && count % 2 == 0 &&
      isa<Float8E4M3FNType, Float8E5M2Type>(from))
    return toHalf(B, v, from);
  Value single = e.convertFloat(v, from, B.f32, false);
  if (to == B.f16)
    return B.cast("fptrunc", single, B.f16);
  // The lower half is zero.
  Value word = B.cast("bitcast", single, B.i32);
  word = B.bin("lshr", word, B.cst(word.getType(), 16));
  return B.cast("bitcast", B.cast("trunc", word, B.i16), to);
}

} // namespace tilesdk::lowering
