//===- driver_test.cpp - Devices, memory, streams, events -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/driver_fixture.h"

#include <thread>

using namespace tilesdk::nvidia;

namespace {

TEST_F(DriverTest, EverySlotIsThere) {
  // A slot added to the ABI has to be decided on here.
  const void *const *slots =
      reinterpret_cast<void *const *>(&plugin.driver->probe);
  size_t count = (sizeof(tsdk_driver) - offsetof(tsdk_driver, probe)) / 8;
  for (size_t i = 0; i < count; ++i)
    EXPECT_TRUE(slots[i]) << "slot " << i;
}

TEST_F(DriverTest, Properties) {
  char text[64];
  size_t size = 0;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_NAME, text, &size));
  EXPECT_EQ(size, 6u);
  size = sizeof text;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_NAME, text, &size));
  EXPECT_EQ(std::string(text, size), "Stub 0");
  size = sizeof text;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_DRIVER_VERSION, text,
                                 &size));
  EXPECT_EQ(std::string(text, size), "12.8");
  uint32_t units = 0;
  size = sizeof units;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                 &units, &size));
  EXPECT_EQ(units, 132u);
  void *memory = nullptr;
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 1 << 20, 0, &memory));
  uint64_t free = 0, total = 0;
  size = 8;
  EXPECT_DONE(
      driver->device_get(self, device, TSDK_DEVICE_MEMORY_FREE, &free, &size));
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_MEMORY_TOTAL, &total,
                                 &size));
  EXPECT_EQ(total, uint64_t(1) << 30);
  EXPECT_EQ(total - free, uint64_t(1) << 20);
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
  EXPECT_FAILS(driver->device_get(self, device, 999, &free, &size),
               TSDK_E_UNIMPLEMENTED, "999");
}

TEST_F(DriverTest, Targets) {
  const tsdk_target *target = nullptr;
  EXPECT_DONE(driver->device_target(self, device, &target));
  EXPECT_EQ(target, plugin.target("sm_90a"));
  tsdk_bool runs = 0;
  EXPECT_DONE(driver->target_runs(self, device, plugin.target("sm_80"), &runs));
  EXPECT_TRUE(runs);
  close();
  stub.be("CAPABILITY", "89");
  open();
  EXPECT_DONE(driver->device_target(self, device, &target));
  EXPECT_EQ(target, plugin.target("sm_89"));
  EXPECT_DONE(
      driver->target_runs(self, device, plugin.target("sm_90a"), &runs));
  EXPECT_FALSE(runs);
  close();
  stub.be("CAPABILITY", "75");
  EXPECT_FAILS(driver->device_open(self, 0, &device), TSDK_E_UNSUPPORTED, "7.5",
               "8.0");
}

TEST_F(DriverTest, SeveralDevices) {
  close();
  stub.be("DEVICES", "3");
  void *devices[3];
  for (uint32_t i = 0; i < 3; ++i)
    EXPECT_DONE(driver->device_open(self, i, &devices[i]));
  void *none = nullptr;
  EXPECT_FAILS(driver->device_open(self, 3, &none), TSDK_E_NOT_FOUND,
               "3 devices", "CUDA_VISIBLE_DEVICES");
  for (uint32_t i = 0; i < 3; ++i) {
    void *memory = nullptr;
    EXPECT_DONE(driver->mem_alloc(self, devices[i], 0, 64, 0, &memory));
    EXPECT_DONE(driver->mem_free(self, devices[i], 0, memory));
    char text[64];
    size_t size = sizeof text;
    EXPECT_DONE(
        driver->device_get(self, devices[i], TSDK_DEVICE_NAME, text, &size));
    EXPECT_EQ(std::string(text, size), "Stub " + std::to_string(i));
  }
  for (void *each : devices)
    driver->device_close(self, each);
}

TEST_F(DriverTest, NoDevice) {
  close();
  stub.be("DEVICES", "0");
  EXPECT_FAILS(driver->device_open(self, 0, &device), TSDK_E_UNAVAILABLE,
               "cannot start the driver", "nvidia-smi");
  EXPECT_EQ(device, nullptr);
}

