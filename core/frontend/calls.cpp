//===- calls.cpp - Calls, binding of arguments, inlining ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringExtras.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Call expressions
//===----------------------------------------------------------------------===//

Value Sema::visitCall(const CallExpr *expr) {
  Value callee = eval(expr->callee);
  CallArgs args;
  args.span = expr->span;
  bool valid = !callee.isError();
  for (const Expr *arg : expr->args) {
    if (auto *starred = llvm::dyn_cast<StarredExpr>(arg)) {
      Value packed = eval(starred->value);
      if (packed.isTuple()) {
        for (const Value &element : packed.elements())
          args.args.push_back({"", element, arg->span});
      } else {
        if (!packed.isError())
          report(Diag::UnpackingArguments, arg->span, packed.describe());
        valid = false;
      }
      continue;
    }
    args.args.push_back({"", eval(arg), arg->span});
  }
  for (const KeywordArg &keyword : expr->keywords) {
    if (!keyword.name) {
      report(Diag::UnpackingArguments, keyword.span, "keywords");
      valid = false;
      continue;
    }
    args.args.push_back({keyword.name.name, eval(keyword.value), keyword.span});
  }
  if (!valid)
    return Value::error();
  return call(callee, args);
}

static Value construct(Sema &sema, const Value &tupleClass, CallArgs &args) {
  llvm::ArrayRef<std::string> fields = tupleClass.fields();
  std::vector<Value> elements(fields.size(),
                              Value::of(Value::Kind::Undefined));
  auto wrong = [&](const std::string &why) -> Value {
    return sema.report(Diag::ConstructorArguments, args.span,
                       tupleClass.text(), why);
  };
  size_t position = 0;
  for (const CallArgs::Arg &arg : args.args) {
    if (arg.name.empty()) {
      if (position >= fields.size())
        return wrong("it has " + std::to_string(fields.size()) + " fields");
      elements[position++] = arg.value;
      continue;
    }
    auto found = llvm::find(fields, arg.name);
    if (found == fields.end())
      return wrong("it has no field `" + arg.name.str() + "`");
    elements[found - fields.begin()] = arg.value;
  }
  for (size_t i = 0; i < fields.size(); ++i)
    if (elements[i].kind == Value::Kind::Undefined)
      return wrong("field `" + fields[i] + "` is missing");
  Value tuple = sema.makeTuple(std::move(elements), false, args.span);
  if (tuple.isError())
    return tuple;
  auto payload = std::make_shared<Payload>(*tuple.payload);
  payload->fields.assign(fields.begin(), fields.end());
  payload->text = tupleClass.text().str();
  tuple.payload = std::move(payload);
  return tuple;
}

Value Sema::call(const Value &callee, CallArgs &args) {
  using Kind = Value::Kind;
  for (const CallArgs::Arg &arg : args.args)
    if (arg.value.isError())
      return Value::error();
  switch (callee.kind) {
  case Kind::Error:
    return callee;
  case Kind::Function:
    if (callee.function->kind == FunctionKind::Jit && !frame->compileTime)
      return callFunction(*callee.function, args);
    if (callee.function->kind == FunctionKind::Plain && !frame->compileTime)
      return report(Diag::NotAJitFunction, args.span, callee.function->name())
          .note(callee.function->def->header, "defined here")
          .help("mark it with `@triton.jit`");
    return callConstexpr(*callee.function, args);
  case Kind::Builtin:
    return callBuiltin(*callee.builtin, args);
  case Kind::Extern:
    return callExtern(callee.text(), args);
  case Kind::TupleClass:
    return construct(*this, callee, args);
  case Kind::Type: {
    // `tl.float32(x)` converts.
    if (args.args.size() != 1 || !callee.shape.empty())
      break;
    return cast(args.args.front().value, callee.dtype, args.span);
  }
  case Kind::Method:
    return callMethod(callee, args);
  case Kind::Module: {
    if (callee.scope)
      break;
    if (callee.text() == "collections.namedtuple" && args.args.size() == 2 &&
        args.args[0].value.isString() && args.args[1].value.isTuple()) {
      Value result = Value::of(Kind::TupleClass);
      auto payload = std::make_shared<Payload>();
      payload->text = args.args[0].value.text().str();
      for (const Value &field : args.args[1].value.elements())
        payload->fields.push_back(field.str());
      result.payload = std::move(payload);
      return result;
    }
    // "3.6.0" as a tuple compares as versions do.
    llvm::StringRef last = callee.text().rsplit('.').second;
    if (callee.text().starts_with("packaging.version") &&
        (last == "parse" || last == "Version") && args.args.size() == 1 &&
        args.args[0].value.isString()) {
      llvm::SmallVector<llvm::StringRef, 4> parts;
      args.args[0].value.text().split(parts, '.');
      std::vector<Value> numbers;
      for (llvm::StringRef part : parts)
        if (BigInt::Maybe number =
                BigInt::parse(part.take_while(llvm::isDigit)))
          numbers.push_back(Value::intOf(*number));
      return makeTuple(std::move(numbers), false, args.span);
    }
    // The environment is the host's; here it is empty.
    bool asksEnvironment =
        callee.text() == "os.environ.get" || callee.text() == "os.getenv";
    if (asksEnvironment && frame->compileTime && !args.args.empty())
      return args.args.size() > 1 ? args.args[1].value : Value::none();
    return report(Diag::UnknownModule, args.span, callee.text());
  }
  default:
    break;
  }
  return report(Diag::NotCallable, args.span, callee.describe());
}

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

