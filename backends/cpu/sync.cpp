//===- sync.cpp - Locks, futexes and time of the CPU driver -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/sync.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace tilesdk::cpu {

std::atomic<uint32_t> forkGenerationValue{1};

static void inForkedChild() {
  forkGenerationValue.fetch_add(1, std::memory_order_relaxed);
}

void watchForks() {
  static std::atomic<bool> watching{false};
  if (!watching.exchange(true))
    pthread_atfork(nullptr, nullptr, inForkedChild);
}

void SpinLock::lockSlow(uint32_t self) {
  for (unsigned spins = 0;; ++spins) {
    uint32_t holder = owner.load(std::memory_order_relaxed);
    if (holder != self &&
        owner.compare_exchange_weak(holder, self, std::memory_order_acquire,
                                    std::memory_order_relaxed))
      return;
    if (spins % 128 == 127)
      sched_yield();
    else
      cpuRelax();
  }
}

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

void futexWait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE,
          expected, nullptr, nullptr, 0);
}

void futexWake(std::atomic<uint32_t> &word, uint32_t count) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE,
          count, nullptr, nullptr, 0);
}

uint64_t nowNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000u + uint64_t(time.tv_nsec);
}

} // namespace tilesdk::cpu
