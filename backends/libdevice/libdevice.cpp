//===- libdevice.cpp - What kernels call libdevice --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two tables: the names that kernels may call, and the LLVM IR of those that
// are an instruction or two. All others are `tsdk.math.*`, which core has.
//
//===----------------------------------------------------------------------===//

#include "backends/libdevice/libdevice.h"

#include <cstring>

namespace tilesdk::libdevice {

namespace {

/// Types are comma-separated; "F" stands for f32 and f64, "I" for i32 and i64,
/// "U" for u32 and u64.
struct NameRow {
  const char *name, *arguments, *result, *symbol;
};

constexpr NameRow NameRows[] = {
    {"acos", "F", "F", "tsdk.math.acos"},
    {"acosh", "F", "F", "tsdk.math.acosh"},
    {"asin", "F", "F", "tsdk.math.asin"},
    {"asinh", "F", "F", "tsdk.math.asinh"},
    {"atan", "F", "F", "tsdk.math.atan"},
    {"atan2", "F,F", "F", "tsdk.math.atan2"},
    {"atanh", "F", "F", "tsdk.math.atanh"},
    {"cbrt", "F", "F", "tsdk.math.cbrt"},
    {"cos", "F", "F", "tsdk.math.cos"},
    {"cosh", "F", "F", "tsdk.math.cosh"},
    {"cospi", "F", "F", "tsdk.math.cospi"},
    {"erf", "F", "F", "tsdk.math.erf"},
    {"erfc", "F", "F", "tsdk.math.erfc"},
    {"exp", "F", "F", "tsdk.math.exp"},
    {"exp10", "F", "F", "tsdk.math.exp10"},
    {"exp2", "F", "F", "tsdk.math.exp2"},
    {"expm1", "F", "F", "tsdk.math.expm1"},
    {"fdim", "F,F", "F", "tsdk.math.fdim"},
    {"fmod", "F,F", "F", "tsdk.math.fmod"},
    {"hypot", "F,F", "F", "tsdk.math.hypot"},
    {"ilogb", "F", "i32", "tsdk.math.ilogb"},
    {"ldexp", "F,i32", "F", "tsdk.math.ldexp"},
    {"lgamma", "F", "F", "tsdk.math.lgamma"},
    {"log", "F", "F", "tsdk.math.log"},
    {"log10", "F", "F", "tsdk.math.log10"},
    {"log1p", "F", "F", "tsdk.math.log1p"},
    {"log2", "F", "F", "tsdk.math.log2"},
    {"logb", "F", "F", "tsdk.math.logb"},
    {"nextafter", "F,F", "F", "tsdk.math.nextafter"},
    {"normcdf", "F", "F", "tsdk.math.normcdf"},
    {"pow", "F,F", "F", "tsdk.math.pow"},
    {"pow", "F,i32", "F", "tsdk.libdevice.powi"},
    {"rcbrt", "F", "F", "tsdk.math.rcbrt"},
    {"remainder", "F,F", "F", "tsdk.math.remainder"},
    {"rsqrt", "F", "F", "tsdk.math.rsqrt"},
    {"scalbn", "F,i32", "F", "tsdk.math.ldexp"},
    {"sin", "F", "F", "tsdk.math.sin"},
    {"sinh", "F", "F", "tsdk.math.sinh"},
    {"sinpi", "F", "F", "tsdk.math.sinpi"},
    {"tan", "F", "F", "tsdk.math.tan"},
    {"tanh", "F", "F", "tsdk.math.tanh"},
    {"tgamma", "F", "F", "tsdk.math.tgamma"},
    // The exact functions are fast enough here to serve for the fast ones.
    {"fast_cosf", "f32", "f32", "tsdk.math.cos"},
    {"fast_dividef", "F,F", "F", "tsdk.libdevice.div"},
    {"fast_exp10f", "f32", "f32", "tsdk.math.exp10"},
    {"fast_expf", "f32", "f32", "tsdk.math.exp"},
    {"fast_log10f", "f32", "f32", "tsdk.math.log10"},
    {"fast_log2f", "f32", "f32", "tsdk.math.log2"},
    {"fast_logf", "f32", "f32", "tsdk.math.log"},
    {"fast_powf", "f32,f32", "f32", "tsdk.math.pow"},
    {"fast_sinf", "f32", "f32", "tsdk.math.sin"},
    {"fast_tanf", "f32", "f32", "tsdk.math.tan"},
    {"fast_tanhf", "f32", "f32", "tsdk.math.tanh"},
    {"abs", "F", "F", "tsdk.libdevice.fabs"},
    {"abs", "I", "I", "tsdk.libdevice.iabs"},
    {"add_rn", "F,F", "F", "tsdk.libdevice.add"},
    {"brev", "I", "I", "tsdk.libdevice.brev"},
    {"ceil", "F", "F", "tsdk.libdevice.ceil"},
    {"clz", "I", "i32", "tsdk.libdevice.clz"},
    {"copysign", "F,F", "F", "tsdk.libdevice.copysign"},
    {"div_rn", "F,F", "F", "tsdk.libdevice.div"},
    {"ffs", "I", "i32", "tsdk.libdevice.ffs"},
    {"finitef", "F", "i1", "tsdk.libdevice.isfinite"},
    {"float_as_int", "f32", "i32", "tsdk.libdevice.bits"},
    {"double_as_longlong", "f64", "i64", "tsdk.libdevice.bits"},
    {"floor", "F", "F", "tsdk.libdevice.floor"},
    {"fma", "F,F,F", "F", "tsdk.libdevice.fma"},
    {"fma_rn", "F,F,F", "F", "tsdk.libdevice.fma"},
    {"int_as_float", "i32", "f32", "tsdk.libdevice.frombits"},
    {"longlong_as_double", "i64", "f64", "tsdk.libdevice.frombits"},
    {"isfinited", "F", "i1", "tsdk.libdevice.isfinite"},
    {"isinf", "F", "i1", "tsdk.libdevice.isinf"},
    {"isnan", "F", "i1", "tsdk.libdevice.isnan"},
    {"llrint", "F", "i64", "tsdk.libdevice.llrint"},
    {"llround", "F", "i64", "tsdk.libdevice.llround"},
    {"mul_rn", "F,F", "F", "tsdk.libdevice.mul"},
    {"mulhi", "I,I", "I", "tsdk.libdevice.mulhi"},
    {"mulhi", "U,U", "U", "tsdk.libdevice.umulhi"},
    {"nearbyint", "F", "F", "tsdk.libdevice.rint"},
    {"popc", "I", "i32", "tsdk.libdevice.popc"},
    {"rcp_rn", "F", "F", "tsdk.libdevice.rcp"},
    {"rint", "F", "F", "tsdk.libdevice.rint"},
    {"round", "F", "F", "tsdk.libdevice.round"},
    {"saturatef", "f32", "f32", "tsdk.libdevice.saturate"},
    {"signbit", "F", "i1", "tsdk.libdevice.signbit"},
    {"sqrt", "F", "F", "tsdk.libdevice.sqrt"},
    {"sqrt_rn", "F", "F", "tsdk.libdevice.sqrt"},
    {"sub_rn", "F,F", "F", "tsdk.libdevice.sub"},
    {"trunc", "F", "F", "tsdk.libdevice.trunc"},
};

/// Where kernels find them: the portable spelling, the CPU's own, and the two
/// that older Triton programs use.
constexpr const char *Prefixes[] = {"tl.extra.libdevice.",
                                    "tl.extra.cpu.libdevice.", "tl.libdevice.",
                                    "tl.math."};

/// The body of a function in LLVM IR with the arguments %a, %b, %c (and %n, an
/// i32, for powi) and the result %r. In it $T is the type of the arguments, $R
/// that of the result, $I the integer as wide as $T, $J one twice as wide, $B
/// i32, $Z i1, each with the function's lanes; $S, $Q and $L are the intrinsic
/// suffixes of $T, $R and $B; $C converts an integer as wide as $T to i32. A
/// constant is $t{1.0}, the letter telling its type.
struct BodyRow {
  const char *name;
  char kind; // of $T: 'f' or 'i'
  int arity;
  const char *result; // "T", "I", "F" (the float as wide as T), or a type
  const char *body;
};

constexpr BodyRow BodyRows[] = {
    {"add", 'f', 2, "T", "%r = fadd $T %a, %b"},
    {"sub", 'f', 2, "T", "%r = fsub $T %a, %b"},
    {"mul", 'f', 2, "T", "%r = fmul $T %a, %b"},
    {"div", 'f', 2, "T", "%r = fdiv $T %a, %b"},
    {"rcp", 'f', 1, "T", "%r = fdiv $T $t{1.0}, %a"},
    {"fabs", 'f', 1, "T", "%r = call $T @llvm.fabs.$S($T %a)"},
    {"floor", 'f', 1, "T", "%r = call $T @llvm.floor.$S($T %a)"},
    {"ceil", 'f', 1, "T", "%r = call $T @llvm.ceil.$S($T %a)"},
    {"trunc", 'f', 1, "T", "%r = call $T @llvm.trunc.$S($T %a)"},
    {"rint", 'f', 1, "T", "%r = call $T @llvm.rint.$S($T %a)"},
    {"sqrt", 'f', 1, "T", "%r = call $T @llvm.sqrt.$S($T %a)"},
    {"round", 'f', 1, "T", "%r = call $T @llvm.round.$S($T %a)"},
    {"copysign", 'f', 2, "T", "%r = call $T @llvm.copysign.$S($T %a, $T %b)"},
    {"fma", 'f', 3, "T", "%r = call $T @llvm.fma.$S($T %a, $T %b, $T %c)"},
    {"saturate", 'f', 1, "T",
     "%n = call $T @llvm.maxnum.$S($T %a, $T $t{0.0})\n"
     "%r = call $T @llvm.minnum.$S($T %n, $T $t{1.0})"},
    {"isnan", 'f', 1, "i1", "%r = fcmp uno $T %a, $t{0.0}"},
    {"isinf", 'f', 1, "i1",
     "%n = call $T @llvm.fabs.$S($T %a)\n"
     "%r = fcmp oeq $T %n, $t{inf}"},
    {"isfinite", 'f', 1, "i1",
     "%n = call $T @llvm.fabs.$S($T %a)\n"
     "%r = fcmp olt $T %n, $t{inf}"},
    {"signbit", 'f', 1, "i1",
     "%n = bitcast $T %a to $I\n"
     "%r = icmp slt $I %n, $i{0}"},
    {"llrint", 'f', 1, "i64",
     "%n = call $T @llvm.rint.$S($T %a)\n"
     "%r = call $R @llvm.fptosi.sat.$Q.$S($T %n)"},
    {"llround", 'f', 1, "i64",
     "%n = call $T @llvm.round.$S($T %a)\n"
     "%r = call $R @llvm.fptosi.sat.$Q.$S($T %n)"},
    {"bits", 'f', 1, "I", "%r = bitcast $T %a to $R"},
    {"frombits", 'i', 1, "F", "%r = bitcast $T %a to $R"},
    {"iabs", 'i', 1, "T", "%r = call $T @llvm.abs.$S($T %a, i1 false)"},
    {"brev", 'i', 1, "T", "%r = call $T @llvm.bitreverse.$S($T %a)"},
    {"popc", 'i', 1, "i32",
     "%n = call $T @llvm.ctpop.$S($T %a)\n"
     "%r = $C $T %n to $R"},
    {"clz", 'i', 1, "i32",
     "%n = call $T @llvm.ctlz.$S($T %a, i1 false)\n"
     "%r = $C $T %n to $R"},
    // Position of the lowest set bit counted from 1; 0 when none is set.
    {"ffs", 'i', 1, "i32",
     "%n = call $T @llvm.cttz.$S($T %a, i1 true)\n"
     "%p = add $T %n, $t{1}\n"
     "%z = icmp eq $T %a, $t{0}\n"
     "%q = select $Z %z, $T $t{0}, $T %p\n"
     "%r = $C $T %q to $R"},
    {"mulhi", 'i', 2, "T",
     "%x = sext $T %a to $J\n"
     "%y = sext $T %b to $J\n"
     "%m = mul $J %x, %y\n"
     "%h = lshr $J %m, $j{bits}\n"
     "%r = trunc $J %h to $T"},
    {"umulhi", 'i', 2, "T",
     "%x = zext $T %a to $J\n"
     "%y = zext $T %b to $J\n"
     "%m = mul $J %x, %y\n"
     "%h = lshr $J %m, $j{bits}\n"
     "%r = trunc $J %h to $T"},
    {"powi", 'f', 1, "T",
     "%negative = icmp slt $B %n, $b{0}\n"
     "%n0 = call $B @llvm.abs.$L($B %n, i1 false)\n"
     "br label %loop\n"
     "loop:\n"
     "%m = phi $B [ %n0, %entry ], [ %m1, %loop ]\n"
     "%x = phi $T [ %a, %entry ], [ %x1, %loop ]\n"
     "%p = phi $T [ $t{1.0}, %entry ], [ %p1, %loop ]\n"
     "%bit = trunc $B %m to $Z\n"
     "%px = fmul $T %p, %x\n"
     "%p1 = select $Z %bit, $T %px, $T %p\n"
     "%x1 = fmul $T %x, %x\n"
     "%m1 = lshr $B %m, $b{1}\n"
     "%more = icmp ne $B %m1, $b{0}\n"
     "$A\n"
     "br i1 %again, label %loop, label %done\n"
     "done:\n"
     "%inverse = fdiv $T $t{1.0}, %p1\n"
     "%r = select $Z %negative, $T %inverse, $T %p1"},
};

struct Element {
  bool isFloat = false;
  unsigned bits = 0;

