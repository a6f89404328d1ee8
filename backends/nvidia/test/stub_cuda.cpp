//===- stub_cuda.cpp - A CUDA driver of ours for tests ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With STUB_CUDA_PLAIN: a driver from before cuGetProcAddress, with all
// functions as symbols.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_cuda.h"
#include "backends/nvidia/cuda.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <vector>

using namespace tilesdk::nvidia;

#ifdef STUB_CUDA_PLAIN
#define STUB_SYMBOL(SYMBOL) SYMBOL
#else
#define STUB_SYMBOL(SYMBOL) "stub_" SYMBOL
#endif
#define STUB_EXPORT extern "C" __attribute__((visibility("default")))

#define STUB_DECLARE(NAME, SYMBOL, VERSION, PARAMS)                            \
  STUB_EXPORT CUresult NAME PARAMS __asm__(STUB_SYMBOL(SYMBOL));
TILESDK_CUDA_FUNCTIONS(STUB_DECLARE)

namespace {

struct Row {
  const char *name, *symbol;
  int version;
  void *function;
};
const Row Rows[] = {
#define STUB_ROW(NAME, SYMBOL, VERSION, PARAMS)                                \
  {#NAME, SYMBOL, VERSION, reinterpret_cast<void *>(&NAME)},
    TILESDK_CUDA_FUNCTIONS(STUB_ROW)};

using Work = std::function<void()>;

struct Stream {
  int capture = 0, mode = 0;
  std::vector<Work> recorded;
};
struct Kernel {
  std::string name;
};
struct Code {
  std::map<std::string, Kernel> kernels;
};
struct Captured {
  std::vector<Work> work;
};
struct Event {
  bool isRecorded = false;
  unsigned long time = 0;
};
struct Link {
  std::string text;
  char *infoLog = nullptr;
  size_t infoBytes = 0;
};

struct State {
  std::recursive_mutex mutex;
  int devices, version, capability, pools, pageable, busy, quiet;
  size_t memory;
  int registers, local, shared, maxThreads;
  std::set<std::string> missing;
  struct Fault {
    int result, at;
  };
  std::map<std::string, Fault> faults;
  std::map<std::string, int> calls, runs;
  std::string log, live, logFile;
  int sticky = 0;
  unsigned long clock = 0;
  bool isInitialized = false;

  std::map<int, int> contexts; ///< Device to retains.
  std::set<void *> streams, events, modules, graphs, execs, links;
  std::map<CUdeviceptr, size_t> device;
  std::set<void *> host;
  size_t used = 0;

  State() { read(); }
  static int number(const char *name, int initial) {
    const char *text = getenv(name);
    return text && *text ? atoi(text) : initial;
  }
  static std::vector<std::string> list(const char *name) {
    std::vector<std::string> out;
    const char *text = getenv(name);
    for (std::string rest = text ? text : ""; !rest.empty();) {
      size_t comma = rest.find(',');
      out.push_back(rest.substr(0, comma));
      rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
    return out;
  }
  void read() {
    devices = number("STUB_CUDA_DEVICES", 1);
    version = number("STUB_CUDA_VERSION", 12080);
    capability = number("STUB_CUDA_CAPABILITY", 90);
    pools = number("STUB_CUDA_POOLS", 1);
    pageable = number("STUB_CUDA_PAGEABLE", 0);
    busy = number("STUB_CUDA_BUSY", 0);
    quiet = number("STUB_CUDA_QUIET", 0);
    memory = size_t(number("STUB_CUDA_MEMORY", 1024)) << 20;
    registers = number("STUB_CUDA_REGISTERS", 32);
    local = number("STUB_CUDA_LOCAL", 0);
    shared = number("STUB_CUDA_SHARED", 0);
    maxThreads = number("STUB_CUDA_MAX_THREADS", 1024);
    const char *file = getenv("STUB_CUDA_LOG");
    logFile = file ? file : "";
    missing.clear();
    for (const std::string &name : list("STUB_CUDA_MISSING"))
      missing.insert(name);
    faults.clear();
    for (const std::string &entry : list("STUB_CUDA_FAIL")) {
      size_t equals = entry.find('='), at = entry.find('@');
      faults[entry.substr(0, equals)] = {
          atoi(entry.c_str() + equals + 1),
          at == std::string::npos ? 0 : atoi(entry.c_str() + at + 1)};
    }
    calls.clear();
    runs.clear();
    log.clear();
    sticky = 0;
  }
};

State &state() {
  static State *own = new State(); // outlives all callers
  return *own;
}

struct ThreadState {
  CUcontext current = nullptr;
  int mode = 0;
};
thread_local ThreadState thread;

constexpr CUresult InvalidContext = 201, InvalidHandle = 400,
                   CaptureUnsupported = 900, CaptureInvalidated = 901,
                   CaptureImplicit = 906;

enum Needs { Nothing, Init, Context, Unsafe };

bool isFault(int result) {
  return result == 700 || result == 702 || (result >= 714 && result <= 719);
}

/// Logs the call, and says whether it may go on.
CUresult enter(const char *name, Needs needs, const std::string &more = "") {
  State &own = state();
  std::string line = name + more + "\n";
  own.log += line;
  if (!own.logFile.empty())
    if (FILE *file = fopen(own.logFile.c_str(), "a")) {
      fputs(line.c_str(), file);
      fclose(file);
    }
  int count = ++own.calls[name];
  auto fault = own.faults.find(name);
  if (fault != own.faults.end() &&
      (!fault->second.at || fault->second.at == count)) {
    if (isFault(fault->second.result))
      own.sticky = fault->second.result;
    return fault->second.result;
  }
  if (needs >= Init && !own.isInitialized)
    return NotInitialized;
  if (needs >= Context && !thread.current)
    return InvalidContext;
  if (needs >= Context && own.sticky)
    return own.sticky;
  if (needs == Unsafe && thread.mode != CaptureModeRelaxed)
    for (void *each : own.streams) {
      Stream &stream = *static_cast<Stream *>(each);
      if (stream.capture == 1 && stream.mode == 0) {
        stream.capture = 2;
        return CaptureUnsupported;
      }
    }
  return Success;
}

#define STUB_ENTER(NAME, NEEDS, ...)                                           \
  State &own = state();                                                        \
  std::lock_guard guard(own.mutex);                                            \
  if (CUresult result = enter(#NAME, NEEDS __VA_OPT__(, ) __VA_ARGS__))        \
    return result;                                                             \
  (void)own

/// Does it, or records it.
CUresult queue(CUstream handle, Work work) {
  State &own = state();
  if (!handle) {
    for (void *each : own.streams)
      if (static_cast<Stream *>(each)->capture == 1 &&
          static_cast<Stream *>(each)->mode == 0)
        return CaptureImplicit;
    work();
    return Success;
  }
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  if (stream.capture == 2)
    return CaptureInvalidated;
  if (stream.capture == 1)
    stream.recorded.push_back(std::move(work));
  else
    work();
  return Success;
}

template <typename T> T *make(std::set<void *> &all) {
  T *object = new T();
  all.insert(object);
  return object;
}
template <typename T> CUresult destroy(std::set<void *> &all, void *handle) {
  if (!all.erase(handle))
    return InvalidHandle;
  delete static_cast<T *>(handle);
  return Success;
}

CUcontext contextOf(int device) {
  return reinterpret_cast<CUcontext>(uintptr_t(device) + 0x1000);
}

/// The kernels of assembly, or of what our linker made.
std::vector<std::string> kernelsOf(const char *image, int *architecture) {
  std::vector<std::string> names;
  std::string text(image);
  const char *arch = strstr(text.c_str(), ".target sm_");
  *architecture = arch ? atoi(arch + strlen(".target sm_")) : 0;
  for (size_t at = 0; (at = text.find(".entry ", at)) != std::string::npos;) {
    at += strlen(".entry ");
    names.push_back(text.substr(at, text.find_first_of("( \n", at) - at));
  }
  return names;
}

bool isInDeviceMemory(CUdeviceptr pointer, CUdeviceptr *start, size_t *size) {
  State &own = state();
  auto at = own.device.upper_bound(pointer);
  if (at == own.device.begin())
    return false;
  --at;
  *start = at->first;
  *size = at->second;
  return pointer < at->first + at->second;
}

CUresult allocate(CUdeviceptr *out, size_t bytes) {
  State &own = state();
  if (bytes > own.memory - own.used)
    return OutOfMemory;
  void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  *out = reinterpret_cast<CUdeviceptr>(memory);
  own.device[*out] = bytes;
  own.used += bytes;
  return Success;
}

CUresult release(CUdeviceptr memory) {
  State &own = state();
  auto at = own.device.find(memory);
  if (at == own.device.end())
    return InvalidValue;
  own.used -= at->second;
  own.device.erase(at);
  free(reinterpret_cast<void *>(memory));
  return Success;
}

template <typename T> void fill(CUdeviceptr to, T value, size_t count) {
  T *at = reinterpret_cast<T *>(to);
  for (size_t i = 0; i < count; ++i)
    std::memcpy(at + i, &value, sizeof value);
}

CUresult launch(CUfunction function, CUstream stream) {
  std::string name = reinterpret_cast<Kernel *>(function)->name;
  return queue(stream, [name] { ++state().runs[name]; });
}

std::string three(unsigned x, unsigned y, unsigned z) {
  return std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z);
}

} // namespace

//===-- The driver --------------------------------------------------------===//

CUresult cuInit(unsigned) {
  STUB_ENTER(cuInit, Nothing);
  if (own.devices == 0)
    return 100;
  own.isInitialized = true;
  return Success;
}
CUresult cuDriverGetVersion(int *out) {
  STUB_ENTER(cuDriverGetVersion, Nothing);
  *out = own.version;
  return Success;
}
CUresult cuGetErrorName(CUresult result, const char **out) {
  std::lock_guard guard(state().mutex);
  static std::map<int, std::string> names;
  *out = names.try_emplace(result, "CUDA_ERROR_" + std::to_string(result))
             .first->second.c_str();
  return Success;
}
CUresult cuGetErrorString(CUresult result, const char **out) {
  *out = result == OutOfMemory ? "out of memory" : "stub error";
  return Success;
}
CUresult cuDeviceGetCount(int *out) {
  STUB_ENTER(cuDeviceGetCount, Init);
  *out = own.devices;
  return Success;
}
CUresult cuDeviceGet(CUdevice *out, int ordinal) {
  STUB_ENTER(cuDeviceGet, Init);
  if (ordinal < 0 || ordinal >= own.devices)
    return 101;
  *out = ordinal;
  return Success;
}
CUresult cuDeviceGetName(char *out, int size, CUdevice device) {
  STUB_ENTER(cuDeviceGetName, Init);
  snprintf(out, static_cast<size_t>(size), "Stub %d", device);
  return Success;
}
CUresult cuDeviceGetAttribute(int *out, int attribute, CUdevice) {
  STUB_ENTER(cuDeviceGetAttribute, Init);
  switch (attribute) {
  case AttributeMaxThreads:
    *out = 1024;
    return Success;
  case AttributeGridX:
    *out = 0x7fffffff;
    return Success;
  case AttributeGridY:
  case AttributeGridZ:
    *out = 65535;
    return Success;
  case AttributeMultiprocessors:
    *out = 132;
    return Success;
  case AttributeMajor:
    *out = own.capability / 10;
    return Success;
  case AttributeMinor:
    *out = own.capability % 10;
    return Success;
  case AttributeSharedOptin:
    *out = 232448;
    return Success;
  case AttributePageableMemory:
    *out = own.pageable;
    return Success;
  case AttributeMemoryPools:
    *out = own.pools;
    return Success;
  default:
    return InvalidValue;
  }
}
CUresult cuDeviceTotalMem(size_t *out, CUdevice) {
  STUB_ENTER(cuDeviceTotalMem, Init);
  *out = own.memory;
  return Success;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *out, CUdevice device) {
  STUB_ENTER(cuDevicePrimaryCtxRetain, Init);
  ++own.contexts[device];
  *out = contextOf(device);
  return Success;
}
CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  STUB_ENTER(cuDevicePrimaryCtxRelease, Init);
  if (!own.contexts.count(device))
    return InvalidContext;
  if (!--own.contexts[device]) {
    own.contexts.erase(device);
    if (own.contexts.empty()) { // what is loaded goes with it
      for (void *each : own.modules)
        delete static_cast<Code *>(each);
      own.modules.clear();
    }
  }
  return Success;
}
CUresult cuCtxGetCurrent(CUcontext *out) {
  *out = thread.current; // in every call: not logged
  return Success;
}
CUresult cuCtxSetCurrent(CUcontext context) {
  thread.current = context;
  return Success;
}
CUresult cuCtxSynchronize() {
  STUB_ENTER(cuCtxSynchronize, Unsafe);
  for (void *each : own.streams)
    if (static_cast<Stream *>(each)->capture == 1)
      return CaptureUnsupported;
  return Success;
}
CUresult cuMemGetInfo(size_t *free, size_t *total) {
  STUB_ENTER(cuMemGetInfo, Context);
  *free = own.memory - own.used;
  *total = own.memory;
  return Success;
}
CUresult cuMemAllocAsync(CUdeviceptr *out, size_t bytes, CUstream) {
  STUB_ENTER(cuMemAllocAsync, Context);
  return allocate(out, bytes);
}
CUresult cuMemFreeAsync(CUdeviceptr memory, CUstream) {
  STUB_ENTER(cuMemFreeAsync, Context);
  return release(memory);
}
CUresult cuMemAlloc(CUdeviceptr *out, size_t bytes) {
  STUB_ENTER(cuMemAlloc, Unsafe);
  return allocate(out, bytes);
}
CUresult cuMemFree(CUdeviceptr memory) {
  STUB_ENTER(cuMemFree, Unsafe);
  return release(memory);
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                       CUstream stream) {
  STUB_ENTER(cuMemcpyAsync, Context);
  return queue(stream, [=] {
    std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
                bytes);
  });
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count,
                         CUstream stream) {
  STUB_ENTER(cuMemsetD8Async, Context);
  return queue(stream, [=] { fill(to, value, count); });
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count,
                          CUstream stream) {
  STUB_ENTER(cuMemsetD16Async, Context);
  return queue(stream, [=] { fill(to, value, count); });
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                          CUstream stream) {
  STUB_ENTER(cuMemsetD32Async, Context);
  return queue(stream, [=] { fill(to, value, count); });
}
CUresult cuMemAllocHost(void **out, size_t bytes) {
  STUB_ENTER(cuMemAllocHost, Unsafe);
  *out = malloc(bytes);
  own.host.insert(*out);
  return Success;
}
CUresult cuMemFreeHost(void *memory) {
  STUB_ENTER(cuMemFreeHost, Unsafe);
  if (!own.host.erase(memory))
    return InvalidValue;
  free(memory);
  return Success;
}
CUresult cuPointerGetAttribute(void *out, int attribute, CUdeviceptr pointer) {
  STUB_ENTER(cuPointerGetAttribute, Init);
  CUdeviceptr start = 0;
  size_t size = 0;
  bool isPinned = own.host.count(reinterpret_cast<void *>(pointer));
  if (!isPinned && !isInDeviceMemory(pointer, &start, &size))
    return InvalidValue;
  int ordinal = 0;
  unsigned type = isPinned ? 1 : 2;
  switch (attribute) {
  case PointerAttributeMemoryType:
    std::memcpy(out, &type, sizeof type);
    return Success;
  case PointerAttributeOrdinal:
    std::memcpy(out, &ordinal, sizeof ordinal);
    return Success;
  case PointerAttributeRangeStart:
    std::memcpy(out, &start, sizeof start);
    return Success;
  case PointerAttributeRangeSize:
    std::memcpy(out, &size, sizeof size);
    return Success;
  default:
    return InvalidValue;
  }
}

//===-- Streams, events ---------------------------------------------------===//

CUresult cuStreamCreateWithPriority(CUstream *out, unsigned flags,
                                    int priority) {
  STUB_ENTER(cuStreamCreateWithPriority, Context,
             " " + std::to_string(flags) + " " + std::to_string(priority));
  *out = reinterpret_cast<CUstream>(make<Stream>(own.streams));
  return Success;
}
CUresult cuStreamDestroy(CUstream stream) {
  STUB_ENTER(cuStreamDestroy, Context);
  return destroy<Stream>(own.streams, stream);
}
CUresult cuStreamSynchronize(CUstream stream) {
  STUB_ENTER(cuStreamSynchronize, Context);
  if (stream && !own.streams.count(stream))
    return InvalidHandle;
  return stream && reinterpret_cast<Stream *>(stream)->capture
             ? CaptureUnsupported
             : Success;
}
CUresult cuStreamQuery(CUstream) {
  STUB_ENTER(cuStreamQuery, Context);
  return own.busy ? NotReady : Success;
}
CUresult cuStreamWaitEvent(CUstream, CUevent event, unsigned) {
  STUB_ENTER(cuStreamWaitEvent, Context);
  return own.events.count(event) ? Success : InvalidHandle;
}
CUresult cuEventCreate(CUevent *out, unsigned) {
  STUB_ENTER(cuEventCreate, Context);
  *out = reinterpret_cast<CUevent>(make<Event>(own.events));
  return Success;
}
CUresult cuEventDestroy(CUevent event) {
  STUB_ENTER(cuEventDestroy, Context);
  return destroy<Event>(own.events, event);
}
CUresult cuEventRecord(CUevent handle, CUstream) {
  STUB_ENTER(cuEventRecord, Context);
  if (!own.events.count(handle))
    return InvalidHandle;
  Event &event = *reinterpret_cast<Event *>(handle);
  event.isRecorded = true;
  event.time = ++own.clock;
  return Success;
}
CUresult cuEventSynchronize(CUevent event) {
  STUB_ENTER(cuEventSynchronize, Context);
  return own.events.count(event) ? Success : InvalidHandle;
}
CUresult cuEventQuery(CUevent event) {
  STUB_ENTER(cuEventQuery, Unsafe);
  if (!own.events.count(event))
    return InvalidHandle;
  return own.busy && reinterpret_cast<Event *>(event)->isRecorded ? NotReady
                                                                  : Success;
}
CUresult cuEventElapsedTime(float *out, CUevent from, CUevent to) {
  STUB_ENTER(cuEventElapsedTime, Context);
  if (!own.events.count(from) || !own.events.count(to))
    return InvalidHandle;
  Event &a = *reinterpret_cast<Event *>(from);
  Event &b = *reinterpret_cast<Event *>(to);
  if (!a.isRecorded || !b.isRecorded)
    return InvalidHandle;
  if (own.busy)
    return NotReady;
  *out = static_cast<float>(b.time - a.time); // a millisecond a record
  return Success;
}

//===-- Code --------------------------------------------------------------===//

CUresult cuModuleLoadDataEx(CUmodule *out, const void *image, unsigned count,
                            int *options, void **values) {
  STUB_ENTER(cuModuleLoadDataEx, Unsafe);
  const char *bytes = static_cast<const char *>(image);
  bool isCode = !std::memcmp(bytes,
                             "\x7f"
                             "ELF",
                             4);
  int architecture = 0;
  std::vector<std::string> names =
      kernelsOf(isCode ? bytes + 64 : bytes, &architecture);
  if (names.empty()) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == JitErrorLog)
        strcpy(static_cast<char *>(values[i]), "no entry");
    return isCode ? 200 : 218;
  }
  if (isCode ? architecture != own.capability : architecture > own.capability)
    return NoBinary;
  Code *code = make<Code>(own.modules);
  for (const std::string &name : names)
    code->kernels[name] = {name};
  *out = reinterpret_cast<CUmodule>(code);
  return Success;
}
CUresult cuModuleUnload(CUmodule module) {
  STUB_ENTER(cuModuleUnload, Context);
  return destroy<Code>(own.modules, module);
}
CUresult cuModuleGetFunction(CUfunction *out, CUmodule module,
                             const char *name) {
  STUB_ENTER(cuModuleGetFunction, Context);
  if (!own.modules.count(module))
    return InvalidHandle;
  Code &code = *reinterpret_cast<Code *>(module);
  auto at = code.kernels.find(name);
  if (at == code.kernels.end())
    return NotFound;
  *out = reinterpret_cast<CUfunction>(&at->second);
  return Success;
}
CUresult cuFuncGetAttribute(int *out, int attribute, CUfunction) {
  STUB_ENTER(cuFuncGetAttribute, Context);
  *out = attribute == FunctionRegisters     ? own.registers
         : attribute == FunctionLocalBytes  ? own.local
         : attribute == FunctionSharedBytes ? own.shared
         : attribute == FunctionMaxThreads  ? own.maxThreads
                                            : 0;
  return Success;
}
CUresult cuFuncSetAttribute(CUfunction, int attribute, int value) {
  STUB_ENTER(cuFuncSetAttribute, Context,
             " " + std::to_string(attribute) + "=" + std::to_string(value));
  return Success;
}
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *out, CUfunction,
                                                     int threads, size_t) {
  STUB_ENTER(cuOccupancyMaxActiveBlocksPerMultiprocessor, Context);
  *out = 2048 / threads;
  return Success;
}
CUresult cuLaunchKernel(CUfunction function, unsigned x, unsigned y, unsigned z,
                        unsigned threads, unsigned, unsigned, unsigned shared,
                        CUstream stream, void **, void **) {
  STUB_ENTER(cuLaunchKernel, Context,
             " " + reinterpret_cast<Kernel *>(function)->name + " " +
                 three(x, y, z) + " threads " + std::to_string(threads) +
                 " shared " + std::to_string(shared));
  if (y > 65535 || z > 65535)
    return InvalidValue;
  return launch(function, stream);
}
CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                          void **, void **) {
  std::string more = " " + reinterpret_cast<Kernel *>(function)->name;
  for (unsigned i = 0; i < config->numAttributes; ++i) {
    const CUlaunchAttribute &each = config->attributes[i];
    more += " " + std::to_string(each.id) + "=" +
            (each.id == LaunchCluster
                 ? three(each.value.cluster[0], each.value.cluster[1],
                         each.value.cluster[2])
                 : std::to_string(each.value.number));
  }
  STUB_ENTER(cuLaunchKernelEx, Context, more);
  return launch(function, config->stream);
}
CUresult cuLaunchHostFunc(CUstream stream, void (*call)(void *),
                          void *argument) {
  STUB_ENTER(cuLaunchHostFunc, Context);
  return queue(stream, [=] { call(argument); });
}

