//===- module_summary.cpp - What a program declares -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/module_summary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace tilesdk::frontend {

using diagnostics::SourceManager;

std::string dottedName(const Expr *expr) {
  llvm::SmallVector<llvm::StringRef, 4> parts;
  while (auto *attribute = llvm::dyn_cast<AttributeExpr>(expr)) {
    parts.push_back(attribute->attribute.name);
    expr = attribute->value;
  }
  auto *name = llvm::dyn_cast<NameExpr>(expr);
  if (!name)
    return {};
  std::string result = name->name.str();
  for (llvm::StringRef part : llvm::reverse(parts))
    result += "." + part.str();
  return result;
}

static bool isAnnotation(const Expr *annotation, llvm::StringRef word) {
  if (auto *text = llvm::dyn_cast<StringExpr>(annotation))
    return text->value.contains(word);
  std::string name = dottedName(annotation);
  return name == word || llvm::StringRef(name).ends_with("." + word.str());
}

bool isConstexprAnnotation(const Expr *annotation) {
  return annotation && isAnnotation(annotation, "constexpr");
}

static FunctionSummary summarize(const FunctionDef &function,
                                 const SourceManager &sources,
                                 bool isConditional) {
  FunctionSummary result;
  result.name = function.name.name.str();
  result.location = sources.resolve(function.name.span);
  result.isConditional = isConditional;
  if (function.docstring)
    result.docstring = function.docstring->value.str();
  for (const Param &param : function.params) {
    ParamSummary summary;
    summary.name = param.name.name.str();
    summary.kind = param.kind;
    if (param.annotation) {
      summary.annotation = sources.text(param.annotation->span).str();
      summary.isConstexpr = isConstexprAnnotation(param.annotation);
      std::string name = dottedName(param.annotation);
      summary.isConst =
          name == "const" || llvm::StringRef(name).ends_with(".const");
    }
    if (param.defaultValue) {
      summary.hasDefault = true;
      summary.defaultValue = sources.text(param.defaultValue->span).str();
    }
    result.params.push_back(std::move(summary));
  }
  for (const Decorator &decorator : function.decorators) {
    DecoratorSummary summary;
    const Expr *value = decorator.value;
    if (auto *call = llvm::dyn_cast<CallExpr>(value)) {
      value = call->callee;
      // Between the parentheses of the call.
      llvm::StringRef text = sources.text(
          {call->span.file, call->callee->span.end, call->span.end});
      text = text.trim();
      text.consume_front("(");
      text.consume_back(")");
      summary.arguments = text.trim().str();
    }
    summary.name = dottedName(value);
    result.isJit |= summary.name == "jit" || summary.name == "triton.jit" ||
                    summary.name == "tilesdk.jit" ||
                    llvm::StringRef(summary.name).ends_with(".jit");
    result.decorators.push_back(std::move(summary));
  }
  return result;
}

static void collect(StmtList body, const SourceManager &sources,
                    bool isConditional, std::vector<FunctionSummary> &out) {
  for (const Stmt *stmt : body) {
    if (auto *function = llvm::dyn_cast<FunctionDef>(stmt)) {
      out.push_back(summarize(*function, sources, isConditional));
    } else if (auto *branch = llvm::dyn_cast<IfStmt>(stmt)) {
      for (const IfClause &clause : branch->clauses)
        collect(clause.body, sources, true, out);
      collect(branch->orelse, sources, true, out);
    } else if (auto *attempt = llvm::dyn_cast<TryStmt>(stmt)) {
      collect(attempt->body, sources, true, out);
      for (const ExceptClause &clause : attempt->handlers)
        collect(clause.body, sources, true, out);
      collect(attempt->orelse, sources, true, out);
      collect(attempt->finalBody, sources, true, out);
    } else if (auto *with = llvm::dyn_cast<WithStmt>(stmt)) {
      collect(with->body, sources, true, out);
    }
  }
}

std::vector<FunctionSummary> summarizeFunctions(const Module &module,
                                                const SourceManager &sources) {
  std::vector<FunctionSummary> result;
  collect(module.body, sources, false, result);
  return result;
}

} // namespace tilesdk::frontend
