//===- render_test.cpp - The look of diagnostics --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/render.h"

#include "llvm/Support/JSON.h"

#include <gtest/gtest.h>

using namespace tilesdk::diagnostics;

namespace {

struct RenderTest : testing::Test {
  SourceManager sources;
  DiagnosticSink sink{sources};

  /// The span of the n-th occurrence of a text.
  Span find(FileId file, llvm::StringRef text, unsigned nth = 0) {
    llvm::StringRef all = sources.file(file)->text();
    size_t at = all.find(text);
    while (nth-- != 0)
      at = all.find(text, at + 1);
    EXPECT_NE(at, llvm::StringRef::npos);
    return {file, static_cast<uint32_t>(at),
            static_cast<uint32_t>(at + text.size())};
  }
  std::string render(bool explain = false, bool color = false) {
    RenderOptions options;
    options.explainHint = explain;
    options.color = color;
    return renderText(sink.diagnostics(), sources, options);
  }
};

} // namespace

TEST_F(RenderTest, LooksLikeTheStyleGuide) {
  FileId file = sources.addFile("matmul.py",
                                "    a = tl.load(a_ptrs)\n"
                                "    b = tl.load(b_ptrs)\n"
                                "        acc += tl.dot(a, b)\n",
                                16);
  sink.report(Diag::DotInnerMismatch, find(file, "tl.dot"), 64, 32)
      .label("needs the same size here")
      .label(find(file, "tl.load(a_ptrs)"), "128 x 64")
      .label(find(file, "tl.load(b_ptrs)"), "32 x 128")
      .help("did you mean `tl.dot(a, tl.trans(b))`? it would need `b` to be "
            "128 x 64")
      .note("specialized with BLOCK_M=128 BLOCK_N=128 BLOCK_K=64 at run.py:41");
  EXPECT_EQ(render(/*explain=*/true),
            R"(error[T0311]: inner dimensions of `dot` differ: 64 and 32
  --> matmul.py:18:16
   |
16 |     a = tl.load(a_ptrs)
   |         --------------- 128 x 64
17 |     b = tl.load(b_ptrs)
   |         --------------- 32 x 128
18 |         acc += tl.dot(a, b)
   |                ^^^^^^ needs the same size here
   = help: did you mean `tl.dot(a, tl.trans(b))`? it would need `b` to be 128 x 64
   = note: specialized with BLOCK_M=128 BLOCK_N=128 BLOCK_K=64 at run.py:41
   = for more: tilesdk explain T0311
)");
}

TEST_F(RenderTest, WithoutAPlace) {
  sink.reportGlobal(Diag::ResourceExceeded, "attn_fwd", "sm_86", 131072,
                    "shared memory per block", 101376)
      .help("num_stages=3 needs 98,304 and fits");
  EXPECT_EQ(
      render(),
      R"(error[T0702]: kernel `attn_fwd` does not fit sm_86: 131,072 bytes of shared memory per block, limit 101,376
   = help: num_stages=3 needs 98,304 and fits
)");
}

TEST_F(RenderTest, SeveralLabelsInOneLine) {
  FileId file = sources.addFile("k.py", "f(alpha, beta, gamma)\n");
  sink.report(Diag::UndefinedName, find(file, "beta"), "beta")
      .label("here")
      .label(find(file, "alpha"), "first")
      .label(find(file, "gamma"), "third");
  EXPECT_EQ(render(), R"(error[T0200]: `beta` is not defined
 --> k.py:1:10
  |
1 | f(alpha, beta, gamma)
  |   -----  ^^^^  ----- third
  |   |      |
  |   |      here
  |   first
)");
}

TEST_F(RenderTest, GapsBetweenLines) {
  FileId file = sources.addFile("k.py", "a\nb\nc\nd\ne\nf\ng\n");
  sink.report(Diag::UndefinedName, find(file, "g"), "g")
      .label(find(file, "a"), "one")
      .label(find(file, "c"), "two");
  EXPECT_EQ(render(), R"(error[T0200]: `g` is not defined
 --> k.py:7:1
  |
1 | a
  | - one
2 | b
3 | c
  | - two
...
7 | g
  | ^
)");
}

TEST_F(RenderTest, WideCharactersAndTabs) {
  FileId file = sources.addFile(
      "k.py", "\tx = \"\xe6\xbc\xa2\xe5\xad\x97\" + y\n\xc3\xa4 = z\n");
  sink.report(Diag::UndefinedName, find(file, "y"), "y");
  sink.report(Diag::UndefinedName, find(file, "z"), "z");
  // Two ideographs take four columns, the tab four.
  EXPECT_EQ(render(), "error[T0200]: `y` is not defined\n"
                      " --> k.py:1:13\n"
                      "  |\n"
                      "1 |     x = \"\xe6\xbc\xa2\xe5\xad\x97\" + y\n"
                      "  |                  ^\n"
                      "\n"
                      "error[T0200]: `z` is not defined\n"
                      " --> k.py:2:5\n"
                      "  |\n"
                      "2 | \xc3\xa4 = z\n"
                      "  |     ^\n");
}

