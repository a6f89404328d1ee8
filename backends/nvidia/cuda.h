//===- cuda.h - The CUDA driver's functions, found at run time --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declarations of our own of what is used of the CUDA Driver API; no toolkit is
// needed to build. Handles are opaque, numbers are those of the API's
// documentation.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tilesdk::nvidia {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;

// Attributes of devices, functions and pointers.
constexpr int AttributeMultiprocessors = 16, AttributeMajor = 75,
              AttributeMinor = 76, AttributeSharedOptin = 97;
constexpr int FunctionMaxDynamicShared = 8;
constexpr int PointerAttributeOrdinal = 9, PointerAttributeRangeStart = 11,
              PointerAttributeRangeSize = 12;
constexpr int JitErrorLog = 5, JitErrorLogBytes = 6;
constexpr CUresult Success = 0, NotReady = 600;

/// X(result, name, symbol's first versions, parameters)
#define TILESDK_CUDA_FUNCTIONS(X)                                              \
  X(cuInit, (unsigned))                                                        \
  X(cuDriverGetVersion, (int *))                                               \
  X(cuGetErrorName, (CUresult, const char **))                                 \
  X(cuGetErrorString, (CUresult, const char **))                               \
  X(cuDeviceGetCount, (int *))                                                 \
  X(cuDeviceGet, (CUdevice *, int))                                            \
  X(cuDeviceGetName, (char *, int, CUdevice))                                  \
  X(cuDeviceGetAttribute, (int *, int, CUdevice))                              \
  X(cuDeviceTotalMem_v2, (size_t *, CUdevice))                                 \
  X(cuDevicePrimaryCtxRetain, (CUcontext *, CUdevice))                         \
  X(cuDevicePrimaryCtxRelease_v2, (CUdevice))                                  \
  X(cuCtxGetCurrent, (CUcontext *))                                            \
  X(cuCtxSetCurrent, (CUcontext))                                              \
  X(cuCtxSynchronize, ())                                                      \
  X(cuMemGetInfo_v2, (size_t *, size_t *))                                     \
  X(cuMemAllocAsync, (CUdeviceptr *, size_t, CUstream))                        \
  X(cuMemFreeAsync, (CUdeviceptr, CUstream))                                   \
  X(cuMemcpyAsync, (CUdeviceptr, CUdeviceptr, size_t, CUstream))               \
  X(cuMemsetD8Async, (CUdeviceptr, unsigned char, size_t, CUstream))           \
  X(cuMemsetD16Async, (CUdeviceptr, unsigned short, size_t, CUstream))         \
  X(cuMemsetD32Async, (CUdeviceptr, unsigned, size_t, CUstream))               \
  X(cuMemAllocHost_v2, (void **, size_t))                                      \
  X(cuMemFreeHost, (void *))                                                   \
  X(cuPointerGetAttribute, (void *, int, CUdeviceptr))                         \
  X(cuStreamCreateWithPriority, (CUstream *, unsigned, int))                   \
  X(cuStreamDestroy_v2, (CUstream))                                            \
  X(cuStreamSynchronize, (CUstream))                                           \
  X(cuStreamQuery, (CUstream))                                                 \
  X(cuStreamWaitEvent, (CUstream, CUevent, unsigned))                          \
  X(cuEventCreate, (CUevent *, unsigned))                                      \
  X(cuEventDestroy_v2, (CUevent))                                              \
  X(cuEventRecord, (CUevent, CUstream))                                        \
  X(cuEventSynchronize, (CUevent))                                             \
  X(cuEventQuery, (CUevent))                                                   \
  X(cuEventElapsedTime, (float *, CUevent, CUevent))                           \
  X(cuModuleLoadDataEx, (CUmodule *, const void *, unsigned, int *, void **))  \
  X(cuModuleUnload, (CUmodule))                                                \
  X(cuModuleGetFunction, (CUfunction *, CUmodule, const char *))               \
  X(cuFuncSetAttribute, (CUfunction, int, int))                                \
  X(cuLaunchKernel,                                                            \
    (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,   \
     unsigned, CUstream, void **, void **))

/// The library, opened on first use and never closed.
struct Cuda {
#define TILESDK_MEMBER(NAME, PARAMS) CUresult(*NAME) PARAMS = nullptr;
  TILESDK_CUDA_FUNCTIONS(TILESDK_MEMBER)
#undef TILESDK_MEMBER

  /// Null and \p why when there is no driver, or it lacks a function.
  static const Cuda *get(std::string &why);
  /// "CUDA_ERROR_OUT_OF_MEMORY: out of memory".
  std::string describe(CUresult result) const;
};

} // namespace tilesdk::nvidia
