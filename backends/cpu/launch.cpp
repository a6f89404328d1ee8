//===- launch.cpp - One launch of a kernel over a grid ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/launch.h"

#include "backends/cpu/module.h"

#include <algorithm>
#include <cstring>
#include <sched.h>

namespace tilesdk::cpu {

namespace {

// A range of this many programs makes the cost of taking it vanish; larger ones
// would only delay more urgent work.
constexpr uint64_t MaxRange = 1024;

// Each thread takes ranges of a quarter of its share of what is left, so that
// all finish within the time of a few programs.
constexpr uint64_t RangesPerShare = 4;

} // namespace

size_t Function::valuesBytes() const {
  size_t bytes = 0;
  for (uint32_t size : paramBytes)
    bytes += slotBytes(size);
  return bytes;
}

size_t LaunchOp::extraBytes(const Function &function) {
  // The pointers are padded so that the values after them are aligned.
  return ((function.paramBytes.size() + 1) & ~size_t(1)) * sizeof(void *) +
         function.valuesBytes();
}

LaunchOp::LaunchOp(const Function &function, const uint32_t grid[3],
                   uint32_t maxThreads)
    : function(function), numPrograms(uint64_t(grid[0]) * grid[1] * grid[2]),
      grid{grid[0], grid[1], grid[2]} {
  maxParticipants = std::min(maxThreads, function.maxThreads);
  parallelism = numPrograms;
  function.module.retain();
}

LaunchOp::~LaunchOp() {
  if (function.launchEnded)
    function.launchEnded(this);
  function.module.release();
}

void LaunchOp::storeParams(char *memory, void *const *values) {
  void **pointers = reinterpret_cast<void **>(memory);
  size_t count = function.paramBytes.size();
  char *slot = memory + ((count + 1) & ~size_t(1)) * sizeof(void *);
  for (size_t i = 0; i < count; ++i) {
    uint32_t bytes = function.paramBytes[i];
    // Nearly every parameter is a pointer or a 32-bit number.
    if (bytes == 8)
      memcpy(slot, values[i], 8);
    else if (bytes == 4)
      memcpy(slot, values[i], 4);
    else
      memcpy(slot, values[i], bytes);
    pointers[i] = slot;
    slot += Function::slotBytes(bytes);
  }
  params = pointers;
}

bool LaunchOp::start(Stream &ownStream, Advance &list) {
  threads = std::min(maxParticipants, ownStream.scheduler.threads());
  ownStream.submitJob(*this, list);
  return false;
}

bool LaunchOp::hasWork() const {
  return nextProgram.load(std::memory_order_relaxed) < numPrograms;
}

bool LaunchOp::takeRange(uint64_t &first, uint64_t &count) {
  first = nextProgram.load(std::memory_order_relaxed);
  do {
    if (first >= numPrograms)
      return false;
    count = std::clamp<uint64_t>(
        (numPrograms - first) / (RangesPerShare * threads), 1, MaxRange);
  } while (!nextProgram.compare_exchange_weak(first, first + count,
                                              std::memory_order_relaxed));
  return true;
}

void LaunchOp::initialise(Running &running, void (*yieldFunction)(void *),
                          void *yieldState) {
  running.launch = this;
  tsdk_tile_program &program = running.program;
  program.struct_size = sizeof program;
  memcpy(program.num_programs, grid, sizeof grid);
  program.streaming_bytes = stream->device.streamingBytes;
  program.yield = yieldFunction;
  program.yield_state = yieldState;
  program.print = print;
  program.assert_failed = assertFailed;
  program.host_state = &running;
}

void LaunchOp::setProgram(Running &running, uint64_t index) const {
  uint32_t *id = running.program.program_id;
  id[0] = static_cast<uint32_t>(index % grid[0]);
  id[1] = static_cast<uint32_t>(index / grid[0] % grid[1]);
  id[2] = static_cast<uint32_t>(index / grid[0] / grid[1]);
}

bool LaunchOp::run(Worker &worker) {
  void *scratch = nullptr;
  if (function.scratchBytes) {
    scratch = worker.scratch.ensure(function.scratchBytes);
    if (!scratch) {
      fail(TSDK_E_RESOURCE_EXHAUSTED,
           "no memory for the scratch block of kernel '" + function.symbol +
               "': " + std::to_string(function.scratchBytes) +
               " bytes for each running program; the launch is incomplete");
      nextProgram.store(numPrograms, std::memory_order_relaxed);
      return true;
    }
  }
  Running running;
  initialise(running, yield, &running);
  uint32_t *id = running.program.program_id;
  uint64_t first, count;
  while (takeRange(first, count)) {
    setProgram(running, first);
    for (;;) {
      running.yields = 0;
      call(running, scratch);
      if (--count == 0)
        break;
      if (++id[0] == grid[0]) {
        id[0] = 0;
        if (++id[1] == grid[1]) {
          id[1] = 0;
          ++id[2];
        }
      }
    }
    if (stream->scheduler.moreUrgent(priority))
      break;
  }
  streamingFence();
  return !hasWork();
}

void LaunchOp::complete(Worker &worker) { stream->finishHead(worker.ofPool); }

void LaunchOp::yield(void *state) {
  Running &running = *static_cast<Running *>(state);
  constexpr unsigned pausing = 6;
  if (running.yields < pausing) {
    for (unsigned i = 0; i < (1u << running.yields); ++i)
      cpuRelax();
    ++running.yields;
    return;
  }
  // The program that this one waits for may need our processor.
  sched_yield();
}

void LaunchOp::print(void *state, const char *text, size_t size) {
  static_cast<Running *>(state)->launch->stream->device.print({text, size});
}

void LaunchOp::assertFailed(void *state, const char *text, size_t size) {
  const Running &running = *static_cast<Running *>(state);
  const uint32_t *id = running.program.program_id;
  std::string message = "device_assert failed in kernel '" +
                        running.launch->function.symbol + "', program (" +
                        std::to_string(id[0]) + ", " + std::to_string(id[1]) +
                        ", " + std::to_string(id[2]) + "): ";
  message.append(text, size);
  while (message.back() == '\n')
    message.pop_back();
  running.launch->fail(TSDK_E_DEVICE_ASSERT, std::move(message));
}

void LaunchOp::fail(int32_t code, std::string message) {
  failed.store(true, std::memory_order_relaxed);
  stream->fail(code, std::move(message));
}

bool enqueueLaunch(Stream &stream, const Function &function,
                   const uint32_t grid[3], void *const *params,
                   uint32_t maxThreads) {
  LaunchOp *op = stream.make<LaunchOp>(LaunchOp::extraBytes(function), function,
                                       grid, maxThreads);
  if (!op)
    return false;
  op->storeParams(reinterpret_cast<char *>(op) + sizeof *op, params);
  stream.enqueue(op);
  return true;
}

} // namespace tilesdk::cpu
