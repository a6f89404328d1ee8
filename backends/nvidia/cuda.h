//===- cuda.h - The CUDA driver's functions, found at run time --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declarations of our own of what is used of the CUDA Driver API; no toolkit is
// needed to build. Handles are opaque, numbers are those of the API's
// documentation. Each function is looked for when it is first called, so that a
// driver that lacks one does all the rest.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
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
using CUgraph = struct CUgraph_st *;
using CUgraphExec = struct CUgraphExec_st *;
using CUlinkState = struct CUlinkState_st *;

/// One attribute of a launch: a number and 64 bytes of value.
struct CUlaunchAttribute {
  int id = 0;
  int pad = 0;
  union {
    unsigned cluster[3];
    int number;
    char bytes[64];
  } value = {};
};

struct CUlaunchConfig {
  unsigned gridX = 1, gridY = 1, gridZ = 1;
  unsigned blockX = 1, blockY = 1, blockZ = 1;
  unsigned sharedBytes = 0;
  CUstream stream = nullptr;
  CUlaunchAttribute *attributes = nullptr;
  unsigned numAttributes = 0;
};

struct alignas(64) CUtensorMap {
  unsigned char bytes[128];
};

// Attributes of devices, functions and pointers.
constexpr int AttributeMaxThreads = 1, AttributeGridX = 5, AttributeGridY = 6,
              AttributeGridZ = 7, AttributeMultiprocessors = 16,
              AttributeMajor = 75, AttributeMinor = 76,
              AttributePageableMemory = 88, AttributeSharedOptin = 97,
              AttributeMemoryPools = 115;
constexpr int FunctionMaxThreads = 0, FunctionSharedBytes = 1,
              FunctionLocalBytes = 3, FunctionRegisters = 4,
              FunctionMaxDynamicShared = 8, FunctionNonPortableCluster = 14;
constexpr int PointerAttributeMemoryType = 2, PointerAttributeManaged = 8,
              PointerAttributeOrdinal = 9, PointerAttributeRangeStart = 11,
              PointerAttributeRangeSize = 12;
constexpr int LaunchCooperative = 2, LaunchCluster = 4, LaunchOverlap = 6,
              LaunchPriority = 8;
constexpr int JitInfoLog = 3, JitInfoLogBytes = 4, JitErrorLog = 5,
              JitErrorLogBytes = 6, JitTargetFromContext = 8,
              JitLogVerbose = 12, JitLineInfo = 13;
constexpr int JitInputPtx = 1;
constexpr int CaptureModeThreadLocal = 1, CaptureModeRelaxed = 2;

constexpr CUresult Success = 0, InvalidValue = 1, OutOfMemory = 2,
                   NotInitialized = 3, NoBinary = 209, NotFound = 500,
                   NotReady = 600, OutOfResources = 701;
/// And up: our own, a function that the driver lacks.
constexpr CUresult MissingFunction = 100000;

