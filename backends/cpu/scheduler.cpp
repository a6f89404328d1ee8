//===- scheduler.cpp - The threads that run grids ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/scheduler.h"

#include <algorithm>
#include <csignal>

namespace tilesdk::cpu {

namespace {

// A worker without work looks around for about this long before it sleeps:
// longer than the gap between two launches of a loop, short enough that an idle
// process uses no time.
constexpr uint64_t SpinNs = 30'000;

constexpr size_t WorkerStackBytes = size_t(8) << 20;

} // namespace

Scheduler::Scheduler(unsigned numThreads)
    : numThreads(std::max(1u, numThreads)), generation(forkGeneration()) {
  watchForks();
}

Scheduler::~Scheduler() {
  stopping.store(true);
  std::vector<pthread_t> threads;
  {
    SpinGuard guard(lock);
    checkFork();
    threads.swap(pool);
  }
  wake(UINT32_MAX >> 1);
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
}

void Scheduler::checkFork() {
  if (generation == forkGeneration())
    return;
  // The threads and the work they were doing stayed in the parent.
  generation = forkGeneration();
  first = last = nullptr;
  pool.clear();
  threadsStarted = false;
  numListed.store(0);
  topPriority.store(INT32_MIN);
  sleepers.store(0);
}

void Scheduler::startThreads() {
  threadsStarted = true;
  // The caller's signal handlers must not run on our threads.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, WorkerStackBytes);
  for (unsigned i = 0; i < std::max(1u, numThreads - 1); ++i) {
    pthread_t thread;
    // With too few threads the waiting ones still do the work.
    if (pthread_create(&thread, &attributes, threadMain, this) != 0)
      break;
    pthread_setname_np(thread, "tilesdk-cpu");
    pool.push_back(thread);
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

void Scheduler::submit(Job &job, bool callerJoins) {
  // The job may complete and be gone as soon as the lock is released.
  uint64_t parallelism =
      std::min<uint64_t>(job.parallelism, job.maxParticipants);
  {
    SpinGuard guard(lock);
    checkFork();
    if (!threadsStarted)
      startThreads();
    Job *before = last;
    while (before && before->priority < job.priority)
      before = before->previousListed;
    Job *&link = before ? before->nextListed : first;
    job.previousListed = before;
    job.nextListed = link;
    (link ? link->previousListed : last) = &job;
    link = &job;
    job.listed = true;
    job.participants = 0;
    numListed.fetch_add(1, std::memory_order_relaxed);
    topPriority.store(first->priority, std::memory_order_relaxed);
  }
  uint32_t wanted = static_cast<uint32_t>(
      std::min<uint64_t>(parallelism, numThreads) - (callerJoins ? 1 : 0));
  if (wanted)
    wake(wanted);
}

void Scheduler::wake(uint32_t count) {
  // Pairs with the fence in work(): either the sleeper sees the new job or we
  // see the sleeper.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_relaxed) == 0)
    return;
  wakeups.fetch_add(1, std::memory_order_release);
  futexWake(wakeups, count);
}

void Scheduler::wakeOne() { wake(1); }

void Scheduler::unlist(Job *job) {
  (job->previousListed ? job->previousListed->nextListed : first) =
      job->nextListed;
  (job->nextListed ? job->nextListed->previousListed : last) =
      job->previousListed;
  job->listed = false;
  numListed.fetch_sub(1, std::memory_order_relaxed);
  topPriority.store(first ? first->priority : INT32_MIN,
                    std::memory_order_relaxed);
}

Job *Scheduler::join(const Stream *only) {
  if (numListed.load(std::memory_order_relaxed) == 0)
    return nullptr;
  SpinGuard guard(lock);
  checkFork();
  for (Job *job = first; job; job = job->nextListed) {
    if (only && job->stream != only)
      continue;
    if (job->participants < job->maxParticipants && job->hasWork()) {
      ++job->participants;
      return job;
    }
  }
  return nullptr;
}

void Scheduler::take(Job *job, Worker &worker) {
  bool exhausted = job->run(worker), finished;
  {
    SpinGuard guard(lock);
    if (exhausted && job->listed)
      unlist(job);
    --job->participants;
    finished = !job->listed && job->participants == 0;
  }
  if (finished)
    job->complete(worker);
}

bool Scheduler::helpStream(const Stream &stream, Worker &worker) {
  Job *job = join(&stream);
  if (!job)
    return false;
  take(job, worker);
  return true;
}

void *Scheduler::threadMain(void *self) {
  static_cast<Scheduler *>(self)->work();
  return nullptr;
}

void Scheduler::work() {
  Worker worker;
  worker.ofPool = true;
  while (!stopping.load(std::memory_order_relaxed)) {
    Job *job = join(nullptr);
    for (uint64_t deadline = job ? 0 : nowNs() + SpinNs;
         !job && nowNs() < deadline; job = join(nullptr))
      for (unsigned i = 0; i < 16; ++i)
        cpuRelax();
    if (!job) {
      uint32_t seen = wakeups.load(std::memory_order_acquire);
      sleepers.fetch_add(1, std::memory_order_relaxed);
      // Pairs with the fence in wake().
      std::atomic_thread_fence(std::memory_order_seq_cst);
      job = join(nullptr);
      if (!job && !stopping.load(std::memory_order_relaxed))
        futexWait(wakeups, seen);
      sleepers.fetch_sub(1, std::memory_order_relaxed);
    }
    if (job)
      take(job, worker);
  }
}

} // namespace tilesdk::cpu
