//===- functions.cpp - Jit functions, inlined or called ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/sema.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

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
  if (value.isTensor() || value.kind == Value::Kind::BlockPointer ||
      value.kind == Value::Kind::Descriptor)
    return false;
  return llvm::all_of(value.elements(), onlyScalars);
}

static std::string keyOf(const Value &value) {
  if (!value.isTuple())
    return value.isRuntime() ? typeStr(value.dtype, value.shape)
           : value.kind == Value::Kind::Function
               ? "@" +
                     std::to_string(reinterpret_cast<uintptr_t>(value.function))
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
    std::string symbol =
        function.name().str() + "__" + std::to_string(noinlineFunctions.size());
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
    entry =
        noinlineFunctions.emplace(key, NoinlineEntry{symbol, inner.returnValue})
            .first;
  }
  auto func = module->lookupSymbol<mlir::func::FuncOp>(entry->second.symbol);
  auto op = create<mlir::func::CallOp>(func, mlir::ValueRange(operands));
  llvm::SmallVector<mlir::Value, 4> results(op.getResults());
  llvm::ArrayRef<mlir::Value> rest = results;
  return unflatten(entry->second.result, rest);
}
