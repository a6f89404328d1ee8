//===- parse_literal.cpp - Numbers, strings, f-strings --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

#include <charconv>

namespace tilesdk::frontend {

using namespace diagnostics;

Expr *Parser::parseInt() {
  Span where = span(tok);
  llvm::StringRef digits = text(tok);
  bool reported = tok.reported;
  advance();
  if (reported)
    return make<ErrorExpr>(where);
  uint8_t radix = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    char prefix = llvm::toLower(digits[1]);
    radix = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
    if (radix != 10)
      digits = digits.drop_front(2);
  }
  if (digits.contains('_')) {
    std::string plain;
    for (char c : digits)
      if (c != '_')
        plain += c;
    digits = copy(llvm::StringRef(plain));
  }
  return make<IntExpr>(where, digits, radix);
}

Expr *Parser::parseFloat() {
  Span where = span(tok);
  std::string digits;
  for (char c : text(tok))
    if (c != '_')
      digits += c;
  bool reported = tok.reported;
  advance();
  if (reported)
    return make<ErrorExpr>(where);
  double value = 0;
  auto result =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    // Too large is infinity, too small is zero, as in Python.
    llvm::APFloat exact(llvm::APFloat::IEEEdouble());
    auto status =
        exact.convertFromString(digits, llvm::APFloat::rmNearestTiesToEven);
    if (status)
      value = exact.convertToDouble();
    else
      llvm::consumeError(status.takeError());
  }
  return make<FloatExpr>(where, value);
}

Parser::Literal Parser::analyse(const Token &token) const {
  Literal literal;
  uint32_t quote = token.begin;
  for (;; ++quote) {
    char c = llvm::toLower(source[quote]);
    literal.isRaw |= c == 'r';
    literal.isBytes |= c == 'b';
    literal.isFormat |= c == 'f';
    if (c == '"' || c == '\'')
      break;
  }
  char mark = source[quote];
  bool triple = token.end - quote >= 6 && source[quote + 1] == mark &&
                source[quote + 2] == mark;
  literal.begin = quote + (triple ? 3 : 1);
  literal.end = token.end - (triple ? 3 : 1);
  return literal;
}

/// Decodes the escape whose backslash is at \p position; returns the offset
/// behind it.
uint32_t Parser::decodeEscape(uint32_t position, uint32_t end,
                              const Literal &literal, std::string &out) {
  uint32_t begin = position++;
  char c = source[position++];
  auto invalid = [&](uint32_t stop, const char *reason) {
    complain(Diag::InvalidEscape, span(begin, stop),
             visibleText(source.slice(begin, stop)), reason);
    return stop;
  };
  auto emit = [&](uint32_t value) {
    if (literal.isBytes)
      out += static_cast<char>(value);
    else
      appendUtf8(out, value);
  };
  unsigned wanted = 0;
  switch (c) {
  case '\r':
    if (position < end && source[position] == '\n')
      ++position;
    return position;
  case '\n':
    return position;
  case '\\':
  case '\'':
  case '"':
    out += c;
    return position;
  case 'a':
    out += '\a';
    return position;
  case 'b':
    out += '\b';
    return position;
  case 'f':
    out += '\f';
    return position;
  case 'n':
    out += '\n';
    return position;
  case 'r':
    out += '\r';
    return position;
  case 't':
    out += '\t';
    return position;
  case 'v':
    out += '\v';
    return position;
  case 'x':
    wanted = 2;
    break;
  case 'u':
    wanted = literal.isBytes ? 0 : 4;
    break;
  case 'U':
    wanted = literal.isBytes ? 0 : 8;
    break;
  case 'N':
    if (!literal.isBytes) {
      uint32_t stop = source.slice(0, end).find('}', position);
      stop = stop >= end || source[position] != '{' ? position : stop + 1;
      return invalid(stop, "names of characters are not supported");
    }
    break;
  default:
    if (c >= '0' && c <= '7') {
      uint32_t value = c - '0';
      for (unsigned i = 0; i < 2 && position < end && source[position] >= '0' &&
                           source[position] <= '7';
           ++i)
        value = value * 8 + (source[position++] - '0');
      emit(value);
      return position;
    }
    break;
  }
  if (wanted == 0) {
    // Not an escape: the backslash stays. The character may have many bytes.
    uint32_t size = decodeUtf8(source.slice(position - 1, end)).size;
    if (!failed)
      sink.report(Diag::UnknownEscape, span(begin, position - 1 + size),
                  visibleText(source.slice(begin, position - 1 + size)));
    out += '\\';
    return position - 1;
  }
  uint32_t value = 0;
  for (unsigned i = 0; i < wanted; ++i) {
    if (position >= end || !llvm::isHexDigit(source[position]))
      return invalid(position, wanted == 2   ? "two hexadecimal digits follow"
                               : wanted == 4 ? "four hexadecimal digits follow"
                                             : "eight hexadecimal digits "
                                               "follow");
    value = value << 4 | llvm::hexDigitValue(source[position++]);
  }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return invalid(position, "there is no such character");
  emit(value);
  return position;
}

