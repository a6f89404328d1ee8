//===- driver_stream.cpp - Streams and events of CUDA -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/device.h"

namespace tilesdk::nvidia {

namespace {

CUevent eventOf(uint64_t event) { return std::bit_cast<CUevent>(event); }

tsdk_error streamCreate(void *, void *opaque, int32_t priority, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  constexpr unsigned nonBlocking = 1;
  CUstream stream = nullptr;
  // CUDA counts the other way round.
  CUresult result = device.cuda.cuStreamCreateWithPriority(
      &stream, nonBlocking, priority == INT32_MIN ? INT32_MAX : -priority);
  if (result != Success)
    return explain(device, result, "cannot create a stream");
  *out = std::bit_cast<uint64_t>(stream);
  return nullptr;
}

void streamDestroy(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuStreamDestroy(streamOf(stream));
}

tsdk_error streamSync(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUresult result = device.cuda.cuStreamSynchronize(streamOf(stream));
  if (result != Success)
    return explain(device, result, "the work of a stream failed");
  device.launches.finish(streamOf(stream));
  return nullptr;
}

tsdk_error done(Device &device, CUresult result, const char *what,
                tsdk_bool *out) {
  if (result != Success && result != NotReady)
    return explain(device, result, what);
  *out = result == Success;
  return nullptr;
}

tsdk_error streamQuery(void *, void *opaque, uint64_t stream, tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(device, device.cuda.cuStreamQuery(streamOf(stream)),
              "the work of a stream failed", out);
}

tsdk_error streamCall(void *, void *opaque, uint64_t stream,
                      void (*call)(void *), void *argument) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuLaunchHostFunc(streamOf(stream), call, argument),
               "cannot queue a call");
}

tsdk_error eventCreate(void *, void *opaque, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUevent event = nullptr;
  CUresult result = device.cuda.cuEventCreate(&event, 0);
  if (result != Success)
    return explain(device, result, "cannot create an event");
  *out = std::bit_cast<uint64_t>(event);
  return nullptr;
}

void eventDestroy(void *, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.cuda.cuEventDestroy(eventOf(event));
}

tsdk_error eventRecord(void *, void *opaque, uint64_t event, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuEventRecord(eventOf(event), streamOf(stream)),
               "cannot record an event");
}

tsdk_error eventWait(void *, void *opaque, uint64_t event, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(
      device,
      device.cuda.cuStreamWaitEvent(streamOf(stream), eventOf(event), 0),
      "cannot wait for an event");
}

tsdk_error eventSync(void *, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device, device.cuda.cuEventSynchronize(eventOf(event)),
               "the work before an event failed");
}

tsdk_error eventQuery(void *, void *opaque, uint64_t event, tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(device, device.cuda.cuEventQuery(eventOf(event)),
              "the work before an event failed", out);
}

tsdk_error eventElapsed(void *self, void *opaque, uint64_t from, uint64_t to,
                        uint64_t *nanoseconds) {
  Device &device = deviceOf(opaque);
  Current current(device);
  float milliseconds = 0;
  CUresult result =
      device.cuda.cuEventElapsedTime(&milliseconds, eventOf(from), eventOf(to));
  if (result == NotReady)
    return failure(self, TSDK_E_FAILED_PRECONDITION,
                   "cannot read events: their work is not "
                   "done; wait for the later one first");
  if (result != Success)
    return explain(device, result, "cannot read events");
  *nanoseconds = static_cast<uint64_t>(double(milliseconds) * 1e6);
  return nullptr;
}

} // namespace

void addStreams(tsdk_driver &driver) {
  driver.stream_create = streamCreate;
  driver.stream_destroy = streamDestroy;
  driver.stream_sync = streamSync;
  driver.stream_query = streamQuery;
  driver.event_create = eventCreate;
  driver.event_destroy = eventDestroy;
  driver.event_record = eventRecord;
  driver.event_wait = eventWait;
  driver.event_sync = eventSync;
  driver.event_query = eventQuery;
  driver.event_elapsed = eventElapsed;
  driver.stream_call = streamCall;
}

} // namespace tilesdk::nvidia
