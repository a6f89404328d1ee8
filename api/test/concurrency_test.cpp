//===- concurrency_test.cpp - Threads and forks -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace tilesdk::fake;

namespace {

struct ConcurrencyTest : ApiFixture {};

/// All begin when all are there.
template <typename Function> void onThreads(int count, Function function) {
  std::vector<std::thread> threads;
  std::latch ready(count);
  for (int t = 0; t < count; ++t)
    threads.emplace_back([&, t] {
      ready.arrive_and_wait();
      function(t);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(ConcurrencyTest, EachSpecialisationIsBuiltOnce) {
  std::string source;
  for (int i = 0; i < 50; ++i)
    source += "kernel k" + std::to_string(i) + " x n\n";
  tsdk_program_desc in = programDesc(source.c_str());
  OK(tsdk_program_create(context, &in, &program, nullptr));
  int compiles = counters().compiles, launches = counters().launches;
  counters().compileTime = 2;
  onThreads(8, [&](int) {
    float data[4];
    for (int i = 0; i < 50; ++i) {
      tsdk_kernel mine = nullptr;
      OK(tsdk_kernel_get(program, str("k" + std::to_string(i)), &mine));
      for (int n : {7, 16, 1, 9}) {
        tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data), tsdk_make_int(n)};
        tsdk_launch_desc launch = {};
        launch.struct_size = sizeof(launch);
        launch.grid[0] = launch.grid[1] = launch.grid[2] = 1;
        // Stack addresses differ between threads; their alignment must not.
        args[0].v.u &= ~uint64_t(15);
        OK(tsdk_kernel_launch(mine, device, &launch, args, 2));
      }
      tsdk_release(mine);
    }
  });
  counters().compileTime = 0;
  EXPECT_EQ(counters().compiles - compiles, 50 * 3);
  EXPECT_EQ(counters().launches - launches, 8 * 50 * 4);
}

TEST_F(ConcurrencyTest, OneBuildForTheSameKernelOfTwoPrograms) {
  tsdk_program_desc in = programDesc("kernel k n\n");
  tsdk_program programs[2] = {};
  tsdk_kernel kernels[2] = {};
  for (int i = 0; i < 2; ++i) {
    OK(tsdk_program_create(context, &in, &programs[i], nullptr));
    OK(tsdk_kernel_get(programs[i], str("k"), &kernels[i]));
  }
  int compiles = counters().compiles;
  // Who comes when the first build has ended builds again: it ends a while
  // after all have come, on a busy machine too.
  counters().compileTime = 60'000;
  std::atomic<int> come{0};
  std::thread end([&] {
    while (come < 8)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    counters().compileTime = 0;
  });
  onThreads(8, [&](int t) {
    tsdk_variant_desc build = variantDesc("i32", "fake-1");
    tsdk_variant mine = nullptr;
    ++come;
    OK(tsdk_variant_build(kernels[t % 2], &build, &mine));
    tsdk_release(mine);
  });
  end.join();
  EXPECT_EQ(counters().compiles - compiles, 1);
  for (int i = 0; i < 2; ++i) {
    tsdk_release(kernels[i]);
    tsdk_release(programs[i]);
  }
}

TEST_F(ConcurrencyTest, ErrorsReachAllWhoWait) {
  open("kernel broken n\n", "broken");
  counters().compileTime = 20;
  onThreads(4, [&](int) {
    tsdk_variant_desc build = variantDesc("i32", "fake-1");
    tsdk_variant mine = nullptr;
    tsdk_error error = tsdk_variant_build(kernel, &build, &mine);
    EXPECT_EQ(tsdk_error_code(error), TSDK_E_SOURCE);
    EXPECT_EQ(tsdk_diags_count(tsdk_error_diags(error)), 1u);
    tsdk_error_release(error);
  });
  counters().compileTime = 0;
}

TEST_F(ConcurrencyTest, AsynchronousBuildsRunSideBySide) {
  open("kernel k n\n", "k");
  std::vector<tsdk_build> builds;
  for (int i = 0; i < 40; ++i) {
    tsdk_variant_desc build =
        variantDesc(i % 2 ? "i32" : "i64", i % 4 < 2 ? "fake-1" : "fake-2");
    tsdk_build job = nullptr;
    OK(tsdk_build_start(kernel, &build, &job));
    builds.push_back(job);
  }
  for (size_t i = 0; i < builds.size(); ++i) {
    tsdk_variant built = nullptr;
    if (i % 3) {
      OK(tsdk_build_wait(builds[i], 0, &built));
    }
    tsdk_release(built);
    tsdk_release(builds[i]); // Some while they still run.
  }
  // Those still queued hold the context: wait for them, so that the fixture
  // sees its end.
  tsdk_variant_desc build = variantDesc("i16", "fake-1");
  tsdk_build last = nullptr;
  OK(tsdk_build_start(kernel, &build, &last));
  OK(tsdk_build_wait(last, 0, &variant));
  tsdk_release(last);
}

TEST_F(ConcurrencyTest, ContextsOnManyThreads) {
  onThreads(8, [&](int) {
    for (int i = 0; i < 10; ++i) {
      tsdk_context mine = makeContext();
      tsdk_device dev = nullptr;
      OK(tsdk_device_open(mine, str("fake:1"), &dev));
      tsdk_buffer buffer = nullptr;
      OK(tsdk_buffer_alloc(dev, nullptr, 64, 0, &buffer));
      tsdk_release(mine);
      tsdk_release(dev);
      tsdk_release(buffer);
    }
  });
}

TEST_F(ConcurrencyTest, BuffersAreReleasedOnOtherThreads) {
  onThreads(8, [&](int) {
    for (int i = 0; i < 200; ++i) {
      tsdk_buffer buffer = nullptr;
      OK(tsdk_buffer_alloc(device, nullptr, 64, 0, &buffer));
      tsdk_release(buffer);
    }
  });
}

//===----------------------------------------------------------------------===//
// Forks
//===----------------------------------------------------------------------===//

/// Runs in a child; its result is the exit status.
template <typename Function> int inChild(Function function) {
  pid_t child = fork();
  if (!child)
    _exit(function());
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(ConcurrencyTest, ChildMayNotUseTheParentsDevice) {
  open("kernel k n\n", "k");
  tsdk_arg arg = tsdk_make_int(5);
  OK(launch({1, 1, 1}, &arg, 1));
  tsdk_stream stream = nullptr;
  tsdk_buffer buffer = nullptr;
  OK(tsdk_stream_create(device, 0, 0, &stream));
  OK(tsdk_buffer_alloc(device, nullptr, 64, 0, &buffer));
  EXPECT_EQ(
      inChild([&] {
        int freed = counters().freed, closed = counters().devicesClosed;
        if (tsdk_error_code(launch({1, 1, 1}, &arg, 1)) !=
            TSDK_E_FAILED_PRECONDITION)
          return 1;
        if (tsdk_error_code(tsdk_stream_sync(stream)) !=
            TSDK_E_FAILED_PRECONDITION)
          return 2;
        tsdk_device again = nullptr;
        if (tsdk_error_code(tsdk_device_open(context, str("fake:1"), &again)) !=
            TSDK_E_FAILED_PRECONDITION)
          return 3;
        // A new context works.
        tsdk_context mine = makeContext();
        if (tsdk_device_open(mine, str("fake:0"), &again))
          return 4;
        tsdk_release(again);
        tsdk_release(mine);
        if (counters().devicesClosed != closed + 1)
          return 5;
        // Releasing the parent's things touches no driver.
        tsdk_release(buffer);
        tsdk_release(stream);
        tsdk_release(kernel);
        tsdk_release(program);
        tsdk_release(device);
        tsdk_release(context);
        if (counters().freed != freed || counters().devicesClosed != closed + 1)
          return 6;
        return 0;
      }),
      0);
  OK(launch({1, 1, 1}, &arg, 1));
  tsdk_release(stream);
  tsdk_release(buffer);
}

TEST(Fork, UnusedContextWorksOnInTheChild) {
  tsdk_context context = makeContext();
  tsdk_blob blob = nullptr;
  // Looking for devices is no use.
  ASSERT_EQ(take(tsdk_devices_list(context, &blob)), "");
  take(blob);
  EXPECT_EQ(inChild([&] {
              tsdk_device device = nullptr;
              if (tsdk_device_open(context, str("fake:0"), &device))
                return 1;
              tsdk_buffer buffer = nullptr;
              if (tsdk_buffer_alloc(device, nullptr, 64, 0, &buffer))
                return 2;
              return 0;
            }),
            0);
  tsdk_release(context);
}

} // namespace
