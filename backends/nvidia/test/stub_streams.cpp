//===- stub_streams.cpp - Streams, events, graphs of the stub ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_state.h"

#include <utility>

CUresult cuStreamCreateWithPriority(CUstream *out, unsigned flags,
                                    int priority) {
  STUB_ENTER(cuStreamCreateWithPriority, Context,
             " " + std::to_string(flags) + " " + std::to_string(priority));
  *out = reinterpret_cast<CUstream>(make<Stream>(own.streams));
  return Success;
}
CUresult cuStreamDestroy(CUstream stream) {
  STUB_ENTER(cuStreamDestroy, Context);
  return destroy<Stream>(own.streams, stream);
}
CUresult cuStreamSynchronize(CUstream stream) {
  STUB_ENTER(cuStreamSynchronize, Context);
  if (stream && !own.streams.count(stream))
    return InvalidHandle;
  return stream && reinterpret_cast<Stream *>(stream)->capture
             ? CaptureUnsupported
             : Success;
}
CUresult cuStreamQuery(CUstream) {
  STUB_ENTER(cuStreamQuery, Context);
  return own.busy ? NotReady : Success;
}
CUresult cuStreamWaitEvent(CUstream, CUevent event, unsigned) {
  STUB_ENTER(cuStreamWaitEvent, Context);
  return own.events.count(event) ? Success : InvalidHandle;
}
CUresult cuEventCreate(CUevent *out, unsigned) {
  STUB_ENTER(cuEventCreate, Context);
  *out = reinterpret_cast<CUevent>(make<Event>(own.events));
  return Success;
}
CUresult cuEventDestroy(CUevent event) {
  STUB_ENTER(cuEventDestroy, Context);
  return destroy<Event>(own.events, event);
}
CUresult cuEventRecord(CUevent handle, CUstream) {
  STUB_ENTER(cuEventRecord, Context);
  if (!own.events.count(handle))
    return InvalidHandle;
  Event &event = *reinterpret_cast<Event *>(handle);
  event.isRecorded = true;
  event.time = ++own.clock;
  return Success;
}
CUresult cuEventSynchronize(CUevent event) {
  STUB_ENTER(cuEventSynchronize, Context);
  return own.events.count(event) ? Success : InvalidHandle;
}
CUresult cuEventQuery(CUevent event) {
  STUB_ENTER(cuEventQuery, Unsafe);
  if (!own.events.count(event))
    return InvalidHandle;
  return own.busy && reinterpret_cast<Event *>(event)->isRecorded ? NotReady
                                                                  : Success;
}
CUresult cuEventElapsedTime(float *out, CUevent from, CUevent to) {
  STUB_ENTER(cuEventElapsedTime, Context);
  if (!own.events.count(from) || !own.events.count(to))
    return InvalidHandle;
  Event &a = *reinterpret_cast<Event *>(from);
  Event &b = *reinterpret_cast<Event *>(to);
  if (!a.isRecorded || !b.isRecorded)
    return InvalidHandle;
  if (own.busy)
    return NotReady;
  *out = static_cast<float>(b.time - a.time); // a millisecond a record
  return Success;
}

//===-- Graphs ------------------------------------------------------------===//

CUresult cuStreamBeginCapture(CUstream handle, int mode) {
  STUB_ENTER(cuStreamBeginCapture, Context);
  if (!handle)
    return CaptureUnsupported;
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  if (stream.capture)
    return InvalidValue;
  stream.capture = 1;
  stream.mode = mode;
  return Success;
}
CUresult cuStreamEndCapture(CUstream handle, CUgraph *out) {
  STUB_ENTER(cuStreamEndCapture, Context);
  if (!own.streams.count(handle))
    return InvalidHandle;
  Stream &stream = *reinterpret_cast<Stream *>(handle);
  int was = stream.capture;
  stream.capture = 0;
  std::vector<Work> work = std::move(stream.recorded);
  stream.recorded.clear();
  if (was != 1)
    return was ? CaptureInvalidated : 903;
  Captured *graph = make<Captured>(own.graphs);
  graph->work = std::move(work);
  *out = reinterpret_cast<CUgraph>(graph);
  return Success;
}
CUresult cuStreamIsCapturing(CUstream handle, int *out) {
  STUB_ENTER(cuStreamIsCapturing, Context);
  *out = 0;
  if (handle && !own.streams.count(handle))
    return InvalidHandle;
  if (handle)
    *out = reinterpret_cast<Stream *>(handle)->capture;
  return Success;
}
CUresult cuThreadExchangeStreamCaptureMode(int *mode) {
  std::swap(thread.mode, *mode);
  return Success;
}
CUresult cuGraphInstantiateWithFlags(CUgraphExec *out, CUgraph graph,
                                     unsigned long long) {
  STUB_ENTER(cuGraphInstantiateWithFlags, Context);
  if (!own.graphs.count(graph))
    return InvalidHandle;
  Captured *exec = make<Captured>(own.execs);
  exec->work = reinterpret_cast<Captured *>(graph)->work;
  *out = reinterpret_cast<CUgraphExec>(exec);
  return Success;
}
CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  STUB_ENTER(cuGraphLaunch, Context);
  if (!own.execs.count(exec))
    return InvalidHandle;
  for (const Work &work : reinterpret_cast<Captured *>(exec)->work)
    if (CUresult result = queue(stream, work))
      return result;
  return Success;
}
CUresult cuGraphExecDestroy(CUgraphExec exec) {
  STUB_ENTER(cuGraphExecDestroy, Context);
  return destroy<Captured>(own.execs, exec);
}
CUresult cuGraphDestroy(CUgraph graph) {
  STUB_ENTER(cuGraphDestroy, Context);
  return destroy<Captured>(own.graphs, graph);
}