/// X(name, symbol with its suffix, first version that has it so, parameters).
/// What each launch calls stands first, in one line of a cache.
#define TILESDK_CUDA_FUNCTIONS(X)                                              \
  X(cuCtxGetCurrent, "cuCtxGetCurrent", 4000, (CUcontext *))                   \
  X(cuStreamIsCapturing, "cuStreamIsCapturing", 10000, (CUstream, int *))      \
  X(cuLaunchKernel, "cuLaunchKernel", 4000,                                    \
    (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,   \
     unsigned, CUstream, void **, void **))                                    \
  X(cuInit, "cuInit", 2000, (unsigned))                                        \
  X(cuDriverGetVersion, "cuDriverGetVersion", 2020, (int *))                   \
  X(cuGetErrorName, "cuGetErrorName", 6000, (CUresult, const char **))         \
  X(cuGetErrorString, "cuGetErrorString", 6000, (CUresult, const char **))     \
  X(cuDeviceGetCount, "cuDeviceGetCount", 2000, (int *))                       \
  X(cuDeviceGet, "cuDeviceGet", 2000, (CUdevice *, int))                       \
  X(cuDeviceGetName, "cuDeviceGetName", 2000, (char *, int, CUdevice))         \
  X(cuDeviceGetAttribute, "cuDeviceGetAttribute", 2000,                        \
    (int *, int, CUdevice))                                                    \
  X(cuDeviceTotalMem, "cuDeviceTotalMem_v2", 3020, (size_t *, CUdevice))       \
  X(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", 7000,                \
    (CUcontext *, CUdevice))                                                   \
  X(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", 11000,          \
    (CUdevice))                                                                \
  X(cuCtxSetCurrent, "cuCtxSetCurrent", 4000, (CUcontext))                     \
  X(cuCtxSynchronize, "cuCtxSynchronize", 2000, ())                            \
  X(cuMemGetInfo, "cuMemGetInfo_v2", 3020, (size_t *, size_t *))               \
  X(cuMemAllocAsync, "cuMemAllocAsync", 11020,                                 \
    (CUdeviceptr *, size_t, CUstream))                                         \
  X(cuMemFreeAsync, "cuMemFreeAsync", 11020, (CUdeviceptr, CUstream))          \
  X(cuMemAlloc, "cuMemAlloc_v2", 3020, (CUdeviceptr *, size_t))                \
  X(cuMemFree, "cuMemFree_v2", 3020, (CUdeviceptr))                            \
  X(cuMemcpyAsync, "cuMemcpyAsync", 4000,                                      \
    (CUdeviceptr, CUdeviceptr, size_t, CUstream))                              \
  X(cuMemsetD8Async, "cuMemsetD8Async", 3020,                                  \
    (CUdeviceptr, unsigned char, size_t, CUstream))                            \
  X(cuMemsetD16Async, "cuMemsetD16Async", 3020,                                \
    (CUdeviceptr, unsigned short, size_t, CUstream))                           \
  X(cuMemsetD32Async, "cuMemsetD32Async", 3020,                                \
    (CUdeviceptr, unsigned, size_t, CUstream))                                 \
  X(cuMemAllocHost, "cuMemAllocHost_v2", 3020, (void **, size_t))              \
  X(cuMemFreeHost, "cuMemFreeHost", 2000, (void *))                            \
  X(cuPointerGetAttribute, "cuPointerGetAttribute", 4000,                      \
    (void *, int, CUdeviceptr))                                                \
  X(cuStreamCreateWithPriority, "cuStreamCreateWithPriority", 5050,            \
    (CUstream *, unsigned, int))                                               \
  X(cuStreamDestroy, "cuStreamDestroy_v2", 4000, (CUstream))                   \
  X(cuStreamSynchronize, "cuStreamSynchronize", 2000, (CUstream))              \
  X(cuStreamQuery, "cuStreamQuery", 2000, (CUstream))                          \
  X(cuStreamWaitEvent, "cuStreamWaitEvent", 3020,                              \
    (CUstream, CUevent, unsigned))                                             \
  X(cuEventCreate, "cuEventCreate", 2000, (CUevent *, unsigned))               \
  X(cuEventDestroy, "cuEventDestroy_v2", 4000, (CUevent))                      \
  X(cuEventRecord, "cuEventRecord", 2000, (CUevent, CUstream))                 \
  X(cuEventSynchronize, "cuEventSynchronize", 2000, (CUevent))                 \
  X(cuEventQuery, "cuEventQuery", 2000, (CUevent))                             \
  X(cuEventElapsedTime, "cuEventElapsedTime", 2000,                            \
    (float *, CUevent, CUevent))                                               \
  X(cuModuleLoadDataEx, "cuModuleLoadDataEx", 2010,                            \
    (CUmodule *, const void *, unsigned, int *, void **))                      \
  X(cuModuleUnload, "cuModuleUnload", 2000, (CUmodule))                        \
  X(cuModuleGetFunction, "cuModuleGetFunction", 2000,                          \
    (CUfunction *, CUmodule, const char *))                                    \
  X(cuFuncGetAttribute, "cuFuncGetAttribute", 2020, (int *, int, CUfunction))  \
  X(cuFuncSetAttribute, "cuFuncSetAttribute", 9000, (CUfunction, int, int))    \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                               \
    "cuOccupancyMaxActiveBlocksPerMultiprocessor", 6050,                       \
    (int *, CUfunction, int, size_t))                                          \
  X(cuLaunchKernelEx, "cuLaunchKernelEx", 11060,                               \
    (const CUlaunchConfig *, CUfunction, void **, void **))                    \
  X(cuLaunchHostFunc, "cuLaunchHostFunc", 10000,                               \
    (CUstream, void (*)(void *), void *))                                      \
  X(cuStreamBeginCapture, "cuStreamBeginCapture_v2", 10010, (CUstream, int))   \
  X(cuStreamEndCapture, "cuStreamEndCapture", 10000, (CUstream, CUgraph *))    \
  X(cuThreadExchangeStreamCaptureMode, "cuThreadExchangeStreamCaptureMode",    \
    10010, (int *))                                                            \
  X(cuGraphInstantiateWithFlags, "cuGraphInstantiateWithFlags", 11040,         \
    (CUgraphExec *, CUgraph, unsigned long long))                              \
  X(cuGraphLaunch, "cuGraphLaunch", 10000, (CUgraphExec, CUstream))            \
  X(cuGraphExecDestroy, "cuGraphExecDestroy", 10000, (CUgraphExec))            \
  X(cuGraphDestroy, "cuGraphDestroy", 10000, (CUgraph))                        \
  X(cuTensorMapEncodeTiled, "cuTensorMapEncodeTiled", 12000,                   \
    (CUtensorMap *, int, uint32_t, void *, const uint64_t *, const uint64_t *, \
     const uint32_t *, const uint32_t *, int, int, int, int))                  \
  X(cuLinkCreate, "cuLinkCreate_v2", 6050,                                     \
    (unsigned, int *, void **, CUlinkState *))                                 \
  X(cuLinkAddData, "cuLinkAddData_v2", 6050,                                   \
    (CUlinkState, int, void *, size_t, const char *, unsigned, int *,          \
     void **))                                                                 \
  X(cuLinkComplete, "cuLinkComplete", 5050, (CUlinkState, void **, size_t *))  \
  X(cuLinkDestroy, "cuLinkDestroy", 5050, (CUlinkState))

