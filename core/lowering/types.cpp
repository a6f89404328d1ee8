//===- types.cpp - Number formats and conversions ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bf16 and the 8-bit floats are kept as their bits; arithmetic on them and on
// f16 is done in f32 and rounded after each operation. All conversions are
// branch-free integer code that works on vectors.
//
//===----------------------------------------------------------------------===//

#include "core/lowering/emitter.h"

namespace tilesdk::lowering {

namespace {
/// An 8-bit float: 1 sign bit, the rest split by `mantissa`.
struct Float8 {
  int mantissa, bias;
  int maxFinite;     ///< Code of the largest finite number.
  bool unsignedZero; ///< One NaN, 0x80, and no negative zero.
  bool ieee;         ///< Has infinities.
};
} // namespace

static std::optional<Float8> float8Of(Type t) {
  if (isa<Float8E4M3FNType>(t))
    return Float8{3, 7, 0x7e, false, false};
  if (isa<Float8E5M2Type>(t))
    return Float8{2, 15, 0x7b, false, true};
  if (isa<Float8E4M3FNUZType>(t))
    return Float8{3, 8, 0x7f, true, false};
  if (isa<Float8E5M2FNUZType>(t))
    return Float8{2, 16, 0x7f, true, false};
  return std::nullopt;
}

Type Emitter::registerType(Type t) {
  if (auto pointer = dyn_cast<tile::PointerType>(t))
    return pointerType(pointer.getAddressSpace());
  if (t.isBF16())
    return B.i16;
  if (isa<FloatType>(t) && t.getIntOrFloatBitWidth() == 8)
    return B.i8;
  if (isa<IndexType>(t))
    return B.i64;
  return t;
}

Type Emitter::memoryType(Type t) {
  t = registerType(t);
  return t == B.i1 ? B.i8 : t;
}

Value Emitter::toMemory(Value v, Type element) {
  return element == B.i1 ? B.cast("zext", v, B.i8) : v;
}

Value Emitter::fromMemory(Value v, Type element) {
  return element == B.i1 ? B.icmp(NE, v, B.cst(v.getType(), 0)) : v;
}

Type Emitter::arithmeticType(Type t) {
  if (isFloat(t))
    return t == B.f64 ? B.f64 : B.f32;
  return registerType(t);
}

Value Emitter::toArithmetic(Value v, Type t) {
  if (!isFloat(t) || t == B.f32 || t == B.f64)
    return v;
  return convertFloat(v, t, B.f32, false);
}

Value Emitter::fromArithmetic(Value v, Type t) {
  if (!isFloat(t) || t == B.f32 || t == B.f64)
    return v;
  return convertFloat(v, B.f32, t, false);
}

static Value bits(Build &B, Value v, int64_t c) {
  return B.cst(v.getType(), c);
}
static Value andc(Build &B, Value v, int64_t c) {
  return B.bin("and", v, bits(B, v, c));
}
static Value shr(Build &B, Value v, int64_t c) {
  return B.bin("lshr", v, bits(B, v, c));
}
static Value shl(Build &B, Value v, int64_t c) {
  return B.bin("shl", v, bits(B, v, c));
}
static Value addw(Build &B, Value l, Value r) { return B.bin("add", l, r); }

static Value bf16ToF32(Build &B, Value v) {
  return B.cast("bitcast", shl(B, B.cast("zext", v, B.i32), 16), B.f32);
}

static Value f32ToBf16(Build &B, Value v, bool towardZero) {
  Value x = B.cast("bitcast", v, B.i32);
  Value isNan = B.fcmp(UNO, v, v);
  Value nan = B.bin("or", shr(B, x, 16), bits(B, x, 0x40));
  Value r = x;
  if (!towardZero)
    r = addw(B, addw(B, x, andc(B, shr(B, x, 16), 1)), bits(B, x, 0x7fff));
  return B.cast("trunc", B.select(isNan, nan, shr(B, r, 16)), B.i16);
}

static Value f8ToF32(Build &B, Value v, const Float8 &f) {
  if (f.mantissa == 2 && f.ieee) {
    // The high byte of an f16.
    Value h = shl(B, B.cast("zext", v, B.i16), 8);
    return B.cast("fpext", B.cast("bitcast", h, B.f16), B.f32);
  }
  Value x = B.cast("zext", v, B.i32);
  // Exponent and mantissa in place, scaled so that subnormals come out right.
  Value magnitude =
      B.cast("bitcast", shl(B, andc(B, x, 0x7f), 23 - f.mantissa), B.f32);
  Value scaled =
      B.bin("fmul", magnitude,
            B.cstFloat(magnitude.getType(), std::ldexp(1.0, 127 - f.bias)));
  Value sign = shl(B, andc(B, x, 0x80), 24);
  Value r = B.bin("or", B.cast("bitcast", scaled, B.i32), sign);
  Value nan = f.unsignedZero ? B.icmp(EQ, x, bits(B, x, 0x80))
                             : B.icmp(EQ, andc(B, x, 0x7f), bits(B, x, 0x7f));
  return B.cast("bitcast", B.select(nan, bits(B, x, 0x7fc00000), r), B.f32);
}

/// Saturates to the largest finite number; NaN stays NaN.
static Value f32ToF8(Build &B, Value v, const Float8 &f, bool towardZero) {
  Value x = B.cast("bitcast", v, B.i32);
  Value a = andc(B, x, 0x7fffffff);
  Value nan = B.icmp(UGT, a, bits(B, x, 0x7f800000));
  int drop = 23 - f.mantissa;
  // The largest finite number as f32 bits, from its code.
  int64_t most = (int64_t(f.maxFinite) << drop) + (int64_t(127 - f.bias) << 23);
  Value clamped = B.op("intr.umin", a.getType(), {a, bits(B, a, most)});
  Value r = clamped;
  if (!towardZero)
    r = addw(B, addw(B, r, andc(B, shr(B, r, drop), 1)),
             bits(B, r, (int64_t(1) << (drop - 1)) - 1));
  Value normal = addw(B, shr(B, r, drop),
                      bits(B, r, -(int64_t(127 - f.bias) << f.mantissa)));
  // Subnormal codes count multiples of the smallest number.
  double step = std::ldexp(1.0, 1 - f.bias - f.mantissa);
  Value af = B.cast("bitcast", clamped, B.f32);
  Value units = B.bin("fmul", af, B.cstFloat(af.getType(), 1.0 / step));
  Value few = B.icmp(ULT, clamped, bits(B, a, int64_t(128 - f.bias) << 23));
  units = B.select(few, units, B.cstFloat(af.getType(), 0));
  if (!towardZero)
    units = B.un("intr.roundeven", units);
  Value subnormal = B.cast("fptosi", units, B.i32);
  Value code = B.select(few, subnormal, normal);
  Value sign = andc(B, shr(B, x, 24), 0x80);
  if (f.unsignedZero)
    sign = B.select(B.icmp(EQ, code, bits(B, code, 0)), bits(B, code, 0), sign);
  Value signedCode = B.bin("or", code, sign);
  Value nanCode = f.unsignedZero ? bits(B, code, 0x80)
                                 : B.bin("or", sign, bits(B, code, 0x7f));
  return B.cast("trunc", B.select(nan, nanCode, signedCode), B.i8);
}

/// Narrowing by the hardware's rounding, moved toward zero if it went away.
static Value truncTowardZero(Build &B, Value v, Type to, Type toInt) {
  Value r = B.cast("fptrunc", v, to);
  Value back = B.cast("fpext", r, Build::elementOf(v.getType()));
  Value away = B.fcmp(OGT, B.un("intr.fabs", back), B.un("intr.fabs", v));
  Value i = B.cast("bitcast", r, toInt);
  return B.cast("bitcast", B.select(away, addw(B, i, bits(B, i, -1)), i), to);
}

Value Emitter::convertFloat(Value v, Type from, Type to, bool towardZero) {
  if (from == to)
    return v;
  bool narrow = from == B.f64 && to != B.f32;
  if (narrow) {
    v = towardZero ? truncTowardZero(B, v, B.f32, B.i32)
                   : B.cast("fptrunc", v, B.f32);
    from = B.f32;
  }
  if (from == B.f64 && to == B.f32)
    return towardZero ? truncTowardZero(B, v, B.f32, B.i32)
                      : B.cast("fptrunc", v, B.f32);
  // To f32.
  if (from == B.f16)
    v = B.cast("fpext", v, B.f32);
  else if (from.isBF16())
    v = bf16ToF32(B, v);
  else if (auto f = float8Of(from)) {
    Value wide = wideFloat8(v, from);
    v = wide ? wide : f8ToF32(B, v, *f);
  }
  // From f32.
  if (to == B.f32)
    return v;
  if (to == B.f64)
    return B.cast("fpext", v, B.f64);
  if (to == B.f16)
    return towardZero ? truncTowardZero(B, v, B.f16, B.i16)
                      : B.cast("fptrunc", v, B.f16);
  if (to.isBF16()) {
    Value nearest = towardZero ? Value() : nearestBf16(v);
    return nearest ? nearest : f32ToBf16(B, v, towardZero);
  }
  if (auto f = float8Of(to)) {
    Value nearest = towardZero ? Value() : nearestFloat8(v, to);
    return nearest ? nearest : f32ToF8(B, v, *f, towardZero);
  }
  return v;
}

} // namespace tilesdk::lowering
