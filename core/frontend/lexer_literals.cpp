//===- lexer_literals.cpp - Numbers and strings as tokens -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/lexer.h"

#include "llvm/ADT/StringExtras.h"

namespace tilesdk::frontend {

using namespace diagnostics;

static bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool isNameByte(char c) { return llvm::isAlnum(c) || c == '_'; }
static bool isLineEnd(char c) { return c == '\n' || c == '\r'; }

Token Lexer::numberError(uint32_t begin, const char *reason, const char *help) {
  // Take the rest of the word along, so that one number gives one message.
  while (isNameByte(at(position)) ||
         (at(position) == '.' && isNameByte(at(position + 1))))
    ++position;
  auto report = error(Diag::InvalidNumber, begin, position,
                      source.slice(begin, position).take_front(40), reason);
  if (help)
    report.help(help);
  Token token = make(TokenKind::Int, begin, position);
  token.reported = true;
  return token;
}

Token Lexer::lexNumber() {
  uint32_t begin = position;
  // Digits with single underscores between them.
  auto digits = [&](auto isDigit) {
    uint32_t start = position;
    while (isDigit(at(position)) ||
           (at(position) == '_' && position > start &&
            isDigit(at(position + 1)) && source[position - 1] != '_'))
      ++position;
    return position - start;
  };
  auto decimal = [](char c) { return llvm::isDigit(c); };
  constexpr unsigned maxDigits = 4300;
  static const char tooLong[] = "more than 4300 digits";

  bool isFloat = false;
  char prefix = at(position) == '0' ? llvm::toLower(at(position + 1)) : 0;
  if (prefix == 'x' || prefix == 'o' || prefix == 'b') {
    position += 2;
    if (at(position) == '_' && at(position + 1) != '_')
      ++position;
    unsigned count =
        prefix == 'x'   ? digits([](char c) { return llvm::isHexDigit(c); })
        : prefix == 'o' ? digits([](char c) { return c >= '0' && c <= '7'; })
                        : digits([](char c) { return c == '0' || c == '1'; });
    if (count == 0 && !llvm::isDigit(at(position)))
      return numberError(begin,
                         prefix == 'x'   ? "no hexadecimal digit behind `0x`"
                         : prefix == 'o' ? "no octal digit behind `0o`"
                                         : "no binary digit behind `0b`",
                         nullptr);
    if (count > maxDigits)
      return numberError(begin, tooLong, nullptr);
    if (llvm::isDigit(at(position)))
      return numberError(begin,
                         prefix == 'o' ? "octal digits are 0 to 7"
                                       : "binary digits are 0 and 1",
                         nullptr);
  } else {
    unsigned count = digits(decimal);
    if (at(position) == '.') {
      isFloat = true;
      ++position;
      count += digits(decimal);
    }
    char e = llvm::toLower(at(position));
    if (e == 'e') {
      uint32_t sign = at(position + 1) == '+' || at(position + 1) == '-';
      if (llvm::isDigit(at(position + 1 + sign))) {
        isFloat = true;
        position += 1 + sign;
        digits(decimal);
      } else if (!isNameStart(at(position + 1))) {
        ++position;
        return numberError(begin, "the exponent has no digits", nullptr);
      }
    }
    if (count > maxDigits)
      return numberError(begin, tooLong, nullptr);
    if (llvm::toLower(at(position)) == 'j' && !isNameByte(at(position + 1))) {
      ++position;
      error(Diag::ImaginaryNumber, begin, position,
            source.slice(begin, position).take_front(40));
      Token token = make(TokenKind::Float, begin, position);
      token.reported = true;
      return token;
    }
    if (!isFloat && source[begin] == '0' &&
        source.slice(begin, position).find_first_of("123456789") !=
            llvm::StringRef::npos)
      return numberError(begin, "decimal numbers do not start with 0",
                         "write `0o` in front for an octal number");
  }
  if (at(position) == '_')
    return numberError(begin, "`_` stands between two digits", nullptr);
  uint32_t end = position;
  if (isNameStart(at(position)))
    while (isNameByte(at(end)))
      ++end;
  llvm::StringRef word = source.slice(position, end);
  // Python allows a keyword right behind a number: `1if x else 2`.
  if (word.empty() || keywordKind(word) != TokenKind::Name)
    return make(isFloat ? TokenKind::Float : TokenKind::Int, begin, position);
  std::string suffix = word.lower();
  if (suffix == "f" || suffix == "h" || suffix == "u" || suffix == "l" ||
      suffix == "ul" || suffix == "ll" || suffix == "ull")
    return numberError(begin, "numbers have no suffix",
                       suffix == "f" || suffix == "h"
                           ? "drop the suffix; `tl.full((), x, tl.float32)` "
                             "gives a number a type"
                           : "drop the suffix; `tl.full((), x, tl.int64)` "
                             "gives a number a type");
  return numberError(begin, "a letter follows the digits",
                     "names can not start with a digit");
}

/// Finds the end of the string whose opening quote is at \p quote.
uint32_t Lexer::scanString(uint32_t quote, bool isFormat, unsigned depth,
                           bool &closed) {
  char mark = source[quote];
  bool triple = at(quote + 1) == mark && at(quote + 2) == mark;
  uint32_t i = quote + (triple ? 3 : 1);
  unsigned fields = 0;
  closed = false;
  while (i < limit) {
    char c = source[i];
    if (c == '\\' && i + 1 < limit) {
      i = isLineEnd(source[i + 1]) ? skipLineEnd(i + 1) : i + 2;
      continue;
    }
    if (isLineEnd(c) && !triple)
      return i;
    bool atEnd =
        c == mark && (!triple || (at(i + 1) == mark && at(i + 2) == mark));
    if (isFormat && fields == 0 && c == '{' && at(i + 1) == '{') {
      i += 2;
      continue;
    }
    if (isFormat && c == '{') {
      ++fields;
    } else if (isFormat && c == '}' && fields != 0) {
      --fields;
    } else if (fields != 0 && (c == '"' || c == '\'') && !(triple && atEnd) &&
               depth < 8 && failedNested < 64) {
      // A string inside of a field may use the quotes of the outer one.
      bool nestedFormat = llvm::toLower(source[i - 1]) == 'f';
      bool nestedClosed;
      uint32_t end = scanString(i, nestedFormat, depth + 1, nestedClosed);
      if (nestedClosed) {
        i = end;
        continue;
      }
      ++failedNested;
    }
    if (atEnd) {
      closed = true;
      return i + (triple ? 3 : 1);
    }
    ++i;
  }
  return limit;
}

Token Lexer::lexString(uint32_t begin, uint32_t quote, bool isFormat) {
  char mark = source[quote];
  bool triple = at(quote + 1) == mark && at(quote + 2) == mark;
  bool closed;
  position = scanString(quote, isFormat, 0, closed);
  if (position > limit)
    position = limit;
  if (closed)
    return make(TokenKind::String, begin, position);
  if (triple)
    error(Diag::UnterminatedTripleString, begin, quote + 3)
        .label("opened here");
  else
    error(Diag::UnterminatedString, begin, quote + 1)
        .label("opened here")
        .help(llvm::Twine("close it with `") + llvm::Twine(mark) +
              "` on this line, or use triple quotes");
  Token token = make(TokenKind::Error, begin, position);
  token.reported = true;
  // An unclosed bracket behind a lost quote is not the user's second mistake.
  recovering = true;
  return token;
}

} // namespace tilesdk::frontend
