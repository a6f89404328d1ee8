//===- checks.h - What is wrong with a program's accesses -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is known of each byte that a program touched, and of what happened
// before what. Two accesses of which one writes must be ordered: by the program
// order of one thread, or by what threads do together. Asynchronous work is an
// agent of its own, whose accesses are ordered for a thread once it has waited.
// So what is found does not depend on the order in which threads happen to run.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/simulator/programs.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tilesdk::simulator {

/// The checks of the build option `check`.
enum CheckBits : uint32_t {
  RaceCheck = 1,
  BoundsCheck = 2,
  UninitCheck = 4,
  BarrierCheck = 8,
  /// Asynchronous work is done when it is issued, not when it is waited for.
  WorksEarly = 16
};
/// Of a list of names; what is unknown is nothing.
uint32_t checksOf(std::string_view list);

/// Flags of tsdk.check.access.
enum AccessFlags : uint32_t {
  AccessReads = 1,
  AccessWrites = 2,
  AccessAtomic = 4,
  AccessShared = 8
};

/// A place in the source, as core/codegen/check_accesses.cpp packs it.
struct Site {
  explicit Site(const void *packed);
  uint32_t line, column;
  int32_t parameter;
  const char *file, *what, *parameterName, *callers;
  /// "load at f.py:3:5, called from g.py:7".
  std::string text() const;
};

/// The memory behind a kernel's parameter; `begin` 0: not known.
struct Extent {
  uint64_t begin, end;
};

/// What a thread knows of the others' clocks.
using Clock = std::shared_ptr<const std::vector<uint32_t>>;

/// Asynchronous work that is counted in groups and waited for: of stores of
/// boxes what they read and, of the same groups, what they write.
enum Later : uint32_t {
  CopyGroups,
  BoxGroups,
  ProductGroups,
  BoxWriteGroups,
  NumLater
};

class Checker {
public:
  Checker(uint32_t checks, uint32_t threads, uint32_t warpSize,
          const char *shared, uint32_t sharedBytes, const Extent *extents,
          uint32_t numExtents);
  /// The program is one of several, of which this is the number.
  void addPrograms(std::shared_ptr<LaunchMemory> memory, uint32_t number,
                   const uint32_t grid[3]);

  bool has(CheckBits check) const { return checks & check; }
  /// What the thread is about to do.
  void setSite(uint32_t thread, const void *site) { sites[thread] = site; }
  const void *siteOf(uint32_t thread) const { return sites[thread]; }
  /// Where the thread is, for messages; empty: not known.
  std::string placeOf(uint32_t thread) const;

  // All return false when something is wrong; `report` says what.
  bool access(uint32_t thread, const char *address, uint32_t bytes,
              uint32_t flags, const void *site);
  /// An asynchronous copy to shared memory is issued; `from` null: fills.
  bool copy(uint32_t thread, const char *to, const char *from, uint32_t bytes);
  /// A copy of a box is issued, of which whoever acquires \p into knows.
  bool copyBox(uint32_t thread, const char *to, uint32_t bytes, Clock &into);
  /// What the thread's latest copy of a box reads, or its latest store writes.
  bool boxReads(uint32_t thread, const char *from, uint32_t bytes);
  bool boxWrites(uint32_t thread, const char *to, uint32_t bytes);
  /// Asynchronous work of the thread reads.
  bool readLater(uint32_t thread, Later kind, const char *address,
                 uint32_t bytes);

  /// A barrier in shared memory is made, or used, by the thread.
  bool barrier(uint32_t thread, const char *address, uint32_t flags);

  /// The number of the group that the thread's next work goes to.
  uint32_t openGroup(uint32_t thread, Later kind) const {
    return committed[kind][thread] + 1;
  }
  /// The thread uses what a product of a group gives.
  bool result(uint32_t thread, uint32_t group, const void *site);

  // What orders accesses.
  void synchronise(const std::vector<uint32_t> &threads);
  void synchroniseWarp(uint32_t thread);
  /// What the thread did is part of \p into.
  void release(uint32_t thread, Clock &into);
  /// What is part of \p from happened before what the thread does now.
  void acquire(uint32_t thread, const Clock &from);
  void commit(uint32_t thread, Later kind) { ++committed[kind][thread]; }
  void wait(uint32_t thread, Later kind, uint32_t pending);

