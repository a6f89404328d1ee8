//===- errors.cpp - Errors of the CUDA driver, explained --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/device.h"

#include <algorithm>

namespace tilesdk::nvidia {

namespace {

/// What a result means. `isFault`: the context is lost with it.
struct Meaning {
  CUresult result;
  tsdk_code code;
  bool isFault;
  const char *text; ///< Of faults: what the kernel did. Else: what to do.
};

constexpr Meaning Meanings[] = {
    {InvalidValue, TSDK_E_DRIVER, false, ""},
    {OutOfMemory, TSDK_E_RESOURCE_EXHAUSTED, false, ""},
    {NotInitialized, TSDK_E_FAILED_PRECONDITION, false,
     "if this process was forked after its parent had used the device, start "
     "it with the method spawn, or use the device in the children only"},
    {4, TSDK_E_FAILED_PRECONDITION, false,
     "the process is ending: use the device before that"},
    {34, TSDK_E_UNAVAILABLE, false,
     "the libcuda.so.1 that was found is the toolkit's stub; take its folder "
     "out of LD_LIBRARY_PATH"},
    {46, TSDK_E_UNAVAILABLE, false,
     "another process has the device for itself, see its compute mode in "
     "nvidia-smi"},
    {100, TSDK_E_UNAVAILABLE, false,
     "CUDA_VISIBLE_DEVICES hides all devices, or the driver's module is not "
     "loaded, see nvidia-smi"},
    {101, TSDK_E_NOT_FOUND, false, ""},
    {200, TSDK_E_DATA_LOSS, false,
     "the artifact is damaged or not for NVIDIA devices; build it again"},
    {201, TSDK_E_FAILED_PRECONDITION, false,
     "somebody has destroyed the device's primary context"},
    {NoBinary, TSDK_E_UNSUPPORTED, false,
     "the artifact is for another device; build it for this one's target"},
    {214, TSDK_E_DATA_LOSS, true, "met a memory error that cannot be repaired"},
    {218, TSDK_E_INTERNAL, false,
     "the driver refuses our assembly; please report it with the log"},
    {220, TSDK_E_DATA_LOSS, true, "met an NVLink error"},
    {221, TSDK_E_UNAVAILABLE, false,
     "the driver's compiler (libnvidia-ptxjitcompiler) is missing; install "
     "the whole driver, or a ptxas and name it in TILESDK_PTXAS"},
    {222, TSDK_E_UNSUPPORTED, false,
     "the driver is too old for our assembly; install a newer one, or a ptxas "
     "and name it in TILESDK_PTXAS"},
    {NotFound, TSDK_E_NOT_FOUND, false,
     "the artifact has no such kernel; build it again"},
    {700, TSDK_E_KERNEL_FAULT, true,
     "read or wrote memory that is not allocated"},
    {OutOfResources, TSDK_E_RESOURCE_EXHAUSTED, false, ""},
    {702, TSDK_E_DEADLINE_EXCEEDED, true,
     "ran longer than the system lets it (a display is attached)"},
    {709, TSDK_E_FAILED_PRECONDITION, true, "found its context destroyed"},
    {710, TSDK_E_DEVICE_ASSERT, true, "failed an assertion"},
    {714, TSDK_E_KERNEL_FAULT, true, "ran out of its stack"},
    {715, TSDK_E_KERNEL_FAULT, true, "met an illegal instruction"},
    {716, TSDK_E_KERNEL_FAULT, true,
     "accessed memory at an address that is not aligned"},
    {717, TSDK_E_KERNEL_FAULT, true,
     "used an address of another kind of memory"},
    {718, TSDK_E_KERNEL_FAULT, true, "left its code"},
    {719, TSDK_E_KERNEL_FAULT, true, "failed in a way the driver cannot name"},
    {720, TSDK_E_RESOURCE_EXHAUSTED, false,
     "a cooperative launch must fit on the device at once; make the grid "
     "smaller"},
    {800, TSDK_E_PERMISSION_DENIED, false, ""},
    {801, TSDK_E_UNSUPPORTED, false, "this device or driver cannot do that"},
    {802, TSDK_E_UNAVAILABLE, false,
     "the system is still starting, or its fabric manager is not running"},
    {803, TSDK_E_UNAVAILABLE, false,
     "the driver's library and its kernel module differ in version; restart "
     "the machine after the driver's update"},
    {804, TSDK_E_UNAVAILABLE, false,
     "a compatibility driver (cuda-compat) is in use that this device does "
     "not take; take its folder out of LD_LIBRARY_PATH"},
    {900, TSDK_E_FAILED_PRECONDITION, false,
     "a graph is being captured, and cannot hold this; do it before the "
     "capture"},
    {901, TSDK_E_FAILED_PRECONDITION, false,
     "the capture is void, because of an earlier call that a graph cannot "
     "hold; end it and begin anew"},
    {902, TSDK_E_FAILED_PRECONDITION, false,
     "two captures that depend on each other; capture them as one"},
    {903, TSDK_E_FAILED_PRECONDITION, false,
     "no capture was begun on this stream"},
    {904, TSDK_E_FAILED_PRECONDITION, false,
     "a stream that joined the capture did not come back; let the captured "
     "stream wait for an event of it"},
    {905, TSDK_E_FAILED_PRECONDITION, false,
     "work outside the capture would depend on work in it; record the event "
     "again after the capture"},
    {906, TSDK_E_FAILED_PRECONDITION, false,
     "the default stream cannot be part of a capture; use another stream"},
    {907, TSDK_E_FAILED_PRECONDITION, false,
     "the event was recorded in a capture; wait for the graph's stream"},
    {908, TSDK_E_FAILED_PRECONDITION, false,
     "the thread that began a capture has to end it"},
    {912, TSDK_E_INVALID_ARGUMENT, false,
     "the device takes no cluster of that size"},
};

const Meaning *meaningOf(CUresult result) {
  const Meaning *at =
      std::find_if(std::begin(Meanings), std::end(Meanings),
                   [&](const Meaning &each) { return each.result == result; });
  return at == std::end(Meanings) ? nullptr : at;
}

/// "kernel `add`", or those that may be meant.
std::string suspects(const Device &device) {
  std::vector<const std::string *> names = device.launches.names();
  if (names.empty())
    return "a kernel (none of tilesdk was running)";
  if (names.size() == 1)
    return "kernel `" + *names[0] + "`";
  std::string text = "one of the kernels";
  constexpr size_t most = 8;
  for (size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i ? ", `" : " `") + *names[i] + "`";
  return text + (names.size() > most ? ", ..." : "") +
         " (latest first; with CUDA_LAUNCH_BLOCKING=1 the error says which)";
}

/// The context is lost: the first text stays what all later calls say.
tsdk_error faulted(Device &device, CUresult result, const std::string &what) {
  bool isFirst = false;
  if (!device.fault.load(std::memory_order_acquire)) {
    const Meaning *meaning = meaningOf(result);
    std::string text = suspects(device) + " " + meaning->text + " (" +
                       device.cuda.describe(result) + ")";
    if (meaning->code == TSDK_E_KERNEL_FAULT && device.target)
      text += "; run it on sim:" + std::string(view(device.target->name)) +
              ":0 with the option check=bounds, or under compute-sanitizer, to "
              "see where";
    std::lock_guard lock(device.mutex);
    isFirst = !device.fault.load(std::memory_order_relaxed);
    if (isFirst) {
      device.faultText = std::move(text);
      device.fault.store(result, std::memory_order_release);
    }
  }
  CUresult first = device.fault.load(std::memory_order_acquire);
  return failure(&device.owner, meaningOf(first)->code,
                 what + ": " + (isFirst ? "" : "earlier ") + device.faultText +
                     ". The device does no more work for this process: end it "
                     "and start anew",
                 result);
}

} // namespace

void LaunchLog::finish(CUstream stream) {
  for (Entry &entry : entries)
    if (entry.stream.load(std::memory_order_relaxed) == stream)
      entry.name.store(nullptr, std::memory_order_relaxed);
}

std::vector<const std::string *> LaunchLog::names() const {
  std::vector<const std::string *> names;
  uint32_t end = next.load(std::memory_order_relaxed);
  for (uint32_t i = 1; i <= Size; ++i) {
    const std::string *name =
        entries[(end - i) % Size].name.load(std::memory_order_relaxed);
    if (name && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

tsdk_error failure(void *self, tsdk_code code, const std::string &message,
                   int64_t native) {
  const tsdk_host &host = owner(self).host;
  return host.error(host.self, code, native, str(message));
}

tsdk_error explain(Device &device, CUresult result, const std::string &what) {
  const Meaning *meaning = meaningOf(result);
  // After a fault some calls say something else.
  if ((meaning && meaning->isFault) ||
      device.fault.load(std::memory_order_acquire))
    return faulted(device, result, what);
  std::string text = what + ": " + device.cuda.describe(result);
  if (meaning && *meaning->text)
    text += "; " + std::string(meaning->text);
  if (result == OutOfMemory) {
    size_t free = 0, total = 0;
    if (device.context && device.cuda.cuMemGetInfo(&free, &total) == Success)
      text += "; " + std::to_string(free >> 20) + " MiB of " +
              std::to_string(total >> 20) +
              " MiB are free, of all processes together";
  }
  tsdk_code code = meaning ? meaning->code
                   : result >= MissingFunction
                       ? static_cast<tsdk_code>(TSDK_E_UNSUPPORTED)
                       : static_cast<tsdk_code>(TSDK_E_DRIVER);
  return failure(&device.owner, code, text, result);
}

} // namespace tilesdk::nvidia