//===-- Graphs, tensor maps, the linker -----------------------------------===//

CUresult cuStreamBeginCapture(CUstream handle, int mode) {
  STUB_ENTER(cuStreamBeginCapture, Context);
  if (!handle)
    return CaptureUnsupported;
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  if (stream.capture)
    return InvalidValue;
  stream.capture = 1;
  stream.mode = mode;
  return Success;
}
CUresult cuStreamEndCapture(CUstream handle, CUgraph *out) {
  STUB_ENTER(cuStreamEndCapture, Context);
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  int was = stream.capture;
  stream.capture = 0;
  std::vector<Work> work = std::move(stream.recorded);
  stream.recorded.clear();
  if (was != 1)
    return was ? CaptureInvalidated : 903;
  Captured *graph = make<Captured>(own.graphs);
  graph->work = std::move(work);
  *out = reinterpret_cast<CUgraph>(graph);
  return Success;
}
CUresult cuStreamIsCapturing(CUstream handle, int *out) {
  STUB_ENTER(cuStreamIsCapturing, Context);
  *out = 0;
  if (handle && !own.streams.count(handle))
    return InvalidHandle;
  if (handle)
    *out = reinterpret_cast<Stream *>(handle)->capture;
  return Success;
}
CUresult cuThreadExchangeStreamCaptureMode(int *mode) {
  std::swap(thread.mode, *mode);
  return Success;
}
CUresult cuGraphInstantiateWithFlags(CUgraphExec *out, CUgraph graph,
                                     unsigned long long) {
  STUB_ENTER(cuGraphInstantiateWithFlags, Context);
  if (!own.graphs.count(graph))
    return InvalidHandle;
  Captured *exec = make<Captured>(own.execs);
  exec->work = reinterpret_cast<Captured *>(graph)->work;
  *out = reinterpret_cast<CUgraphExec>(exec);
  return Success;
}
CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  STUB_ENTER(cuGraphLaunch, Context);
  if (!own.execs.count(exec))
    return InvalidHandle;
  for (const Work &work : reinterpret_cast<Captured *>(exec)->work)
    if (CUresult result = queue(stream, work))
      return result;
  return Success;
}
CUresult cuGraphExecDestroy(CUgraphExec exec) {
  STUB_ENTER(cuGraphExecDestroy, Context);
  return destroy<Captured>(own.execs, exec);
}
CUresult cuGraphDestroy(CUgraph graph) {
  STUB_ENTER(cuGraphDestroy, Context);
  return destroy<Captured>(own.graphs, graph);
}
/// What it was given, so that tests can see it.
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int type, uint32_t rank,
                                void *base, const uint64_t *shape,
                                const uint64_t *strides, const uint32_t *box,
                                const uint32_t *, int, int swizzle, int,
                                int fill) {
  STUB_ENTER(cuTensorMapEncodeTiled, Context);
  std::memset(map, 0, sizeof *map);
  uint64_t words[16] = {uint64_t(type), rank, reinterpret_cast<uint64_t>(base),
                        uint64_t(swizzle), uint64_t(fill)};
  for (uint32_t i = 0; i < rank && i < 3; ++i) {
    words[5 + i] = shape[i];
    words[8 + i] = box[i];
    if (i)
      words[10 + i] = strides[i - 1];
  }
  std::memcpy(map, words, sizeof words);
  return Success;
}
CUresult cuLinkCreate(unsigned count, int *options, void **values,
                      CUlinkState *out) {
  STUB_ENTER(cuLinkCreate, Context);
  Link *link = make<Link>(own.links);
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == JitInfoLog)
      link->infoLog = static_cast<char *>(values[i]);
    else if (options[i] == JitInfoLogBytes)
      link->infoBytes = reinterpret_cast<size_t>(values[i]);
  *out = reinterpret_cast<CUlinkState>(link);
  return Success;
}
CUresult cuLinkAddData(CUlinkState state_, int, void *data, size_t size,
                       const char *, unsigned, int *, void **) {
  STUB_ENTER(cuLinkAddData, Context);
  if (!own.links.count(state_))
    return InvalidHandle;
  reinterpret_cast<Link *>(state_)->text.append(static_cast<char *>(data),
                                                size);
  return Success;
}
/// "Machine code": a header, then the assembly.
CUresult cuLinkComplete(CUlinkState state_, void **out, size_t *size) {
  STUB_ENTER(cuLinkComplete, Context);
  if (!own.links.count(state_))
    return InvalidHandle;
  Link &link = *reinterpret_cast<Link *>(state_);
  std::string header(64, 0);
  std::memcpy(header.data(),
              "\x7f"
              "ELF\2\1\1",
              7);
  header[18] = static_cast<char>(190);
  link.text = header + link.text.c_str() + '\0';
  if (link.infoLog && !own.quiet)
    snprintf(link.infoLog, link.infoBytes,
             "ptxas info    : Compiling entry function 'k' for 'sm_90'\n"
             "ptxas info    : Function properties for k\n"
             "    16 bytes stack frame, 8 bytes spill stores, 4 bytes spill "
             "loads\n"
             "ptxas info    : Used 40 registers, used 1 barriers, 16 bytes "
             "cumulative stack size, 1024 bytes smem, 560 bytes cmem[0]\n");
  *out = link.text.data();
  *size = link.text.size();
  return Success;
}
CUresult cuLinkDestroy(CUlinkState state_) {
  STUB_ENTER(cuLinkDestroy, Context);
  return destroy<Link>(own.links, state_);
}

