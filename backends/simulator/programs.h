//===- programs.h - What programs of a launch do to each other --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of one launch run in any order. Accesses of two of them to the same
// byte, of which one writes, must both be atomic, or ordered by atomic
// accesses: what a thread knew to have happened in its program when it did one
// happened before all that another program does after a later one to the same
// address. What threads of a program do among themselves is left to checks.h.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace tilesdk::simulator {

class LaunchMemory {
public:
  using Clock = std::shared_ptr<const std::vector<uint32_t>>;
  /// What has happened in a program: by each agent until a time of its clock,
  /// and by one of them until a later one.
  struct Past {
    Clock clock;
    uint32_t agent = 0, last = 0;

    bool has(uint32_t who, uint32_t when) const {
      return clock && ((*clock)[who] >= when || (who == agent && last >= when));
    }
    void join(const Past &other);
  };
  /// What a program knows of others.
  using Known = std::unordered_map<uint32_t, Past>;

  /// One program, which runs on one host thread.
  struct Program {
    uint32_t number = 0;
    Known known;
    /// Of the last atomic access, which has happened by the next one.
    const char *atomic = nullptr;
    std::unordered_map<const void *, uint16_t> sites;
  };

  /// A former access that a new one must not meet.
  struct Conflict {
    uint32_t program;
    const void *site;
    bool wrote;
    const char *address;
  };

  /// Of an agent at a time; \p past is what a thread knows that accesses
  /// atomically. False with what it conflicts with; \p flags are AccessFlags.
  bool access(Program &self, const char *address, uint32_t bytes,
              uint32_t flags, uint32_t agent, uint32_t clock, const Past &past,
              const void *site, Conflict &conflict);

  /// Of a launch under way, made when its first program asks.
  static std::shared_ptr<LaunchMemory> of(const void *launch);
  /// The launch has ended.
  static void end(const void *launch);

private:
  struct Stamp {
    uint32_t program = 0; ///< Its number plus one; 0: nobody.
    uint32_t agent = 0, clock = 0;
  };
  /// Who wrote a place last, and two of those who have read it since.
  struct Cell {
    Stamp write, reads[2];
    uint16_t writeSite = 0, readSites[2] = {};
    bool isAtomic = false;
  };
  static constexpr uint32_t PageBytes = 1024, NumShards = 64;
  /// Cells of four bytes, or of one after an access that needs it.
  struct Page {
    uint32_t cellBytes = 4;
    std::vector<Cell> cells;
  };
  struct Shard {
    std::mutex lock;
    std::unordered_map<uintptr_t, Page> pages;
  };

  static bool knows(const Program &self, const Stamp &stamp);
  bool update(const Program &self, Cell &cell, uint32_t flags, const Stamp &now,
              uint16_t site, Conflict &conflict);
  uint16_t siteId(Program &self, const void *site);
  const void *siteOf(uint16_t id);
  void acquire(Program &self, const char *address);
  void release(Program &self, const char *address, const Past &past);

  Shard shards[NumShards];
  std::mutex lock; // of what follows
  std::unordered_map<const void *, Known> atomics;
  std::unordered_map<const void *, uint16_t> siteIds;
  std::vector<const void *> sites{nullptr};
};

} // namespace tilesdk::simulator
