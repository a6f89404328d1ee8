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

CUevent eventOf(uint64_t event) { return std::bit_cast<CUevent>(event); }

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

/// Memory that a capture allocates belongs to its graph, not to us.
tsdk_error noCapture(Device &device, CUstream stream, const std::string &what) {
  if (!isCapturing(device, stream))
    return nullptr;
  return failure(&device.owner, TSDK_E_FAILED_PRECONDITION,
                 what + ": the stream is being captured into a graph, which "
                        "cannot hold that; do it before the capture (a kernel "
                        "that needs memory has it after its first launch)");
}

tsdk_error memAlloc(void *, void *opaque, uint64_t stream, size_t bytes,
                    tsdk_flags, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUdeviceptr memory = 0;
  size_t size = bytes ? bytes : 1;
  CUresult result = Success;
  if (device.hasPools) {
    if (tsdk_error error =
            noCapture(device, streamOf(stream),
                      "cannot allocate " + std::to_string(bytes) + " bytes"))
      return error;
    result = device.cuda.cuMemAllocAsync(&memory, size, streamOf(stream));
  } else {
    Relaxed relaxed(device);
    result = device.cuda.cuMemAlloc(&memory, size);
  }
  if (result != Success)
    return explain(device, result,
                   "cannot allocate " + std::to_string(bytes) + " bytes");
  *out = std::bit_cast<void *>(memory);
  return nullptr;
}

tsdk_error memFree(void *, void *opaque, uint64_t stream, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  if (tsdk_error error =
          noCapture(device, streamOf(stream), "cannot free memory"))
    return error;
  if (device.hasPools)
    return check(device,
                 device.cuda.cuMemFreeAsync(address(memory), streamOf(stream)),
                 "cannot free memory");
  CUresult result = device.cuda.cuStreamSynchronize(streamOf(stream));
  CUresult freed = device.cuda.cuMemFree(address(memory));
  return check(device, result != Success ? result : freed,
               "cannot free memory");
}

tsdk_error memCopy(void *self, void *opaque, uint64_t stream, void *to,
                   const void *from, size_t bytes) {
  if (!bytes)
    return nullptr;
  Device &device = deviceOf(opaque);
  Current current(device);
  CUresult result = device.cuda.cuMemcpyAsync(address(to), address(from), bytes,
                                              streamOf(stream));
  if (result == Success)
    return nullptr;
  return explain(device, result,
                 "cannot copy " + std::to_string(bytes) + " bytes");
}

tsdk_error memSet(void *self, void *opaque, uint64_t stream, void *to,
                  uint32_t value, uint32_t width, size_t count) {
  if (!count)
    return nullptr;
  Device &device = deviceOf(opaque);
  Current current(device);
  CUstream order = streamOf(stream);
  CUresult result =
      width == 1
          ? device.cuda.cuMemsetD8Async(
                address(to), static_cast<unsigned char>(value), count, order)
      : width == 2
          ? device.cuda.cuMemsetD16Async(
                address(to), static_cast<unsigned short>(value), count, order)
          : device.cuda.cuMemsetD32Async(address(to), value, count, order);
  return check(device, result, "cannot fill memory");
}

tsdk_error hostAlloc(void *, void *opaque, size_t bytes, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  Relaxed relaxed(device);
  void *memory = nullptr;
  CUresult result = device.cuda.cuMemAllocHost(&memory, bytes ? bytes : 1);
  if (result != Success)
    return explain(device, result,
                   "cannot allocate " + std::to_string(bytes) +
                       " bytes of pinned host memory");
  *out = memory;
  return nullptr;
}

void hostFree(void *, void *opaque, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  Relaxed relaxed(device);
  device.cuda.cuMemFreeHost(memory);
}

tsdk_error pointerGet(void *self, const void *pointer, uint32_t property,
                      void *out, size_t *size) {
  std::string why;
  const Cuda *cuda = &owner(self).cuda;
  int ordinal = -1;
  if (!cuda->open(why) ||
      cuda->cuPointerGetAttribute(&ordinal, PointerAttributeOrdinal,
                                  address(pointer)) != Success) {
    *size = 0;
    return nullptr;
  }
  if (property == TSDK_POINTER_ORDINAL) {
    // Pinned and managed memory is every device's.
    unsigned type = 0, managed = 0;
    constexpr unsigned host = 1;
    if ((cuda->cuPointerGetAttribute(&type, PointerAttributeMemoryType,
                                     address(pointer)) == Success &&
         type == host) ||
        (cuda->cuPointerGetAttribute(&managed, PointerAttributeManaged,
                                     address(pointer)) == Success &&
         managed))
      ordinal = -1;
    return give(static_cast<int32_t>(ordinal), out, size);
  }
  if (property == TSDK_POINTER_BYTES) {
    CUdeviceptr start = 0;
    size_t bytes = 0;
    if (cuda->cuPointerGetAttribute(&start, PointerAttributeRangeStart,
                                    address(pointer)) == Success &&
        cuda->cuPointerGetAttribute(&bytes, PointerAttributeRangeSize,
                                    address(pointer)) == Success)
      return give(static_cast<uint64_t>(start + bytes - address(pointer)), out,
                  size);
    *size = 0;
    return nullptr;
  }
  return failure(self, TSDK_E_UNIMPLEMENTED,
                 "no pointer property " + std::to_string(property));
}

