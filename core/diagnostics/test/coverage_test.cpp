//===- coverage_test.cpp - Every message is produced by some test ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A code counts as tested when it stands in a file of a folder named `test` or
// `tests`: in an expected text, or in a test's source. untested.txt lists the
// exemptions; it may only shrink. With TILESDK_BLESS=1 in the environment the
// list loses what has got a test, and never gains.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace tilesdk::diagnostics;
namespace fs = std::filesystem;

static const fs::path sourceDir = TILESDK_SOURCE_DIR;
static const fs::path listPath =
    sourceDir / "core/diagnostics/test/untested.txt";

static std::string readFile(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

static void collectCodes(llvm::StringRef text, std::set<std::string> &codes) {
  for (size_t at = text.find('T'); at != llvm::StringRef::npos;
       at = text.find('T', at + 1)) {
    llvm::StringRef code = text.substr(at, 5);
    bool isCode =
        code.size() == 5 && code.drop_front().find_first_not_of("0123456789") ==
                                llvm::StringRef::npos;
    // Not a piece of a longer word.
    if (isCode && (at + 5 >= text.size() || !isalnum(text[at + 5])) &&
        (at == 0 || !isalnum(text[at - 1])))
      codes.insert(code.str());
  }
}

static bool isInTestFolder(const fs::path &relative) {
  for (const fs::path &part : relative.parent_path())
    if (part == "test" || part == "tests")
      return true;
  return false;
}

static std::set<std::string> testedCodes() {
  std::set<std::string> codes;
  for (const char *root :
       {"api", "backends", "bindings", "core", "samples", "tests", "tools"}) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(sourceDir / root, error), end;
         it != end; it.increment(error)) {
      if (!it->is_regular_file(error) || it->path() == listPath ||
          it->path().filename() == "diagnostics_test.cpp" ||
          it->path().filename() == "render_test.cpp" ||
          !isInTestFolder(fs::relative(it->path(), sourceDir)))
        continue;
      collectCodes(readFile(it->path()), codes);
    }
  }
  return codes;
}

static std::set<std::string> exemptCodes() {
  std::set<std::string> codes;
  std::istringstream lines(readFile(listPath));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] != '#')
      codes.insert(line.substr(0, 5));
  return codes;
}

/// Rewrites the list without the codes that are tested.
static void shrinkList(const std::set<std::string> &tested) {
  std::istringstream lines(readFile(listPath));
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.empty() || line[0] == '#' || !tested.count(line.substr(0, 5)))
      kept += line + "\n";
  std::ofstream(listPath, std::ios::binary) << kept;
}

TEST(Coverage, EveryCodeIsTestedOrExempt) {
  std::set<std::string> tested = testedCodes();
  const char *bless = std::getenv("TILESDK_BLESS");
  if (bless && std::string(bless) == "1")
    shrinkList(tested);
  std::set<std::string> exempt = exemptCodes();
  for (const DiagInfo &entry : allDiagnostics()) {
    std::string code = entry.code.str();
    EXPECT_TRUE(tested.count(code) || exempt.count(code))
        << code << " " << entry.name
        << " is produced by no test; add one, see "
           "core/frontend/test/diagnostics/README.md";
    EXPECT_FALSE(tested.count(code) && exempt.count(code))
        << code << " has a test: take it off " << listPath;
  }
}

TEST(Coverage, TestsAndExemptionsNameExistingCodes) {
  std::set<std::string> known;
  for (const DiagInfo &entry : allDiagnostics())
    known.insert(entry.code.str());
  for (const std::string &code : exemptCodes())
    EXPECT_TRUE(known.count(code)) << code << " is exempt but does not exist";
}

/// The number may only be lowered.
TEST(Coverage, ExemptionsOnlyShrink) { EXPECT_LE(exemptCodes().size(), 127u); }
