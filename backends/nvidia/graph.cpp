//===- graph.cpp - Graphs by capture, tensor maps ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/device.h"

#include <new>

namespace tilesdk::nvidia {

namespace {

tsdk_error captureBegin(void *, void *opaque, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuStreamBeginCapture(streamOf(stream),
                                                CaptureModeThreadLocal),
               "cannot begin to capture a stream");
}

tsdk_error captureEnd(void *self, void *opaque, uint64_t stream, void **out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  CUgraph graph = nullptr;
  if (CUresult result =
          device.cuda.cuStreamEndCapture(streamOf(stream), &graph))
    return explain(device, result, "cannot end the capture of a stream");
  std::unique_ptr<Graph> made(new (std::nothrow) Graph());
  CUresult result = Success;
  if (made)
    result = device.cuda.cuGraphInstantiateWithFlags(&made->native, graph, 0);
  device.cuda.cuGraphDestroy(graph);
  if (!made)
    return failure(self, TSDK_E_RESOURCE_EXHAUSTED, "no memory for a graph");
  if (result != Success)
    return explain(device, result, "cannot make a graph of what was captured");
  *out = made.release();
  return nullptr;
}

tsdk_error captureState(void *, void *opaque, uint64_t stream, uint32_t *out) {
  Device &device = deviceOf(opaque);
  Current current(device);
  int state = 0;
  if (CUresult result =
          device.cuda.cuStreamIsCapturing(streamOf(stream), &state))
    return explain(device, result, "cannot ask a stream for its capture");
  *out = static_cast<uint32_t>(state); // the same numbers
  return nullptr;
}

tsdk_error graphLaunch(void *, void *opaque, void *graph, uint64_t stream) {
  Device &device = deviceOf(opaque);
  Current current(device);
  return check(device,
               device.cuda.cuGraphLaunch(static_cast<Graph *>(graph)->native,
                                         streamOf(stream)),
               "cannot launch a graph");
}

void graphDestroy(void *, void *opaque, void *handle) {
  Device &device = deviceOf(opaque);
  Current current(device);
  std::unique_ptr<Graph> graph(static_cast<Graph *>(handle));
  device.cuda.cuGraphExecDestroy(graph->native);
}

/// CUDA's number of an element type and its bytes; -1: boxes cannot hold it.
struct Element {
  int number;
  uint32_t bytes;
};

Element elementOf(uint32_t dtype) {
  switch (dtype) {
  case TSDK_I1:
  case TSDK_I8:
  case TSDK_U8:
  case TSDK_F8E4M3:
  case TSDK_F8E5M2:
  case TSDK_F8E4M3FNUZ:
  case TSDK_F8E5M2FNUZ:
  case TSDK_F8E4M3B11:
    return {0, 1};
  case TSDK_I16:
  case TSDK_U16:
    return {1, 2};
  case TSDK_U32:
    return {2, 4};
  case TSDK_I32:
    return {3, 4};
  case TSDK_U64:
    return {4, 8};
  case TSDK_I64:
    return {5, 8};
  case TSDK_F16:
    return {6, 2};
  case TSDK_F32:
    return {7, 4};
  case TSDK_F64:
    return {8, 8};
  case TSDK_BF16:
    return {9, 2};
  default:
    return {-1, 0};
  }
}

/// What is wrong with a tensor for boxes; empty: nothing.
std::string complaint(const tsdk_tensor_map_desc &desc, const void *base,
                      Element element) {
  auto text = [](uint64_t number) { return std::to_string(number); };
  if (element.number < 0)
    return "it cannot hold elements of type " + text(desc.dtype);
  if (desc.rank < 1 || desc.rank > 5)
    return "it has " + text(desc.rank) + " dimensions; 1 to 5 are possible";
  if (std::bit_cast<uint64_t>(base) % 16)
    return "the tensor's address is not a multiple of 16";
  for (uint32_t i = 0; i < desc.rank; ++i) {
    if (!desc.shape[i] || desc.shape[i] > uint64_t(1) << 32)
      return "dimension " + text(i) + " has " + text(desc.shape[i]) +
             " elements; 1 to 2^32 are possible";
    if (!desc.box[i] || desc.box[i] > 256)
      return "the box has " + text(desc.box[i]) + " elements in dimension " +
             text(i) + "; 1 to 256 are possible";
    if (i && (!desc.strides[i - 1] || desc.strides[i - 1] % 16 ||
              desc.strides[i - 1] >= uint64_t(1) << 40))
      return "dimension " + text(i) + " has a stride of " +
             text(desc.strides[i - 1]) +
             " bytes; it must be a multiple of 16 below 2^40";
  }
  uint64_t row = uint64_t(desc.box[0]) * element.bytes;
  if (row % 16)
    return "a row of the box has " + text(row) +
           " bytes; it must be a multiple of 16";
  if (desc.swizzle_bytes && row > desc.swizzle_bytes)
    return "a row of the box has " + text(row) +
           " bytes, more than the swizzle's " + text(desc.swizzle_bytes);
  return "";
}

/// Only sizes are checked by CUDA, which says "invalid value" to all else.
tsdk_error tensorMapEncode(void *self, void *opaque,
                           const tsdk_tensor_map_desc *desc, void *out,
                           size_t *size) {
  Device &device = deviceOf(opaque);
  std::string start = "cannot describe a tensor: ";
  if (device.capability < 90)
    return failure(self, TSDK_E_UNSUPPORTED,
                   start + "compute capability 9.0 is the lowest that copies "
                           "boxes");
  int swizzle = desc->swizzle_bytes == 0     ? 0
                : desc->swizzle_bytes == 32  ? 1
                : desc->swizzle_bytes == 64  ? 2
                : desc->swizzle_bytes == 128 ? 3
                                             : -1;
  Element element = elementOf(desc->dtype);
  std::string why = swizzle < 0
                        ? "there is no swizzle of " +
                              std::to_string(desc->swizzle_bytes) + " bytes"
                        : complaint(*desc, desc->base, element);
  if (!why.empty())
    return failure(self, TSDK_E_INVALID_ARGUMENT, start + why);
  CUtensorMap map;
  if (*size < sizeof map) {
    *size = sizeof map;
    return nullptr;
  }
  // Nothing of it is a context's, yet CUDA asks for one.
  Current current(device);
  constexpr uint32_t steps[] = {1, 1, 1, 1, 1};
  constexpr int noInterleave = 0, promoteTo256 = 3;
  CUresult result = device.cuda.cuTensorMapEncodeTiled(
      &map, element.number, desc->rank, const_cast<void *>(desc->base),
      desc->shape, desc->strides, desc->box, steps, noInterleave, swizzle,
      promoteTo256, desc->fill_nan ? 1 : 0);
  if (result != Success)
    return explain(device, result, "cannot describe a tensor");
  std::memcpy(out, &map, sizeof map);
  *size = sizeof map;
  return nullptr;
}

} // namespace

bool isCapturing(const Device &device, CUstream stream) {
  int state = 0;
  return device.cuda.cuStreamIsCapturing(stream, &state) == Success &&
         state != 0;
}

void addGraphs(tsdk_driver &driver) {
  driver.capture_begin = captureBegin;
  driver.capture_end = captureEnd;
  driver.capture_state = captureState;
  driver.graph_launch = graphLaunch;
  driver.graph_destroy = graphDestroy;
  driver.tensor_map_encode = tensorMapEncode;
}

} // namespace tilesdk::nvidia
