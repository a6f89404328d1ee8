//===- parser_impl.h - The parser's class, private --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Recursive descent for statements, precedence climbing for expressions. After
// a mistake `failed` is set: every function returns at once, nothing more is
// reported, and the loop over statements skips to the next one.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast.h"
#include "core/frontend/lexer.h"
#include "core/frontend/parser.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <string>

namespace tilesdk::frontend {

using diagnostics::Diag;
using diagnostics::DiagnosticBuilder;

/// Of operators, from loose to tight.
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

class Parser {
public:
  Parser(Module &module, llvm::StringRef source,
         diagnostics::DiagnosticSink &sink, const ParseLimits &limits);
  void parseModule();

private:
  //===--- parser.cpp: tokens, errors, recovery ---------------------------===//
  bool at(TokenKind kind) const { return tok.kind == kind; }
  bool atName(llvm::StringRef name) const {
    return tok.is(TokenKind::Name) && text(tok) == name;
  }
  const Token &peek();
  void advance();
  bool consume(TokenKind kind);
  /// Takes the token or fails with "expected ..., found ...".
  bool expect(TokenKind kind);
  bool expectName(Identifier &name, const char *what);
  bool expectColon(const llvm::Twine &what);
  /// Takes the closing bracket of \p open or explains what is wrong.
  bool expectClose(TokenKind kind, uint32_t open, bool commaAllowed);
  bool isAtEnd() const {
    return at(TokenKind::Newline) || at(TokenKind::EndOfFile) ||
           at(TokenKind::Semicolon) || at(TokenKind::Dedent);
  }
  llvm::StringRef text(const Token &token) const {
    return source.slice(token.begin, token.end);
  }
  std::string describe(const Token &token) const;
  Span span(uint32_t begin, uint32_t end) const {
    return {module.file, begin, end};
  }
  Span span(const Token &token) const { return span(token.begin, token.end); }
  /// From \p begin to the end of the token taken last.
  Span spanFrom(uint32_t begin) const {
    return span(begin, std::max(begin, previousEnd));
  }
  /// Where the current token is, or for a line end just behind the last one.
  Span here() const;

  /// Reports and gives up the statement.
  template <typename... Args>
  DiagnosticBuilder fail(Diag id, Span where, Args &&...args) {
    module.hasErrors = true;
    bool silent = failed || tok.reported;
    failed = true;
    if (silent)
      return DiagnosticBuilder::none();
    return sink.report(id, where, std::forward<Args>(args)...);
  }
  /// Reports and goes on.
  template <typename... Args>
  DiagnosticBuilder complain(Diag id, Span where, Args &&...args) {
    module.hasErrors = true;
    if (failed)
      return DiagnosticBuilder::none();
    return sink.report(id, where, std::forward<Args>(args)...);
  }
  DiagnosticBuilder failExpected(const llvm::Twine &what);

  void synchronize();
  bool atNewStatement();
  void restartAtLine();
  void skipBlock(bool quietly);

  /// Counts one level of nesting while it lives; false at the limit.
  struct Nest {
    Nest(Parser &parser, const char *what);
    ~Nest() { --parser.depth; }
    explicit operator bool() const { return ok; }
    Parser &parser;
    bool ok;
  };
  struct NestBlock {
    explicit NestBlock(Parser &parser);
    ~NestBlock() { --parser.blockDepth; }
    explicit operator bool() const { return ok; }
    Parser &parser;
    bool ok;
  };

  //===--- Nodes ----------------------------------------------------------===//
  template <typename T, typename... Args> T *make(Args &&...args) {
    return new (module.arena) T(std::forward<Args>(args)...);
  }
  template <typename T>
  llvm::ArrayRef<T> copy(const llvm::SmallVectorImpl<T> &list) {
    return llvm::ArrayRef<T>(list).copy(module.arena);
  }
  llvm::StringRef copy(llvm::StringRef string) {
    return string.copy(module.arena);
  }
  Expr *errorExpr() { return make<ErrorExpr>(span(tok.begin, tok.begin)); }
  Stmt *errorStmt(uint32_t begin) { return make<ErrorStmt>(spanFrom(begin)); }
  /// Sets the height of a new node and enforces its limit.
  Expr *finish(Expr *expr, std::initializer_list<const Expr *> children,
               ExprList more = {});