static std::optional<Value> typePredicate(const Value &type,
                                          llvm::StringRef name) {
  DType dtype = type.dtype;
  bool plain = type.shape.empty();
  if (name == "is_block")
    return Value::boolOf(!plain);
  if (name == "is_ptr")
    return Value::boolOf(plain && dtype.isPointer());
  if (name == "is_const")
    return Value::boolOf(dtype.isConst);
  if (name == "is_tuple")
    return Value::boolOf(false);
  if (name == "is_dtype")
    return Value::boolOf(true);
  if (name == "is_void")
    return Value::boolOf(dtype.isVoid());
  if (name == "is_int")
    return Value::boolOf(dtype.isInt());
  if (name == "is_int_signed")
    return Value::boolOf(dtype.isSigned());
  if (name == "is_int_unsigned")
    return Value::boolOf(dtype.isUnsigned());
  if (name == "is_bool")
    return Value::boolOf(dtype.isBool());
  if (name == "is_floating")
    return Value::boolOf(dtype.isFloat());
  if (name == "is_standard_floating")
    return Value::boolOf(dtype.isStandardFloat());
  if (name == "is_fp8")
    return Value::boolOf(dtype.isFp8());
  if (name == "get_int_max_value" && dtype.isInt())
    return Value::intOf(maxValue(dtype));
  if (name == "get_int_min_value" && dtype.isInt())
    return Value::intOf(minValue(dtype));
  if (name == "kind")
    return Value::stringOf(dtype.isFloat() ? "floating" : "integral");
  if (name == "get_block_shapes") {
    std::vector<Value> sizes;
    for (int64_t size : type.shape)
      sizes.push_back(Value::intOf(size));
    return Value::tuple(std::move(sizes));
  }
  // is_fp32, is_bf16, is_int64, is_uint8, is_fp8e4nv ...
  if (!name.consume_front("is_"))
    return std::nullopt;
  if (DType(dtype.scalar).shortName() == name)
    return Value::boolOf(!dtype.isPointer());
  for (unsigned s = 0; s <= static_cast<unsigned>(Scalar::F8E4B15); ++s)
    if (DType(static_cast<Scalar>(s)).shortName() == name)
      return Value::boolOf(false);
  return std::nullopt;
}

static std::optional<Value> stringMethod(const Value &text,
                                         llvm::StringRef name,
                                         const CallArgs &args) {
  size_t count = args.args.size();
  auto argument = [&](size_t i) { return args.args[i].value.text(); };
  for (const CallArgs::Arg &arg : args.args)
    if (!arg.value.isString())
      return std::nullopt;
  if (name == "startswith" && count == 1)
    return Value::boolOf(text.text().starts_with(argument(0)));
  if (name == "endswith" && count == 1)
    return Value::boolOf(text.text().ends_with(argument(0)));
  if (name == "lower" && !count)
    return Value::stringOf(text.text().lower());
  if (name == "upper" && !count)
    return Value::stringOf(text.text().upper());
  if (name == "strip" && !count)
    return Value::stringOf(text.text().trim());
  return std::nullopt;
}

