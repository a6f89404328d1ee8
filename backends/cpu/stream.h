//===- stream.h - Ordered queues of work and events -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/scheduler.h"

#include <new>
#include <string>
#include <utility>

namespace tilesdk::cpu {

class Device;
class Op;

/// The streams that one thread has to move on. Moving one stream may complete
/// an event that others wait for; the list keeps that from being recursion.
struct Advance {
  Stream *first = nullptr;
  /// The thread is of the pool and will look for work afterwards.
  bool callerJoins = false;
};

/// One entry of a stream. Ops are made by Stream::make and freed by the stream.
class Op {
public:
  virtual ~Op() = default;
  /// Called when all earlier work of the stream is done. Returns true when the
  /// op is done; otherwise Stream::finishHead is called later, perhaps before
  /// this returns, and the op must not be touched any more.
  virtual bool start(Stream &stream, Advance &advance) = 0;

private:
  friend class Stream;
  Op *next = nullptr;
  bool fromPool = false;
};

/// A failure of queued work, reported by the next wait.
struct Failure {
  int32_t code = 0; // TSDK_E_..., 0 is none
  std::string message;
};

/// An ordered queue. Any thread may enqueue; the caller orders the calls.
///
/// The stream is *active* while its first op is in progress; whoever makes it
/// so moves it on until an op goes on elsewhere.
class Stream {
public:
  Stream(Device &device, Scheduler &scheduler, int32_t priority);

  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  /// Queued work still runs after the last reference is gone.
  void release();

  /// Makes an op with room for \p extraBytes behind it; null when out of
  /// memory.
  template <typename T, typename... Args>
  T *make(size_t extraBytes, Args &&...args) {
    bool fromPool;
    void *memory = allocate(sizeof(T) + extraBytes, fromPool);
    if (!memory)
      return nullptr;
    T *op = new (memory) T(std::forward<Args>(args)...);
    op->Op::fromPool = fromPool;
    return op;
  }

  /// Appends \p op, which may start before this returns. Waits when far too
  /// much is queued already.
  void enqueue(Op *op);

  /// Lists the job of the op in progress.
  void submitJob(Job &job, Advance &advance);

  /// Ends the op in progress and moves the stream on.
  void finishHead(bool callerJoins);

  /// Takes part in the stream's work until all that is queued now is done.
  void wait();
  void waitFor(uint64_t count);
  bool idle();

  /// The number of ops ever enqueued: the count to wait for.
  uint64_t position();

  void fail(int32_t code, std::string message);
  /// Returns and clears the first failure.
  Failure takeFailure();

  Device &device;
  Scheduler &scheduler;
  const int32_t priority;

private:
  friend class EventRecord;
  friend class EventRecordOp;
  ~Stream();

  static void advanceAll(Advance &advance);
  void advance(Advance &list);
  void push(Advance &list, bool headDone);
  void *allocate(size_t bytes, bool &fromPool);
  void recycle(Op *op);
  void checkFork();
  void signal();
  void callHelpers();

  SpinLock lock;
  // Under the lock.
  Op *head = nullptr;
  Op *tail = nullptr;
  void *freeNodes = nullptr;
  void *slabs = nullptr;
  bool active = false;
  uint32_t generation;
  uint64_t enqueued = 0;
  uint64_t wakeAt = UINT64_MAX; // smallest count that a sleeper waits for
  Failure failure;

  std::atomic<uint64_t> completed{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> signals{0};
  std::atomic<uint32_t> references{1};

  // Of the thread that moves the stream on.
  Stream *nextToAdvance = nullptr;
  bool headDone = false;
};

/// One recording of an event: a place in a stream and, later, a time.
class EventRecord {
public:
  explicit EventRecord(Stream &stream);

  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release();

  /// CLOCK_MONOTONIC nanoseconds at which the stream got there; 0: not yet.
  uint64_t time() const { return timeNs.load(std::memory_order_acquire); }
  /// Whether the stream got there. Recordings of a parent process count as
  /// done.
  bool done() const { return time() != 0 || generation != forkGeneration(); }
  void wait();

private:
  friend class Event;
  friend class EventRecordOp;
  friend class EventWaitOp;
  ~EventRecord();

  Stream &stream;
  uint64_t position = 0;
  const uint32_t generation;
  SpinLock lock;
  class EventWaitOp *waiters = nullptr;
  std::atomic<uint64_t> timeNs{0};
  std::atomic<uint32_t> references{1};
};

/// What the host knows as an event: its latest recording.
class Event {
public:
  ~Event();
  /// Puts the event behind the work of \p stream so far. False when out of
  /// memory.
  bool record(Stream &stream);
  /// Makes later work of \p stream wait for the latest recording. False when
  /// out of memory.
  bool makeWait(Stream &stream);
  /// The latest recording with a reference for the caller; null for none.
  EventRecord *latest();

private:
  SpinLock lock;
  EventRecord *current = nullptr;
};

} // namespace tilesdk::cpu
