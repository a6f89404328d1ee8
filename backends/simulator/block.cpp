//===- block.cpp - The threads of one program -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/block.h"
#include "backends/simulator/targets.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace tilesdk::simulator {

namespace {

thread_local Block *currentBlock = nullptr;

constexpr size_t StackBytes = size_t(128) << 10;

/// What a host thread keeps from one program to the next.
struct Reserve {
  std::vector<cpu::Fiber *> fibers;
  char *shared = nullptr;
  size_t sharedBytes = 0;

  ~Reserve() {
    for (cpu::Fiber *fiber : fibers)
      cpu::Fiber::destroy(fiber);
    std::free(shared);
  }
  cpu::Fiber *take() {
    if (fibers.empty())
      return cpu::Fiber::create(StackBytes);
    cpu::Fiber *fiber = fibers.back();
    fibers.pop_back();
    return fiber;
  }
  char *memory(size_t bytes) {
    if (bytes > sharedBytes) {
      std::free(shared);
      sharedBytes = (bytes + 1023) & ~size_t(1023);
      shared = static_cast<char *>(std::aligned_alloc(1024, sharedBytes));
    }
    return shared;
  }
};

thread_local Reserve reserve;

} // namespace

Block *Block::current() { return currentBlock; }

void Block::run(const cpu::Function &function, void *const *params,
                const tsdk_tile_program &program) {
  Block block;
  block.function = &function;
  block.program = &program;
  block.params = params;
  const auto &kind = *static_cast<const CheckedModel *>(function.state);
  block.target = kind.model;
  block.warpSize = block.target->machine.warpSize;
  block.warpGroupWarps = std::max(1u, block.target->machine.warpGroupWarps);
  block.numThreads = function.threads;
  block.sharedMemory = reserve.memory(function.sharedBytes + 1024);
  if (!block.sharedMemory) {
    cpu::LaunchOp::failProgram(program, TSDK_E_RESOURCE_EXHAUSTED,
                               "no host memory for shared memory");
    return;
  }
  // Nobody may rely on what another program left behind.
  std::memset(block.sharedMemory, 0xA5, function.sharedBytes + 1024);
  if (kind.checks) {
    if (cpu::LaunchOp::hasFailed(program))
      return;
    // The launch put the memory behind the parameters behind their values.
    auto numParams = static_cast<uint32_t>(function.paramBytes.size() - 1);
    block.worksEarly = kind.checks & WorksEarly;
    block.checker = std::make_unique<Checker>(
        kind.checks, block.numThreads, block.warpSize, block.sharedMemory,
        function.sharedBytes, static_cast<const Extent *>(params[numParams]),
        numParams);
    const uint32_t *id = program.program_id, *grid = program.num_programs;
    if ((kind.checks & RaceCheck) && uint64_t(grid[0]) * grid[1] * grid[2] > 1)
      block.checker->addPrograms(
          LaunchMemory::of(cpu::LaunchOp::launchOf(program)),
          id[0] + grid[0] * (id[1] + grid[1] * id[2]), grid);
  }
  Block *outer = currentBlock;
  currentBlock = &block;
  block.runThreads();
  currentBlock = outer;
}

void Block::threadMain(void *argument) {
  Block &block = *static_cast<Block *>(argument);
  // A kernel of threads takes the first argument alone.
  block.function->entry(block.params, nullptr, nullptr);
}