Value Sema::callMethod(const Value &method, CallArgs &args) {
  const Value &receiver = method.elements().front();
  llvm::StringRef name = method.text();
  std::optional<Value> result;
  if (receiver.isType()) {
    if (name == "to")
      return receiver;
    result = typePredicate(receiver, name);
  } else if (receiver.isString()) {
    result = stringMethod(receiver, name, args);
  } else if (receiver.isInt() && name == "bit_length") {
    BigInt number = receiver.integer();
    if (number.isNegative())
      number = *number.negate();
    return Value::intOf(number.isZero() ? 0 : number.significantBits() - 1);
  } else if (receiver.isTuple()) {
    if (args.args.size() == 1) {
      int64_t count = 0, index = 0;
      for (const Value &element : receiver.elements()) {
        if (constexprEqual(element, args.args[0].value)) {
          if (name == "index")
            return Value::intOf(index);
          ++count;
        }
        ++index;
      }
      if (name == "count")
        return Value::intOf(count);
      return report(Diag::ConstexprEvaluation, args.span,
                    args.args[0].value.repr() + " is not in the tuple");
    }
  } else {
    CallArgs all;
    all.span = args.span;
    all.args.push_back({"", receiver, args.span});
    llvm::append_range(all.args, args.args);
    if (const BuiltinInfo *builtin = findBuiltin(("tl." + name).str()))
      return callBuiltin(*builtin, all);
    if (std::optional<Value> function = moduleGlobal(preludeScope(), name))
      return call(*function, all);
  }
  if (result)
    return *result;
  return report(Diag::UndefinedAttribute, args.span, receiver.describe(), name);
}

//===----------------------------------------------------------------------===//
// Jit functions
//===----------------------------------------------------------------------===//

Value Sema::evalInModule(const ModuleScope &scope, const Expr *expr) {
  Frame inner(location());
  inner.module = &scope;
  // A caller would make the chain of calls wrong; spans of the prelude still
  // need one to be shown at.
  inner.caller = scope.isPrelude ? frame : nullptr;
  inner.callSite = currentSpan;
  inner.compileTime = true;
  Frame *outer = std::exchange(frame, &inner);
  Value value = eval(expr);
  frame = outer;
  return value;
}

bool Sema::bindParameters(const FunctionInfo &function, CallArgs &args,
                          Env &locals) {
  llvm::ArrayRef<Param> params = function.def->params;
  llvm::StringRef name = function.name();
  std::vector<std::optional<Value>> bound(params.size());
  size_t position = 0, positional = 0;
  for (const Param &param : params)
    positional += param.kind == ParamKind::Positional ||
                  param.kind == ParamKind::PositionalOnly;
  std::vector<Value> surplus;
  for (CallArgs::Arg &arg : args.args) {
    if (!arg.name.empty())
      continue;
    while (position < params.size() &&
           params[position].kind != ParamKind::Positional &&
           params[position].kind != ParamKind::PositionalOnly)
      ++position;
    if (position < params.size()) {
      bound[position++] = arg.value;
      continue;
    }
    surplus.push_back(arg.value);
  }
  bool hasVarArgs = false;
  for (size_t i = 0; i < params.size(); ++i)
    if (params[i].kind == ParamKind::VarArgs) {
      hasVarArgs = true;
      Value packed = makeTuple(std::move(surplus), false, args.span);
      bound[i] = packed;
      surplus.clear();
    } else if (params[i].kind == ParamKind::KeywordArgs) {
      return report(Diag::UnsupportedParameterKind, params[i].span,
                    "`**" + params[i].name.name.str() + "`");
    }
  if (!surplus.empty() && !hasVarArgs)
    return report(Diag::TooManyArguments, args.span, name, positional,
                  positional + surplus.size())
        .note(function.def->header, "defined here");
  for (CallArgs::Arg &arg : args.args) {
    if (arg.name.empty())
      continue;
    size_t index = 0;
    while (index < params.size() && params[index].name.name != arg.name)
      ++index;
    if (index == params.size()) {
      Report message =
          report(Diag::UnknownKeywordArgument, arg.span, name, arg.name);
      std::vector<llvm::StringRef> names;
      for (const Param &param : params)
        names.push_back(param.name.name);
      suggest(message, arg.name, names);
      return message;
    }
    if (bound[index])
      return report(Diag::DuplicateArgument, arg.span, name, arg.name);
    bound[index] = arg.value;
  }
  for (size_t i = 0; i < params.size(); ++i) {
    const Param &param = params[i];
    if (!bound[i] && param.defaultValue)
      bound[i] = evalInModule(*function.module, param.defaultValue);
    if (!bound[i])
      return report(Diag::MissingArgument, args.span, name, param.name.name)
          .note(param.span, "declared here");
    // `tl.constexpr` binds kernels; a helper takes what it is given.
    locals[param.name.name] = *bound[i];
  }
  return true;
}

