//===- launch_test.cpp - Modules and launches on a stub of HIP --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/test/driver_fixture.h"

namespace tilesdk::amd {

namespace {

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
    return functionInfo(*driver, device, function, which);
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

} // namespace

} // namespace tilesdk::amd
