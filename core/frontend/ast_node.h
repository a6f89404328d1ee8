//===- ast_node.h - What all nodes of the syntax tree share -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/source.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace tilesdk::frontend {

using diagnostics::Span;

enum class ExprKind : uint8_t {
  Error,
  Name,
  Int,
  Float,
  String,
  Bytes,
  FString,
  Bool,
  None,
  Ellipsis,
  Tuple,
  List,
  Set,
  Dict,
  Attribute,
  Subscript,
  Slice,
  Call,
  Unary,
  Binary,
  BoolOp,
  Compare,
  Conditional,
  Lambda,
  Walrus,
  Starred,
  Comprehension,
  Await,
  Yield,
};

enum class StmtKind : uint8_t {
  Error,
  Expr,
  Assign,
  AnnAssign,
  AugAssign,
  If,
  For,
  While,
  With,
  Try,
  Match,
  Break,
  Continue,
  Pass,
  Return,
  Raise,
  Assert,
  Delete,
  Global,
  Nonlocal,
  Import,
  FromImport,
  FunctionDef,
  ClassDef,
};

enum class UnaryOp : uint8_t { Plus, Minus, Invert, Not };
enum class BinaryOp : uint8_t {
  Add,
  Sub,
  Mul,
  MatMul,
  Div,
  FloorDiv,
  Mod,
  Pow,
  ShiftLeft,
  ShiftRight,
  BitAnd,
  BitOr,
  BitXor,
};
enum class BoolOp : uint8_t { And, Or };
enum class CompareOp : uint8_t {
  Eq,
  NotEq,
  Less,
  LessEq,
  Greater,
  GreaterEq,
  Is,
  IsNot,
  In,
  NotIn,
};

/// As written: "-", "not", "//", "and", "is not".
llvm::StringRef spelling(UnaryOp op);
llvm::StringRef spelling(BinaryOp op);
llvm::StringRef spelling(BoolOp op);
llvm::StringRef spelling(CompareOp op);

/// What users call it: "a call", "a name", "an `if` statement".
llvm::StringRef describe(ExprKind kind);
llvm::StringRef describe(StmtKind kind);

struct Expr {
  const ExprKind kind;
  /// 1 for a leaf; bounded by ParseLimits::maxExprHeight.
  uint16_t height = 1;
  /// True when the source put parentheses around it; the span excludes them,
  /// except for tuples and generators, whose own they are.
  bool parenthesized = false;
  Span span;

protected:
  Expr(ExprKind kind, Span span) : kind(kind), span(span) {}
};

struct Stmt {
  const StmtKind kind;
  /// From the first token (decorators included) to the last of the body.
  Span span;

protected:
  Stmt(StmtKind kind, Span span) : kind(kind), span(span) {}
};

using ExprList = llvm::ArrayRef<Expr *>;
using StmtList = llvm::ArrayRef<Stmt *>;

/// A name together with its place.
struct Identifier {
  llvm::StringRef name;
  Span span;
  explicit operator bool() const { return !name.empty(); }
};

/// Gives a node its kind tag and LLVM-style casts.
template <ExprKind K> struct ExprOf : Expr {
  static constexpr ExprKind tag = K;
  static bool classof(const Expr *expr) { return expr->kind == K; }

protected:
  explicit ExprOf(Span span) : Expr(K, span) {}
};
template <StmtKind K> struct StmtOf : Stmt {
  static constexpr StmtKind tag = K;
  static bool classof(const Stmt *stmt) { return stmt->kind == K; }

protected:
  explicit StmtOf(Span span) : Stmt(K, span) {}
};

} // namespace tilesdk::frontend
