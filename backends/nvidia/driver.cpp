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

#include "backends/nvidia/driver.h"
#include "backends/nvidia/cuda.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <new>
#include <string>
#include <vector>

namespace tilesdk::nvidia {

namespace {

struct Device {
  const Cuda &cuda;
  CUdevice native = 0;
  uint32_t ordinal = 0;
  CUcontext context = nullptr;
  const tsdk_target *target = nullptr;
  int maxShared = 0;
};

struct Function {
  CUfunction native = nullptr;
  std::string symbol;
  uint32_t threads = 0, sharedBytes = 0, numParams = 0;
};

DriverOwner &owner(void *self) { return *static_cast<DriverOwner *>(self); }
Device &deviceOf(void *device) { return *static_cast<Device *>(device); }

tsdk_error failure(void *self, tsdk_code code, const std::string &message,
                   int64_t native = 0) {
  const tsdk_host &host = owner(self).host;
  return host.error(host.self, code, native, str(message));
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

constexpr CUresult OutOfMemory = 2;

tsdk_error check(void *self, const Device &device, CUresult result,
                 const std::string &what) {
  if (result == Success)
    return nullptr;
  return failure(self,
                 result == OutOfMemory
                     ? static_cast<tsdk_code>(TSDK_E_RESOURCE_EXHAUSTED)
                     : static_cast<tsdk_code>(TSDK_E_DRIVER),
                 "nvidia:" + std::to_string(device.ordinal) + ": " + what +
                     ": " + device.cuda.describe(result),
                 result);
}

CUstream streamOf(uint64_t stream) { return std::bit_cast<CUstream>(stream); }
CUevent eventOf(uint64_t event) { return std::bit_cast<CUevent>(event); }
CUdeviceptr address(const void *pointer) {
  return std::bit_cast<CUdeviceptr>(pointer);
}

/// Counts device files, /dev/nvidia0 and so on, as CUDA_VISIBLE_DEVICES limits
/// them: asking the driver would initialise it, after which the process must
/// not fork. Opening a device is where the driver has its say.
tsdk_error probe(void *, uint32_t *count) {
  uint32_t files = 0;
  if (DIR *directory = opendir("/dev")) {
    while (const dirent *entry = readdir(directory)) {
      std::string_view name = entry->d_name;
      constexpr std::string_view prefix = "nvidia";
      files += name.size() > prefix.size() &&
               name.substr(0, prefix.size()) == prefix &&
               name.find_first_not_of("0123456789", prefix.size()) ==
                   std::string_view::npos;
    }
    closedir(directory);
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

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  std::string why;
  const Cuda *cuda = Cuda::get(why);
  if (!cuda)
    return failure(self, TSDK_E_UNAVAILABLE, why);
  auto *device = new (std::nothrow) Device{*cuda};
  if (!device)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a device");
  device->ordinal = ordinal;
  int major = 0, minor = 0;
  CUresult result = cuda->cuInit(0);
  if (result == Success)
    result = cuda->cuDeviceGet(&device->native, static_cast<int>(ordinal));
  if (result == Success)
    result = cuda->cuDeviceGetAttribute(&major, AttributeMajor, device->native);
  if (result == Success)
    result = cuda->cuDeviceGetAttribute(&minor, AttributeMinor, device->native);
  if (result == Success)
    result = cuda->cuDeviceGetAttribute(&device->maxShared,
                                        AttributeSharedOptin, device->native);
  if (result == Success)
    result = cuda->cuDevicePrimaryCtxRetain(&device->context, device->native);
  tsdk_error error = check(self, *device, result, "cannot open the device");
  if (!error) {
    device->target = targetFor(owner(self).targets, major * 10 + minor);
    if (!device->target)
      error = failure(self, TSDK_E_UNSUPPORTED,
                      "nvidia:" + std::to_string(ordinal) +
                          " has compute capability " + std::to_string(major) +
                          "." + std::to_string(minor) +
                          "; 8.0 is the lowest that is supported");
  }
  if (error) {
    if (device->context)
      cuda->cuDevicePrimaryCtxRelease_v2(device->native);
    delete device;
    return error;
  }
  *out = device;
  return nullptr;
}

void deviceClose(void *, void *opaque) {
  Device &device = deviceOf(opaque);
  {
    Current current(device);
    device.cuda.cuCtxSynchronize();
  }
  device.cuda.cuDevicePrimaryCtxRelease_v2(device.native);
  delete &device;
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

template <typename T> tsdk_error give(T value, void *out, size_t *size) {
  if (*size >= sizeof value)
    std::memcpy(out, &value, sizeof value);
  *size = sizeof value;
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
    device.cuda.cuDeviceGetName(name, sizeof name - 1, device.native);
    return giveText(name, out, size);
  }
  case TSDK_DEVICE_COMPUTE_UNITS: {
    int count = 0;
    device.cuda.cuDeviceGetAttribute(&count, AttributeMultiprocessors,
                                     device.native);
    return give(static_cast<uint32_t>(count), out, size);
  }
  case TSDK_DEVICE_MEMORY_TOTAL: {
    size_t bytes = 0;
    device.cuda.cuDeviceTotalMem_v2(&bytes, device.native);
    return give(static_cast<uint64_t>(bytes), out, size);
  }
  case TSDK_DEVICE_MEMORY_FREE: {
    size_t free = 0, total = 0;
    device.cuda.cuMemGetInfo_v2(&free, &total);
    return give(static_cast<uint64_t>(free), out, size);
  }
  case TSDK_DEVICE_DRIVER_VERSION: {
    int version = 0;
    device.cuda.cuDriverGetVersion(&version);
    std::string text = std::to_string(version / 1000) + "." +
                       std::to_string(version % 1000 / 10);
    return giveText(text.c_str(), out, size);
  }
  default:
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no device property " + std::to_string(property));
  }
}

tsdk_error memAlloc(void *self, void *opaque, uint64_t stream, size_t bytes,
                    tsdk_flags, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUdeviceptr memory = 0;
  if (tsdk_error error =
          check(self, device,
                device.cuda.cuMemAllocAsync(&memory, bytes ? bytes : 1,
                                            streamOf(stream)),
                "cannot allocate " + std::to_string(bytes) + " bytes"))
    return error;
  *out = std::bit_cast<void *>(memory);
  return nullptr;
}

tsdk_error memFree(void *self, void *opaque, uint64_t stream, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.cuda.cuMemFreeAsync(address(memory), streamOf(stream)),
               "cannot free memory");
}

tsdk_error memCopy(void *self, void *opaque, uint64_t stream, void *to,
                   const void *from, size_t bytes) {
  if (!bytes)
    return nullptr;
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.cuda.cuMemcpyAsync(address(to), address(from), bytes,
                                         streamOf(stream)),
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
  return check(self, device, result, "cannot fill memory");
}

tsdk_error hostAlloc(void *self, void *opaque, size_t bytes, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.cuda.cuMemAllocHost_v2(out, bytes ? bytes : 1),
               "cannot allocate " + std::to_string(bytes) +
                   " bytes of pinned host memory");
}

void hostFree(void *, void *opaque, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuMemFreeHost(memory);
}

tsdk_error pointerGet(void *self, const void *pointer, uint32_t property,
                      void *out, size_t *size) {
  std::string why;
  const Cuda *cuda = Cuda::get(why);
  int ordinal = -1;
  if (!cuda || cuda->cuPointerGetAttribute(&ordinal, PointerAttributeOrdinal,
                                           address(pointer)) != Success) {
    *size = 0;
    return nullptr;
  }
  if (property == TSDK_POINTER_ORDINAL)
    return give(static_cast<uint32_t>(ordinal), out, size);
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

tsdk_error streamCreate(void *self, void *opaque, int32_t priority,
                        uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  constexpr unsigned nonBlocking = 1;
  CUstream stream = nullptr;
  // CUDA counts the other way round.
  CUresult result =
      device.cuda.cuStreamCreateWithPriority(&stream, nonBlocking, -priority);
  *out = std::bit_cast<uint64_t>(stream);
  return check(self, device, result, "cannot create a stream");
}

void streamDestroy(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuStreamDestroy_v2(streamOf(stream));
}

tsdk_error streamSync(void *self, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device, device.cuda.cuStreamSynchronize(streamOf(stream)),
               "the work of a stream failed");
}

tsdk_error done(void *self, Device &device, CUresult result, const char *what,
                tsdk_bool *out) {
  *out = result == Success;
  return result == NotReady ? nullptr : check(self, device, result, what);
}

tsdk_error streamQuery(void *self, void *opaque, uint64_t stream,
                       tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(self, device, device.cuda.cuStreamQuery(streamOf(stream)),
              "the work of a stream failed", out);
}

tsdk_error eventCreate(void *self, void *opaque, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUevent event = nullptr;
  CUresult result = device.cuda.cuEventCreate(&event, 0);
  *out = std::bit_cast<uint64_t>(event);
  return check(self, device, result, "cannot create an event");
}

void eventDestroy(void *, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuEventDestroy_v2(eventOf(event));
}

tsdk_error eventRecord(void *self, void *opaque, uint64_t event,
                       uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.cuda.cuEventRecord(eventOf(event), streamOf(stream)),
               "cannot record an event");
}

