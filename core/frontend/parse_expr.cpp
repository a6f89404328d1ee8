//===- parse_expr.cpp - Expressions ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

using namespace diagnostics;

/// Left-associative arithmetic operators.
static unsigned arithmetic(TokenKind kind, BinaryOp &op) {
  switch (kind) {
  case TokenKind::Pipe:
    op = BinaryOp::BitOr;
    return precBitOr;
  case TokenKind::Caret:
    op = BinaryOp::BitXor;
    return precBitXor;
  case TokenKind::Amp:
    op = BinaryOp::BitAnd;
    return precBitAnd;
  case TokenKind::ShiftLeft:
    op = BinaryOp::ShiftLeft;
    return precShift;
  case TokenKind::ShiftRight:
    op = BinaryOp::ShiftRight;
    return precShift;
  case TokenKind::Plus:
    op = BinaryOp::Add;
    return precAdd;
  case TokenKind::Minus:
    op = BinaryOp::Sub;
    return precAdd;
  case TokenKind::Star:
    op = BinaryOp::Mul;
    return precMul;
  case TokenKind::At:
    op = BinaryOp::MatMul;
    return precMul;
  case TokenKind::Slash:
    op = BinaryOp::Div;
    return precMul;
  case TokenKind::SlashSlash:
    op = BinaryOp::FloorDiv;
    return precMul;
  case TokenKind::Percent:
    op = BinaryOp::Mod;
    return precMul;
  default:
    return precNone;
  }
}