  std::string llvm() const {
    return !isFloat     ? "i" + std::to_string(bits)
           : bits == 32 ? "float"
                        : "double";
  }
  std::string suffix() const {
    return (isFloat ? "f" : "i") + std::to_string(bits);
  }
};

/// Reads "f32", "i64", "u32" and the like.
bool parseElement(std::string_view text, Element &element) {
  if (text.size() < 2 || !strchr("fiu", text[0]))
    return false;
  unsigned bits = 0;
  for (char digit : text.substr(1)) {
    if (digit < '0' || digit > '9' || bits > 64)
      return false;
    bits = bits * 10 + static_cast<unsigned>(digit - '0');
  }
  element = {text[0] == 'f', bits};
  return bits == 1 || bits == 32 || bits == 64;
}

/// Writes a body for one element type and number of lanes.
class BodyWriter {
public:
  BodyWriter(const BodyRow &row, Element argument, unsigned lanes)
      : row(row), argument(argument), lanes(lanes) {
    std::string_view text = row.result;
    if (text == "T")
      result = argument;
    else if (text == "I" || text == "F")
      result = {text == "F", argument.bits};
    else
      parseElement(text, result);
  }

  std::string write(std::string_view symbol) {
    std::string out = "define " + type(result) + " @\"" + std::string(symbol) +
                      "\"(" + type(argument) + " %a";
    for (int i = 1; i < row.arity; ++i)
      out += ", " + type(argument) + (i == 1 ? " %b" : " %c");
    if (strcmp(row.name, "powi") == 0)
      out += ", " + type(Int32) + " %n";
    out += ") alwaysinline nounwind willreturn memory(none) {\nentry:\n";
    for (const char *at = row.body; *at; ++at) {
      if (*at != '$')
        out += *at;
      else
        at = expand(at + 1, out);
    }
    return out + "\nret " + type(result) + " %r\n}\n";
  }

private:
  static constexpr Element Int32 = {false, 32};

