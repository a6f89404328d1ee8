//===- launch_test.cpp - Grids, locks, barriers, failures -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "driver_fixture.h"

#include <numeric>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

// By default ThreadSanitizer ends a child that starts threads after a fork.
extern "C" const char *__tsan_default_options() { return "die_after_fork=0"; }

namespace tilesdk::cpu {
namespace {

class LaunchTest : public DriverTest {};

uint64_t linearId(const tsdk_tile_program *p) {
  return p->program_id[0] +
         uint64_t(p->num_programs[0]) *
             (p->program_id[1] +
              uint64_t(p->num_programs[1]) * p->program_id[2]);
}

TEST_F(LaunchTest, EveryProgramOnce) {
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    param<std::atomic<int> *>(params, 0)[linearId(p)].fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  for (auto [x, y, z] : {std::array<uint32_t, 3>{1, 1, 1},
                         {7, 5, 3},
                         {1, 9, 1},
                         {1, 1, 11},
                         {5000, 2, 1},
                         {3, 1, 4000}}) {
    std::vector<std::atomic<int>> counts(size_t(x) * y * z);
    EXPECT_DONE(launch(function, 0, x, y, z, nullptr, counts.data()));
    EXPECT_DONE(sync(0));
    for (size_t i = 0; i < counts.size(); ++i)
      ASSERT_EQ(counts[i].load(), 1)
          << i << " of " << x << "," << y << "," << z;
  }
}

TEST_F(LaunchTest, ProgramsStartInGridOrderOnEachThread) {
  struct State {
    std::mutex mutex;
    std::map<std::thread::id, std::vector<uint64_t>> order;
  } state;
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    auto &state = *param<State *>(params, 0);
    std::lock_guard guard(state.mutex);
    state.order[std::this_thread::get_id()].push_back(linearId(p));
  };
  Function *function = makeFunction(kernel, {8});
  State *pointer = &state;
  EXPECT_DONE(launch(function, 0, 40, 30, 2, nullptr, pointer));
  EXPECT_DONE(sync(0));
  size_t total = 0;
  for (auto &[thread, order] : state.order) {
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    total += order.size();
  }
  EXPECT_EQ(total, 2400u);
}

TEST_F(LaunchTest, ParametersAreCopiedAtEnqueue) {
  struct Wide {
    char bytes[24];
  };
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    // Hold the first launch until the caller has changed all values.
    auto *go = param<std::atomic<bool> *>(params, 0);
    while (!go->load())
      p->yield(p->yield_state);
    auto *out = param<double *>(params, 1);
    out[0] = param<float>(params, 2) + param<int8_t>(params, 3) +
             param<int16_t>(params, 4) + param<double>(params, 5);
    memcpy(out + 1, params[6], 24);
  };
  Function *function = makeFunction(kernel, {8, 8, 4, 1, 2, 8, 24});
  std::atomic<bool> go{false};
  double out[4] = {};
  auto *goPointer = &go;
  double *outPointer = out;
  float f = 1.5f;
  int8_t i8 = -2;
  int16_t i16 = 300;
  double d = 0.25;
  Wide wide = {"twenty-three letters..."};
  EXPECT_DONE(
      launch1(function, 0, 1, goPointer, outPointer, f, i8, i16, d, wide));
  f = 0;
  i8 = 0;
  i16 = 0;
  d = 0;
  wide = {};
  outPointer = nullptr;
  go.store(true);
  EXPECT_DONE(sync(0));
  EXPECT_EQ(out[0], 299.75);
  EXPECT_STREQ(reinterpret_cast<char *>(out + 1), "twenty-three letters...");
}

TEST_F(LaunchTest, ManyParametersAreAligned) {
  constexpr int count = 200;
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    auto *out = param<uint64_t *>(params, 0);
    for (int i = 1; i < count; ++i)
      out[i] = reinterpret_cast<uintptr_t>(params[i]) % 16 == 0
                   ? param<uint64_t>(params, i)
                   : 0;
  };
  Function *function = makeFunction(kernel, std::vector<uint32_t>(count, 8));
  std::vector<uint64_t> values(count), out(count);
  std::iota(values.begin(), values.end(), 100);
  values[0] = reinterpret_cast<uint64_t>(out.data());
  std::vector<void *> pointers;
  for (uint64_t &value : values)
    pointers.push_back(&value);
  tsdk_driver_launch launch = {};
  launch.struct_size = sizeof launch;
  launch.num_params = count;
  launch.grid[0] = launch.grid[1] = launch.grid[2] = 1;
  launch.params = pointers.data();
  EXPECT_DONE(driver->launch(self, device, function, &launch));
  EXPECT_DONE(sync(0));
  for (size_t i = 1; i < count; ++i)
    EXPECT_EQ(out[i], 100 + i);
}

