//===- cuda.cpp - The CUDA driver's functions, found at run time *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/cuda.h"

#include <dlfcn.h>

namespace tilesdk::nvidia {

const Cuda *Cuda::get(std::string &why) {
  struct Loaded {
    Cuda cuda;
    std::string problem;
    Loaded() {
      void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
      if (!library) {
        const char *text = dlerror();
        problem = std::string("there is no NVIDIA driver here: ") +
                  (text ? text : "libcuda.so.1 cannot be opened");
        return;
      }
#define TILESDK_FIND(NAME, PARAMS)                                             \
  cuda.NAME = reinterpret_cast<CUresult(*) PARAMS>(dlsym(library, #NAME));     \
  if (!cuda.NAME && problem.empty())                                           \
    problem = "the NVIDIA driver lacks " #NAME "; install a newer one";
      TILESDK_CUDA_FUNCTIONS(TILESDK_FIND)
#undef TILESDK_FIND
    }
  };
  static const Loaded loaded;
  why = loaded.problem;
  return why.empty() ? &loaded.cuda : nullptr;
}

std::string Cuda::describe(CUresult result) const {
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  return std::string(name ? name : "unknown error") + ": " +
         (text ? text : std::to_string(result));
}

} // namespace tilesdk::nvidia
