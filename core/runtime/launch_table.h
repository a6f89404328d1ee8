//===- launch_table.h - Specialisation key to variant -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel's map from what a typed launch looks like to what it runs. Readers
// take no lock: entries are immutable once published, and a table that grew is
// replaced by pointer while the old one stays until the kernel is gone.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/launch_pattern.h"
#include "core/runtime/object.h"

#include "llvm/ADT/ArrayRef.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tilesdk::runtime {

class Variant;

struct LaunchEntry {
  std::string key;
  uint64_t hash = 0;
  Ref<Variant> variant;
  /// Of the variant: whether the kernel has more parameters than its leaves.
  bool isExtended = false;
  /// The driver's function; null when the entry was only prepared.
  void *function = nullptr;
  /// Of launches that take this entry; none when it was only prepared.
  std::optional<LaunchPattern> pattern;
};

class LaunchTable {
public:
  LaunchTable();
  ~LaunchTable();

  static uint64_t hash(llvm::ArrayRef<uint8_t> key);
  const LaunchEntry *find(llvm::ArrayRef<uint8_t> key, uint64_t hash) const;
  /// Adds an entry, unless another thread was faster; gives the one that
  /// counts.
  const LaunchEntry *insert(std::unique_ptr<LaunchEntry> entry);
  /// The entry with a pattern that the last launch took, or null.
  const LaunchEntry *latest() const {
    return last.load(std::memory_order_acquire);
  }
  void setLatest(const LaunchEntry *entry) {
    last.store(entry, std::memory_order_release);
  }
  /// Without a lock; for tests.
  size_t size() const { return count.load(std::memory_order_relaxed); }

private:
  struct Slots {
    explicit Slots(size_t size) : mask(size - 1), slots(size) {}
    const size_t mask;
    std::vector<std::atomic<const LaunchEntry *>> slots;
  };
  static void place(Slots &slots, const LaunchEntry *entry);

  std::mutex mutex;
  std::atomic<const Slots *> current{nullptr};
  std::atomic<const LaunchEntry *> last{nullptr};
  std::atomic<size_t> count{0};
  std::vector<std::unique_ptr<Slots>> tables;
  std::vector<std::unique_ptr<LaunchEntry>> entries;
};

} // namespace tilesdk::runtime
