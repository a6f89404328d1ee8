//===- stub_state.cpp - What the parts of the CUDA stub share ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_state.h"

#include <cstdio>
#include <cstdlib>

static int number(const char *name, int initial) {
  const char *text = getenv(name);
  return text && *text ? atoi(text) : initial;
}
static std::vector<std::string> list(const char *name) {
  std::vector<std::string> out;
  const char *text = getenv(name);
  for (std::string rest = text ? text : ""; !rest.empty();) {
    size_t comma = rest.find(',');
    out.push_back(rest.substr(0, comma));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  return out;
}

void State::read() {
  devices = number("STUB_CUDA_DEVICES", 1);
  version = number("STUB_CUDA_VERSION", 12080);
  capability = number("STUB_CUDA_CAPABILITY", 90);
  pools = number("STUB_CUDA_POOLS", 1);
  pageable = number("STUB_CUDA_PAGEABLE", 0);
  busy = number("STUB_CUDA_BUSY", 0);
  quiet = number("STUB_CUDA_QUIET", 0);
  memory = size_t(number("STUB_CUDA_MEMORY", 1024)) << 20;
  registers = number("STUB_CUDA_REGISTERS", 32);
  local = number("STUB_CUDA_LOCAL", 0);
  shared = number("STUB_CUDA_SHARED", 0);
  maxThreads = number("STUB_CUDA_MAX_THREADS", 1024);
  const char *file = getenv("STUB_CUDA_LOG");
  logFile = file ? file : "";
  missing.clear();
  for (const std::string &name : list("STUB_CUDA_MISSING"))
    missing.insert(name);
  faults.clear();
  for (const std::string &entry : list("STUB_CUDA_FAIL")) {
    size_t equals = entry.find('='), at = entry.find('@');
    faults[entry.substr(0, equals)] = {
        atoi(entry.c_str() + equals + 1),
        at == std::string::npos ? 0 : atoi(entry.c_str() + at + 1)};
  }
  calls.clear();
  runs.clear();
  log.clear();
  sticky = 0;
}

State &stub::state() {
  static State *own = new State(); // outlives all callers
  return *own;
}

thread_local ThreadState stub::thread;

static bool isFault(int result) {
  return result == 700 || result == 702 || (result >= 714 && result <= 719);
}

CUresult stub::enter(const char *name, Needs needs, const std::string &more) {
  State &own = state();
  std::string line = name + more + "\n";
  own.log += line;
  if (!own.logFile.empty())
    if (FILE *file = fopen(own.logFile.c_str(), "a")) {
      fputs(line.c_str(), file);
      fclose(file);
    }
  int count = ++own.calls[name];
  auto fault = own.faults.find(name);
  if (fault != own.faults.end() &&
      (!fault->second.at || fault->second.at == count)) {
    if (isFault(fault->second.result))
      own.sticky = fault->second.result;
    return fault->second.result;
  }
  if (needs >= Init && !own.isInitialized)
    return NotInitialized;
  if (needs >= Context && !thread.current)
    return InvalidContext;
  if (needs >= Context && own.sticky)
    return own.sticky;
  if (needs == Unsafe && thread.mode != CaptureModeRelaxed)
    for (void *each : own.streams) {
      Stream &stream = *static_cast<Stream *>(each);
      if (stream.capture == 1 && stream.mode == 0) {
        stream.capture = 2;
        return CaptureUnsupported;
      }
    }
  return Success;
}

CUresult stub::queue(CUstream handle, Work work) {
  State &own = state();
  if (!handle) {
    for (void *each : own.streams)
      if (static_cast<Stream *>(each)->capture == 1 &&
          static_cast<Stream *>(each)->mode == 0)
        return CaptureImplicit;
    work();
    return Success;
  }
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  if (stream.capture == 2)
    return CaptureInvalidated;
  if (stream.capture == 1)
    stream.recorded.push_back(std::move(work));
  else
    work();
  return Success;
}