/// Appends the value of the text [begin, end) of a literal.
void Parser::decode(uint32_t begin, uint32_t end, const Literal &literal,
                    std::string &out) {
  uint32_t position = begin;
  while (position < end) {
    char c = source[position];
    if (c == '\\' && !literal.isRaw && position + 1 < end) {
      position = decodeEscape(position, end, literal, out);
    } else if (c == '\r') {
      out += '\n';
      position += position + 1 < end && source[position + 1] == '\n' ? 2 : 1;
    } else {
      if (literal.isBytes && static_cast<unsigned char>(c) >= 0x80) {
        CodePoint point = decodeUtf8(source.slice(position, end));
        fail(Diag::NonAsciiBytes, span(position, position + point.size),
             ("`" + source.substr(position, point.size) + "`").str());
        return;
      }
      out += c;
      ++position;
    }
  }
}

/// One literal, or several neighbours that Python joins.
Expr *Parser::parseStrings() {
  uint32_t begin = tok.begin;
  Literal literal = analyse(tok);
  Span firstSpan = span(tok);
  bool isBytes = literal.isBytes;
  bool isFormat = false;
  // The common case: one literal that stands for itself.
  bool first = true;
  std::string value;
  llvm::SmallVector<FStringPart, 4> parts;
  uint16_t height = 0;
  auto flush = [&] {
    if (value.empty())
      return;
    FStringPart part;
    part.text = copy(llvm::StringRef(value));
    parts.push_back(part);
    value.clear();
  };
  while (at(TokenKind::String)) {
    literal = analyse(tok);
    if (literal.isBytes != isBytes) {
      fail(Diag::MixedBytesAndString, span(tok))
          .label(firstSpan, isBytes ? "these are bytes" : "this is text");
      return errorExpr();
    }
    advance();
    llvm::StringRef body = source.slice(literal.begin, literal.end);
    if (first && !literal.isFormat && !literal.isBytes &&
        !at(TokenKind::String) && body.find_first_of("\\\r") == body.npos)
      return make<StringExpr>(spanFrom(begin), body);
    first = false;
    if (!literal.isFormat) {
      decode(literal.begin, literal.end, literal, value);
    } else {
      isFormat = true;
      flush();
      uint32_t position = literal.begin;
      parseFormat(position, literal.end, literal, /*inSpec=*/false, parts,
                  height);
    }
    if (failed)
      return errorExpr();
  }
  Span where = spanFrom(begin);
  if (isFormat) {
    flush();
    Expr *result = make<FStringExpr>(where, copy(parts));
    result->height = height + 1;
    return result;
  }
  llvm::StringRef joined = copy(llvm::StringRef(value));
  if (isBytes)
    return make<BytesExpr>(where, joined);
  return make<StringExpr>(where, joined);
}

