//===- golden_runner.cpp - Sources and the messages they must get ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/test/golden_runner.h"

#include "core/diagnostics/render.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace tilesdk::frontend::test {

namespace fs = std::filesystem;

std::string GoldenCase::option(llvm::StringRef key,
                               llvm::StringRef fallback) const {
  auto it = options.find(key.str());
  return it == options.end() ? fallback.str() : it->second;
}

static std::string readFile(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

static GoldenCase loadCase(const fs::path &path) {
  GoldenCase golden;
  golden.name = path.stem().string();
  golden.text = readFile(path);
  llvm::StringRef rest = golden.text;
  while (rest.consume_front("# ")) {
    auto [line, tail] = rest.split('\n');
    auto [key, value] = line.split(": ");
    if (!value.empty() && key.find(' ') == llvm::StringRef::npos)
      golden.options[key.str()] = value.trim().str();
    rest = tail;
  }
  return golden;
}

unsigned runGoldenCases(llvm::StringRef directory, llvm::StringRef prefix,
                        GoldenCompile compile) {
  const char *blessText = std::getenv("TILESDK_BLESS");
  bool bless = blessText && llvm::StringRef(blessText) == "1";
  std::vector<fs::path> paths;
  for (const auto &entry : fs::directory_iterator(directory.str())) {
    const fs::path &path = entry.path();
    if (path.extension() == ".py" &&
        llvm::StringRef(path.filename().string()).starts_with(prefix))
      paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path &path : paths) {
    SCOPED_TRACE(path.filename().string());
    GoldenCase golden = loadCase(path);
    diagnostics::SourceManager sources;
    diagnostics::DiagnosticSink sink(sources);
    diagnostics::FileId file =
        sources.addFile(path.filename().string(), golden.text);
    compile(golden, file, sources, sink);
    std::string found = diagnostics::renderText(sink.diagnostics(), sources);
    EXPECT_FALSE(found.empty()) << "the case gets no message at all";

    fs::path expectedPath = path;
    expectedPath.replace_extension(".expected");
    if (bless) {
      std::ofstream(expectedPath, std::ios::binary) << found;
      continue;
    }
    EXPECT_EQ(readFile(expectedPath), found)
        << "TILESDK_BLESS=1 rewrites the expected text; read the difference "
           "before you commit it";
  }
  return paths.size();
}

} // namespace tilesdk::frontend::test
