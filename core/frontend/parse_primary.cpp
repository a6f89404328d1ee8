//===- parse_primary.cpp - Atoms, calls, subscripts, collections ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

using namespace diagnostics;

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
  bool doubled =
      beforePrevious.is(previous.kind) && beforePrevious.end == previous.begin;
  if (at(TokenKind::Exclaim)) {
    fail(Diag::ForeignOperator, span(tok), "!").help("write `not`");
  } else if (doubled &&
             (previous.is(TokenKind::Plus) || previous.is(TokenKind::Minus)) &&
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
    value =
        parseComprehension(ComprehensionKind::Generator, begin, value, nullptr);
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
    value =
        finish(make<TupleExpr>(spanFrom(begin), copy(elements)), {}, elements);
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
