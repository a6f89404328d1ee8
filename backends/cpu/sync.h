//===- sync.h - Locks, futexes and time of the CPU driver -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <atomic>
#include <cstdint>

namespace tilesdk::cpu {

/// Arranges that forkGeneration() changes in the child of every later fork.
void watchForks();

extern std::atomic<uint32_t> forkGenerationValue;

/// A number, never 0, that differs between a process and its forked children.
/// State stamped with another generation belongs to threads that do not exist
/// here.
inline uint32_t forkGeneration() {
  return forkGenerationValue.load(std::memory_order_relaxed);
}

inline void cpuRelax() { __builtin_ia32_pause(); }

/// Orders the stores of this thread that bypassed the caches before its later
/// stores, as no lock or release does by the rules of the architecture.
inline void streamingFence() { __builtin_ia32_sfence(); }

/// A lock for a few dozen instructions. It gives the processor away when its
/// holder seems not to run, and a lock held by a thread that was lost in a
/// fork counts as free.
class SpinLock {
public:
  void lock() {
    uint32_t self = forkGeneration(), unlocked = 0;
    if (!owner.compare_exchange_strong(unlocked, self,
                                       std::memory_order_acquire,
                                       std::memory_order_relaxed))
      lockSlow(self);
  }
  void unlock() { owner.store(0, std::memory_order_release); }

private:
  void lockSlow(uint32_t self);

  std::atomic<uint32_t> owner{0};
};

class SpinGuard {
public:
  explicit SpinGuard(SpinLock &lock) : lock(lock) { lock.lock(); }
  ~SpinGuard() { lock.unlock(); }
  SpinGuard(const SpinGuard &) = delete;
  SpinGuard &operator=(const SpinGuard &) = delete;

private:
  SpinLock &lock;
};

/// Sleeps while \p word holds \p expected; may return early.
void futexWait(std::atomic<uint32_t> &word, uint32_t expected);
/// Wakes up to \p count threads that sleep on \p word.
void futexWake(std::atomic<uint32_t> &word, uint32_t count);

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t nowNs();

} // namespace tilesdk::cpu
