//===- driver_test.cpp - Devices, memory, streams on a stub -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/test/driver_fixture.h"

#include <filesystem>
#include <fstream>
#include <optional>

namespace tilesdk::amd {

namespace {

TEST_F(AmdDriver, ProbeReadsTopologyAndNothingElse) {
  namespace fs = std::filesystem;
  fs::path root = fs::path(testing::TempDir()) / "tilesdk_amd_topology";
  fs::remove_all(root);
  for (const char *simds : {"0", "440", "440"}) {
    static int number = 0;
    fs::path node = root / std::to_string(number++);
    fs::create_directories(node);
    std::ofstream(node / "properties")
        << "cpu_cores_count 0\nsimd_count " << simds << "\n";
  }
  setenv("TILESDK_AMD_TOPOLOGY", root.c_str(), 1);
  uint32_t count = 0;
  EXPECT_DONE(driver->probe(self, &count));
  EXPECT_EQ(count, 2u);
  setenv("HIP_VISIBLE_DEVICES", "1", 1);
  EXPECT_DONE(driver->probe(self, &count));
  EXPECT_EQ(count, 1u);
  setenv("HIP_VISIBLE_DEVICES", "", 1);
  EXPECT_DONE(driver->probe(self, &count));
  EXPECT_EQ(count, 0u);
  unsetenv("HIP_VISIBLE_DEVICES");
  setenv("TILESDK_AMD_TOPOLOGY", (root / "none").c_str(), 1);
  EXPECT_DONE(driver->probe(self, &count));
  EXPECT_EQ(count, 0u);
  unsetenv("TILESDK_AMD_TOPOLOGY");
  EXPECT_TRUE(state().calls.empty());
}

TEST_F(AmdDriver, OpensAndDescribes) {
  open(1);
  const tsdk_target *target = nullptr;
  EXPECT_DONE(driver->device_target(self, device, &target));
  EXPECT_EQ(view(target->name), "gfx90a");
  EXPECT_EQ(property<uint32_t>(TSDK_DEVICE_COMPUTE_UNITS), 104u);
  EXPECT_EQ(property<uint64_t>(TSDK_DEVICE_MEMORY_TOTAL), uint64_t{64} << 30);
  EXPECT_EQ(property<uint64_t>(TSDK_DEVICE_MEMORY_FREE), 1000u);
  char text[64] = {};
  size_t size = sizeof text;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_NAME, text, &size));
  EXPECT_EQ(std::string_view(text, size), "Stub GPU");
  size = 2;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_DRIVER_VERSION, text,
                                 &size));
  EXPECT_EQ(size, std::string_view("HIP 6.4.43484").size());
  EXPECT_EQ(text[0], 'S') << "too little room: nothing is written";
  EXPECT_EQ(Outcome(driver->device_get(self, device, 99, text, &size)).code,
            TSDK_E_UNIMPLEMENTED);
}

TEST_F(AmdDriver, EveryTargetIsFoundByItsArchitecture) {
  for (const char *name :
       {"gfx90a:sramecc+:xnack-", "gfx942", "gfx950", "gfx1100", "gfx1200"}) {
    state().architecture = name;
    open();
    const tsdk_target *target = nullptr;
    EXPECT_DONE(driver->device_target(self, device, &target));
    std::string_view stem = name;
    EXPECT_EQ(view(target->name), stem.substr(0, stem.find(':')));
    driver->device_close(self, device);
    device = nullptr;
  }
  state().architecture = "gfx906";
  Outcome outcome(driver->device_open(self, 0, &device));
  EXPECT_EQ(outcome.code, TSDK_E_UNSUPPORTED);
  EXPECT_TRUE(outcome.says("amd:0 is a gfx906; supported are gfx90a, gfx942"))
      << outcome.message;
}

