//===- driver.cpp - Devices of the CUDA driver ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The primary context is used, so that pointers and streams of PyTorch, JAX and
// CuPy work as they are. Native handles of streams and events are the CUDA
// handles.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/device.h"

#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <new>

namespace tilesdk::nvidia {

namespace {

/// Counts device files, /dev/nvidia0 and so on, as CUDA_VISIBLE_DEVICES limits
/// them: asking the driver would initialise it, after which the process must
/// not fork. Opening a device is where the driver has its say. The variable
/// TILESDK_CUDA_DEVICE_DIR names another folder than /dev, for tests.
tsdk_error probe(void *, uint32_t *count) {
  uint32_t files = 0;
  const char *named = getenv("TILESDK_CUDA_DEVICE_DIR");
  if (DIR *directory = opendir(named && *named ? named : "/dev")) {
    bool isWindows = false;
    while (const dirent *entry = readdir(directory)) {
      std::string_view name = entry->d_name;
      constexpr std::string_view prefix = "nvidia";
      files += name.size() > prefix.size() &&
               name.substr(0, prefix.size()) == prefix &&
               name.find_first_not_of("0123456789", prefix.size()) ==
                   std::string_view::npos;
      isWindows = isWindows || name == "dxg";
    }
    closedir(directory);
    // The driver of Windows below Linux has one file for all devices.
    if (!files && isWindows)
      files = 1;
  }
  if (const char *visible = getenv("CUDA_VISIBLE_DEVICES")) {
    uint32_t named = *visible ? 1 : 0;
    for (const char *at = visible; *at; ++at)
      named += *at == ',';
    files = std::min(files, named);
  }
  *count = files;
  return nullptr;
}

/// The best target that the device runs.
const tsdk_target *targetFor(const TargetTable &targets, int capability) {
  const tsdk_target *best = nullptr;
  unsigned highest = 0;
  for (size_t i = 0; i < NumTargets; ++i) {
    unsigned own = TargetTable::capability(i);
    // sm_90a runs on 9.0 alone.
    bool isExact = view(targets.target(i).name).back() == 'a';
    bool runs = isExact ? own == static_cast<unsigned>(capability)
                        : own <= static_cast<unsigned>(capability);
    if (runs && own >= highest) {
      highest = own;
      best = &targets.target(i);
    }
  }
  return best;
}

/// Everything but the context.
tsdk_error examine(Device &device) {
  const Cuda &cuda = device.cuda;
  if (CUresult result = cuda.cuInit(0))
    return explain(device, result, "cannot start the driver");
  int count = 0, ordinal = static_cast<int>(device.ordinal);
  if (CUresult result = cuda.cuDeviceGetCount(&count))
    return explain(device, result, "cannot count the devices");
  if (ordinal < 0 || ordinal >= count)
    return failure(&device.owner, TSDK_E_NOT_FOUND,
                   "the driver has " + std::to_string(count) +
                       (count == 1 ? " device" : " devices") +
                       "; CUDA_VISIBLE_DEVICES may hide others");
  if (CUresult result = cuda.cuDeviceGet(&device.native, ordinal))
    return explain(device, result, "cannot find the device");
  int major = 0, minor = 0, hasPools = 0;
  struct {
    int *out, attribute;
  } const wanted[] = {{&major, AttributeMajor},
                      {&minor, AttributeMinor},
                      {&device.maxShared, AttributeSharedOptin},
                      {&device.maxThreads, AttributeMaxThreads}};
  for (auto [out, attribute] : wanted)
    if (CUresult result =
            cuda.cuDeviceGetAttribute(out, attribute, device.native))
      return explain(device, result, "cannot read the device's limits");
  device.hasPools = cuda.cuDeviceGetAttribute(&hasPools, AttributeMemoryPools,
                                              device.native) == Success &&
                    hasPools;
  device.capability = major * 10 + minor;
  device.target = targetFor(device.owner.targets, device.capability);
  if (!device.target)
    return failure(&device.owner, TSDK_E_UNSUPPORTED,
                   device.name() + " has compute capability " +
                       std::to_string(major) + "." + std::to_string(minor) +
                       "; 8.0 is the lowest that is supported");
  return nullptr;
}

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  std::string why;
  if (!owner(self).cuda.open(why))
    return failure(self, TSDK_E_UNAVAILABLE, why);
  std::unique_ptr<Device> device(new (std::nothrow) Device(owner(self)));
  if (!device)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a device");
  device->ordinal = ordinal;
  if (tsdk_error error = examine(*device))
    return error;
  const Cuda &cuda = device->cuda;
  if (CUresult result =
          cuda.cuDevicePrimaryCtxRetain(&device->context, device->native))
    return explain(*device, result, "cannot make a context on the device");
  {
    Current current(*device);
    if (cuda.cuEventCreate(&device->health, 0) != Success)
      device->health = nullptr;
    // An allocation may be from a pool only if it can go back there.
    device->hasPools = device->hasPools &&
                       cuda.find(Cuda::cuMemAllocAsyncIndex) &&
                       cuda.find(Cuda::cuMemFreeAsyncIndex);
  }
  {
    std::lock_guard lock(owner(self).mutex);
    owner(self).devices.push_back(device.get());
  }
  *out = device.release();
  return nullptr;
}

void deviceClose(void *self, void *opaque) {
  std::unique_ptr<Device> device(&deviceOf(opaque));
  {
    std::lock_guard lock(owner(self).mutex);
    std::erase(owner(self).devices, device.get());
  }
  {
    Current current(*device);
    Relaxed relaxed(*device);
    device->cuda.cuCtxSynchronize();
    unloadRetired(*device);
    if (device->health)
      device->cuda.cuEventDestroy(device->health);
  }
  device->cuda.cuDevicePrimaryCtxRelease(device->native);
}

/// Asks for an event that was never recorded, which is done unless the context
/// is lost.
tsdk_error deviceHealth(void *, void *opaque) {
  Device &device = deviceOf(opaque);
  CUresult result = device.fault.load(std::memory_order_acquire);
  if (result == Success && device.health) {
    Current current(device);
    Relaxed relaxed(device);
    result = device.cuda.cuEventQuery(device.health);
  }
  return result == NotReady ? nullptr
                            : check(device, result, "the device is lost");
}

tsdk_error deviceTarget(void *, void *device, const tsdk_target **out) {
  *out = deviceOf(device).target;
  return nullptr;
}

tsdk_error targetRuns(void *self, void *device, const tsdk_target *target,
                      tsdk_bool *runs) {
  const TargetTable &table = owner(self).targets;
  const tsdk_target *own = deviceOf(device).target;
  bool isExact = view(target->name).back() == 'a';
  *runs = target == own ||
          (!isExact && TargetTable::capability(table.indexOf(target)) <=
                           TargetTable::capability(table.indexOf(own)));
  return nullptr;
}

tsdk_error giveText(const char *text, void *out, size_t *size) {
  size_t length = std::strlen(text);
  if (*size >= length)
    std::memcpy(out, text, length);
  *size = length;
  return nullptr;
}

tsdk_error deviceGet(void *self, void *opaque, uint32_t property, void *out,
                     size_t *size) {
  Device &device = deviceOf(opaque);
  Current current(device);
  switch (property) {
  case TSDK_DEVICE_NAME: {
    char name[128] = {};
    if (tsdk_error error = check(
            device,
            device.cuda.cuDeviceGetName(name, sizeof name - 1, device.native),
            "cannot read the device's name"))
      return error;
    return giveText(name, out, size);
  }
  case TSDK_DEVICE_COMPUTE_UNITS: {
    int count = 0;
    if (tsdk_error error =
            check(device,
                  device.cuda.cuDeviceGetAttribute(
                      &count, AttributeMultiprocessors, device.native),
                  "cannot read the device's size"))
      return error;
    return give(static_cast<uint32_t>(count), out, size);
  }
  case TSDK_DEVICE_MEMORY_TOTAL: {
    size_t bytes = 0;
    if (tsdk_error error =
            check(device, device.cuda.cuDeviceTotalMem(&bytes, device.native),
                  "cannot read the device's memory size"))
      return error;
    return give(static_cast<uint64_t>(bytes), out, size);
  }
  case TSDK_DEVICE_MEMORY_FREE: {
    size_t free = 0, total = 0;
    if (tsdk_error error =
            check(device, device.cuda.cuMemGetInfo(&free, &total),
                  "cannot read the device's free memory"))
      return error;
    return give(static_cast<uint64_t>(free), out, size);
  }
  case TSDK_DEVICE_DRIVER_VERSION: {
    int version = 0;
    if (tsdk_error error =
            check(device, device.cuda.cuDriverGetVersion(&version),
                  "cannot read the driver's version"))
      return error;
    return giveText(Cuda::versionText(version).c_str(), out, size);
  }
  case TSDK_DEVICE_TIMER_NS:
    return give(uint64_t(500), out, size); // as cuEventElapsedTime documents
  case TSDK_DEVICE_HOST_MEMORY: {
    // Heterogeneous memory management: page tables of the process.
    int pageable = 0;
    device.cuda.cuDeviceGetAttribute(&pageable, AttributePageableMemory,
                                     device.native);
    return give(static_cast<uint32_t>(pageable != 0), out, size);
  }
  default:
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no device property " + std::to_string(property));
  }
}

} // namespace

void makeDriver(DriverOwner &own) {
  tsdk_driver &driver = own.driver;
  driver.struct_size = sizeof driver;
  driver.self = &own;
  driver.probe = probe;
  driver.device_open = deviceOpen;
  driver.device_close = deviceClose;
  driver.device_target = deviceTarget;
  driver.target_runs = targetRuns;
  driver.device_get = deviceGet;
  driver.device_health = deviceHealth;
  addMemory(driver);
  addStreams(driver);
  addModules(driver);
  addGraphs(driver);
}

} // namespace tilesdk::nvidia
