//===- device.h - Open devices, modules and functions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/nvidia/driver.h"

#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <set>
#include <string>

namespace tilesdk::nvidia {

/// The latest launches, to name who may have faulted. A launch that more than
/// Size others followed is forgotten.
class LaunchLog {
public:
  void add(CUstream stream, const std::string *name) {
    Entry &entry = entries[next.fetch_add(1, std::memory_order_relaxed) % Size];
    entry.stream.store(stream, std::memory_order_relaxed);
    entry.name.store(name, std::memory_order_relaxed);
  }
  /// The work of a stream is done, and was good.
  void finish(CUstream stream);
  /// Latest first, each once.
  std::vector<const std::string *> names() const;

private:
  static constexpr uint32_t Size = 64;
  struct Entry {
    std::atomic<CUstream> stream{nullptr};
    std::atomic<const std::string *> name{nullptr};
  };
  std::atomic<uint32_t> next{0};
  Entry entries[Size];
};

struct Module;

struct Device {
  explicit Device(DriverOwner &owner) : owner(owner), cuda(owner.cuda) {}

  DriverOwner &owner;
  const Cuda &cuda;
  CUdevice native = 0;
  uint32_t ordinal = 0;
  CUcontext context = nullptr;
  const tsdk_target *target = nullptr;
  int capability = 0; ///< 90 for 9.0.
  int maxShared = 0, maxThreads = 0;
  bool hasPools = false;
  /// Never recorded: asking for it says whether the context still works.
  CUevent health = nullptr;
  LaunchLog launches;

  std::mutex mutex;
  std::set<std::string> names;   ///< Of kernels; never shrinks.
  std::vector<Module *> retired; ///< Unloaded once nothing can run them.
  size_t retiredBytes = 0;
  /// The first fault: its text is `faultText`, written before.
  std::atomic<CUresult> fault{Success};
  std::string faultText;

  std::string name() const { return "nvidia:" + std::to_string(ordinal); }
};

struct Function {
  CUfunction native = nullptr;
  Module *module = nullptr;
  const std::string *symbol = nullptr; ///< Of the device's names.
  uint32_t threads = 0, sharedBytes = 0, numParams = 0;
};

struct Module {
  CUmodule native = nullptr;
  size_t bytes = 0;
  /// A graph may hold its code: it is never unloaded.
  std::atomic<bool> isCaptured{false};
  std::mutex mutex;
  std::vector<std::unique_ptr<Function>> functions;
};

struct Graph {
  CUgraphExec native = nullptr;
};

inline DriverOwner &owner(void *self) {
  return *static_cast<DriverOwner *>(self);
}
inline Device &deviceOf(void *device) { return *static_cast<Device *>(device); }
inline CUstream streamOf(uint64_t stream) {
  return std::bit_cast<CUstream>(stream);
}
inline CUdeviceptr address(const void *pointer) {
  return std::bit_cast<CUdeviceptr>(pointer);
}

/// Makes the device's context current while it lives.
class Current {
public:
  explicit Current(const Device &device) : cuda(device.cuda) {
    cuda.cuCtxGetCurrent(&former);
    if (former != device.context)
      cuda.cuCtxSetCurrent(device.context);
    else
      isSame = true;
  }
  ~Current() {
    if (!isSame)
      cuda.cuCtxSetCurrent(former);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  const Cuda &cuda;
  CUcontext former = nullptr;
  bool isSame = false;
};

/// While it lives, this thread may do what would break captures that others
/// have begun in their strictest mode.
class Relaxed {
public:
  explicit Relaxed(const Device &device) : cuda(device.cuda) {
    cuda.cuThreadExchangeStreamCaptureMode(&mode);
  }
  ~Relaxed() { cuda.cuThreadExchangeStreamCaptureMode(&mode); }
  Relaxed(const Relaxed &) = delete;
  Relaxed &operator=(const Relaxed &) = delete;

private:
  const Cuda &cuda;
  int mode = CaptureModeRelaxed;
};

tsdk_error failure(void *self, tsdk_code code, const std::string &message,
                   int64_t native = 0);

/// \p what failed, with the driver's text and what can be done about it.
tsdk_error explain(Device &device, CUresult result, const std::string &what);

inline tsdk_error check(Device &device, CUresult result, const char *what) {
  return result == Success ? nullptr : explain(device, result, what);
}

/// Whether a graph is being made of the stream's work.
bool isCapturing(const Device &device, CUstream stream);

template <typename T> tsdk_error give(T value, void *out, size_t *size) {
  if (*size >= sizeof value)
    std::memcpy(out, &value, sizeof value);
  *size = sizeof value;
  return nullptr;
}

/// Unloads what is retired. All that was queued must have run.
void unloadRetired(Device &device);

/// The parts of the driver that have their own files.
void addMemory(tsdk_driver &driver);
void addStreams(tsdk_driver &driver);
void addModules(tsdk_driver &driver);
void addGraphs(tsdk_driver &driver);

} // namespace tilesdk::nvidia
