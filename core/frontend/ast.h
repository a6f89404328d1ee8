//===- ast.h - Syntax tree of the kernel language ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tree holds what Python's grammar accepts, and a little more, so that
// semantic analysis can reject it with words of its own. Nodes live in the
// arena of their Module, are never freed one by one and hold no heap memory.
// `llvm::isa`, `cast` and `dyn_cast` work on Expr and Stmt.
//
// The parser bounds the height of every tree (see ParseLimits), so a visitor
// may recurse.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/source.h"

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

#include <cstdint>
#include <optional>

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

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Module
//===----------------------------------------------------------------------===//

/// One parsed source. Owns every node below it; strings either lie in its arena
/// or in the SourceManager's text, which must outlive it.
class Module {
public:
  explicit Module(diagnostics::FileId file) : file(file) {}
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  const diagnostics::FileId file;
  StmtList body;
  /// Null when there is none.
  StringExpr *docstring = nullptr;
  /// True when the parser reported at least one error; the tree is then usable
  /// for tools, but must not be compiled.
  bool hasErrors = false;

  llvm::BumpPtrAllocator arena;
};

} // namespace tilesdk::frontend