/// Each way to fail to open leaves nothing behind.
TEST_F(DriverTest, OpeningFails) {
  close();
  for (const char *call :
       {"cuInit", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetAttribute",
        "cuDevicePrimaryCtxRetain"}) {
    stub.fail(std::string(call) + "=46");
    EXPECT_FAILS(driver->device_open(self, 0, &device), TSDK_E_UNAVAILABLE,
                 "compute mode");
    EXPECT_EQ(stub.live(), "") << call;
  }
  // A device that somebody else has lost.
  stub.fail("cuDevicePrimaryCtxRetain=719");
  EXPECT_FAILS(driver->device_open(self, 0, &device), TSDK_E_KERNEL_FAULT,
               "context");
  stub.fail("cuDeviceGetCount=700");
  EXPECT_FAILS(driver->device_open(self, 0, &device), TSDK_E_KERNEL_FAULT,
               "count");
}

TEST_F(DriverTest, CopiesAndFills) {
  uint32_t from[4] = {1, 2, 3, 4}, to[4] = {};
  void *memory = nullptr;
  uint64_t stream = newStream();
  EXPECT_DONE(driver->mem_alloc(self, device, stream, sizeof from, 0, &memory));
  EXPECT_DONE(
      driver->mem_copy(self, device, stream, memory, from, sizeof from));
  EXPECT_DONE(driver->mem_copy(self, device, stream, to, memory, sizeof to));
  EXPECT_DONE(driver->stream_sync(self, device, stream));
  EXPECT_EQ(memcmp(from, to, sizeof to), 0);
  struct {
    uint32_t width, count, expected;
  } const fills[] = {
      {1, 16, 0x04040404}, {2, 8, 0x03040304}, {4, 4, 0x01020304}};
  for (auto [width, count, expected] : fills) {
    EXPECT_DONE(driver->mem_set(self, device, stream, memory, 0x01020304, width,
                                count));
    EXPECT_DONE(driver->mem_copy(self, device, stream, to, memory, sizeof to));
    EXPECT_EQ(to[3], expected) << width;
  }
  // Nothing to do is no call.
  stub.reset();
  EXPECT_DONE(driver->mem_copy(self, device, stream, nullptr, nullptr, 0));
  EXPECT_DONE(driver->mem_set(self, device, stream, nullptr, 0, 4, 0));
  EXPECT_EQ(stub.log(), "");
  uint64_t bytes = 0;
  int32_t ordinal = -7;
  size_t size = 8;
  const char *inside = static_cast<char *>(memory) + 4;
  EXPECT_DONE(
      driver->pointer_get(self, inside, TSDK_POINTER_BYTES, &bytes, &size));
  EXPECT_EQ(bytes, 12u);
  size = 4;
  EXPECT_DONE(
      driver->pointer_get(self, inside, TSDK_POINTER_ORDINAL, &ordinal, &size));
  EXPECT_EQ(ordinal, 0);
  EXPECT_FAILS(driver->pointer_get(self, inside, 77, &ordinal, &size),
               TSDK_E_UNIMPLEMENTED, "77");
  EXPECT_DONE(driver->mem_free(self, device, stream, memory));
  void *pinned = nullptr;
  EXPECT_DONE(driver->host_alloc(self, device, 0, &pinned));
  EXPECT_TRUE(pinned);
  // Every device reaches it.
  EXPECT_DONE(
      driver->pointer_get(self, pinned, TSDK_POINTER_ORDINAL, &ordinal, &size));
  EXPECT_EQ(size, 4u);
  EXPECT_EQ(ordinal, -1);
  driver->host_free(self, device, pinned);
  driver->stream_destroy(self, device, stream);
}

