//===- metadata.cpp - Kernels and their parameters as JSON ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Schema: docs/program_metadata.md.
//
//===----------------------------------------------------------------------===//

#include "core/frontend/module_summary.h"
#include "core/frontend/signature.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

static std::string codeOf(DType dtype) {
  static constexpr const char *codes[] = {
      "void",   "u1",     "i8",         "i16",        "i32",      "i64", "u8",
      "u16",    "u32",    "u64",        "f16",        "bf16",     "f32", "f64",
      "f8e4m3", "f8e5m2", "f8e4m3fnuz", "f8e5m2fnuz", "f8e4m3b11"};
  std::string code(dtype.pointers, '*');
  if (dtype.isConst)
    code += 'k';
  return code + codes[static_cast<unsigned>(dtype.scalar)];
}

/// The signature code an annotation forces, or an empty string.
static std::string forcedType(llvm::StringRef annotation) {
  llvm::StringRef text = annotation.trim();
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\''))
    text = text.drop_front().drop_back();
  if (text == "int")
    return "i32";
  if (text == "float")
    return "f32";
  if (text == "bool")
    return "u1";
  std::optional<DType> dtype = dtypeFromText(text);
  return dtype && !dtype->isVoid() ? codeOf(*dtype) : "";
}

namespace {
/// Evaluates defaults; needs no IR, for they are known at compile time.
class Defaults {
public:
  explicit Defaults(const ProgramImpl &program)
      : program(program), sink(program.sources) {}

  std::string literal(const ModuleScope &scope, const Expr *expr) {
    prepare();
    Value value;
    bool valid =
        sema->quietly([&] { value = sema->evalInModule(scope, expr); });
    return valid ? signatureLiteral(value) : "";
  }

  /// The kernel of a name: of several definitions the one that holds.
  const FunctionDef *kernel(const ModuleScope &scope, llvm::StringRef name) {
    const FunctionDef *last = nullptr;
    unsigned count = 0;
    auto found = scope.definitions.find(name);
    if (found == scope.definitions.end())
      return nullptr;
    for (const Definition &definition : found->second) {
      auto *def = llvm::dyn_cast<FunctionDef>(definition.stmt);
      if (!def || scope.functions.find(def)->second->kind != FunctionKind::Jit)
        continue;
      last = def;
      ++count;
    }
    if (count < 2)
      return last;
    prepare();
    std::optional<Value> value;
    sema->quietly([&] { value = sema->moduleGlobal(scope, name); });
    bool holds = value && value->kind == Value::Kind::Function &&
                 value->function->kind == FunctionKind::Jit;
    return holds ? value->function->def : last;
  }

private:
  void prepare() {
    if (sema)
      return;
    context.emplace(mlir::MLIRContext::Threading::DISABLED);
    sema.emplace(program, request, &*context, sink);
  }

  const ProgramImpl &program;
  diagnostics::DiagnosticSink sink;
  KernelRequest request;
  std::optional<mlir::MLIRContext> context;
  std::optional<Sema> sema;
};
} // namespace

/// Names or positions in `do_not_specialize=[...]` of the jit decorator.
static bool isListed(const FunctionDef &def, llvm::StringRef keyword,
                     llvm::StringRef name, size_t position) {
  for (const Decorator &decorator : def.decorators) {
    auto *call = llvm::dyn_cast<CallExpr>(decorator.value);
    if (!call || !llvm::StringRef(dottedName(call->callee)).ends_with("jit"))
      continue;
    for (const KeywordArg &argument : call->keywords) {
      if (argument.name.name != keyword)
        continue;
      ExprList elements;
      if (auto *list = llvm::dyn_cast<ListExpr>(argument.value))
        elements = list->elements;
      else if (auto *tuple = llvm::dyn_cast<TupleExpr>(argument.value))
        elements = tuple->elements;
      for (const Expr *element : elements) {
        if (auto *text = llvm::dyn_cast<StringExpr>(element))
          if (text->value == name)
            return true;
        if (auto *number = llvm::dyn_cast<IntExpr>(element))
          if (number->asUInt64() == position)
            return true;
      }
    }
  }
  return false;
}

std::string ParsedProgram::metadataJson() const {
  llvm::json::Array kernels;
  if (!data->modules.empty()) {
    const ModuleScope &main = data->mainModule();
    Defaults defaults(*data);
    for (const FunctionSummary &function :
         summarizeFunctions(*main.ast, data->sources)) {
      const FunctionDef *def = defaults.kernel(main, function.name);
      // Of one name only the definition that holds is listed.
      if (!function.isJit || !def ||
          data->sources.resolve(def->name.span).line != function.location.line)
        continue;
      llvm::json::Array params;
      for (auto [index, param] : llvm::enumerate(function.params)) {
        const Expr *expr = index < def->params.size()
                               ? def->params[index].defaultValue
                               : nullptr;
        std::string literal = expr ? defaults.literal(main, expr) : "";
        llvm::json::Value fallback = nullptr;
        if (!literal.empty())
          fallback = literal;
        params.push_back(llvm::json::Object{
            {"name", param.name},
            {"annotation", param.annotation},
            {"constexpr", param.isConstexpr},
            {"const", param.isConst},
            {"keyword_only", param.keywordOnly()},
            {"type", param.isConstexpr ? "" : forcedType(param.annotation)},
            {"default", std::move(fallback)},
            {"do_not_specialize",
             isListed(*def, "do_not_specialize", param.name, index)},
            {"do_not_specialize_on_alignment",
             isListed(*def, "do_not_specialize_on_alignment", param.name,
                      index)}});
      }
      kernels.push_back(llvm::json::Object{
          {"name", function.name},
          {"filename", function.location.file},
          {"line", function.location.line},
          {"doc",
           llvm::StringRef(function.docstring).trim().split('\n').first.str()},
          {"params", std::move(params)}});
    }
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(
      llvm::json::Object{{"schema", 1}, {"kernels", std::move(kernels)}});
  return text;
}
