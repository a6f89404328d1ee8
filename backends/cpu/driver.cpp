//===- driver.cpp - The driver functions of the CPU plugin ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks what comes over the C ABI and hands it to the classes that do it.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/module.h"
#include "backends/cpu/plugin.h"
#include "backends/cpu/transfer.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace tilesdk::cpu {

namespace {

Plugin &plugin(void *self) { return *static_cast<Plugin *>(self); }
Device &deviceOf(void *device) { return *static_cast<Device *>(device); }

std::string_view view(tsdk_str text) {
  if (!text.data)
    return {};
  return {text.data,
          text.size == TSDK_NUL_TERMINATED ? strlen(text.data) : text.size};
}

tsdk_error invalid(void *self, std::string_view message) {
  return plugin(self).error(TSDK_E_INVALID_ARGUMENT, message);
}

tsdk_error outOfMemory(void *self, const std::string &what) {
  return plugin(self).error(TSDK_E_RESOURCE_EXHAUSTED,
                            "no host memory for " + what);
}

tsdk_error queued(void *self, bool done) {
  return done ? nullptr : outOfMemory(self, "an entry of a stream");
}

/// The two-call protocol: says the size, writes when there is room.
tsdk_error give(const void *value, size_t bytes, void *out, size_t *size) {
  if (out && *size >= bytes)
    memcpy(out, value, bytes);
  *size = bytes;
  return nullptr;
}

template <typename T> tsdk_error give(T value, void *out, size_t *size) {
  return give(&value, sizeof value, out, size);
}

//===- Devices ------------------------------------------------------------===//

tsdk_error probe(void *, uint32_t *count) {
  *count = detectIsaLevel() == IsaLevel::Baseline ? 0 : 1;
  return nullptr;
}

tsdk_error deviceOpen(void *self, uint32_t ordinal, void **out) {
  if (ordinal != 0)
    return plugin(self).error(
        TSDK_E_NOT_FOUND, "there is no device cpu:" + std::to_string(ordinal) +
                              "; all processors are cpu:0");
  if (detectIsaLevel() == IsaLevel::Baseline)
    return plugin(self).error(TSDK_E_UNAVAILABLE,
                              "this processor, or its operating system, lacks "
                              "AVX2 and FMA (x86-64-v3), which all CPU targets "
                              "need");
  const tsdk_host &host = plugin(self).host;
  Device *device =
      new (std::nothrow) Device(host, optionsFromEnvironment(host));
  if (!device)
    return outOfMemory(self, "the device");
  plugin(self).openDevice.store(device, std::memory_order_release);
  *out = device;
  return nullptr;
}

void deviceClose(void *self, void *device) {
  plugin(self).openDevice.store(nullptr, std::memory_order_release);
  delete &deviceOf(device);
}

/// The row that TILESDK_CPU_TARGET names, or the best one. A lower row than the
/// best lets one machine test what another would run.
tsdk_error deviceTarget(void *self, void *, const tsdk_target **out) {
  const TargetTable &table = plugin(self).targets();
  const IsaLevel level = detectIsaLevel();
  const char *name = getenv("TILESDK_CPU_TARGET");
  if (!name || !*name) {
    *out = table.forLevel(level);
    return nullptr;
  }
  const tsdk_target *target = table.named(name);
  if (!target || !table.runs(target, level))
    return plugin(self).error(
        TSDK_E_INVALID_ARGUMENT,
        std::string("TILESDK_CPU_TARGET=") + name +
            (target ? " needs instructions that this processor lacks"
                    : " is not a target of the CPU plugin") +
            "; unset it to use the best one");
  *out = target;
  return nullptr;
}

tsdk_error targetRuns(void *self, void *, const tsdk_target *target,
                      tsdk_bool *runs) {
  *runs = plugin(self).targets().runs(target, detectIsaLevel());
  return nullptr;
}

tsdk_error deviceGet(void *self, void *device, uint32_t property, void *out,
                     size_t *size) {
  switch (property) {
  case TSDK_DEVICE_NAME: {
    std::string name = cpuName();
    return give(name.data(), name.size(), out, size);
  }
  case TSDK_DEVICE_COMPUTE_UNITS:
    return give<uint32_t>(deviceOf(device).scheduler.threads(), out, size);
  case TSDK_DEVICE_MEMORY_TOTAL:
    return give<uint64_t>(memoryTotalBytes(), out, size);
  case TSDK_DEVICE_MEMORY_FREE:
    return give<uint64_t>(memoryAvailableBytes(), out, size);
  case TSDK_DEVICE_DRIVER_VERSION: {
    std::string_view version = view(plugin(self).interface.version);
    return give(version.data(), version.size(), out, size);
  }
  case TSDK_DEVICE_TIMER_NS:
    return give<uint64_t>(1, out, size);
  default:
    break;
  }
  return plugin(self).error(TSDK_E_UNIMPLEMENTED,
                            "device property " + std::to_string(property) +
                                " is not known to the CPU plugin");
}

//===- Memory -------------------------------------------------------------===//

tsdk_error memAlloc(void *self, void *device, uint64_t, size_t bytes,
                    tsdk_flags flags, void **out) {
  if (flags != 0)
    return invalid(self, "unknown flags for a memory allocation");
  void *memory = deviceOf(device).memory.allocate(bytes);
  if (!memory)
    return outOfMemory(self, "a buffer of " + std::to_string(bytes) + " bytes");
  *out = memory;
  return nullptr;
}

tsdk_error memFree(void *self, void *device, uint64_t stream, void *memory) {
  if (!memory)
    return nullptr;
  Device &owner = deviceOf(device);
  if (!owner.memory.owns(memory))
    return invalid(self, "the memory to free was not allocated on this device, "
                         "or is freed already");
  return queued(self, enqueueFree(owner.stream(stream), memory));
}

tsdk_error memCopy(void *self, void *device, uint64_t stream, void *to,
                   const void *from, size_t bytes) {
  if (bytes == 0)
    return nullptr;
  if (!to || !from)
    return invalid(self, "the address of a copy is null");
  return queued(self,
                enqueueCopy(deviceOf(device).stream(stream), to, from, bytes));
}

tsdk_error memSet(void *self, void *device, uint64_t stream, void *to,
                  uint32_t value, uint32_t width, size_t count) {
  if (width != 1 && width != 2 && width != 4)
    return invalid(self, "memory is set in units of 1, 2 or 4 bytes, not " +
                             std::to_string(width));
  if (count == 0)
    return nullptr;
  if (!to)
    return invalid(self, "the address of a fill is null");
  if (count > SIZE_MAX / width)
    return invalid(self, "the size of a fill overflows");
  return queued(self, enqueueSet(deviceOf(device).stream(stream), to, value,
                                 width, count));
}

tsdk_error hostAlloc(void *self, void *device, size_t bytes, void **out) {
  return memAlloc(self, device, 0, bytes, 0, out);
}

void hostFree(void *, void *device, void *memory) {
  deviceOf(device).memory.free(memory);
}

//===- Streams and events -------------------------------------------------===//

tsdk_error streamCreate(void *self, void *device, int32_t priority,
                        uint64_t *out) {
  Device &owner = deviceOf(device);
  Stream *stream = new (std::nothrow) Stream(owner, owner.scheduler, priority);
  if (!stream)
    return outOfMemory(self, "a stream");
  *out = reinterpret_cast<uint64_t>(stream);
  return nullptr;
}

void streamDestroy(void *, void *device, uint64_t stream) {
  if (stream)
    deviceOf(device).stream(stream).release();
}

tsdk_error streamSync(void *self, void *device, uint64_t native) {
  Stream &stream = deviceOf(device).stream(native);
  stream.wait();
  Failure failure = stream.takeFailure();
  return failure.code ? plugin(self).error(failure.code, failure.message)
                      : nullptr;
}

tsdk_error streamQuery(void *, void *device, uint64_t stream, tsdk_bool *done) {
  *done = deviceOf(device).stream(stream).idle();
  return nullptr;
}

Event &eventOf(uint64_t event) { return *std::bit_cast<Event *>(event); }

tsdk_error eventCreate(void *self, void *, uint64_t *out) {
  Event *event = new (std::nothrow) Event();
  if (!event)
    return outOfMemory(self, "an event");
  *out = reinterpret_cast<uint64_t>(event);
  return nullptr;
}

void eventDestroy(void *, void *, uint64_t event) {
  if (event)
    delete &eventOf(event);
}

tsdk_error eventRecord(void *self, void *device, uint64_t event,
                       uint64_t stream) {
  return queued(self, eventOf(event).record(deviceOf(device).stream(stream)));
}

tsdk_error eventWait(void *self, void *device, uint64_t event,
                     uint64_t stream) {
  return queued(self, eventOf(event).makeWait(deviceOf(device).stream(stream)));
}

tsdk_error eventSync(void *, void *, uint64_t event) {
  if (EventRecord *record = eventOf(event).latest()) {
    record->wait();
    record->release();
  }
  return nullptr;
}

tsdk_error eventQuery(void *, void *, uint64_t event, tsdk_bool *done) {
  EventRecord *record = eventOf(event).latest();
  *done = !record || record->done();
  if (record)
    record->release();
  return nullptr;
}

/// The time of an event's latest recording; 0 when there is none yet.
uint64_t eventTime(uint64_t event) {
  EventRecord *record = eventOf(event).latest();
  if (!record)
    return 0;
  uint64_t time = record->time();
  record->release();
  return time;
}

tsdk_error eventElapsed(void *self, void *, uint64_t from, uint64_t to,
                        uint64_t *nanoseconds) {
  uint64_t start = eventTime(from), end = eventTime(to);
  if (start == 0 || end == 0)
    return plugin(self).error(TSDK_E_FAILED_PRECONDITION,
                              std::string("the ") +
                                  (start == 0 ? "first" : "second") +
                                  " event was not recorded, or its stream has "
                                  "not got there yet");
  if (end < start)
    return invalid(self, "the second event happened before the first");
  *nanoseconds = end - start;
  return nullptr;
}

tsdk_error pointerGet(void *self, const void *pointer, uint32_t property,
                      void *out, size_t *size) {
  uint64_t bytes = 0;
  Device *device = plugin(self).openDevice.load(std::memory_order_acquire);
  if (!device || !device->memory.bytesBehind(pointer, bytes)) {
    *size = 0;
    return nullptr;
  }
  switch (property) {
  case TSDK_POINTER_ORDINAL:
    return give<int32_t>(0, out, size);
  case TSDK_POINTER_BYTES:
    return give<uint64_t>(bytes, out, size);
  default:
    break;
  }
  return plugin(self).error(TSDK_E_UNIMPLEMENTED,
                            "pointer property " + std::to_string(property) +
                                " is not known to the CPU plugin");
}

//===- Modules and launches -----------------------------------------------===//

tsdk_error moduleLoad(void *self, void *, tsdk_bytes object, tsdk_str,
                      void **out) {
  std::string error;
  std::unique_ptr<ElfImage> image =
      ElfImage::load(object.data, object.data ? object.size : 0, error);
  if (!image)
    return plugin(self).error(TSDK_E_DATA_LOSS,
                              "the kernel object cannot be loaded: " + error);
  const char *perf = getenv("TILESDK_CPU_PERF_MAP");
  if (perf && strcmp(perf, "1") == 0)
    image->writePerfMap();
  Module *module = new (std::nothrow) Module();
  if (!module)
    return outOfMemory(self, "a module");
  module->image = std::move(image);
  *out = module;
  return nullptr;
}

void moduleUnload(void *, void *, void *module) {
  static_cast<Module *>(module)->release();
}

uint32_t threadsOfMetadata(std::string_view metadata) {
  std::string_view text = optionOfMetadata(metadata, "num_cpu_threads");
  uint64_t value = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9' || value > UINT32_MAX)
      return UINT32_MAX;
    value = value * 10 + static_cast<uint64_t>(digit - '0');
  }
  return value == 0 || value > UINT32_MAX ? UINT32_MAX
                                          : static_cast<uint32_t>(value);
}

