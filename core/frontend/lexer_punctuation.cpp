//===- lexer_punctuation.cpp - Brackets, operators, odd characters --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/lexer.h"

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/StringExtras.h"

namespace tilesdk::frontend {

using namespace diagnostics;

Token Lexer::closeBracket(TokenKind kind, char close) {
  uint32_t begin = position++;
  Token token = make(kind, begin, position);
  char open = close == ')' ? '(' : close == ']' ? '[' : '{';
  if (!brackets.empty() && brackets.back().open == open) {
    brackets.pop_back();
    return token;
  }
  if (brackets.empty() && inFormat && close == '}')
    return token;
  token.kind = TokenKind::Error;
  token.reported = true;
  errors = true;
  if (brackets.empty()) {
    if (!recovering)
      error(Diag::UnmatchedClosingBracket, begin, position, close);
    return token;
  }
  Bracket innermost = brackets.back();
  if (!recovering)
    error(Diag::MismatchedBracket, begin, position, close, innermost.open)
        .label(span(innermost.offset, innermost.offset + 1), "opened here");
  // Close what it was meant for: an outer bracket of its kind, else the
  // innermost one.
  size_t depth = brackets.size();
  while (depth != 0 && brackets[depth - 1].open != open)
    --depth;
  brackets.truncate(depth != 0 ? depth - 1 : brackets.size() - 1);
  return token;
}

Token Lexer::lexPunctuation() {
  uint32_t begin = position;
  auto take = [&](TokenKind kind, unsigned size) {
    position += size;
    return make(kind, begin, position);
  };
  char c = source[begin], d = at(begin + 1), e = at(begin + 2);
  // `x`, `x=`; and for doubled ones `xx`, `xx=`.
  auto operators = [&](TokenKind one, TokenKind oneEqual) {
    return d == '=' ? take(oneEqual, 2) : take(one, 1);
  };
  auto doubled = [&](TokenKind one, TokenKind oneEqual, TokenKind two,
                     TokenKind twoEqual) {
    if (d != c)
      return operators(one, oneEqual);
    return e == '=' ? take(twoEqual, 3) : take(two, 2);
  };
  using K = TokenKind;
  switch (c) {
  case '(':
  case '[':
  case '{':
    brackets.push_back({c, begin});
    return take(c == '(' ? K::LParen : c == '[' ? K::LBracket : K::LBrace, 1);
  case ')':
    return closeBracket(K::RParen, c);
  case ']':
    return closeBracket(K::RBracket, c);
  case '}':
    return closeBracket(K::RBrace, c);
  case ',':
    return take(K::Comma, 1);
  case ';':
    return take(K::Semicolon, 1);
  case ':':
    // In a field of an f-string `:=` is a format that starts with `=`.
    if (d == '=' && !(inFormat && brackets.empty()))
      return take(K::ColonEqual, 2);
    return take(K::Colon, 1);
  case '.':
    return d == '.' && e == '.' ? take(K::Ellipsis, 3) : take(K::Dot, 1);
  case '=':
    if (d == '=')
      return e == '=' ? take(K::EqualEqualEqual, 3) : take(K::EqualEqual, 2);
    return take(K::Equal, 1);
  case '!':
    return d == '=' ? take(K::NotEqual, 2) : take(K::Exclaim, 1);
  case '?':
    return take(K::Question, 1);
  case '~':
    return take(K::Tilde, 1);
  case '+':
    return operators(K::Plus, K::PlusEqual);
  case '-':
    return d == '>' ? take(K::Arrow, 2) : operators(K::Minus, K::MinusEqual);
  case '@':
    return operators(K::At, K::AtEqual);
  case '%':
    return operators(K::Percent, K::PercentEqual);
  case '^':
    return operators(K::Caret, K::CaretEqual);
  case '&':
    return d == '&' ? take(K::AmpAmp, 2) : operators(K::Amp, K::AmpEqual);
  case '|':
    return d == '|' ? take(K::PipePipe, 2) : operators(K::Pipe, K::PipeEqual);
  case '*':
    return doubled(K::Star, K::StarEqual, K::StarStar, K::StarStarEqual);
  case '/':
    return doubled(K::Slash, K::SlashEqual, K::SlashSlash, K::SlashSlashEqual);
  case '<':
    if (d == '>')
      return take(K::LessGreater, 2);
    return doubled(K::Less, K::LessEqual, K::ShiftLeft, K::ShiftLeftEqual);
  case '>':
    return doubled(K::Greater, K::GreaterEqual, K::ShiftRight,
                   K::ShiftRightEqual);
  default:
    return unexpectedCharacter();
  }
}

/// Reports a character that has no meaning. Blanks of other alphabets count as
/// blanks from there on: the token then is a Newline, which next() drops.
Token Lexer::unexpectedCharacter() {
  uint32_t begin = position;
  CodePoint c = decodeUtf8(source.slice(position, limit));
  position += c.size;
  std::string shown = "`";
  appendVisible(shown, source.slice(begin, position), c);
  shown += "` (U+" + llvm::utohexstr(c.value, false, 4) + ")";
  errors = true;
  auto report = recovering
                    ? DiagnosticBuilder::none()
                    : error(Diag::UnexpectedCharacter, begin, position, shown);
  bool isBlank = false;
  switch (c.value) {
  case 0x2018:
  case 0x2019:
  case 0x201c:
  case 0x201d:
  case 0xab:
  case 0xbb:
    report.help("strings are quoted with `\"` or `'`");
    break;
  case 0x2010:
  case 0x2011:
  case 0x2012:
  case 0x2013:
  case 0x2014:
  case 0x2212:
    report.help("the minus sign is `-`");
    break;
  case 0xd7:
    report.help("the multiplication sign is `*`");
    break;
  case 0xf7:
    report.help("the division sign is `/`");
    break;
  case 0x2264:
    report.help("write `<=`");
    break;
  case 0x2265:
    report.help("write `>=`");
    break;
  case 0x2260:
    report.help("write `!=`");
    break;
  case 0xa0:
  case 0x1680:
  case 0x202f:
  case 0x205f:
  case 0x3000:
  case 0x200b:
  case 0x2060:
  case 0xfeff:
    isBlank = true;
    break;
  default:
    isBlank = c.value >= 0x2000 && c.value <= 0x200f;
    if (c.value >= 0xff01 && c.value <= 0xff5e)
      report.help(llvm::Twine("write `") +
                  llvm::Twine(static_cast<char>(c.value - 0xfee0)) + "`");
    break;
  }
  if (isBlank) {
    report.help("this is a blank that is not a plain space; replace it");
    return make(TokenKind::Newline, begin, position);
  }
  Token token = make(TokenKind::Error, begin, position);
  token.reported = true;
  return token;
}

} // namespace tilesdk::frontend
