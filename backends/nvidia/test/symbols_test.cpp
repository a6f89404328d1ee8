//===- symbols_test.cpp - Drivers that are not there or old -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/driver_fixture.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace tilesdk::nvidia;

namespace {

TEST(Symbols, NoDriver) {
  Stub stub;
  stub.set("TILESDK_CUDA_LIBRARY", "/nonexistent/libcuda.so.1");
  TestPlugin plugin;
  void *device = nullptr;
  EXPECT_FAILS(plugin.driver->device_open(plugin.self, 0, &device),
               TSDK_E_UNAVAILABLE, "no NVIDIA driver", "/nonexistent",
               "TILESDK_CUDA_LIBRARY");
  EXPECT_EQ(device, nullptr);
  // A launch with a pointer asks in each process.
  int host = 0;
  size_t size = 8;
  EXPECT_DONE(plugin.driver->pointer_get(plugin.self, &host,
                                         TSDK_POINTER_ORDINAL, &host, &size));
  EXPECT_EQ(size, 0u);
}

TEST(Symbols, NotADriver) {
  Stub stub;
  stub.set("TILESDK_CUDA_LIBRARY", "libdl.so.2");
  TestPlugin plugin;
  void *device = nullptr;
  EXPECT_FAILS(plugin.driver->device_open(plugin.self, 0, &device),
               TSDK_E_UNAVAILABLE, "cuInit");
}

TEST(Symbols, BeforeGetProcAddress) {
  Stub stub(TILESDK_TEST_STUB_PLAIN);
  TestPlugin plugin;
  void *device = nullptr;
  EXPECT_DONE(plugin.driver->device_open(plugin.self, 0, &device));
  void *memory = nullptr;
  EXPECT_DONE(plugin.driver->mem_alloc(plugin.self, device, 0, 64, 0, &memory));
  EXPECT_DONE(plugin.driver->mem_free(plugin.self, device, 0, memory));
  plugin.driver->device_close(plugin.self, device);
  EXPECT_EQ(stub.live(), "");
}

using SymbolsTest = DriverTest;

TEST_F(SymbolsTest, MissingOnesFailAlone) {
  close();
  TestPlugin old;
  stub.set("STUB_CUDA_VERSION", "11080");
  stub.be("MISSING", "cuLaunchHostFunc");
  driver = old.driver;
  self = old.self;
  open();
  EXPECT_FAILS(driver->stream_call(
                   self, device, 0, [](void *) {}, nullptr),
               TSDK_E_UNSUPPORTED, "11.8", "cuLaunchHostFunc", "10.0",
               "newer driver");
  // Not there before 12.0.
  uint64_t shape[] = {64}, none[] = {0};
  uint32_t box[] = {64};
  alignas(64) char map[128];
  size_t size = sizeof map;
  tsdk_tensor_map_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.dtype = TSDK_F16;
  desc.rank = 1;
  desc.shape = shape;
  desc.strides = none;
  desc.box = box;
  EXPECT_FAILS(driver->tensor_map_encode(self, device, &desc, map, &size),
               TSDK_E_UNSUPPORTED, "cuTensorMapEncodeTiled", "12.0");
  // All else works.
  void *function = kernel("add");
  EXPECT_DONE(launch(function));
  EXPECT_DONE(driver->stream_sync(self, device, 0));
  unload();
  close();
  driver = plugin.driver;
  self = plugin.self;
}

TEST_F(SymbolsTest, WithoutPoolsMemoryIsPlain) {
  for (const char *setting : {"POOLS", "MISSING"}) {
    close();
    TestPlugin old;
    stub.be(setting, setting == std::string("POOLS") ? "0" : "cuMemFreeAsync");
    driver = old.driver;
    self = old.self;
    open();
    void *memory = nullptr;
    EXPECT_DONE(driver->mem_alloc(self, device, 0, 64, 0, &memory));
    EXPECT_DONE(driver->mem_free(self, device, 0, memory));
    EXPECT_EQ(stub.count("cuMemAllocAsync\n"), 0);
    EXPECT_EQ(stub.count("cuMemAlloc\n"), 1);
    EXPECT_TRUE(contains(stub.log(), "cuStreamSynchronize\ncuMemFree\n"));
    close();
    driver = plugin.driver;
    self = plugin.self;
  }
}

TEST(Probe, CountsFilesWithoutTheDriver) {
  namespace fs = std::filesystem;
  Stub stub;
  unsetenv("CUDA_VISIBLE_DEVICES");
  fs::path folder =
      fs::temp_directory_path() / ("tilesdk-probe-" + std::to_string(getpid()));
  fs::create_directories(folder);
  for (const char *name : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"})
    std::ofstream(folder / name) << "";
  stub.set("TILESDK_CUDA_DEVICE_DIR", folder.string());
  stub.reset();
  TestPlugin plugin;
  uint32_t count = 9;
  EXPECT_DONE(plugin.driver->probe(plugin.self, &count));
  EXPECT_EQ(count, 2u);
  stub.set("CUDA_VISIBLE_DEVICES", "1");
  EXPECT_DONE(plugin.driver->probe(plugin.self, &count));
  EXPECT_EQ(count, 1u);
  stub.set("CUDA_VISIBLE_DEVICES", "");
  EXPECT_DONE(plugin.driver->probe(plugin.self, &count));
  EXPECT_EQ(count, 0u);
  unsetenv("CUDA_VISIBLE_DEVICES");
  fs::remove_all(folder);
  fs::create_directories(folder);
  EXPECT_DONE(plugin.driver->probe(plugin.self, &count));
  EXPECT_EQ(count, 0u);
  std::ofstream(folder / "dxg") << "";
  EXPECT_DONE(plugin.driver->probe(plugin.self, &count));
  EXPECT_EQ(count, 1u);
  fs::remove_all(folder);
  EXPECT_EQ(stub.log(), "");
}

} // namespace
