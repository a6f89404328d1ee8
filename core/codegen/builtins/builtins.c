//===- builtins.c - Run-time routines LLVM may call --------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled freestanding to one object with a section per function and embedded
// in the compiler; every kernel is linked with it and keeps what it calls, so
// that an artifact needs no other library. Plain algorithms: these are
// fallbacks, not hot paths.
//
//===----------------------------------------------------------------------===//

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef __int128 i128;
typedef unsigned __int128 u128;
typedef u8 Chunk __attribute__((vector_size(32), aligned(1), may_alias));

void *memcpy(void *restrict to, const void *restrict from, u64 size) {
  u8 *out = to;
  const u8 *in = from;
  for (; size >= 32; size -= 32, out += 32, in += 32)
    *(Chunk *)out = *(const Chunk *)in;
  for (; size; --size)
    *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, u64 size) {
  u8 *out = to;
  const u8 *in = from;
  if ((u64)(out - in) >= size)
    return memcpy(to, from, size);
  while (size & 31) {
    --size;
    out[size] = in[size];
  }
  while (size) {
    size -= 32;
    *(Chunk *)(out + size) = *(const Chunk *)(in + size);
  }
  return to;
}

void *memset(void *to, int value, u64 size) {
  u8 *out = to;
  Chunk chunk = (Chunk){} + (u8)value;
  for (; size >= 32; size -= 32, out += 32)
    *(Chunk *)out = chunk;
  for (; size; --size)
    *out++ = (u8)value;
  return to;
}

int memcmp(const void *left, const void *right, u64 size) {
  const u8 *a = left, *b = right;
  for (; size; --size, ++a, ++b)
    if (*a != *b)
      return *a - *b;
  return 0;
}

int bcmp(const void *left, const void *right, u64 size) {
  return memcmp(left, right, size);
}

// Half and bfloat16 ----------------------------------------------------------

static float floatOf(u32 bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}
static u32 bitsOf(float value) {
  u32 bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}

/// To float with the inexact remainder kept in the last bit, so that a second
/// rounding gives what one rounding would.
static float roundToOdd(double value) {
  float nearest = (float)value;
  double back = nearest;
  u32 bits = bitsOf(nearest);
  if (back == value || value != value)
    return nearest;
  if ((value < 0 ? -back : back) > (value < 0 ? -value : value))
    --bits;
  return floatOf(bits | 1);
}

static __bf16 bfloatOf(float value) {
  u32 bits = bitsOf(value);
  unsigned short half =
      value != value
          ? (unsigned short)(bits >> 16 | 0x40)
          : (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  __bf16 result;
  __builtin_memcpy(&result, &half, 2);
  return result;
}

float __extendhfsf2(_Float16 value) { return value; }
_Float16 __truncsfhf2(float value) { return (_Float16)value; }
_Float16 __truncdfhf2(double value) { return (_Float16)roundToOdd(value); }
__bf16 __truncsfbf2(float value) { return bfloatOf(value); }
__bf16 __truncdfbf2(double value) { return bfloatOf(roundToOdd(value)); }

// 128-bit integers -----------------------------------------------------------

static u128 divide(u128 n, u128 d, u128 *remainder) {
  u128 quotient = 0, rest = 0;
  if (!(u64)(n >> 64) && !(u64)(d >> 64)) {
    *remainder = (u64)n % (u64)d;
    return (u64)n / (u64)d;
  }
  for (int bit = 127; bit >= 0; --bit) {
    int carry = (int)(rest >> 127);
    rest = rest << 1 | (n >> bit & 1);
    if (carry || rest >= d) {
      rest -= d;
      quotient |= (u128)1 << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

u128 __udivti3(u128 n, u128 d) {
  u128 rest;
  return divide(n, d, &rest);
}
u128 __umodti3(u128 n, u128 d) {
  u128 rest;
  divide(n, d, &rest);
  return rest;
}
static u128 magnitude(i128 value) {
  return value < 0 ? -(u128)value : (u128)value;
}
i128 __divti3(i128 n, i128 d) {
  u128 quotient = __udivti3(magnitude(n), magnitude(d));
  return (i128)((n < 0) != (d < 0) ? -quotient : quotient);
}
i128 __modti3(i128 n, i128 d) {
  u128 rest = __umodti3(magnitude(n), magnitude(d));
  return (i128)(n < 0 ? -rest : rest);
}

/// The top 64 bits with what was cut off kept in the last one: one rounding.
static u64 compress(u128 value, int *shift) {
  *shift = 0;
  while (value >> 64) {
    value = value >> 1 | (value & 1);
    ++*shift;
  }
  return (u64)value;
}
static double power2(int exponent) {
  u64 bits = (u64)(exponent + 1023) << 52;
  double value;
  __builtin_memcpy(&value, &bits, 8);
  return value;
}
double __floatuntidf(u128 value) {
  int shift;
  u64 top = compress(value, &shift);
  return (double)top * power2(shift);
}
float __floatuntisf(u128 value) {
  int shift;
  u64 top = compress(value, &shift);
  // 2^128 overflows float's exponent, the product in double does not.
  return (float)((double)(float)top * power2(shift));
}
double __floattidf(i128 value) {
  double result = __floatuntidf(magnitude(value));
  return value < 0 ? -result : result;
}
float __floattisf(i128 value) {
  float result = __floatuntisf(magnitude(value));
  return value < 0 ? -result : result;
}
u128 __fixunsdfti(double value) {
  if (!(value >= 1))
    return 0;
  if (value >= power2(127) * 2)
    return ~(u128)0;
  u64 bits;
  __builtin_memcpy(&bits, &value, 8);
  int exponent = (int)(bits >> 52) - 1075;
  u128 mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
  return exponent < 0 ? mantissa >> -exponent : mantissa << exponent;
}
u128 __fixunssfti(float value) { return __fixunsdfti(value); }
i128 __fixdfti(double value) {
  u128 result = __fixunsdfti(value < 0 ? -value : value);
  u128 limit = ((u128)1 << 127) - (value < 0 ? 0 : 1);
  result = result > limit ? limit : result;
  return (i128)(value < 0 ? -result : result);
}
i128 __fixsfti(float value) { return __fixdfti(value); }

// Integer powers -------------------------------------------------------------

double __powidf2(double base, int exponent) {
  double result = 1;
  u32 left = exponent < 0 ? -(u32)exponent : (u32)exponent;
  for (; left; left >>= 1, base *= base)
    if (left & 1)
      result *= base;
  return exponent < 0 ? 1 / result : result;
}
float __powisf2(float base, int exponent) {
  float result = 1;
  u32 left = exponent < 0 ? -(u32)exponent : (u32)exponent;
  for (; left; left >>= 1, base *= base)
    if (left & 1)
      result *= base;
  return exponent < 0 ? 1 / result : result;
}

// Of half, which is widened for them ------------------------------------------

float fmaxf(float a, float b) { return a != a || b > a ? b : a; }
float fminf(float a, float b) { return a != a || b < a ? b : a; }

#include "print.c"
