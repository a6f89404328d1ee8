//===- hip.h - The HIP runtime's functions, found at run time ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declarations of our own of what is used of HIP 5 to 7; nothing of ROCm is
// needed to build. Handles are opaque, numbers are those of the API's
// documentation, the same in the three releases.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tilesdk::amd {

using hipError = int;
using hipStream = struct ihipStream *;
using hipEvent = struct ihipEvent *;
using hipModule = struct ihipModule *;
using hipFunction = struct ihipFunction *;
using hipGraph = struct ihipGraph *;
using hipGraphExec = struct ihipGraphExec *;

constexpr hipError Success = 0, InvalidValue = 1, OutOfMemory = 2,
                   NoDevice = 100, InvalidDevice = 101, InvalidImage = 200,
                   NoBinaryForGpu = 209, SharedObjectInitFailed = 303,
                   NotFound = 500, NotReady = 600, IllegalAddress = 700,
                   LaunchOutOfResources = 701, LaunchTimeOut = 702,
                   LaunchFailure = 719, FirstCapture = 900, LastCapture = 908;

// Attributes of devices, functions and pointers.
constexpr int AttributeCooperative = 10, AttributeMaxThreads = 56,
              AttributeMultiprocessors = 63, AttributePageableMemory = 65,
              AttributeMaxShared = 74, AttributeWarpSize = 87,
              AttributeMemoryPools = 88;
constexpr int FunctionMaxThreads = 0, FunctionSharedBytes = 1,
              FunctionLocalBytes = 3, FunctionRegisters = 4;
constexpr int PointerRangeStart = 11, PointerRangeSize = 12;
constexpr int CopyDefault = 4;
constexpr unsigned StreamNonBlocking = 1, EventDefault = 0;
constexpr int CaptureThreadLocal = 1;

/// hipPointerAttribute_t.
struct PointerAttributes {
  int type, device;
  void *onDevice, *onHost;
  int isManaged;
  unsigned flags;
};

/// X(name, parameters): functions that every release has.
#define TILESDK_HIP_FUNCTIONS(X)                                               \
  X(hipInit, (unsigned))                                                       \
  X(hipRuntimeGetVersion, (int *))                                             \
  X(hipGetLastError, ())                                                       \
  X(hipGetDeviceCount, (int *))                                                \
  X(hipGetDevice, (int *))                                                     \
  X(hipSetDevice, (int))                                                       \
  X(hipDeviceGetName, (char *, int, int))                                      \
  X(hipDeviceTotalMem, (size_t *, int))                                        \
  X(hipDeviceGetAttribute, (int *, int, int))                                  \
  X(hipDeviceSynchronize, ())                                                  \
  X(hipDeviceGetStreamPriorityRange, (int *, int *))                           \
  X(hipMemGetInfo, (size_t *, size_t *))                                       \
  X(hipMalloc, (void **, size_t))                                              \
  X(hipFree, (void *))                                                         \
  X(hipHostMalloc, (void **, size_t, unsigned))                                \
  X(hipHostFree, (void *))                                                     \
  X(hipMemcpyAsync, (void *, const void *, size_t, int, hipStream))            \
  X(hipMemsetD8Async, (void *, unsigned char, size_t, hipStream))              \
  X(hipMemsetD16Async, (void *, unsigned short, size_t, hipStream))            \
  X(hipMemsetD32Async, (void *, int, size_t, hipStream))                       \
  X(hipPointerGetAttribute, (void *, int, void *))                             \
  X(hipStreamCreateWithPriority, (hipStream *, unsigned, int))                 \
  X(hipStreamDestroy, (hipStream))                                             \
  X(hipStreamSynchronize, (hipStream))                                         \
  X(hipStreamQuery, (hipStream))                                               \
  X(hipStreamWaitEvent, (hipStream, hipEvent, unsigned))                       \
  X(hipStreamAddCallback,                                                      \
    (hipStream, void (*)(hipStream, hipError, void *), void *, unsigned))      \
  X(hipStreamBeginCapture, (hipStream, int))                                   \
  X(hipStreamEndCapture, (hipStream, hipGraph *))                              \
  X(hipStreamIsCapturing, (hipStream, int *))                                  \
  X(hipGraphInstantiate, (hipGraphExec *, hipGraph, void **, char *, size_t))  \
  X(hipGraphLaunch, (hipGraphExec, hipStream))                                 \
  X(hipGraphExecDestroy, (hipGraphExec))                                       \
  X(hipGraphDestroy, (hipGraph))                                               \
  X(hipEventCreateWithFlags, (hipEvent *, unsigned))                           \
  X(hipEventDestroy, (hipEvent))                                               \
  X(hipEventRecord, (hipEvent, hipStream))                                     \
  X(hipEventSynchronize, (hipEvent))                                           \
  X(hipEventQuery, (hipEvent))                                                 \
  X(hipEventElapsedTime, (float *, hipEvent, hipEvent))                        \
  X(hipModuleLoadData, (hipModule *, const void *))                            \
  X(hipModuleUnload, (hipModule))                                              \
  X(hipModuleGetFunction, (hipFunction *, hipModule, const char *))            \
  X(hipFuncGetAttribute, (int *, int, hipFunction))                            \
  X(hipModuleOccupancyMaxActiveBlocksPerMultiprocessor,                        \
    (int *, hipFunction, int, size_t))                                         \
  X(hipModuleLaunchKernel,                                                     \
    (hipFunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,  \
     unsigned, hipStream, void **, void **))

/// Those that some release lacks; null there.
#define TILESDK_HIP_OPTIONAL_FUNCTIONS(X)                                      \
  X(hipGetDeviceProperties, (void *, int))                                     \
  X(hipGetDevicePropertiesR0600, (void *, int))                                \
  X(hipMallocAsync, (void **, size_t, hipStream))                              \
  X(hipFreeAsync, (void *, hipStream))                                         \
  X(hipLaunchHostFunc, (hipStream, void (*)(void *), void *))                  \
  X(hipPointerGetAttributes, (PointerAttributes *, const void *))              \
  X(hipModuleLaunchCooperativeKernel,                                          \
    (hipFunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,  \
     unsigned, hipStream, void **))

/// The library, opened on first use and never closed.
struct Hip {
  // NOLINTNEXTLINE(bugprone-macro-parentheses): parts of a declaration.
#define TILESDK_MEMBER(NAME, PARAMS) hipError(*NAME) PARAMS = nullptr;
  TILESDK_HIP_FUNCTIONS(TILESDK_MEMBER)
  TILESDK_HIP_OPTIONAL_FUNCTIONS(TILESDK_MEMBER)
#undef TILESDK_MEMBER
  const char *(*hipGetErrorName)(hipError) = nullptr;
  const char *(*hipGetErrorString)(hipError) = nullptr;

  /// Null and \p why when there is no runtime, or it lacks a function.
  static const Hip *get(std::string &why);
  /// Finds the functions in an open library. False and \p why: one is missing.
  bool resolve(void *library, std::string &why);

  /// "hipErrorOutOfMemory: out of memory".
  std::string describe(hipError result) const;
  /// 5, 6, 7; 0: it does not say.
  int release() const;
  /// "5.2.21153".
  std::string version() const;
  /// "gfx90a:sramecc+:xnack-" of a device.
  hipError architecture(int ordinal, std::string &out) const;
};

} // namespace tilesdk::amd