TEST_F(DriverTest, HostMemory) {
  for (uint32_t pageable : {0, 1}) {
    stub.be("PAGEABLE", std::to_string(pageable));
    uint32_t reaches = 7;
    size_t size = sizeof reaches;
    EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_HOST_MEMORY,
                                   &reaches, &size));
    EXPECT_EQ(reaches, pageable);
    int32_t ordinal = 0;
    size = sizeof ordinal;
    EXPECT_DONE(driver->pointer_get(self, &size, TSDK_POINTER_ORDINAL, &ordinal,
                                    &size));
    EXPECT_EQ(size, 0u); // not known, either way
  }
}

TEST_F(DriverTest, OutOfMemory) {
  void *memory = &memory;
  EXPECT_FAILS(driver->mem_alloc(self, device, 0, size_t(2) << 30, 0, &memory),
               TSDK_E_RESOURCE_EXHAUSTED, "2147483648 bytes",
               "1024 MiB of 1024 MiB are free");
  EXPECT_EQ(memory, &memory);
  // The device goes on.
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 1024, 0, &memory));
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
}

TEST_F(DriverTest, StreamsAndEvents) {
  uint64_t stream = newStream(2), other = newStream();
  EXPECT_TRUE(contains(stub.log(), "cuStreamCreateWithPriority 1 -2"));
  uint64_t first = 0, second = 0;
  EXPECT_DONE(driver->event_create(self, device, &first));
  EXPECT_DONE(driver->event_create(self, device, &second));
  EXPECT_DONE(driver->event_record(self, device, first, stream));
  EXPECT_DONE(driver->event_wait(self, device, first, other));
  EXPECT_DONE(driver->event_record(self, device, second, stream));
  uint64_t nanoseconds = 0;
  tsdk_bool done = 0;
  EXPECT_DONE(driver->event_sync(self, device, second));
  EXPECT_DONE(driver->event_query(self, device, second, &done));
  EXPECT_TRUE(done);
  EXPECT_DONE(driver->event_elapsed(self, device, first, second, &nanoseconds));
  EXPECT_EQ(nanoseconds, 1000000u);
  stub.be("BUSY", "1");
  EXPECT_DONE(driver->event_query(self, device, second, &done));
  EXPECT_FALSE(done);
  EXPECT_DONE(driver->stream_query(self, device, stream, &done));
  EXPECT_FALSE(done);
  EXPECT_FAILS(driver->event_elapsed(self, device, first, second, &nanoseconds),
               TSDK_E_FAILED_PRECONDITION, "wait");
  int called = 0;
  EXPECT_DONE(driver->stream_call(
      self, device, stream,
      [](void *argument) { ++*static_cast<int *>(argument); }, &called));
  EXPECT_EQ(called, 1);
  driver->event_destroy(self, device, first);
  driver->event_destroy(self, device, second);
  driver->stream_destroy(self, device, stream);
  driver->stream_destroy(self, device, other);
}

