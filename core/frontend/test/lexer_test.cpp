//===- lexer_test.cpp - Tokens, indentation, literals ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/lexer.h"
#include "core/frontend/test/syntax_helpers.h"

#include <gtest/gtest.h>

using namespace tilesdk;
using namespace tilesdk::frontend;
using test::Parsed;

/// Tokens as words: layout as `;` `>` `<`, others as written.
static std::string lex(llvm::StringRef text) {
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink(sources);
  auto file = sources.addFile("test.py", text);
  Lexer lexer(file, sources.file(file)->text(), sink);
  std::string result;
  for (unsigned count = 0; count < 10000; ++count) {
    Token token = lexer.next();
    if (token.is(TokenKind::EndOfFile))
      break;
    if (!result.empty())
      result += ' ';
    switch (token.kind) {
    case TokenKind::Newline:
      result += ";";
      break;
    case TokenKind::Indent:
      result += ">";
      break;
    case TokenKind::Dedent:
      result += "<";
      break;
    default:
      result += text.slice(token.begin, token.end);
    }
  }
  for (const auto &diagnostic : sink.diagnostics())
    result += " !" + diagnostics::info(diagnostic.id).code.str();
  return result;
}

TEST(Lexer, Layout) {
  EXPECT_EQ(lex(""), "");
  EXPECT_EQ(lex("\n\n  \n# c\n"), "");
  EXPECT_EQ(lex("a"), "a ;");
  EXPECT_EQ(lex("a # c\nb"), "a ; b ;");
  EXPECT_EQ(lex("if a:\n  b\n\n  # c\n# d\n  c\nd\n"),
            "if a : ; > b ; c ; < d ;");
  EXPECT_EQ(lex("a:\n b:\n  c"), "a : ; > b : ; > c ; < <");
  EXPECT_EQ(lex("a:\n b:\n  c\nd"), "a : ; > b : ; > c ; < < d ;");
  EXPECT_EQ(lex("a(\n  b,\n# c\n c)\nd"), "a ( b , c ) ; d ;");
  EXPECT_EQ(lex("a + \\\n  b\nc"), "a + b ; c ;");
  EXPECT_EQ(lex("a\\\r\n+b"), "a + b ;");
}

TEST(Lexer, LineEnds) {
  EXPECT_EQ(lex("a\r\nb\rc\n"), "a ; b ; c ;");
  EXPECT_EQ(lex("if a:\r\n\tb\r\nc"), "if a : ; > b ; < c ;");
  EXPECT_EQ(lex("\xef\xbb\xbf"
                "a\n"),
            "a ;");
  EXPECT_EQ(lex("\fa\n \f b\n"), "a ; > b ; <");
}

TEST(Lexer, TabsAndSpaces) {
  EXPECT_EQ(lex("if a:\n\tb\n\tc\n"), "if a : ; > b ; c ; <");
  // A tab reaches column 8, yet eight spaces say so only by chance.
  EXPECT_EQ(lex("if a:\n\tb\n        c\n"), "if a : ; > b ; c ; < !T0009");
  EXPECT_EQ(lex("if a:\n  if b:\n\tc\n"),
            "if a : ; > if b : ; > c ; < < !T0009");
}

TEST(Lexer, WrongIndentation) {
  EXPECT_EQ(lex("if a:\n    b\n  c\n  d\ne"),
            "if a : ; > b ; < c ; d ; e ; !T0010");
  EXPECT_EQ(lex("if a:\n    b\n  c\n"), "if a : ; > b ; < c ; !T0010");
}

TEST(Lexer, IndentedSource) {
  // The text of a method: its outermost level is where it starts.
  EXPECT_EQ(lex("    def f():\n        pass\n    b\n"),
            "def f ( ) : ; > pass ; < b ;");
  EXPECT_EQ(lex("    a\nb\n"), "a ; b ; !T0104");
}

TEST(Lexer, Operators) {
  EXPECT_EQ(lex("a**=b//=c>>=d<<=e->f:=g...!=<=>=@="),
            "a **= b //= c >>= d <<= e -> f := g ... != <= >= @= ;");
  EXPECT_EQ(lex("a&&b||!c?d<>e===f"), "a && b || ! c ? d <> e === f ;");
}