tsdk_error streamCreate(void *, void *opaque, int32_t priority, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  constexpr unsigned nonBlocking = 1;
  CUstream stream = nullptr;
  // CUDA counts the other way round.
  CUresult result = device.cuda.cuStreamCreateWithPriority(
      &stream, nonBlocking, priority == INT32_MIN ? INT32_MAX : -priority);
  if (result != Success)
    return explain(device, result, "cannot create a stream");
  *out = std::bit_cast<uint64_t>(stream);
  return nullptr;
}

void streamDestroy(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuStreamDestroy(streamOf(stream));
}

tsdk_error streamSync(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUresult result = device.cuda.cuStreamSynchronize(streamOf(stream));
  if (result != Success)
    return explain(device, result, "the work of a stream failed");
  device.launches.finish(streamOf(stream));
  return nullptr;
}

tsdk_error done(Device &device, CUresult result, const char *what,
                tsdk_bool *out) {
  if (result != Success && result != NotReady)
    return explain(device, result, what);
  *out = result == Success;
  return nullptr;
}

tsdk_error streamQuery(void *, void *opaque, uint64_t stream, tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(device, device.cuda.cuStreamQuery(streamOf(stream)),
              "the work of a stream failed", out);
}

tsdk_error streamCall(void *, void *opaque, uint64_t stream,
                      void (*call)(void *), void *argument) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuLaunchHostFunc(streamOf(stream), call, argument),
               "cannot queue a call");
}

tsdk_error eventCreate(void *, void *opaque, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUevent event = nullptr;
  CUresult result = device.cuda.cuEventCreate(&event, 0);
  if (result != Success)
    return explain(device, result, "cannot create an event");
  *out = std::bit_cast<uint64_t>(event);
  return nullptr;
}

void eventDestroy(void *, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuEventDestroy(eventOf(event));
}

tsdk_error eventRecord(void *self, void *opaque, uint64_t event,
                       uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuEventRecord(eventOf(event), streamOf(stream)),
               "cannot record an event");
}

tsdk_error eventWait(void *self, void *opaque, uint64_t event,
                     uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(
      device,
      device.cuda.cuStreamWaitEvent(streamOf(stream), eventOf(event), 0),
      "cannot wait for an event");
}

tsdk_error eventSync(void *self, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device, device.cuda.cuEventSynchronize(eventOf(event)),
               "the work before an event failed");
}

tsdk_error eventQuery(void *self, void *opaque, uint64_t event,
                      tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(device, device.cuda.cuEventQuery(eventOf(event)),
              "the work before an event failed", out);
}

tsdk_error eventElapsed(void *self, void *opaque, uint64_t from, uint64_t to,
                        uint64_t *nanoseconds) {
  Device &device = deviceOf(opaque);
  Current current(device);
  float milliseconds = 0;
  CUresult result =
      device.cuda.cuEventElapsedTime(&milliseconds, eventOf(from), eventOf(to));
  if (result == NotReady)
    return failure(self, TSDK_E_FAILED_PRECONDITION,
                   "cannot read events: their work is not "
                   "done; wait for the later one first");
  if (result != Success)
    return explain(device, result, "cannot read events");
  *nanoseconds = static_cast<uint64_t>(double(milliseconds) * 1e6);
  return nullptr;
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
  driver.mem_alloc = memAlloc;
  driver.mem_free = memFree;
  driver.mem_copy = memCopy;
  driver.mem_set = memSet;
  driver.host_alloc = hostAlloc;
  driver.host_free = hostFree;
  driver.pointer_get = pointerGet;
  driver.stream_create = streamCreate;
  driver.stream_destroy = streamDestroy;
  driver.stream_sync = streamSync;
  driver.stream_query = streamQuery;
  driver.event_create = eventCreate;
  driver.event_destroy = eventDestroy;
  driver.event_record = eventRecord;
  driver.event_wait = eventWait;
  driver.event_sync = eventSync;
  driver.event_query = eventQuery;
  driver.event_elapsed = eventElapsed;
  driver.stream_call = streamCall;
  driver.device_health = deviceHealth;
  addModules(driver);
  addGraphs(driver);
}

} // namespace tilesdk::nvidia
