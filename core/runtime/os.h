//===- os.h - Files and shared libraries of the host ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only file of the runtime that knows the operating system.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tilesdk::runtime::os {

/// Nanoseconds on the monotonic clock.
uint64_t now();

/// How often this process was forked off one that had called watchForks.
uint32_t forkCount();
void watchForks();

/// Directory of the file this code was loaded from.
std::string libraryDirectory();

/// Opens a shared library for ever, with its symbols to itself.
Error openLibrary(const std::string &path, void **library);
void *librarySymbol(void *library, const char *name);

/// Bytes of a regular file of at most `limit` bytes; nothing when it is absent,
/// unreadable or longer.
std::optional<std::string> readFile(const std::string &path, size_t limit);
/// Writes a new file; an errno on failure, and then nothing is left behind.
int writeFile(const std::string &path, const std::vector<tsdk_bytes> &parts);
int renameFile(const std::string &from, const std::string &to);
int removeFile(const std::string &path);
/// Makes a directory and its parents, private to the user.
int makeDirectories(const std::string &path);
bool exists(const std::string &path);
/// Without links; the path itself when it does not exist.
std::string realPath(const std::string &path);
bool isDirectory(const std::string &path);
bool isWritable(const std::string &path);
/// Sets a file's time of last change to now.
void touch(const std::string &path);

struct FileInfo {
  std::string name;
  bool directory = false;
  uint64_t bytes = 0;
  int64_t changed = 0; ///< Nanoseconds since 1970.
};
/// Entries of a directory, sorted by name; empty when it cannot be read.
std::vector<FileInfo> listDirectory(const std::string &path);
/// Nanoseconds since 1970.
int64_t wallTime();
std::string errorText(int error);
uint32_t processId();

/// What identifies the contents of an ELF file: its build-id note as hex
/// digits, else size and time; empty when it cannot be read. The file is not
/// loaded.
std::string fileIdentity(const std::string &path);

} // namespace tilesdk::runtime::os
