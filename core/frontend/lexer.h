//===- lexer.h - Source text to tokens --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace tilesdk::frontend {

enum class TokenKind : uint8_t {
#define TOKEN(NAME) NAME,
#include "core/frontend/tokens.def"
};

/// "(", "while"; empty for kinds whose text varies.
llvm::StringRef spelling(TokenKind kind);
bool isKeyword(TokenKind kind);
/// Name for a word that is not a keyword.
TokenKind keywordKind(llvm::StringRef word);

struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  /// First token of a physical line (inside of brackets, too).
  bool lineStart = false;
  /// The lexer has reported a mistake here; stay silent on it.
  bool reported = false;
  /// Column from 0 of a token with `lineStart`, tabs counted as in Python.
  uint32_t column = 0;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool is(TokenKind other) const { return kind == other; }
};

/// Produces the tokens of one file on demand, with Python's rules of
/// indentation. Reports its mistakes and goes on.
class Lexer {
public:
  /// \p source must be valid UTF-8 without NUL; see checkSource.
  Lexer(diagnostics::FileId file, llvm::StringRef source,
        diagnostics::DiagnosticSink &sink);
  /// Lexes the expression of a replacement field of an f-string: [begin, end)
  /// of the source, with the `{` before `begin` open.
  Lexer(diagnostics::FileId file, llvm::StringRef source, uint32_t begin,
        uint32_t end, diagnostics::DiagnosticSink &sink);

  Token next();

  /// The innermost bracket still open, or null.
  struct Bracket {
    char open;
    uint32_t offset;
  };
  const Bracket *innermostBracket() const {
    return brackets.empty() ? nullptr : &brackets.back();
  }
  /// Gives up all open brackets and begins a logical line at \p offset, which
  /// is the first token of its physical line. The next token is a Newline.
  void restartLine(uint32_t offset);
  /// Skipping a broken statement: brackets are not complained about.
  void setRecovering(bool value) { recovering = value; }
  bool hadErrors() const { return errors; }

private:
  bool indentation(Token &token);
  uint32_t skipLineEnd(uint32_t offset) const;
  void skipBlanks();
  Token lexToken();
  Token lexName();
  Token lexNumber();
  Token lexString(uint32_t begin, uint32_t quote, bool isFormat);
  uint32_t scanString(uint32_t quote, bool isFormat, unsigned depth,
                      bool &closed);
  Token lexPunctuation();
  Token closeBracket(TokenKind kind, char close);
  Token unexpectedCharacter();
  bool endsUnclosedBracket(uint32_t offset) const;
  void reportUnclosed();
  Token numberError(uint32_t begin, const char *reason, const char *help);
  Token make(TokenKind kind, uint32_t begin, uint32_t end);

  diagnostics::Span span(uint32_t begin, uint32_t end) const {
    return {file, begin, end};
  }
  template <typename... Args>
  diagnostics::DiagnosticBuilder error(diagnostics::Diag id, uint32_t begin,
                                       uint32_t end, Args &&...args) {
    errors = true;
    return sink.report(id, span(begin, end), std::forward<Args>(args)...);
  }
  char at(uint32_t offset) const {
    return offset < limit ? source[offset] : '\0';
  }

  struct Level {
    uint32_t column;
    /// Column with tabs of width 1; both must agree on what is deeper.
    uint32_t narrow;
    /// Stands for a wrong unindent: it opened no block and closes none.
    bool silent = false;
  };

  diagnostics::FileId file;
  llvm::StringRef source;
  diagnostics::DiagnosticSink &sink;
  uint32_t position = 0;
  uint32_t limit = 0;
  /// Start of the physical line of `position`.
  uint32_t lineBegin = 0;
  /// Where the first logical line starts; its indentation is the outer one.
  uint32_t firstToken = 0;
  bool sawFirstLine = false;
  /// Indentation is due.
  bool atLineStart = true;
  bool physicalLineStart = true;
  /// The logical line has a token, so a Newline is due at its end.
  bool lineHasTokens = false;
  /// Inside of a replacement field of an f-string.
  bool inFormat = false;
  bool recovering = false;
  bool errors = false;
  /// A Newline that restartLine asked for.
  bool newlineDue = false;
  unsigned pendingDedents = 0;
  /// Strings inside of f-string fields that turned out not to end; bounded so
  /// that scanning stays linear.
  unsigned failedNested = 0;
  llvm::SmallVector<Level, 16> levels;
  llvm::SmallVector<Bracket, 32> brackets;
};

/// Reports a source that is not text: too large, NUL bytes, not UTF-8. The
/// front end must stop then.
bool checkSource(diagnostics::FileId file, llvm::StringRef source,
                 uint32_t maxBytes, diagnostics::DiagnosticSink &sink);

/// True when the code point may start, or with \p inside go on in, a name.
bool isNameCharacter(uint32_t codePoint, bool inside);

} // namespace tilesdk::frontend
