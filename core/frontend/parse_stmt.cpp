//===- parse_stmt.cpp - Statements ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace tilesdk::frontend {

using namespace diagnostics;

void Parser::parseStatements(llvm::SmallVectorImpl<Stmt *> &out) {
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::Dedent)) {
    if (sink.isFull()) {
      // Nothing more would be shown.
      sink.reportFull();
      module.hasErrors = true;
      lexer->setRecovering(true);
      while (!at(TokenKind::EndOfFile))
        advance();
      return;
    }
    parseStatement(out);
  }
}

void Parser::parseStatement(llvm::SmallVectorImpl<Stmt *> &out) {
  uint32_t outerBegin = statementBegin, outerColumn = statementColumn;
  uint32_t begin = tok.begin;
  statementBegin = begin;
  if (tok.lineStart)
    statementColumn = tok.column;
  bool broken = false;

  switch (tok.kind) {
  case TokenKind::Newline:
    advance();
    break;
  case TokenKind::Indent: {
    complain(Diag::UnexpectedIndent, span(tok));
    NestBlock nest(*this);
    if (nest) {
      advance();
      parseStatements(out);
      consume(TokenKind::Dedent);
    } else {
      failed = false;
      skipBlock(/*quietly=*/true);
    }
    break;
  }
  case TokenKind::KwElif:
  case TokenKind::KwElse:
  case TokenKind::KwExcept:
  case TokenKind::KwFinally:
    if (!lastBroken)
      complain(Diag::DanglingClause, span(tok), text(tok));
    failed = true;
    break;
  case TokenKind::KwIf:
  case TokenKind::KwFor:
  case TokenKind::KwWhile:
  case TokenKind::KwTry:
  case TokenKind::KwWith:
  case TokenKind::KwDef:
  case TokenKind::KwClass:
  case TokenKind::KwAsync:
  case TokenKind::At:
    out.push_back(parseCompound());
    break;
  default:
    parseSimpleLine(out);
    break;
  }

  if (failed) {
    broken = true;
    statementBegin = begin;
    synchronize();
    out.push_back(errorStmt(begin));
  }
  lastBroken = broken;
  statementBegin = outerBegin;
  statementColumn = outerColumn;
}

Stmt *Parser::parseCompound() {
  uint32_t begin = tok.begin;
  NestBlock nest(*this);
  if (!nest)
    return errorStmt(begin);
  switch (tok.kind) {
  case TokenKind::KwIf:
    return parseIf();
  case TokenKind::KwFor:
    return parseFor(begin, /*isAsync=*/false);
  case TokenKind::KwWhile:
    return parseWhile();
  case TokenKind::KwTry:
    return parseTry();
  case TokenKind::KwWith:
    return parseWith(begin, /*isAsync=*/false);
  case TokenKind::KwDef:
    return parseFunction(begin, {}, /*isAsync=*/false);
  case TokenKind::KwClass:
    return parseClass(begin, {});
  case TokenKind::KwAsync:
    advance();
    if (at(TokenKind::KwDef))
      return parseFunction(begin, {}, /*isAsync=*/true);
    if (at(TokenKind::KwFor))
      return parseFor(begin, /*isAsync=*/true);
    if (at(TokenKind::KwWith))
      return parseWith(begin, /*isAsync=*/true);
    failExpected("`def`, `for` or `with` after `async`");
    return errorStmt(begin);
  default:
    return parseDecorated();
  }
}

//===----------------------------------------------------------------------===//
// Simple statements
//===----------------------------------------------------------------------===//

void Parser::parseSimpleLine(llvm::SmallVectorImpl<Stmt *> &out) {
  for (;;) {
    Stmt *stmt = parseSimple();
    if (failed)
      return;
    out.push_back(stmt);
    // `match` has taken its block, and with it the line end.
    if (stmt->kind == StmtKind::Match)
      return;
    if (!consume(TokenKind::Semicolon))
      break;
    if (at(TokenKind::Newline) || at(TokenKind::EndOfFile))
      break;
  }
  if (at(TokenKind::EndOfFile) || consume(TokenKind::Newline))
    return;
  failAfterStatement();
}