class Cuda;

/// A function of the driver; calling one that is missing gives MissingFunction
/// plus its number.
template <typename> class CudaFunction;
template <typename... Params> class CudaFunction<CUresult(Params...)> {
public:
  CudaFunction(const Cuda &home, int index) : home(home), index(index) {}
  CUresult operator()(Params... params) const;

private:
  const Cuda &home;
  const int index;
  mutable std::atomic<void *> address{nullptr};
};

/// The library, opened on first use and never closed. The variable
/// TILESDK_CUDA_LIBRARY names another file.
class Cuda {
public:
  enum Index {
#define TILESDK_INDEX(NAME, SYMBOL, VERSION, PARAMS) NAME##Index,
    TILESDK_CUDA_FUNCTIONS(TILESDK_INDEX)
#undef TILESDK_INDEX
        NumFunctions
  };
#define TILESDK_MEMBER(NAME, SYMBOL, VERSION, PARAMS)                          \
  const CudaFunction<CUresult PARAMS> NAME{*this, NAME##Index};
  TILESDK_CUDA_FUNCTIONS(TILESDK_MEMBER)
#undef TILESDK_MEMBER

  Cuda() = default;
  Cuda(const Cuda &) = delete;
  Cuda &operator=(const Cuda &) = delete;

  /// False and \p why when there is no driver.
  bool open(std::string &why) const;
  /// "CUDA_ERROR_OUT_OF_MEMORY: out of memory".
  std::string describe(CUresult result) const;
  /// Times 1000, and minor times 10; 0: not known. Does not initialise.
  int version() const;
  static std::string versionText(int version);
  /// Null: the driver lacks it.
  void *find(int index) const;

private:
  mutable std::once_flag once;
  mutable void *library = nullptr;
  mutable void *getProcAddress = nullptr; ///< With or without the status.
  mutable bool hasStatus = false;
  mutable std::string problem, file;
};

template <typename... Params>
CUresult CudaFunction<CUresult(Params...)>::operator()(Params... params) const {
  void *function = address.load(std::memory_order_acquire);
  if (!function) [[unlikely]] {
    function = home.find(index);
    if (!function)
      return MissingFunction + index;
    address.store(function, std::memory_order_release);
  }
  return reinterpret_cast<CUresult (*)(Params...)>(function)(params...);
}

} // namespace tilesdk::nvidia