tsdk_error functionGet(void *self, void *device, void *opaque,
                       const tsdk_function_desc *desc, void **out) {
  Module &module = *static_cast<Module *>(opaque);
  std::string_view symbol = view(desc->symbol);
  ElfImage::Symbol found = module.image->lookup(symbol);
  if (!found.address || !found.isFunction) {
    std::string message = "the kernel object has no function '" +
                          std::string(symbol) + "'; it has";
    for (const std::string &name : module.image->functionNames())
      message += " '" + name + "'";
    return plugin(self).error(TSDK_E_NOT_FOUND, message);
  }
  if (desc->threads > 1)
    return invalid(self, "a program on a CPU has one thread, not " +
                             std::to_string(desc->threads));
  uint64_t limit = deviceOf(device).scratchLimit;
  if (desc->scratch_bytes > limit)
    return plugin(self).error(TSDK_E_RESOURCE_EXHAUSTED,
                              "kernel '" + std::string(symbol) + "' needs " +
                                  std::to_string(desc->scratch_bytes) +
                                  " bytes of scratch for each program; the "
                                  "limit on this machine is " +
                                  std::to_string(limit) +
                                  "; use smaller tiles");
  Function function(module);
  function.symbol = symbol;
  function.entry = reinterpret_cast<tsdk_tile_kernel>(found.address);
  function.scratchBytes = desc->scratch_bytes;
  function.paramBytes.assign(desc->param_bytes,
                             desc->param_bytes + desc->num_params);
  function.maxThreads = threadsOfMetadata(view(desc->metadata));
  // Fewer programs at once rather than none when scratch is large.
  if (function.scratchBytes)
    function.maxThreads = static_cast<uint32_t>(
        std::min<uint64_t>(function.maxThreads, limit / function.scratchBytes));
  SpinGuard guard(module.lock);
  module.functions.push_back(std::move(function));
  *out = &module.functions.back();
  return nullptr;
}

