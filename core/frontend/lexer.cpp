//===- lexer.cpp - Source text to tokens ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/lexer.h"

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace tilesdk::frontend {

using namespace diagnostics;

llvm::StringRef spelling(TokenKind kind) {
  switch (kind) {
#define PUNCTUATION(NAME, SPELLING)                                            \
  case TokenKind::NAME:                                                        \
    return SPELLING;
#define KEYWORD(NAME, SPELLING) PUNCTUATION(NAME, SPELLING)
#include "core/frontend/tokens.def"
  default:
    return {};
  }
}

bool isKeyword(TokenKind kind) {
  return kind >= TokenKind::KwFalse && kind <= TokenKind::KwYield;
}

TokenKind keywordKind(llvm::StringRef word) {
  if (word.size() < 2 || word.size() > 8)
    return TokenKind::Name;
  return llvm::StringSwitch<TokenKind>(word)
#define KEYWORD(NAME, SPELLING) .Case(SPELLING, TokenKind::NAME)
#include "core/frontend/tokens.def"
      .Default(TokenKind::Name);
}

static bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool isNameByte(char c) { return llvm::isAlnum(c) || c == '_'; }
static bool isLineEnd(char c) { return c == '\n' || c == '\r'; }

bool isNameCharacter(uint32_t c, bool inside) {
  if (c < 0x80)
    return inside ? isNameByte(c) : isNameStart(c);
  // Everything is a letter but blanks, punctuation, symbols and private use.
  static const struct {
    uint32_t first, last;
  } others[] = {{0x80, 0xa9},       {0xab, 0xb4},       {0xb6, 0xb6},
                {0xb8, 0xb9},       {0xbb, 0xbf},       {0xd7, 0xd7},
                {0xf7, 0xf7},       {0x1680, 0x1680},   {0x2000, 0x203e},
                {0x2041, 0x2053},   {0x2055, 0x2070},   {0x207a, 0x207e},
                {0x208a, 0x208e},   {0x20a0, 0x20cf},   {0x2190, 0x2bff},
                {0x2e00, 0x2e7f},   {0x3000, 0x3004},   {0x3008, 0x3020},
                {0x3030, 0x3030},   {0xd800, 0xf8ff},   {0xfe10, 0xfe1f},
                {0xfe30, 0xfe32},   {0xfe35, 0xfe4c},   {0xfe50, 0xfe6f},
                {0xfeff, 0xfeff},   {0xff01, 0xff0f},   {0xff1a, 0xff20},
                {0xff3b, 0xff3e},   {0xff40, 0xff40},   {0xff5b, 0xff65},
                {0xffe0, 0xffff},   {0x1f000, 0x1faff}, {0xe0000, 0xe00ff},
                {0xf0000, 0x10ffff}};
  for (auto range : others)
    if (c >= range.first && c <= range.last)
      return false;
  // Marks can go on a name but not start it.
  return inside || !(c >= 0x300 && c <= 0x36f);
}

bool checkSource(FileId file, llvm::StringRef source, uint32_t maxBytes,
                 DiagnosticSink &sink) {
  if (source.size() > maxBytes) {
    sink.report(Diag::SourceTooLarge, Span{file, 0, 0}, source.size(),
                maxBytes);
    return false;
  }
  bool isUtf16 = source.starts_with("\xff\xfe") ||
                 source.starts_with("\xfe\xff") ||
                 (source.size() >= 2 && (source[0] == 0) != (source[1] == 0));
  for (uint32_t i = 0, e = source.size(); i < e;) {
    unsigned char byte = source[i];
    if (byte != 0 && byte < 0x80) {
      ++i;
      continue;
    }
    if (byte == 0) {
      auto report = sink.report(Diag::NulByte, Span{file, i, i + 1}, i);
      if (isUtf16)
        report.help("this looks like UTF-16; save the file as UTF-8");
      return false;
    }
    CodePoint c = decodeUtf8(source.drop_front(i));
    if (!c.valid) {
      auto report = sink.report(Diag::InvalidUtf8, Span{file, i, i + 1},
                                "0x" + llvm::utohexstr(byte, true), i);
      if (isUtf16)
        report.help("this looks like UTF-16; save the file as UTF-8");
      else
        report.help("save the file as UTF-8");
      return false;
    }
    i += c.size;
  }
  return true;
}

Lexer::Lexer(FileId file, llvm::StringRef source, DiagnosticSink &sink)
    : file(file), source(source), sink(sink), limit(source.size()) {
  if (source.starts_with("\xef\xbb\xbf"))
    position = lineBegin = 3;
  levels.push_back({0, 0});
}

Lexer::Lexer(FileId file, llvm::StringRef source, uint32_t begin, uint32_t end,
             DiagnosticSink &sink)
    : file(file), source(source), sink(sink), position(begin), limit(end),
      lineBegin(begin), atLineStart(false), physicalLineStart(false),
      inFormat(true) {
  levels.push_back({0, 0});
}

Token Lexer::make(TokenKind kind, uint32_t begin, uint32_t end) {
  Token token;
  token.kind = kind;
  token.begin = begin;
  token.end = end;
  return token;
}

/// The offset behind the line end at \p offset.
uint32_t Lexer::skipLineEnd(uint32_t offset) const {
  if (at(offset) == '\r' && at(offset + 1) == '\n')
    return offset + 2;
  return offset + 1;
}

/// Measures the first line with code from here on and compares it with the
/// open blocks. Returns true when a token comes from that.
bool Lexer::indentation(Token &token) {
  uint32_t column, narrow;
  for (;;) {
    lineBegin = position;
    column = narrow = 0;
    for (;; ++position) {
      char c = at(position);
      if (c == ' ') {
        ++column;
        ++narrow;
      } else if (c == '\t') {
        column = (column / 8 + 1) * 8;
        ++narrow;
      } else if (c == '\f' && position < limit) {
        column = narrow = 0;
      } else {
        break;
      }
    }
    if (at(position) == '#')
      while (position < limit && !isLineEnd(source[position]))
        ++position;
    if (position >= limit)
      return false;
    if (!isLineEnd(source[position]))
      break;
    position = skipLineEnd(position);
  }
  atLineStart = false;
  physicalLineStart = true;
  if (!sawFirstLine) {
    // The text of a function inside of a class or an `if` starts indented.
    sawFirstLine = true;
    firstToken = position;
    levels.back() = {column, narrow};
    return false;
  }

  auto inconsistent = [&] {
    error(Diag::InconsistentTabs, lineBegin, position)
        .help("indent with spaces only");
  };
  Level top = levels.back();
  if (column == top.column) {
    if (narrow != top.narrow)
      inconsistent();
    return false;
  }
  if (column > top.column) {
    if (narrow <= top.narrow)
      inconsistent();
    levels.push_back({column, narrow});
    token = make(TokenKind::Indent, lineBegin, position);
    return true;
  }
  while (levels.size() > 1 && column < levels.back().column)
    pendingDedents += !levels.pop_back_val().silent;
  if (column < levels.back().column) {
    error(Diag::UnexpectedIndent, firstToken, firstToken + 1)
        .label(span(position, position + 1), "this line is further out");
    levels.back() = {column, narrow};
  } else if (column > levels.back().column) {
    error(Diag::UnindentMismatch, lineBegin, position);
    levels.push_back({column, narrow, /*silent=*/true});
  } else if (narrow != levels.back().narrow) {
    inconsistent();
  }
  return false;
}

/// Skips blanks, comments, joined lines, and inside of brackets line ends.
void Lexer::skipBlanks() {
  for (;;) {
    char c = at(position);
    if (c == ' ' || c == '\t' || c == '\f') {
      ++position;
    } else if (c == '#') {
      while (position < limit && !isLineEnd(source[position]))
        ++position;
    } else if (c == '\\') {
      if (position + 1 < limit && isLineEnd(source[position + 1])) {
        position = skipLineEnd(position + 1);
        continue;
      }
      uint32_t begin = position++;
      error(Diag::BackslashNotAtEnd, begin, position);
    } else if (isLineEnd(c) && (inFormat || !brackets.empty())) {
      position = skipLineEnd(position);
      lineBegin = position;
      physicalLineStart = true;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  if (newlineDue) {
    newlineDue = false;
    Token token = make(TokenKind::Newline, position, position);
    token.reported = true;
    return token;
  }
  for (;;) {
    Token token;
    if (atLineStart && indentation(token))
      return token;
    if (pendingDedents != 0) {
      --pendingDedents;
      return make(TokenKind::Dedent, position, position);
    }
    skipBlanks();
    if (position >= limit) {
      if (inFormat)
        return make(TokenKind::EndOfFile, limit, limit);
      bool unclosed = !brackets.empty();
      if (unclosed)
        reportUnclosed();
      if (lineHasTokens) {
        lineHasTokens = false;
        token = make(TokenKind::Newline, limit, limit);
        token.reported = unclosed;
        return token;
      }
      while (levels.size() > 1) {
        if (levels.pop_back_val().silent)
          continue;
        return make(TokenKind::Dedent, limit, limit);
      }
      return make(TokenKind::EndOfFile, limit, limit);
    }
    if (isLineEnd(source[position])) {
      uint32_t begin = position;
      position = skipLineEnd(position);
      atLineStart = true;
      if (!lineHasTokens)
        continue;
      lineHasTokens = false;
      return make(TokenKind::Newline, begin, position);
    }
    if (physicalLineStart && !brackets.empty() &&
        endsUnclosedBracket(position)) {
      reportUnclosed();
      restartLine(position);
      return next();
    }
    bool isLineStart = physicalLineStart;
    uint32_t begin = position;
    token = lexToken();
    if (token.is(TokenKind::Newline))
      continue;
    lineHasTokens = true;
    physicalLineStart = false;
    if (isLineStart) {
      token.lineStart = true;
      for (uint32_t i = lineBegin; i < begin; ++i)
        token.column =
            source[i] == '\t' ? (token.column / 8 + 1) * 8 : token.column + 1;
    }
    return token;
  }
}

void Lexer::restartLine(uint32_t offset) {
  brackets.clear();
  position = offset;
  while (position > 0 && !isLineEnd(source[position - 1]))
    --position;
  newlineDue = true;
  lineHasTokens = false;
  atLineStart = true;
}

/// Statements begin with these words, expressions never hold them: a bracket
/// that is open before them was forgotten.
bool Lexer::endsUnclosedBracket(uint32_t offset) const {
  uint32_t end = offset;
  while (isNameByte(at(end)))
    ++end;
  switch (keywordKind(source.slice(offset, end))) {
  case TokenKind::KwDef:
  case TokenKind::KwClass:
  case TokenKind::KwReturn:
  case TokenKind::KwWhile:
  case TokenKind::KwPass:
  case TokenKind::KwBreak:
  case TokenKind::KwContinue:
  case TokenKind::KwRaise:
  case TokenKind::KwDel:
  case TokenKind::KwGlobal:
  case TokenKind::KwNonlocal:
  case TokenKind::KwImport:
  case TokenKind::KwTry:
  case TokenKind::KwExcept:
  case TokenKind::KwFinally:
  case TokenKind::KwAssert:
  case TokenKind::KwElif:
    return !inFormat;
  default:
    return false;
  }
}

void Lexer::reportUnclosed() {
  errors = true;
  if (!recovering) {
    Bracket bracket = brackets.back();
    error(Diag::UnclosedBracket, bracket.offset, bracket.offset + 1,
          bracket.open);
  }
  brackets.clear();
}

Token Lexer::lexToken() {
  char c = source[position];
  if (isNameStart(c))
    return lexName();
  if (llvm::isDigit(c) || (c == '.' && llvm::isDigit(at(position + 1))))
    return lexNumber();
  if (c == '"' || c == '\'')
    return lexString(position, position, /*isFormat=*/false);
  if (static_cast<unsigned char>(c) >= 0x80) {
    CodePoint point = decodeUtf8(source.drop_front(position));
    if (isNameCharacter(point.value, /*inside=*/false))
      return lexName();
    return unexpectedCharacter();
  }
  return lexPunctuation();
}

Token Lexer::lexName() {
  uint32_t begin = position;
  bool ascii = true;
  for (;;) {
    char c = at(position);
    if (isNameByte(c)) {
      ++position;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80 || position >= limit)
      break;
    CodePoint point = decodeUtf8(source.slice(position, limit));
    if (!isNameCharacter(point.value, /*inside=*/true))
      break;
    ascii = false;
    position += point.size;
  }
  llvm::StringRef word = source.slice(begin, position);
  TokenKind kind = ascii ? keywordKind(word) : TokenKind::Name;
  char quote = at(position);
  if ((quote == '"' || quote == '\'') && kind == TokenKind::Name &&
      word.size() <= 3) {
    std::string lower = word.lower();
    bool isFormat = lower == "f" || lower == "rf" || lower == "fr";
    if (!isFormat && lower != "r" && lower != "b" && lower != "u" &&
        lower != "rb" && lower != "br")
      error(Diag::InvalidStringPrefix, begin, position, word);
    return lexString(begin, position, isFormat);
  }
  return make(kind, begin, position);
}

} // namespace tilesdk::frontend
