//===- device.cpp - The processor as a device -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/device.h"

#include "backends/cpu/cpu_info.h"
#include "backends/cpu/fiber.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace tilesdk::cpu {

namespace {

// Kernels keep tiles in scratch, so their frames are small; unused pages of a
// stack cost address space only.
constexpr size_t FiberStackBytes = size_t(256) << 10;
constexpr size_t MaxIdleFibers = 1024;

constexpr uint64_t MaxThreads = 4096;

uint64_t numberFromEnvironment(const tsdk_host &host, const char *name,
                               uint64_t max) {
  const char *text = getenv(name);
  if (!text || !*text)
    return 0;
  uint64_t value = 0;
  bool good = true;
  for (const char *at = text; *at && good; ++at) {
    good = *at >= '0' && *at <= '9' && value <= max;
    value = value * 10 + static_cast<uint64_t>(*at - '0');
  }
  if (good && value >= 1 && value <= max)
    return value;
  std::string message = std::string(name) + "=" + text +
                        " is ignored: a whole number from 1 to " +
                        std::to_string(max) + " is expected";
  host.log(host.self, TSDK_LOG_WARNING, {message.data(), message.size()});
  return 0;
}

uint64_t defaultStreamingBytes() {
  // A result that fills half the last-level cache pushes out its own inputs;
  // beyond that, reading the lines before overwriting them is waste.
  uint64_t cache = lastLevelCacheBytes();
  return cache ? cache / 2 : uint64_t(16) << 20;
}

} // namespace

DeviceOptions optionsFromEnvironment(const tsdk_host &host) {
  DeviceOptions options;
  options.threads = static_cast<unsigned>(
      numberFromEnvironment(host, "TILESDK_CPU_THREADS", MaxThreads));
  options.streamingBytes = numberFromEnvironment(
      host, "TILESDK_CPU_STREAMING_BYTES", UINT64_MAX / 16);
  return options;
}

Device::Device(const tsdk_host &host, const DeviceOptions &options)
    : host(host),
      streamingBytes(options.streamingBytes ? options.streamingBytes
                                            : defaultStreamingBytes()),
      scratchLimit(std::max<uint64_t>(memoryTotalBytes() / 2, 1u << 20)),
      scheduler(options.threads ? options.threads : usableProcessors()),
      defaultStream(new Stream(*this, scheduler, 0)) {}

Device::~Device() {
  defaultStream->release();
  for (Worker *worker : helpers)
    delete worker;
  for (Fiber *fiber : fibers)
    Fiber::destroy(fiber);
}

void Device::print(std::string_view text) const {
  host.log(host.self, TSDK_LOG_PRINT, {text.data(), text.size()});
}

Worker *Device::takeHelper() {
  {
    SpinGuard guard(lock);
    if (!helpers.empty()) {
      Worker *worker = helpers.back();
      helpers.pop_back();
      return worker;
    }
  }
  return new (std::nothrow) Worker();
}

void Device::returnHelper(Worker *worker) {
  SpinGuard guard(lock);
  helpers.push_back(worker);
}

Fiber *Device::takeFiber() {
  {
    SpinGuard guard(lock);
    if (!fibers.empty()) {
      Fiber *fiber = fibers.back();
      fibers.pop_back();
      return fiber;
    }
  }
  return Fiber::create(FiberStackBytes);
}

void Device::returnFiber(Fiber *fiber) {
  {
    SpinGuard guard(lock);
    if (fibers.size() < MaxIdleFibers) {
      fibers.push_back(fiber);
      return;
    }
  }
  Fiber::destroy(fiber);
}

} // namespace tilesdk::cpu
