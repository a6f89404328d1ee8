//===- stub_cuda.cpp - A CUDA driver of ours for tests ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Its start, its devices and contexts, how its functions are found, and what
// tests ask of it. With STUB_CUDA_PLAIN: a driver from before cuGetProcAddress,
// with all functions as symbols.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_cuda.h"
#include "backends/nvidia/test/stub_state.h"

#include <cstdio>
#include <cstring>

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

} // namespace

static CUcontext contextOf(int device) {
  return reinterpret_cast<CUcontext>(uintptr_t(device) + 0x1000);
}

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
