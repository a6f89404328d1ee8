//===- gpu_driver.h - The driver as its users call it -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What launches are measured against. The functions are declared here: no
// toolkit is needed. TILESDK_CUDA_LIBRARY names another driver.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace benchmarks {

struct Driver {
  int (*init)(unsigned) = nullptr;
  int (*deviceGet)(int *, int) = nullptr;
  int (*retain)(void **, int) = nullptr;
  int (*setCurrent)(void *) = nullptr;
  int (*streamCreate)(void **, unsigned) = nullptr;
  int (*streamSync)(void *) = nullptr;
  int (*streamQuery)(void *) = nullptr;
  int (*moduleLoad)(void **, const void *, unsigned, int *, void **) = nullptr;
  int (*getFunction)(void **, void *, const char *) = nullptr;
  int (*setAttribute)(void *, int, int) = nullptr;
  int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned,
                unsigned, unsigned, void *, void **, void **) = nullptr;

  Driver() {
    const char *named = std::getenv("TILESDK_CUDA_LIBRARY");
    void *library = dlopen(named && *named ? named : "libcuda.so.1", RTLD_NOW);
    if (!library) {
      std::fprintf(stderr, "error: %s\n", dlerror());
      std::exit(1);
    }
    // A driver of the tests has its functions behind cuGetProcAddress alone.
    using GetProc = int (*)(const char *, void **, int, uint64_t, int *);
    auto getProc =
        reinterpret_cast<GetProc>(dlsym(library, "cuGetProcAddress_v2"));
    auto find = [&](auto &function, const char *name, const char *symbol) {
      void *found = dlsym(library, symbol);
      int status = 0;
      if (!found && getProc)
        getProc(name, &found, 12000, 1, &status);
      if (!found) {
        std::fprintf(stderr, "error: the driver has no %s\n", symbol);
        std::exit(1);
      }
      std::memcpy(&function, &found, sizeof found);
    };
    find(init, "cuInit", "cuInit");
    find(deviceGet, "cuDeviceGet", "cuDeviceGet");
    find(retain, "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRetain");
    find(setCurrent, "cuCtxSetCurrent", "cuCtxSetCurrent");
    find(streamSync, "cuStreamSynchronize", "cuStreamSynchronize");
    find(streamQuery, "cuStreamQuery", "cuStreamQuery");
    find(moduleLoad, "cuModuleLoadDataEx", "cuModuleLoadDataEx");
    find(getFunction, "cuModuleGetFunction", "cuModuleGetFunction");
    find(setAttribute, "cuFuncSetAttribute", "cuFuncSetAttribute");
    find(launch, "cuLaunchKernel", "cuLaunchKernel");
  }
  /// Makes the primary context current on this thread, as a user of the driver
  /// has it.
  void enter() {
    int device = 0;
    void *context = nullptr;
    require(init(0), "cuInit");
    require(deviceGet(&device, 0), "cuDeviceGet");
    require(retain(&context, device), "cuDevicePrimaryCtxRetain");
    require(setCurrent(context), "cuCtxSetCurrent");
  }
  static void require(int result, const char *what) {
    if (result) {
      std::fprintf(stderr, "error: %s gave %d\n", what, result);
      std::exit(1);
    }
  }
  /// The function of machine code or assembly, ready to be launched.
  void *load(const std::string &code, const char *kernel, unsigned shared) {
    void *module = nullptr, *function = nullptr;
    require(moduleLoad(&module, code.c_str(), 0, nullptr, nullptr),
            "cuModuleLoadDataEx");
    require(getFunction(&function, module, kernel), "cuModuleGetFunction");
    constexpr int maxDynamicShared = 8;
    if (shared > 48u << 10)
      require(
          setAttribute(function, maxDynamicShared, static_cast<int>(shared)),
          "cuFuncSetAttribute");
    return function;
  }
};

} // namespace benchmarks
