//===- cuda.cpp - The CUDA driver's functions, found at run time *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/cuda.h"

#include <cstdlib>
#include <dlfcn.h>

namespace tilesdk::nvidia {

namespace {

struct Row {
  const char *name, *symbol;
  int version;
};

constexpr Row Rows[] = {
#define TILESDK_ROW(NAME, SYMBOL, VERSION, PARAMS) {#NAME, SYMBOL, VERSION},
    TILESDK_CUDA_FUNCTIONS(TILESDK_ROW)
#undef TILESDK_ROW
};

using GetProcAddress = CUresult (*)(const char *, void **, int, uint64_t);
using GetProcAddressStatus = CUresult (*)(const char *, void **, int, uint64_t,
                                          int *);
constexpr uint64_t LegacyStream = 1;

} // namespace

bool Cuda::open(std::string &why) const {
  std::call_once(once, [this] {
    const char *named = getenv("TILESDK_CUDA_LIBRARY");
    if (named && *named) {
      library = dlopen(named, RTLD_NOW | RTLD_LOCAL);
    } else {
      // The one that PyTorch has loaded is the one to use.
      library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
      for (const char *name :
           {"libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"})
        if (!library)
          library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    if (!library) {
      const char *text = dlerror();
      problem = "there is no NVIDIA driver here: " +
                std::string(text ? text : "libcuda.so.1 cannot be opened") +
                (named && *named ? " (named by TILESDK_CUDA_LIBRARY)"
                                 : "; install the driver, or in a container "
                                   "start it with the GPU passed in");
      return;
    }
    getProcAddress = dlsym(library, "cuGetProcAddress_v2");
    hasStatus = getProcAddress;
    if (!getProcAddress)
      getProcAddress = dlsym(library, "cuGetProcAddress");
    void *init = find(cuInitIndex);
    Dl_info info = {};
    if (init && dladdr(init, &info) && info.dli_fname)
      file = info.dli_fname;
    if (!init)
      problem = "the library libcuda.so.1 that was found is no NVIDIA driver: "
                "it has no cuInit";
  });
  why = problem;
  return problem.empty();
}

void *Cuda::find(int index) const {
  const Row &row = Rows[index];
  void *function = nullptr;
  if (hasStatus) {
    int status = 0;
    if (reinterpret_cast<GetProcAddressStatus>(getProcAddress)(
            row.name, &function, row.version, LegacyStream, &status) !=
            Success ||
        status)
      function = nullptr;
  } else if (getProcAddress) {
    if (reinterpret_cast<GetProcAddress>(getProcAddress)(
            row.name, &function, row.version, LegacyStream) != Success)
      function = nullptr;
  }
  return function || !library ? function : dlsym(library, row.symbol);
}

int Cuda::version() const {
  std::string why;
  int version = 0;
  if (!open(why) || cuDriverGetVersion(&version) != Success)
    return 0;
  return version;
}

std::string Cuda::versionText(int version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

std::string Cuda::describe(CUresult result) const {
  if (result >= MissingFunction && result < MissingFunction + NumFunctions) {
    const Row &row = Rows[result - MissingFunction];
    return "the NVIDIA driver " + (file.empty() ? "" : file + " ") +
           "for CUDA " + versionText(version()) + " lacks " + row.name +
           ", which came with CUDA " + versionText(row.version) +
           "; install a newer driver";
  }
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  return std::string(name ? name : "unknown error") + ": " +
         (text ? text : std::to_string(result));
}

} // namespace tilesdk::nvidia