TEST(Lexer, Numbers) {
  EXPECT_EQ(lex("0 00 1_000 0xFF 0o17 0b1_0 0x_f"),
            "0 00 1_000 0xFF 0o17 0b1_0 0x_f ;");
  EXPECT_EQ(lex("1. .5 1.5e-3 1e5 1_0.0_1 0e0 09.5"),
            "1. .5 1.5e-3 1e5 1_0.0_1 0e0 09.5 ;");
  EXPECT_EQ(lex("1if a else 2"), "1 if a else 2 ;");
  EXPECT_EQ(lex("1.0if a else 2.or b"), "1.0 if a else 2. or b ;");
  EXPECT_EQ(lex("x.real 1..real"), "x . real 1. . real ;");
  for (const char *bad : {"1__0", "1_", "0x", "0b2", "0o8", "012", "1e", "1e+",
                          "1.0f", "10u", "3abc", "0xfg", "0b12"})
    EXPECT_NE(lex(bad).find("!T0005"), std::string::npos) << bad;
  EXPECT_NE(lex("1j").find("!T0006"), std::string::npos);
  EXPECT_NE(lex("1.5J").find("!T0006"), std::string::npos);
  EXPECT_NE(lex(std::string(5000, '9')).find("!T0005"), std::string::npos);
}

TEST(Lexer, Strings) {
  EXPECT_EQ(lex("'a' \"b\\\"c\" r'\\\\' b'' rb\"x\" Rb'' f'{a}' u'd'"),
            "'a' \"b\\\"c\" r'\\\\' b'' rb\"x\" Rb'' f'{a}' u'd' ;");
  EXPECT_EQ(lex("r'\\'"), "r'\\' ; !T0003") << "a raw quote does not close";
  EXPECT_EQ(lex("'''a\n'b' ''' c"), "'''a\n'b' ''' c ;");
  EXPECT_EQ(lex("'a\\\nb' c"), "'a\\\nb' c ;");
  EXPECT_EQ(lex("f'{a[\"x\"]}' b"), "f'{a[\"x\"]}' b ;");
  EXPECT_EQ(lex("f'{a['x']}' b"), "f'{a['x']}' b ;");
  EXPECT_EQ(lex("f'{{' 'a}'"), "f'{{' 'a}' ;");
  EXPECT_EQ(lex("'a\nb"), "'a ; b ; !T0003");
  EXPECT_EQ(lex("x = \"\"\"a\nb"), "x = \"\"\"a\nb ; !T0004");
  EXPECT_NE(lex("x'a'").find("!T0019"), std::string::npos);
  EXPECT_EQ(lex("return'a'"), "return 'a' ;");
}

TEST(Lexer, Brackets) {
  EXPECT_EQ(lex("a)"), "a ) ; !T0012");
  EXPECT_EQ(lex("(a]"), "( a ] ; !T0013");
  EXPECT_EQ(lex("([a) b"), "( [ a ) b ; !T0013");
  EXPECT_EQ(lex("(a"), "( a ; !T0014");
  // A statement's word inside of brackets: the bracket was forgotten.
  EXPECT_EQ(lex("x = (a,\nreturn b\nc"), "x = ( a , ; return b ; c ; !T0014");
  EXPECT_EQ(lex("x = (a\n  for b in c\n  if d)"),
            "x = ( a for b in c if d ) ;");
}

TEST(Lexer, UnexpectedCharacters) {
  EXPECT_EQ(lex("a $ b"), "a $ b ; !T0002");
  EXPECT_EQ(lex("a\xc2\xa0+ b"), "a + b ; !T0002") << "no-break space";
  EXPECT_EQ(lex("a \\ b"), "a b ; !T0011");
  EXPECT_NE(lex("\xe2\x80\x9c").find("!T0002"), std::string::npos);
}

TEST(Lexer, Names) {
  EXPECT_EQ(lex("_a1 \xc3\xa4\xce\xb2 \xe6\xbc\xa2 x\xcc\x88"),
            "_a1 \xc3\xa4\xce\xb2 \xe6\xbc\xa2 x\xcc\x88 ;");
  EXPECT_EQ(lex("iffy none True"), "iffy none True ;");
}

TEST(CheckSource, NotText) {
  EXPECT_EQ(Parsed("x = '\xff'\n").codes(), "T0001 1:6");
  EXPECT_EQ(Parsed("x = 1\n\xc3\n").codes(), "T0001 2:1");
  EXPECT_EQ(Parsed(llvm::StringRef("x\0y\n", 4)).codes(), "T0015 1:2");
  ParseLimits limits;
  limits.maxSourceBytes = 4;
  EXPECT_EQ(Parsed("x = 1\n", limits).codes(), "T0016 1:1");
  EXPECT_TRUE(Parsed("\xff").module->hasErrors);
}
