//===- driver.cpp - Devices of the HIP runtime ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Native handles of streams and events are HIP's own, so that those of
// frameworks work as they are.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/driver.h"
#include "backends/amd/device.h"

#include <algorithm>
#include <dirent.h>
#include <fstream>
#include <new>

namespace tilesdk::amd {

tsdk_error check(void *self, Device &device, hipError result,
                 const std::string &what) {
  if (result == Success) [[likely]]
    return nullptr;
  // HIP keeps it for whoever asks next, who did nothing wrong.
  device.hip.hipGetLastError();
  std::string text =
      device.name() + ": " + what + ": " + device.hip.describe(result);
  if (result >= FirstCapture && result <= LastCapture)
    text += "; a graph that is being captured cannot hold this: do it before "
            "the capture begins";
  bool isFault = result == IllegalAddress || result == LaunchTimeOut ||
                 result == LaunchFailure;
  if (isFault) {
    hipError none = Success;
    device.fault.compare_exchange_strong(none, result);
    if (const std::string *kernel = device.lastKernel.load();
        kernel && text.find("'" + *kernel + "'") == std::string::npos)
      text += "; the last kernel launched was '" + *kernel + "'";
  }
  int code = result == OutOfMemory ? TSDK_E_RESOURCE_EXHAUSTED : TSDK_E_DRIVER;
  return failure(self, static_cast<tsdk_code>(code), text, result);
}

void freeRetired(Device &device) {
  std::vector<std::unique_ptr<Module>> retired;
  {
    std::lock_guard lock(device.mutex);
    retired.swap(device.retired);
  }
  if (!retired.empty())
    device.hip.hipDeviceSynchronize();
}

namespace {

uint32_t countNamed(const char *list) {
  uint32_t named = *list ? 1 : 0;
  for (const char *at = list; *at; ++at)
    named += *at == ',';
  return named;
}

/// Counts the GPUs of the kernel driver's topology, as the usual variables
/// limit them: asking HIP would initialise it, after which the process must not
/// fork. Opening a device is where HIP has its say.
tsdk_error probe(void *, uint32_t *count) {
  const char *given = getenv("TILESDK_AMD_TOPOLOGY");
  std::string nodes = given ? given : "/sys/class/kfd/kfd/topology/nodes";
  uint32_t gpus = 0;
  if (DIR *directory = opendir(nodes.c_str())) {
    while (const dirent *entry = readdir(directory)) {
      std::ifstream file(nodes + "/" + entry->d_name + "/properties");
      std::string key, value;
      while (file >> key >> value)
        if (key == "simd_count" && value != "0") {
          ++gpus;
          break;
        }
    }
    closedir(directory);
  }
  for (const char *variable :
       {"ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"})
    if (const char *list = getenv(variable))
      gpus = std::min(gpus, countNamed(list));
  *count = gpus;
  return nullptr;
}

/// Code objects run on their own architecture alone.
const tsdk_target *targetFor(const TargetTable &targets,
                             std::string_view architecture) {
  architecture = architecture.substr(0, architecture.find(':'));
  for (size_t i = 0; i < NumTargets; ++i)
    if (view(targets.target(i).name) == architecture)
      return &targets.target(i);
  return nullptr;
}

tsdk_error describeDevice(void *self, Device &device) {
  const Hip &hip = device.hip;
  hipError result = hip.hipInit(0);
  int count = 0;
  if (result == Success)
    result = hip.hipGetDeviceCount(&count);
  // Release 5 says InvalidDevice when there is none at all.
  if (result == NoDevice || result == InvalidDevice ||
      (result == Success && device.ordinal >= count)) {
    hip.hipGetLastError();
    return failure(self, TSDK_E_UNAVAILABLE,
                   "there is no device " + device.name() + ": HIP " +
                       hip.version() + " finds " + std::to_string(count) +
                       "; it needs /dev/kfd and /dev/dri/renderD* to be "
                       "readable and writable, and the device to be visible "
                       "(HIP_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES)",
                   result);
  }
  if (result == Success)
    result = hip.architecture(device.ordinal, device.architecture);
  auto read = [&](int &value, int attribute) {
    if (result == Success)
      result = hip.hipDeviceGetAttribute(&value, attribute, device.ordinal);
  };
  read(device.maxShared, AttributeMaxShared);
  read(device.maxThreads, AttributeMaxThreads);
  read(device.warpSize, AttributeWarpSize);
  if (tsdk_error error = check(self, device, result, "cannot open the device"))
    return error;
  // Of these a release may know nothing.
  auto has = [&](int attribute) {
    int value = 0;
    if (hip.hipDeviceGetAttribute(&value, attribute, device.ordinal) == Success)
      return value != 0;
    hip.hipGetLastError();
    return false;
  };
  device.hasPools =
      hip.hipMallocAsync && hip.hipFreeAsync && has(AttributeMemoryPools);
  device.release = hip.release();
  device.isCooperative =
      hip.hipModuleLaunchCooperativeKernel && has(AttributeCooperative);

  device.target = targetFor(owner(self).targets, device.architecture);
  if (device.target)
    return nullptr;
  std::string known;
  for (size_t i = 0; i < NumTargets; ++i)
    known +=
        (i ? ", " : "") + std::string(view(owner(self).targets.target(i).name));
  return failure(self, TSDK_E_UNSUPPORTED,
                 device.name() + " is a " + device.architecture +
                     "; supported are " + known);
}

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  std::string why;
  const Hip *hip = Hip::get(why);
  if (!hip)
    return failure(self, TSDK_E_UNAVAILABLE, why);
  std::unique_ptr<Device> device(new (std::nothrow) Device(*hip));
  if (!device)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a device");
  device->ordinal = static_cast<int>(ordinal);
  if (tsdk_error error = describeDevice(self, *device))
    return error;
  *out = device.release();
  return nullptr;
}

void deviceClose(void *, void *opaque) {
  Device &device = deviceOf(opaque);
  {
    Current current(device);
    device.hip.hipDeviceSynchronize();
    freeRetired(device);
  }
  delete &device;
}

tsdk_error deviceTarget(void *, void *device, const tsdk_target **out) {
  *out = deviceOf(device).target;
  return nullptr;
}

tsdk_error deviceGet(void *self, void *opaque, uint32_t property, void *out,
                     size_t *size) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  constexpr const char *what = "cannot read a property";
  switch (property) {
  case TSDK_DEVICE_NAME: {
    char name[256] = {};
    if (tsdk_error error = check(
            self, device,
            hip.hipDeviceGetName(name, sizeof name - 1, device.ordinal), what))
      return error;
    // Debian's releases know few names.
    return giveText(*name ? name : device.architecture.c_str(), out, size);
  }
  case TSDK_DEVICE_COMPUTE_UNITS: {
    int count = 0;
    if (tsdk_error error =
            check(self, device,
                  hip.hipDeviceGetAttribute(&count, AttributeMultiprocessors,
                                            device.ordinal),
                  what))
      return error;
    return give(static_cast<uint32_t>(count), out, size);
  }
  case TSDK_DEVICE_MEMORY_TOTAL: {
    size_t bytes = 0;
    if (tsdk_error error = check(
            self, device, hip.hipDeviceTotalMem(&bytes, device.ordinal), what))
      return error;
    return give(static_cast<uint64_t>(bytes), out, size);
  }
  case TSDK_DEVICE_MEMORY_FREE: {
    size_t free = 0, total = 0;
    if (tsdk_error error =
            check(self, device, hip.hipMemGetInfo(&free, &total), what))
      return error;
    return give(static_cast<uint64_t>(free), out, size);
  }
  case TSDK_DEVICE_DRIVER_VERSION:
    return giveText("HIP " + hip.version(), out, size);
  case TSDK_DEVICE_HOST_MEMORY: {
    // Heterogeneous memory management: page tables of the process, where faults
    // are taken (XNACK). What cannot be asked is not refused.
    int pageable = 1;
    if (hip.hipPointerGetAttributes &&
        hip.hipDeviceGetAttribute(&pageable, AttributePageableMemory,
                                  device.ordinal) != Success) {
      hip.hipGetLastError();
      pageable = 1;
    }
    return give(static_cast<uint32_t>(pageable != 0), out, size);
  }
  default:
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no device property " + std::to_string(property));
  }
}

tsdk_error deviceHealth(void *self, void *opaque) {
  Device &device = deviceOf(opaque);
  return check(self, device, device.fault.load(),
               "the device has failed and does no more work for this process; "
               "end it");
}

} // namespace

void addDevices(tsdk_driver &driver) {
  driver.probe = probe;
  driver.device_open = deviceOpen;
  driver.device_close = deviceClose;
  driver.device_target = deviceTarget;
  driver.device_get = deviceGet;
  driver.device_health = deviceHealth;
}

void makeDriver(DriverOwner &own) {
  tsdk_driver &driver = own.driver;
  driver.struct_size = sizeof driver;
  driver.self = &own;
  addDevices(driver);
  addMemory(driver);
  addStreams(driver);
  addModules(driver);
}

} // namespace tilesdk::amd
