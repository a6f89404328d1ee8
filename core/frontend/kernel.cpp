//===- kernel.cpp - Entry: one kernel, one signature ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/memory_access.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/signature.h"

#include "core/ir/tile_dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

using Kind = SignatureEntry::Kind;

Sema::Sema(const ProgramImpl &program, const KernelRequest &request,
           mlir::MLIRContext *context, diagnostics::DiagnosticSink &sink)
    : program(program), request(request), context(context), sink(&sink),
      builder(context), cachedLocation(mlir::UnknownLoc::get(context)) {}

namespace tilesdk::frontend {
/// Turns signature entries into arguments and constants.
class SignatureBinder {
public:
  explicit SignatureBinder(Sema &sema) : sema(sema) {}

  bool bind(const FunctionInfo &kernel, Env &locals);

  llvm::SmallVector<mlir::Type, 16> types;
  llvm::SmallVector<mlir::DictionaryAttr, 16> attributes;

private:
  /// \p leafName names an argument: the parameter, `t.0` for tuples.
  bool bindEntry(const Param &param, const SignatureEntry &entry,
                 size_t position, const std::string &leafName, Value &value);
  bool bindDescriptor(const Param &param, const SignatureEntry &entry,
                      size_t position, const std::string &leafName,
                      Value &value);
  bool bad(size_t position, const SignatureEntry &entry,
           const llvm::Twine &why) {
    return sema.report(Diag::BadSignature, sema.kernel->def->header,
                       position + 1, entry.text, why.str());
  }
  Value argument(DType dtype, int64_t divisibility, const std::string &name);

  Sema &sema;
  int64_t leaf = 0;
};
} // namespace tilesdk::frontend

Value SignatureBinder::argument(DType dtype, int64_t divisibility,
                                const std::string &name) {
  mlir::Builder &builder = sema.builder;
  llvm::SmallVector<mlir::NamedAttribute, 3> attrs;
  attrs.push_back(
      builder.getNamedAttr("tile.name", builder.getStringAttr(name)));
  attrs.push_back(
      builder.getNamedAttr("tile.leaf", builder.getI64IntegerAttr(leaf)));
  if (divisibility > 1)
    attrs.push_back(builder.getNamedAttr(
        "tile.divisibility", builder.getI64IntegerAttr(divisibility)));
  types.push_back(sema.irType(dtype));
  attributes.push_back(builder.getDictionaryAttr(attrs));
  return Value::runtime({}, dtype);
}

bool SignatureBinder::bindEntry(const Param &param, const SignatureEntry &entry,
                                size_t position, const std::string &leafName,
                                Value &value) {
  bool isConstexpr = isConstexprAnnotation(param.annotation);
  switch (entry.kind) {
  case Kind::Default:
    if (!param.defaultValue) {
      if (isConstexpr)
        return sema
            .report(Diag::MissingConstexpr, param.span, sema.kernel->name(),
                    param.name.name)
            .help("add `" + param.name.name + "=VALUE` to the signature");
      return bad(position, entry,
                 "parameter `" + param.name.name + "` has no default");
    }
    value = sema.evalInModule(*sema.kernel->module, param.defaultValue);
    return !value.isError();
  case Kind::Type:
    if (isConstexpr) {
      if (entry.divisibility != 1 || entry.isOne)
        return bad(position, entry,
                   "`" + param.name.name +
                       "` is a constexpr and needs a value");
      // A type where a value is needed is that type: `fp16` for tl.float16.
      value = Value::typeOf(entry.dtype);
      return true;
    }
    if (entry.dtype.isVoid())
      return bad(position, entry, "void has no values");
    if (!sema.checkType(entry.dtype, param.span))
      return false;
    if (entry.isOne)
      value = Value::intOf(1);
    else
      value = argument(entry.dtype, entry.divisibility, leafName);
    ++leaf;
    return true;
  case Kind::Constant:
    value = entry.constant;
    return true;
  case Kind::Function:
    value = captureValue(sema, entry.text);
    if (value.isError()) {
      Report message = sema.report(Diag::BadSignature, sema.kernel->def->header,
                                   position + 1, entry.text,
                                   "neither a type nor a name of the program");
      Value main = Value::of(Value::Kind::Module);
      main.scope = &sema.program.mainModule();
      std::vector<llvm::StringRef> names = sema.memberNames(main);
      for (llvm::StringRef code : {"i8", "i16", "i32", "i64", "u8", "u16",
                                   "u32", "u64", "f16", "bf16", "f32", "f64"})
        names.push_back(code);
      sema.suggest(message, entry.text, names);
      return message;
    }
    return true;
  case Kind::Descriptor:
    return bindDescriptor(param, entry, position, leafName, value);
  case Kind::Tuple: {
    std::vector<Value> elements;
    for (size_t i = 0; i < entry.elements.size(); ++i) {
      if (entry.elements[i].kind == Kind::Default)
        return bad(position, entry, "an element of the tuple is missing");
      Value element;
      if (!bindEntry(param, entry.elements[i], position,
                     leafName + "." + std::to_string(i), element))
        return false;
      elements.push_back(std::move(element));
    }
    value = sema.makeTuple(std::move(elements), false, param.span);
    return !value.isError();
  }
  }
  return false;
}

