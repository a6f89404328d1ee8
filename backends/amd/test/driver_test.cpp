//===- driver_test.cpp - The AMD driver on a stub of HIP --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/driver.h"
#include "backends/amd/hip.h"
#include "backends/amd/test/hip_stub.h"
#include "backends/amd/test/outcome.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <optional>

namespace tilesdk::amd {

namespace {

using stub::state;

/// The head of a code object, of version 5 and gfx90a unless told.
std::vector<unsigned char> codeObject(unsigned version = 5,
                                      unsigned machine = 0x3f) {
  std::vector<unsigned char> bytes(256);
  std::memcpy(bytes.data(),
              "\x7f"
              "ELF\2\1\1",
              7);
  bytes[7] = 64;
  bytes[8] = static_cast<unsigned char>(version - 2);
  bytes[18] = 224;
  bytes[48] = static_cast<unsigned char>(machine);
  return bytes;
}

class AmdDriver : public testing::Test {
protected:
  AmdDriver() {
    state() = stub::State();
    own.host.struct_size = sizeof own.host;
    own.host.error = makeOutcome;
    makeDriver(own);
    driver = &own.driver;
    self = driver->self;
  }
  ~AmdDriver() override {
    if (!device)
      return;
    if (module)
      driver->module_unload(self, device, module);
    driver->device_close(self, device);
  }

  void open(uint32_t ordinal = 0) {
    EXPECT_DONE(driver->device_open(self, ordinal, &device));
    ASSERT_TRUE(device);
  }
  void load() {
    std::vector<unsigned char> code = codeObject();
    EXPECT_DONE(driver->module_load(self, device, {code.data(), code.size()},
                                    str("{}"), &module));
    EXPECT_DONE(get(128, 4096));
  }
  tsdk_error get(uint32_t threads, uint32_t shared) {
    static const uint32_t bytes[] = {8, 4};
    tsdk_function_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.threads = threads;
    desc.symbol = str("add");
    desc.shared_bytes = shared;
    desc.num_params = 2;
    desc.param_bytes = bytes;
    return driver->function_get(self, device, module, &desc, &function);
  }
  tsdk_error launch(uint32_t x, uint32_t numParams = 2,
                    const tsdk_launch_attr *attr = nullptr) {
    int32_t count = 7;
    void *values[] = {&pointer, &count};
    tsdk_driver_launch request = {};
    request.struct_size = sizeof request;
    request.num_params = numParams;
    request.grid[0] = x;
    request.grid[1] = 2;
    request.grid[2] = 3;
    request.attrs = attr;
    request.num_attrs = attr ? 1 : 0;
    request.stream = 0x70;
    request.params = values;
    return driver->launch(self, device, function, &request);
  }
  static size_t calls(const char *name) {
    return std::count(state().calls.begin(), state().calls.end(), name);
  }
  template <typename T> T property(uint32_t which) {
    T value = 0;
    size_t size = sizeof value;
    EXPECT_DONE(driver->device_get(self, device, which, &value, &size));
    return value;
  }

