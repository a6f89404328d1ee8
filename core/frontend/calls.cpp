//===- calls.cpp - Calls, binding of arguments, inlining --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

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
  std::vector<Value> elements(fields.size(), Value::of(Value::Kind::Undefined));
  auto wrong = [&](const std::string &why) -> Value {
    return sema.report(Diag::ConstructorArguments, args.span, tupleClass.text(),
                       why);
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

static std::optional<Value>
stringMethod(const Value &text, llvm::StringRef name, const CallArgs &args) {
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
    bool isDescriptor = receiver.kind == Value::Kind::Descriptor;
    llvm::StringRef group = isDescriptor ? "desc." : "tl.";
    if (const BuiltinInfo *builtin = findBuiltin((group + name).str()))
      return callBuiltin(*builtin, all);
    if (std::optional<Value> function = moduleGlobal(preludeScope(), name))
      return call(*function, all);
  }
  if (result)
    return *result;
  return report(Diag::UndefinedAttribute, args.span, receiver.describe(), name);
}