/// Parses text and fields up to \p end, in a format spec up to its `}`.
bool Parser::parseFormat(uint32_t &position, uint32_t end,
                         const Literal &literal, bool inSpec,
                         llvm::SmallVectorImpl<FStringPart> &parts,
                         uint16_t &height) {
  std::string text;
  auto flush = [&] {
    if (text.empty())
      return;
    FStringPart part;
    part.text = copy(llvm::StringRef(text));
    parts.push_back(part);
    text.clear();
  };
  while (position < end && !failed) {
    char c = source[position];
    char next = position + 1 < end ? source[position + 1] : '\0';
    if (c == '{' && next == '{' && !inSpec) {
      text += c;
      position += 2;
    } else if (c == '{') {
      flush();
      FStringPart part;
      if (!parseField(position, end, literal, part, height))
        return false;
      parts.push_back(part);
    } else if (c == '}' && inSpec) {
      break;
    } else if (c == '}') {
      if (next != '}') {
        fail(Diag::FStringError, span(position, position + 1),
             "single `}` is not allowed")
            .help("write `}}` for a brace");
        return false;
      }
      text += c;
      position += 2;
    } else if (c == '\\' && !literal.isRaw && position + 1 < end) {
      position = decodeEscape(position, end, literal, text);
    } else if (c == '\r') {
      text += '\n';
      position += next == '\n' ? 2 : 1;
    } else {
      text += c;
      ++position;
    }
  }
  flush();
  return !failed;
}

/// `{expression=!r:spec}`, with \p position at its `{`.
bool Parser::parseField(uint32_t &position, uint32_t end,
                        const Literal &literal, FStringPart &part,
                        uint16_t &height) {
  Nest nest(*this, "this f-string");
  if (!nest)
    return false;
  uint32_t open = position;

  // The expression comes from a lexer of its own over the rest of the literal.
  Lexer fieldLexer(module.file, source, open + 1, end, sink);
  Lexer *outerLexer = std::exchange(lexer, &fieldLexer);
  Token outerTok = tok, outerAhead = ahead;
  bool outerHasAhead = std::exchange(hasAhead, false);
  uint32_t outerEnd = previousEnd;
  tok = lexer->next();

  bool inSpec = false;
  if (at(TokenKind::RBrace)) {
    fail(Diag::FStringError, span(open, tok.end), "empty replacement field");
  } else {
    part.value = parseYieldOrExpressions();
    if (!failed && at(TokenKind::Equal)) {
      advance();
      // Up to the next token: blanks around `=` are printed, too.
      part.debugText = source.slice(open + 1, tok.begin);
    }
    if (!failed && at(TokenKind::Exclaim)) {
      advance();
      if (at(TokenKind::Name) &&
          (text(tok) == "r" || text(tok) == "s" || text(tok) == "a")) {
        part.conversion = text(tok)[0];
        advance();
      } else {
        fail(Diag::FStringError, here(), "conversion must be `r`, `s` or `a`");
      }
    }
    if (!failed) {
      inSpec = at(TokenKind::Colon);
      position = tok.end;
      if (!inSpec && !at(TokenKind::RBrace)) {
        if (at(TokenKind::EndOfFile))
          fail(Diag::FStringError, span(open, open + 1), "`{` is never closed");
        else
          fail(Diag::FStringError, span(tok),
               "expected `}`, found " + describe(tok))
              .label(span(open, open + 1), "to close this");
      }
    }
  }
  if (fieldLexer.hadErrors())
    module.hasErrors = true;
  lexer = outerLexer;
  tok = outerTok;
  ahead = outerAhead;
  hasAhead = outerHasAhead;
  previousEnd = outerEnd;
  if (failed)
    return false;
  height = std::max(height, part.value->height);

  if (inSpec) {
    llvm::SmallVector<FStringPart, 2> spec;
    if (!parseFormat(position, end, literal, /*inSpec=*/true, spec, height))
      return false;
    if (position >= end) {
      fail(Diag::FStringError, span(open, open + 1), "`{` is never closed");
      return false;
    }
    ++position;
    part.format = copy(spec);
  }
  return true;
}

} // namespace tilesdk::frontend