  DriverOwner own;
  const tsdk_driver *driver = nullptr;
  void *self = nullptr, *device = nullptr, *module = nullptr,
       *function = nullptr;
  void *pointer = &pointer;
};

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

TEST_F(AmdDriver, LaunchesOnTheDeviceAndGivesTheThreadBack) {
  open(1);
  load();
  state().current = 0;
  EXPECT_DONE(launch(5));
  ASSERT_EQ(state().launches.size(), 1u);
  const stub::Launch &seen = state().launches[0];
  EXPECT_EQ(seen.grid[0], 5u);
  EXPECT_EQ(seen.grid[1], 2u);
  EXPECT_EQ(seen.grid[2], 3u);
  EXPECT_EQ(seen.block[0], 128u);
  EXPECT_EQ(seen.block[1], 1u);
  EXPECT_EQ(seen.shared, 4096u);
  EXPECT_EQ(seen.stream, reinterpret_cast<void *>(0x70));
  EXPECT_EQ(seen.firstParam, pointer);
  EXPECT_EQ(state().current, 0) << "the thread's own device";

  auto info = [&](uint32_t which) {
    uint32_t value = 0;
    size_t size = sizeof value;
    EXPECT_DONE(
        driver->function_info(self, device, function, which, &value, &size));
    return value;
  };
  EXPECT_EQ(info(TSDK_FUNCTION_REGISTERS), 104u);
  EXPECT_EQ(info(TSDK_FUNCTION_LOCAL_BYTES), 103u);
  EXPECT_EQ(info(TSDK_FUNCTION_SHARED_BYTES), 101u + 4096u);
  EXPECT_EQ(info(TSDK_FUNCTION_MAX_THREADS), 100u);
  EXPECT_EQ(info(TSDK_FUNCTION_OCCUPANCY), 16u);
  uint32_t value;
  size_t size = sizeof value;
  EXPECT_EQ(
      Outcome(driver->function_info(self, device, function, 77, &value, &size))
          .code,
      TSDK_E_UNIMPLEMENTED);
}

TEST_F(AmdDriver, UnloadingDoesNotWaitButClosingFrees) {
  open();
  load();
  driver->module_unload(self, device, module);
  module = nullptr;
  EXPECT_EQ(calls("hipModuleUnload"), 0u);
  EXPECT_EQ(calls("hipDeviceSynchronize"), 0u);
  driver->device_close(self, device);
  device = nullptr;
  EXPECT_EQ(calls("hipModuleUnload"), 1u);
}

TEST_F(AmdDriver, UnloadedModulesDoNotGather) {
  open();
  for (int i = 0; i < 200; ++i) {
    load();
    driver->module_unload(self, device, module);
    module = nullptr;
  }
  EXPECT_GE(calls("hipModuleUnload"), 128u);
}

TEST_F(AmdDriver, RefusesCodeOfAnotherKind) {
  open();
  std::vector<unsigned char> code = codeObject(5, 0x4c);
  Outcome wrong(driver->module_load(self, device, {code.data(), code.size()},
                                    str("{}"), &module));
  EXPECT_EQ(wrong.code, TSDK_E_UNSUPPORTED);
  EXPECT_TRUE(wrong.says("cannot run code built for gfx942")) << wrong.message;
  for (size_t size : {size_t{0}, size_t{63}}) {
    Outcome cut(driver->module_load(self, device, {code.data(), size},
                                    str("{}"), &module));
    EXPECT_EQ(cut.code, TSDK_E_DATA_LOSS);
  }
  code[18] = 62;
  Outcome host(driver->module_load(self, device, {code.data(), code.size()},
                                   str("{}"), &module));
  EXPECT_EQ(host.code, TSDK_E_DATA_LOSS);
  EXPECT_EQ(calls("hipModuleLoadData"), 0u);
}

TEST_F(AmdDriver, AnOldRuntimeIsToldApart) {
  open();
  std::vector<unsigned char> code = codeObject(6);
  state().failing = "hipModuleLoadData";
  state().error = SharedObjectInitFailed;
  Outcome outcome(driver->module_load(self, device, {code.data(), code.size()},
                                      str("{}"), &module));
  EXPECT_EQ(outcome.code, TSDK_E_DRIVER);
  EXPECT_TRUE(outcome.says("code object version 6")) << outcome.message;
  EXPECT_TRUE(outcome.says("code_object_version=4")) << outcome.message;
  EXPECT_EQ(calls("hipModuleUnload"), 0u);
}

TEST_F(AmdDriver, HiddenArgumentsThatHip5DoesNotKnowAreRefused) {
  std::vector<unsigned char> code = codeObject(5);
  std::string_view name = "hidden_dynamic_lds_size";
  code.insert(code.end(), name.begin(), name.end());
  auto load = [&] {
    open();
    return driver->module_load(self, device, {code.data(), code.size()},
                               str("{}"), &module);
  };
  state().version = 50731921;
  Outcome old(load());
  EXPECT_EQ(old.code, TSDK_E_UNSUPPORTED);
  EXPECT_TRUE(old.says("HIP 5.7.31921 does not know the argument "
                       "hidden_dynamic_lds_size of code object version 5; "
                       "build with the option code_object_version=4"))
      << old.message;
  EXPECT_EQ(calls("hipModuleLoadData"), 0u);
  driver->device_close(self, device);
  state().version = 60443484;
  EXPECT_EQ(Outcome(load()).message, "");
}

TEST_F(AmdDriver, LimitsNameKernelDeviceAndRemedy) {
  open();
  load();
  Outcome shared(get(128, 65537));
  EXPECT_EQ(shared.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(shared.says("kernel 'add' needs 65537 bytes of shared memory, "
                          "gfx90a:sramecc+:xnack- has 65536; use smaller"))
      << shared.message;
  EXPECT_TRUE(Outcome(get(2048, 0)).says("up to 1024; use fewer warps"));
  EXPECT_TRUE(Outcome(get(96, 0)).says("whole waves of 64"));
  Outcome params(launch(1, 1));
  EXPECT_EQ(params.code, TSDK_E_INVALID_ARGUMENT);
  EXPECT_TRUE(params.says("'add': it has 2 parameters, the launch gives 1"));
  Outcome grid(launch(1u << 26));
  EXPECT_TRUE(grid.says("spread it over more dimensions")) << grid.message;
  EXPECT_TRUE(state().launches.empty());
}

TEST_F(AmdDriver, LaunchAttributes) {
  state().isCooperative = 0;
  open();
  load();
  tsdk_launch_attr attr = {};
  attr.id = TSDK_LAUNCH_COOPERATIVE;
  attr.v[0] = 1;
  attr.flags = 1;
  Outcome refused(launch(1, 2, &attr));
  EXPECT_EQ(refused.code, TSDK_E_UNSUPPORTED);
  EXPECT_TRUE(refused.says("no cooperative launches on gfx90a"))
      << refused.message;
  attr.flags = 0;
  EXPECT_DONE(launch(1, 2, &attr));
  EXPECT_EQ(calls("hipModuleLaunchCooperativeKernel"), 0u);
  attr.id = TSDK_LAUNCH_CLUSTER;
  attr.flags = 1;
  attr.v[0] = attr.v[1] = attr.v[2] = 1;
  EXPECT_DONE(launch(1, 2, &attr));
  attr.v[0] = 2;
  EXPECT_TRUE(Outcome(launch(1, 2, &attr)).says("no clusters of programs"));
  attr.id = 99;
  EXPECT_TRUE(Outcome(launch(1, 2, &attr)).says("no launch attribute 99"));
  attr.id = TSDK_LAUNCH_OVERLAP;
  EXPECT_DONE(launch(1, 2, &attr));
  driver->module_unload(self, device, module);
  driver->device_close(self, device);

  state().isCooperative = 1;
  open();
  load();
  attr.id = TSDK_LAUNCH_COOPERATIVE;
  EXPECT_DONE(launch(1, 2, &attr));
  EXPECT_EQ(calls("hipModuleLaunchCooperativeKernel"), 1u);
}

TEST_F(AmdDriver, AFaultNamesTheKernelAndStays) {
  open();
  load();
  EXPECT_DONE(driver->device_health(self, device));
  EXPECT_DONE(launch(1));
  state().failing = "hipStreamSynchronize";
  state().error = IllegalAddress;
  Outcome outcome(driver->stream_sync(self, device, 0x70));
  EXPECT_EQ(outcome.code, TSDK_E_DRIVER);
  EXPECT_EQ(outcome.native, IllegalAddress);
  EXPECT_TRUE(outcome.says("the last kernel launched was 'add'"));
  Outcome health(driver->device_health(self, device));
  EXPECT_EQ(health.native, IllegalAddress);
  EXPECT_TRUE(health.says("does no more work")) << health.message;
}

TEST_F(AmdDriver, CaptureErrorsSayWhatToDo) {
  open();
  state().failing = "hipMallocAsync";
  state().error = FirstCapture;
  void *memory = nullptr;
  EXPECT_TRUE(Outcome(driver->mem_alloc(self, device, 0x70, 8, 0, &memory))
                  .says("do it before the capture begins"));
}

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