/// What the attributes of a launch ask for.
struct LaunchRequest {
  bool cooperative = false;
  uint32_t maxThreads = UINT32_MAX;
};

tsdk_error readAttributes(void *self, const tsdk_driver_launch &launch,
                          LaunchRequest &request) {
  for (uint32_t i = 0; i < launch.num_attrs; ++i) {
    const tsdk_launch_attr &attr = launch.attrs[i];
    if (attr.id == TSDK_LAUNCH_COOPERATIVE)
      request.cooperative = attr.v[0] != 0;
    else if (attr.id == TSDK_LAUNCH_MAX_THREADS && attr.v[0] != 0)
      request.maxThreads =
          static_cast<uint32_t>(std::min<uint64_t>(attr.v[0], UINT32_MAX));
    else if (attr.id != TSDK_LAUNCH_MAX_THREADS && (attr.flags & 1))
      return plugin(self).error(TSDK_E_UNIMPLEMENTED,
                                "launch attribute " + std::to_string(attr.id) +
                                    " is not known to the CPU plugin");
  }
  return nullptr;
}

tsdk_error checkCooperative(void *self, const Device &device,
                            const Function &function, uint64_t programs) {
  std::string who = "a cooperative launch of kernel '" + function.symbol + "'";
  if (programs > Device::MaxCooperativePrograms)
    return plugin(self).error(
        TSDK_E_RESOURCE_EXHAUSTED,
        who + " asks for " + std::to_string(programs) +
            " programs; the limit is " +
            std::to_string(Device::MaxCooperativePrograms));
  uint64_t bytes = (function.scratchBytes + 63) & ~uint64_t(63);
  if (bytes && programs > device.scratchLimit / bytes)
    return plugin(self).error(
        TSDK_E_RESOURCE_EXHAUSTED,
        who + " keeps " + std::to_string(programs) + " programs with " +
            std::to_string(bytes) +
            " bytes of scratch each; the limit on this machine is " +
            std::to_string(device.scratchLimit / bytes) + " programs");
  return nullptr;
}

