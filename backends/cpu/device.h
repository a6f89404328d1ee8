//===- device.h - The processor as a device ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/memory.h"
#include "backends/cpu/scheduler.h"
#include "backends/cpu/stream.h"
#include "tilesdk/tilesdk_plugin.h"

#include <bit>
#include <string_view>
#include <vector>

namespace tilesdk::cpu {

class Fiber;

/// How a device is set up; zero means the default.
struct DeviceOptions {
  unsigned threads = 0;
  uint64_t streamingBytes = 0;
};

/// Reads TILESDK_CPU_THREADS and TILESDK_CPU_STREAMING_BYTES; a malformed value
/// is reported through \p host and ignored.
DeviceOptions optionsFromEnvironment(const tsdk_host &host);

/// Memory, streams and threads of one open device.
class Device {
public:
  Device(const tsdk_host &host, const DeviceOptions &options);
  /// All work must have been waited for.
  ~Device();

  void print(std::string_view text) const;

  /// The stream of a native handle; 0 is the default stream.
  Stream &stream(uint64_t native) const {
    return native ? *std::bit_cast<Stream *>(native) : *defaultStream;
  }

  Worker *takeHelper();
  void returnHelper(Worker *worker);

  Fiber *takeFiber();
  void returnFiber(Fiber *fiber);

  const tsdk_host &host;
  const uint64_t streamingBytes;
  /// Largest scratch block of one program, and of all that run at once.
  const uint64_t scratchLimit;
  Scheduler scheduler;
  Allocator memory;

  /// A cooperative launch keeps all its programs alive; this many at most.
  static constexpr uint64_t MaxCooperativePrograms = 8192;

private:
  Stream *defaultStream;
  SpinLock lock;
  std::vector<Worker *> helpers;
  std::vector<Fiber *> fibers;
};

/// A worker for the time in which a thread waits for a stream.
class HelperWorker {
public:
  explicit HelperWorker(Device &device)
      : worker(device.takeHelper()), device(device) {}
  ~HelperWorker() {
    if (worker)
      device.returnHelper(worker);
  }
  HelperWorker(const HelperWorker &) = delete;
  HelperWorker &operator=(const HelperWorker &) = delete;

  Worker *const worker; // null when out of memory

private:
  Device &device;
};

} // namespace tilesdk::cpu
