//===- parser.cpp - Tokens, errors and recovery of the parser -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser.h"

#include "core/diagnostics/utf8.h"
#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

using namespace diagnostics;

std::unique_ptr<Module> parseModule(FileId file, DiagnosticSink &sink,
                                    const ParseLimits &limits) {
  auto module = std::make_unique<Module>(file);
  const SourceFile *source = sink.sourceManager().file(file);
  if (!source ||
      !checkSource(file, source->text(), limits.maxSourceBytes, sink)) {
    module->hasErrors = true;
    return module;
  }
  Parser(*module, source->text(), sink, limits).parseModule();
  return module;
}

Parser::Parser(Module &module, llvm::StringRef source, DiagnosticSink &sink,
               const ParseLimits &limits)
    : module(module), source(source), sink(sink), limits(limits),
      mainLexer(module.file, source, sink) {}

void Parser::parseModule() {
  tok = lexer->next();
  llvm::SmallVector<Stmt *, 32> body;
  while (!at(TokenKind::EndOfFile)) {
    parseStatements(body);
    // A dedent below the outermost level, already reported.
    if (at(TokenKind::Dedent))
      advance();
  }
  module.body = copy(body);
  module.docstring = docstringOf(module.body);
  if (mainLexer.hadErrors())
    module.hasErrors = true;
}

const Token &Parser::peek() {
  if (!hasAhead) {
    ahead = lexer->next();
    hasAhead = true;
  }
  return ahead;
}

void Parser::advance() {
  beforePrevious = previous;
  previous = tok;
  if (tok.kind != TokenKind::Newline && tok.kind != TokenKind::Indent &&
      tok.kind != TokenKind::Dedent)
    previousEnd = tok.end;
  if (hasAhead) {
    tok = ahead;
    hasAhead = false;
  } else {
    tok = lexer->next();
  }
}

bool Parser::consume(TokenKind kind) {
  if (!at(kind))
    return false;
  advance();
  return true;
}

std::string Parser::describe(const Token &token) const {
  auto quoted = [&] {
    llvm::StringRef shown = text(token);
    bool cut = shown.size() > 40;
    return "`" + visibleText(cut ? shown.take_front(37) : shown) +
           (cut ? "...`" : "`");
  };
  switch (token.kind) {
  case TokenKind::EndOfFile:
    return lexer == &mainLexer ? "the end of the file"
                               : "the end of the string";
  case TokenKind::Newline:
    return "the end of the line";
  case TokenKind::Indent:
    return "an indented line";
  case TokenKind::Dedent:
    return "the end of the block";
  case TokenKind::String:
    return "a string";
  case TokenKind::Int:
  case TokenKind::Float:
    return "number " + quoted();
  default:
    if (isKeyword(token.kind))
      return "keyword " + quoted();
    return quoted();
  }
}

Span Parser::here() const {
  if (at(TokenKind::Newline) || at(TokenKind::EndOfFile) ||
      at(TokenKind::Dedent) || at(TokenKind::Indent))
    return span(previousEnd, previousEnd);
  return span(tok);
}

DiagnosticBuilder Parser::failExpected(const llvm::Twine &what) {
  return fail(Diag::ExpectedToken, here(), what.str(), describe(tok));
}

bool Parser::expect(TokenKind kind) {
  if (failed)
    return false;
  if (consume(kind))
    return true;
  failExpected("`" + spelling(kind) + "`");
  return false;
}

bool Parser::expectName(Identifier &name, const char *what) {
  if (failed)
    return false;
  if (at(TokenKind::Name)) {
    name = {text(tok), span(tok)};
    advance();
    return true;
  }
  if (isKeyword(tok.kind))
    fail(Diag::ReservedName, span(tok), text(tok));
  else
    failExpected(what);
  return false;
}

bool Parser::expectColon(const llvm::Twine &what) {
  if (failed)
    return false;
  if (consume(TokenKind::Colon))
    return true;
  if (at(TokenKind::Newline) || at(TokenKind::EndOfFile)) {
    // The block that follows is parsed as if the colon was there.
    if (!tok.reported)
      complain(Diag::MissingColon, here(), what.str())
          .label("`:` belongs here");
    module.hasErrors = true;
    return true;
  }
  if (at(TokenKind::LBrace)) {
    fail(Diag::MissingColon, span(tok), what.str())
        .help("blocks are marked by indentation, not by braces");
    return false;
  }
  failExpected("`:` after " + what);
  return false;
}

