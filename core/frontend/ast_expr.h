//===- ast_expr.h - Expressions of the syntax tree --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast_node.h"

#include "llvm/ADT/APInt.h"

namespace tilesdk::frontend {

/// Stands where the parser has already reported a mistake; stay silent on it.
struct ErrorExpr : ExprOf<ExprKind::Error> {
  explicit ErrorExpr(Span span) : ExprOf(span) {}
};

struct NameExpr : ExprOf<ExprKind::Name> {
  NameExpr(Span span, llvm::StringRef name) : ExprOf(span), name(name) {}
  llvm::StringRef name;
};

/// An integer of any size. `digits` has no prefix and no underscores.
struct IntExpr : ExprOf<ExprKind::Int> {
  IntExpr(Span span, llvm::StringRef digits, uint8_t radix)
      : ExprOf(span), digits(digits), radix(radix) {}
  llvm::StringRef digits;
  uint8_t radix;

  /// The value when it fits 64 bits.
  std::optional<uint64_t> asUInt64() const;
  /// Any value, never negative: the sign bit is clear.
  llvm::APInt value() const;
};

struct FloatExpr : ExprOf<ExprKind::Float> {
  FloatExpr(Span span, double value) : ExprOf(span), value(value) {}
  double value;
};

/// Decoded text (UTF-8) of one or several neighbouring literals.
struct StringExpr : ExprOf<ExprKind::String> {
  StringExpr(Span span, llvm::StringRef value) : ExprOf(span), value(value) {}
  llvm::StringRef value;
};

struct BytesExpr : ExprOf<ExprKind::Bytes> {
  BytesExpr(Span span, llvm::StringRef value) : ExprOf(span), value(value) {}
  llvm::StringRef value;
};

/// A piece of an f-string: literal text when `value` is null.
struct FStringPart {
  llvm::StringRef text;
  Expr *value = nullptr;
  /// `r`, `s`, `a` of `!r`, or 0.
  char conversion = 0;
  /// `f"{x=}"`: the source text `x=`, printed before the value.
  llvm::StringRef debugText;
  /// The parts behind the colon, which may themselves hold fields.
  llvm::ArrayRef<FStringPart> format;
};

struct FStringExpr : ExprOf<ExprKind::FString> {
  FStringExpr(Span span, llvm::ArrayRef<FStringPart> parts)
      : ExprOf(span), parts(parts) {}
  llvm::ArrayRef<FStringPart> parts;
};

struct BoolExpr : ExprOf<ExprKind::Bool> {
  BoolExpr(Span span, bool value) : ExprOf(span), value(value) {}
  bool value;
};

struct NoneExpr : ExprOf<ExprKind::None> {
  explicit NoneExpr(Span span) : ExprOf(span) {}
};

struct EllipsisExpr : ExprOf<ExprKind::Ellipsis> {
  explicit EllipsisExpr(Span span) : ExprOf(span) {}
};

struct TupleExpr : ExprOf<ExprKind::Tuple> {
  TupleExpr(Span span, ExprList elements) : ExprOf(span), elements(elements) {}
  /// May hold StarredExpr.
  ExprList elements;
};

struct ListExpr : ExprOf<ExprKind::List> {
  ListExpr(Span span, ExprList elements) : ExprOf(span), elements(elements) {}
  ExprList elements;
};

struct SetExpr : ExprOf<ExprKind::Set> {
  SetExpr(Span span, ExprList elements) : ExprOf(span), elements(elements) {}
  ExprList elements;
};

struct DictItem {
  /// Null for `**value`.
  Expr *key;
  Expr *value;
};

struct DictExpr : ExprOf<ExprKind::Dict> {
  DictExpr(Span span, llvm::ArrayRef<DictItem> items)
      : ExprOf(span), items(items) {}
  llvm::ArrayRef<DictItem> items;
};

struct AttributeExpr : ExprOf<ExprKind::Attribute> {
  AttributeExpr(Span span, Expr *value, Identifier attribute)
      : ExprOf(span), value(value), attribute(attribute) {}
  Expr *value;
  Identifier attribute;
};

struct SubscriptExpr : ExprOf<ExprKind::Subscript> {
  SubscriptExpr(Span span, Expr *value, Expr *index)
      : ExprOf(span), value(value), index(index) {}
  Expr *value;
  /// `x[:, None]` gives a TupleExpr of SliceExpr and NoneExpr.
  Expr *index;
};

/// `lower:upper:step`, each may be null. Only inside of a subscript.
struct SliceExpr : ExprOf<ExprKind::Slice> {
  SliceExpr(Span span, Expr *lower, Expr *upper, Expr *step)
      : ExprOf(span), lower(lower), upper(upper), step(step) {}
  Expr *lower;
  Expr *upper;
  Expr *step;
};

struct KeywordArg {
  /// Empty for `**value`.
  Identifier name;
  Expr *value;
  Span span;
};

struct CallExpr : ExprOf<ExprKind::Call> {
  CallExpr(Span span, Expr *callee, ExprList args,
           llvm::ArrayRef<KeywordArg> keywords)
      : ExprOf(span), callee(callee), args(args), keywords(keywords) {}
  Expr *callee;
  /// Positional ones in order; `*x` is a StarredExpr.
  ExprList args;
  llvm::ArrayRef<KeywordArg> keywords;
};

struct UnaryExpr : ExprOf<ExprKind::Unary> {
  UnaryExpr(Span span, UnaryOp op, Expr *operand)
      : ExprOf(span), op(op), operand(operand) {}
  UnaryOp op;
  Expr *operand;
};

struct BinaryExpr : ExprOf<ExprKind::Binary> {
  BinaryExpr(Span span, BinaryOp op, Span opSpan, Expr *lhs, Expr *rhs)
      : ExprOf(span), op(op), opSpan(opSpan), lhs(lhs), rhs(rhs) {}
  BinaryOp op;
  Span opSpan;
  Expr *lhs;
  Expr *rhs;
};

/// `a and b and c` is one node with three operands.
struct BoolOpExpr : ExprOf<ExprKind::BoolOp> {
  BoolOpExpr(Span span, BoolOp op, ExprList operands)
      : ExprOf(span), op(op), operands(operands) {}
  BoolOp op;
  ExprList operands;
};

struct CompareLink {
  CompareOp op;
  Span opSpan;
  Expr *rhs;
};

/// `a < b < c` keeps its chain: lhs `a`, links `< b` and `< c`.
struct CompareExpr : ExprOf<ExprKind::Compare> {
  CompareExpr(Span span, Expr *lhs, llvm::ArrayRef<CompareLink> links)
      : ExprOf(span), lhs(lhs), links(links) {}
  Expr *lhs;
  llvm::ArrayRef<CompareLink> links;
};

/// `thenValue if condition else elseValue`
struct ConditionalExpr : ExprOf<ExprKind::Conditional> {
  ConditionalExpr(Span span, Expr *condition, Expr *thenValue, Expr *elseValue)
      : ExprOf(span), condition(condition), thenValue(thenValue),
        elseValue(elseValue) {}
  Expr *condition;
  Expr *thenValue;
  Expr *elseValue;
};

/// `(target := value)`
struct WalrusExpr : ExprOf<ExprKind::Walrus> {
  WalrusExpr(Span span, Identifier target, Expr *value)
      : ExprOf(span), target(target), value(value) {}
  Identifier target;
  Expr *value;
};

struct StarredExpr : ExprOf<ExprKind::Starred> {
  StarredExpr(Span span, Expr *value) : ExprOf(span), value(value) {}
  Expr *value;
};

enum class ComprehensionKind : uint8_t { List, Generator, Set, Dict };

/// `for target in iterator if condition if condition`
struct ComprehensionClause {
  Expr *target;
  Expr *iterator;
  ExprList conditions;
  bool isAsync;
  Span span;
};

struct ComprehensionExpr : ExprOf<ExprKind::Comprehension> {
  ComprehensionExpr(Span span, ComprehensionKind form, Expr *element,
                    Expr *value, llvm::ArrayRef<ComprehensionClause> clauses)
      : ExprOf(span), form(form), element(element), value(value),
        clauses(clauses) {}
  ComprehensionKind form;
  /// The key of a dict comprehension.
  Expr *element;
  /// Only of a dict comprehension.
  Expr *value;
  llvm::ArrayRef<ComprehensionClause> clauses;
};

struct AwaitExpr : ExprOf<ExprKind::Await> {
  AwaitExpr(Span span, Expr *value) : ExprOf(span), value(value) {}
  Expr *value;
};

/// `yield`, `yield value`, `yield from value`
struct YieldExpr : ExprOf<ExprKind::Yield> {
  YieldExpr(Span span, Expr *value, bool isFrom)
      : ExprOf(span), value(value), isFrom(isFrom) {}
  Expr *value;
  bool isFrom;
};

enum class ParamKind : uint8_t {
  PositionalOnly,
  Positional,
  /// `*args`
  VarArgs,
  KeywordOnly,
  /// `**kwargs`
  KeywordArgs,
};

struct Param {
  Identifier name;
  ParamKind kind = ParamKind::Positional;
  /// Null when there is none.
  Expr *annotation = nullptr;
  Expr *defaultValue = nullptr;
  /// Name, annotation and default.
  Span span;
};

struct LambdaExpr : ExprOf<ExprKind::Lambda> {
  LambdaExpr(Span span, llvm::ArrayRef<Param> params, Expr *body)
      : ExprOf(span), params(params), body(body) {}
  llvm::ArrayRef<Param> params;
  Expr *body;
};

} // namespace tilesdk::frontend
