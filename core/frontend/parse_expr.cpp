//===- parse_expr.cpp - Expressions ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

using namespace diagnostics;

namespace {

/// From loose to tight.
enum Precedence : unsigned {
  precNone,
  precOr,
  precAnd,
  precNot,
  precCompare,
  precBitOr,
  precBitXor,
  precBitAnd,
  precShift,
  precAdd,
  precMul,
};

} // namespace

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
    failExpected("`else`")
        .label(ifSpan, "this conditional expression needs both values");
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
    return finish(make<BinaryExpr>(spanFrom(begin), BinaryOp::Pow, opSpan,
                                   base, exponent),
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

//===----------------------------------------------------------------------===//
// Primaries
//===----------------------------------------------------------------------===//

Expr *Parser::parsePrimary() {
  uint32_t begin = tok.begin;
  if (pendingAtom) {
    // Its opening parenthesis is long gone.
    begin = pendingAtom->span.begin;
  } else if (at(TokenKind::KwAwait)) {
    advance();
    Expr *value = parsePrimary();
    return finish(make<AwaitExpr>(spanFrom(begin), value), {value});
  }
  return parseTrailers(parseAtom(), begin);
}

Expr *Parser::parseTrailers(Expr *value, uint32_t begin) {
  while (!failed) {
    if (at(TokenKind::LParen)) {
      value = parseCall(value, begin);
    } else if (at(TokenKind::LBracket)) {
      value = parseSubscript(value, begin);
    } else if (consume(TokenKind::Dot)) {
      Identifier attribute;
      if (!expectName(attribute, "a name after `.`"))
        return value;
      value = finish(make<AttributeExpr>(spanFrom(begin), value, attribute),
                     {value});
    } else {
      break;
    }
  }
  return value;
}

Expr *Parser::parseCall(Expr *callee, uint32_t begin) {
  uint32_t open = tok.begin;
  advance();
  llvm::SmallVector<Expr *, 8> args;
  llvm::SmallVector<KeywordArg, 4> keywords;
  if (!parseArguments(open, args, keywords))
    return callee;
  Expr *tallest = callee;
  for (const KeywordArg &keyword : keywords)
    if (keyword.value->height > tallest->height)
      tallest = keyword.value;
  return finish(
      make<CallExpr>(spanFrom(begin), callee, copy(args), copy(keywords)),
      {tallest}, args);
}

Expr *Parser::parseSliceElement() {
  uint32_t begin = tok.begin;
  Expr *lower = nullptr, *upper = nullptr, *step = nullptr;
  if (!at(TokenKind::Colon)) {
    lower = parseStarOrNamed();
    if (failed || !at(TokenKind::Colon))
      return lower;
  }
  advance();
  auto absent = [&] {
    return at(TokenKind::Colon) || at(TokenKind::Comma) ||
           at(TokenKind::RBracket);
  };
  if (!absent())
    upper = parseExpr();
  if (!failed && consume(TokenKind::Colon) && !absent())
    step = parseExpr();
  return finish(make<SliceExpr>(spanFrom(begin), lower, upper, step),
                {lower, upper, step});
}

Expr *Parser::parseSubscript(Expr *value, uint32_t begin) {
  uint32_t open = tok.begin;
  advance();
  uint32_t indexBegin = tok.begin;
  if (at(TokenKind::RBracket))
    return failExpression();
  Expr *index = parseSliceElement();
  if (!failed && (at(TokenKind::Comma) || index->kind == ExprKind::Starred)) {
    llvm::SmallVector<Expr *, 4> elements{index};
    while (!failed && consume(TokenKind::Comma)) {
      if (at(TokenKind::RBracket))
        break;
      elements.push_back(parseSliceElement());
    }
    index = finish(make<TupleExpr>(spanFrom(indexBegin), copy(elements)), {},
                   elements);
  }
  if (!expectClose(TokenKind::RBracket, open, /*commaAllowed=*/true))
    return value;
  return finish(make<SubscriptExpr>(spanFrom(begin), value, index),
                {value, index});
}

Expr *Parser::parseAtom() {
  if (pendingAtom)
    return std::exchange(pendingAtom, nullptr);
  if (failed)
    return errorExpr();
  // The lexer has said what is wrong with a number; go on for the rest.
  if (tok.reported)
    module.hasErrors = true;
  Span where = span(tok);
  switch (tok.kind) {
  case TokenKind::Name: {
    auto *name = make<NameExpr>(where, text(tok));
    advance();
    return name;
  }
  case TokenKind::Int:
    return parseInt();
  case TokenKind::Float:
    return parseFloat();
  case TokenKind::String:
    return parseStrings();
  case TokenKind::KwTrue:
  case TokenKind::KwFalse: {
    bool value = at(TokenKind::KwTrue);
    advance();
    return make<BoolExpr>(where, value);
  }
  case TokenKind::KwNone:
    advance();
    return make<NoneExpr>(where);
  case TokenKind::Ellipsis:
    advance();
    return make<EllipsisExpr>(where);
  case TokenKind::LParen:
    return parseParen();
  case TokenKind::LBracket:
    return parseList();
  case TokenKind::LBrace:
    return parseBrace();
  default:
    return failExpression();
  }
}

Expr *Parser::failExpression() {
  bool doubled = beforePrevious.is(previous.kind) &&
                 beforePrevious.end == previous.begin;
  if (at(TokenKind::Exclaim)) {
    fail(Diag::ForeignOperator, span(tok), "!").help("write `not`");
  } else if (doubled && (previous.is(TokenKind::Plus) ||
                         previous.is(TokenKind::Minus)) &&
             !startsExpression(tok.kind)) {
    bool plus = previous.is(TokenKind::Plus);
    fail(Diag::ForeignOperator, span(beforePrevious.begin, previous.end),
         plus ? "++" : "--")
        .help(plus ? "write `x += 1`" : "write `x -= 1`");
  } else if (isKeyword(tok.kind) && tok.begin == statementBegin &&
             peek().is(TokenKind::Equal)) {
    fail(Diag::ReservedName, span(tok), text(tok));
  } else if (lexer == &mainLexer && !hasAhead && lexer->innermostBracket() &&
             tok.begin != statementBegin && atNewStatement()) {
    uint32_t open = lexer->innermostBracket()->offset;
    fail(Diag::UnclosedBracket, span(open, open + 1), source[open])
        .label(span(tok), "a new statement begins here");
    restartAtLine();
  } else {
    auto report = fail(Diag::ExpectedExpression, here(), describe(tok));
    if (at(TokenKind::KwNot))
      report.help("put `not ...` in parentheses");
    else if (at(TokenKind::KwYield))
      report.help("put `yield ...` in parentheses");
  }
  return errorExpr();
}

Expr *Parser::parseYield() {
  uint32_t begin = tok.begin;
  advance();
  if (consume(TokenKind::KwFrom)) {
    Expr *value = parseExpr();
    return finish(make<YieldExpr>(spanFrom(begin), value, true), {value});
  }
  Expr *value = startsExpression(tok.kind) ? parseExpressions() : nullptr;
  return finish(make<YieldExpr>(spanFrom(begin), value, false), {value});
}

Expr *Parser::parseParen() {
  uint32_t begin = tok.begin;
  advance();
  if (consume(TokenKind::RParen)) {
    auto *empty = make<TupleExpr>(spanFrom(begin), ExprList());
    empty->parenthesized = true;
    return empty;
  }
  if (at(TokenKind::KwYield)) {
    Expr *value = parseYield();
    expectClose(TokenKind::RParen, begin, /*commaAllowed=*/false);
    value->parenthesized = true;
    return value;
  }
  Expr *value = parseStarOrNamed();
  if (failed)
    return value;
  if (atComprehension()) {
    value = parseComprehension(ComprehensionKind::Generator, begin, value,
                               nullptr);
    if (expectClose(TokenKind::RParen, begin, /*commaAllowed=*/false))
      value->span = spanFrom(begin);
    value->parenthesized = true;
    return value;
  }
  if (at(TokenKind::Comma)) {
    llvm::SmallVector<Expr *, 4> elements{value};
    while (!failed && consume(TokenKind::Comma)) {
      if (at(TokenKind::RParen))
        break;
      elements.push_back(parseStarOrNamed());
    }
    if (!expectClose(TokenKind::RParen, begin, /*commaAllowed=*/true))
      return value;
    value = finish(make<TupleExpr>(spanFrom(begin), copy(elements)), {},
                   elements);
    value->parenthesized = true;
    return value;
  }
  if (at(TokenKind::Equal)) {
    fail(Diag::AssignmentInExpression, span(tok))
        .help("write `==` to compare, or `:=` to assign inside of parentheses");
    return value;
  }
  if (value->kind == ExprKind::Starred)
    fail(Diag::MisplacedStarred, value->span)
        .help("a tuple of one element is `(*x,)`");
  expectClose(TokenKind::RParen, begin, /*commaAllowed=*/true);
  value->parenthesized = true;
  return value;
}

Expr *Parser::parseList() {
  uint32_t begin = tok.begin;
  advance();
  llvm::SmallVector<Expr *, 8> elements;
  while (!failed && !at(TokenKind::RBracket)) {
    elements.push_back(parseStarOrNamed());
    if (!failed && elements.size() == 1 && atComprehension()) {
      Expr *list = parseComprehension(ComprehensionKind::List, begin,
                                      elements[0], nullptr);
      if (expectClose(TokenKind::RBracket, begin, /*commaAllowed=*/false))
        list->span = spanFrom(begin);
      return list;
    }
    if (failed || !consume(TokenKind::Comma))
      break;
  }
  expectClose(TokenKind::RBracket, begin, /*commaAllowed=*/true);
  if (failed)
    return errorExpr();
  return finish(make<ListExpr>(spanFrom(begin), copy(elements)), {}, elements);
}

/// A dict, a set, or a comprehension of either.
Expr *Parser::parseBrace() {
  uint32_t begin = tok.begin;
  advance();
  llvm::SmallVector<Expr *, 8> elements;
  llvm::SmallVector<DictItem, 8> items;
  llvm::SmallVector<Expr *, 8> parts;
  bool isDict = at(TokenKind::RBrace);
  while (!failed && !at(TokenKind::RBrace)) {
    bool isFirst = elements.empty() && items.empty();
    if (at(TokenKind::StarStar)) {
      isDict |= isFirst;
      advance();
      Expr *value = parsePrecedence(precBitOr);
      items.push_back({nullptr, value});
      parts.push_back(value);
    } else {
      Expr *element = parseStarOrNamed();
      Expr *value = nullptr;
      if (failed)
        break;
      isDict |= isFirst && at(TokenKind::Colon);
      if (isDict) {
        if (!expect(TokenKind::Colon))
          break;
        value = parseExpr();
        items.push_back({element, value});
        parts.push_back(value);
      } else {
        elements.push_back(element);
      }
      parts.push_back(element);
      if (!failed && isFirst && atComprehension()) {
        Expr *result = parseComprehension(isDict ? ComprehensionKind::Dict
                                                 : ComprehensionKind::Set,
                                          begin, element, value);
        if (expectClose(TokenKind::RBrace, begin, /*commaAllowed=*/false))
          result->span = spanFrom(begin);
        return result;
      }
    }
    if (failed || !consume(TokenKind::Comma))
      break;
  }
  expectClose(TokenKind::RBrace, begin, /*commaAllowed=*/true);
  if (failed)
    return errorExpr();
  if (isDict)
    return finish(make<DictExpr>(spanFrom(begin), copy(items)), {}, parts);
  return finish(make<SetExpr>(spanFrom(begin), copy(elements)), {}, parts);
}

Expr *Parser::parseLambda() {
  uint32_t begin = tok.begin;
  advance();
  llvm::SmallVector<Param, 4> params;
  if (!parseParams(TokenKind::Colon, /*annotations=*/false, params) ||
      !expect(TokenKind::Colon))
    return errorExpr();
  Expr *body = parseExpr();
  Expr *tallest = body;
  for (const Param &param : params)
    if (param.defaultValue && param.defaultValue->height > tallest->height)
      tallest = param.defaultValue;
  return finish(make<LambdaExpr>(spanFrom(begin), copy(params), body),
                {tallest});
}

Expr *Parser::parseComprehension(ComprehensionKind form, uint32_t begin,
                                 Expr *element, Expr *value) {
  llvm::SmallVector<ComprehensionClause, 2> clauses;
  llvm::SmallVector<Expr *, 8> parts{element};
  if (value)
    parts.push_back(value);
  if (element->kind == ExprKind::Starred)
    fail(Diag::MisplacedStarred, element->span);
  while (!failed && atComprehension()) {
    ComprehensionClause clause{};
    uint32_t clauseBegin = tok.begin;
    clause.isAsync = consume(TokenKind::KwAsync);
    advance();
    clause.target = parseTarget(/*tuple=*/true);
    if (failed || !checkTarget(clause.target) || !expect(TokenKind::KwIn))
      break;
    clause.iterator = parsePrecedence(precOr);
    llvm::SmallVector<Expr *, 2> conditions;
    while (!failed && consume(TokenKind::KwIf)) {
      Expr *condition = parsePrecedence(precOr);
      conditions.push_back(condition);
      parts.push_back(condition);
    }
    clause.conditions = copy(conditions);
    clause.span = spanFrom(clauseBegin);
    parts.push_back(clause.target);
    parts.push_back(clause.iterator);
    clauses.push_back(clause);
  }
  return finish(make<ComprehensionExpr>(spanFrom(begin), form, element, value,
                                        copy(clauses)),
                {}, parts);
}

} // namespace tilesdk::frontend
