//===- parse_function.cpp - Functions, classes, parameters, arguments -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

#include "llvm/ADT/DenseMap.h"

namespace tilesdk::frontend {

using namespace diagnostics;

Stmt *Parser::parseDecorated() {
  uint32_t begin = tok.begin;
  llvm::SmallVector<Decorator, 4> decorators;
  while (at(TokenKind::At)) {
    uint32_t decoratorBegin = tok.begin;
    advance();
    Expr *value = parseNamed();
    if (failed)
      return errorStmt(begin);
    decorators.push_back({value, spanFrom(decoratorBegin)});
    if (!consume(TokenKind::Newline)) {
      failExpected("the end of the line after the decorator");
      return errorStmt(begin);
    }
  }
  if (at(TokenKind::KwDef))
    return parseFunction(begin, copy(decorators), /*isAsync=*/false);
  if (at(TokenKind::KwClass))
    return parseClass(begin, copy(decorators));
  if (at(TokenKind::KwAsync) && peek().is(TokenKind::KwDef)) {
    advance();
    return parseFunction(begin, copy(decorators), /*isAsync=*/true);
  }
  fail(Diag::DecoratorWithoutDefinition, here(), describe(tok))
      .label(decorators.back().span, "this decorates nothing");
  return errorStmt(begin);
}

StringExpr *Parser::docstringOf(StmtList body) {
  auto *first = body.empty() ? nullptr : llvm::dyn_cast<ExprStmt>(body[0]);
  return first ? llvm::dyn_cast<StringExpr>(first->value) : nullptr;
}

/// `def f[T](x)`: generic parameters mean nothing to a kernel and are skipped.
void Parser::skipTypeParams() {
  if (failed || !at(TokenKind::LBracket))
    return;
  uint32_t open = tok.begin;
  unsigned level = 0;
  do {
    if (at(TokenKind::LBracket))
      ++level;
    else if (at(TokenKind::RBracket))
      --level;
    advance();
  } while (level != 0 && !isAtEnd());
  if (level != 0)
    expectClose(TokenKind::RBracket, open, true);
}

Stmt *Parser::parseFunction(uint32_t begin,
                            llvm::ArrayRef<Decorator> decorators,
                            bool isAsync) {
  uint32_t headerBegin = tok.begin;
  advance();
  auto *function = make<FunctionDef>(Span());
  function->decorators = decorators;
  function->isAsync = isAsync;
  if (!expectName(function->name, "the name of the function"))
    return errorStmt(begin);
  skipTypeParams();
  uint32_t open = tok.begin;
  if (!expect(TokenKind::LParen))
    return errorStmt(begin);
  llvm::SmallVector<Param, 16> params;
  if (!parseParams(TokenKind::RParen, /*annotations=*/true, params) ||
      !expectClose(TokenKind::RParen, open, /*commaAllowed=*/true))
    return errorStmt(begin);
  function->params = copy(params);
  if (consume(TokenKind::Arrow))
    function->returns = parseExpr();
  expectColon("the parameters of `def`");
  function->header = spanFrom(headerBegin);
  bool outer = std::exchange(inFunction, true);
  function->body = parseBlock("`def`", function->header);
  inFunction = outer;
  if (failed)
    return errorStmt(begin);
  function->docstring = docstringOf(function->body);
  function->span = spanFrom(begin);
  return function;
}

Stmt *Parser::parseClass(uint32_t begin, llvm::ArrayRef<Decorator> decorators) {
  uint32_t headerBegin = tok.begin;
  advance();
  auto *result = make<ClassDef>(Span());
  result->decorators = decorators;
  if (!expectName(result->name, "the name of the class"))
    return errorStmt(begin);
  skipTypeParams();
  if (!failed && at(TokenKind::LParen)) {
    uint32_t open = tok.begin;
    advance();
    llvm::SmallVector<Expr *, 4> bases;
    llvm::SmallVector<KeywordArg, 2> keywords;
    if (!parseArguments(open, bases, keywords))
      return errorStmt(begin);
    result->bases = copy(bases);
    result->keywords = copy(keywords);
  }
  expectColon("the head of `class`");
  result->header = spanFrom(headerBegin);
  bool outer = std::exchange(inFunction, false);
  result->body = parseBlock("`class`", result->header);
  inFunction = outer;
  if (failed)
    return errorStmt(begin);
  result->docstring = docstringOf(result->body);
  result->span = spanFrom(begin);
  return result;
}

bool Parser::parseParams(TokenKind close, bool annotations,
                         llvm::SmallVectorImpl<Param> &params) {
  llvm::DenseMap<llvm::StringRef, Span> names;
  bool sawSlash = false, sawStar = false, sawKeywords = false;
  bool sawDefault = false, bareStar = false;
  auto order = [&](Span where, const char *message) {
    fail(Diag::InvalidParameterOrder, where, message);
    return false;
  };
  while (!failed && !at(close)) {
    Param param;
    uint32_t begin = tok.begin;
    if (sawKeywords)
      return order(span(tok), "nothing may follow the `**` parameter");
    if (at(TokenKind::Slash)) {
      if (sawSlash)
        return order(span(tok), "`/` appears twice among the parameters");
      if (sawStar)
        return order(span(tok), "`/` must come before `*`");
      if (params.empty())
        return order(span(tok), "`/` needs a parameter before it");
      sawSlash = true;
      for (Param &earlier : params)
        earlier.kind = ParamKind::PositionalOnly;
      advance();
    } else if (at(TokenKind::Star) &&
               (peek().is(TokenKind::Comma) || peek().is(close))) {
      if (sawStar)
        return order(span(tok), "`*` appears twice among the parameters");
      sawStar = bareStar = true;
      advance();
    } else {
      if (at(TokenKind::Star)) {
        if (sawStar)
          return order(span(tok), "`*` appears twice among the parameters");
        sawStar = true;
        param.kind = ParamKind::VarArgs;
        advance();
      } else if (at(TokenKind::StarStar)) {
        sawKeywords = true;
        param.kind = ParamKind::KeywordArgs;
        advance();
      } else if (sawStar) {
        param.kind = ParamKind::KeywordOnly;
        bareStar = false;
      }
      if (!expectName(param.name, "the name of a parameter"))
        return false;
      auto [earlier, isNew] =
          names.try_emplace(param.name.name, param.name.span);
      if (!isNew)
        complain(Diag::DuplicateParameter, param.name.span, param.name.name)
            .label(earlier->second, "declared first here");
      if (annotations && consume(TokenKind::Colon)) {
        // `*args: *Ts`
        param.annotation =
            param.kind == ParamKind::VarArgs ? parseStarOrNamed() : parseExpr();
      }
      if (!failed && at(TokenKind::Equal)) {
        if (param.kind == ParamKind::VarArgs ||
            param.kind == ParamKind::KeywordArgs)
          return order(span(tok), "a `*` parameter can not have a default");
        advance();
        param.defaultValue = parseExpr();
        sawDefault = true;
      } else if (sawDefault && param.kind == ParamKind::Positional) {
        complain(Diag::NonDefaultAfterDefault, param.name.span,
                 param.name.name);
      }
      param.span = spanFrom(begin);
      params.push_back(param);
    }
    if (failed || !consume(TokenKind::Comma))
      break;
  }
  if (!failed && bareStar)
    return order(span(previous), "named parameters must follow `*`");
  if (!failed && annotations && at(TokenKind::Name) && !params.empty() &&
      !tok.lineStart) {
    failExpected("`,` or `)`")
        .help("a type follows its parameter: `" + text(tok) +
              ": type`; types are optional");
    return false;
  }
  return !failed;
}

/// Behind the opening parenthesis, up to and with the closing one.
bool Parser::parseArguments(uint32_t open, llvm::SmallVectorImpl<Expr *> &args,
                            llvm::SmallVectorImpl<KeywordArg> &keywords) {
  llvm::DenseMap<llvm::StringRef, Span> names;
  Span firstKeyword;
  Expr *generator = nullptr;
  while (!failed && !at(TokenKind::RParen)) {
    uint32_t begin = tok.begin;
    if (at(TokenKind::StarStar)) {
      advance();
      Expr *value = parseExpr();
      keywords.push_back({{}, value, spanFrom(begin)});
    } else if (at(TokenKind::Name) && peek().is(TokenKind::Equal)) {
      Identifier name{text(tok), span(tok)};
      advance();
      advance();
      Expr *value = parseExpr();
      auto [earlier, isNew] = names.try_emplace(name.name, name.span);
      if (!isNew)
        complain(Diag::RepeatedKeywordArgument, name.span, name.name)
            .label(earlier->second, "given first here");
      keywords.push_back({name, value, spanFrom(begin)});
      if (!firstKeyword.isValid())
        firstKeyword = spanFrom(begin);
    } else {
      Expr *value;
      if (consume(TokenKind::Star)) {
        Expr *unpacked = parseExpr();
        value =
            finish(make<StarredExpr>(spanFrom(begin), unpacked), {unpacked});
      } else {
        value = parseNamed();
      }
      if (failed)
        return false;
      if (at(TokenKind::Equal)) {
        fail(Diag::InvalidKeywordArgument, spanFrom(begin))
            .help("write `==` to compare");
        return false;
      }
      if (atComprehension()) {
        value = parseComprehension(ComprehensionKind::Generator, begin, value,
                                   nullptr);
        if (failed)
          return false;
        generator = value;
      } else if (firstKeyword.isValid() && value->kind != ExprKind::Starred) {
        complain(Diag::PositionalAfterKeyword, spanFrom(begin))
            .label(firstKeyword, "the first keyword argument");
      }
      args.push_back(value);
    }
    if (generator &&
        (args.size() > 1 || !keywords.empty() ||
         (at(TokenKind::Comma) && !peek().is(TokenKind::RParen)))) {
      complain(Diag::UnparenthesizedGenerator, generator->span);
      generator = nullptr;
    }
    if (failed || !consume(TokenKind::Comma))
      break;
  }
  return expectClose(TokenKind::RParen, open, /*commaAllowed=*/true);
}

} // namespace tilesdk::frontend
