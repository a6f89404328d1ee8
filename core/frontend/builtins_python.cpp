//===- builtins_python.cpp - Python's own and host functions ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include <cmath>

using namespace tilesdk;
using namespace tilesdk::frontend;

static Value constexprOnly(Sema &sema, BuiltinCall &call, unsigned i) {
  return sema
      .report(Diag::ConstexprExpected, call.spans[i],
              "the argument of `" + call.name().str() + "`", call[i].describe())
      .origin(call[i]);
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

static Value toFloat(Sema &sema, BuiltinCall &call) {
  const Value &value = call[0];
  if (value.isNumber())
    return Value::floatOf(value.asDouble());
  if (value.isString()) {
    std::string text = value.text().trim().lower();
    llvm::StringRef word = text;
    bool negative = word.consume_front("-");
    if (!negative)
      word.consume_front("+");
    double number;
    if (word == "inf" || word == "infinity")
      number = HUGE_VAL;
    else if (word == "nan")
      number = std::nan("");
    else if (word.empty() || word.getAsDouble(number))
      return sema.report(Diag::ConstexprEvaluation, call.spans[0],
                         value.repr() + " is not a number");
    return Value::floatOf(negative ? -number : number);
  }
  if (value.isRuntime())
    return sema.cast(value, Scalar::F32, call.span);
  return constexprOnly(sema, call, 0);
}

static Value toInt(Sema &sema, BuiltinCall &call) {
  const Value &value = call[0];
  if (value.isInt())
    return value;
  if (value.isBool())
    return Value::intOf(value.asInteger());
  if (value.isFloat()) {
    if (BigInt::Maybe number = BigInt::fromDouble(value.number))
      return Value::intOf(*number);
    return sema.report(Diag::ConstexprEvaluation, call.spans[0],
                       value.repr() + " has no integer part");
  }
  if (value.isString()) {
    if (BigInt::Maybe number = BigInt::parse(value.text()))
      return Value::intOf(*number);
    return sema.report(Diag::ConstexprEvaluation, call.spans[0],
                       value.repr() + " is not an integer");
  }
  if (value.isRuntime())
    return sema.cast(value, Scalar::I32, call.span);
  return constexprOnly(sema, call, 0);
}

static Value toBool(Sema &sema, BuiltinCall &call) {
  if (std::optional<bool> known = sema.truth(call[0]))
    return Value::boolOf(*known);
  if (call[0].isRuntime())
    return sema.cast(call[0], Scalar::I1, call.span);
  return constexprOnly(sema, call, 0);
}

static Value toString(Sema &sema, BuiltinCall &call) {
  if (!call[0].isConstexpr())
    return constexprOnly(sema, call, 0);
  return Value::stringOf(call[0].str());
}

static Value toSequence(Sema &sema, BuiltinCall &call, bool isList) {
  if (call[0].isNone() && !call.has(0))
    return Value::tuple({}, isList);
  std::vector<Value> elements;
  if (!sema.iterate(call[0], call.spans[0], elements))
    return Value::error();
  return sema.makeTuple(std::move(elements), isList, call.span);
}
static Value toList(Sema &sema, BuiltinCall &call) {
  return toSequence(sema, call, true);
}
static Value toTuple(Sema &sema, BuiltinCall &call) {
  return toSequence(sema, call, false);
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

static Value len(Sema &sema, BuiltinCall &call) {
  const Value &value = call[0];
  if (value.isTuple())
    return Value::intOf(static_cast<int64_t>(value.elements().size()));
  if (value.isString())
    return Value::intOf(static_cast<int64_t>(value.text().size()));
  if (value.isTensor())
    return Value::intOf(value.shape.front());
  return sema.report(Diag::InvalidOperandType, call.span, "len",
                     value.describe());
}

static bool isInstance(const Value &value, const Value &type) {
  if (type.isTuple())
    return llvm::any_of(type.elements(), [&](const Value &each) {
      return isInstance(value, each);
    });
  if (type.kind == Value::Kind::TupleClass)
    return value.isTuple() && value.text() == type.text();
  if (type.kind != Value::Kind::Builtin)
    return false;
  llvm::StringRef name = type.builtin->name;
  if (name == "tl.tensor")
    return value.isRuntime();
  if (name == "tl.constexpr")
    return !value.isRuntime() && value.isConstexpr() && !value.isTuple();
  if (name == "tl.dtype")
    return value.isType();
  if (name == "py.int")
    return value.isInt() || value.isBool();
  if (name == "py.float")
    return value.isFloat();
  if (name == "py.bool")
    return value.isBool();
  if (name == "py.str")
    return value.isString();
  if (name == "py.list")
    return value.isTuple() && value.payload->isList;
  if (name == "py.tuple" || name == "tl.tuple")
    return value.isTuple() && !value.payload->isList;
  return false;
}

static Value isInstanceOf(Sema &sema, BuiltinCall &call) {
  return Value::boolOf(isInstance(call[0], call[1]));
}

static Value hasAttribute(Sema &sema, BuiltinCall &call) {
  if (!call[1].isString())
    return constexprOnly(sema, call, 1);
  bool found =
      sema.quietly([&] { sema.attribute(call[0], call[1].text(), call.span); });
  return Value::boolOf(found);
}

static Value getAttribute(Sema &sema, BuiltinCall &call) {
  if (!call[1].isString())
    return constexprOnly(sema, call, 1);
  if (call.has(2)) {
    Value result;
    if (!sema.quietly([&] {
          result = sema.attribute(call[0], call[1].text(), call.span);
        }))
      return call[2];
    return result;
  }
  return sema.attribute(call[0], call[1].text(), call.span);
}

//===----------------------------------------------------------------------===//
// min, max, and numbers of the host
//===----------------------------------------------------------------------===//

static Value extremum(Sema &sema, BuiltinCall &call, bool isMax) {
  std::vector<Value> values(call[0].elements());
  if (values.size() == 1 && values.front().isTuple())
    values.assign(call[0].elements().front().elements().begin(),
                  call[0].elements().front().elements().end());
  if (values.empty())
    return sema.report(Diag::MissingArgument, call.span, call.name(), "x");
  // The language's own reduction goes by the same name on one tensor.
  if (values.size() == 1 && values.front().isTensor())
    return sema
        .report(Diag::ConstexprExpected, call.spans[0],
                "the argument of Python's `" + call.name().str() + "`",
                values.front().describe())
        .help("reduce a tensor with `tl." + call.name() + "(x, axis=0)`");
  Value result = values.front();
  for (const Value &next : llvm::ArrayRef<Value>(values).drop_front()) {
    if (result.isNumber() && next.isNumber()) {
      Value less =
          sema.foldCompare(isMax ? CompareOp::Greater : CompareOp::Less, next,
                           result, call.span);
      if (sema.truth(less) == true)
        result = next;
      continue;
    }
    result = sema.minMax(result, next, isMax, false, call.span);
  }
  return result;
}
static Value pythonMin(Sema &sema, BuiltinCall &call) {
  return extremum(sema, call, false);
}
static Value pythonMax(Sema &sema, BuiltinCall &call) {
  return extremum(sema, call, true);
}

static Value pythonAbs(Sema &sema, BuiltinCall &call) {
  CallArgs args;
  args.span = call.span;
  args.args.push_back({"", call[0], call.spans[0]});
  return sema.callBuiltin(*findBuiltin("tl.abs"), args);
}

static Value pythonSum(Sema &sema, BuiltinCall &call) {
  std::vector<Value> values;
  if (!sema.iterate(call[0], call.spans[0], values))
    return Value::error();
  Value result = call[1];
  for (const Value &value : values)
    result = sema.binary(BinaryOp::Add, result, value, call.span);
  return result;
}

static Value pythonRound(Sema &sema, BuiltinCall &call) {
  if (!call[0].isNumber())
    return constexprOnly(sema, call, 0);
  if (BigInt::Maybe number =
          BigInt::fromDouble(std::nearbyint(call[0].asDouble())))
    return Value::intOf(*number);
  return sema.report(Diag::ConstexprEvaluation, call.spans[0],
                     call[0].repr() + " has no integer part");
}

static Value pythonPow(Sema &sema, BuiltinCall &call) {
  return sema.binary(BinaryOp::Pow, call[0], call[1], call.span);
}

//===----------------------------------------------------------------------===//
// Python's math module, at compile time
//===----------------------------------------------------------------------===//

static Value mathResult(Sema &sema, BuiltinCall &call, double result) {
  for (const Value &value : call.values)
    if (std::isnan(value.asDouble()))
      return Value::floatOf(result);
  if (std::isnan(result))
    return sema.report(Diag::ConstexprEvaluation, call.span,
                       "`" + call.name().str() + "` has no value there");
  return Value::floatOf(result);
}

template <double (*function)(double)>
static Value mathUnary(Sema &sema, BuiltinCall &call) {
  if (!call[0].isNumber())
    return constexprOnly(sema, call, 0);
  return mathResult(sema, call, function(call[0].asDouble()));
}

static Value mathLog(Sema &sema, BuiltinCall &call) {
  for (unsigned i = 0; i < 2; ++i)
    if (!call[i].isNumber())
      return constexprOnly(sema, call, i);
  double base = call.has(1) ? std::log(call[1].asDouble()) : 1;
  if (call[0].asDouble() <= 0 || base == 0)
    return sema.report(Diag::ConstexprEvaluation, call.span,
                       "`math.log` has no value there");
  return mathResult(sema, call, std::log(call[0].asDouble()) / base);
}

static Value mathPow(Sema &sema, BuiltinCall &call) {
  for (unsigned i = 0; i < 2; ++i)
    if (!call[i].isNumber())
      return constexprOnly(sema, call, i);
  return mathResult(sema, call,
                    std::pow(call[0].asDouble(), call[1].asDouble()));
}

template <double (*function)(double)>
static Value mathRound(Sema &sema, BuiltinCall &call) {
  if (!call[0].isNumber())
    return constexprOnly(sema, call, 0);
  if (!call[0].isFloat())
    return Value::intOf(call[0].asInteger());
  if (BigInt::Maybe number = BigInt::fromDouble(function(call[0].number)))
    return Value::intOf(*number);
  return sema.report(Diag::ConstexprEvaluation, call.span,
                     call[0].repr() + " has no integer part");
}

/// `(x + div - 1) // div`, as on the host and on the device.
static Value cdiv(Sema &sema, BuiltinCall &call) {
  Value less = sema.binary(BinaryOp::Sub, call[1], Value::intOf(1), call.span);
  Value sum = sema.binary(BinaryOp::Add, call[0], less, call.span);
  return sema.binary(BinaryOp::FloorDiv, sum, call[1], call.span);
}

static Value nextPowerOf2(Sema &sema, BuiltinCall &call) {
  if (!call[0].isInt() && !call[0].isBool())
    return constexprOnly(sema, call, 0);
  BigInt number = call[0].asInteger();
  if (number < BigInt(1))
    return Value::intOf(0);
  BigInt below = *number.sub(BigInt(1));
  unsigned bits = below.isZero() ? 0 : below.significantBits() - 1;
  if (BigInt::Maybe power = BigInt(1).shl(BigInt(bits)))
    return Value::intOf(*power);
  return Value::error();
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::pythonBuiltins() {
  static constexpr BuiltinInfo rows[] = {
      {"py.float", "x=0", toFloat},
      {"py.int", "x=0", toInt},
      {"py.bool", "x=False", toBool},
      {"py.str", "x=''", toString},
      {"py.list", "x=None", toList},
      {"py.tuple", "x=None", toTuple},
      {"tl.tuple", "x=None", toTuple},
      {"py.len", "x", len},
      {"py.isinstance", "x, type", isInstanceOf},
      {"py.hasattr", "x, name", hasAttribute},
      {"py.getattr", "x, name, default=None", getAttribute},
      {"py.min", "*x", pythonMin},
      {"py.max", "*x", pythonMax},
      {"py.abs", "x", pythonAbs},
      {"py.sum", "x, start=0", pythonSum},
      {"py.round", "x", pythonRound},
      {"py.pow", "x, y", pythonPow},
      {"math.exp", "x", mathUnary<std::exp>},
      {"math.exp2", "x", mathUnary<std::exp2>},
      {"math.log", "x, base=0", mathLog},
      {"math.log2", "x", mathUnary<std::log2>},
      {"math.log10", "x", mathUnary<std::log10>},
      {"math.sqrt", "x", mathUnary<std::sqrt>},
      {"math.sin", "x", mathUnary<std::sin>},
      {"math.cos", "x", mathUnary<std::cos>},
      {"math.tanh", "x", mathUnary<std::tanh>},
      {"math.fabs", "x", mathUnary<std::fabs>},
      {"math.pow", "x, y", mathPow},
      {"math.ceil", "x", mathRound<std::ceil>},
      {"math.floor", "x", mathRound<std::floor>},
      {"triton.cdiv", "x, y", cdiv},
      {"tl.cdiv", "x, div", cdiv, isMethod},
      {"triton.next_power_of_2", "n", nextPowerOf2},
      {"tl.next_power_of_2", "n", nextPowerOf2, isInternal},
  };
  return rows;
}
