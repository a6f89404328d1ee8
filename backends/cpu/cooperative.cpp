//===- cooperative.cpp - Launches whose programs run together ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/fiber.h"
#include "backends/cpu/launch.h"

#include <memory>
#include <sched.h>

namespace tilesdk::cpu {

namespace {

/// All programs of the grid as fibers, which the participating threads resume
/// in turn. A program that yields goes behind all others, so every program gets
/// on as long as one thread takes part.
class CooperativeOp final : public LaunchOp {
public:
  using LaunchOp::LaunchOp;
  ~CooperativeOp() override { giveBack(); }

  bool start(Stream &ownStream, Advance &list) override;
  bool hasWork() const override;
  bool run(Worker &worker) override;
  void complete(Worker &worker) override;

private:
  struct Program {
    CooperativeOp *op = nullptr;
    Fiber *fiber = nullptr;
    Program *next = nullptr;
    void *scratch = nullptr;
    Running running;
  };

  bool prepare(Device &device);
  void giveBack();
  Program *take();
  void putBack(Program &program);
  uint64_t waiting() const {
    return numWaiting.load(std::memory_order_relaxed);
  }
  static void runProgram(void *program);
  static void yield(void *program);

  Device *device = nullptr;
  std::unique_ptr<Program[]> programs;
  Scratch scratch;

  SpinLock lock;
  // Programs that no thread runs; changed under the lock.
  Program *first = nullptr;
  Program *last = nullptr;
  std::atomic<uint64_t> numWaiting{0};

  std::atomic<uint64_t> unfinished{0};
};

void CooperativeOp::giveBack() {
  for (uint64_t i = 0; programs && i < numPrograms; ++i)
    if (programs[i].fiber)
      device->returnFiber(programs[i].fiber);
  programs.reset();
}

/// Everything is acquired before the first program starts: a program without a
/// stack would leave the others waiting for ever.
bool CooperativeOp::prepare(Device &owner) {
  device = &owner;
  programs.reset(new (std::nothrow) Program[numPrograms]);
  if (!programs)
    return false;
  char *block = nullptr;
  size_t stride = (function.scratchBytes + 63) & ~uint64_t(63);
  if (stride) {
    block = static_cast<char *>(scratch.ensure(stride * numPrograms));
    if (!block)
      return false;
  }
  for (uint64_t i = 0; i < numPrograms; ++i) {
    Program &program = programs[i];
    program.op = this;
    program.fiber = owner.takeFiber();
    if (!program.fiber)
      return false;
    program.scratch = block ? block + i * stride : nullptr;
    initialise(program.running, yield, &program);
    setProgram(program.running, i);
  }
  for (uint64_t i = 0; i < numPrograms; ++i) {
    programs[i].fiber->prepare(runProgram, &programs[i]);
    programs[i].next = i + 1 < numPrograms ? &programs[i + 1] : nullptr;
  }
  first = &programs[0];
  last = &programs[numPrograms - 1];
  numWaiting.store(numPrograms, std::memory_order_relaxed);
  unfinished.store(numPrograms, std::memory_order_relaxed);
  return true;
}

bool CooperativeOp::start(Stream &ownStream, Advance &list) {
  stream = &ownStream;
  if (!prepare(ownStream.device)) {
    fail(TSDK_E_RESOURCE_EXHAUSTED,
         "no memory for the cooperative launch of kernel '" + function.symbol +
             "': " + std::to_string(numPrograms) +
             " programs need a stack and " +
             std::to_string(function.scratchBytes) +
             " bytes of scratch each; the launch did not run");
    return true;
  }
  return LaunchOp::start(ownStream, list);
}

bool CooperativeOp::hasWork() const { return waiting() != 0; }

CooperativeOp::Program *CooperativeOp::take() {
  SpinGuard guard(lock);
  Program *program = first;
  if (!program)
    return nullptr;
  first = program->next;
  if (!first)
    last = nullptr;
  numWaiting.fetch_sub(1, std::memory_order_relaxed);
  return program;
}

void CooperativeOp::putBack(Program &program) {
  SpinGuard guard(lock);
  program.next = nullptr;
  (last ? last->next : first) = &program;
  last = &program;
  numWaiting.fetch_add(1, std::memory_order_relaxed);
}

bool CooperativeOp::run(Worker &) {
  for (uint64_t rounds = 1;; ++rounds) {
    Program *program = take();
    if (!program)
      return unfinished.load(std::memory_order_acquire) == 0;
    if (program->fiber->resume()) {
      streamingFence();
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1)
        return true;
      continue;
    }
    putBack(*program);
    // What all of them wait for may be the work of a thread that needs this
    // processor, or a sleeping thread could take some of them over.
    if (rounds % (2 * numPrograms) == 0)
      sched_yield();
    if (rounds % 64 == 0 && waiting() > 1)
      stream->scheduler.wakeOne();
  }
}

void CooperativeOp::complete(Worker &worker) {
  giveBack();
  LaunchOp::complete(worker);
}

void CooperativeOp::runProgram(void *state) {
  Program &program = *static_cast<Program *>(state);
  program.op->call(program.running, program.scratch);
}

void CooperativeOp::yield(void *state) {
  static_cast<Program *>(state)->fiber->suspend();
}

} // namespace

bool enqueueCooperative(Stream &stream, const Function &function,
                        const uint32_t grid[3], void *const *params,
                        uint32_t maxThreads) {
  CooperativeOp *op = stream.make<CooperativeOp>(LaunchOp::extraBytes(function),
                                                 function, grid, maxThreads);
  if (!op)
    return false;
  op->storeParams(reinterpret_cast<char *>(op) + sizeof *op, params);
  stream.enqueue(op);
  return true;
}

} // namespace tilesdk::cpu
