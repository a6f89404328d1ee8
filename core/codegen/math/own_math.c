//===- own_math.c - Float functions that libclc has not, or has slow -*- C -*-//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar bodies without branches; math_gen widens them. Compiled to bitcode
// with clang, so that the intrinsics stay intrinsics. Polynomials: minimax fits
// (Lawson iteration over Chebyshev nodes, weighted for relative error of the
// result), rounded to float.
//
//===----------------------------------------------------------------------===//

typedef unsigned int u32;

static inline float asFloat(u32 bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}
static inline u32 asBits(float value) {
  u32 bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}
static inline float fma32(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}

/// p * 2^n for an integral |n| <= 252, in two steps so that each factor is a
/// normal number and the one rounding to a subnormal comes last.
static inline float scaleTwice(float p, float n) {
  int whole = (int)n;
  int half = whole >> 1;
  float first = asFloat((u32)(half + 127) << 23);
  float second = asFloat((u32)(whole - half + 127) << 23);
  return p * first * second;
}

// Comparisons are written so that a NaN passes through both.
static inline float clampNan(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

/// e^r for |r| <= ln2/2, relative error 3.1e-9 before rounding.
static inline float expCore(float r) {
  float p = 0.001381453790268161f;
  p = fma32(p, r, 0.00836874532038022f);
  p = fma32(p, r, 0.041668390831166496f);
  p = fma32(p, r, 0.16666520396767195f);
  p = fma32(p, r, 0.4999999343189165f);
  p = fma32(p, r, 1.0f);
  return fma32(p, r, 1.0f);
}

/// 2^r for |r| <= 1/2, relative error 2.0e-9 before rounding.
static inline float exp2Core(float r) {
  float p = 0.0001535325665092636f;
  p = fma32(p, r, 0.0013399003883008457f);
  p = fma32(p, r, 0.009618438609734766f);
  p = fma32(p, r, 0.05550332161584014f);
  p = fma32(p, r, 0.24022647896757046f);
  p = fma32(p, r, 0.6931472029858438f);
  return fma32(p, r, 1.0f);
}

#define LOG2E 1.44269504088896341f
#define LN2_HIGH 0.693145751953125f // 16 bits: n * LN2_HIGH is exact
#define LN2_LOW 1.42860677e-6f

static inline float expReduce(float x, float *n) {
  *n = __builtin_roundevenf(x * LOG2E);
  return fma32(*n, -LN2_LOW, fma32(*n, -LN2_HIGH, x));
}

float tsdk_own_exp_f32(float x) {
  float n, c = clampNan(x, -104.0f, 89.0f);
  float r = expReduce(c, &n);
  // A NaN must not reach the conversion to int; it comes back through r.
  return scaleTwice(expCore(r), n == n ? n : 0.0f);
}

float tsdk_own_exp2_f32(float x) {
  float c = clampNan(x, -151.0f, 129.0f);
  float n = __builtin_roundevenf(c);
  return scaleTwice(exp2Core(c - n), n == n ? n : 0.0f);
}

// With a scaling instruction (AVX-512's vscalefps) the exponent needs no
// arithmetic. A NaN must not reach the conversion to int here either.
float tsdk_own_exp_f32_avx512f(float x) {
  float n, c = clampNan(x, -104.0f, 89.0f);
  float r = expReduce(c, &n);
  return __builtin_ldexpf(expCore(r), (int)(n == n ? n : 0.0f));
}

float tsdk_own_exp2_f32_avx512f(float x) {
  float c = clampNan(x, -151.0f, 129.0f);
  float n = __builtin_roundevenf(c);
  return __builtin_ldexpf(exp2Core(c - n), (int)(n == n ? n : 0.0f));
}

// Double precision: e^r and 2^r to 1e-17 before rounding.
static inline double expCore64(double r) {
  double p = 0x1.af390ba7e6f47p-26;
  p = __builtin_fma(p, r, 0x1.2891d4ffbb0f9p-22);
  p = __builtin_fma(p, r, 0x1.71de0d85293b8p-19);
  p = __builtin_fma(p, r, 0x1.a019b8ca26fcfp-16);
  p = __builtin_fma(p, r, 0x1.a01a01a7cebcdp-13);
  p = __builtin_fma(p, r, 0x1.6c16c1789d1d7p-10);
  p = __builtin_fma(p, r, 0x1.11111111109a6p-7);
  p = __builtin_fma(p, r, 0x1.5555555553d37p-5);
  p = __builtin_fma(p, r, 0x1.5555555555556p-3);
  p = __builtin_fma(p, r, 0.5);
  p = __builtin_fma(p, r, 1.0);
  return __builtin_fma(p, r, 1.0);
}
static inline double exp2Core64(double r) {
  double p = 0x1.c4a308a6fefb4p-36;
  p = __builtin_fma(p, r, 0x1.e9ecb42c532a9p-32);
  p = __builtin_fma(p, r, 0x1.e4cf109c96ef0p-28);
  p = __builtin_fma(p, r, 0x1.b524eb7daec92p-24);
  p = __builtin_fma(p, r, 0x1.62c02242c55a8p-20);
  p = __builtin_fma(p, r, 0x1.ffcbfc6dc7729p-17);
  p = __builtin_fma(p, r, 0x1.430912f86b7bap-13);
  p = __builtin_fma(p, r, 0x1.5d87fe78a3f4bp-10);
  p = __builtin_fma(p, r, 0x1.3b2ab6fba4e79p-7);
  p = __builtin_fma(p, r, 0x1.c6b08d704a0c6p-5);
  p = __builtin_fma(p, r, 0x1.ebfbdff82c58fp-3);
  p = __builtin_fma(p, r, 0x1.62e42fefa39efp-1);
  return __builtin_fma(p, r, 1.0);
}
static inline double clampNan64(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
static inline double scaleTwice64(double p, double n) {
  int whole = (int)n;
  int half = whole >> 1;
  long first = (long)(half + 1023) << 52;
  long second = (long)(whole - half + 1023) << 52;
  double a, b;
  __builtin_memcpy(&a, &first, 8);
  __builtin_memcpy(&b, &second, 8);
  return p * a * b;
}
static inline double expReduce64(double x, double *n) {
  *n = __builtin_roundeven(x * 0x1.71547652b82fep+0);
  double r = __builtin_fma(*n, -0x1.62e42fefa3800p-1, x);
  return __builtin_fma(*n, -0x1.ef35793c76730p-45, r);
}
double tsdk_own_exp_f64(double x) {
  double n, r = expReduce64(clampNan64(x, -746.0, 710.0), &n);
  return scaleTwice64(expCore64(r), n == n ? n : 0.0);
}
double tsdk_own_exp2_f64(double x) {
  double c = clampNan64(x, -1077.0, 1025.0), n = __builtin_roundeven(c);
  return scaleTwice64(exp2Core64(c - n), n == n ? n : 0.0);
}
double tsdk_own_exp_f64_avx512f(double x) {
  double n, r = expReduce64(clampNan64(x, -746.0, 710.0), &n);
  return __builtin_ldexp(expCore64(r), (int)(n == n ? n : 0.0));
}
double tsdk_own_exp2_f64_avx512f(double x) {
  double c = clampNan64(x, -1077.0, 1025.0), n = __builtin_roundeven(c);
  return __builtin_ldexp(exp2Core64(c - n), (int)(n == n ? n : 0.0));
}

// Sine and cosine of a float by way of double, for |x| <= 2^30: two terms of
// pi/2 leave more correct bits than a float can show.
static inline float sinCos(float value, int quarter) {
  double x = value;
  double k = __builtin_roundeven(x * 0x1.45f306dc9c883p-1);
  double r = __builtin_fma(-k, 0x1.921fb54442d18p+0, x);
  r = __builtin_fma(-k, 0x1.1a62633145c07p-54, r);
  int n = (int)k + quarter;
  double z = r * r;
  double s = 0x1.6da8eb8e30cdfp-19;
  s = __builtin_fma(s, z, -0x1.a01365cb7d412p-13);
  s = __builtin_fma(s, z, 0x1.11110dbdfb290p-7);
  s = __builtin_fma(s, z, -0x1.5555555449984p-3);
  s = __builtin_fma(s * z, r, r);
  double c = 0x1.9bc2d42a58476p-16;
  c = __builtin_fma(c, z, -0x1.6c12aa357fd66p-10);
  c = __builtin_fma(c, z, 0x1.555554308a76ap-5);
  c = __builtin_fma(c, z, -0.5);
  c = __builtin_fma(c, z, 1.0);
  float result = (float)(n & 1 ? c : s);
  return n & 2 ? -result : result;
}
float tsdk_own_sin_f32_small(float x) { return sinCos(x, 0); }
float tsdk_own_cos_f32_small(float x) { return sinCos(x, 1); }

/// Splits a positive finite x into 2^e * (1 + t), sqrt(1/2) <= 1 + t < sqrt(2).
static inline float logReduce(float x, float *e) {
  int tiny = x < 1.17549435e-38f;
  float scaled = tiny ? x * 8388608.0f : x;
  // 0x3f3504f3 is sqrt(1/2).
  u32 offset = asBits(scaled) - 0x3f3504f3u;
  int exponent = (int)offset >> 23;
  float mantissa = asFloat((offset & 0x007fffffu) + 0x3f3504f3u);
  *e = (float)(exponent - (tiny ? 23 : 0));
  return mantissa - 1.0f;
}

/// log(1 + t) - t for the t of logReduce, relative error of the sum 5.8e-9.
static inline float logTail(float t) {
  float p = -0.07635588161378817f;
  p = fma32(p, t, 0.12763300311840914f);
  p = fma32(p, t, -0.1316059524371196f);
  p = fma32(p, t, 0.14201557540613446f);
  p = fma32(p, t, -0.166232975004203f);
  p = fma32(p, t, 0.2000123317444089f);
  p = fma32(p, t, -0.2500082273596474f);
  p = fma32(p, t, 0.3333333165954759f);
  float square = t * t;
  return fma32(p * square, t, -0.5f * square);
}

/// Zero, negative numbers, infinity and NaN.
static inline float logSpecial(float x, float result) {
  result = x == 0.0f ? -__builtin_inff() : result;
  result = x < 0.0f ? __builtin_nanf("") : result;
  result = x == __builtin_inff() ? x : result;
  return x == x ? result : x;
}

float tsdk_own_log_f32(float x) {
  float e, t = logReduce(x, &e);
  float low = fma32(e, LN2_LOW, logTail(t));
  return logSpecial(x, fma32(e, LN2_HIGH, t + low));
}

float tsdk_own_log2_f32(float x) {
  const float high = 1.44269502162933349609375f, low = 1.92596299e-8f;
  float e, t = logReduce(x, &e);
  float tail = fma32(t, low, logTail(t) * high);
  return logSpecial(x, e + fma32(t, high, tail));
}

float tsdk_own_log10_f32(float x) {
  const float high = 0.4342944920063018798828125f, low = -1.01030501e-8f;
  const float log2High = 0.301025390625f, log2Low = 4.60503907e-6f;
  float e, t = logReduce(x, &e);
  float tail = fma32(t, low, logTail(t) * high);
  float rest = fma32(e, log2Low, fma32(t, high, tail));
  return logSpecial(x, fma32(e, log2High, rest));
}

// For GPUs; some have a faster one that rounds less well.
float tsdk_own_div_f32(float x, float y) { return x / y; }
double tsdk_own_div_f64(double x, double y) { return x / y; }

float tsdk_own_rsqrt_f32(float x) { return 1.0f / __builtin_sqrtf(x); }
double tsdk_own_rsqrt_f64(double x) { return 1.0 / __builtin_sqrt(x); }

// libclc's functions with something mended -----------------------------------

double _Z4erfcd(double);
double _Z6lgammad(double);
double _Z6tgammad(double);
double _Z3powdd(double, double);
float _Z4cbrtf(float);
double _Z4cbrtd(double);

float tsdk_own_rcbrt_f32(float x) { return 1.0f / _Z4cbrtf(x); }
double tsdk_own_rcbrt_f64(double x) { return 1.0 / _Z4cbrtd(x); }

float tsdk_own_normcdf_f32(float x) {
  return (float)(0.5 * _Z4erfcd((double)x * -0.70710678118654752440));
}

/// The rounding of the argument is given back to first order, without which the
/// far tail loses all its digits: erfc(a + d) = erfc(a) (1 - 2 a d) there.
double tsdk_own_normcdf_f64(double x) {
  const double high = -0.70710678118654752440, low = 4.8336466567264567e-17;
  double a = x * high;
  double d = __builtin_fma(x, high, -a) + x * low;
  double result = 0.5 * _Z4erfcd(a);
  double mended = __builtin_fma(-2.0 * a * d, result, result);
  return a > 1.0 && a < 30.0 ? mended : result;
}

/// libclc's result where it neither overflows inside nor loses digits.
double tsdk_own_tgamma_f64(double x) {
  double floor = __builtin_floor(x);
  // Far below zero by the recurrence: the addition of 20 is exact there.
  int low = x < -150.0;
  double product = 1.0;
  for (int i = 0; i < 20; ++i)
    product *= x + i;
  double gamma = _Z6tgammad(low ? x + 20.0 : x);
  double result = low ? gamma / product : gamma;
  result = __builtin_fabs(x) < 0x1p-60 ? 1.0 / x : result;
  // Below this all results are zeros, except at the poles.
  double zero = __builtin_floor(0.5 * floor) * 2 == floor ? 0.0 : -0.0;
  double far = floor == x ? __builtin_nan("") : zero;
  return x < -190.0 ? far : result;
}
// f32 through f64: libclc's f32 forms lose up to eight bits.
float tsdk_own_tgamma_f32(float x) {
  return (float)tsdk_own_tgamma_f64((double)x);
}
float tsdk_own_lgamma_f32(float x) {
  float magnitude = __builtin_fabsf(x);
  return magnitude == __builtin_inff() ? magnitude
                                       : (float)_Z6lgammad((double)x);
}

/// libclc's pow overflows inside where the result does outside: its result is
/// replaced where log2 of it is estimated (by the bits of x, within a factor of
/// 1.5) to be far out of range.
double tsdk_own_pow_f64(double x, double y) {
  double magnitude = __builtin_fabs(x);
  long bits;
  __builtin_memcpy(&bits, &magnitude, 8);
  double log2 = (double)(bits - 0x3ff0000000000000) * 0x1p-52;
  double estimate = y * log2;
  double result = _Z3powdd(x, y);
  int whole = __builtin_trunc(y) == y;
  int odd = whole && __builtin_trunc(0.5 * y) != 0.5 * y;
  double far = estimate > 0 ? __builtin_inf() : 0.0;
  far = x < 0 && odd ? -far : far;
  far = x < 0 && !whole ? __builtin_nan("") : far;
  int replace = __builtin_fabs(estimate) > 2500.0 &&
                __builtin_fabs(y) < __builtin_inf() && magnitude > 0 &&
                magnitude < __builtin_inf();
  return replace ? far : result;
}
