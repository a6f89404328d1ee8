//===- hip_stub.cpp - A HIP runtime that does nothing -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/test/hip_stub.h"
#include "backends/amd/hip.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

using namespace tilesdk::amd;

namespace tilesdk::amd::stub {

__attribute__((visibility("default"))) State &state() {
  static State state;
  return state;
}

namespace {

struct Block {
  size_t bytes;
  MemoryKind kind;
};

std::map<char *, Block> &blocks() {
  static std::map<char *, Block> blocks;
  return blocks;
}

/// The block that \p pointer is in; null: none.
const std::pair<char *const, Block> *blockOf(const void *pointer) {
  auto *at = static_cast<char *>(const_cast<void *>(pointer));
  auto next = blocks().upper_bound(at);
  if (next == blocks().begin())
    return nullptr;
  const auto &block = *std::prev(next);
  return at < block.first + block.second.bytes ? &block : nullptr;
}

/// Notes a call; what it shall return.
hipError note(const char *name) {
  State &own = state();
  own.calls.push_back(name);
  if (own.failing != name || own.after-- > 0)
    return Success;
  return own.lastError = own.error;
}

hipError allocate(void **out, size_t bytes, MemoryKind kind) {
  *out = aligned_alloc(256, (bytes + 255) / 256 * 256);
  blocks()[static_cast<char *>(*out)] = {bytes, kind};
  return Success;
}

hipError release(void *memory) {
  blocks().erase(static_cast<char *>(memory));
  free(memory);
  return Success;
}

/// Any address that is not null and can be told from others.
template <typename T> hipError make(T *out) {
  static uintptr_t next = 0x1000;
  *out = reinterpret_cast<T>(next += 16);
  return Success;
}

} // namespace

} // namespace tilesdk::amd::stub

using namespace tilesdk::amd::stub;

