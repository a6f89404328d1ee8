//===- launch.h - One launch of a kernel over a grid ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/device.h"

#include <string>
#include <vector>

namespace tilesdk::cpu {

struct Module;

/// A kernel of a loaded module, ready to launch.
struct Function {
  explicit Function(Module &module) : module(module) {}

  Module &module;
  std::string symbol;
  tsdk_tile_kernel entry = nullptr;
  uint64_t scratchBytes = 0;
  std::vector<uint32_t> paramBytes;
  /// Runs one program instead of `entry`, for plugins that build on this driver
  /// and give `entry` another meaning; `state` is theirs.
  void (*runProgram)(const Function &function, void *const *params,
                     const tsdk_tile_program &program) = nullptr;
  void *state = nullptr;
  /// A launch that LaunchOp::launchOf gave its programs has ended; may be null.
  void (*launchEnded)(const void *launch) = nullptr;
  uint32_t threads = 1;
  uint32_t sharedBytes = 0;
  /// Largest number of threads of one launch; UINT32_MAX: all.
  uint32_t maxThreads = UINT32_MAX;

  /// What one parameter takes in a launch: its value on a 16-byte boundary.
  static size_t slotBytes(uint32_t bytes) {
    return (size_t(bytes) + 15) & ~size_t(15);
  }
  size_t valuesBytes() const;
};

/// A grid of programs. While it waits in its stream it holds copies of the
/// parameter values, so the caller's may go.
///
/// Threads take contiguous ranges of programs from a shared counter, large ones
/// first, so that programs start in grid order but for those in ranges that run
/// at the same time: whatever a program may wait for, an earlier program or the
/// holder of a lock, is running or done.
class LaunchOp : public Op, public Job {
public:
  /// Made with Stream::make and extraBytes(function) behind it.
  LaunchOp(const Function &function, const uint32_t grid[3],
           uint32_t maxThreads);
  /// From within a program: the launch failed, and its stream says so.
  static void failProgram(const tsdk_tile_program &program, int32_t code,
                          std::string message) {
    static_cast<Running *>(program.host_state)
        ->launch->fail(code, std::move(message));
  }
  /// What the programs of one launch have in common, and no other has.
  static const void *launchOf(const tsdk_tile_program &program) {
    return static_cast<Running *>(program.host_state)->launch;
  }
  /// Whether a program of the launch has failed.
  static bool hasFailed(const tsdk_tile_program &program) {
    return static_cast<Running *>(program.host_state)
        ->launch->failed.load(std::memory_order_relaxed);
  }
  ~LaunchOp() override;
  static size_t extraBytes(const Function &function);
  /// Copies the values that \p values points at into the extra bytes.
  void storeParams(char *memory, void *const *values);

  bool start(Stream &ownStream, Advance &list) override;
  bool hasWork() const override;
  bool run(Worker &worker) override;
  void complete(Worker &worker) override;

protected:
  /// What the callbacks of a running program get as their state.
  struct Running {
    LaunchOp *launch = nullptr;
    tsdk_tile_program program = {};
    unsigned yields = 0;
  };
  void initialise(Running &running, void (*yield)(void *), void *yieldState);
  void setProgram(Running &running, uint64_t index) const;
  void fail(int32_t code, std::string message);

  void call(const Running &running, void *scratch) const {
    if (function.runProgram)
      function.runProgram(function, params, running.program);
    else
      function.entry(params, &running.program, scratch);
  }

  const Function &function;
  const uint64_t numPrograms;

private:
  static void yield(void *state);
  static void print(void *state, const char *text, size_t size);
  static void assertFailed(void *state, const char *text, size_t size);
  bool takeRange(uint64_t &first, uint64_t &count);

  const uint32_t grid[3];
  void *const *params;
  uint32_t threads = 1; // how many may take part
  std::atomic<bool> failed{false};
  // On a line of its own: every participant writes it.
  alignas(64) std::atomic<uint64_t> nextProgram{0};
};

/// Queues a launch whose programs all make progress together, each on a stack
/// of its own; false when out of memory.
bool enqueueCooperative(Stream &stream, const Function &function,
                        const uint32_t grid[3], void *const *params,
                        uint32_t maxThreads);
/// Queues a launch; false when out of memory.
bool enqueueLaunch(Stream &stream, const Function &function,
                   const uint32_t grid[3], void *const *params,
                   uint32_t maxThreads);

} // namespace tilesdk::cpu
