//===- driver_memory.cpp - Memory of the CUDA driver ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/device.h"

namespace tilesdk::nvidia {

namespace {

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

tsdk_error memCopy(void *, void *opaque, uint64_t stream, void *to,
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

tsdk_error memSet(void *, void *opaque, uint64_t stream, void *to,
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

} // namespace

void addMemory(tsdk_driver &driver) {
  driver.mem_alloc = memAlloc;
  driver.mem_free = memFree;
  driver.mem_copy = memCopy;
  driver.mem_set = memSet;
  driver.host_alloc = hostAlloc;
  driver.host_free = hostFree;
  driver.pointer_get = pointerGet;
}

} // namespace tilesdk::nvidia