#ifndef STUB_CUDA_PLAIN
STUB_EXPORT CUresult cuGetProcAddress_v2(const char *name, void **out,
                                         int version, uint64_t, int *status) {
  State &own = state();
  std::lock_guard guard(own.mutex);
  *out = nullptr;
  *status = 1;
  for (const Row &row : Rows)
    if (!strcmp(row.name, name)) {
      bool isThere = row.version <= own.version && version <= own.version &&
                     !own.missing.count(name);
      *status = isThere ? 0 : row.version > own.version ? 2 : 1;
      if (isThere)
        *out = row.function;
    }
  return Success;
}
#endif

//===-- For tests ---------------------------------------------------------===//

STUB_EXPORT void stubReset() {
  std::lock_guard guard(state().mutex);
  state().read();
}
STUB_EXPORT const char *stubLog() {
  std::lock_guard guard(state().mutex);
  return state().log.c_str();
}
STUB_EXPORT const char *stubLive() {
  State &own = state();
  std::lock_guard guard(own.mutex);
  own.live.clear();
  auto add = [&](const char *name, size_t count) {
    if (count)
      own.live += (own.live.empty() ? "" : ", ") + std::string(name) + " " +
                  std::to_string(count);
  };
  add("context", own.contexts.size());
  add("stream", own.streams.size());
  add("event", own.events.size());
  add("module", own.modules.size());
  add("graph", own.graphs.size());
  add("executable graph", own.execs.size());
  add("link", own.links.size());
  add("memory", own.device.size());
  add("host memory", own.host.size());
  return own.live.c_str();
}
STUB_EXPORT int stubRuns(const char *kernel) {
  std::lock_guard guard(state().mutex);
  return state().runs[kernel];
}
STUB_EXPORT void *stubFind(const char *name) {
  for (const Row &row : Rows)
    if (!strcmp(row.name, name))
      return row.function;
  return nullptr;
}
