//===- diagnostics_test.cpp - Registry, sink, spans, near misses ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"
#include "core/diagnostics/render.h"
#include "core/diagnostics/utf8.h"

#include <gtest/gtest.h>

#include <set>

using namespace tilesdk::diagnostics;

//===----------------------------------------------------------------------===//
// The registry
//===----------------------------------------------------------------------===//

TEST(Registry, CodesAreUniqueSortedAndWellFormed) {
  std::set<std::string> names;
  unsigned last = 0;
  for (const DiagInfo &entry : allDiagnostics()) {
    EXPECT_GT(static_cast<unsigned>(entry.id), last) << entry.code.str();
    last = static_cast<unsigned>(entry.id);
    EXPECT_EQ(entry.code.size(), 5u);
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
  }
}

TEST(Registry, MessagesFollowTheStyle) {
  for (const DiagInfo &entry : allDiagnostics()) {
    SCOPED_TRACE(entry.code.str());
    ASSERT_FALSE(entry.message.empty());
    char first = entry.message.front();
    EXPECT_FALSE(first >= 'A' && first <= 'Z') << "start in lower case";
    EXPECT_FALSE(entry.message.ends_with(".")) << "no final stop";
    EXPECT_EQ(entry.message.count('`') % 2, 0u) << "backticks come in pairs";
    EXPECT_FALSE(entry.explanation.empty());
    EXPECT_TRUE(entry.explanation.ends_with(".")) << "explain in sentences";
  }
}

/// Placeholders are numbered from 0 without gaps.
TEST(Registry, PlaceholdersHaveNoGaps) {
  for (const DiagInfo &entry : allDiagnostics()) {
    std::vector<Arg> args;
    for (int i = 0; i < 10; ++i)
      args.push_back(std::string(1, static_cast<char>('\1' + i)));
    std::string text = formatMessage(entry.message, args);
    EXPECT_EQ(text.find('{'), std::string::npos) << entry.code.str();
    bool ended = false;
    for (int i = 0; i < 10; ++i) {
      bool used = text.find(static_cast<char>('\1' + i)) != std::string::npos;
      EXPECT_FALSE(used && ended) << entry.code.str() << " skips a number";
      ended |= !used;
    }
  }
}

TEST(Registry, ExplainFindsCodesAndNames) {
  for (const char *key : {"T0311", "t0311", "311", " T0311 ",
                          "dot-inner-mismatch", "DotInnerMismatch"}) {
    const DiagInfo *found = explain(key);
    ASSERT_NE(found, nullptr) << key;
    EXPECT_EQ(found->id, Diag::DotInnerMismatch);
  }
  EXPECT_EQ(explain("T9999"), nullptr);
  EXPECT_EQ(explain("T"), nullptr);
  EXPECT_EQ(explain(""), nullptr);
  EXPECT_EQ(explain("no-such-thing"), nullptr);
}

TEST(Registry, ExplanationIsWrapped) {
  for (const DiagInfo &entry : allDiagnostics()) {
    llvm::StringRef explanation = entry.explanation;
    std::string text = renderExplanation(entry);
    EXPECT_TRUE(llvm::StringRef(text).contains(entry.code));
    EXPECT_FALSE(llvm::StringRef(text).contains("{0")) << text;
    llvm::StringRef rest = text;
    rest = rest.drop_front(rest.rfind("\n\n") + 2);
    while (!rest.empty()) {
      auto [line, tail] = rest.split('\n');
      EXPECT_LE(line.size(), 80u) << line.str();
      rest = tail;
    }
    EXPECT_FALSE(explanation.contains("  ")) << entry.code.str();
  }
}

//===----------------------------------------------------------------------===//
// Formatting
//===----------------------------------------------------------------------===//