tsdk_error launchGrid(void *self, void *device, void *opaque,
                      const tsdk_driver_launch *launch) {
  const Function &function = *static_cast<Function *>(opaque);
  if (launch->num_params != function.paramBytes.size()) [[unlikely]]
    return invalid(self, "kernel '" + function.symbol + "' has " +
                             std::to_string(function.paramBytes.size()) +
                             " parameters, the launch gives " +
                             std::to_string(launch->num_params));
  unsigned __int128 programs = static_cast<unsigned __int128>(launch->grid[0]) *
                               launch->grid[1] * launch->grid[2];
  if (programs == 0 || programs > INT64_MAX) [[unlikely]]
    return invalid(self, "a grid has at least one program and at most 2^63 - "
                         "1");
  Stream &stream = deviceOf(device).stream(launch->stream);
  LaunchRequest request;
  if (launch->num_attrs)
    if (tsdk_error error = readAttributes(self, *launch, request))
      return error;
  if (request.cooperative && programs > 1) {
    if (tsdk_error error = checkCooperative(self, deviceOf(device), function,
                                            static_cast<uint64_t>(programs)))
      return error;
    return queued(self, enqueueCooperative(stream, function, launch->grid,
                                           launch->params, request.maxThreads));
  }
  return queued(self, enqueueLaunch(stream, function, launch->grid,
                                    launch->params, request.maxThreads));
}

} // namespace

void makeDriver(Plugin &owner) {
  tsdk_driver &driver = owner.driver;
  driver.struct_size = sizeof driver;
  driver.self = &owner;
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

} // namespace tilesdk::cpu
