//===- parse_compound.cpp - Statements with blocks ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

using namespace diagnostics;

StmtList Parser::parseBlock(const llvm::Twine &what, Span header) {
  llvm::SmallVector<Stmt *, 16> body;
  if (failed)
    return {};
  if (!at(TokenKind::Newline)) {
    if (at(TokenKind::EndOfFile)) {
      complain(Diag::ExpectedIndentedBlock, here(), what.str());
      return {};
    }
    // `if x: y = 1` on one line.
    parseSimpleLine(body);
    return copy(body);
  }
  bool reported = tok.reported;
  advance();
  if (!at(TokenKind::Indent)) {
    if (!reported)
      complain(Diag::ExpectedIndentedBlock, here(), what.str())
          .label(header, "the block belongs to this");
    module.hasErrors = true;
    return {};
  }
  advance();
  parseStatements(body);
  consume(TokenKind::Dedent);
  return copy(body);
}

StmtList Parser::parseElse(Span &elseSpan) {
  if (failed || !at(TokenKind::KwElse))
    return {};
  elseSpan = span(tok);
  advance();
  if (!expectColon("`else`"))
    return {};
  return parseBlock("`else`", elseSpan);
}

/// A condition; `=` in it is taken for the `==` it should be.
Expr *Parser::parseCondition() {
  uint32_t begin = tok.begin;
  Expr *condition = parseNamed();
  if (failed || !at(TokenKind::Equal))
    return condition;
  complain(Diag::AssignmentInExpression, span(tok))
      .help("write `==` to compare");
  CompareLink link{CompareOp::Eq, span(tok), nullptr};
  advance();
  link.rhs = parseExpr();
  llvm::SmallVector<CompareLink, 1> links{link};
  return finish(make<CompareExpr>(spanFrom(begin), condition, copy(links)),
                {condition, link.rhs});
}

Stmt *Parser::parseIf() {
  uint32_t begin = tok.begin;
  llvm::SmallVector<IfClause, 4> clauses;
  Span elseSpan;
  StmtList orelse;
  bool isElseIf = false;
  do {
    if (clauses.size() > limits.maxElifs) {
      fail(Diag::TooManyBranches, span(tok), limits.maxElifs);
      return errorStmt(begin);
    }
    const char *word = clauses.empty() ? "`if`" : "`elif`";
    uint32_t header = tok.begin;
    if (isElseIf) {
      complain(Diag::ElseIf, span(tok.begin, peek().end), "else if")
          .help("write `elif`");
      advance();
      isElseIf = false;
    }
    advance();
    Expr *condition = parseCondition();
    expectColon(llvm::Twine("the condition of ") + word);
    Span headerSpan = spanFrom(header);
    StmtList body = parseBlock(word, headerSpan);
    if (failed)
      return errorStmt(begin);
    clauses.push_back({condition, body, headerSpan});
    isElseIf = at(TokenKind::KwElse) && peek().is(TokenKind::KwIf);
  } while (at(TokenKind::KwElif) || isElseIf);
  orelse = parseElse(elseSpan);
  if (failed)
    return errorStmt(begin);
  return make<IfStmt>(spanFrom(begin), copy(clauses), orelse, elseSpan);
}

Stmt *Parser::parseFor(uint32_t begin, bool isAsync) {
  advance();
  // `for (int i = 0; i < n; ++i)`
  if (at(TokenKind::LParen) && peek().is(TokenKind::Name)) {
    Token paren = tok;
    Token word = peek();
    if (text(word) == "int" || text(word) == "size_t" || text(word) == "auto" ||
        text(word) == "unsigned") {
      fail(Diag::ForeignSyntax, span(paren.begin, word.end),
           "loops are not written like in C")
          .help("write `for i in range(begin, end, step):`");
      return errorStmt(begin);
    }
  }
  Expr *target = parseTarget(/*tuple=*/true);
  if (!failed && !checkTarget(target))
    return errorStmt(begin);
  if (!failed && at(TokenKind::Equal)) {
    failExpected("`in`").help("write `for name in range(...):`");
    return errorStmt(begin);
  }
  if (!expect(TokenKind::KwIn))
    return errorStmt(begin);
  Expr *iterator = parseExpressions();
  expectColon("the header of `for`");
  Span header = spanFrom(begin);
  StmtList body = parseBlock("`for`", header);
  Span elseSpan;
  StmtList orelse = parseElse(elseSpan);
  if (failed)
    return errorStmt(begin);
  return make<ForStmt>(spanFrom(begin), target, iterator, body, orelse,
                       elseSpan, header, isAsync);
}

Stmt *Parser::parseWhile() {
  uint32_t begin = tok.begin;
  advance();
  Expr *condition = parseCondition();
  expectColon("the condition of `while`");
  Span header = spanFrom(begin);
  StmtList body = parseBlock("`while`", header);
  Span elseSpan;
  StmtList orelse = parseElse(elseSpan);
  if (failed)
    return errorStmt(begin);
  return make<WhileStmt>(spanFrom(begin), condition, body, orelse, elseSpan,
                         header);
}