/// The same failure of each function that can fail: it names the device and
/// leaves outputs alone.
TEST_F(DriverTest, EachCallFails) {
  void *memory = nullptr;
  uint64_t stream = newStream(), event = 0;
  EXPECT_DONE(driver->event_create(self, device, &event));
  EXPECT_DONE(driver->mem_alloc(self, device, stream, 64, 0, &memory));
  void *function = kernel("add");
  char buffer[64] = {};
  uint64_t number = 4242;
  void *pointer = &number;
  uint32_t state = 4242;
  tsdk_bool flag = 42;
  size_t size = 64;
  struct {
    const char *call;
    std::function<tsdk_error()> run;
  } const cases[] = {
      {"cuDeviceGetName",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_NAME, buffer,
                                   &size);
       }},
      {"cuDeviceGetAttribute",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                   buffer, &size);
       }},
      {"cuDeviceTotalMem",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_MEMORY_TOTAL,
                                   buffer, &size);
       }},
      {"cuMemGetInfo",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_MEMORY_FREE,
                                   buffer, &size);
       }},
      {"cuDriverGetVersion",
       [&] {
         return driver->device_get(self, device, TSDK_DEVICE_DRIVER_VERSION,
                                   buffer, &size);
       }},
      {"cuMemAllocAsync",
       [&] { return driver->mem_alloc(self, device, stream, 8, 0, &pointer); }},
      {"cuMemFreeAsync",
       [&] { return driver->mem_free(self, device, stream, memory); }},
      {"cuMemcpyAsync",
       [&] {
         return driver->mem_copy(self, device, stream, memory, buffer, 8);
       }},
      {"cuMemsetD8Async",
       [&] { return driver->mem_set(self, device, stream, memory, 0, 1, 8); }},
      {"cuMemsetD16Async",
       [&] { return driver->mem_set(self, device, stream, memory, 0, 2, 8); }},
      {"cuMemsetD32Async",
       [&] { return driver->mem_set(self, device, stream, memory, 0, 4, 8); }},
      {"cuMemAllocHost",
       [&] { return driver->host_alloc(self, device, 8, &pointer); }},
      {"cuStreamCreateWithPriority",
       [&] { return driver->stream_create(self, device, 0, &number); }},
      {"cuStreamSynchronize",
       [&] { return driver->stream_sync(self, device, stream); }},
      {"cuStreamQuery",
       [&] { return driver->stream_query(self, device, stream, &flag); }},
      {"cuEventCreate",
       [&] { return driver->event_create(self, device, &number); }},
      {"cuEventRecord",
       [&] { return driver->event_record(self, device, event, stream); }},
      {"cuStreamWaitEvent",
       [&] { return driver->event_wait(self, device, event, stream); }},
      {"cuEventSynchronize",
       [&] { return driver->event_sync(self, device, event); }},
      {"cuEventQuery",
       [&] { return driver->event_query(self, device, event, &flag); }},
      {"cuEventElapsedTime",
       [&] {
         return driver->event_elapsed(self, device, event, event, &number);
       }},
      {"cuModuleLoadDataEx", [&] { return load(assemblyOf("k"), &pointer); }},
      {"cuModuleGetFunction",
       [&] { return get(modules["add"], "add", &pointer); }},
      {"cuFuncSetAttribute",
       [&] { return get(modules["add"], "add", &pointer, 128, 100000); }},
      {"cuFuncGetAttribute",
       [&] {
         return driver->function_info(self, device, function,
                                      TSDK_FUNCTION_REGISTERS, buffer, &size);
       }},
      {"cuOccupancyMaxActiveBlocksPerMultiprocessor",
       [&] {
         return driver->function_info(self, device, function,
                                      TSDK_FUNCTION_OCCUPANCY, buffer, &size);
       }},
      {"cuLaunchKernel", [&] { return launch(function, stream); }},
      {"cuLaunchHostFunc",
       [&] {
         return driver->stream_call(
             self, device, stream, [](void *) {}, nullptr);
       }},
      {"cuStreamBeginCapture",
       [&] { return driver->capture_begin(self, device, stream); }},
      {"cuStreamEndCapture",
       [&] { return driver->capture_end(self, device, stream, &pointer); }},
      {"cuStreamIsCapturing",
       [&] { return driver->capture_state(self, device, stream, &state); }},
      {"cuEventQuery", [&] { return driver->device_health(self, device); }},
  };
  std::string live = stub.live();
  for (const auto &each : cases) {
    stub.fail(std::string(each.call) + "=999");
    EXPECT_FAILS(each.run(), TSDK_E_DRIVER, "CUDA_ERROR_999");
    EXPECT_EQ(Outcome(each.run()).native, 999) << each.call;
    EXPECT_EQ(stub.live(), live) << each.call;
  }
  EXPECT_EQ(number, 4242u);
  EXPECT_EQ(pointer, &number);
  EXPECT_EQ(state, 4242u);
  EXPECT_EQ(flag, 42u);
  EXPECT_EQ(size, 64u);
  stub.fail("");
  EXPECT_DONE(driver->mem_free(self, device, stream, memory));
  driver->event_destroy(self, device, event);
  driver->stream_destroy(self, device, stream);
  unload();
}