  std::string type(Element element) const {
    return lanes == 1
               ? element.llvm()
               : "<" + std::to_string(lanes) + " x " + element.llvm() + ">";
  }
  std::string suffix(Element element) const {
    return (lanes == 1 ? "" : "v" + std::to_string(lanes)) + element.suffix();
  }
  std::string constant(Element element, std::string_view text) const {
    std::string value(text);
    if (text == "inf")
      value = "0x7FF0000000000000";
    else if (text == "bits")
      value = std::to_string(argument.bits);
    return lanes == 1 ? value : "splat (" + element.llvm() + " " + value + ")";
  }

  /// Expands what follows a dollar; returns its last character.
  const char *expand(const char *at, std::string &out) const {
    Element integer = {false, argument.bits}, wide = {false, argument.bits * 2};
    if (at[1] == '{') {
      const char *end = strchr(at, '}');
      Element element = *at == 'i'   ? integer
                        : *at == 'j' ? wide
                        : *at == 'b' ? Int32
                                     : argument;
      out += constant(element, {at + 2, static_cast<size_t>(end - at - 2)});
      return end;
    }
    switch (*at) {
    case 'T':
      out += type(argument);
      break;
    case 'R':
      out += type(result);
      break;
    case 'I':
      out += type(integer);
      break;
    case 'J':
      out += type(wide);
      break;
    case 'B':
      out += type(Int32);
      break;
    case 'Z':
      out += type({false, 1});
      break;
    case 'S':
      out += suffix(argument);
      break;
    case 'Q':
      out += suffix(result);
      break;
    case 'L':
      out += suffix(Int32);
      break;
    case 'C':
      out += argument.bits == 32 ? "bitcast" : "trunc";
      break;
    case 'A': // whether any lane is set
      out += lanes == 1
                 ? "%again = or i1 %more, false"
                 : "%again = call i1 @llvm.vector.reduce.or." +
                       suffix({false, 1}) + "(" + type({false, 1}) + " %more)";
      break;
    default:
      break;
    }
    return at;
  }

