//===- api_fixture.h - A context on the fake backend ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/object.h"
#include "core/runtime/test/fake_backend.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

/// The call succeeds.
#define OK(CALL) ASSERT_EQ(tilesdk::fake::take(CALL), "")
/// The call fails with an error whose text starts so.
#define FAILS(CALL, TEXT)                                                      \
  do {                                                                         \
    std::string expectedText = TEXT;                                           \
    EXPECT_EQ(tilesdk::fake::take(CALL).substr(0, expectedText.size()),        \
              expectedText);                                                   \
  } while (0)

namespace tilesdk::fake {

/// Opens fake:0 and releases everything; fails when a handle is left over.
struct ApiFixture : testing::Test {
  tsdk_context context = nullptr;
  tsdk_device device = nullptr;
  tsdk_program program = nullptr;
  tsdk_kernel kernel = nullptr;
  tsdk_variant variant = nullptr;
  tsdk_launch_desc desc = {};
  size_t handlesBefore = runtime::numLiveHandles();

  void SetUp() override {
    desc.struct_size = sizeof(desc);
    context = makeContext();
    OK(tsdk_device_open(context, str("fake:0"), &device));
  }
  void TearDown() override {
    tsdk_release(variant);
    tsdk_release(kernel);
    tsdk_release(program);
    tsdk_release(device);
    tsdk_release(context);
    // A build thread may be the last to let go of the context.
    for (int i = 0;
         i < 2000 && counters().devicesOpened != counters().devicesClosed; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(runtime::numLiveHandles(), handlesBefore);
    EXPECT_EQ(counters().allocated, counters().freed);
    EXPECT_EQ(counters().modulesLoaded, counters().modulesUnloaded);
    EXPECT_EQ(counters().streamsCreated, counters().streamsDestroyed);
    EXPECT_EQ(counters().devicesOpened, counters().devicesClosed);
  }

  tsdk_program_desc programDesc(const char *source) {
    tsdk_program_desc in = {};
    in.struct_size = sizeof(in);
    in.source = str(source);
    in.filename = str("toy.py");
    return in;
  }
  void open(const char *source, const char *name) {
    tsdk_program_desc in = programDesc(source);
    OK(tsdk_program_create(context, &in, &program, nullptr));
    OK(tsdk_kernel_get(program, str(name), &kernel));
  }
  tsdk_variant_desc variantDesc(const char *signature, const char *target) {
    tsdk_variant_desc in = {};
    in.struct_size = sizeof(in);
    in.signature = str(signature);
    in.target = str(target);
    return in;
  }
  tsdk_error launch(std::array<uint32_t, 3> grid, const tsdk_arg *args,
                    size_t numArgs) {
    std::copy(grid.begin(), grid.end(), desc.grid);
    return tsdk_kernel_launch(kernel, device, &desc, args, numArgs);
  }
  std::string artifact(const char *stage) {
    tsdk_blob blob = nullptr;
    std::string error = take(tsdk_variant_artifact(variant, str(stage), &blob));
    return error.empty() ? take(blob) : error;
  }
};

} // namespace tilesdk::fake