/// What each of the driver's results comes to.
TEST_F(DriverTest, EachResult) {
  struct {
    int result;
    tsdk_code code;
    const char *text;
  } const cases[] = {
      {2, TSDK_E_RESOURCE_EXHAUSTED, "MiB are free"},
      {3, TSDK_E_FAILED_PRECONDITION, "spawn"},
      {4, TSDK_E_FAILED_PRECONDITION, "ending"},
      {34, TSDK_E_UNAVAILABLE, "stub"},
      {46, TSDK_E_UNAVAILABLE, "compute mode"},
      {100, TSDK_E_UNAVAILABLE, "nvidia-smi"},
      {101, TSDK_E_NOT_FOUND, ""},
      {200, TSDK_E_DATA_LOSS, "build it again"},
      {201, TSDK_E_FAILED_PRECONDITION, "primary context"},
      {209, TSDK_E_UNSUPPORTED, "another device"},
      {218, TSDK_E_INTERNAL, "report"},
      {221, TSDK_E_UNAVAILABLE, "TILESDK_PTXAS"},
      {222, TSDK_E_UNSUPPORTED, "too old"},
      {500, TSDK_E_NOT_FOUND, "no such kernel"},
      {701, TSDK_E_RESOURCE_EXHAUSTED, ""},
      {720, TSDK_E_RESOURCE_EXHAUSTED, "cooperative"},
      {800, TSDK_E_PERMISSION_DENIED, ""},
      {801, TSDK_E_UNSUPPORTED, "cannot do that"},
      {802, TSDK_E_UNAVAILABLE, "fabric manager"},
      {803, TSDK_E_UNAVAILABLE, "restart"},
      {804, TSDK_E_UNAVAILABLE, "compatibility"},
      {900, TSDK_E_FAILED_PRECONDITION, "before the capture"},
      {901, TSDK_E_FAILED_PRECONDITION, "begin anew"},
      {902, TSDK_E_FAILED_PRECONDITION, "as one"},
      {903, TSDK_E_FAILED_PRECONDITION, "no capture"},
      {904, TSDK_E_FAILED_PRECONDITION, "joined"},
      {905, TSDK_E_FAILED_PRECONDITION, "after the capture"},
      {906, TSDK_E_FAILED_PRECONDITION, "another stream"},
      {907, TSDK_E_FAILED_PRECONDITION, "wait for the graph's stream"},
      {908, TSDK_E_FAILED_PRECONDITION, "thread"},
      {912, TSDK_E_INVALID_ARGUMENT, "cluster"},
      {12345, TSDK_E_DRIVER, "12345"},
  };
  for (auto [result, code, text] : cases) {
    stub.fail("cuStreamSynchronize=" + std::to_string(result));
    EXPECT_FAILS(driver->stream_sync(self, device, 0), code, text,
                 "the work of a stream failed");
  }
}

TEST_F(DriverTest, Threads) {
  void *function = kernel("add");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      uint64_t stream = newStream();
      for (int k = 0; k < 100; ++k) {
        void *memory = nullptr;
        EXPECT_DONE(driver->mem_alloc(self, device, stream, 64, 0, &memory));
        EXPECT_DONE(launch(function, stream));
        EXPECT_DONE(driver->mem_free(self, device, stream, memory));
        EXPECT_DONE(driver->stream_sync(self, device, stream));
      }
      driver->stream_destroy(self, device, stream);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(stub.runs("add"), 800);
  unload();
}

/// A context of somebody else stays current.
TEST_F(DriverTest, LeavesTheCurrentContext) {
  auto *get = stub.other<CUresult(CUcontext *)>("cuCtxGetCurrent");
  auto *set = stub.other<CUresult(CUcontext)>("cuCtxSetCurrent");
  int memory = 0;
  CUcontext others = reinterpret_cast<CUcontext>(&memory), current = nullptr;
  set(others);
  EXPECT_DONE(driver->stream_sync(self, device, 0));
  get(&current);
  EXPECT_EQ(current, others);
  set(nullptr);
}

} // namespace