  const BodyRow &row;
  const Element argument;
  const unsigned lanes;
  Element result;
};

/// Replaces the type classes F, I and U of a type list by one of 32 or 64 bits.
std::string instantiate(std::string_view types, const char *bits) {
  std::string out;
  for (char letter : types) {
    if (strchr("FIU", letter))
      out += std::string(1, static_cast<char>(letter - 'A' + 'a')) + bits;
    else
      out += letter;
  }
  return out;
}

} // namespace

std::vector<tsdk_language_function>
makeLanguageFunctions(std::vector<std::string> &strings) {
  struct Texts {
    size_t name, arguments, result, symbol;
  };
  std::vector<Texts> rows;
  auto keep = [&](std::string text) {
    strings.push_back(std::move(text));
    return strings.size() - 1;
  };
  for (const NameRow &row : NameRows) {
    bool isClass = strpbrk(row.arguments, "FIU") != nullptr;
    for (const char *bits : {"32", "64"}) {
      if (!isClass && bits[0] == '6')
        break;
      std::string arguments = instantiate(row.arguments, bits);
      Texts texts = {};
      texts.symbol = keep(row.symbol);
      texts.arguments = keep(arguments);
      texts.result = keep(instantiate(row.result, bits));
      for (const char *prefix : Prefixes) {
        texts.name = keep(std::string(prefix) + row.name);
        rows.push_back(texts);
      }
    }
  }
  std::vector<tsdk_language_function> functions;
  for (const Texts &texts : rows) {
    tsdk_language_function function = {};
    function.name = str(strings[texts.name]);
    function.arguments = str(strings[texts.arguments]);
    function.result = str(strings[texts.result]);
    function.symbol = str(strings[texts.symbol]);
    functions.push_back(function);
  }
  return functions;
}

std::string makeDeviceFunction(std::string_view symbol) {
  constexpr std::string_view prefix = "tsdk.libdevice.";
  if (!symbol.starts_with(prefix))
    return {};
  std::string_view rest = symbol.substr(prefix.size());
  size_t dot = rest.find('.');
  if (dot == std::string_view::npos)
    return {};
  std::string_view name = rest.substr(0, dot), typeName = rest.substr(dot + 1);
  unsigned lanes = 1;
  if (typeName.starts_with('v')) {
    size_t digits = typeName.find_first_not_of("0123456789", 1);
    if (digits == std::string_view::npos || digits == 1 || digits > 5)
      return {};
    lanes = 0;
    for (char digit : typeName.substr(1, digits - 1))
      lanes = lanes * 10 + static_cast<unsigned>(digit - '0');
    typeName.remove_prefix(digits);
    if (lanes < 2)
      return {};
  }
  Element element;
  if (!parseElement(typeName, element) || element.bits == 1)
    return {};
  for (const BodyRow &row : BodyRows) {
    if (name == row.name && (row.kind == 'f') == element.isFloat)
      return BodyWriter(row, element, lanes).write(symbol);
  }
  return {};
}

} // namespace tilesdk::libdevice
