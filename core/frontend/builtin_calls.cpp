//===- builtin_calls.cpp - Calls of builtins and target functions ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Builtins
//===----------------------------------------------------------------------===//

Value Sema::callBuiltin(const BuiltinInfo &builtin, CallArgs &args) {
  llvm::ArrayRef<BuiltinParam> params = builtinParams(builtin);
  BuiltinCall bound{builtin, {}, {}, 0, args.span};
  bound.values.resize(params.size());
  bound.spans.assign(params.size(), args.span);
  llvm::StringRef name = builtinSpelling(builtin);
  for (const CallArgs::Arg &arg : args.args)
    if (arg.value.isError())
      return Value::error();
  size_t position = 0;
  std::vector<Value> surplus;
  std::optional<size_t> variadic;
  size_t positional = 0;
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i].isVariadic)
      variadic = i;
    else if (!params[i].isKeywordOnly)
      ++positional;
  }
  size_t given = 0;
  for (CallArgs::Arg &arg : args.args) {
    if (!arg.name.empty())
      continue;
    ++given;
    if (position < params.size() && !params[position].isVariadic &&
        !params[position].isKeywordOnly) {
      bound.values[position] = arg.value;
      bound.spans[position] = arg.span;
      bound.given |= uint64_t(1) << position++;
      continue;
    }
    if (!variadic)
      continue;
    bound.spans[*variadic] = surplus.empty()
                                 ? arg.span
                                 : Span::join(bound.spans[*variadic], arg.span);
    surplus.push_back(arg.value);
  }
  if (!variadic && given > positional)
    return report(Diag::TooManyArguments, args.span, name, positional, given);
  for (CallArgs::Arg &arg : args.args) {
    if (arg.name.empty())
      continue;
    size_t index = 0;
    while (index < params.size() && params[index].name != arg.name)
      ++index;
    // Compiler-wide keywords that upstream's decorator takes away.
    if (index == params.size() &&
        (arg.name == "_builder" || arg.name == "_semantic" ||
         arg.name == "_generator"))
      continue;
    if (index == params.size()) {
      Report message =
          report(Diag::UnknownKeywordArgument, arg.span, name, arg.name);
      std::vector<llvm::StringRef> names;
      for (const BuiltinParam &param : params)
        names.push_back(param.name);
      suggest(message, arg.name, names);
      return message;
    }
    if (params[index].isVariadic && arg.value.isTuple()) {
      surplus.assign(arg.value.elements().begin(), arg.value.elements().end());
      bound.spans[index] = arg.span;
      continue;
    }
    if (bound.has(index))
      return report(Diag::DuplicateArgument, arg.span, name, arg.name);
    bound.values[index] = arg.value;
    bound.spans[index] = arg.span;
    bound.given |= uint64_t(1) << index;
  }
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i].isVariadic) {
      if (!surplus.empty())
        bound.given |= uint64_t(1) << i;
      bound.values[i] = makeTuple(std::exchange(surplus, {}), false, args.span);
      if (bound.values[i].isError())
        return Value::error();
      continue;
    }
    if (bound.has(i))
      continue;
    if (params[i].isRequired)
      return report(Diag::MissingArgument, args.span, name, params[i].name);
    bound.values[i] = params[i].defaultValue;
  }
  Span outer = std::exchange(currentSpan, args.span);
  Value result = builtin.handler(*this, bound);
  currentSpan = outer;
  return result;
}

llvm::StringRef BuiltinCall::paramName(unsigned i) const {
  return builtinParams(builtin)[i].name;
}

llvm::StringRef BuiltinCall::name() const { return builtinSpelling(builtin); }

//===----------------------------------------------------------------------===//
// Functions of the target
//===----------------------------------------------------------------------===//

static bool matches(llvm::StringRef types, llvm::ArrayRef<Value> values) {
  llvm::SmallVector<llvm::StringRef, 4> codes;
  types.split(codes, ',', -1, /*KeepEmpty=*/false);
  if (codes.size() != values.size())
    return false;
  for (auto [code, value] : llvm::zip(codes, values)) {
    std::optional<DType> dtype = dtypeOfCode(code.trim());
    if (!dtype || *dtype != value.dtype)
      return false;
  }
  return true;
}

Value Sema::callExtern(llvm::StringRef spelling, CallArgs &args) {
  llvm::SmallVector<Value, 4> values;
  const LanguageRow *chosen = nullptr;
  auto choose = [&] {
    for (const LanguageRow &row : request.rows)
      if (!chosen && row.spelling == spelling && matches(row.arguments, values))
        chosen = &row;
  };
  const Value *first = nullptr;
  for (const CallArgs::Arg &arg : args.args)
    if (arg.value.isRuntime() && !first)
      first = &arg.value;
  // A number has its own type if that fits, as the exponent in pow(x, 2) does,
  // and that of the first tensor otherwise.
  bool anyNumber = false;
  auto gather = [&](bool likeFirst) -> std::optional<Value> {
    values.clear();
    for (const CallArgs::Arg &arg : args.args) {
      Value value = arg.value;
      anyNumber |= value.isNumber();
      if (value.isNumber())
        value = likeFirst ? toRuntimeLike(value, first->dtype, arg.span)
                          : toRuntime(value, arg.span);
      if (value.isError())
        return value;
      if (!value.isRuntime())
        return report(Diag::TypeMismatch, arg.span, "a number or a tensor",
                      value.describe());
      values.push_back(value);
    }
    choose();
    return std::nullopt;
  };
  if (std::optional<Value> error = gather(/*likeFirst=*/false))
    return *error;
  if (!chosen && anyNumber && first)
    if (std::optional<Value> error = gather(/*likeFirst=*/true))
      return *error;
  Shape shape;
  for (size_t i = 0; i < values.size(); ++i) {
    Value soFar = Value::runtime({}, Scalar::I32, shape);
    if (!broadcastShapes(soFar, values[i], shape, args.span))
      return Value::error();
  }
  if (!chosen && values.size() > 1) {
    // Upstream promotes unequal arguments before it gives up.
    DType common = values[0].dtype;
    bool numeric = true;
    for (const Value &value : values)
      numeric &= promote(common, value.dtype, {}, common) == Promotion::Ok;
    if (numeric) {
      for (Value &value : values)
        value = cast(value, common, args.span);
      choose();
    }
  }
  if (!chosen) {
    std::string given;
    for (const Value &value : values)
      given += (given.empty() ? "" : ", ") + value.dtype.str();
    Report message = report(Diag::InvalidOperandType, args.span, spelling,
                            "(" + given + ")");
    for (const LanguageRow &row : request.rows)
      if (row.spelling == spelling)
        message.note("takes (" + row.arguments + ")");
    return message;
  }
  llvm::SmallVector<mlir::Value, 4> operands;
  for (Value &value : values)
    operands.push_back(broadcastTo(value, shape).ir);
  std::optional<DType> result = dtypeOfCode(chosen->result);
  DType dtype = result.value_or(Scalar::I32);
  Span outer = std::exchange(currentSpan, args.span);
  auto op = create<tile::ExternElementwiseOp>(irType(dtype, shape), operands,
                                              chosen->symbol, chosen->pure);
  currentSpan = outer;
  return result ? Value::runtime(op, dtype, shape) : Value::none();
}
