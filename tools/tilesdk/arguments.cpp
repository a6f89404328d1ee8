//===- arguments.cpp - Kernel arguments from text ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/arguments.h"

#include "tools/tilesdk/npy.h"
#include "tools/tilesdk/session.h"

#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace tilesdk::tool;

namespace {

const ElementType elementTypes[] = {
    {"i1", TSDK_I1, 1, "|b1"},
    {"u1", TSDK_I1, 1, "|b1"},
    {"i8", TSDK_I8, 1, "|i1"},
    {"i16", TSDK_I16, 2, "<i2"},
    {"i32", TSDK_I32, 4, "<i4"},
    {"i64", TSDK_I64, 8, "<i8"},
    {"u8", TSDK_U8, 1, "|u1"},
    {"u16", TSDK_U16, 2, "<u2"},
    {"u32", TSDK_U32, 4, "<u4"},
    {"u64", TSDK_U64, 8, "<u8"},
    {"f16", TSDK_F16, 2, "<f2"},
    {"f32", TSDK_F32, 4, "<f4"},
    {"f64", TSDK_F64, 8, "<f8"},
    {"bf16", TSDK_BF16, 2, "<u2"},
    {"f8e4m3", TSDK_F8E4M3, 1, "|u1"},
    {"f8e5m2", TSDK_F8E5M2, 1, "|u1"},
    {"f8e4m3fnuz", TSDK_F8E4M3FNUZ, 1, "|u1"},
    {"f8e5m2fnuz", TSDK_F8E5M2FNUZ, 1, "|u1"},
    {"fp16", TSDK_F16, 2, "<f2"},
    {"fp32", TSDK_F32, 4, "<f4"},
    {"fp64", TSDK_F64, 8, "<f8"},
    {"fp8e4nv", TSDK_F8E4M3, 1, "|u1"},
    {"fp8e5", TSDK_F8E5M2, 1, "|u1"},
    {"fp8e4b8", TSDK_F8E4M3FNUZ, 1, "|u1"},
    {"fp8e5b16", TSDK_F8E5M2FNUZ, 1, "|u1"},
};

/// A small float: exponent and mantissa bits, bias, and what the topmost codes
/// mean.
struct SmallFloat {
  uint32_t code;
  int exponentBits, mantissaBits, bias;
  enum { Ieee, NanOnly, NegativeZeroNan } special;
};

const SmallFloat smallFloats[] = {
    {TSDK_F16, 5, 10, 15, SmallFloat::Ieee},
    {TSDK_BF16, 8, 7, 127, SmallFloat::Ieee},
    {TSDK_F8E4M3, 4, 3, 7, SmallFloat::NanOnly},
    {TSDK_F8E5M2, 5, 2, 15, SmallFloat::Ieee},
    {TSDK_F8E4M3FNUZ, 4, 3, 8, SmallFloat::NegativeZeroNan},
    {TSDK_F8E5M2FNUZ, 5, 2, 16, SmallFloat::NegativeZeroNan},
};

const SmallFloat *findSmallFloat(uint32_t code) {
  for (const SmallFloat &format : smallFloats)
    if (format.code == code)
      return &format;
  return nullptr;
}

/// Rounds to nearest even; saturates to the largest finite value.
uint32_t encodeSmall(const SmallFloat &format, double value) {
  int total = 1 + format.exponentBits + format.mantissaBits;
  uint32_t sign = std::signbit(value) ? 1u << (total - 1) : 0;
  uint32_t largest = (1u << (total - 1)) - 1;
  if (format.special == SmallFloat::Ieee)
    largest -= 1u << format.mantissaBits;
  else if (format.special == SmallFloat::NanOnly)
    largest -= 1;
  if (std::isnan(value))
    return format.special == SmallFloat::NegativeZeroNan
               ? 1u << (total - 1)
               : (1u << (total - 1)) - 1;
  double magnitude = std::fabs(value);
  int exponent = 0;
  if (magnitude > 0)
    std::frexp(magnitude, &exponent);
  exponent = std::max(magnitude > 0 ? exponent - 1 : INT_MIN, 1 - format.bias);
  double units = std::nearbyint(
      std::ldexp(std::min(magnitude, 1e300), format.mantissaBits - exponent));
  // Adding lets a carry move into the exponent.
  double code =
      std::ldexp(exponent + format.bias - 1, format.mantissaBits) + units;
  uint32_t bits = code >= largest ? largest : static_cast<uint32_t>(code);
  if (bits == 0 && format.special == SmallFloat::NegativeZeroNan)
    sign = 0;
  return sign | bits;
}

double decodeSmall(const SmallFloat &format, uint32_t bits) {
  int total = 1 + format.exponentBits + format.mantissaBits;
  bool negative = bits >> (total - 1) & 1;
  uint32_t magnitude = bits & ((1u << (total - 1)) - 1);
  int exponent = static_cast<int>(magnitude >> format.mantissaBits);
  double mantissa = magnitude & ((1u << format.mantissaBits) - 1);
  if (format.special == SmallFloat::NegativeZeroNan && negative && !magnitude)
    return NAN;
  if (format.special == SmallFloat::NanOnly &&
      magnitude == (1u << (total - 1)) - 1)
    return NAN;
  if (format.special == SmallFloat::Ieee &&
      exponent == (1 << format.exponentBits) - 1)
    return mantissa != 0.0 ? NAN : negative ? -INFINITY : INFINITY;
  double value =
      exponent ? std::ldexp(mantissa + std::ldexp(1.0, format.mantissaBits),
                            exponent - format.bias - format.mantissaBits)
               : std::ldexp(mantissa, 1 - format.bias - format.mantissaBits);
  return negative ? -value : value;
}

template <typename T> void put(char *to, T value) {
  std::memcpy(to, &value, sizeof(value));
}
template <typename T> T take(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

void encode(const ElementType &type, double value, char *to) {
  int64_t whole = std::isfinite(value) ? static_cast<int64_t>(value) : 0;
  switch (type.code) {
  case TSDK_I1:
    return put<uint8_t>(to, value != 0.0);
  case TSDK_I8:
  case TSDK_U8:
    return put<int8_t>(to, static_cast<int8_t>(whole));
  case TSDK_I16:
  case TSDK_U16:
    return put<int16_t>(to, static_cast<int16_t>(whole));
  case TSDK_I32:
  case TSDK_U32:
    return put<int32_t>(to, static_cast<int32_t>(whole));
  case TSDK_I64:
  case TSDK_U64:
    return put<int64_t>(to, whole);
  case TSDK_F32:
    return put<float>(to, static_cast<float>(value));
  case TSDK_F64:
    return put<double>(to, value);
  default:
    break;
  }
  const SmallFloat *format = findSmallFloat(type.code);
  uint32_t bits = format ? encodeSmall(*format, value) : 0;
  if (type.size == 2)
    put<uint16_t>(to, static_cast<uint16_t>(bits));
  else
    put<uint8_t>(to, static_cast<uint8_t>(bits));
}

/// SplitMix64: a published generator small enough to be the same everywhere.
uint64_t nextRandom(uint64_t &state) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

bool isFloating(const ElementType &type) { return type.code >= TSDK_F16; }

bool isUnsigned(const ElementType &type) {
  return type.code >= TSDK_U8 && type.code <= TSDK_U64;
}

bool fillArray(Argument &argument, const std::string &fill, uint64_t seed,
               std::string &why) {
  const ElementType &type = *argument.type;
  uint64_t count = 1;
  for (uint64_t extent : argument.shape) {
    if (extent && count > (uint64_t(1) << 40) / extent) {
      why = "the array is larger than 2^40 elements";
      return false;
    }
    count *= extent;
  }
  double constant = 0;
  if (fill.compare(0, 6, "const=") == 0) {
    char *end = nullptr;
    constant = std::strtod(fill.c_str() + 6, &end);
    if (end == fill.c_str() + 6 || *end) {
      why = "`" + fill.substr(6) + "` is not a number";
      return false;
    }
  } else if (fill == "ones") {
    constant = 1;
  } else if (fill != "zeros" && fill != "arange" && fill != "random") {
    why = "no way to fill an array is called `" + fill + "`" +
          didYouMean(fill, {"zeros", "ones", "arange", "random", "const"}) +
          "; there are zeros, ones, arange, random and const=VALUE";
    return false;
  }
  argument.bytes.resize(static_cast<size_t>(count * type.size));
  char *to = argument.bytes.data();
  for (uint64_t i = 0; i < count; ++i, to += type.size) {
    double value = constant;
    if (fill == "arange") {
      value = static_cast<double>(i);
    } else if (fill == "random") {
      double unit = static_cast<double>(nextRandom(seed) >> 11) * 0x1p-53;
      value = type.code == TSDK_I1 ? std::floor(unit * 2)
              : isFloating(type)   ? unit * 2 - 1
              : isUnsigned(type)   ? std::floor(unit * 101)
                                   : std::floor(unit * 101) - 50;
    }
    encode(type, value, to);
  }
  return true;
}

bool loadArray(const std::string &path, Argument &argument, std::string &why) {
  std::string file;
  if (!readFile(path, file, why))
    return false;
  NpyArray array;
  if (!parseNpy(file, array, why)) {
    why = "`" + path + "` " + why;
    return false;
  }
  size_t itemSize = std::strtoul(array.descr.c_str() + 2, nullptr, 10);
  if (!argument.type)
    for (const ElementType &type : elementTypes)
      if (array.descr.compare(1, std::string::npos, type.descr + 1) == 0) {
        argument.type = &type;
        break;
      }
  if (!argument.type) {
    why = "`" + path + "` has the element type `" + array.descr +
          "`, which no kernel takes";
    return false;
  }
  if (argument.type->size != itemSize) {
    why = "elements of `" + path + "` have " + std::to_string(itemSize) +
          " bytes, those of " + argument.type->name + " have " +
          std::to_string(argument.type->size);
    return false;
  }
  argument.shape = array.shape;
  argument.bytes = std::move(array.bytes);
  argument.isArray = true;
  return true;
}

bool parseShape(const std::string &text, std::vector<uint64_t> &shape) {
  const char *at = text.c_str();
  while (*at) {
    char *end = nullptr;
    uint64_t extent = std::strtoull(at, &end, 10);
    if (end == at || *at == '-' || (*end && *end != ',' && *end != 'x'))
      return false;
    shape.push_back(extent);
    at = *end ? end + 1 : end;
  }
  return !shape.empty();
}

bool parseScalar(const std::string &text, Argument &argument,
                 std::string &why) {
  tsdk_arg &value = argument.value;
  char *end = nullptr;
  if (argument.type) {
    value.kind = TSDK_ARG_SCALAR;
    value.aux = argument.type->code;
    if (isFloating(*argument.type))
      value.v.f = std::strtod(text.c_str(), &end);
    else if (isUnsigned(*argument.type))
      value.v.u = std::strtoull(text.c_str(), &end, 0);
    else
      value.v.i = std::strtoll(text.c_str(), &end, 0);
    if (!text.empty() && !*end)
      return true;
    why = "`" + text + "` is not a number";
    return false;
  }
  if (text == "None") {
    value.kind = TSDK_ARG_NONE;
    return true;
  }
  if (text == "True" || text == "False") {
    value.kind = TSDK_ARG_BOOL;
    value.v.u = text == "True";
    return true;
  }
  value.kind = TSDK_ARG_INT;
  value.v.i = std::strtoll(text.c_str(), &end, 0);
  if (!text.empty() && !*end)
    return true;
  value.kind = TSDK_ARG_FLOAT;
  value.v.f = std::strtod(text.c_str(), &end);
  if (!text.empty() && !*end)
    return true;
  if (text[0] == '\'' || text.compare(0, 3, "tl.") == 0) {
    value.kind = TSDK_ARG_CONSTEXPR;
    return true;
  }
  why = "`" + text + "` is neither a number nor an array";
  return false;
}

} // namespace

const ElementType *tilesdk::tool::findElementType(const std::string &name) {
  for (const ElementType &type : elementTypes)
    if (name == type.name)
      return &type;
  return nullptr;
}

std::vector<std::string> tilesdk::tool::elementTypeNames() {
  std::vector<std::string> names;
  for (const ElementType &type : elementTypes)
    names.push_back(type.name);
  return names;
}

std::string Argument::describe() const {
  std::string result = type ? type->name : "";
  if (isArray) {
    result += "[";
    for (size_t i = 0; i < shape.size(); ++i)
      result += (i ? "," : "") + std::to_string(shape[i]);
    result += "]";
  }
  return result;
}

bool tilesdk::tool::parseArgument(const std::string &text, uint64_t seed,
                                  bool isConstexpr, Argument &argument,
                                  std::string &why) {
  argument.text = text;
  if (isConstexpr) {
    argument.value.kind = TSDK_ARG_CONSTEXPR;
    return true;
  }
  size_t special = text.find_first_of("[@:");
  std::string head = text.substr(0, special);
  if (special != std::string::npos && text[0] != '\'') {
    if (!head.empty() || text[special] != '@') {
      argument.type = findElementType(head);
      if (!argument.type) {
        why = "no element type `" + head + "`" +
              didYouMean(head, elementTypeNames());
        return false;
      }
    }
    if (text[special] == '@')
      return loadArray(text.substr(special + 1), argument, why);
    if (text[special] == '[') {
      size_t close = text.find(']', special);
      argument.isArray = true;
      if (close == std::string::npos ||
          !parseShape(text.substr(special + 1, close - special - 1),
                      argument.shape)) {
        why = "an array is written TYPE[EXTENT,...], as in f32[1024,64]";
        return false;
      }
      std::string fill = "zeros";
      if (close + 1 < text.size()) {
        if (text[close + 1] != ':') {
          why = "expected `:` and a way to fill the array after `]`";
          return false;
        }
        fill = text.substr(close + 2);
      }
      return fillArray(argument, fill, seed, why);
    }
    return parseScalar(text.substr(special + 1), argument, why);
  }
  return parseScalar(text, argument, why);
}

double tilesdk::tool::elementAt(const Argument &argument, size_t index) {
  const char *from = argument.bytes.data() + index * argument.type->size;
  switch (argument.type->code) {
  case TSDK_I1:
  case TSDK_U8:
    return take<uint8_t>(from);
  case TSDK_I8:
    return take<int8_t>(from);
  case TSDK_I16:
    return take<int16_t>(from);
  case TSDK_U16:
    return take<uint16_t>(from);
  case TSDK_I32:
    return take<int32_t>(from);
  case TSDK_U32:
    return take<uint32_t>(from);
  case TSDK_I64:
    return static_cast<double>(take<int64_t>(from));
  case TSDK_U64:
    return static_cast<double>(take<uint64_t>(from));
  case TSDK_F32:
    return take<float>(from);
  case TSDK_F64:
    return take<double>(from);
  default:
    break;
  }
  const SmallFloat *format = findSmallFloat(argument.type->code);
  uint32_t bits =
      argument.type->size == 2 ? take<uint16_t>(from) : take<uint8_t>(from);
  return format ? decodeSmall(*format, bits) : 0;
}
