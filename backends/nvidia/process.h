//===- process.h - Running a program ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tilesdk::nvidia {

/// A new folder that goes with all that is in it; empty path: none was made.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  std::string file(const char *name);

private:
  std::string path;
  std::vector<std::string> files;
};

bool writeFile(const std::string &path, const void *data, size_t size);
bool readFile(const std::string &path, std::string &out);

enum class Ended { Well, Badly, NotStarted, Cancelled, Late };

/// Runs a program without input, its output and errors into a file, until
/// \p cancel is set (may be null) or \p deadline (nanoseconds of
/// CLOCK_MONOTONIC, 0: none) is over.
Ended runProgram(const std::vector<std::string> &arguments,
                 const std::string &output, uint64_t deadline,
                 const int32_t *cancel);

} // namespace tilesdk::nvidia
