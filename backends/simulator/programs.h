//===- programs.h - What programs of a launch do to each other --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of one launch run in any order. Accesses of two of them to the same
// byte, of which one writes, must both be atomic, or ordered by atomic
// accesses: whatever a program did before one happened before what another does
// after a later one to the same address. That holds for programs as wholes, so
// that what their threads do among themselves is left to checks.h.
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
  /// What a program knows of others: all they did up to an epoch.
  using Known = std::unordered_map<uint32_t, uint32_t>;

  /// One program, which runs on one host thread.
  struct Program {
    uint32_t number = 0, epoch = 1;
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

  /// False with what it conflicts with; \p flags are AccessFlags.
  bool access(Program &self, const char *address, uint32_t bytes,
              uint32_t flags, const void *site, Conflict &conflict);

  /// Of a launch under way, made when its first program asks.
  static std::shared_ptr<LaunchMemory> of(const void *launch);
  /// The launch has ended.
  static void end(const void *launch);

private:
  struct Stamp {
    uint32_t program = 0; ///< Its number plus one; 0: nobody.
    uint32_t epoch = 0;
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
  bool update(const Program &self, Cell &cell, uint32_t flags, uint16_t site,
              Conflict &conflict);
  uint16_t siteId(Program &self, const void *site);
  const void *siteOf(uint16_t id);
  void acquire(Program &self, const char *address);
  void release(Program &self, const char *address);

  Shard shards[NumShards];
  std::mutex lock; // of what follows
  std::unordered_map<const void *, Known> atomics;
  std::unordered_map<const void *, uint16_t> siteIds;
  std::vector<const void *> sites{nullptr};
};

} // namespace tilesdk::simulator
