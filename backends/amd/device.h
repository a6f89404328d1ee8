//===- device.h - An open device of the HIP runtime -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/amd/driver.h"
#include "backends/amd/hip.h"

#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace tilesdk::amd {

struct Module;

struct Device {
  explicit Device(const Hip &hip) : hip(hip) {}

  const Hip &hip;
  int ordinal = 0;
  const tsdk_target *target = nullptr;
  std::string architecture;
  int maxShared = 0, maxThreads = 0, warpSize = 0;
  bool hasPools = false, isCooperative = false;
  /// Of HIP. 5 runs a module's kernel at once, even into a captured stream, and
  /// takes an unknown hidden argument for one that the launch gives.
  int release = 0;

  /// The first error after which the device works no more; its text names it.
  std::atomic<hipError> fault{Success};
  /// For the text of errors that a later call reports.
  std::atomic<const std::string *> lastKernel{nullptr};

  std::mutex mutex;
  std::set<std::string> kernels;
  std::vector<std::unique_ptr<Module>> retired;

  std::string name() const { return "amd:" + std::to_string(ordinal); }
};

struct Function {
  hipFunction native = nullptr;
  const std::string *symbol = nullptr;
  uint32_t threads = 0, sharedBytes = 0, numParams = 0;
};

struct Module {
  explicit Module(const Hip &hip) : hip(hip) {}
  ~Module() {
    if (native)
      hip.hipModuleUnload(native);
    free(code);
  }
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  const Hip &hip;
  hipModule native = nullptr;
  /// The runtime reads it as long as the module lives.
  void *code = nullptr;
  std::mutex mutex;
  std::vector<std::unique_ptr<Function>> functions;
};

inline DriverOwner &owner(void *self) {
  return *static_cast<DriverOwner *>(self);
}
inline Device &deviceOf(void *device) { return *static_cast<Device *>(device); }

inline tsdk_error failure(void *self, tsdk_code code,
                          const std::string &message, int64_t native = 0) {
  const tsdk_host &host = owner(self).host;
  return host.error(host.self, code, native, str(message));
}

/// Null for Success, else an error "amd:0: <what>: <HIP's words>".
tsdk_error check(void *self, Device &device, hipError result,
                 const std::string &what);

/// HIP works on the thread's current device: makes it ours while this lives, so
/// that a framework in the same process finds its own again.
class Current {
public:
  explicit Current(const Device &device) : hip(device.hip) {
    if (hip.hipGetDevice(&former) != Success)
      former = -1;
    isSame = former == device.ordinal;
    if (!isSame)
      hip.hipSetDevice(device.ordinal);
  }
  ~Current() {
    if (!isSame && former >= 0)
      hip.hipSetDevice(former);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  const Hip &hip;
  int former = -1;
  bool isSame = false;
};

inline hipStream streamOf(uint64_t stream) {
  return std::bit_cast<hipStream>(stream);
}
inline hipEvent eventOf(uint64_t event) {
  return std::bit_cast<hipEvent>(event);
}

template <typename T> tsdk_error give(T value, void *out, size_t *size) {
  if (*size >= sizeof value)
    std::memcpy(out, &value, sizeof value);
  *size = sizeof value;
  return nullptr;
}

inline tsdk_error giveText(std::string_view text, void *out, size_t *size) {
  if (*size >= text.size())
    std::memcpy(out, text.data(), text.size());
  *size = text.size();
  return nullptr;
}

/// Modules that were unloaded, once nothing runs any more.
void freeRetired(Device &device);

// The parts of the table, a file each.
void addDevices(tsdk_driver &driver);
void addMemory(tsdk_driver &driver);
void addStreams(tsdk_driver &driver);
void addModules(tsdk_driver &driver);

} // namespace tilesdk::amd