Value Sema::callFunction(const FunctionInfo &function, CallArgs &args) {
  if (callDepth >= maxCallDepth || evalDepth + 40 >= maxEvalDepth) {
    stopped = true;
    return report(Diag::RecursiveCall, args.span, function.name(), callDepth)
        .help("end the recursion with an `if` on a constexpr");
  }
  Span outerSpan = std::exchange(currentSpan, args.span);
  Frame inner(location());
  inner.function = &function;
  inner.module = function.module;
  inner.caller = frame;
  inner.callSite = args.span;
  if (!bindParameters(function, args, inner.locals)) {
    currentSpan = outerSpan;
    return Value::error();
  }
  if (function.noinline)
    if (std::optional<Value> result =
            callNoinline(function, inner.locals, args)) {
      currentSpan = outerSpan;
      return *result;
    }
  ++callDepth;
  evalDepth += 8;
  Frame *outer = std::exchange(frame, &inner);
  Continuation end;
  end.isFunctionEnd = true;
  visitSeq(function.def->body, &end);
  frame = outer;
  evalDepth -= 8;
  --callDepth;
  currentSpan = outerSpan;
  if (isStopped())
    return Value::error();
  return inner.returnValue;
}

/// Scalars only: a tensor's layout belongs to the caller.
static bool onlyScalars(const Value &value) {
  if (value.isTensor() || value.kind == Value::Kind::BlockPointer)
    return false;
  return llvm::all_of(value.elements(), onlyScalars);
}

static std::string keyOf(const Value &value) {
  if (!value.isTuple())
    return value.isRuntime() ? typeStr(value.dtype, value.shape)
           : value.kind == Value::Kind::Function
               ? "@" + std::to_string(
                           reinterpret_cast<uintptr_t>(value.function))
               : "=" + value.repr();
  std::string key = "(";
  for (const Value &element : value.elements())
    key += keyOf(element) + ",";
  return key + ")";
}

std::optional<Value> Sema::callNoinline(const FunctionInfo &function,
                                        Env &locals, CallArgs &args) {
  llvm::SmallVector<mlir::Value, 8> operands;
  std::string key =
      std::to_string(reinterpret_cast<uintptr_t>(&function)) + ":";
  for (auto &[name, value] : locals) {
    if (!onlyScalars(value))
      return std::nullopt;
    flatten(value, operands);
    key += keyOf(value) + ";";
  }
  auto entry = noinlineFunctions.find(key);
  if (entry == noinlineFunctions.end()) {
    std::string symbol = function.name().str() + "__" +
                         std::to_string(noinlineFunctions.size());
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(module->getBody());
    auto outerSpan = std::exchange(currentSpan, function.def->header);
    auto func = mlir::func::FuncOp::create(
        builder, fileLocation(userSpan(function.def->header)), symbol,
        builder.getFunctionType(mlir::ValueRange(operands).getTypes(), {}));
    func.setPrivate();
    mlir::Block *body = func.addEntryBlock();
    builder.setInsertionPointToEnd(body);
    Frame inner(location());
    inner.function = &function;
    inner.module = function.module;
    inner.caller = frame;
    inner.callSite = args.span;
    llvm::SmallVector<mlir::Value, 8> leaves(body->getArguments());
    llvm::ArrayRef<mlir::Value> rest = leaves;
    for (auto &[name, value] : locals)
      inner.locals[name] = unflatten(value, rest);
    ++callDepth;
    Frame *outer = std::exchange(frame, &inner);
    Continuation end;
    end.isFunctionEnd = true;
    visitSeq(function.def->body, &end);
    llvm::SmallVector<mlir::Value, 4> results;
    flatten(inner.returnValue, results);
    create<mlir::func::ReturnOp>(results);
    frame = outer;
    --callDepth;
    currentSpan = outerSpan;
    func.setFunctionType(
        builder.getFunctionType(mlir::ValueRange(operands).getTypes(),
                                mlir::ValueRange(results).getTypes()));
    if (inner.returnValue.isError() || isStopped())
      return Value::error();
    if (!onlyScalars(inner.returnValue)) {
      // Tensors cross no call: lower it in place instead.
      func.erase();
      return std::nullopt;
    }
    entry = noinlineFunctions
                .emplace(key, NoinlineEntry{symbol, inner.returnValue})
                .first;
  }
  auto func = module->lookupSymbol<mlir::func::FuncOp>(entry->second.symbol);
  auto op = create<mlir::func::CallOp>(func, mlir::ValueRange(operands));
  llvm::SmallVector<mlir::Value, 4> results(op.getResults());
  llvm::ArrayRef<mlir::Value> rest = results;
  return unflatten(entry->second.result, rest);
}

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
    bound.spans[*variadic] =
        surplus.empty() ? arg.span : Span::join(bound.spans[*variadic],
                                                arg.span);
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
      bound.values[i] = makeTuple(std::move(surplus), false, args.span);
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
