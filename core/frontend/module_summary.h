//===- module_summary.h - What a program declares ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The questions a runtime asks of a program before it compiles anything: which
// kernels are there, what are their parameters. Answers own their text and
// outlive the tree.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast.h"

#include <string>
#include <vector>

namespace tilesdk::diagnostics {
class SourceManager;
} // namespace tilesdk::diagnostics

namespace tilesdk::frontend {

struct ParamSummary {
  std::string name;
  ParamKind kind = ParamKind::Positional;
  /// Source text; empty when there is none.
  std::string annotation;
  std::string defaultValue;
  bool hasDefault = false;
  /// Annotated `tl.constexpr`, or a string that contains "constexpr".
  bool isConstexpr = false;
  /// Annotated `tl.const`.
  bool isConst = false;
  bool keywordOnly() const { return kind == ParamKind::KeywordOnly; }
};

struct DecoratorSummary {
  /// Dotted name: "triton.jit".
  std::string name;
  /// Source text between the parentheses; empty without a call.
  std::string arguments;
};

struct FunctionSummary {
  std::string name;
  std::vector<ParamSummary> params;
  std::vector<DecoratorSummary> decorators;
  std::string docstring;
  diagnostics::Location location;
  /// Decorated with `jit` of triton or tilesdk.
  bool isJit = false;
  /// Defined inside of an `if`, `try` or `with` of the module.
  bool isConditional = false;
};

/// Functions at module level in the order of their definition, those in
/// module-level `if`, `try` and `with` included.
std::vector<FunctionSummary>
summarizeFunctions(const Module &module,
                   const diagnostics::SourceManager &sources);

/// `triton.jit` for a NameExpr or a chain of AttributeExpr on one; empty else.
std::string dottedName(const Expr *expr);
/// True for `tl.constexpr`, `constexpr`, `"...constexpr..."`.
bool isConstexprAnnotation(const Expr *annotation);

} // namespace tilesdk::frontend