#define STUB(NAME, PARAMS, BODY)                                               \
  extern "C" __attribute__((visibility("default"))) hipError NAME PARAMS {     \
    if (hipError error = note(#NAME))                                          \
      return error;                                                            \
    BODY;                                                                      \
    return Success;                                                            \
  }

extern "C" __attribute__((visibility("default")))
const char *hipGetErrorName(hipError error) {
  return error == OutOfMemory ? "hipErrorOutOfMemory" : "hipErrorOfTheStub";
}
extern "C" __attribute__((visibility("default"))) const char *
hipGetErrorString(hipError error) {
  return error == OutOfMemory ? "out of memory" : "the stub was told to fail";
}
extern "C" __attribute__((visibility("default"))) hipError hipGetLastError() {
  return std::exchange(state().lastError, Success);
}
extern "C" __attribute__((visibility("default"))) hipError
hipGetDevice(int *out) {
  *out = state().current;
  return Success;
}
extern "C" __attribute__((visibility("default"))) hipError
hipSetDevice(int device) {
  state().current = device;
  return Success;
}
STUB(hipInit, (unsigned), )
STUB(hipRuntimeGetVersion, (int *out), *out = state().version)
STUB(hipGetDeviceCount, (int *out), *out = state().devices)
STUB(hipDeviceGetName, (char *out, int, int), strcpy(out, "Stub GPU"))
STUB(hipDeviceTotalMem, (size_t *out, int), *out = size_t{64} << 30)
STUB(hipDeviceGetAttribute, (int *out, int attribute, int),
     *out = attribute == AttributeMaxShared         ? 65536
            : attribute == AttributeMaxThreads      ? 1024
            : attribute == AttributeWarpSize        ? state().warpSize
            : attribute == AttributeMultiprocessors ? 104
            : attribute == AttributeMemoryPools     ? state().hasPools
            : attribute == AttributePageableMemory  ? state().isPageable
            : attribute == AttributeCooperative     ? state().isCooperative
                                                    : 0)
STUB(hipGetDevicePropertiesR0600, (void *out, int),
     strcpy(static_cast<char *>(out) + 1160, state().architecture.c_str()))
STUB(hipDeviceSynchronize, (), )
STUB(hipDeviceGetStreamPriorityRange, (int *least, int *greatest), {
  *least = 1;
  *greatest = -1;
})
STUB(hipMemGetInfo, (size_t *free, size_t *total), {
  *free = 1000;
  *total = 2000;
})
STUB(hipMalloc, (void **out, size_t bytes), allocate(out, bytes, state().kind))
STUB(hipFree, (void *memory), release(memory))
STUB(hipMallocAsync, (void **out, size_t bytes, hipStream),
     allocate(out, bytes, state().kind))
STUB(hipFreeAsync, (void *memory, hipStream), release(memory))
STUB(hipHostMalloc, (void **out, size_t bytes, unsigned),
     allocate(out, bytes, MemoryKind::Host))
STUB(hipHostFree, (void *memory), release(memory))
STUB(hipMemcpyAsync,
     (void *to, const void *from, size_t bytes, int kind, hipStream), {
       if (kind != CopyDefault)
         return InvalidValue;
       memmove(to, from, bytes);
     })
STUB(hipMemsetD8Async, (void *to, unsigned char value, size_t count, hipStream),
     memset(to, value, count))
STUB(hipMemsetD16Async,
     (void *to, unsigned short value, size_t count, hipStream),
     std::fill_n(static_cast<unsigned short *>(to), count, value))
STUB(hipMemsetD32Async, (void *to, int value, size_t count, hipStream),
     std::fill_n(static_cast<int *>(to), count, value))
STUB(hipPointerGetAttribute, (void *out, int attribute, void *pointer), {
  const auto *block = blockOf(pointer);
  if (!block)
    return state().lastError = InvalidValue;
  if (attribute == PointerRangeStart)
    *static_cast<void **>(out) = block->first;
  else
    *static_cast<size_t *>(out) = block->second.bytes;
})
STUB(hipPointerGetAttributes, (PointerAttributes * out, const void *pointer), {
  const auto *block = blockOf(pointer);
  bool isOld = state().version < 60000000;
  if (!block && isOld)
    return state().lastError = InvalidValue;
  *out = {};
  out->device = block ? 0 : -2;
  if (block) {
    out->type = int(block->second.kind) - (isOld ? 1 : 0);
    out->isManaged = block->second.kind == MemoryKind::Managed;
  }
})
STUB(hipStreamCreateWithPriority, (hipStream * out, unsigned flags, int), {
  if (flags != StreamNonBlocking)
    return InvalidValue;
  make(out);
})
STUB(hipStreamDestroy, (hipStream), )
STUB(hipStreamSynchronize, (hipStream), )
STUB(hipStreamQuery, (hipStream), )
STUB(hipStreamWaitEvent, (hipStream, hipEvent, unsigned), )
STUB(hipStreamAddCallback,
     (hipStream stream, void (*call)(hipStream, hipError, void *),
      void *argument, unsigned),
     {
       ++state().callbacks;
       call(stream, Success, argument);
     })
STUB(hipStreamBeginCapture, (hipStream, int), state().captured = 1)
STUB(hipStreamEndCapture, (hipStream, hipGraph *out), {
  state().captured = 0;
  make(out);
})
STUB(hipStreamIsCapturing, (hipStream, int *out), *out = state().captured)
STUB(hipGraphInstantiate,
     (hipGraphExec * out, hipGraph, void **, char *, size_t), make(out))
STUB(hipGraphLaunch, (hipGraphExec, hipStream), )
STUB(hipGraphExecDestroy, (hipGraphExec), )
STUB(hipGraphDestroy, (hipGraph), )
STUB(hipEventCreateWithFlags, (hipEvent * out, unsigned), make(out))
STUB(hipEventDestroy, (hipEvent), )
STUB(hipEventRecord, (hipEvent, hipStream), )
STUB(hipEventSynchronize, (hipEvent), )
STUB(hipEventQuery, (hipEvent), )
STUB(hipEventElapsedTime, (float *out, hipEvent, hipEvent), *out = 1.5f)
STUB(hipModuleLoadData, (hipModule * out, const void *), make(out))
STUB(hipModuleUnload, (hipModule), )
STUB(hipModuleGetFunction, (hipFunction * out, hipModule, const char *),
     make(out))
STUB(hipFuncGetAttribute, (int *out, int attribute, hipFunction),
     *out = 100 + attribute)
STUB(hipModuleOccupancyMaxActiveBlocksPerMultiprocessor,
     (int *out, hipFunction, int threads, size_t), *out = 2048 / threads)

static void noteLaunch(unsigned x, unsigned y, unsigned z, unsigned bx,
                       unsigned by, unsigned bz, unsigned shared,
                       hipStream stream, void **params) {
  state().launches.push_back({{x, y, z},
                              {bx, by, bz},
                              shared,
                              stream,
                              *static_cast<void **>(params[0])});
}
STUB(hipModuleLaunchKernel,
     (hipFunction, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by,
      unsigned bz, unsigned shared, hipStream stream, void **params, void **),
     noteLaunch(x, y, z, bx, by, bz, shared, stream, params))
STUB(hipModuleLaunchCooperativeKernel,
     (hipFunction, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by,
      unsigned bz, unsigned shared, hipStream stream, void **params),
     noteLaunch(x, y, z, bx, by, bz, shared, stream, params))