bool Parser::startsExpression(TokenKind kind) {
  switch (kind) {
  case TokenKind::Name:
  case TokenKind::Int:
  case TokenKind::Float:
  case TokenKind::String:
  case TokenKind::LParen:
  case TokenKind::LBracket:
  case TokenKind::LBrace:
  case TokenKind::Minus:
  case TokenKind::Plus:
  case TokenKind::Tilde:
  case TokenKind::Star:
  case TokenKind::Ellipsis:
  case TokenKind::KwNot:
  case TokenKind::KwLambda:
  case TokenKind::KwAwait:
  case TokenKind::KwYield:
  case TokenKind::KwTrue:
  case TokenKind::KwFalse:
  case TokenKind::KwNone:
    return true;
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// Lists and the loosest operators
//===----------------------------------------------------------------------===//

Expr *Parser::parseExpressions() {
  uint32_t begin = tok.begin;
  Expr *first = parseStarOrNamed();
  if (failed || !at(TokenKind::Comma))
    return first;
  llvm::SmallVector<Expr *, 4> elements{first};
  while (!failed && consume(TokenKind::Comma)) {
    if (!startsExpression(tok.kind) && !at(TokenKind::Error))
      break;
    elements.push_back(parseStarOrNamed());
  }
  return finish(make<TupleExpr>(spanFrom(begin), copy(elements)), {}, elements);
}

Expr *Parser::parseYieldOrExpressions() {
  return at(TokenKind::KwYield) ? parseYield() : parseExpressions();
}

Expr *Parser::parseTarget(bool tuple) {
  uint32_t begin = tok.begin;
  auto element = [&]() -> Expr * {
    uint32_t starBegin = tok.begin;
    if (!consume(TokenKind::Star))
      return parsePrecedence(precBitOr);
    Expr *value = parsePrecedence(precBitOr);
    return finish(make<StarredExpr>(spanFrom(starBegin), value), {value});
  };
  Expr *first = element();
  if (failed || !tuple || !at(TokenKind::Comma))
    return first;
  llvm::SmallVector<Expr *, 4> elements{first};
  while (!failed && consume(TokenKind::Comma)) {
    if (!startsExpression(tok.kind))
      break;
    elements.push_back(element());
  }
  return finish(make<TupleExpr>(spanFrom(begin), copy(elements)), {}, elements);
}

Expr *Parser::parseStarOrNamed() {
  if (!at(TokenKind::Star))
    return parseNamed();
  uint32_t begin = tok.begin;
  advance();
  Expr *value = parsePrecedence(precBitOr);
  return finish(make<StarredExpr>(spanFrom(begin), value), {value});
}

/// An expression or `name := expression`.
Expr *Parser::parseNamed() {
  uint32_t begin = tok.begin;
  Expr *value = parseExpr();
  // A statement that starts with it has a message of its own.
  if (failed || !at(TokenKind::ColonEqual) || begin == statementBegin)
    return value;
  auto *name = llvm::dyn_cast<NameExpr>(value);
  if (!name) {
    fail(Diag::WalrusTarget, value->span);
    return value;
  }
  advance();
  Expr *bound = parseExpr();
  return finish(make<WalrusExpr>(spanFrom(begin),
                                 Identifier{name->name, name->span}, bound),
                {bound});
}

/// A conditional expression, a lambda, or anything tighter.
Expr *Parser::parseExpr() {
  if (failed)
    return errorExpr();
  Nest nest(*this, "this expression");
  if (!nest)
    return errorExpr();
  if (at(TokenKind::KwLambda) && !pendingAtom) {
    if (tok.begin == statementBegin && peek().is(TokenKind::Equal))
      return failExpression();
    return parseLambda();
  }
  uint32_t begin = tok.begin;
  Expr *value = parsePrecedence(precOr);
  if (failed || !at(TokenKind::KwIf))
    return value;
  Span ifSpan = span(tok);
  advance();
  Expr *condition = parsePrecedence(precOr);
  if (failed)
    return condition;
  if (!at(TokenKind::KwElse)) {
    failExpected("`else`").label(
        ifSpan, "this conditional expression needs both values");
    return errorExpr();
  }
  advance();
  Expr *otherwise = parseExpr();
  return finish(
      make<ConditionalExpr>(spanFrom(begin), condition, value, otherwise),
      {condition, value, otherwise});
}

Expr *Parser::parseBoolOp(Expr *lhs, uint32_t begin, BoolOp op) {
  TokenKind kind = op == BoolOp::Or ? TokenKind::KwOr : TokenKind::KwAnd;
  TokenKind foreign =
      op == BoolOp::Or ? TokenKind::PipePipe : TokenKind::AmpAmp;
  llvm::SmallVector<Expr *, 4> operands{lhs};
  while (!failed && (at(kind) || at(foreign))) {
    if (at(foreign))
      complain(Diag::ForeignOperator, span(tok), text(tok))
          .help(op == BoolOp::Or ? "write `or`, or `|` between tensors"
                                 : "write `and`, or `&` between tensors");
    advance();
    operands.push_back(parsePrecedence(op == BoolOp::Or ? precAnd : precNot));
  }
  return finish(make<BoolOpExpr>(spanFrom(begin), op, copy(operands)), {},
                operands);
}

bool Parser::atComparison(CompareOp &op) {
  switch (tok.kind) {
  case TokenKind::EqualEqual:
  case TokenKind::EqualEqualEqual:
    op = CompareOp::Eq;
    return true;
  case TokenKind::NotEqual:
  case TokenKind::LessGreater:
    op = CompareOp::NotEq;
    return true;
  case TokenKind::Less:
    op = CompareOp::Less;
    return true;
  case TokenKind::LessEqual:
    op = CompareOp::LessEq;
    return true;
  case TokenKind::Greater:
    op = CompareOp::Greater;
    return true;
  case TokenKind::GreaterEqual:
    op = CompareOp::GreaterEq;
    return true;
  case TokenKind::KwIn:
    op = CompareOp::In;
    return true;
  case TokenKind::KwIs:
    op = CompareOp::Is;
    return true;
  case TokenKind::KwNot:
    op = CompareOp::NotIn;
    return peek().is(TokenKind::KwIn);
  default:
    return false;
  }
}

Expr *Parser::parseComparison(Expr *lhs, uint32_t begin) {
  llvm::SmallVector<CompareLink, 2> links;
  llvm::SmallVector<Expr *, 2> operands{lhs};
  CompareOp op;
  while (!failed && atComparison(op)) {
    uint32_t opBegin = tok.begin;
    if (at(TokenKind::EqualEqualEqual) || at(TokenKind::LessGreater))
      complain(Diag::ForeignOperator, span(tok), text(tok))
          .help(op == CompareOp::Eq ? "write `==`" : "write `!=`");
    advance();
    if (op == CompareOp::NotIn)
      advance();
    else if (op == CompareOp::Is && consume(TokenKind::KwNot))
      op = CompareOp::IsNot;
    Span opSpan = spanFrom(opBegin);
    Expr *rhs = parsePrecedence(precBitOr);
    links.push_back({op, opSpan, rhs});
    operands.push_back(rhs);
  }
  return finish(make<CompareExpr>(spanFrom(begin), lhs, copy(links)), {},
                operands);
}

Expr *Parser::parsePrecedence(unsigned minimum) {
  if (failed)
    return errorExpr();
  uint32_t begin = tok.begin;
  Expr *lhs;
  if (at(TokenKind::KwNot) && minimum <= precNot && !pendingAtom) {
    Nest nest(*this, "this expression");
    if (!nest)
      return errorExpr();
    advance();
    Expr *operand = parsePrecedence(precNot);
    lhs = finish(make<UnaryExpr>(spanFrom(begin), UnaryOp::Not, operand),
                 {operand});
  } else {
    lhs = parseUnary();
  }
  while (!failed) {
    BinaryOp op;
    CompareOp compare;
    if (unsigned precedence = arithmetic(tok.kind, op)) {
      if (precedence < minimum)
        return lhs;
      Span opSpan = span(tok);
      advance();
      Expr *rhs = parsePrecedence(precedence + 1);
      lhs = finish(make<BinaryExpr>(spanFrom(begin), op, opSpan, lhs, rhs),
                   {lhs, rhs});
    } else if (minimum <= precCompare && atComparison(compare)) {
      lhs = parseComparison(lhs, begin);
    } else if (minimum <= precAnd &&
               (at(TokenKind::KwAnd) || at(TokenKind::AmpAmp))) {
      lhs = parseBoolOp(lhs, begin, BoolOp::And);
    } else if (minimum <= precOr &&
               (at(TokenKind::KwOr) || at(TokenKind::PipePipe))) {
      lhs = parseBoolOp(lhs, begin, BoolOp::Or);
    } else {
      return lhs;
    }
  }
  return lhs;
}

Expr *Parser::parseUnary() {
  uint32_t begin = tok.begin;
  UnaryOp op;
  switch (pendingAtom ? TokenKind::Name : tok.kind) {
  case TokenKind::Minus:
    op = UnaryOp::Minus;
    break;
  case TokenKind::Plus:
    op = UnaryOp::Plus;
    break;
  case TokenKind::Tilde:
    op = UnaryOp::Invert;
    break;
  default: {
    Expr *base = parsePrimary();
    if (failed || !at(TokenKind::StarStar))
      return base;
    Nest nest(*this, "this expression");
    if (!nest)
      return errorExpr();
    Span opSpan = span(tok);
    advance();
    // Tighter than a minus on its left, looser than one on its right.
    Expr *exponent = parseUnary();
    return finish(make<BinaryExpr>(spanFrom(begin), BinaryOp::Pow, opSpan, base,
                                   exponent),
                  {base, exponent});
  }
  }
  Nest nest(*this, "this expression");
  if (!nest)
    return errorExpr();
  advance();
  Expr *operand = parseUnary();
  return finish(make<UnaryExpr>(spanFrom(begin), op, operand), {operand});
}

} // namespace tilesdk::frontend