  //===--- parse_stmt.cpp -------------------------------------------------===//
  void parseStatements(llvm::SmallVectorImpl<Stmt *> &out);
  void parseStatement(llvm::SmallVectorImpl<Stmt *> &out);
  Stmt *parseCompound();
  void parseSimpleLine(llvm::SmallVectorImpl<Stmt *> &out);
  Stmt *parseSimple();
  Stmt *parseExpressionStatement();
  void failAfterStatement();
  bool foreignStatement();
  StmtList parseBlock(const llvm::Twine &what, Span header);
  /// Behind `else` or `finally`: colon and block.
  StmtList parseElse(Span &elseSpan);
  Expr *parseCondition();
  Stmt *parseIf();
  Stmt *parseFor(uint32_t begin, bool isAsync);
  Stmt *parseWhile();
  Stmt *parseTry();
  Stmt *parseWith(uint32_t begin, bool isAsync);
  bool parseWithItems(llvm::SmallVectorImpl<WithItem> &items);
  bool isMatchStatement();
  Stmt *parseMatch(uint32_t begin, Expr *subject);
  Stmt *parseImport();
  Stmt *parseFromImport();
  bool parseDottedName(Identifier &name);
  bool parseImportAlias(ImportAlias &alias, bool dotted);
  bool parseNames(llvm::SmallVectorImpl<Identifier> &names);
  /// Checks that an expression can stand left of `=`.
  bool checkTarget(Expr *target, bool inTuple = false);
  bool checkSingleTarget(Expr *target, const char *what);
  bool checkDelete(Expr *target);

  //===--- parse_function.cpp ---------------------------------------------===//
  Stmt *parseDecorated();
  Stmt *parseFunction(uint32_t begin, llvm::ArrayRef<Decorator> decorators,
                      bool isAsync);
  Stmt *parseClass(uint32_t begin, llvm::ArrayRef<Decorator> decorators);
  bool parseParams(TokenKind close, bool annotations,
                   llvm::SmallVectorImpl<Param> &params);
  bool parseArguments(uint32_t open, llvm::SmallVectorImpl<Expr *> &args,
                      llvm::SmallVectorImpl<KeywordArg> &keywords);
  void skipTypeParams();
  StringExpr *docstringOf(StmtList body);

  //===--- parse_expr.cpp -------------------------------------------------===//
  /// One or several expressions with commas between them; a tuple when there is
  /// a comma.
  Expr *parseExpressions();
  Expr *parseYieldOrExpressions();
  /// The target of `for` or of `with ... as`: no `in` inside.
  Expr *parseTarget(bool tuple);
  Expr *parseStarOrNamed();
  Expr *parseNamed();
  Expr *parseExpr();
  Expr *parsePrecedence(unsigned minimum);
  Expr *parseUnary();
  Expr *parsePrimary();
  Expr *parseTrailers(Expr *value, uint32_t begin);
  Expr *parseCall(Expr *callee, uint32_t begin);
  Expr *parseSubscript(Expr *value, uint32_t begin);
  Expr *parseSliceElement();
  Expr *parseAtom();
  Expr *parseParen();
  Expr *parseList();
  Expr *parseBrace();
  Expr *parseLambda();
  Expr *parseYield();
  Expr *parseComparison(Expr *lhs, uint32_t begin);
  Expr *parseBoolOp(Expr *lhs, uint32_t begin, BoolOp op);
  bool atComparison(CompareOp &op);
  bool atComprehension() { return at(TokenKind::KwFor) || atAsyncFor(); }
  bool atAsyncFor() {
    return at(TokenKind::KwAsync) && peek().is(TokenKind::KwFor);
  }
  Expr *parseComprehension(ComprehensionKind form, uint32_t begin,
                           Expr *element, Expr *value);
  Expr *failExpression();
  static bool startsExpression(TokenKind kind);

  //===--- parse_literal.cpp ----------------------------------------------===//
  Expr *parseInt();
  Expr *parseFloat();
  Expr *parseStrings();
  /// Prefix and quotes of a string token.
  struct Literal {
    bool isRaw = false;
    bool isBytes = false;
    bool isFormat = false;
    /// The text between the quotes.
    uint32_t begin = 0;
    uint32_t end = 0;
  };
  Literal analyse(const Token &token) const;
  void decode(uint32_t begin, uint32_t end, const Literal &literal,
              std::string &out);
  uint32_t decodeEscape(uint32_t position, uint32_t end, const Literal &literal,
                        std::string &out);
  bool parseFormat(uint32_t &position, uint32_t end, const Literal &literal,
                   bool inSpec, llvm::SmallVectorImpl<FStringPart> &parts,
                   uint16_t &height);
  bool parseField(uint32_t &position, uint32_t end, const Literal &literal,
                  FStringPart &part, uint16_t &height);

  Module &module;
  llvm::StringRef source;
  diagnostics::DiagnosticSink &sink;
  const ParseLimits &limits;
  Lexer mainLexer;
  Lexer *lexer = &mainLexer;

  Token tok;
  Token ahead;
  bool hasAhead = false;
  /// The last two tokens taken, for hints.
  Token previous, beforePrevious;
  uint32_t previousEnd = 0;

  bool failed = false;
  unsigned depth = 0;
  unsigned blockDepth = 0;
  bool inFunction = false;
  /// The last statement was broken: an `else` behind it is not a mistake.
  bool lastBroken = false;
  uint32_t statementBegin = 0;
  uint32_t statementColumn = 0;
  /// An atom parsed early, see parseWithItems.
  Expr *pendingAtom = nullptr;
};

} // namespace tilesdk::frontend
