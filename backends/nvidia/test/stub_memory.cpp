//===- stub_memory.cpp - Memory of the CUDA stub ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_state.h"

#include <cstdlib>
#include <cstring>

static bool isInDeviceMemory(CUdeviceptr pointer, CUdeviceptr *start,
                             size_t *size) {
  State &own = state();
  auto at = own.device.upper_bound(pointer);
  if (at == own.device.begin())
    return false;
  --at;
  *start = at->first;
  *size = at->second;
  return pointer < at->first + at->second;
}

static CUresult allocate(CUdeviceptr *out, size_t bytes) {
  State &own = state();
  if (bytes > own.memory - own.used)
    return OutOfMemory;
  void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  *out = reinterpret_cast<CUdeviceptr>(memory);
  own.device[*out] = bytes;
  own.used += bytes;
  return Success;
}

static CUresult release(CUdeviceptr memory) {
  State &own = state();
  auto at = own.device.find(memory);
  if (at == own.device.end())
    return InvalidValue;
  own.used -= at->second;
  own.device.erase(at);
  free(reinterpret_cast<void *>(memory));
  return Success;
}

template <typename T> static void fill(CUdeviceptr to, T value, size_t count) {
  T *at = reinterpret_cast<T *>(to);
  for (size_t i = 0; i < count; ++i)
    std::memcpy(at + i, &value, sizeof value);
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