/// A statement is complete, yet its line goes on.
void Parser::failAfterStatement() {
  switch (tok.kind) {
  case TokenKind::Question:
    fail(Diag::ForeignOperator, span(tok), "?")
        .help("write `a if condition else b`");
    return;
  case TokenKind::Exclaim:
    fail(Diag::ForeignOperator, span(tok), "!").help("write `not`, or `!=`");
    return;
  case TokenKind::LBrace:
  case TokenKind::RBrace:
    fail(Diag::ForeignSyntax, span(tok), "blocks are not written with braces")
        .help("end the line before it in `:` and indent the block");
    return;
  case TokenKind::Colon:
    fail(Diag::ExpectedToken, span(tok), "the end of the line", "`:`");
    return;
  default: {
    auto report = failExpected("the end of the line");
    if (startsExpression(tok.kind) && !isKeyword(tok.kind))
      report.help("an operator or a comma is missing between the two");
  }
  }
}

static bool isForeignType(llvm::StringRef word) {
  return llvm::StringSwitch<bool>(word)
      .Cases({"int", "float", "double", "void", "char", "bool"}, true)
      .Cases({"long", "short", "unsigned", "auto", "const"}, true)
      .Cases({"let", "var", "half", "size_t", "uint32_t", "int32_t"}, true)
      .Default(false);
}

/// Recognises statements of other languages. Returns true when it has failed.
bool Parser::foreignStatement() {
  if (at(TokenKind::SlashSlash) ||
      (at(TokenKind::Slash) && peek().is(TokenKind::Star) &&
       peek().begin == tok.end)) {
    fail(Diag::ForeignSyntax,
         span(tok.begin, at(TokenKind::Slash) ? tok.end + 1 : tok.end),
         "comments start with `#`");
    return true;
  }
  if (!at(TokenKind::Name))
    return false;
  llvm::StringRef word = text(tok);
  const Token &next = peek();
  bool operand = next.is(TokenKind::Name) || next.is(TokenKind::Int) ||
                 next.is(TokenKind::Float) || next.is(TokenKind::String) ||
                 next.is(TokenKind::KwTrue) || next.is(TokenKind::KwFalse) ||
                 next.is(TokenKind::KwNone);
  if (!operand || next.lineStart)
    return false;
  if (word == "print") {
    fail(Diag::PrintStatement, span(tok))
        .help("write `print(" + text(next) + ", ...)`");
    return true;
  }
  if (word == "elseif" || word == "elsif") {
    fail(Diag::ElseIf, span(tok), word).help("write `elif`");
    return true;
  }
  if (!next.is(TokenKind::Name))
    return false;
  if (word == "function" || word == "func" || word == "fn") {
    fail(Diag::ForeignSyntax, span(tok),
         ("functions are not defined with `" + word + "`").str())
        .help("write `def " + text(next) + "(...):`");
    return true;
  }
  if (isForeignType(word)) {
    fail(Diag::ForeignSyntax, span(tok.begin, next.end),
         "variables are not declared with a type in front")
        .help("write `" + text(next) + " = ...`: assigning makes a variable");
    return true;
  }
  return false;
}