tsdk_error eventWait(void *self, void *opaque, uint64_t event,
                     uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(
      self, device,
      device.cuda.cuStreamWaitEvent(streamOf(stream), eventOf(event), 0),
      "cannot wait for an event");
}

tsdk_error eventSync(void *self, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device, device.cuda.cuEventSynchronize(eventOf(event)),
               "the work before an event failed");
}

tsdk_error eventQuery(void *self, void *opaque, uint64_t event,
                      tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(self, device, device.cuda.cuEventQuery(eventOf(event)),
              "the work before an event failed", out);
}

tsdk_error eventElapsed(void *self, void *opaque, uint64_t from, uint64_t to,
                        uint64_t *nanoseconds) {
  Device &device = deviceOf(opaque);
  Current current(device);
  float milliseconds = 0;
  CUresult result =
      device.cuda.cuEventElapsedTime(&milliseconds, eventOf(from), eventOf(to));
  *nanoseconds = static_cast<uint64_t>(double(milliseconds) * 1e6);
  return check(self, device, result, "cannot read events");
}

tsdk_error moduleLoad(void *self, void *opaque, tsdk_bytes object, tsdk_str,
                      void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  std::vector<char> log(8192);
  int options[] = {JitErrorLog, JitErrorLogBytes};
  void *values[] = {log.data(), std::bit_cast<void *>(log.size())};
  CUmodule module = nullptr;
  CUresult result =
      device.cuda.cuModuleLoadDataEx(&module, object.data, 2, options, values);
  *out = module;
  std::string what = "cannot load the kernel's code";
  if (result != Success && log[0])
    what += " (" + std::string(log.data()) + ")";
  return check(self, device, result, what);
}

