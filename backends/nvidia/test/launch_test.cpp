//===- launch_test.cpp - Code, launches, faults, graphs ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/artifact.h"
#include "backends/nvidia/test/driver_fixture.h"

using namespace tilesdk::nvidia;

namespace {

using LaunchTest = DriverTest;

tsdk_launch_attr attribute(uint32_t id, uint64_t x, uint64_t y = 0,
                           uint64_t z = 0, uint32_t flags = 1) {
  tsdk_launch_attr attr = {};
  attr.id = id;
  attr.flags = flags;
  attr.v[0] = x;
  attr.v[1] = y;
  attr.v[2] = z;
  return attr;
}

/// Machine code of the stub for one architecture.
std::string codeOf(const std::string &kernel, const std::string &target) {
  std::string code(64, 0);
  memcpy(code.data(),
         "\x7f"
         "ELF",
         4);
  code[18] = static_cast<char>(190);
  return code + assemblyOf(kernel, target) + '\0';
}

TEST_F(LaunchTest, Plain) {
  void *function = kernel("add", 256, 100000);
  EXPECT_TRUE(contains(stub.log(), "cuFuncSetAttribute 8=100000"));
  EXPECT_DONE(launch(function, 0, 5, 6, 7));
  EXPECT_TRUE(contains(stub.log(),
                       "cuLaunchKernel add 5,6,7 threads 256 shared 100000"));
  EXPECT_EQ(stub.runs("add"), 1);
  unload();
}

TEST_F(LaunchTest, FunctionInfo) {
  stub.set("STUB_CUDA_REGISTERS", "77");
  stub.set("STUB_CUDA_LOCAL", "12");
  stub.set("STUB_CUDA_SHARED", "100");
  stub.be("MAX_THREADS", "512");
  void *function = kernel("add", 256, 1000);
  struct {
    uint32_t property, expected;
  } const cases[] = {{TSDK_FUNCTION_REGISTERS, 77},
                     {TSDK_FUNCTION_LOCAL_BYTES, 12},
                     {TSDK_FUNCTION_SHARED_BYTES, 1100},
                     {TSDK_FUNCTION_MAX_THREADS, 512},
                     {TSDK_FUNCTION_OCCUPANCY, 8}};
  for (auto [property, expected] : cases) {
    uint32_t value = 0;
    size_t size = sizeof value;
    EXPECT_DONE(
        driver->function_info(self, device, function, property, &value, &size));
    EXPECT_EQ(value, expected) << property;
  }
  uint32_t value = 0;
  size_t size = sizeof value;
  EXPECT_FAILS(driver->function_info(self, device, function, 99, &value, &size),
               TSDK_E_UNIMPLEMENTED, "99");
  unload();
}

TEST_F(LaunchTest, Limits) {
  void *module = nullptr, *function = nullptr;
  EXPECT_DONE(load(assemblyOf("big"), &module));
  EXPECT_FAILS(get(module, "big", &function, 128, 300000),
               TSDK_E_RESOURCE_EXHAUSTED, "kernel `big`", "300000", "nvidia:0",
               "sm_90a", "232448", "num_stages");
  stub.set("STUB_CUDA_REGISTERS", "168");
  stub.be("MAX_THREADS", "384");
  EXPECT_FAILS(get(module, "big", &function, 512), TSDK_E_RESOURCE_EXHAUSTED,
               "kernel `big`", "512 threads", "168 registers", "384",
               "num_warps", "maxnreg");
  EXPECT_FAILS(get(module, "gone", &function), TSDK_E_NOT_FOUND,
               "kernel `gone`", "no such kernel");
  EXPECT_DONE(get(module, "big", &function));
  EXPECT_FAILS(launch(function, 0, 1, 70000), TSDK_E_INVALID_ARGUMENT,
               "kernel `big`", "70000 in dimension 1", "65535");
  stub.fail("cuLaunchKernel=701");
  EXPECT_FAILS(launch(function), TSDK_E_RESOURCE_EXHAUSTED, "kernel `big`",
               "sm_90a", "128 threads");
  stub.be("SHARED", "240000");
  EXPECT_FAILS(launch(function), TSDK_E_RESOURCE_EXHAUSTED, "240000 bytes",
               "smaller tiles");
  stub.be("SHARED", "0");
  tsdk_driver_launch wrong = {};
  wrong.struct_size = sizeof wrong;
  wrong.num_params = 5;
  EXPECT_FAILS(driver->launch(self, device, function, &wrong),
               TSDK_E_INVALID_ARGUMENT, "2 parameters", "gives 5");
  driver->module_unload(self, device, module);
}

TEST_F(LaunchTest, Attributes) {
  void *function = kernel("add");
  EXPECT_DONE(launch(function, 0, 8, 4, 1,
                     {attribute(TSDK_LAUNCH_COOPERATIVE, 1),
                      attribute(TSDK_LAUNCH_CLUSTER, 2, 4, 1),
                      attribute(TSDK_LAUNCH_OVERLAP, 1),
                      attribute(TSDK_LAUNCH_PRIORITY, 3),
                      attribute(TSDK_LAUNCH_PRIORITY, uint64_t(-2)),
                      attribute(TSDK_LAUNCH_MAX_THREADS, 4, 0, 0, 0)}));
  EXPECT_TRUE(
      contains(stub.log(), "cuLaunchKernelEx add 2=1 4=2,4,1 6=1 8=2\n"))
      << stub.log();
  EXPECT_FAILS(
      launch(function, 0, 8, 1, 1, {attribute(TSDK_LAUNCH_MAX_THREADS, 4)}),
      TSDK_E_UNIMPLEMENTED, "kernel `add`", "attribute 2");
  EXPECT_FAILS(
      launch(function, 0, 6, 1, 1, {attribute(TSDK_LAUNCH_CLUSTER, 4, 1, 1)}),
      TSDK_E_INVALID_ARGUMENT, "4 x 1 x 1", "6 x 1 x 1");
  EXPECT_FAILS(
      launch(function, 0, 16, 16, 1, {attribute(TSDK_LAUNCH_CLUSTER, 8, 4, 1)}),
      TSDK_E_INVALID_ARGUMENT, "32 programs");
  EXPECT_DONE(launch(function, 0, 16, 1, 1,
                     {attribute(TSDK_LAUNCH_CLUSTER, 16, 1, 1)}));
  EXPECT_TRUE(contains(stub.log(), "cuFuncSetAttribute 14=1"));
  stub.fail("cuLaunchKernelEx=720");
  EXPECT_FAILS(
      launch(function, 0, 9999, 1, 1, {attribute(TSDK_LAUNCH_COOPERATIVE, 1)}),
      TSDK_E_RESOURCE_EXHAUSTED, "kernel `add`", "at most 2112 programs",
      "grid smaller");
  unload();
  close();
  stub.fail("");
  stub.be("CAPABILITY", "80");
  open();
  void *module = nullptr;
  EXPECT_DONE(load(assemblyOf("add", "sm_80"), &module));
  EXPECT_DONE(get(module, "add", &function));
  EXPECT_FAILS(
      launch(function, 0, 4, 1, 1, {attribute(TSDK_LAUNCH_CLUSTER, 2, 1, 1)}),
      TSDK_E_UNSUPPORTED, "no clusters", "9.0");
  driver->module_unload(self, device, module);
}

TEST_F(LaunchTest, Artifacts) {
  void *module = nullptr;
  EXPECT_FAILS(load("nonsense", &module), TSDK_E_DATA_LOSS, "neither",
               "sm_90a");
  // Of another generation alone, and with its assembly.
  std::string code = codeOf("add", "sm_80");
  auto loadBytes = [&](const std::string &bytes) {
    return driver->module_load(self, device, {bytes.data(), bytes.size()},
                               {"", 0}, &module);
  };
  EXPECT_FAILS(loadBytes(code), TSDK_E_UNSUPPORTED, "sm_90a",
               "for another device");
  std::string text = assemblyOf("add", "sm_80");
  std::string both(artifactSize(code, text), 1);
  writeArtifact(code, text, both.data());
  EXPECT_DONE(loadBytes(both));
  driver->module_unload(self, device, module);
  std::string own = codeOf("add", "sm_90a");
  stub.reset();
  EXPECT_DONE(loadBytes(own));
  EXPECT_EQ(stub.count("cuModuleLoadDataEx"), 1);
  driver->module_unload(self, device, module);
  // No byte string makes the reader go astray.
  for (size_t size = 0; size < both.size(); ++size) {
    std::string cut(both.data(), size);
    Artifact artifact;
    if (readArtifact({cut.data(), cut.size()}, &artifact) && artifact.code)
      EXPECT_EQ(artifact.assembly, nullptr) << size;
  }
  for (int i = 1; i <= 16; ++i) {
    std::string bad = both;
    bad[bad.size() - static_cast<size_t>(i)] ^= 0x55;
    Artifact artifact;
    if (readArtifact({bad.data(), bad.size()}, &artifact) && artifact.assembly)
      EXPECT_LT(artifact.assembly, bad.data() + bad.size());
  }
  Outcome log(load(".version 8.0\n", &module));
  EXPECT_TRUE(contains(log.message, "no entry")) << log.message;
}

TEST_F(LaunchTest, UnloadingDoesNotWait) {
  for (int i = 0; i < 10; ++i) {
    kernel("add");
    stub.reset();
    unload();
    EXPECT_EQ(stub.log(), "");
  }
  close();
  EXPECT_EQ(stub.count("cuModuleUnload"), 10);
}

TEST_F(LaunchTest, ManyUnloadedModulesAreFreed) {
  std::string text = assemblyOf("add") + std::string(9 << 20, ' ');
  for (int i = 0; i < 20; ++i) {
    void *module = nullptr;
    EXPECT_DONE(load(text, &module));
    driver->module_unload(self, device, module);
  }
  EXPECT_GE(stub.count("cuModuleUnload"), 8);
}

TEST_F(LaunchTest, Faults) {
  struct {
    int result;
    const char *text;
  } const cases[] = {{700, "not allocated"},       {714, "stack"},
                     {715, "illegal instruction"}, {716, "not aligned"},
                     {717, "another kind"},        {718, "left its code"},
                     {719, "cannot name"}};
  for (auto [result, text] : cases) {
    void *function = kernel("scatter");
    uint64_t stream = newStream();
    EXPECT_DONE(launch(function, stream));
    EXPECT_DONE(driver->device_health(self, device));
    stub.fail("cuStreamSynchronize=" + std::to_string(result) + "@1");
    EXPECT_FAILS(driver->stream_sync(self, device, stream), TSDK_E_KERNEL_FAULT,
                 "kernel `scatter`", text, "sim:sm_90a:0", "compute-sanitizer",
                 "end it");
    // All that follows says so too.
    EXPECT_FAILS(driver->stream_sync(self, device, stream), TSDK_E_KERNEL_FAULT,
                 "earlier kernel `scatter`", text);
    void *memory = nullptr;
    EXPECT_FAILS(driver->mem_alloc(self, device, stream, 8, 0, &memory),
                 TSDK_E_KERNEL_FAULT, "cannot allocate 8 bytes",
                 "earlier kernel `scatter`");
    EXPECT_FAILS(launch(function, stream), TSDK_E_KERNEL_FAULT,
                 "earlier kernel `scatter`");
    EXPECT_FAILS(driver->device_health(self, device), TSDK_E_KERNEL_FAULT,
                 "earlier kernel `scatter`");
    // Closing does not stumble over it; the context is beyond repair.
    stub.fail("");
    driver->stream_destroy(self, device, stream);
    unload();
    close();
    open();
  }
}

TEST_F(LaunchTest, FaultsNameTheSuspects) {
  void *first = kernel("first"), *second = kernel("second"),
       *third = kernel("third");
  uint64_t a = newStream(), b = newStream();
  EXPECT_DONE(launch(first, a));
  EXPECT_DONE(driver->stream_sync(self, device, a)); // proven innocent
  EXPECT_DONE(launch(second, a));
  EXPECT_DONE(launch(third, b));
  EXPECT_DONE(launch(second, b));
  stub.fail("cuEventQuery=719@1");
  Outcome outcome(driver->device_health(self, device));
  EXPECT_EQ(outcome.code, TSDK_E_KERNEL_FAULT);
  EXPECT_TRUE(contains(outcome.message, "one of the kernels `second`, `third`"))
      << outcome.message;
  EXPECT_TRUE(contains(outcome.message, "CUDA_LAUNCH_BLOCKING"));
  EXPECT_FALSE(contains(outcome.message, "`first`"));
  stub.fail("");
  driver->stream_destroy(self, device, a);
  driver->stream_destroy(self, device, b);
  unload();
}

TEST_F(LaunchTest, Graphs) {
  void *function = kernel("add");
  uint64_t stream = newStream();
  uint32_t state = 9;
  EXPECT_DONE(driver->capture_state(self, device, stream, &state));
  EXPECT_EQ(state, TSDK_CAPTURE_NONE);
  EXPECT_DONE(driver->capture_begin(self, device, stream));
  EXPECT_DONE(driver->capture_state(self, device, stream, &state));
  EXPECT_EQ(state, TSDK_CAPTURE_ACTIVE);
  EXPECT_DONE(launch(function, stream));
  EXPECT_DONE(launch(function, stream));
  EXPECT_EQ(stub.runs("add"), 0);
  void *memory = nullptr, *graph = nullptr;
  EXPECT_FAILS(driver->mem_alloc(self, device, stream, 64, 0, &memory),
               TSDK_E_FAILED_PRECONDITION, "cannot allocate 64 bytes",
               "captured", "before the capture");
  EXPECT_DONE(driver->capture_end(self, device, stream, &graph));
  EXPECT_DONE(driver->graph_launch(self, device, graph, stream));
  EXPECT_DONE(driver->graph_launch(self, device, graph, 0));
  EXPECT_EQ(stub.runs("add"), 4);
  driver->graph_destroy(self, device, graph);
  EXPECT_FAILS(driver->capture_begin(self, device, 0),
               TSDK_E_FAILED_PRECONDITION, "capture");
  EXPECT_FAILS(driver->capture_end(self, device, stream, &graph),
               TSDK_E_FAILED_PRECONDITION, "no capture was begun");
  driver->stream_destroy(self, device, stream);
  // The graph of somebody else may hold the code: it stays to the end.
  unload();
  std::string text = assemblyOf("other") + std::string(70 << 20, ' ');
  for (int i = 0; i < 3; ++i) {
    void *module = nullptr;
    EXPECT_DONE(load(text, &module));
    driver->module_unload(self, device, module);
  }
  EXPECT_EQ(stub.count("cuModuleUnload"), 2);
}

TEST_F(LaunchTest, GraphsThatFail) {
  uint64_t stream = newStream();
  void *graph = nullptr;
  EXPECT_DONE(driver->capture_begin(self, device, stream));
  stub.fail("cuGraphInstantiateWithFlags=2");
  EXPECT_FAILS(driver->capture_end(self, device, stream, &graph),
               TSDK_E_RESOURCE_EXHAUSTED, "graph");
  EXPECT_EQ(graph, nullptr);
  stub.fail("");
  EXPECT_DONE(driver->capture_begin(self, device, stream));
  EXPECT_DONE(driver->capture_end(self, device, stream, &graph));
  stub.fail("cuGraphLaunch=999");
  EXPECT_FAILS(driver->graph_launch(self, device, graph, stream), TSDK_E_DRIVER,
               "graph");
  stub.fail("");
  driver->graph_destroy(self, device, graph);
  driver->stream_destroy(self, device, stream);
}

/// PyTorch captures in the strictest mode: loading code meanwhile, asking for
/// health and allocating pinned memory do not void it.
TEST_F(LaunchTest, CapturesOfOthers) {
  uint64_t stream = newStream();
  auto *begin = stub.other<CUresult(CUstream, int)>("cuStreamBeginCapture");
  auto *end = stub.other<CUresult(CUstream, CUgraph *)>("cuStreamEndCapture");
  auto *destroy = stub.other<CUresult(CUgraph)>("cuGraphDestroy");
  auto *set = stub.other<CUresult(CUcontext)>("cuCtxSetCurrent");
  CUstream native = reinterpret_cast<CUstream>(stream);
  set(reinterpret_cast<CUcontext>(0x1000));
  ASSERT_EQ(begin(native, 0), 0);
  void *function = kernel("late");
  EXPECT_DONE(launch(function, stream));
  EXPECT_DONE(driver->device_health(self, device));
  void *pinned = nullptr;
  EXPECT_DONE(driver->host_alloc(self, device, 64, &pinned));
  driver->host_free(self, device, pinned);
  CUgraph graph = nullptr;
  EXPECT_EQ(end(native, &graph), 0);
  EXPECT_EQ(destroy(graph), 0);
  set(nullptr);
  driver->stream_destroy(self, device, stream);
  unload();
}

TEST_F(LaunchTest, TensorMaps) {
  uint64_t shape[] = {4096, 512}, strides[] = {8192};
  uint32_t box[] = {64, 128};
  alignas(64) char map[128];
  tsdk_tensor_map_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.dtype = TSDK_BF16;
  desc.rank = 2;
  desc.swizzle_bytes = 128;
  desc.fill_nan = 1;
  desc.base = map;
  desc.shape = shape;
  desc.strides = strides;
  desc.box = box;
  size_t size = 0;
  EXPECT_DONE(driver->tensor_map_encode(self, device, &desc, nullptr, &size));
  EXPECT_EQ(size, 128u);
  EXPECT_DONE(driver->tensor_map_encode(self, device, &desc, map, &size));
  uint64_t words[16];
  memcpy(words, map, sizeof words);
  EXPECT_EQ(words[0], 9u); // CU_TENSOR_MAP_DATA_TYPE_BFLOAT16
  EXPECT_EQ(words[1], 2u);
  EXPECT_EQ(words[2], reinterpret_cast<uint64_t>(map));
  EXPECT_EQ(words[3], 3u); // 128 bytes
  EXPECT_EQ(words[4], 1u);
  EXPECT_EQ(words[5], 4096u);
  EXPECT_EQ(words[9], 128u);
  EXPECT_EQ(words[11], 8192u);
  auto fails = [&](const char *text) {
    EXPECT_FAILS(driver->tensor_map_encode(self, device, &desc, map, &size),
                 TSDK_E_INVALID_ARGUMENT, "describe a tensor", text);
  };
  tsdk_tensor_map_desc good = desc;
  desc.base = map + 8;
  fails("multiple of 16");
  desc = good;
  desc.rank = 6;
  fails("6 dimensions");
  desc = good;
  desc.dtype = 99;
  fails("type 99");
  desc = good;
  desc.swizzle_bytes = 96;
  fails("swizzle of 96");
  desc.swizzle_bytes = 64;
  fails("more than the swizzle's 64");
  desc = good;
  strides[0] = 8200;
  fails("stride of 8200");
  strides[0] = 8192;
  box[1] = 257;
  fails("257 elements");
  box[1] = 128;
  box[0] = 4;
  fails("8 bytes");
  box[0] = 64;
  shape[1] = 0;
  fails("0 elements");
  close();
  stub.be("CAPABILITY", "80");
  open();
  EXPECT_FAILS(driver->tensor_map_encode(self, device, &good, map, &size),
               TSDK_E_UNSUPPORTED, "9.0");
}

} // namespace