bool SignatureBinder::bindDescriptor(const Param &param,
                                     const SignatureEntry &entry,
                                     size_t position,
                                     const std::string &leafName,
                                     Value &value) {
  static constexpr const char *names[] = {"base", "shape", "strides", "block",
                                          "padding"};
  size_t count = entry.elements.size();
  if (count < 4 || count > 5)
    return bad(position, entry,
               "a descriptor is tensordesc(base,(shape),(strides),(block)) "
               "and may end with its padding");
  Value parts[5];
  for (size_t i = 0; i < count; ++i) {
    const SignatureEntry &part = entry.elements[i];
    bool isTuple = i >= 1 && i <= 3;
    if (isTuple != (part.kind == Kind::Tuple) || part.kind == Kind::Default)
      return bad(position, entry,
                 llvm::Twine("its ") + names[i] +
                     (isTuple ? " must be a tuple" : " is missing"));
    if (!bindEntry(param, part, position, leafName + "." + names[i], parts[i]))
      return false;
  }
  auto isInteger = [](const Value &v) {
    return v.isInt() || (v.isScalar() && v.dtype.isInt());
  };
  if (!parts[0].isPointer() || parts[0].dtype.pointee().isVoid())
    return bad(position, entry, "its base must be a pointer");
  Shape block;
  for (const Value &size : parts[3].elements()) {
    std::optional<int64_t> known =
        size.isInt() ? size.integer().asInt64() : std::nullopt;
    if (!known)
      return bad(position, entry, "its block shape must be integers");
    block.push_back(*known);
  }
  for (size_t i = 1; i <= 2; ++i)
    if (parts[i].elements().size() != block.size() ||
        !llvm::all_of(parts[i].elements(), isInteger))
      return bad(position, entry,
                 llvm::Twine("its ") + names[i] +
                     " must be as many integers as the block has dimensions");
  if (block.empty() || !parts[2].elements().back().isInt() ||
      !(parts[2].elements().back().integer() == BigInt(1)))
    return bad(position, entry, "its last stride must be 1");
  if (!sema.checkShape(block, param.span))
    return false;
  std::string padding = count == 5 ? parts[4].str() : "zero";
  if (std::optional<std::string> problem =
          descriptorProblem(parts[0].dtype.pointee(), block, padding))
    return bad(position, entry, *problem);
  std::optional<Value> made = makeDescriptor(sema, parts[0], parts[1], parts[2],
                                             block, padding, param.span);
  if (made)
    value = *made;
  return made.has_value();
}

bool SignatureBinder::bind(const FunctionInfo &kernel, Env &locals) {
  llvm::ArrayRef<Param> params = kernel.def->params;
  SignatureError error;
  std::optional<std::vector<SignatureEntry>> entries =
      parseSignature(sema.request.signature, error);
  if (!entries)
    return sema.report(Diag::BadSignature, kernel.def->header, error.entry,
                       error.text, error.reason);
  // By position first, then by name; empty entries at the end are no entries.
  std::vector<SignatureEntry> ordered(params.size());
  std::vector<bool> given(params.size());
  size_t position = 0, count = 0;
  for (SignatureEntry &entry : *entries) {
    if (entry.name.empty()) {
      bool isFiller = entry.kind == Kind::Default && &entry == &entries->back();
      if (position < params.size()) {
        given[position] = entry.kind != Kind::Default;
        ordered[position] = entry;
      }
      ++position;
      count += !isFiller || position <= params.size();
      continue;
    }
    ++count;
    auto found = llvm::find_if(
        params, [&](const Param &p) { return p.name.name == entry.name; });
    if (found == params.end()) {
      Report message = sema.report(Diag::UnknownConstexpr, kernel.def->header,
                                   kernel.name(), entry.name);
      std::vector<llvm::StringRef> names;
      for (const Param &param : params)
        names.push_back(param.name.name);
      sema.suggest(message, entry.name, names);
      return message;
    }
    size_t index = found - params.begin();
    if (given[index])
      return bad(index, entry, "`" + entry.name + "` is given twice");
    given[index] = true;
    ordered[index] = entry;
  }
  bool missing = false;
  for (size_t i = 0; i < params.size(); ++i)
    missing |= !given[i] && !params[i].defaultValue &&
               params[i].kind != ParamKind::VarArgs &&
               params[i].kind != ParamKind::KeywordArgs &&
               !isConstexprAnnotation(params[i].annotation);
  if (count > params.size() || missing)
    return sema.report(Diag::SignatureLength, kernel.def->header, kernel.name(),
                       params.size(), count);
  bool valid = true;
  for (size_t i = 0; i < params.size(); ++i) {
    const Param &param = params[i];
    if (param.kind == ParamKind::VarArgs ||
        param.kind == ParamKind::KeywordArgs) {
      sema.report(Diag::UnsupportedParameterKind, param.span,
                  param.kind == ParamKind::VarArgs
                      ? "`*" + param.name.name.str() + "`"
                      : "`**" + param.name.name.str() + "`");
      valid = false;
      continue;
    }
    Value value;
    if (!bindEntry(param, ordered[i], i, param.name.name.str(), value)) {
      valid = false;
      continue;
    }
    value.origin = param.span;
    if (value.isConstexpr() || !hasRuntimeLeaf(value))
      sema.specialization += (sema.specialization.empty() ? "" : " ") +
                             param.name.name.str() + "=" + value.repr();
    locals[param.name.name] = std::move(value);
  }
  return valid;
}

