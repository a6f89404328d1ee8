//===- builtins_hint.cpp - Hints, checks, printing, loops -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Facts about values
//===----------------------------------------------------------------------===//

enum class Fact { Divisibility, Contiguity, Constancy };

template <Fact fact> static Value hint(Sema &sema, BuiltinCall &call) {
  if (call[0].isNumber())
    return call[0];
  const Value &value = call[0];
  if (!value.isRuntime())
    return sema.report(Diag::TypeMismatch, call.spans[0], "a tensor",
                       value.describe());
  std::optional<Shape> facts =
      sema.constShape(call[1], "the value of a hint", call.spans[1]);
  if (!facts)
    return Value::error();
  size_t rank = std::max<size_t>(1, value.shape.size());
  if (facts->size() == 1 && rank > 1)
    facts->assign(rank, facts->front());
  if (facts->size() != rank)
    return sema
        .report(
            Diag::InvalidArgumentValue, call.spans[1], call.name(), "values",
            "one integer for each of " + std::to_string(rank) + " dimensions",
            facts->size())
        .origin(value);
  for (int64_t number : *facts)
    if (number < 1)
      return sema.report(Diag::InvalidArgumentValue, call.spans[1], call.name(),
                         "values", "positive", number);
  auto attr = sema.builder.getDenseI64ArrayAttr(*facts);
  mlir::DenseI64ArrayAttr none;
  auto op = sema.create<tile::HintOp>(value.ir.getType(), value.ir,
                                      fact == Fact::Divisibility ? attr : none,
                                      fact == Fact::Contiguity ? attr : none,
                                      fact == Fact::Constancy ? attr : none);
  Value result = value;
  result.ir = op;
  return result;
}

static Value assume(Sema &sema, BuiltinCall &call) {
  if (std::optional<bool> known = sema.truth(call[0]);
      known && !call[0].isRuntime())
    return Value::none();
  if (!call[0].isScalar())
    return sema.report(Diag::ScalarExpected, call.spans[0], call[0].describe())
        .origin(call[0]);
  Value condition = sema.cast(call[0], Scalar::I1, call.span);
  if (condition.isError())
    return condition;
  sema.create<tile::AssumeOp>(condition.ir);
  return Value::none();
}

static Value barrier(Sema &sema, BuiltinCall &call) {
  sema.create<tile::BarrierOp>();
  return Value::none();
}

static Value identity(Sema &sema, BuiltinCall &call) { return call[0]; }

//===----------------------------------------------------------------------===//
// Assertions and printing
//===----------------------------------------------------------------------===//

static Value staticAssert(Sema &sema, BuiltinCall &call) {
  std::optional<bool> known = sema.truth(call[0]);
  if (!known)
    return sema
        .report(Diag::ConstexprExpected, call.spans[0],
                "the condition of `static_assert`", call[0].describe())
        .origin(call[0])
        .help("check run-time values with `tl.device_assert`");
  if (*known)
    return Value::none();
  std::string message = call[1].str();
  if (!message.empty())
    message = ": " + message;
  return sema.report(Diag::StaticAssertFailed, call.span, message);
}

static Value staticPrint(Sema &sema, BuiltinCall &call) {
  std::string text;
  for (const Value &value : call[0].elements())
    text += (text.empty() ? "" : call[1].str()) + value.str();
  sema.report(Diag::StaticPrint, call.span, text);
  return Value::none();
}

static Value deviceAssert(Sema &sema, BuiltinCall &call) {
  if (!sema.request.options.debug)
    return Value::none();
  Value condition = call[0];
  if (std::optional<bool> known = sema.truth(condition);
      known && !condition.isRuntime())
    condition = sema.constantInt(*known, Scalar::I1);
  condition = sema.cast(condition, Scalar::I1, call.spans[0]);
  Value mask = call[2];
  if (condition.isError())
    return condition;
  if (!mask.isNone()) {
    // Masked-off elements pass.
    mask = sema.unary(UnaryOp::Invert, sema.cast(mask, Scalar::I1, call.span),
                      call.spans[2]);
    condition = sema.binary(BinaryOp::BitOr, condition, mask, call.span);
    if (condition.isError())
      return condition;
  }
  sema.create<tile::AssertOp>(condition.ir, call[1].str());
  return Value::none();
}

static Value devicePrint(Sema &sema, BuiltinCall &call) {
  if (!call[0].isString())
    return sema.report(Diag::InvalidArgumentType, call.spans[0], call.name(),
                       "prefix", "a string", call[0].describe());
  llvm::SmallVector<mlir::Value, 4> operands;
  llvm::SmallVector<bool, 4> isSigned;
  for (const Value &element : call[1].elements()) {
    Value value = sema.toRuntime(element, call.spans[1]);
    if (value.isError())
      return value;
    if (value.isPointer())
      value = sema.cast(value, Scalar::U64, call.spans[1]);
    operands.push_back(value.ir);
    isSigned.push_back(value.dtype.isSigned());
  }
  sema.create<tile::PrintOp>(call[0].text(), sema.truth(call[2]) == true,
                             operands, isSigned);
  return Value::none();
}

