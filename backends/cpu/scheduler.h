//===- scheduler.h - The threads that run grids -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/scratch.h"
#include "backends/cpu/sync.h"

#include <cstdint>
#include <pthread.h>
#include <vector>

namespace tilesdk::cpu {

class Stream;

/// What one thread brings to the work it takes part in.
struct Worker {
  Scratch scratch;
  /// A thread of the pool looks for other work when it is done with a job; a
  /// thread that only waits for its stream does not.
  bool ofPool = false;
};

/// Work that several threads do together: a grid of programs or a large copy.
///
/// The scheduler lists a job from submit() until a participant finds nothing
/// left to take. The job completes once it is off the list and its last
/// participant has left, on the thread of that participant.
class Job {
public:
  virtual ~Job() = default;

  /// Whether joining now would find work. Called under the scheduler's lock.
  virtual bool hasWork() const = 0;
  /// Takes and does work until none is left to take, or until the scheduler
  /// has more urgent work. Returns true when nothing is left to take for
  /// anyone.
  virtual bool run(Worker &worker) = 0;
  /// Called once, after the last participant has left. May free the job.
  virtual void complete(Worker &worker) = 0;

  Stream *stream = nullptr;
  int32_t priority = 0;
  /// Largest number of threads that may take part.
  uint32_t maxParticipants = UINT32_MAX;
  /// How many threads can find work in it.
  uint64_t parallelism = 1;

private:
  friend class Scheduler;
  Job *nextListed = nullptr;
  Job *previousListed = nullptr;
  uint32_t participants = 0;
  bool listed = false;
};

/// A pool of threads and the list of jobs that they work on, most urgent first
/// and then oldest first.
///
/// The pool has one thread less than it may use, since a thread that waits for
/// a stream takes part in that stream's work. Threads start with the first job;
/// after a fork the child starts its own.
class Scheduler {
public:
  /// \p numThreads counts the waiting thread, too; at least 1.
  explicit Scheduler(unsigned numThreads);
  /// Stops the threads after the jobs they take part in.
  ~Scheduler();

  unsigned threads() const { return numThreads; }

  /// Lists \p job. With \p callerJoins, the calling thread is one of the pool
  /// that is about to look for work, and one thread less is woken.
  void submit(Job &job, bool callerJoins);

  /// Takes part in the listed job of \p stream, if there is one with work.
  bool helpStream(const Stream &stream, Worker &worker);

  /// Whether a job more urgent than \p priority is listed.
  bool moreUrgent(int32_t priority) const {
    return topPriority.load(std::memory_order_relaxed) > priority;
  }

  /// Wakes a sleeping thread because a job got new work.
  void wakeOne();

  /// Whether waiting threads may take part: not when one thread is all.
  bool helpersAllowed() const { return numThreads > 1; }

private:
  static void *threadMain(void *self);
  void work();
  Job *join(const Stream *only);
  void take(Job *job, Worker &worker);
  void unlist(Job *job);
  void wake(uint32_t count);
  void startThreads();
  void checkFork();

  // Read all the time by threads that look for work.
  alignas(64) std::atomic<uint32_t> numListed{0};
  std::atomic<int32_t> topPriority{INT32_MIN};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> wakeups{0};
  std::atomic<bool> stopping{false};
  const unsigned numThreads;

  SpinLock lock;
  // Under the lock.
  Job *first = nullptr;
  Job *last = nullptr;
  uint32_t generation;
  bool threadsStarted = false;
  std::vector<pthread_t> pool;
};

} // namespace tilesdk::cpu
