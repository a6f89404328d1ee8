//===- driver_stream.cpp - Streams, events, graphs of HIP -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/device.h"

#include <algorithm>
#include <new>

namespace tilesdk::amd {

namespace {

tsdk_error streamCreate(void *self, void *opaque, int32_t priority,
                        uint64_t *out) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  // HIP counts the other way round, least urgent first.
  int least = 0, greatest = 0;
  hipError result = hip.hipDeviceGetStreamPriorityRange(&least, &greatest);
  hipStream stream = nullptr;
  if (result == Success)
    result = hip.hipStreamCreateWithPriority(
        &stream, StreamNonBlocking,
        std::clamp(-priority, std::min(greatest, least),
                   std::max(greatest, least)));
  if (tsdk_error error = check(self, device, result, "cannot create a stream"))
    return error;
  *out = std::bit_cast<uint64_t>(stream);
  return nullptr;
}

void streamDestroy(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.hip.hipStreamDestroy(streamOf(stream));
}

tsdk_error streamSync(void *self, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device, device.hip.hipStreamSynchronize(streamOf(stream)),
               "the work of a stream failed");
}

tsdk_error done(void *self, Device &device, hipError result, const char *what,
                tsdk_bool *out) {
  if (result == NotReady) {
    device.hip.hipGetLastError();
    *out = 0;
    return nullptr;
  }
  if (tsdk_error error = check(self, device, result, what))
    return error;
  *out = 1;
  return nullptr;
}

tsdk_error streamQuery(void *self, void *opaque, uint64_t stream,
                       tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(self, device, device.hip.hipStreamQuery(streamOf(stream)),
              "the work of a stream failed", out);
}

struct Call {
  void (*function)(void *);
  void *argument;
};

void runCall(hipStream, hipError, void *opaque) {
  std::unique_ptr<Call> call(static_cast<Call *>(opaque));
  call->function(call->argument);
}

tsdk_error streamCall(void *self, void *opaque, uint64_t stream,
                      void (*function)(void *), void *argument) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  constexpr const char *what = "cannot queue a call";
  if (hip.hipLaunchHostFunc)
    return check(self, device,
                 hip.hipLaunchHostFunc(streamOf(stream), function, argument),
                 what);
  std::unique_ptr<Call> call(new (std::nothrow) Call{function, argument});
  if (!call)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a call");
  if (tsdk_error error = check(
          self, device,
          hip.hipStreamAddCallback(streamOf(stream), runCall, call.get(), 0),
          what))
    return error;
  [[maybe_unused]] auto *taken = call.release(); // By the callback.
  return nullptr;
}

tsdk_error eventCreate(void *self, void *opaque, uint64_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  hipEvent event = nullptr;
  if (tsdk_error error =
          check(self, device,
                device.hip.hipEventCreateWithFlags(&event, EventDefault),
                "cannot create an event"))
    return error;
  *out = std::bit_cast<uint64_t>(event);
  return nullptr;
}

void eventDestroy(void *, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.hip.hipEventDestroy(eventOf(event));
}

tsdk_error eventRecord(void *self, void *opaque, uint64_t event,
                       uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.hip.hipEventRecord(eventOf(event), streamOf(stream)),
               "cannot record an event");
}

tsdk_error eventWait(void *self, void *opaque, uint64_t event,
                     uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(
      self, device,
      device.hip.hipStreamWaitEvent(streamOf(stream), eventOf(event), 0),
      "cannot wait for an event");
}

tsdk_error eventSync(void *self, void *opaque, uint64_t event) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device, device.hip.hipEventSynchronize(eventOf(event)),
               "the work before an event failed");
}

tsdk_error eventQuery(void *self, void *opaque, uint64_t event,
                      tsdk_bool *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return done(self, device, device.hip.hipEventQuery(eventOf(event)),
              "the work before an event failed", out);
}

tsdk_error eventElapsed(void *self, void *opaque, uint64_t from, uint64_t to,
                        uint64_t *nanoseconds) {
  Device &device = deviceOf(opaque);
  Current current(device);
  float milliseconds = 0;
  if (tsdk_error error = check(self, device,
                               device.hip.hipEventElapsedTime(
                                   &milliseconds, eventOf(from), eventOf(to)),
                               "cannot read events"))
    return error;
  *nanoseconds = static_cast<uint64_t>(
      std::max(0.0, static_cast<double>(milliseconds)) * 1e6);
  return nullptr;
}

tsdk_error captureBegin(void *self, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  if (!stream)
    return failure(self, TSDK_E_INVALID_ARGUMENT,
                   device.name() + ": the default stream cannot be captured "
                                   "into a graph; use one of your own");
  Current current(device);
  return check(
      self, device,
      device.hip.hipStreamBeginCapture(streamOf(stream), CaptureThreadLocal),
      "cannot begin to capture a graph");
}

tsdk_error captureEnd(void *self, void *opaque, uint64_t stream, void **out) {
  Device &device = deviceOf(opaque);
  const Hip &hip = device.hip;
  Current current(device);
  hipGraph graph = nullptr;
  if (tsdk_error error =
          check(self, device, hip.hipStreamEndCapture(streamOf(stream), &graph),
                "cannot end the capture of a graph"))
    return error;
  hipGraphExec exec = nullptr;
  void *node = nullptr;
  char log[512] = {};
  hipError result =
      hip.hipGraphInstantiate(&exec, graph, &node, log, sizeof log - 1);
  hip.hipGraphDestroy(graph);
  std::string what = "cannot make a graph ready to run";
  if (*log)
    what += " (" + std::string(log) + ")";
  if (tsdk_error error = check(self, device, result, what))
    return error;
  *out = exec;
  return nullptr;
}

tsdk_error captureState(void *self, void *opaque, uint64_t stream,
                        uint32_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  int state = 0;
  // The default stream never is, and asking spoils a capture elsewhere.
  if (stream)
    if (tsdk_error error =
            check(self, device,
                  device.hip.hipStreamIsCapturing(streamOf(stream), &state),
                  "cannot ask a stream whether it is captured"))
      return error;
  *out = state == 0   ? TSDK_CAPTURE_NONE
         : state == 1 ? TSDK_CAPTURE_ACTIVE
                      : TSDK_CAPTURE_INVALID;
  return nullptr;
}

tsdk_error graphLaunch(void *self, void *opaque, void *graph, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(self, device,
               device.hip.hipGraphLaunch(static_cast<hipGraphExec>(graph),
                                         streamOf(stream)),
               "cannot launch a graph");
}

void graphDestroy(void *, void *opaque, void *graph) {
  Device &device = deviceOf(opaque);
  Current current(device);
  device.hip.hipGraphExecDestroy(static_cast<hipGraphExec>(graph));
}

} // namespace

void addStreams(tsdk_driver &driver) {
  driver.stream_create = streamCreate;
  driver.stream_destroy = streamDestroy;
  driver.stream_sync = streamSync;
  driver.stream_query = streamQuery;
  driver.stream_call = streamCall;
  driver.event_create = eventCreate;
  driver.event_destroy = eventDestroy;
  driver.event_record = eventRecord;
  driver.event_wait = eventWait;
  driver.event_sync = eventSync;
  driver.event_query = eventQuery;
  driver.event_elapsed = eventElapsed;
  driver.capture_begin = captureBegin;
  driver.capture_end = captureEnd;
  driver.capture_state = captureState;
  driver.graph_launch = graphLaunch;
  driver.graph_destroy = graphDestroy;
}

} // namespace tilesdk::amd
