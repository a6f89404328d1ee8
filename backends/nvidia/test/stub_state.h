//===- stub_state.h - What the parts of the CUDA stub share -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The objects behind the handles, and what each of the driver's functions does
// first: STUB_ENTER locks the state, logs the call, fails if it was told to and
// checks what the call needs.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/nvidia/cuda.h"

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

using namespace tilesdk::nvidia;

#ifdef STUB_CUDA_PLAIN
#define STUB_SYMBOL(SYMBOL) SYMBOL
#else
#define STUB_SYMBOL(SYMBOL) "stub_" SYMBOL
#endif
#define STUB_EXPORT extern "C" __attribute__((visibility("default")))

#define STUB_DECLARE(NAME, SYMBOL, VERSION, PARAMS)                            \
  STUB_EXPORT CUresult NAME PARAMS __asm__(STUB_SYMBOL(SYMBOL));
TILESDK_CUDA_FUNCTIONS(STUB_DECLARE)

namespace stub {

using Work = std::function<void()>;

struct Stream {
  int capture = 0, mode = 0;
  std::vector<Work> recorded;
};
struct Kernel {
  std::string name;
};
struct Code {
  std::map<std::string, Kernel> kernels;
};
struct Captured {
  std::vector<Work> work;
};
struct Event {
  bool isRecorded = false;
  unsigned long time = 0;
};
struct Link {
  std::string text;
  char *infoLog = nullptr;
  size_t infoBytes = 0;
};

struct State {
  std::recursive_mutex mutex;
  int devices, version, capability, pools, pageable, busy, quiet;
  size_t memory;
  int registers, local, shared, maxThreads;
  std::set<std::string> missing;
  struct Fault {
    int result, at;
  };
  std::map<std::string, Fault> faults;
  std::map<std::string, int> calls, runs;
  std::string log, live, logFile;
  int sticky = 0;
  unsigned long clock = 0;
  bool isInitialized = false;

  std::map<int, int> contexts; ///< Device to retains.
  std::set<void *> streams, events, modules, graphs, execs, links;
  std::map<CUdeviceptr, size_t> device;
  std::set<void *> host;
  size_t used = 0;

  State() { read(); }
  /// What the variables say; forgets log, faults and counts.
  void read();
};

State &state();

struct ThreadState {
  CUcontext current = nullptr;
  int mode = 0;
};
extern thread_local ThreadState thread;

constexpr CUresult InvalidContext = 201, InvalidHandle = 400,
                   CaptureUnsupported = 900, CaptureInvalidated = 901,
                   CaptureImplicit = 906;

enum Needs { Nothing, Init, Context, Unsafe };

/// Logs the call, and says whether it may go on.
CUresult enter(const char *name, Needs needs, const std::string &more = "");

#define STUB_ENTER(NAME, NEEDS, ...)                                           \
  State &own = state();                                                        \
  std::lock_guard guard(own.mutex);                                            \
  if (CUresult result = enter(#NAME, NEEDS __VA_OPT__(, ) __VA_ARGS__))        \
    return result;                                                             \
  (void)own

/// Does it, or records it.
CUresult queue(CUstream handle, Work work);

template <typename T> T *make(std::set<void *> &all) {
  T *object = new T();
  all.insert(object);
  return object;
}
template <typename T> CUresult destroy(std::set<void *> &all, void *handle) {
  if (!all.erase(handle))
    return InvalidHandle;
  delete static_cast<T *>(handle);
  return Success;
}

} // namespace stub

using namespace stub;