void moduleUnload(void *, void *opaque, void *module) {
  Device &device = deviceOf(opaque);
  Current current(device);
  // Work that is queued may still run the code.
  device.cuda.cuCtxSynchronize();
  device.cuda.cuModuleUnload(static_cast<CUmodule>(module));
}

tsdk_error functionGet(void *self, void *opaque, void *module,
                       const tsdk_function_desc *desc, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  std::string symbol(view(desc->symbol));
  if (desc->shared_bytes > static_cast<uint32_t>(device.maxShared))
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED,
                   "kernel '" + symbol + "' needs " +
                       std::to_string(desc->shared_bytes) +
                       " bytes of shared memory, nvidia:" +
                       std::to_string(device.ordinal) + " has " +
                       std::to_string(device.maxShared) +
                       "; use smaller tiles or fewer stages");
  // It lives as long as its module, which has no hook of ours.
  auto *function = new (std::nothrow) Function();
  if (!function)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a function");
  function->symbol = symbol;
  function->threads = desc->threads;
  function->sharedBytes = desc->shared_bytes;
  function->numParams = desc->num_params;
  CUresult result = device.cuda.cuModuleGetFunction(
      &function->native, static_cast<CUmodule>(module), symbol.c_str());
  if (result == Success && desc->shared_bytes > 48u << 10)
    result = device.cuda.cuFuncSetAttribute(
        function->native, FunctionMaxDynamicShared,
        static_cast<int>(desc->shared_bytes));
  if (tsdk_error error =
          check(self, device, result, "cannot use kernel '" + symbol + "'")) {
    delete function;
    return error;
  }
  *out = function;
  return nullptr;
}

tsdk_error launchGrid(void *self, void *opaque, void *handle,
                      const tsdk_driver_launch *launch) {
  Device &device = deviceOf(opaque);
  const Function &function = *static_cast<Function *>(handle);
  if (launch->num_params != function.numParams) [[unlikely]]
    return failure(self, TSDK_E_INVALID_ARGUMENT,
                   "kernel '" + function.symbol + "' has " +
                       std::to_string(function.numParams) +
                       " parameters, the launch gives " +
                       std::to_string(launch->num_params));
  Current current(device);
  CUresult result = device.cuda.cuLaunchKernel(
      function.native, launch->grid[0], launch->grid[1], launch->grid[2],
      function.threads, 1, 1, function.sharedBytes, streamOf(launch->stream),
      const_cast<void **>(launch->params), nullptr);
  if (result == Success) [[likely]]
    return nullptr;
  return check(self, device, result,
               "cannot launch kernel '" + function.symbol + "'");
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
  driver.module_load = moduleLoad;
  driver.module_unload = moduleUnload;
  driver.function_get = functionGet;
  driver.launch = launchGrid;
}

} // namespace tilesdk::nvidia