  const std::string &report() const { return message; }

private:
  /// Who did something last, and when by his clock; clock 0: nobody.
  struct Stamp {
    uint32_t clock = 0;
    uint16_t agent = 0, site = 0;
    bool operator==(const Stamp &) const = default;
  };
  /// One byte of memory.
  struct Cell {
    Stamp write;
    uint32_t reads = 0; // a set of readers since that write
    bool isWritten = false, isAtomic = false;
    bool operator==(const Cell &) const = default;
  };
  /// A set of readers: one of them, and the others.
  struct Reader {
    Stamp stamp;
    uint32_t others, depth;
  };
  struct ReaderKey {
    Stamp stamp;
    uint32_t others;
    bool operator==(const ReaderKey &) const = default;
  };
  struct ReaderHash {
    size_t operator()(const ReaderKey &key) const {
      uint64_t low = uint64_t(key.stamp.clock) << 32 | key.others;
      uint64_t high = uint64_t(key.stamp.agent) << 16 | key.stamp.site;
      return (low * 0x9e3779b97f4a7c15u) ^ (high * 0xc2b2ae3d27d4eb4fu);
    }
  };
  struct Thread {
    uint32_t clock = 1, boxes = 0;
    uint32_t done[NumLater] = {}; // groups waited for
    Clock seen;
  };
  static constexpr uint32_t PageBytes = 1024;

  // Agents: the threads; what they issue, by kind; copies of boxes.
  uint32_t agentOf(uint32_t thread, Later kind) const {
    // A warp issues products together.
    return numThreads * (kind + 1) +
           (kind == ProductGroups ? thread / warpSize * warpSize : thread);
  }
  uint32_t boxAgent(uint32_t thread) const {
    return numThreads * (NumLater + 1) + thread;
  }
  void publish(uint32_t thread, std::vector<uint32_t> &clock);
  bool knows(uint32_t thread, const Stamp &stamp) const;
  uint16_t internSite(const void *site);
  Stamp stampOf(uint32_t agent, uint32_t clock, const void *site) {
    return {clock, static_cast<uint16_t>(agent), internSite(site)};
  }
  uint32_t addReader(uint32_t set, const Stamp &stamp);
  void forgetReaders(const std::vector<uint32_t> &known);
  uint32_t live(uint32_t set) const { return set < firstReader ? 0 : set; }
  const Reader &reader(uint32_t set) const {
    return readers[set - firstReader];
  }
  Cell *cellsOf(const char *address, uint32_t flags, uint32_t &count);
  bool track(uint32_t thread, const char *address, uint32_t bytes,
             uint32_t flags, const Stamp &stamp);
  bool update(uint32_t thread, Cell &cell, uint32_t flags, const Stamp &stamp,
              const char *address);
  bool inBounds(uint32_t thread, const char *address, uint32_t bytes,
                uint32_t flags, const void *site);
  bool meets(const char *address, uint32_t bytes, uint32_t flags,
             const Stamp &stamp);
  std::string who(const Stamp &stamp) const;
  std::string globalPlace(const char *address, const void *site) const;
  std::string placeText(const char *address, uint32_t flags) const;
  bool race(uint32_t flags, const Stamp &now, bool wrote, const Stamp &before,
            const char *address);

  const uint32_t checks, numThreads, warpSize, numAgents;
  const char *const shared;
  const uint32_t sharedBytes;
  const Extent *const extents;
  const uint32_t numExtents;
  std::vector<Thread> threads;
  std::vector<uint32_t> committed[NumLater], everybody;
  std::vector<const void *> sites;
  std::vector<Cell> sharedCells;
  std::unordered_map<uintptr_t, std::vector<Cell>> pages;
  std::vector<Reader> readers;
  std::unordered_map<ReaderKey, uint32_t, ReaderHash> readerIds;
  uint32_t firstReader = 1;
  std::vector<const void *> siteList{nullptr};
  std::unordered_map<const void *, uint16_t> siteIds;
  std::string message;
  std::shared_ptr<LaunchMemory> launchMemory; // null: one program alone
  LaunchMemory::Program program;
  uint32_t grid[3] = {};
};

} // namespace tilesdk::simulator
