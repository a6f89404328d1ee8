//===- disk_cache.h - Content-addressed cache on disk -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One file an entry, named after its key. A file is a header with magic,
// version, key, sizes and a checksum over everything, then named sections. It
// is written beside its place and renamed into it, so a reader sees all of it
// or nothing and needs no lock. Nothing that goes wrong here is fatal: a bad
// entry is a miss, a directory that cannot be written is a warning.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/error.h"
#include "core/runtime/knobs.h"

#include "llvm/Support/JSON.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tilesdk::runtime {

struct CacheSection {
  std::string name;
  llvm::StringRef bytes;
};

/// An entry in memory; `sections` point into `file`.
struct CacheEntry {
  std::string file;
  std::vector<CacheSection> sections;
  /// The bytes of a section; empty when there is none.
  llvm::StringRef section(llvm::StringRef name) const;
  bool has(llvm::StringRef name) const;
};

class DiskCache {
public:
  using Log = std::function<void(int32_t level, const std::string &message)>;

  void init(const Knobs &knobs, Log log);

  /// `key` is 64 hex digits. Any number of threads and processes at once.
  std::optional<CacheEntry> load(const std::string &key);
  void store(const std::string &key, const std::vector<CacheSection> &sections);
  /// Says that a loaded entry turned out to be unusable.
  void reject(const std::string &key);

  /// Keeps the text that reproduces an internal error beside the entries; its
  /// path, or nothing when there is no text or no place.
  std::string storeReproducer(const std::string &key, llvm::StringRef text);

  llvm::json::Value stats();
  Error prune(uint64_t maxBytes, uint64_t *removedBytes);
  llvm::json::Value verify();
  Error clear();

  /// Where the entry of `key` is in the writable tier, for tests.
  std::string entryPath(const std::string &key) const;

private:
  struct File {
    std::string path;
    uint64_t bytes;
    int64_t changed;
  };
  std::vector<File> entries(const std::string &tier) const;
  std::vector<File> leftovers(const std::string &tier) const;
  void warnOnce(std::atomic<bool> &warned, const std::string &message);
  Error checkWritable() const;

  /// The first is written to.
  std::vector<std::string> tiers;
  uint64_t limit = 0;
  Log log;
  std::atomic<uint64_t> hits{0}, misses{0}, stores{0}, rejects{0};
  std::atomic<uint64_t> storedSincePrune{0};
  std::atomic<bool> warnedWrite{false}, warnedCorrupt{false};
};

/// Checks the bytes of a file that should be the entry of `key`.
std::optional<CacheEntry> parseEntry(const std::string &key, std::string file);

} // namespace tilesdk::runtime
