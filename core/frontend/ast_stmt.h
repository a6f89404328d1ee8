//===- ast_stmt.h - Statements of the syntax tree ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast_expr.h"

#include <optional>

namespace tilesdk::frontend {

/// `@expression`; `@f(x)` is a CallExpr.
struct Decorator {
  Expr *value;
  /// With the `@`.
  Span span;
};

struct FunctionDef : StmtOf<StmtKind::FunctionDef> {
  explicit FunctionDef(Span span) : StmtOf(span) {}
  Identifier name;
  llvm::ArrayRef<Decorator> decorators;
  llvm::ArrayRef<Param> params;
  /// Behind `->`, or null.
  Expr *returns = nullptr;
  /// The docstring, when there is one, is still the first statement.
  StmtList body;
  /// Null when there is none.
  StringExpr *docstring = nullptr;
  bool isAsync = false;
  /// From `def` to the colon.
  Span header;
};

/// Stands where the parser has already reported a mistake; stay silent on it.
struct ErrorStmt : StmtOf<StmtKind::Error> {
  explicit ErrorStmt(Span span) : StmtOf(span) {}
};

struct ExprStmt : StmtOf<StmtKind::Expr> {
  ExprStmt(Span span, Expr *value) : StmtOf(span), value(value) {}
  Expr *value;
};

/// `a = b = value` has two targets. Targets are names, attributes, subscripts,
/// starred, and tuples or lists of these.
struct AssignStmt : StmtOf<StmtKind::Assign> {
  AssignStmt(Span span, ExprList targets, Expr *value)
      : StmtOf(span), targets(targets), value(value) {}
  ExprList targets;
  Expr *value;
};

/// `target: annotation = value`; value may be null.
struct AnnAssignStmt : StmtOf<StmtKind::AnnAssign> {
  AnnAssignStmt(Span span, Expr *target, Expr *annotation, Expr *value)
      : StmtOf(span), target(target), annotation(annotation), value(value) {}
  Expr *target;
  Expr *annotation;
  Expr *value;
};

struct AugAssignStmt : StmtOf<StmtKind::AugAssign> {
  AugAssignStmt(Span span, Expr *target, BinaryOp op, Span opSpan, Expr *value)
      : StmtOf(span), target(target), op(op), opSpan(opSpan), value(value) {}
  Expr *target;
  BinaryOp op;
  /// Of `+=`.
  Span opSpan;
  Expr *value;
};

struct IfClause {
  Expr *condition;
  StmtList body;
  /// From `if` or `elif` to the colon.
  Span header;
};

/// `if` and its `elif`s are one flat list, so long chains stay shallow.
struct IfStmt : StmtOf<StmtKind::If> {
  IfStmt(Span span, llvm::ArrayRef<IfClause> clauses, StmtList orelse,
         Span elseSpan)
      : StmtOf(span), clauses(clauses), orelse(orelse), elseSpan(elseSpan) {}
  llvm::ArrayRef<IfClause> clauses;
  StmtList orelse;
  /// Of the word `else`; invalid when there is none.
  Span elseSpan;
};

struct ForStmt : StmtOf<StmtKind::For> {
  ForStmt(Span span, Expr *target, Expr *iterator, StmtList body,
          StmtList orelse, Span elseSpan, Span header, bool isAsync)
      : StmtOf(span), target(target), iterator(iterator), body(body),
        orelse(orelse), elseSpan(elseSpan), header(header), isAsync(isAsync) {}
  Expr *target;
  Expr *iterator;
  StmtList body;
  StmtList orelse;
  Span elseSpan;
  Span header;
  bool isAsync;
};

struct WhileStmt : StmtOf<StmtKind::While> {
  WhileStmt(Span span, Expr *condition, StmtList body, StmtList orelse,
            Span elseSpan, Span header)
      : StmtOf(span), condition(condition), body(body), orelse(orelse),
        elseSpan(elseSpan), header(header) {}
  Expr *condition;
  StmtList body;
  StmtList orelse;
  Span elseSpan;
  Span header;
};

struct WithItem {
  Expr *context;
  /// Behind `as`, or null.
  Expr *target;
};

struct WithStmt : StmtOf<StmtKind::With> {
  WithStmt(Span span, llvm::ArrayRef<WithItem> items, StmtList body,
           Span header, bool isAsync)
      : StmtOf(span), items(items), body(body), header(header),
        isAsync(isAsync) {}
  llvm::ArrayRef<WithItem> items;
  StmtList body;
  Span header;
  bool isAsync;
};

struct ExceptClause {
  /// Null for a bare `except`.
  Expr *type;
  Identifier name;
  StmtList body;
  Span header;
};

struct TryStmt : StmtOf<StmtKind::Try> {
  TryStmt(Span span, StmtList body, llvm::ArrayRef<ExceptClause> handlers,
          StmtList orelse, StmtList finalBody, Span header)
      : StmtOf(span), body(body), handlers(handlers), orelse(orelse),
        finalBody(finalBody), header(header) {}
  StmtList body;
  llvm::ArrayRef<ExceptClause> handlers;
  StmtList orelse;
  StmtList finalBody;
  /// Of the word `try`.
  Span header;
};

/// A `match` statement; only its subject is kept, for it is never supported.
struct MatchStmt : StmtOf<StmtKind::Match> {
  MatchStmt(Span span, Expr *subject, Span header)
      : StmtOf(span), subject(subject), header(header) {}
  Expr *subject;
  Span header;
};

struct BreakStmt : StmtOf<StmtKind::Break> {
  explicit BreakStmt(Span span) : StmtOf(span) {}
};
struct ContinueStmt : StmtOf<StmtKind::Continue> {
  explicit ContinueStmt(Span span) : StmtOf(span) {}
};
struct PassStmt : StmtOf<StmtKind::Pass> {
  explicit PassStmt(Span span) : StmtOf(span) {}
};

struct ReturnStmt : StmtOf<StmtKind::Return> {
  ReturnStmt(Span span, Expr *value) : StmtOf(span), value(value) {}
  /// Null for a bare return.
  Expr *value;
};

struct RaiseStmt : StmtOf<StmtKind::Raise> {
  RaiseStmt(Span span, Expr *value, Expr *cause)
      : StmtOf(span), value(value), cause(cause) {}
  Expr *value;
  Expr *cause;
};

struct AssertStmt : StmtOf<StmtKind::Assert> {
  AssertStmt(Span span, Expr *condition, Expr *message)
      : StmtOf(span), condition(condition), message(message) {}
  Expr *condition;
  /// Null when there is none.
  Expr *message;
};

struct DeleteStmt : StmtOf<StmtKind::Delete> {
  DeleteStmt(Span span, ExprList targets) : StmtOf(span), targets(targets) {}
  ExprList targets;
};

struct GlobalStmt : StmtOf<StmtKind::Global> {
  GlobalStmt(Span span, llvm::ArrayRef<Identifier> names)
      : StmtOf(span), names(names) {}
  llvm::ArrayRef<Identifier> names;
};
struct NonlocalStmt : StmtOf<StmtKind::Nonlocal> {
  NonlocalStmt(Span span, llvm::ArrayRef<Identifier> names)
      : StmtOf(span), names(names) {}
  llvm::ArrayRef<Identifier> names;
};

struct ImportAlias {
  /// Dotted for `import a.b`; "*" for `from m import *`.
  Identifier name;
  /// Empty when there is no `as`.
  Identifier alias;
};

/// `import a.b as c, d`
struct ImportStmt : StmtOf<StmtKind::Import> {
  ImportStmt(Span span, llvm::ArrayRef<ImportAlias> names)
      : StmtOf(span), names(names) {}
  llvm::ArrayRef<ImportAlias> names;
};

/// `from ..module import a as b`; `level` counts the leading dots.
struct FromImportStmt : StmtOf<StmtKind::FromImport> {
  FromImportStmt(Span span, Identifier module, unsigned level,
                 llvm::ArrayRef<ImportAlias> names)
      : StmtOf(span), module(module), level(level), names(names) {}
  /// Dotted; empty for `from . import x`.
  Identifier module;
  unsigned level;
  llvm::ArrayRef<ImportAlias> names;
};

struct ClassDef : StmtOf<StmtKind::ClassDef> {
  explicit ClassDef(Span span) : StmtOf(span) {}
  Identifier name;
  llvm::ArrayRef<Decorator> decorators;
  ExprList bases;
  llvm::ArrayRef<KeywordArg> keywords;
  StmtList body;
  StringExpr *docstring = nullptr;
  /// From `class` to the colon.
  Span header;
};

} // namespace tilesdk::frontend