Stmt *Parser::parseTry() {
  uint32_t begin = tok.begin;
  Span header = span(tok);
  advance();
  expectColon("`try`");
  StmtList body = parseBlock("`try`", header);
  llvm::SmallVector<ExceptClause, 2> handlers;
  while (!failed && at(TokenKind::KwExcept)) {
    ExceptClause clause{};
    uint32_t clauseBegin = tok.begin;
    advance();
    consume(TokenKind::Star);
    if (!at(TokenKind::Colon) && !isAtEnd()) {
      clause.type = parseExpressions();
      if (!failed && consume(TokenKind::KwAs))
        expectName(clause.name, "a name");
    }
    expectColon("`except`");
    clause.header = spanFrom(clauseBegin);
    clause.body = parseBlock("`except`", clause.header);
    handlers.push_back(clause);
  }
  Span elseSpan;
  StmtList orelse = parseElse(elseSpan);
  StmtList finalBody;
  bool hasFinally = !failed && at(TokenKind::KwFinally);
  if (hasFinally) {
    Span word = span(tok);
    advance();
    expectColon("`finally`");
    finalBody = parseBlock("`finally`", word);
  }
  if (failed)
    return errorStmt(begin);
  if (handlers.empty() && !hasFinally)
    complain(Diag::TryWithoutHandler, header);
  return make<TryStmt>(spanFrom(begin), body, copy(handlers), orelse, finalBody,
                       header);
}

bool Parser::parseWithItems(llvm::SmallVectorImpl<WithItem> &items) {
  auto item = [&](bool star) {
    WithItem result{!star                    ? parseExpr()
                    : at(TokenKind::KwYield) ? parseYield()
                                             : parseStarOrNamed(),
                    nullptr};
    if (!failed && consume(TokenKind::KwAs)) {
      result.target = parseTarget(/*tuple=*/false);
      if (!failed)
        checkTarget(result.target);
    }
    return result;
  };
  if (at(TokenKind::LParen)) {
    // Either the items stand in parentheses, or the first item starts with one.
    uint32_t open = tok.begin;
    advance();
    llvm::SmallVector<WithItem, 4> group;
    bool hasTargets = false, hasComma = false;
    while (!failed && !at(TokenKind::RParen)) {
      group.push_back(item(/*star=*/true));
      hasTargets |= group.back().target != nullptr;
      if (failed || !consume(TokenKind::Comma))
        break;
      hasComma = true;
    }
    if (!expectClose(TokenKind::RParen, open, true))
      return false;
    if (at(TokenKind::Colon) && !group.empty()) {
      items.append(group);
      return true;
    }
    if (hasTargets) {
      failExpected("`:` after the items of `with`");
      return false;
    }
    llvm::SmallVector<Expr *, 4> elements;
    for (WithItem &element : group)
      elements.push_back(element.context);
    if (hasComma || group.empty())
      pendingAtom =
          finish(make<TupleExpr>(spanFrom(open), copy(elements)), {}, elements);
    else
      pendingAtom = elements[0];
    pendingAtom->parenthesized = true;
  }
  do {
    items.push_back(item(/*star=*/false));
  } while (!failed && consume(TokenKind::Comma));
  return !failed;
}

Stmt *Parser::parseWith(uint32_t begin, bool isAsync) {
  advance();
  llvm::SmallVector<WithItem, 2> items;
  parseWithItems(items);
  expectColon("the items of `with`");
  Span header = spanFrom(begin);
  StmtList body = parseBlock("`with`", header);
  if (failed)
    return errorStmt(begin);
  return make<WithStmt>(spanFrom(begin), copy(items), body, header, isAsync);
}

/// `match` is a name unless a subject follows. A subject in brackets looks like
/// a call; parseExpressionStatement decides that at the colon.
bool Parser::isMatchStatement() {
  if (!atName("match"))
    return false;
  switch (peek().kind) {
  case TokenKind::Name:
  case TokenKind::Int:
  case TokenKind::Float:
  case TokenKind::String:
  case TokenKind::KwTrue:
  case TokenKind::KwFalse:
  case TokenKind::KwNone:
  case TokenKind::LBrace:
  case TokenKind::Tilde:
  case TokenKind::KwLambda:
  case TokenKind::KwAwait:
  case TokenKind::Ellipsis:
    return !peek().lineStart;
  default:
    return false;
  }
}

/// At the colon behind the subject. The cases are skipped: `match` is never
/// compiled, and a message about the word itself serves better.
Stmt *Parser::parseMatch(uint32_t begin, Expr *subject) {
  bool hasColon = at(TokenKind::Colon);
  if (!expectColon("the subject of `match`"))
    return errorStmt(begin);
  Span header = spanFrom(begin);
  if (!consume(TokenKind::Newline) || !at(TokenKind::Indent)) {
    if (hasColon)
      complain(Diag::ExpectedIndentedBlock, here(), "`match`")
          .label(header, "the block belongs to this");
    return make<MatchStmt>(spanFrom(begin), subject, header);
  }
  skipBlock(/*quietly=*/false);
  return make<MatchStmt>(spanFrom(begin), subject, header);
}

} // namespace tilesdk::frontend