void Block::runThreads() {
  uint32_t numWarps = (numThreads + warpSize - 1) / warpSize;
  warps.resize(numWarps);
  for (Warp &warp : warps)
    warp.brought.resize(warpSize);
  warpGroups.resize((numWarps + warpGroupWarps - 1) / warpGroupWarps);
  for (Warp &group : warpGroups)
    group.brought.resize(warpSize * warpGroupWarps);
  copies.resize(numThreads);
  stores.resize(numThreads);
  waitsFor.resize(numThreads);
  for (uint32_t i = 0; i < numThreads; ++i) {
    cpu::Fiber *fiber = reserve.take();
    if (!fiber) {
      fail(TSDK_E_RESOURCE_EXHAUSTED, "no host memory for the threads");
      break;
    }
    fiber->prepare(threadMain, this);
    fibers.push_back(fiber);
  }
  uint32_t left = failed ? 0 : numThreads;
  std::vector<bool> done(fibers.size());
  while (left && !failed) {
    progressed = false;
    for (running = 0; running < numThreads; ++running) {
      if (done[running])
        continue;
      if (fibers[running]->resume()) {
        done[running] = true;
        --left;
        progressed = true;
      }
      if (failed)
        break;
    }
    if (!progressed && !failed)
      fail(TSDK_E_KERNEL_FAULT, stuck(done));
  }
  // Stores go on when their issuer has ended.
  for (running = 0; running < numThreads && !failed; ++running)
    finishStores();
  for (size_t i = 0; i < fibers.size(); ++i)
    if (!failed || done[i])
      reserve.fibers.push_back(fibers[i]);
    else
      cpu::Fiber::abandon(fibers[i]);
}

/// A round has passed in which nothing happened.
std::string Block::stuck(const std::vector<bool> &done) const {
  auto waitOf = [&](uint32_t thread) {
    std::string text = waitsFor[thread] ? waitsFor[thread] : "something";
    std::string place = checker ? checker->placeOf(thread) : "";
    return place.empty() ? text : text + " (" + place + ")";
  };
  uint32_t waiting = 0;
  while (done[waiting])
    ++waiting;
  std::string message = checker ? "check barrier: " : "";
  message += "divergent barrier: threads wait for each other in vain: thread " +
             std::to_string(waiting) + " waits for " + waitOf(waiting);
  for (uint32_t other = 0; other < numThreads; ++other)
    if (done[other])
      return message + ", thread " + std::to_string(other) + " has ended";
    else if (waitsFor[other] != waitsFor[waiting])
      return message + ", thread " + std::to_string(other) + " for " +
             waitOf(other);
  return message;
}

void Block::stop() {
  if (!checker->report().empty())
    fail(TSDK_E_KERNEL_FAULT, checker->report());
  failed = true;
  // Nobody resumes a thread of a program that failed.
  while (true)
    suspend("nothing");
}

void Block::suspend(const char *what) {
  uint32_t self = running;
  waitsFor[self] = what;
  fibers[self]->suspend();
  waitsFor[self] = nullptr;
}

bool Block::meet(Warp &warp, const char *what, void *brought) {
  if (warp.arrived == 0)
    warp.what = what;
  else if (warp.what != what)
    fail(TSDK_E_KERNEL_FAULT, std::string("lanes of a warp diverge: lane ") +
                                  std::to_string(lane()) + " is at " + what +
                                  ", others at " + warp.what);
  warp.brought[running % warp.brought.size()] = brought;
  if (++warp.arrived == warp.brought.size())
    return true;
  uint32_t epoch = warp.epoch;
  while (warp.epoch == epoch)
    suspend(what);
  return false;
}

void Block::leave(Warp &warp) {
  warp.arrived = 0;
  ++warp.epoch;
  progressed = true;
}

void Block::barrier(uint32_t id, uint32_t count) {
  Barrier &barrier = barriers[id];
  if (checker)
    barrier.threads.push_back(running);
  if (++barrier.arrived == count) {
    if (checker)
      checker->synchronise(barrier.threads);
    barrier.threads.clear();
    barrier.arrived = 0;
    ++barrier.epoch;
    progressed = true;
    return;
  }
  uint32_t epoch = barrier.epoch;
  while (barrier.epoch == epoch)
    suspend(id ? "a named barrier" : "the barrier of the block");
}

void Block::fail(int32_t code, const std::string &message) {
  if (!failed) {
    const uint32_t *id = program->program_id;
    cpu::LaunchOp::failProgram(*program, code,
                               "kernel '" + function->symbol + "', program (" +
                                   std::to_string(id[0]) + ", " +
                                   std::to_string(id[1]) + ", " +
                                   std::to_string(id[2]) + "): " + message);
  }
  failed = true;
}

} // namespace tilesdk::simulator