/// Gives the arguments that were bound their block arguments.
static void attach(Value &value, mlir::Block *block, unsigned &next) {
  llvm::SmallVector<mlir::Value, 4> leaves;
  std::function<void(const Value &)> visit = [&](const Value &v) {
    if (v.isRuntime())
      leaves.push_back(block->getArgument(next++));
    for (const Value &element : v.elements())
      visit(element);
  };
  visit(value);
  llvm::ArrayRef<mlir::Value> rest = leaves;
  value = unflatten(value, rest);
}

mlir::OwningOpRef<mlir::ModuleOp> Sema::run() {
  // Messages of the signature need a frame to be reported in.
  Frame root(mlir::UnknownLoc::get(context));
  root.module = &program.mainModule();
  root.compileTime = true;
  frame = &root;
  std::optional<Value> entry =
      moduleGlobal(program.mainModule(), request.kernel);
  // A host function of the same name behind it does not hide a kernel.
  bool isKernel = entry && entry->kind == Value::Kind::Function &&
                  entry->function->kind == FunctionKind::Jit;
  if (auto all = program.mainModule().definitions.find(request.kernel);
      !isKernel && all != program.mainModule().definitions.end())
    for (const Definition &definition : all->second)
      if (auto *def = llvm::dyn_cast<FunctionDef>(definition.stmt)) {
        const FunctionInfo *info =
            program.mainModule().functions.find(def)->second.get();
        if (info->kind != FunctionKind::Jit)
          continue;
        entry = Value::of(Value::Kind::Function);
        entry->function = info;
        isKernel = true;
      }
  if (!isKernel) {
    if (entry && entry->isError())
      return {};
    if (entry && entry->kind == Value::Kind::Function) {
      report(Diag::NotAJitFunction, entry->function->def->header,
             request.kernel)
          .help("mark it with `@triton.jit`");
      return {};
    }
    Report message = report(Diag::KernelNotFound, Span(), request.kernel);
    std::vector<llvm::StringRef> names;
    for (const auto &[def, info] : program.mainModule().functions)
      if (info->kind == FunctionKind::Jit)
        names.push_back(info->name());
    llvm::sort(names);
    suggest(message, request.kernel, names);
    return {};
  }
  kernel = entry->function;
  currentSpan = kernel->def->header;

  Frame kernelFrame(mlir::UnknownLoc::get(context));
  kernelFrame.function = kernel;
  kernelFrame.module = kernel->module;
  SignatureBinder binder(*this);
  if (!binder.bind(*kernel, kernelFrame.locals))
    return {};

  module = mlir::ModuleOp::create(fileLocation(kernel->def->span));
  (*module)->setAttr("tile.version", builder.getI32IntegerAttr(1));
  builder.setInsertionPointToEnd(module->getBody());
  auto func = mlir::func::FuncOp::create(
      builder, fileLocation(kernel->def->header), kernel->name(),
      builder.getFunctionType(binder.types, {}));
  func->setAttr("tile.kernel", builder.getUnitAttr());
  for (auto [index, attrs] : llvm::enumerate(binder.attributes))
    func.setArgAttrs(index, attrs);
  mlir::Block *body = func.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  unsigned next = 0;
  for (auto &[name, value] : kernelFrame.locals)
    attach(value, body, next);

  frame = &kernelFrame;
  uint64_t before = numErrors;
  Continuation end;
  end.isFunctionEnd = true;
  visitSeq(kernel->def->body, &end);
  currentSpan = kernel->def->header;
  create<mlir::func::ReturnOp>();
  frame = nullptr;
  if (numErrors != before || isStopped())
    return {};
  return std::move(module);
}

void tilesdk::frontend::loadFrontendDialects(mlir::MLIRContext *context) {
  context->loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                       mlir::math::MathDialect, mlir::scf::SCFDialect,
                       tile::TileDialect>();
}

mlir::OwningOpRef<mlir::ModuleOp> tilesdk::frontend::lowerKernel(
    const ParsedProgram &program, const KernelRequest &request,
    mlir::MLIRContext *context, diagnostics::DiagnosticSink &sink) {
  loadFrontendDialects(context);
  Sema sema(program.impl(), request, context, sink);
  return sema.run();
}