TEST_F(RenderTest, HostileBytesAreEscaped) {
  std::string text("a\0b \x1b[31m \xff \xe2\x80\xae y\n", 18);
  FileId file = sources.addFile("evil\n\x1b.py", text);
  sink.report(Diag::UndefinedName, find(file, "y"), "\x1b[2Jy");
  EXPECT_EQ(render(), R"(error[T0200]: `\x1b[2Jy` is not defined
 --> evil\x0a\x1b.py:1:15
  |
1 | a\x00b \x1b[31m \xff \u{202e} y
  |                               ^
)");
}

TEST_F(RenderTest, LongLinesAreCropped) {
  FileId file = sources.addFile("k.py", std::string(100000, 'a') + " oops " +
                                            std::string(100000, 'b') + "\n");
  sink.report(Diag::UndefinedName, find(file, "oops"), "oops").label("this");
  std::string text = render();
  EXPECT_LT(text.size(), 600u);
  // The caret still stands below the word.
  size_t line = text.find("1 | "), word = text.find("oops", line) - line;
  size_t marks = text.find("  | ", line + 4), caret = text.find("^^^^") - marks;
  EXPECT_EQ(word, caret);
  EXPECT_NE(text.find("..."), std::string::npos);
}

TEST_F(RenderTest, NotesWithAPlaceGetASnippet) {
  FileId file = sources.addFile("a.py", "x = f(y)\n");
  FileId other = sources.addFile("b.py", "def f(z):\n    return w\n");
  sink.report(Diag::UndefinedName, find(other, "w"), "w")
      .note(find(file, "f(y)"), "called from here")
      .label(find(file, "y"), "this argument")
      .help("define it");
  EXPECT_EQ(render(), R"(error[T0200]: `w` is not defined
 --> b.py:2:12
  |
2 |     return w
  |            ^
  = help: define it
note: called from here
 --> a.py:1:5
  |
1 | x = f(y)
  |     ^^^^
note: this argument
 --> a.py:1:7
  |
1 | x = f(y)
  |       ^
)");
}

TEST_F(RenderTest, PlacesBehindTheEndAndOverLines) {
  FileId file = sources.addFile("k.py", "def f()\nx = (1,\n  2)\n");
  sink.report(Diag::MissingColon, find(file, "def f()").behind(), "`def`")
      .label("`:` belongs here");
  Span both = find(file, "(1,\n  2)");
  sink.report(Diag::NotCallable, both, "a tuple").label("starts here");
  EXPECT_EQ(render(), R"(error[T0102]: expected `:` after `def`
 --> k.py:1:8
  |
1 | def f()
  |        ^ `:` belongs here

error[T0203]: a tuple can not be called
 --> k.py:2:5
  |
2 | x = (1,
  |     ^^^ starts here
)");
}

TEST_F(RenderTest, MissingSourceShowsThePlaceAlone) {
  Location where;
  where.file = "gone.py";
  where.line = 12;
  where.column = 3;
  sink.report(Diag::UndefinedName, where, "a").label(where, "b");
  EXPECT_EQ(render(), "error[T0200]: `a` is not defined\n"
                      "  --> gone.py:12:3\n"
                      "note: b\n"
                      "  --> gone.py:12:3\n");
}

TEST_F(RenderTest, NotesOfSeveralLinesAreIndented) {
  sink.reportGlobal(Diag::Internal, "x").note("one\ntwo\n");
  EXPECT_EQ(render(), "error[T1000]: internal error: x\n"
                      "   = note: one\n"
                      "           two\n");
}

TEST_F(RenderTest, ColorAddsEscapesAndNothingElse) {
  FileId file = sources.addFile("k.py", "f(a, b)\n");
  sink.report(Diag::UndefinedName, find(file, "b"), "b")
      .label("here")
      .label(find(file, "a"), "there")
      .help("define it");
  std::string colored = render(true, true), plain;
  EXPECT_NE(colored.find("\x1b[1;31merror[T0200]\x1b[0m"), std::string::npos);
  for (size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b')
      i = colored.find('m', i);
    else
      plain += colored[i];
  }
  EXPECT_EQ(plain, render(true, false));
}

TEST_F(RenderTest, JsonHasEveryField) {
  FileId file = sources.addFile("k.py", "a = b\n");
  sink.report(Diag::DotInnerMismatch, find(file, "b"), 64, 32)
      .label("here")
      .label(find(file, "a"), "there \xff")
      .note("n")
      .help("h");
  auto value = llvm::json::parse(renderJsonLines(sink.diagnostics()));
  ASSERT_TRUE(static_cast<bool>(value));
  auto *object = value->getAsObject();
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->getString("severity"), "error");
  EXPECT_EQ(object->getString("code"), "T0311");
  EXPECT_EQ(object->getString("name"), "dot-inner-mismatch");
  EXPECT_EQ((*object->getArray("args"))[1].getAsInteger(), 32);
  EXPECT_EQ(object->getObject("span")->getInteger("column"), 5);
  EXPECT_EQ(object->getObject("span")->getString("file"), "k.py");
  EXPECT_EQ(object->getArray("labels")->size(), 1u);
  EXPECT_EQ(object->getArray("children")->size(), 2u);
  sink.clear();
  sink.reportGlobal(Diag::Internal, "x");
  EXPECT_EQ(toJson(sink.diagnostics()[0]).getAsObject()->get("span")->kind(),
            llvm::json::Value::Null);
}