TEST_F(AmdDriver, NoDevice) {
  for (int error : {NoDevice, InvalidDevice}) {
    state().failing = "hipInit";
    state().error = error;
    Outcome outcome(driver->device_open(self, 0, &device));
    EXPECT_EQ(outcome.code, TSDK_E_UNAVAILABLE);
    EXPECT_EQ(outcome.native, error);
    EXPECT_TRUE(outcome.says("there is no device amd:0"));
    EXPECT_TRUE(outcome.says("/dev/kfd"));
  }
  state().failing.clear();
  Outcome outcome(driver->device_open(self, 2, &device));
  EXPECT_EQ(outcome.code, TSDK_E_UNAVAILABLE);
  EXPECT_TRUE(outcome.says("finds 2")) << outcome.message;
}

TEST_F(AmdDriver, Memory) {
  open();
  void *memory = nullptr;
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 16, 0, &memory));
  EXPECT_EQ(calls("hipMallocAsync"), 1u);
  const int values[] = {1, 2, 3, 4};
  EXPECT_DONE(driver->mem_copy(self, device, 0, memory, values, 16));
  EXPECT_EQ(std::memcmp(memory, values, 16), 0);
  auto *words = static_cast<uint32_t *>(memory);
  EXPECT_DONE(driver->mem_set(self, device, 0, memory, 0x11223344, 4, 4));
  EXPECT_EQ(words[3], 0x11223344u);
  EXPECT_DONE(driver->mem_set(self, device, 0, memory, 0x11223344, 2, 8));
  EXPECT_EQ(words[3], 0x33443344u);
  EXPECT_DONE(driver->mem_set(self, device, 0, memory, 0x11223344, 1, 16));
  EXPECT_EQ(words[3], 0x44444444u);

  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  EXPECT_DONE(
      driver->pointer_get(self, words + 1, TSDK_POINTER_BYTES, &bytes, &size));
  EXPECT_EQ(bytes, 12u);
  EXPECT_DONE(
      driver->pointer_get(self, values, TSDK_POINTER_BYTES, &bytes, &size));
  EXPECT_EQ(size, 0u);
  EXPECT_EQ(state().lastError, Success) << "a question leaves no error behind";
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
  EXPECT_EQ(calls("hipFreeAsync"), 1u);

  EXPECT_DONE(driver->host_alloc(self, device, 0, &memory));
  driver->host_free(self, device, memory);
  EXPECT_EQ(calls("hipHostFree"), 1u);
}

TEST_F(AmdDriver, TellsWhoseMemoryItIs) {
  auto ordinalOf = [&](const void *at) -> std::optional<int32_t> {
    int32_t ordinal = -9;
    size_t size = sizeof ordinal;
    EXPECT_DONE(
        driver->pointer_get(self, at, TSDK_POINTER_ORDINAL, &ordinal, &size));
    EXPECT_EQ(state().lastError, Success) << "no error is left behind";
    return size ? std::optional(ordinal) : std::nullopt;
  };
  constexpr int32_t any = -1;
  for (int version : {50221153, 60443484, 70226015}) {
    state().version = version;
    open();
    char plain[16];
    EXPECT_EQ(ordinalOf(plain), std::nullopt) << version;
    void *memory = nullptr;
    for (auto [kind, expected] : {std::pair(stub::MemoryKind::Device, 0),
                                  {stub::MemoryKind::Managed, any}}) {
      state().kind = kind;
      EXPECT_DONE(driver->mem_alloc(self, device, 0, 16, 0, &memory));
      EXPECT_EQ(ordinalOf(static_cast<char *>(memory) + 15), expected)
          << version;
      EXPECT_DONE(driver->mem_free(self, device, 0, memory));
      EXPECT_EQ(ordinalOf(memory), std::nullopt) << version;
    }
    EXPECT_DONE(driver->host_alloc(self, device, 16, &memory));
    EXPECT_EQ(ordinalOf(memory), any) << version;
    // Where HIP fails, nothing is refused.
    state().failing = "hipPointerGetAttributes";
    state().error = LaunchFailure;
    EXPECT_EQ(ordinalOf(plain), any) << version;
    state().failing.clear();
    driver->host_free(self, device, memory);
    driver->device_close(self, device);
    device = nullptr;
  }
}

