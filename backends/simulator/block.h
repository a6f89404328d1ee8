//===- block.h - The threads of one program ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program runs on one host thread: each of its threads is a fiber, and what
// threads do together is a rendezvous. A thread that waits gives control back;
// the round goes on until all have finished, or until a whole round passes in
// which nothing happened: then threads wait for each other in vain, which is a
// divergent barrier.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/fiber.h"
#include "backends/cpu/launch.h"
#include "backends/simulator/boxes.h"
#include "backends/simulator/checks.h"
#include "core/target/target.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tilesdk::simulator {

struct TargetModel;

/// A copy from global to shared memory that was issued and not waited for.
struct PendingCopy {
  char *to;
  std::vector<char> bytes;
};

/// A box under way to shared memory.
struct PendingBox {
  char *to;
  const void *barrier;
  std::vector<char> bytes;
};

/// A store of a box that was issued and is not complete.
struct PendingStore {
  TensorMap map;
  const char *from;
  std::array<int32_t, TensorMap::MaxRank> at;
  const void *site;        ///< Null without checks.
  std::vector<char> bytes; ///< Once they were read.
};

/// Asynchronous work of one thread, in groups in order of their commits.
template <typename Work> struct WorkGroups {
  std::vector<Work> open;
  std::vector<std::vector<Work>> groups;

  void commit() {
    groups.push_back(std::move(open));
    open.clear();
  }
  /// Visits all but the last `pending` groups; how many these are.
  template <typename Function> size_t visit(uint32_t pending, Function fn) {
    size_t done = groups.size() > pending ? groups.size() - pending : 0;
    for (size_t i = 0; i < done; ++i)
      for (Work &each : groups[i])
        fn(each);
    return done;
  }
  /// Does what is left but for the last `pending` groups.
  template <typename Function> void finish(uint32_t pending, Function fn) {
    size_t done = visit(pending, fn);
    groups.erase(groups.begin(), groups.begin() + static_cast<ptrdiff_t>(done));
  }
};

class Block {
public:
  /// Runs the program to its end, or until it fails.
  static void run(const cpu::Function &function, void *const *params,
                  const tsdk_tile_program &program);
  /// The block whose thread is running; null outside of kernels.
  static Block *current();

  uint32_t thread() const { return running; }
  uint32_t lane() const { return running % warpSize; }
  const tsdk_tile_program &ids() const { return *program; }
  const TargetModel &model() const { return *target; }
  char *shared() const { return sharedMemory; }
  uint32_t threads() const { return numThreads; }
  /// Null when the kernel was built without checks.
  Checker *checks() const { return checker.get(); }

  /// All `count` threads that use barrier `id` have arrived.
  void barrier(uint32_t id, uint32_t count);
  /// Called by every lane of a warp; the last one to come calls `work` with
  /// what each lane brought, in order of lanes.
  template <typename Work>
  void warpTogether(const char *what, void *brought, Work work) {
    together(warps[running / warpSize], what, brought, work);
  }
  /// The same for all lanes of a warp group.
  template <typename Work>
  void groupTogether(const char *what, void *brought, Work work) {
    together(warpGroups[running / (warpSize * warpGroupWarps)], what, brought,
             work);
  }

  /// Waits until `isDone` holds; other threads go on meanwhile.
  template <typename Done> void waitUntil(const char *what, Done isDone) {
    while (!isDone() && !failed)
      suspend(what);
  }
  /// Something changed for those who wait.
  void progress() { progressed = true; }

  /// The launch failed; threads end where they are.
  void fail(int32_t code, const std::string &message);
  /// The thread that runs goes no further when its access was wrong, or when
  /// another program failed: it may be what this one waits for.
  void require(bool isRight) {
    if (!isRight || cpu::LaunchOp::hasFailed(*program)) [[unlikely]]
      stop();
  }

  // Asynchronous copies of one thread: groups in order of their commits.
  void copyAsync(char *to, const char *from, uint32_t bytes);
  void commitCopies();
  void waitCopies(uint32_t pending);

  // Boxes, whose coordinates come innermost first.
  void loadBox(char *to, const void *barrier, const void *map,
               const int32_t *at, uint32_t rank);
  void storeBox(const void *map, char *from, const int32_t *at, uint32_t rank);
  void commitStores();
  /// Until they were read or, with `written`, are in memory.
  void waitStores(uint32_t pending, bool written);
  /// The program ends.
  void finishStores();
  /// What is under way to a barrier arrives.
  void completeBoxes(const void *barrier);

  struct MemoryBarrier {
    uint32_t count = 0, arrived = 0, phase = 0;
    int64_t bytes = 0;
    /// What happened before the arrivals of this phase, and of those before.
    Clock arriving, completed;
  };
  MemoryBarrier &memoryBarrier(const void *address) {
    return memoryBarriers[address];
  }
  void settle(MemoryBarrier &barrier);

private:
  /// Lanes that do things together.
  struct Warp {
    std::vector<void *> brought;
    const char *what = nullptr;
    uint32_t arrived = 0, epoch = 0;
  };
  struct Barrier {
    uint32_t arrived = 0, epoch = 0;
    std::vector<uint32_t> threads; // with checks only
  };

  template <typename Work>
  void together(Warp &warp, const char *what, void *brought, Work work) {
    if (!meet(warp, what, brought))
      return;
    work(warp.brought.data());
    leave(warp);
  }
  bool meet(Warp &warp, const char *what, void *brought);
  void leave(Warp &warp);
  void performStore(const PendingStore &store);
  bool isBoxAt(const TensorMap &map, const int32_t *at, bool isStore);
  const TensorMap *tensorMap(const void *map, const char *shared,
                             uint32_t rank);
  void suspend(const char *what);
  void stop();
  std::string stuck(const std::vector<bool> &done) const;
  void runThreads();
  static void threadMain(void *argument);

  const cpu::Function *function = nullptr;
  const tsdk_tile_program *program = nullptr;
  void *const *params = nullptr;
  const TargetModel *target = nullptr;
  char *sharedMemory = nullptr;
  uint32_t numThreads = 0, warpSize = 32, warpGroupWarps = 1;
  uint32_t running = 0;
  bool progressed = false, failed = false, worksEarly = false;
  std::unique_ptr<Checker> checker;
  std::vector<cpu::Fiber *> fibers;
  std::vector<const char *> waitsFor;
  std::vector<Warp> warps, warpGroups;
  std::map<uint32_t, Barrier> barriers;
  std::vector<WorkGroups<PendingCopy>> copies;
  std::vector<WorkGroups<PendingStore>> stores;
  std::vector<PendingBox> boxes;
  std::unordered_map<const void *, MemoryBarrier> memoryBarriers;
};

} // namespace tilesdk::simulator