TEST(Format, NumbersStringsAndBraces) {
  std::vector<Arg> args = {int64_t(-1234567), uint64_t(131072), 2.5,
                           std::string("a{1}b")};
  EXPECT_EQ(formatMessage("{0} {0:n} {1:n}", args),
            "-1234567 -1,234,567 131,072");
  EXPECT_EQ(formatMessage("{2} {3} {{0}}", args), "2.5 a{1}b {0}");
  EXPECT_EQ(formatMessage("{9} {x} {", args), "{9} {x} {");
  EXPECT_EQ(formatMessage("{0:n}", {int64_t(999)}), "999");
  EXPECT_EQ(formatMessage("{0:n}", {int64_t(1000)}), "1,000");
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

TEST(Source, LinesColumnsAndOffsets) {
  SourceManager sources;
  FileId id = sources.addFile("k.py", "ab\r\n\xc3\xa4\xe6\xbc\xa2x\ry\n", 10);
  const SourceFile *file = sources.file(id);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->numLines(), 4u);
  EXPECT_EQ(file->lineText(10), "ab");
  EXPECT_EQ(file->lineText(11), "\xc3\xa4\xe6\xbc\xa2x");
  EXPECT_EQ(file->lineText(12), "y");
  EXPECT_EQ(file->lineText(13), "");
  EXPECT_EQ(file->lineText(9), "");
  EXPECT_EQ(file->lineText(14), "");
  uint32_t line, column;
  // The `x` behind a two-byte and a three-byte character.
  file->lineColumn(9, line, column);
  EXPECT_EQ(line, 11u);
  EXPECT_EQ(column, 3u);
  EXPECT_EQ(file->offsetOf(11, 3), 9u);
  EXPECT_EQ(file->offsetOf(11, 99), 10u) << "clamped to the line";
  EXPECT_EQ(file->offsetOf(99, 1), file->text().size());
  file->lineColumn(9999, line, column);
  EXPECT_EQ(line, 13u);
}

TEST(Source, LocationsComeBackToSpans) {
  SourceManager sources;
  FileId first = sources.addFile("a.py", "one two\n");
  FileId second = sources.addFile("b.py", "\xc3\xa4 = 1\n", 5);
  Span span{second, 3, 4};
  Location where = sources.resolve(span);
  EXPECT_EQ(where.file, "b.py");
  EXPECT_EQ(where.line, 5u);
  EXPECT_EQ(where.column, 3u);
  EXPECT_EQ(where.endColumn, 4u);
  EXPECT_EQ(sources.spanOf(where), span);
  // As it comes back from IR: by name, without an id.
  where.fileId = 0;
  EXPECT_EQ(sources.spanOf(where), span);
  EXPECT_EQ(sources.text({first, 4, 7}), "two");
  EXPECT_FALSE(sources.resolve(Span{}).isValid());
  EXPECT_FALSE(sources.spanOf(Location{}).isValid());
  EXPECT_EQ(sources.file(7), nullptr);
}

TEST(Source, JoinCoversBoth) {
  Span a{1, 4, 6}, b{1, 9, 12}, other{2, 0, 1};
  EXPECT_EQ(Span::join(a, b), (Span{1, 4, 12}));
  EXPECT_EQ(Span::join(b, a), (Span{1, 4, 12}));
  EXPECT_EQ(Span::join(Span{}, b), b);
  EXPECT_EQ(Span::join(a, Span{}), a);
  EXPECT_EQ(Span::join(a, other), a);
  EXPECT_EQ(b.behind(), (Span{1, 12, 12}));
}

TEST(Utf8, RejectsWhatIsNotUtf8) {
  EXPECT_EQ(decodeUtf8("a").value, 'a');
  EXPECT_EQ(decodeUtf8("\xf0\x9f\x98\x80").value, 0x1f600u);
  for (const char *bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "\xe6\xbc", "\xc3"}) {
    CodePoint c = decodeUtf8(bad);
    EXPECT_FALSE(c.valid) << bad;
    EXPECT_EQ(c.size, 1);
  }
  std::string out;
  for (uint32_t c : {0x41u, 0xe4u, 0x6f22u, 0x1f600u})
    appendUtf8(out, c);
  EXPECT_EQ(out, "A\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80");
}

//===----------------------------------------------------------------------===//
// The sink
//===----------------------------------------------------------------------===//

struct SinkTest : testing::Test {
  SourceManager sources;
  FileId file = sources.addFile("k.py", std::string(200, 'x') + "\n");
};

TEST_F(SinkTest, CollectsInOrderAndCountsErrors) {
  DiagnosticSink sink(sources);
  int seen = 0;
  sink.onReport = [&](const Diagnostic &) { ++seen; };
  sink.report(Diag::UndefinedName, Span{file, 0, 1}, "a");
  sink.report(Diag::Deprecated, Span{file, 1, 2}, "b", "use `c`");
  sink.reportGlobal(Diag::UnknownTarget, "sm_1");
  ASSERT_EQ(sink.diagnostics().size(), 3u);
  EXPECT_EQ(sink.diagnostics()[0].message, "`a` is not defined");
  EXPECT_EQ(sink.diagnostics()[1].severity, Severity::Warning);
  EXPECT_FALSE(sink.diagnostics()[2].primary.isValid());
  EXPECT_EQ(sink.numErrors(), 2u);
  EXPECT_EQ(seen, 3);
  sink.clear();
  EXPECT_FALSE(sink.hasErrors());
  EXPECT_TRUE(sink.diagnostics().empty());
}