Stmt *Parser::parseSimple() {
  uint32_t begin = tok.begin;
  switch (tok.kind) {
  case TokenKind::KwPass:
    advance();
    return make<PassStmt>(spanFrom(begin));
  case TokenKind::KwBreak:
    advance();
    return make<BreakStmt>(spanFrom(begin));
  case TokenKind::KwContinue:
    advance();
    return make<ContinueStmt>(spanFrom(begin));
  case TokenKind::KwReturn: {
    advance();
    if (!inFunction)
      complain(Diag::ReturnOutsideFunction, span(previous));
    Expr *value = isAtEnd() ? nullptr : parseExpressions();
    return make<ReturnStmt>(spanFrom(begin), value);
  }
  case TokenKind::KwRaise: {
    advance();
    Expr *value = isAtEnd() ? nullptr : parseExpr();
    Expr *cause = nullptr;
    if (!failed && value && consume(TokenKind::KwFrom))
      cause = parseExpr();
    return make<RaiseStmt>(spanFrom(begin), value, cause);
  }
  case TokenKind::KwAssert: {
    advance();
    Expr *condition = parseCondition();
    Expr *message = nullptr;
    if (!failed && consume(TokenKind::Comma))
      message = parseExpr();
    return make<AssertStmt>(spanFrom(begin), condition, message);
  }
  case TokenKind::KwDel: {
    advance();
    Expr *targets = parseExpressions();
    if (failed || !checkDelete(targets))
      return errorStmt(begin);
    llvm::SmallVector<Expr *, 4> list;
    auto *tuple = llvm::dyn_cast<TupleExpr>(targets);
    if (tuple && !tuple->parenthesized)
      list.append(tuple->elements.begin(), tuple->elements.end());
    else
      list.push_back(targets);
    return make<DeleteStmt>(spanFrom(begin), copy(list));
  }
  case TokenKind::KwGlobal:
  case TokenKind::KwNonlocal: {
    bool isGlobal = at(TokenKind::KwGlobal);
    advance();
    llvm::SmallVector<Identifier, 4> names;
    if (!parseNames(names))
      return errorStmt(begin);
    if (isGlobal)
      return make<GlobalStmt>(spanFrom(begin), copy(names));
    return make<NonlocalStmt>(spanFrom(begin), copy(names));
  }
  case TokenKind::KwImport:
    return parseImport();
  case TokenKind::KwFrom:
    return parseFromImport();
  case TokenKind::Name:
    if (isMatchStatement()) {
      advance();
      Expr *subject = parseExpressions();
      return parseMatch(begin, subject);
    }
    [[fallthrough]];
  default:
    if (foreignStatement())
      return errorStmt(begin);
    return parseExpressionStatement();
  }
}

static bool augmented(TokenKind kind, BinaryOp &op) {
  switch (kind) {
  case TokenKind::PlusEqual:
    op = BinaryOp::Add;
    return true;
  case TokenKind::MinusEqual:
    op = BinaryOp::Sub;
    return true;
  case TokenKind::StarEqual:
    op = BinaryOp::Mul;
    return true;
  case TokenKind::AtEqual:
    op = BinaryOp::MatMul;
    return true;
  case TokenKind::SlashEqual:
    op = BinaryOp::Div;
    return true;
  case TokenKind::SlashSlashEqual:
    op = BinaryOp::FloorDiv;
    return true;
  case TokenKind::PercentEqual:
    op = BinaryOp::Mod;
    return true;
  case TokenKind::StarStarEqual:
    op = BinaryOp::Pow;
    return true;
  case TokenKind::ShiftLeftEqual:
    op = BinaryOp::ShiftLeft;
    return true;
  case TokenKind::ShiftRightEqual:
    op = BinaryOp::ShiftRight;
    return true;
  case TokenKind::AmpEqual:
    op = BinaryOp::BitAnd;
    return true;
  case TokenKind::PipeEqual:
    op = BinaryOp::BitOr;
    return true;
  case TokenKind::CaretEqual:
    op = BinaryOp::BitXor;
    return true;
  default:
    return false;
  }
}

/// A target that must not be a tuple; \p what says it when it is one.
bool Parser::checkSingleTarget(Expr *target, const char *what) {
  if (!llvm::isa<TupleExpr, ListExpr>(target))
    return checkTarget(target);
  fail(Diag::InvalidAssignmentTarget, target->span, what);
  return false;
}

