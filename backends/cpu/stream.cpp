//===- stream.cpp - Ordered queues of work ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/stream.h"

#include "backends/cpu/device.h"

#include <algorithm>
#include <cstdlib>

namespace tilesdk::cpu {

namespace {

// A node holds a launch of about twenty parameters; larger ops come from the
// heap.
constexpr size_t NodeBytes = 768;
constexpr size_t NodesPerSlab = 32;
constexpr size_t NodeAlign = 64;

// So many queued ops are a runaway producer, which then has to wait.
constexpr uint64_t MaxQueued = 16384;

// A thread that waits looks for work this long before it sleeps.
constexpr uint64_t SpinNs = 30'000;

} // namespace

Stream::Stream(Device &device, Scheduler &scheduler, int32_t priority)
    : device(device), scheduler(scheduler), priority(priority),
      generation(forkGeneration()) {}

Stream::~Stream() {
  while (slabs) {
    void *next = *static_cast<void **>(slabs);
    free(slabs);
    slabs = next;
  }
}

void Stream::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

void Stream::checkFork() {
  if (generation == forkGeneration())
    return;
  // What was queued is the parent's to do; its nodes may be half written.
  generation = forkGeneration();
  head = tail = nullptr;
  freeNodes = nullptr;
  if (active)
    references.fetch_sub(1, std::memory_order_relaxed);
  active = false;
  wakeAt = UINT64_MAX;
  failure = {};
  sleepers.store(0, std::memory_order_relaxed);
  completed.store(enqueued, std::memory_order_relaxed);
}

void *Stream::allocate(size_t bytes, bool &fromPool) {
  fromPool = bytes <= NodeBytes;
  if (!fromPool)
    return aligned_alloc(NodeAlign, (bytes + NodeAlign - 1) & ~(NodeAlign - 1));
  SpinGuard guard(lock);
  checkFork();
  if (!freeNodes) {
    char *slab = static_cast<char *>(
        aligned_alloc(NodeAlign, NodeAlign + NodesPerSlab * NodeBytes));
    if (!slab)
      return nullptr;
    *reinterpret_cast<void **>(slab) = slabs;
    slabs = slab;
    for (size_t i = NodesPerSlab; i-- > 0;) {
      void *node = slab + NodeAlign + i * NodeBytes;
      *static_cast<void **>(node) = freeNodes;
      freeNodes = node;
    }
  }
  void *node = freeNodes;
  freeNodes = *static_cast<void **>(node);
  return node;
}

/// Called under the lock.
void Stream::recycle(Op *op) {
  bool fromPool = op->fromPool;
  void *memory = op; // Op is the first base of every op
  op->~Op();
  if (!fromPool) {
    free(memory);
    return;
  }
  *static_cast<void **>(memory) = freeNodes;
  freeNodes = memory;
}

void Stream::enqueue(Op *op) {
  bool start, tooMany;
  uint64_t drainTo = 0;
  {
    SpinGuard guard(lock);
    checkFork();
    op->next = nullptr;
    (tail ? tail->next : head) = op;
    tail = op;
    ++enqueued;
    tooMany = enqueued - completed.load(std::memory_order_relaxed) > MaxQueued;
    drainTo = enqueued - MaxQueued / 2;
    start = !active;
    if (start) {
      active = true;
      retain(); // dropped when the stream becomes inactive
    }
  }
  if (start) {
    Advance list;
    push(list, /*headDone=*/false);
    advanceAll(list);
  }
  if (tooMany)
    waitFor(drainTo);
}

void Stream::push(Advance &list, bool done) {
  headDone = done;
  nextToAdvance = list.first;
  list.first = this;
}

void Stream::finishHead(bool callerJoins) {
  Advance list;
  list.callerJoins = callerJoins;
  push(list, /*headDone=*/true);
  advanceAll(list);
}

void Stream::advanceAll(Advance &list) {
  while (Stream *stream = list.first) {
    list.first = stream->nextToAdvance;
    stream->advance(list);
  }
}

void Stream::advance(Advance &list) {
  for (bool done = headDone;; done = true) {
    Op *op;
    bool wakeSleepers = false;
    {
      SpinGuard guard(lock);
      if (done) {
        op = head;
        head = op->next;
        if (!head)
          tail = nullptr;
        recycle(op);
        uint64_t count = completed.load(std::memory_order_relaxed) + 1;
        completed.store(count, std::memory_order_release);
        if (count >= wakeAt) {
          wakeAt = UINT64_MAX;
          wakeSleepers = true;
        }
      }
      op = head;
      if (!op)
        active = false;
    }
    if (wakeSleepers)
      signal();
    if (!op) {
      release();
      return;
    }
    if (!op->start(*this, list))
      return;
  }
}

void Stream::signal() {
  signals.fetch_add(1, std::memory_order_release);
  futexWake(signals, UINT32_MAX >> 1);
}

void Stream::submitJob(Job &job, Advance &list) {
  job.stream = this;
  job.priority = priority;
  bool callerJoins = std::exchange(list.callerJoins, false);
  // The job and the stream may be gone when submit() returns.
  if (job.parallelism > 1)
    callHelpers();
  scheduler.submit(job, callerJoins);
}

/// Wakes threads that wait for this stream, so that they take part. One that
/// goes to sleep at this moment may stay asleep: that costs speed only.
void Stream::callHelpers() {
  if (sleepers.load(std::memory_order_relaxed) != 0 &&
      scheduler.helpersAllowed())
    signal();
}

uint64_t Stream::position() {
  SpinGuard guard(lock);
  checkFork();
  return enqueued;
}

bool Stream::idle() {
  SpinGuard guard(lock);
  checkFork();
  return completed.load(std::memory_order_acquire) == enqueued;
}

void Stream::wait() { waitFor(position()); }

void Stream::waitFor(uint64_t count) {
  if (completed.load(std::memory_order_acquire) >= count)
    return;
  HelperWorker helper(device);
  uint64_t deadline = 0;
  auto help = [&] {
    return helper.worker && scheduler.helpersAllowed() &&
           scheduler.helpStream(*this, *helper.worker);
  };
  while (completed.load(std::memory_order_acquire) < count) {
    if (help()) {
      deadline = 0;
      continue;
    }
    if (deadline == 0)
      deadline = nowNs() + SpinNs;
    if (nowNs() < deadline) {
      for (unsigned i = 0; i < 8; ++i)
        cpuRelax();
      continue;
    }
    uint32_t seen = signals.load(std::memory_order_acquire);
    sleepers.fetch_add(1, std::memory_order_relaxed);
    bool done;
    {
      SpinGuard guard(lock);
      done = completed.load(std::memory_order_relaxed) >= count;
      if (!done)
        wakeAt = std::min(wakeAt, count);
    }
    if (!done && !help())
      futexWait(signals, seen);
    sleepers.fetch_sub(1, std::memory_order_relaxed);
    deadline = 0;
  }
}

void Stream::fail(int32_t code, std::string message) {
  SpinGuard guard(lock);
  if (failure.code == 0)
    failure = {code, std::move(message)};
}

Failure Stream::takeFailure() {
  SpinGuard guard(lock);
  checkFork();
  return std::exchange(failure, {});
}

} // namespace tilesdk::cpu
