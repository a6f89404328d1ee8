//===- build_async.cpp - Builds on threads of our own -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/build.h"
#include "core/runtime/context.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

using namespace tilesdk::runtime;

/// Shared with its threads, which may see the end of the context: the last
/// reference to it can be one that a build held.
struct BuildRegistry::Pool {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Ref<Build>> queue;
  unsigned threads = 0, idle = 0;
  bool stop = false;

  static void work(const std::shared_ptr<Pool> &pool) {
    std::unique_lock lock(pool->mutex);
    while (true) {
      while (pool->queue.empty() && !pool->stop) {
        ++pool->idle;
        pool->changed.wait(lock);
        --pool->idle;
      }
      if (pool->queue.empty())
        return;
      Ref<Build> build = std::move(pool->queue.front());
      pool->queue.pop_front();
      lock.unlock();
      build->run();
      build = nullptr;
      lock.lock();
    }
  }
};

BuildRegistry::~BuildRegistry() {
  if (!pool)
    return;
  std::lock_guard lock(pool->mutex);
  pool->stop = true;
  pool->changed.notify_all();
}

Error BuildRegistry::start(Ref<Build> build) {
  if (owner->isForked())
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     "this context was in use when the process was forked; "
                     "create a new one in the child");
  std::shared_ptr<Pool> shared;
  {
    std::lock_guard lock(mutex);
    if (!pool)
      pool = std::make_shared<Pool>();
    shared = pool;
    poolStarted.store(true, std::memory_order_relaxed);
  }
  std::lock_guard lock(shared->mutex);
  unsigned limit =
      static_cast<unsigned>(owner->knobs.integer(Knob::build_threads));
  if (!limit)
    limit = std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
  shared->queue.push_back(std::move(build));
  if (shared->idle < shared->queue.size() && shared->threads < limit) {
    try {
      std::thread(Pool::work, shared).detach();
      ++shared->threads;
    } catch (const std::system_error &) {
      if (!shared->threads) {
        shared->queue.pop_back();
        return makeError(TSDK_E_RESOURCE_EXHAUSTED,
                         "no thread can be started for the build");
      }
    }
  }
  shared->changed.notify_one();
  return success();
}

void Build::run() {
  Ref<Variant> built;
  Error failure;
  try {
    failure = context->builds.get(request, &built);
  } catch (...) {
    failure = Error(outOfMemory());
  }
  std::lock_guard lock(mutex);
  variant = std::move(built);
  error = std::move(failure);
  done = true;
  changed.notify_all();
}

bool Build::isDone() {
  std::lock_guard lock(mutex);
  return done;
}

Error Build::wait(uint64_t timeoutNanoseconds, Ref<Variant> *out) {
  if (context->isForked() && !isDone())
    return makeError(TSDK_E_FAILED_PRECONDITION,
                     "the build was started before this process was forked");
  std::unique_lock lock(mutex);
  if (!timeoutNanoseconds)
    changed.wait(lock, [&] { return done; });
  else if (!changed.wait_for(lock,
                             std::chrono::nanoseconds(std::min<uint64_t>(
                                 timeoutNanoseconds, INT64_MAX / 4)),
                             [&] { return done; }))
    return makeError(TSDK_E_DEADLINE_EXCEEDED,
                     "kernel `" + request.kernel + "` is still being built");
  if (error)
    return error.copy();
  *out = variant;
  return success();
}