/// Python's print: the leading strings are the prefix.
static Value print(Sema &sema, BuiltinCall &call) {
  if (sema.frame->compileTime)
    return Value::none();
  llvm::ArrayRef<Value> rest = call[0].elements();
  std::string prefix;
  while (!rest.empty() &&
         (rest.front().isString() || !rest.front().isRuntime())) {
    prefix += (prefix.empty() ? "" : " ") + rest.front().str();
    rest = rest.drop_front();
  }
  CallArgs args;
  args.span = call.span;
  args.args.push_back({"", Value::stringOf(prefix), call.span});
  for (const Value &value : rest)
    args.args.push_back({"", value, call.span});
  return sema.callBuiltin(*findBuiltin("tl.device_print"), args);
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

static Value makeRange(Sema &sema, BuiltinCall &call, bool isStatic) {
  Value low = call[0], high = call[1], step = call[2];
  if (high.isNone()) {
    high = low;
    low = Value::intOf(0);
  }
  if (step.isNone())
    step = Value::intOf(1);
  if (isStatic)
    for (const Value *part : {&low, &high, &step}) {
      if (part->isRuntime())
        return sema
            .report(Diag::ConstexprExpected, call.span,
                    "the bounds of `" + call.name().str() + "`",
                    part->describe())
            .origin(*part)
            .help("use `tl.range`, which makes a run-time loop");
      if (!part->isInt() && !part->isBool())
        return sema.report(Diag::TypeMismatch, call.span,
                           "an integer as bound of a loop", part->describe());
      if (!part->asInteger().asInt64())
        return sema.report(Diag::LiteralOutOfRange, call.span, part->repr(),
                           "64 bits");
    }
  if (isStatic && step.asInteger().isZero())
    return sema.report(Diag::RangeStep, call.span, "is 0");
  Value range = Value::tuple({low, high, step});
  range.kind = Value::Kind::Range;
  auto payload = std::make_shared<Payload>(*range.payload);
  payload->isStatic = isStatic;
  range.payload = std::move(payload);
  return range;
}

static Value staticRange(Sema &sema, BuiltinCall &call) {
  return makeRange(sema, call, true);
}

static Value languageRange(Sema &sema, BuiltinCall &call) {
  Value range = makeRange(sema, call, false);
  if (range.isError())
    return range;
  auto payload = std::make_shared<Payload>(*range.payload);
  for (unsigned i = 3; i < call.values.size(); ++i) {
    const Value &value = call[i];
    if (value.isNone() || (value.isBool() && !value.boolean))
      continue;
    std::optional<int64_t> number = sema.constInt(
        value, "`" + call.paramName(i).str() + "`", call.spans[i]);
    if (!number || *number != int32_t(*number))
      return Value::error();
    payload->hints.emplace_back(call.paramName(i).str(), *number);
  }
  range.payload = std::move(payload);
  return range;
}

static Value pythonRange(Sema &sema, BuiltinCall &call) {
  // In Python code that runs at compile time it is what it is in Python.
  if (sema.frame->compileTime)
    return makeRange(sema, call, true);
  return languageRange(sema, call);
}

llvm::ArrayRef<BuiltinInfo> tilesdk::frontend::hintBuiltins() {
  static constexpr llvm::StringLiteral range =
      "arg1, arg2=None, step=None, num_stages=None, loop_unroll_factor=None, "
      "disallow_acc_multi_buffer=False, flatten=False, warp_specialize=False, "
      "disable_licm=False";
  static constexpr BuiltinInfo rows[] = {
      {"tl.multiple_of", "input, values", hint<Fact::Divisibility>},
      {"tl.max_contiguous", "input, values", hint<Fact::Contiguity>},
      {"tl.max_constancy", "input, values", hint<Fact::Constancy>},
      {"tl.assume", "cond", assume},
      {"tl.debug_barrier", "", barrier},
      {"tl.expect_zero", "x, mask=None", identity},
      {"tl.condition", "arg1, disable_licm=False", identity},
      {"tl.static_assert", "cond, msg=''", staticAssert},
      {"tl.static_print", "*values, sep=' '", staticPrint},
      {"tl.device_assert", "cond, msg='', mask=None", deviceAssert},
      {"tl.device_print", "prefix, *args, hex=False", devicePrint},
      {"py.print", "*values, sep=' ', end=''", print},
      {"tl.range", range, languageRange},
      {"tl.static_range", "arg1, arg2=None, step=None", staticRange},
      {"py.range", range, pythonRange},
  };
  return rows;
}