bool Parser::expectClose(TokenKind kind, uint32_t open, bool commaAllowed) {
  if (failed)
    return false;
  if (consume(kind))
    return true;
  Span opener = span(open, open + 1);
  // `x = (1,` and on the next line `y = 2`: the `=` tells.
  bool isAssignment = at(TokenKind::Equal) && previous.is(TokenKind::Name) &&
                      previous.lineStart && previous.column <= statementColumn;
  if (lexer == &mainLexer && (isAssignment || atNewStatement())) {
    if (isAssignment)
      tok = previous;
    fail(Diag::UnclosedBracket, opener, source[open])
        .label(span(tok), "a new statement begins here");
    restartAtLine();
    return false;
  }
  std::string close = ("`" + spelling(kind) + "`").str();
  auto report = failExpected(commaAllowed ? "`,` or " + close : close);
  report.label(opener, "to close this");
  if (at(TokenKind::Equal))
    report.help("write `==` to compare");
  else if (commaAllowed && startsExpression(tok.kind))
    report.help("a comma or an operator is missing between the two");
  return false;
}

/// True when a line inside of brackets looks like the next statement: it starts
/// no further in than this one, and the way statements do.
bool Parser::atNewStatement() {
  if (!tok.lineStart || tok.column > statementColumn)
    return false;
  if (!at(TokenKind::Name))
    return at(TokenKind::KwIf) || at(TokenKind::KwFor) ||
           at(TokenKind::KwWith) || at(TokenKind::KwFrom) ||
           at(TokenKind::KwAsync) || at(TokenKind::At);
  switch (peek().kind) {
  case TokenKind::Equal:
  case TokenKind::Colon:
  case TokenKind::LParen:
  case TokenKind::LBracket:
  case TokenKind::Dot:
  case TokenKind::Comma:
    return true;
  default:
    return peek().kind >= TokenKind::AtEqual &&
           peek().kind <= TokenKind::ShiftRightEqual;
  }
}

/// Begins a new statement at the current token, which starts its line inside of
/// a bracket that was never closed.
void Parser::restartAtLine() {
  hasAhead = false;
  lexer->restartLine(tok.begin);
  tok = lexer->next();
}

/// Skips the rest of a broken statement, then parses the block that belongs to
/// it, so that mistakes in there are found, too.
void Parser::synchronize() {
  module.hasErrors = true;
  failed = true;
  pendingAtom = nullptr;
  lexer->setRecovering(true);
  while (!at(TokenKind::Newline) && !at(TokenKind::EndOfFile) &&
         !at(TokenKind::Dedent) && !at(TokenKind::Indent)) {
    if (tok.begin != statementBegin && lexer->innermostBracket() &&
        atNewStatement()) {
      restartAtLine();
      break;
    }
    advance();
  }
  consume(TokenKind::Newline);
  lexer->setRecovering(false);
  failed = false;
  if (at(TokenKind::Indent)) {
    if (blockDepth >= limits.maxBlocks) {
      skipBlock(/*quietly=*/true);
      return;
    }
    NestBlock nest(*this);
    llvm::SmallVector<Stmt *, 8> ignored;
    // The header may have been that of a function.
    bool outer = std::exchange(inFunction, true);
    advance();
    parseStatements(ignored);
    inFunction = outer;
    consume(TokenKind::Dedent);
  }
}

/// Skips from an Indent to behind its Dedent. \p quietly: the block belongs to
/// something broken.
void Parser::skipBlock(bool quietly) {
  lexer->setRecovering(quietly);
  unsigned open = 0;
  do {
    if (at(TokenKind::Indent))
      ++open;
    else if (at(TokenKind::Dedent))
      --open;
    advance();
  } while (open != 0 && !at(TokenKind::EndOfFile));
  lexer->setRecovering(false);
}

Parser::Nest::Nest(Parser &parser, const char *what) : parser(parser) {
  ok = ++parser.depth <= parser.limits.maxNesting;
  if (!ok)
    parser.fail(Diag::NestingTooDeep, parser.here(), what,
                parser.limits.maxNesting);
}

Parser::NestBlock::NestBlock(Parser &parser) : parser(parser) {
  ok = ++parser.blockDepth <= parser.limits.maxBlocks;
  if (!ok)
    parser.fail(Diag::NestingTooDeep, parser.here(), "a block",
                parser.limits.maxBlocks);
}

Expr *Parser::finish(Expr *expr, std::initializer_list<const Expr *> children,
                     ExprList more) {
  unsigned height = 0;
  for (const Expr *child : children)
    if (child)
      height = std::max<unsigned>(height, child->height);
  for (const Expr *child : more)
    height = std::max<unsigned>(height, child->height);
  expr->height = height + 1;
  if (expr->height > limits.maxExprHeight)
    fail(Diag::NestingTooDeep, span(expr->span.begin, expr->span.begin + 1),
         "this expression", limits.maxExprHeight);
  return expr;
}

} // namespace tilesdk::frontend
