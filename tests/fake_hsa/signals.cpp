//===- signals.cpp - Signals of the fake HSA runtime ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <list>
#include <thread>
#include <time.h>

namespace tilesdk::fake_hsa {

namespace {

struct Change {
  std::mutex mutex;
  std::condition_variable happened;
};
// Never destroyed: threads wait on it until the process ends.
Change &change() {
  static Change &change = *new Change();
  return change;
}

amd_signal_t &signalOf(hsa_signal_t signal) {
  return *reinterpret_cast<amd_signal_t *>(signal.handle);
}
std::atomic_ref<int64_t> valueOf(hsa_signal_t signal) {
  return std::atomic_ref<int64_t>(
      const_cast<int64_t &>(signalOf(signal).value));
}

/// One thread that calls handlers once their conditions hold.
class Handlers {
public:
  struct Entry {
    hsa_signal_t signal;
    hsa_signal_condition_t condition;
    hsa_signal_value_t value;
    hsa_amd_signal_handler handler;
    void *argument;
  };
  static Handlers &get() {
    static Handlers &handlers = *new Handlers();
    return handlers;
  }
  void add(const Entry &entry) {
    std::lock_guard lock(mutex);
    entries.push_back(entry);
    if (!isRunning) {
      isRunning = true;
      std::thread([this] { run(); }).detach();
    }
    notify();
  }

private:
  void run() {
    while (true) {
      std::list<Entry> taken;
      {
        std::lock_guard lock(mutex);
        taken.swap(entries);
      }
      for (auto at = taken.begin(); at != taken.end();) {
        hsa_signal_value_t value = load(at->signal);
        bool isOver = holds(at->condition, value, at->value) &&
                      !at->handler(value, at->argument);
        at = isOver ? taken.erase(at) : std::next(at);
      }
      {
        std::lock_guard lock(mutex);
        entries.splice(entries.begin(), taken);
      }
      waitForChange();
    }
  }

  std::mutex mutex;
  std::list<Entry> entries;
  bool isRunning = false;
};

} // namespace

void notify() {
  // Taken, so that nobody misses it between looking and waiting.
  {
    std::lock_guard lock(change().mutex);
  }
  change().happened.notify_all();
}

void waitForChange() {
  std::unique_lock lock(change().mutex);
  change().happened.wait_for(lock, std::chrono::microseconds(500));
}

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000 + uint64_t(time.tv_nsec);
}

bool holds(hsa_signal_condition_t condition, hsa_signal_value_t value,
           hsa_signal_value_t compared) {
  switch (condition) {
  case HSA_SIGNAL_CONDITION_EQ:
    return value == compared;
  case HSA_SIGNAL_CONDITION_NE:
    return value != compared;
  case HSA_SIGNAL_CONDITION_LT:
    return value < compared;
  default:
    return value >= compared;
  }
}

hsa_signal_value_t load(hsa_signal_t signal) {
  return valueOf(signal).load(std::memory_order_acquire);
}
void store(hsa_signal_t signal, hsa_signal_value_t value) {
  valueOf(signal).store(value, std::memory_order_release);
  notify();
}
void subtract(hsa_signal_t signal, hsa_signal_value_t value) {
  valueOf(signal).fetch_sub(value, std::memory_order_acq_rel);
  notify();
}

void waitFor(hsa_signal_t signal, hsa_signal_condition_t condition,
             hsa_signal_value_t value, hsa_signal_value_t mask) {
  while (!holds(condition, load(signal) & mask, value))
    waitForChange();
}

void complete(hsa_signal_t signal, uint64_t start) {
  if (!signal.handle)
    return;
  signalOf(signal).start_ts = start;
  signalOf(signal).end_ts = std::max(now(), start + 1);
  subtract(signal, 1);
}

} // namespace tilesdk::fake_hsa

using namespace tilesdk::fake_hsa;

extern "C" {

hsa_status_t hsa_signal_create(hsa_signal_value_t value, uint32_t,
                               const hsa_agent_t *, hsa_signal_t *out) {
  auto *signal = static_cast<amd_signal_t *>(
      aligned_alloc(alignof(amd_signal_t), sizeof(amd_signal_t)));
  std::memset(signal, 0, sizeof *signal);
  signal->kind = AMD_SIGNAL_KIND_USER;
  signal->value = value;
  out->handle = reinterpret_cast<uint64_t>(signal);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_signal_create(hsa_signal_value_t value, uint32_t count,
                                   const hsa_agent_t *agents, uint64_t,
                                   hsa_signal_t *out) {
  return hsa_signal_create(value, count, agents, out);
}
hsa_status_t hsa_signal_destroy(hsa_signal_t signal) {
  free(&signalOf(signal));
  return HSA_STATUS_SUCCESS;
}
hsa_signal_value_t hsa_signal_load_relaxed(hsa_signal_t signal) {
  return load(signal);
}
void hsa_signal_silent_store_relaxed(hsa_signal_t signal,
                                     hsa_signal_value_t value) {
  store(signal, value);
}
void hsa_signal_store_relaxed(hsa_signal_t signal, hsa_signal_value_t value) {
  store(signal, value);
}
void hsa_signal_store_screlease(hsa_signal_t signal, hsa_signal_value_t value) {
  store(signal, value);
}
void hsa_signal_add_relaxed(hsa_signal_t signal, hsa_signal_value_t value) {
  subtract(signal, -value);
}
void hsa_signal_subtract_relaxed(hsa_signal_t signal,
                                 hsa_signal_value_t value) {
  subtract(signal, value);
}
hsa_signal_value_t hsa_signal_wait_scacquire(hsa_signal_t signal,
                                             hsa_signal_condition_t condition,
                                             hsa_signal_value_t value,
                                             uint64_t nanoseconds,
                                             hsa_wait_state_t) {
  uint64_t start = now();
  while (!holds(condition, load(signal), value) && now() - start < nanoseconds)
    waitForChange();
  return load(signal);
}
hsa_status_t hsa_amd_signal_value_pointer(hsa_signal_t signal,
                                          volatile hsa_signal_value_t **out) {
  *out = &signalOf(signal).value;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_signal_async_handler(hsa_signal_t signal,
                                          hsa_signal_condition_t condition,
                                          hsa_signal_value_t value,
                                          hsa_amd_signal_handler handler,
                                          void *argument) {
  Handlers::get().add({signal, condition, value, handler, argument});
  return HSA_STATUS_SUCCESS;
}
hsa_status_t
hsa_amd_profiling_get_dispatch_time(hsa_agent_t, hsa_signal_t signal,
                                    hsa_amd_profiling_dispatch_time_t *out) {
  *out = {signalOf(signal).start_ts, signalOf(signal).end_ts};
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_amd_profiling_get_async_copy_time(
    hsa_signal_t signal, hsa_amd_profiling_async_copy_time_t *out) {
  *out = {signalOf(signal).start_ts, signalOf(signal).end_ts};
  return HSA_STATUS_SUCCESS;
}
}