TEST_F(AmdDriver, SaysWhetherKernelsReachTheHostsMemory) {
  open();
  EXPECT_EQ(property<uint32_t>(TSDK_DEVICE_HOST_MEMORY), 0u);
  state().isPageable = 1;
  EXPECT_EQ(property<uint32_t>(TSDK_DEVICE_HOST_MEMORY), 1u);
  state().isPageable = 0;
  state().failing = "hipDeviceGetAttribute";
  state().error = InvalidValue;
  EXPECT_EQ(property<uint32_t>(TSDK_DEVICE_HOST_MEMORY), 1u)
      << "nothing is refused for what cannot be asked";
  EXPECT_EQ(state().lastError, Success);
}

TEST_F(AmdDriver, MemoryWithoutPools) {
  state().hasPools = 0;
  open();
  void *memory = nullptr;
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 16, 0, &memory));
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
  EXPECT_EQ(calls("hipMalloc"), 1u);
  EXPECT_EQ(calls("hipFree"), 1u);
}

TEST_F(AmdDriver, OutOfMemorySaysHowMuchThereIs) {
  open();
  state().failing = "hipMallocAsync";
  state().error = OutOfMemory;
  void *memory = nullptr;
  Outcome outcome(driver->mem_alloc(self, device, 0, 1 << 20, 0, &memory));
  EXPECT_EQ(outcome.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(outcome.message,
            "amd:0: cannot allocate 1048576 bytes (1000 of 2000 are free): "
            "hipErrorOutOfMemory: out of memory");
  EXPECT_EQ(memory, nullptr);
}

TEST_F(AmdDriver, StreamsEventsGraphs) {
  open();
  uint64_t stream = 0, from = 0, to = 0, nanoseconds = 0;
  tsdk_bool done = 0;
  EXPECT_DONE(driver->stream_create(self, device, 1, &stream));
  EXPECT_DONE(driver->event_create(self, device, &from));
  EXPECT_DONE(driver->event_create(self, device, &to));
  EXPECT_DONE(driver->event_record(self, device, from, stream));
  EXPECT_DONE(driver->event_wait(self, device, from, 0));
  EXPECT_DONE(driver->event_sync(self, device, from));
  EXPECT_DONE(driver->event_query(self, device, from, &done));
  EXPECT_TRUE(done);
  EXPECT_DONE(driver->event_elapsed(self, device, from, to, &nanoseconds));
  EXPECT_EQ(nanoseconds, 1500000u);
  state().failing = "hipStreamQuery";
  state().error = NotReady;
  EXPECT_DONE(driver->stream_query(self, device, stream, &done));
  EXPECT_FALSE(done);
  EXPECT_EQ(state().lastError, Success);
  state().failing.clear();

  int called = 0;
  EXPECT_DONE(driver->stream_call(
      self, device, stream, [](void *at) { ++*static_cast<int *>(at); },
      &called));
  EXPECT_EQ(called, 1);
  EXPECT_EQ(state().callbacks, 1) << "the stub has no hipLaunchHostFunc";

  uint32_t capture = 9;
  EXPECT_DONE(driver->capture_state(self, device, stream, &capture));
  EXPECT_EQ(capture, TSDK_CAPTURE_NONE);
  EXPECT_DONE(driver->capture_begin(self, device, stream));
  EXPECT_DONE(driver->capture_state(self, device, stream, &capture));
  EXPECT_EQ(capture, TSDK_CAPTURE_ACTIVE);
  void *graph = nullptr;
  EXPECT_DONE(driver->capture_end(self, device, stream, &graph));
  EXPECT_DONE(driver->graph_launch(self, device, graph, stream));
  driver->graph_destroy(self, device, graph);
  EXPECT_EQ(calls("hipGraphDestroy"), 1u);
  EXPECT_EQ(calls("hipGraphExecDestroy"), 1u);
  Outcome outcome(driver->capture_begin(self, device, 0));
  EXPECT_EQ(outcome.code, TSDK_E_INVALID_ARGUMENT);
  driver->event_destroy(self, device, from);
  driver->event_destroy(self, device, to);
  driver->stream_destroy(self, device, stream);
  EXPECT_DONE(driver->stream_sync(self, device, 0));
}

} // namespace

} // namespace tilesdk::amd
