//===- math_measure.cpp - Accuracy of the math library ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// References are glibc's functions in the next wider type: their own error is
// below a thousandth of a unit in the last place that is measured.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/test/math_measure.h"
#include "core/codegen/test/object_loader.h"

#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

namespace tilesdk::codegen {

namespace {

using Wide = long double;
constexpr Wide pi = 3.141592653589793238462643383279502884L;

Wide sinPi(Wide x) {
  Wide r = std::fmod(std::fabs(x), 2.0L), sign = std::signbit(x) ? -1 : 1;
  if (r >= 1)
    r -= 1, sign = -sign;
  if (r == 0)
    return std::copysign(0.0L, x);
  return sign * std::sin(pi * (r > 0.5L ? 1 - r : r));
}
Wide cosPi(Wide x) {
  Wide r = std::fmod(std::fabs(x), 2.0L);
  if (r > 1)
    r = 2 - r;
  return r <= 0.25L  ? std::cos(pi * r)
         : r < 0.75L ? std::sin(pi * (0.5L - r))
                     : -std::cos(pi * (1 - r));
}

struct Reference {
  const char *name;
  Wide (*one)(Wide);
  Wide (*two)(Wide, Wide);
  /// Half of the arguments come from here, the rest from all bit patterns.
  double low, high;
};

#define ONE(NAME, FUNCTION, LOW, HIGH)                                         \
  {#NAME, [](Wide x) -> Wide { return FUNCTION; }, nullptr, LOW, HIGH}
#define TWO(NAME, FUNCTION, LOW, HIGH)                                         \
  {#NAME, nullptr, [](Wide x, Wide y) -> Wide { return FUNCTION; }, LOW, HIGH}

const Reference references[] = {
    ONE(acos, std::acos(x), -1, 1),
    ONE(acosh, std::acosh(x), 1, 100),
    ONE(asin, std::asin(x), -1, 1),
    ONE(asinh, std::asinh(x), -100, 100),
    ONE(atan, std::atan(x), -10, 10),
    TWO(atan2, std::atan2(x, y), -10, 10),
    ONE(atanh, std::atanh(x), -1, 1),
    ONE(cbrt, std::cbrt(x), -1000, 1000),
    ONE(cos, std::cos(x), -100, 100),
    ONE(cosh, std::cosh(x), -90, 90),
    ONE(cospi, cosPi(x), -10, 10),
    TWO(div, x / y, -100, 100),
    ONE(erf, std::erf(x), -4, 4),
    ONE(erfc, std::erfc(x), -6, 10),
    ONE(exp, std::exp(x), -110, 90),
    ONE(exp10, std::pow(10.0L, x), -50, 39),
    ONE(exp2, std::exp2(x), -150, 128),
    ONE(expm1, std::expm1(x), -20, 90),
    TWO(fdim, std::fdim(x, y), -100, 100),
    TWO(fmod, std::fmod(x, y), -100, 100),
    TWO(hypot, std::hypot(x, y), -100, 100),
    ONE(lgamma, std::lgamma(x), 0, 100),
    ONE(log, std::log(x), 0, 10),
    ONE(log10, std::log10(x), 0, 10),
    ONE(log1p, std::log1p(x), -1, 10),
    ONE(log2, std::log2(x), 0, 10),
    ONE(logb, std::logb(x), 0, 10),
    ONE(normcdf, 0.5L * std::erfc(x * -0.707106781186547524400844362104849L),
        -10, 6),
    TWO(pow, std::pow(x, y), 0, 30),
    ONE(rcbrt, 1 / std::cbrt(x), -1000, 1000),
    TWO(remainder, std::remainder(x, y), -100, 100),
    ONE(rsqrt, 1 / std::sqrt(x), 0, 100),
    ONE(sin, std::sin(x), -100, 100),
    ONE(sinh, std::sinh(x), -90, 90),
    ONE(sinpi, sinPi(x), -10, 10),
    ONE(tan, std::tan(x), -100, 100),
    ONE(tanh, std::tanh(x), -10, 10),
    ONE(tgamma, std::tgamma(x), -10, 36),
};

/// void k(const T *x, const T *y, T *out, i64 n): n is a multiple of width.
std::string kernelText(const Reference &reference, const std::string &symbol,
                       const std::string &type, unsigned width,
                       unsigned bytes) {
  std::string declaration = reference.one ? type : type + ", " + type;
  std::string arguments =
      reference.one ? type + " %a" : type + " %a, " + type + " %b";
  std::string align = ", align " + std::to_string(bytes);
  return "declare " + type + " @" + symbol + "(" + declaration +
         ")\n"
         "define void @k(ptr %x, ptr %y, ptr %out, i64 %n) {\n"
         "entry:\n  br label %loop\n"
         "loop:\n  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n"
         "  %px = getelementptr i8, ptr %x, i64 %i\n"
         "  %py = getelementptr i8, ptr %y, i64 %i\n"
         "  %po = getelementptr i8, ptr %out, i64 %i\n"
         "  %a = load " +
         type + ", ptr %px" + align +
         "\n"
         "  %b = load " +
         type + ", ptr %py" + align +
         "\n"
         "  %r = call " +
         type + " @" + symbol + "(" + arguments +
         ")\n"
         "  store " +
         type + " %r, ptr %po" + align +
         "\n"
         "  %next = add i64 %i, " +
         std::to_string(width * bytes) +
         "\n"
         "  %more = icmp ult i64 %next, %n\n"
         "  br i1 %more, label %loop, label %exit\n"
         "exit:\n  ret void\n}\n";
}

template <typename T> struct Bits;
template <> struct Bits<float> {
  using Type = uint32_t;
};
template <> struct Bits<double> {
  using Type = uint64_t;
};

template <typename T>
void fillArguments(const Reference &reference, std::vector<T> &values,
                   uint64_t seed) {
  using Word = typename Bits<T>::Type;
  const T special[] = {T(0),
                       T(-0.0),
                       T(1),
                       T(-1),
                       T(0.5),
                       T(2),
                       std::numeric_limits<T>::infinity(),
                       -std::numeric_limits<T>::infinity(),
                       std::numeric_limits<T>::quiet_NaN(),
                       std::numeric_limits<T>::denorm_min(),
                       std::numeric_limits<T>::min(),
                       std::numeric_limits<T>::max(),
                       std::numeric_limits<T>::lowest()};
  uint64_t state = seed;
  auto next = [&] {
    // SplitMix64.
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  };
  for (size_t i = 0; i < values.size(); ++i) {
    if (i < std::size(special)) {
      values[i] = special[(i * (seed | 1)) % std::size(special)];
    } else if (i % 2) {
      Word bits = static_cast<Word>(next() >> (64 - 8 * sizeof(T)));
      memcpy(&values[i], &bits, sizeof bits);
    } else {
      double unit = static_cast<double>(next() >> 11) * 0x1p-53;
      values[i] = static_cast<T>(reference.low +
                                 (reference.high - reference.low) * unit);
    }
  }
}

template <typename T>
Accuracy measure(const Reference &reference, unsigned width,
                 const Target &target, uint64_t samples) {
  Accuracy result;
  std::string scalar = sizeof(T) == 4 ? "float" : "double";
  std::string suffix = sizeof(T) == 4 ? "f32" : "f64";
  std::string lanes = width == 1 ? "" : "v" + std::to_string(width);
  std::string type =
      width == 1 ? scalar : "<" + std::to_string(width) + " x " + scalar + ">";
  std::string symbol =
      "tsdk.math." + std::string(reference.name) + "." + lanes + suffix;
  Output output;
  Status status =
      compileText(kernelText(reference, symbol, type, width, sizeof(T)), "k",
                  target, output);
  using Function = void (*)(const T *, const T *, T *, uint64_t);
  auto function =
      status ? reinterpret_cast<Function>(loadFunction(output.object, "k"))
             : nullptr;
  if (!function) {
    result.error = status ? "cannot load" : status.message;
    return result;
  }
  size_t count = (samples + 63) / 64 * 64;
  std::vector<T> x(count), y(count), out(count);
  fillArguments(reference, x, 1);
  fillArguments(reference, y, 2);
  function(x.data(), y.data(), out.data(), count * sizeof(T));
  result.samples = count;
  auto describe = [&](size_t i) {
    char text[128];
    if (reference.one)
      snprintf(text, sizeof text, "%a", double(x[i]));
    else
      snprintf(text, sizeof text, "%a, %a", double(x[i]), double(y[i]));
    return std::string(text);
  };
  for (size_t i = 0; i < count; ++i) {
    Wide exact =
        reference.one ? reference.one(x[i]) : reference.two(x[i], y[i]);
    T rounded = static_cast<T>(exact);
    if (std::isnan(exact) || std::isnan(out[i]) || std::isinf(rounded) ||
        std::isinf(out[i]) || exact == 0) {
      bool same = std::isnan(rounded) ? std::isnan(out[i]) : rounded == out[i];
      // The last finite number beside infinity is one unit away, no more.
      Wide limit = std::numeric_limits<T>::max();
      if (!same && !std::isnan(exact) && !std::isnan(out[i]) && exact != 0) {
        Wide near = std::fabs(exact) / limit;
        same = near > 1 - 0x1p-20L && near < 1 + 0x1p-20L &&
               std::signbit(out[i]) == std::signbit(rounded);
      }
      if (!same && result.wrongSpecial++ == 0)
        result.wrongAt = describe(i) + " -> " + std::to_string(out[i]);
      continue;
    }
    int exponent;
    std::frexp(exact, &exponent);
    const int digits = std::numeric_limits<T>::digits;
    const int lowest = std::numeric_limits<T>::min_exponent;
    bool subnormal = exponent < lowest;
    Wide unit = std::ldexp(1.0L, std::max(exponent, lowest) - digits);
    double ulp = static_cast<double>(std::fabs(exact - Wide(out[i])) / unit);
    if (subnormal) {
      result.subnormalUlp = std::max(result.subnormalUlp, ulp);
    } else if (ulp > result.ulp) {
      result.ulp = ulp;
      result.at = describe(i);
    }
  }
  return result;
}

} // namespace

llvm::SmallVector<llvm::StringRef> measuredFunctions() {
  llvm::SmallVector<llvm::StringRef> names;
  for (const Reference &reference : references)
    names.push_back(reference.name);
  return names;
}

Accuracy measureMath(llvm::StringRef name, bool isDouble, unsigned width,
                     const Target &target, uint64_t samples) {
  for (const Reference &reference : references)
    if (name == reference.name)
      return isDouble ? measure<double>(reference, width, target, samples)
                      : measure<float>(reference, width, target, samples);
  Accuracy result;
  result.error = "no reference";
  return result;
}

} // namespace tilesdk::codegen