/// An expression, or an assignment in one of its three forms.
Stmt *Parser::parseExpressionStatement() {
  uint32_t begin = tok.begin;
  Expr *first = parseYieldOrExpressions();
  if (failed)
    return errorStmt(begin);

  BinaryOp op;
  if (augmented(tok.kind, op)) {
    Span opSpan = span(tok);
    if (!checkSingleTarget(first, "a tuple with an operator"))
      return errorStmt(begin);
    advance();
    Expr *value = parseYieldOrExpressions();
    return make<AugAssignStmt>(spanFrom(begin), first, op, opSpan, value);
  }

  if (at(TokenKind::Colon)) {
    auto *call = llvm::dyn_cast<CallExpr>(first);
    auto *callee = call ? llvm::dyn_cast<NameExpr>(call->callee) : nullptr;
    if (callee && callee->name == "match" && peek().is(TokenKind::Newline))
      return parseMatch(begin, first);
    if (peek().is(TokenKind::Newline)) {
      // A word in front of the colon that should have been a keyword.
      advance();
      failExpected("a type after `:`");
      return errorStmt(begin);
    }
    if (!checkSingleTarget(first, "a tuple with an annotation"))
      return errorStmt(begin);
    advance();
    Expr *annotation = parseExpr();
    Expr *value = nullptr;
    if (!failed && consume(TokenKind::Equal))
      value = parseYieldOrExpressions();
    return make<AnnAssignStmt>(spanFrom(begin), first, annotation, value);
  }

  if (at(TokenKind::ColonEqual)) {
    fail(Diag::UnparenthesizedWalrus, span(tok)).help("write `=`");
    return errorStmt(begin);
  }
  if (!at(TokenKind::Equal)) {
    if (first->kind == ExprKind::Starred) {
      fail(Diag::MisplacedStarred, first->span);
      return errorStmt(begin);
    }
    return make<ExprStmt>(spanFrom(begin), first);
  }

  llvm::SmallVector<Expr *, 2> targets;
  Expr *value = first;
  while (at(TokenKind::Equal)) {
    if (!checkTarget(value))
      return errorStmt(begin);
    targets.push_back(value);
    advance();
    value = parseYieldOrExpressions();
    if (failed)
      return errorStmt(begin);
  }
  if (value->kind == ExprKind::Starred) {
    fail(Diag::MisplacedStarred, value->span);
    return errorStmt(begin);
  }
  return make<AssignStmt>(spanFrom(begin), copy(targets), value);
}

/// Of a tuple or a list.
static ExprList elementsOf(const Expr *expr) {
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(expr))
    return tuple->elements;
  return llvm::cast<ListExpr>(expr)->elements;
}

bool Parser::checkTarget(Expr *target, bool inTuple) {
  switch (target->kind) {
  case ExprKind::Error:
  case ExprKind::Name:
  case ExprKind::Attribute:
  case ExprKind::Subscript:
    return true;
  case ExprKind::Starred:
    if (!inTuple) {
      fail(Diag::MisplacedStarred, target->span)
          .help("a starred target stands in a tuple or a list");
      return false;
    }
    return checkTarget(llvm::cast<StarredExpr>(target)->value);
  case ExprKind::Tuple:
  case ExprKind::List:
    return llvm::all_of(elementsOf(target), [&](Expr *element) {
      return checkTarget(element, /*inTuple=*/true);
    });
  default: {
    auto report = fail(Diag::InvalidAssignmentTarget, target->span,
                       frontend::describe(target->kind));
    if (at(TokenKind::Equal))
      report.help("write `==` to compare");
    return false;
  }
  }
}

bool Parser::checkDelete(Expr *target) {
  switch (target->kind) {
  case ExprKind::Error:
  case ExprKind::Name:
  case ExprKind::Attribute:
  case ExprKind::Subscript:
    return true;
  case ExprKind::Tuple:
  case ExprKind::List:
    return llvm::all_of(elementsOf(target),
                        [&](Expr *element) { return checkDelete(element); });
  default:
    fail(Diag::InvalidDeleteTarget, target->span,
         frontend::describe(target->kind));
    return false;
  }
}

bool Parser::parseNames(llvm::SmallVectorImpl<Identifier> &names) {
  do {
    Identifier name;
    if (!expectName(name, "a name"))
      return false;
    names.push_back(name);
  } while (consume(TokenKind::Comma));
  return true;
}

} // namespace tilesdk::frontend