TEST_F(SinkTest, NeverReportsTwice) {
  DiagnosticSink sink(sources);
  for (int i = 0; i < 3; ++i) {
    sink.report(Diag::UndefinedName, Span{file, 0, 1}, "a");
    sink.report(Diag::UndefinedName, Span{file, 5, 6}, "a");
    sink.report(Diag::NotCallable, Span{file, 0, 1}, "a");
    sink.reportGlobal(Diag::UnknownTarget, "a");
    sink.reportGlobal(Diag::UnknownTarget, "b");
  }
  EXPECT_EQ(sink.diagnostics().size(), 5u);
}

TEST_F(SinkTest, StopsAtTheLimitAndSaysSoOnce) {
  DiagnosticSink sink(sources, /*errorLimit=*/3);
  for (uint32_t i = 0; i < 3; ++i)
    sink.report(Diag::UndefinedName, Span{file, i, i + 1}, "a");
  EXPECT_TRUE(sink.isFull());
  EXPECT_EQ(sink.diagnostics().size(), 3u) << "exactly the limit is no excess";
  for (uint32_t i = 3; i < 9; ++i)
    sink.report(Diag::UndefinedName, Span{file, i, i + 1}, "a");
  sink.reportFull();
  ASSERT_EQ(sink.diagnostics().size(), 4u);
  EXPECT_EQ(sink.diagnostics().back().id, Diag::TooManyErrors);
  EXPECT_EQ(sink.diagnostics().back().message,
            "too many errors, stopping after 3");
}

TEST_F(SinkTest, KeepsTypedArguments) {
  DiagnosticSink sink(sources);
  sink.report(Diag::DotInnerMismatch, Span{file, 0, 1}, 64, 32u);
  sink.report(Diag::TypeMismatch, Span{file, 1, 2}, std::string("x"), true);
  auto &args = sink.diagnostics()[0].args;
  EXPECT_EQ(std::get<int64_t>(args[0]), 64);
  EXPECT_EQ(std::get<uint64_t>(args[1]), 32u);
  EXPECT_EQ(std::get<std::string>(sink.diagnostics()[1].args[1]), "True");
}

TEST_F(SinkTest, FlattenLinksChildrenToOwners) {
  DiagnosticSink sink(sources);
  sink.report(Diag::UndefinedName, Span{file, 0, 1}, "a");
  sink.report(Diag::DotInnerMismatch, Span{file, 4, 5}, 64, 32)
      .label("needs the same size here")
      .label(Span{file, 8, 9}, "128 x 64")
      .help("transpose it");
  auto flat = flatten(sink.diagnostics());
  ASSERT_EQ(flat.size(), 4u);
  EXPECT_EQ(flat[0].parent, FlatDiagnostic::noParent);
  EXPECT_EQ(flat[1].code, "T0311");
  EXPECT_EQ(flat[2].parent, 1u);
  EXPECT_EQ(flat[2].severity, Severity::Note);
  EXPECT_EQ(flat[2].where.column, 9u);
  EXPECT_EQ(flat[3].severity, Severity::Help);
  EXPECT_FALSE(flat[3].where.isValid());
}

TEST(NearMiss, FindsTypingMistakesOnly) {
  llvm::StringRef names[] = {"program_id", "arange", "load", "store",
                             "zeros",      "sum",    "max",  "float32"};
  EXPECT_EQ(nearMiss("program_di", names), "program_id");
  EXPECT_EQ(nearMiss("progam_id", names), "program_id");
  EXPECT_EQ(nearMiss("Load", names), "load");
  EXPECT_EQ(nearMiss("flaot32", names), "float32");
  EXPECT_EQ(nearMiss("lod", names), "load");
  EXPECT_EQ(nearMiss("softmax_kernel", names), std::nullopt);
  EXPECT_EQ(nearMiss("x", names), std::nullopt);
  EXPECT_EQ(nearMiss("", names), std::nullopt);
  EXPECT_EQ(nearMiss("qqqq", names), std::nullopt);
  EXPECT_EQ(nearMiss(std::string(100000, 'a'), names), std::nullopt);
}