TEST_F(LaunchTest, ScratchIsAlignedAndPrivate) {
  constexpr size_t bytes = 100'000;
  auto kernel = [](void *const *params, const tsdk_tile_program *p,
                   void *scratch) {
    auto *bad = param<std::atomic<int> *>(params, 0);
    if (reinterpret_cast<uintptr_t>(scratch) % 64 != 0)
      bad->fetch_add(1);
    char mark = static_cast<char>(p->program_id[0]);
    memset(scratch, mark, bytes);
    p->yield(p->yield_state);
    for (size_t i = 0; i < bytes; i += 997)
      if (static_cast<char *>(scratch)[i] != mark)
        bad->fetch_add(1);
  };
  std::atomic<int> bad{0};
  auto *pointer = &bad;
  Function *function = makeFunction(kernel, {8}, bytes);
  EXPECT_DONE(launch1(function, 0, 200, pointer));
  tsdk_launch_attr attr = cooperative();
  EXPECT_DONE(launch(function, 0, 40, 1, 1, &attr, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(bad.load(), 0);
  // No scratch: a null pointer.
  auto none = [](void *const *params, const tsdk_tile_program *, void *s) {
    if (s)
      param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  EXPECT_DONE(launch1(makeFunction(none, {8}), 0, 10, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(bad.load(), 0);
}

TEST_F(LaunchTest, ScratchGrowsBetweenKernels) {
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *s) {
    size_t bytes = param<uint64_t>(params, 0);
    memset(s, 1, bytes);
  };
  for (uint64_t bytes : {64ul, 4096ul, 5000ul, 3ul << 20, 100ul, 9ul << 20})
    EXPECT_DONE(launch1(makeFunction(kernel, {8}, bytes), 0, 3, bytes));
  EXPECT_DONE(sync(0));
}

TEST_F(LaunchTest, LockBetweenThousandPrograms) {
  struct State {
    std::atomic<int> lock{0};
    uint64_t sum = 0; // guarded by the lock
  } state;
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    auto &state = *param<State *>(params, 0);
    int expected = 0;
    while (!state.lock.compare_exchange_weak(expected, 1,
                                             std::memory_order_acquire)) {
      expected = 0;
      p->yield(p->yield_state);
    }
    state.sum += p->program_id[0];
    state.lock.store(0, std::memory_order_release);
  };
  State *pointer = &state;
  EXPECT_DONE(launch1(makeFunction(kernel, {8}), 0, 1000, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(state.sum, 499'500u);
}

TEST_F(LaunchTest, EachProgramMayWaitForTheOneBefore) {
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    auto &turn = *param<std::atomic<uint32_t> *>(params, 0);
    while (turn.load(std::memory_order_acquire) != p->program_id[0])
      p->yield(p->yield_state);
    turn.store(p->program_id[0] + 1, std::memory_order_release);
  };
  std::atomic<uint32_t> turn{0};
  auto *pointer = &turn;
  EXPECT_DONE(launch1(makeFunction(kernel, {8}), 0, 3000, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(turn.load(), 3000u);
}

// Every program arrives and waits for all others, several times over.
void barrierKernel(void *const *params, const tsdk_tile_program *p, void *) {
  auto *arrived = param<std::atomic<uint32_t> *>(params, 0);
  auto *values = param<uint32_t *>(params, 1);
  uint32_t count = p->num_programs[0], id = p->program_id[0];
  auto barrier = [&](uint32_t round) {
    arrived->fetch_add(1, std::memory_order_acq_rel);
    while (arrived->load(std::memory_order_acquire) < round * count)
      p->yield(p->yield_state);
  };
  for (uint32_t round = 0; round < 4; ++round) {
    uint32_t read = round == 0 ? id : values[(id + 1) % count];
    barrier(2 * round + 1);
    values[id] = read;
    barrier(2 * round + 2);
  }
}

TEST_F(LaunchTest, BarrierBetweenMoreProgramsThanThreads) {
  for (uint32_t programs : {2u, 64u, 700u}) {
    std::atomic<uint32_t> arrived{0};
    std::vector<uint32_t> values(programs);
    auto *first = &arrived;
    auto *second = values.data();
    tsdk_launch_attr attr = cooperative();
    EXPECT_DONE(launch(makeFunction(barrierKernel, {8, 8}), 0, programs, 1, 1,
                       &attr, first, second));
    EXPECT_DONE(sync(0));
    for (uint32_t i = 0; i < programs; ++i)
      ASSERT_EQ(values[i], (i + 3) % programs) << programs;
  }
}

TEST_F(LaunchTest, CooperativeLaunchesInSeveralStreams) {
  constexpr uint32_t programs = 32, streams = 4;
  std::atomic<uint32_t> arrived[streams] = {};
  std::vector<uint32_t> values(programs * streams);
  Function *function = makeFunction(barrierKernel, {8, 8});
  tsdk_launch_attr attr = cooperative();
  std::vector<uint64_t> handles;
  for (uint32_t i = 0; i < streams; ++i) {
    handles.push_back(newStream());
    auto *first = &arrived[i];
    auto *second = values.data() + i * programs;
    EXPECT_DONE(
        launch(function, handles[i], programs, 1, 1, &attr, first, second));
  }
  for (uint64_t stream : handles) {
    EXPECT_DONE(sync(stream));
    destroy(stream);
  }
  for (uint32_t i = 0; i < programs * streams; ++i)
    EXPECT_EQ(values[i], (i + 3) % programs);
}

TEST_F(LaunchTest, CooperativeLaunchIsRefusedWithTheLimit) {
  auto kernel = [](void *const *, const tsdk_tile_program *, void *) {};
  tsdk_launch_attr attr = cooperative();
  Outcome many(launch(makeFunction(kernel, {}), 0, 9000, 1, 1, &attr));
  EXPECT_EQ(many.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_NE(many.message.find("9000 programs; the limit is 8192"),
            std::string::npos)
      << many.message;
  uint64_t limit = static_cast<Device *>(device)->scratchLimit;
  Outcome wide(
      launch(makeFunction(kernel, {}, limit / 2, "wide"), 0, 64, 1, 1, &attr));
  EXPECT_EQ(wide.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_NE(wide.message.find("'wide'"), std::string::npos) << wide.message;
  EXPECT_NE(wide.message.find("2 programs"), std::string::npos) << wide.message;
}

TEST_F(LaunchTest, ThreadsOfOneLaunchAreLimited) {
  struct State {
    std::atomic<int> now{0}, most{0};
  } state;
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    auto &state = *param<State *>(params, 0);
    int now = state.now.fetch_add(1) + 1, most = state.most.load();
    while (now > most && !state.most.compare_exchange_weak(most, now))
      ;
    usleep(50);
    state.now.fetch_sub(1);
  };
  State *pointer = &state;
  tsdk_launch_attr attr = {};
  attr.id = TSDK_LAUNCH_MAX_THREADS;
  attr.v[0] = 1;
  Function *function = makeFunction(kernel, {8});
  EXPECT_DONE(launch(function, 0, 200, 1, 1, &attr, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(state.most.load(), 1);
  EXPECT_DONE(launch1(function, 0, 200, pointer));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(state.most.load(), 2);
}

TEST_F(LaunchTest, UnknownAttributeIsIgnoredUnlessRequired) {
  auto kernel = [](void *const *, const tsdk_tile_program *, void *) {};
  Function *function = makeFunction(kernel, {});
  tsdk_launch_attr attr = {};
  attr.id = 4711;
  EXPECT_DONE(launch(function, 0, 1, 1, 1, &attr));
  attr.flags = 1;
  Outcome refused(launch(function, 0, 1, 1, 1, &attr));
  EXPECT_EQ(refused.code, TSDK_E_UNIMPLEMENTED);
  EXPECT_NE(refused.message.find("4711"), std::string::npos);
  EXPECT_DONE(sync(0));
}

TEST_F(LaunchTest, BadLaunchesAreRefused) {
  auto kernel = [](void *const *, const tsdk_tile_program *, void *) {};
  Function *function = makeFunction(kernel, {8});
  int value = 0;
  EXPECT_EQ(Outcome(launch1(function, 0, 1)).code, TSDK_E_INVALID_ARGUMENT);
  EXPECT_EQ(Outcome(launch1(function, 0, 0, value)).code,
            TSDK_E_INVALID_ARGUMENT);
  EXPECT_EQ(Outcome(launch(function, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                           nullptr, value))
                .code,
            TSDK_E_INVALID_ARGUMENT);
}

TEST_F(LaunchTest, FailedAssertIsReportedOnce) {
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    if (p->program_id[0] == 3 && p->program_id[1] == 1)
      p->assert_failed(p->host_state, "x must be positive\n", 19);
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  std::atomic<int> ran{0};
  auto *pointer = &ran;
  uint64_t stream = newStream();
  Function *function = makeFunction(kernel, {8}, 0, "checked");
  EXPECT_DONE(launch(function, stream, 5, 2, 1, nullptr, pointer));
  Outcome failed(sync(stream));
  EXPECT_EQ(failed.code, TSDK_E_DEVICE_ASSERT);
  EXPECT_EQ(failed.message, "device_assert failed in kernel 'checked', program "
                            "(3, 1, 0): x must be positive");
  EXPECT_EQ(ran.load(), 10);
  EXPECT_DONE(sync(stream));
  EXPECT_DONE(sync(0)); // other streams do not hear of it
  destroy(stream);
}

TEST_F(LaunchTest, PrintsWholeLines) {
  auto kernel = [](void *const *, const tsdk_tile_program *p, void *) {
    std::string line = "program " + std::to_string(p->program_id[0]) + "\n";
    p->print(p->host_state, line.data(), line.size());
  };
  EXPECT_DONE(launch1(makeFunction(kernel, {}), 0, 50));
  EXPECT_DONE(sync(0));
  std::lock_guard guard(host.mutex);
  EXPECT_EQ(std::count(host.printed.begin(), host.printed.end(), '\n'), 50);
  EXPECT_NE(host.printed.find("program 49\n"), std::string::npos);
}

TEST_F(LaunchTest, FromManyThreads) {
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  std::atomic<int> count{0};
  auto *pointer = &count;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      uint64_t own = t % 2 ? newStream() : 0;
      for (int i = 0; i < 200; ++i) {
        EXPECT_DONE(launch1(function, own, 5, pointer));
        if (i % 50 == 49)
          EXPECT_DONE(sync(own));
      }
      EXPECT_DONE(sync(own));
      if (own)
        destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(count.load(), 8 * 200 * 5);
}

TEST_F(LaunchTest, RunawayProducerIsHeldBack) {
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  std::atomic<int> count{0};
  auto *pointer = &count;
  for (int i = 0; i < 40'000; ++i)
    ASSERT_EQ(launch1(function, 0, 1, pointer), nullptr);
  EXPECT_GE(count.load(), 40'000 - 16'385);
  EXPECT_DONE(sync(0));
  EXPECT_EQ(count.load(), 40'000);
}

TEST_F(LaunchTest, LoadedModuleRuns) {
  std::vector<char> object = readObject("kernel_gnu.so");
  void *module = nullptr, *function = nullptr;
  EXPECT_DONE(driver->module_load(self, device, {object.data(), object.size()},
                                  {}, &module));
  const uint32_t sizes[] = {8, 8, 4};
  tsdk_function_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.threads = 1;
  desc.symbol = {"scale", 5};
  desc.num_params = 3;
  desc.param_bytes = sizes;
  EXPECT_DONE(driver->function_get(self, device, module, &desc, &function));
  std::vector<float> in(1000, 2.0f), out(1000);
  float *outPointer = out.data(), *inPointer = in.data(), factor = 3.5f;
  EXPECT_DONE(launch1(static_cast<Function *>(function), 0, 1000, outPointer,
                      inPointer, factor));
  // The code stays until the launch is done.
  driver->module_unload(self, device, module);
  EXPECT_DONE(sync(0));
  EXPECT_EQ(std::count(out.begin(), out.end(), 7.0f), 1000);
}

TEST_F(LaunchTest, FunctionsAreChecked) {
  std::vector<char> object = readObject("kernel_gnu.so");
  void *module = nullptr, *function = nullptr;
  EXPECT_DONE(driver->module_load(self, device, {object.data(), object.size()},
                                  {}, &module));
  tsdk_function_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.symbol = {"scales", 6};
  Outcome missing(driver->function_get(self, device, module, &desc, &function));
  EXPECT_EQ(missing.code, TSDK_E_NOT_FOUND);
  EXPECT_NE(missing.message.find("'scale'"), std::string::npos);
  desc.symbol = {"scale", TSDK_NUL_TERMINATED};
  desc.scratch_bytes = uint64_t(1) << 50;
  Outcome large(driver->function_get(self, device, module, &desc, &function));
  EXPECT_EQ(large.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_NE(large.message.find("1125899906842624 bytes of scratch"),
            std::string::npos)
      << large.message;
  EXPECT_EQ(function, nullptr);
  object[20] = '\0';
  Outcome corrupt(driver->module_load(
      self, device, {object.data(), object.size()}, {}, &function));
  EXPECT_EQ(corrupt.code, TSDK_E_DATA_LOSS);
  driver->module_unload(self, device, module);
}

TEST_F(LaunchTest, ThreadLimitOfMetadata) {
  EXPECT_EQ(optionOfMetadata(
                R"({"schema":1,"x":{"options":{"num_cpu_threads":"9"}},
                    "a":["}",{"b":"\"]"}], "options" : {"num_warps":"4",
                    "num_cpu_threads": "3"}})",
                "num_cpu_threads"),
            "3");
  EXPECT_EQ(optionOfMetadata(R"({"options":{"n":17}})", "n"), "17");
  EXPECT_EQ(optionOfMetadata(R"({"options":{"n":17}})", "m"), "");
  for (const char *bad :
       {"", "{", "{\"options\"", "{\"options\":{\"n\":\"", "[1]",
        "{\"options\":{\"n\":\"\\", "{\"a\":[[[[", "{]", "{\"a\":]}"})
    EXPECT_EQ(optionOfMetadata(bad, "n"), "") << bad;
}

TEST_F(LaunchTest, ChildOfForkStartsItsOwnThreads) {
  auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  std::atomic<int> count{0};
  auto *pointer = &count;
  uint64_t stream = newStream();
  EXPECT_DONE(launch1(function, stream, 100, pointer));
  EXPECT_DONE(sync(stream));
  // Keep the parent busy while it forks.
  auto slow = [](void *const *params, const tsdk_tile_program *p, void *) {
    while (!param<std::atomic<bool> *>(params, 0)->load())
      p->yield(p->yield_state);
  };
  std::atomic<bool> go{false};
  auto *goPointer = &go;
  EXPECT_DONE(launch1(makeFunction(slow, {8}), 0, 2, goPointer));
  pid_t child = fork();
  if (child == 0) {
    alarm(20); // a hang must not outlive the test
    bool good = true;
    for (uint64_t s : {stream, uint64_t(0)}) {
      good &= launch1(function, s, 1000, pointer) == nullptr;
      good &= sync(s) == nullptr;
    }
    _exit(good && count.load() == 2100 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  go.store(true);
  EXPECT_DONE(sync(0));
  EXPECT_DONE(launch1(function, stream, 5, pointer));
  EXPECT_DONE(sync(stream));
  EXPECT_EQ(count.load(), 105);
  destroy(stream);
}

/// The same with one thread, and with more threads than processors.
class ThreadCounts : public DriverTest,
                     public testing::WithParamInterface<unsigned> {
protected:
  ThreadCounts() : DriverTest(GetParam()) {}
};

TEST_P(ThreadCounts, WorkIsDone) {
  std::atomic<uint32_t> arrived{0};
  std::vector<uint32_t> values(64);
  auto *first = &arrived;
  auto *second = values.data();
  Function *function = makeFunction(barrierKernel, {8, 8});
  tsdk_launch_attr attr = cooperative();
  EXPECT_DONE(launch(function, 0, 64, 1, 1, &attr, first, second));
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<uint32_t> *>(params, 0)->fetch_add(1);
  };
  EXPECT_DONE(launch1(makeFunction(kernel, {8}), 0, 10'000, first));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(arrived.load(), 64u * 8 + 10'000);
}

TEST_P(ThreadCounts, WorkIsDoneWithoutAWaitingThread) {
  std::atomic<uint32_t> count{0};
  auto *pointer = &count;
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<uint32_t> *>(params, 0)->fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  for (int i = 0; i < 20; ++i) {
    EXPECT_DONE(launch1(function, 0, 100, pointer));
    tsdk_bool done = 0;
    while (!done)
      EXPECT_DONE(driver->stream_query(self, device, 0, &done));
    usleep(i * 10);
  }
  EXPECT_EQ(count.load(), 2000u);
}

INSTANTIATE_TEST_SUITE_P(Counts, ThreadCounts, testing::Values(1, 2, 3, 16));

} // namespace
} // namespace tilesdk::cpu
