//===- failures_test.cpp - Every call of HIP that can fail ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/test/driver_fixture.h"

#include <dlfcn.h>
#include <functional>

namespace tilesdk::amd {

namespace {

/// Each call of HIP that can fail, through the slot that makes it: an error
/// with HIP's number, no crash, and outputs left alone.
TEST_F(AmdDriver, EveryFailureIsReported) {
  open();
  load();
  void *memory = nullptr;
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 64, 0, &memory));
  uint64_t stream = 7, event = 7;
  tsdk_bool flag = 7;
  uint32_t state32 = 7;
  void *out = &out;
  size_t size = 8;
  uint64_t room[2];
  const std::vector<unsigned char> code = codeObject();
  const std::pair<const char *, std::function<tsdk_error()>> table[] = {
      {"hipMallocAsync",
       [&] { return driver->mem_alloc(self, device, 0, 8, 0, &out); }},
      {"hipFreeAsync",
       [&] { return driver->mem_free(self, device, 0, memory); }},
      {"hipMemcpyAsync",
       [&] { return driver->mem_copy(self, device, 0, memory, memory, 8); }},
      {"hipMemsetD8Async",
       [&] { return driver->mem_set(self, device, 0, memory, 0, 1, 8); }},
      {"hipMemsetD16Async",
       [&] { return driver->mem_set(self, device, 0, memory, 0, 2, 8); }},
      {"hipMemsetD32Async",
       [&] { return driver->mem_set(self, device, 0, memory, 0, 4, 8); }},
      {"hipHostMalloc",
       [&] { return driver->host_alloc(self, device, 8, &out); }},
      {"hipDeviceGetStreamPriorityRange",
       [&] { return driver->stream_create(self, device, 0, &stream); }},
      {"hipStreamCreateWithPriority",
       [&] { return driver->stream_create(self, device, 0, &stream); }},
      {"hipStreamSynchronize",
       [&] { return driver->stream_sync(self, device, 0); }},
      {"hipStreamQuery",
       [&] { return driver->stream_query(self, device, 0, &flag); }},
      {"hipStreamAddCallback",
       [&] {
         return driver->stream_call(self, device, 0, [](void *) {}, nullptr);
       }},
      {"hipStreamBeginCapture",
       [&] { return driver->capture_begin(self, device, 7); }},
      {"hipStreamEndCapture",
       [&] { return driver->capture_end(self, device, 7, &out); }},
      {"hipGraphInstantiate",
       [&] { return driver->capture_end(self, device, 7, &out); }},
      {"hipStreamIsCapturing",
       [&] { return driver->capture_state(self, device, 7, &state32); }},
      {"hipGraphLaunch",
       [&] { return driver->graph_launch(self, device, memory, 0); }},
      {"hipEventCreateWithFlags",
       [&] { return driver->event_create(self, device, &event); }},
      {"hipEventRecord",
       [&] { return driver->event_record(self, device, 7, 0); }},
      {"hipStreamWaitEvent",
       [&] { return driver->event_wait(self, device, 7, 0); }},
      {"hipEventSynchronize",
       [&] { return driver->event_sync(self, device, 7); }},
      {"hipEventQuery",
       [&] { return driver->event_query(self, device, 7, &flag); }},
      {"hipEventElapsedTime",
       [&] { return driver->event_elapsed(self, device, 7, 7, &event); }},
      {"hipModuleLoadData",
       [&] {
         return driver->module_load(self, device, {code.data(), code.size()},
                                    str("{}"), &out);
       }},
      {"hipModuleLaunchKernel", [&] { return launch(1); }},
      {"hipFuncGetAttribute",
       [&] {
         return driver->function_info(self, device, function,
                                      TSDK_FUNCTION_REGISTERS, room, &size);
       }},
      {"hipModuleOccupancyMaxActiveBlocksPerMultiprocessor",
       [&] {
         return driver->function_info(self, device, function,
                                      TSDK_FUNCTION_OCCUPANCY, room, &size);
       }},
      {"hipDeviceGetName",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_NAME, room, &size);
       }},
      {"hipDeviceTotalMem",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_MEMORY_TOTAL, room,
                                   &size);
       }},
      {"hipMemGetInfo",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_MEMORY_FREE, room,
                                   &size);
       }},
      {"hipDeviceGetAttribute",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                   room, &size);
       }},
      {"hipGetDevicePropertiesR0600",
       [&] { return driver->device_open(self, 0, &out); }},
      {"hipGetDeviceCount", [&] { return driver->device_open(self, 0, &out); }},
  };
  for (const auto &[name, call] : table) {
    state().failing = name;
    state().error = 999;
    Outcome outcome(call());
    EXPECT_EQ(outcome.code, TSDK_E_DRIVER) << name;
    EXPECT_EQ(outcome.native, 999) << name;
    EXPECT_TRUE(outcome.says("amd:0: ")) << outcome.message;
    EXPECT_TRUE(outcome.says("the stub was told to fail")) << outcome.message;
    EXPECT_EQ(state().lastError, Success) << name;
    EXPECT_EQ(out, &out) << name;
    EXPECT_EQ(stream, 7u) << name;
    EXPECT_EQ(event, 7u) << name;
    EXPECT_EQ(flag, 7) << name;
    EXPECT_EQ(state32, 7u) << name;
  }
  state().failing = "hipModuleGetFunction";
  Outcome missing(get(64, 0));
  EXPECT_EQ(missing.code, TSDK_E_DRIVER);
  EXPECT_TRUE(missing.says("cannot use kernel 'add'"));
  state().failing.clear();
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
}

TEST(Hip, NamesAFunctionThatIsMissing) {
  // The program itself has none of them but what the stub gives; libc has none.
  void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(library);
  struct Hip hip;
  std::string why;
  EXPECT_FALSE(hip.resolve(library, why));
  EXPECT_EQ(why, "the HIP runtime lacks hipInit; install ROCm 5.2 or newer");
}

} // namespace

} // namespace tilesdk::amd
