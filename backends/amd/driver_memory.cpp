//===- driver_memory.cpp - Memory of the HIP runtime ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/device.h"

#include <optional>

namespace tilesdk::amd {

namespace {

tsdk_error memAlloc(void *self, void *opaque, uint64_t stream, size_t bytes,
                    tsdk_flags, void **out) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  size_t wanted = bytes ? bytes : 1;
  void *memory = nullptr;
  hipError result = device.hasPools
                        ? hip.hipMallocAsync(&memory, wanted, streamOf(stream))
                        : hip.hipMalloc(&memory, wanted);
  if (result == Success) {
    *out = memory;
    return nullptr;
  }
  std::string what = "cannot allocate " + std::to_string(bytes) + " bytes";
  size_t free = 0, total = 0;
  if (result == OutOfMemory && hip.hipMemGetInfo(&free, &total) == Success)
    what += " (" + std::to_string(free) + " of " + std::to_string(total) +
            " are free)";
  return check(self, device, result, what);
}

tsdk_error memFree(void *self, void *opaque, uint64_t stream, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  // Without pools the runtime waits for the device.
  return check(self, device,
               device.hasPools
                   ? device.hip.hipFreeAsync(memory, streamOf(stream))
                   : device.hip.hipFree(memory),
               "cannot free memory");
}

tsdk_error memCopy(void *self, void *opaque, uint64_t stream, void *to,
                   const void *from, size_t bytes) {
  if (!bytes)
    return nullptr;
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(
      self, device,
      device.hip.hipMemcpyAsync(to, from, bytes, CopyDefault, streamOf(stream)),
      "cannot copy " + std::to_string(bytes) + " bytes");
}

tsdk_error memSet(void *self, void *opaque, uint64_t stream, void *to,
                  uint32_t value, uint32_t width, size_t count) {
  if (!count)
    return nullptr;
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  hipStream order = streamOf(stream);
  hipError result =
      width == 1 ? hip.hipMemsetD8Async(to, static_cast<unsigned char>(value),
                                        count, order)
      : width == 2
          ? hip.hipMemsetD16Async(to, static_cast<unsigned short>(value), count,
                                  order)
          : hip.hipMemsetD32Async(to, static_cast<int>(value), count, order);
  return check(self, device, result, "cannot fill memory");
}

tsdk_error hostAlloc(void *self, void *opaque, size_t bytes, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  void *memory = nullptr;
  if (tsdk_error error = check(
          self, device, device.hip.hipHostMalloc(&memory, bytes ? bytes : 1, 0),
          "cannot allocate " + std::to_string(bytes) +
              " bytes of pinned host memory"))
    return error;
  *out = memory;
  return nullptr;
}

void hostFree(void *, void *opaque, void *memory) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.hip.hipHostFree(memory);
}

/// Whose memory \p pointer is: a device's number, -1 where any device has it or
/// HIP cannot tell; nothing where HIP does not know it.
std::optional<int32_t> ordinalOf(const Hip &hip, const void *pointer) {
  constexpr int32_t any = -1;
  if (!hip.hipPointerGetAttributes)
    return any;
  PointerAttributes found = {};
  hipError result = hip.hipPointerGetAttributes(&found, pointer);
  if (result != Success) {
    hip.hipGetLastError();
    return result == InvalidValue ? std::nullopt : std::optional(any);
  }
  // Release 6 counts its kinds of memory from the host's, which was 0 before,
  // and has a kind for memory that is not its own.
  bool isCountedFrom1 = hip.release() >= 6;
  if (isCountedFrom1 && found.type == 0)
    return std::nullopt;
  bool isDevice = found.type == (isCountedFrom1 ? 2 : 1);
  return isDevice && !found.isManaged ? found.device : any;
}

tsdk_error pointerGet(void *self, const void *pointer, uint32_t property,
                      void *out, size_t *size) {
  if (property != TSDK_POINTER_ORDINAL && property != TSDK_POINTER_BYTES)
    return failure(self, TSDK_E_UNIMPLEMENTED,
                   "no pointer property " + std::to_string(property));
  std::string why;
  const Hip *hip = Hip::get(why);
  auto *at = const_cast<void *>(pointer);
  auto read = [&](auto &value, int attribute) {
    if (hip && hip->hipPointerGetAttribute(static_cast<void *>(&value),
                                           attribute, at) == Success)
      return true;
    if (hip)
      hip->hipGetLastError();
    *size = 0;
    return false;
  };
  if (property == TSDK_POINTER_ORDINAL) {
    if (std::optional<int32_t> ordinal =
            hip ? ordinalOf(*hip, pointer) : std::nullopt)
      return give(*ordinal, out, size);
    *size = 0;
    return nullptr;
  }
  void *start = nullptr;
  size_t bytes = 0;
  if (!read(start, PointerRangeStart) || !read(bytes, PointerRangeSize))
    return nullptr;
  auto before = static_cast<uint64_t>(static_cast<const char *>(pointer) -
                                      static_cast<const char *>(start));
  return give(static_cast<uint64_t>(bytes) - before, out, size);
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

} // namespace tilesdk::amd
