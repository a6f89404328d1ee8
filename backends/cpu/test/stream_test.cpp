//===- stream_test.cpp - Order, events, copies, memory ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "driver_fixture.h"

#include <dirent.h>
#include <numeric>
#include <thread>
#include <unistd.h>

namespace tilesdk::cpu {
namespace {

class StreamTest : public DriverTest {
protected:
  /// A kernel that runs until \p go is set.
  uint64_t hold(uint64_t stream, std::atomic<bool> &go) {
    auto kernel = [](void *const *params, const tsdk_tile_program *p, void *) {
      while (!param<std::atomic<bool> *>(params, 0)->load())
        p->yield(p->yield_state);
    };
    auto *pointer = &go;
    EXPECT_DONE(launch1(makeFunction(kernel, {8}), stream, 1, pointer));
    return stream;
  }
  bool query(uint64_t event) {
    tsdk_bool done = 2;
    EXPECT_DONE(driver->event_query(self, device, event, &done));
    return done == 1;
  }
  bool idle(uint64_t stream) {
    tsdk_bool done = 2;
    EXPECT_DONE(driver->stream_query(self, device, stream, &done));
    return done == 1;
  }
};

void appendKernel(void *const *params, const tsdk_tile_program *p, void *) {
  // Launches of one stream do not overlap, so plain accesses are right; within
  // a launch only the last program writes.
  auto &list = *param<std::vector<int> *>(params, 0);
  if (p->program_id[0] + 1 == p->num_programs[0])
    list.push_back(param<int>(params, 1));
}

TEST_F(StreamTest, KeepsOrderWithinAStream) {
  Function *function = makeFunction(appendKernel, {8, 4});
  constexpr int streams = 6, launches = 300;
  std::vector<int> lists[streams];
  uint64_t handles[streams];
  for (uint64_t &handle : handles)
    handle = newStream();
  for (int i = 0; i < launches; ++i)
    for (int s = 0; s < streams; ++s) {
      auto *list = &lists[s];
      EXPECT_DONE(launch1(function, handles[s], 1 + i % 7, list, i));
    }
  for (int s = 0; s < streams; ++s) {
    EXPECT_DONE(sync(handles[s]));
    std::vector<int> expected(launches);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(lists[s], expected);
    destroy(handles[s]);
  }
}

TEST_F(StreamTest, StreamsRunSideBySide) {
  std::atomic<bool> go{false};
  uint64_t held = hold(newStream(), go);
  std::vector<int> list;
  auto *pointer = &list;
  uint64_t other = newStream();
  EXPECT_DONE(
      launch1(makeFunction(appendKernel, {8, 4}), other, 10, pointer, 1));
  EXPECT_DONE(sync(other));
  EXPECT_EQ(list.size(), 1u);
  EXPECT_FALSE(idle(held));
  EXPECT_TRUE(idle(other));
  go.store(true);
  EXPECT_DONE(sync(held));
  EXPECT_TRUE(idle(held));
  destroy(held);
  destroy(other);
}

TEST_F(StreamTest, DestroyedStreamFinishesItsWork) {
  std::atomic<bool> go{false};
  std::atomic<int> count{0};
  uint64_t stream = hold(newStream(), go);
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  auto *pointer = &count;
  EXPECT_DONE(launch1(makeFunction(kernel, {8}), stream, 100, pointer));
  destroy(stream);
  go.store(true);
  while (count.load() != 100)
    usleep(100);
  // The last programs have run; give the thread that ran them time to leave
  // before the device closes.
  EXPECT_DONE(sync(0));
}

TEST_F(StreamTest, MoreUrgentWorkGoesFirst) {
  // One long grid of small programs; urgent work in between must not wait for
  // all of it.
  struct State {
    std::atomic<int> done{0};
    std::atomic<int> doneWhenUrgent{-1};
  } state;
  auto slow = [](void *const *params, const tsdk_tile_program *, void *) {
    usleep(20);
    param<State *>(params, 0)->done.fetch_add(1);
  };
  auto urgent = [](void *const *params, const tsdk_tile_program *, void *) {
    auto &state = *param<State *>(params, 0);
    state.doneWhenUrgent.store(state.done.load());
  };
  State *pointer = &state;
  uint64_t low = newStream(0), high = newStream(1);
  EXPECT_DONE(launch1(makeFunction(slow, {8}), low, 5000, pointer));
  while (state.done.load() == 0)
    usleep(10);
  EXPECT_DONE(launch1(makeFunction(urgent, {8}), high, 1, pointer));
  EXPECT_DONE(sync(high));
  EXPECT_LT(state.doneWhenUrgent.load(), 5000);
  EXPECT_GE(state.doneWhenUrgent.load(), 0);
  EXPECT_DONE(sync(low));
  EXPECT_EQ(state.done.load(), 5000);
  destroy(low);
  destroy(high);
}

TEST_F(StreamTest, EventsHaveTimesInStreamOrder) {
  uint64_t before = newEvent(), after = newEvent(), stream = newStream();
  auto kernel = [](void *const *, const tsdk_tile_program *, void *) {
    usleep(3000);
  };
  EXPECT_TRUE(query(before)); // never recorded counts as done
  EXPECT_DONE(driver->event_record(self, device, before, stream));
  EXPECT_DONE(launch1(makeFunction(kernel, {}), stream, 1));
  EXPECT_DONE(driver->event_record(self, device, after, stream));
  EXPECT_DONE(driver->event_sync(self, device, after));
  EXPECT_TRUE(query(after));
  uint64_t elapsed = 0;
  EXPECT_DONE(driver->event_elapsed(self, device, before, after, &elapsed));
  EXPECT_GE(elapsed, 3'000'000u);
  EXPECT_LT(elapsed, 3'000'000'000u);
  EXPECT_EQ(
      Outcome(driver->event_elapsed(self, device, after, before, &elapsed))
          .code,
      TSDK_E_INVALID_ARGUMENT);
  driver->event_destroy(self, device, before);
  driver->event_destroy(self, device, after);
  destroy(stream);
}

TEST_F(StreamTest, ElapsedNeedsBothEvents) {
  std::atomic<bool> go{false};
  uint64_t first = newEvent(), second = newEvent(), never = newEvent();
  uint64_t stream = newStream(), elapsed = 42;
  EXPECT_DONE(driver->event_record(self, device, first, stream));
  hold(stream, go);
  EXPECT_DONE(driver->event_record(self, device, second, stream));
  EXPECT_FALSE(query(second));
  for (uint64_t event : {second, never}) {
    Outcome early(driver->event_elapsed(self, device, first, event, &elapsed));
    EXPECT_EQ(early.code, TSDK_E_FAILED_PRECONDITION);
    EXPECT_NE(early.message.find("second"), std::string::npos);
  }
  EXPECT_EQ(elapsed, 42u);
  go.store(true);
  EXPECT_DONE(driver->event_sync(self, device, second));
  EXPECT_DONE(driver->event_elapsed(self, device, first, second, &elapsed));
  for (uint64_t event : {first, second, never})
    driver->event_destroy(self, device, event);
  EXPECT_DONE(sync(stream));
  destroy(stream);
}

TEST_F(StreamTest, WaitingForAnEventOrdersStreams) {
  std::atomic<bool> go{false};
  std::vector<int> list;
  auto *pointer = &list;
  Function *function = makeFunction(appendKernel, {8, 4});
  uint64_t first = hold(newStream(), go), second = newStream();
  uint64_t event = newEvent();
  EXPECT_DONE(launch1(function, first, 3, pointer, 1));
  EXPECT_DONE(driver->event_record(self, device, event, first));
  EXPECT_DONE(driver->event_wait(self, device, event, second));
  EXPECT_DONE(launch1(function, second, 3, pointer, 2));
  // The wait holds the place of the event when it was asked for.
  driver->event_destroy(self, device, event);
  usleep(2000);
  EXPECT_FALSE(idle(second));
  go.store(true);
  EXPECT_DONE(sync(second));
  EXPECT_EQ(list, (std::vector<int>{1, 2}));
  destroy(first);
  destroy(second);
}

TEST_F(StreamTest, LongChainsOfWaitsDoNotRecurse) {
  constexpr int count = 4000;
  std::atomic<bool> go{false};
  std::vector<uint64_t> streams, events;
  streams.push_back(hold(newStream(), go));
  for (int i = 0; i < count; ++i) {
    events.push_back(newEvent());
    streams.push_back(newStream());
    EXPECT_DONE(driver->event_record(self, device, events[i], streams[i]));
    EXPECT_DONE(driver->event_wait(self, device, events[i], streams[i + 1]));
  }
  EXPECT_FALSE(idle(streams.back()));
  go.store(true);
  EXPECT_DONE(sync(streams.back()));
  for (uint64_t event : events)
    driver->event_destroy(self, device, event);
  for (uint64_t stream : streams)
    destroy(stream);
}

TEST_F(StreamTest, ManyStreamsWaitForOneEvent) {
  std::atomic<bool> go{false};
  std::atomic<int> count{0};
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    param<std::atomic<int> *>(params, 0)->fetch_add(1);
  };
  Function *function = makeFunction(kernel, {8});
  auto *pointer = &count;
  uint64_t event = newEvent(), first = hold(newStream(), go);
  EXPECT_DONE(driver->event_record(self, device, event, first));
  std::vector<uint64_t> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(newStream());
    EXPECT_DONE(driver->event_wait(self, device, event, streams[i]));
    EXPECT_DONE(launch1(function, streams[i], 4, pointer));
  }
  EXPECT_EQ(count.load(), 0);
  go.store(true);
  for (uint64_t stream : streams) {
    EXPECT_DONE(sync(stream));
    destroy(stream);
  }
  EXPECT_EQ(count.load(), 80);
  destroy(first);
  driver->event_destroy(self, device, event);
}

class Transfers : public StreamTest,
                  public testing::WithParamInterface<size_t> {};

TEST_P(Transfers, CopyAndSet) {
  size_t bytes = GetParam();
  std::vector<unsigned char> from(bytes + 3), to(bytes + 3, 0xee);
  for (size_t i = 0; i < from.size(); ++i)
    from[i] = static_cast<unsigned char>(i * 7 + i / 251);
  // Odd addresses, so that no alignment is taken for granted.
  EXPECT_DONE(
      driver->mem_copy(self, device, 0, to.data() + 1, from.data() + 2, bytes));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(to[0], 0xee);
  EXPECT_TRUE(memcmp(to.data() + 1, from.data() + 2, bytes) == 0);
  EXPECT_EQ(to[bytes + 1], 0xee);
  for (uint32_t width : {1u, 2u, 4u}) {
    size_t count = bytes / width;
    EXPECT_DONE(driver->mem_set(self, device, 0, to.data() + 1, 0xa1b2c3d4,
                                width, count));
    EXPECT_DONE(sync(0));
    const unsigned char pattern[] = {0xd4, 0xc3, 0xb2, 0xa1};
    bool right = to[0] == 0xee && to[bytes + 1] == 0xee;
    for (size_t i = 0; i < count * width; ++i)
      right &= to[1 + i] == pattern[i % width];
    EXPECT_TRUE(right) << width;
  }
}

TEST_P(Transfers, OverlappingCopy) {
  size_t bytes = GetParam();
  std::vector<unsigned char> data(bytes + 64), expected;
  std::iota(data.begin(), data.end(), 0);
  expected = data;
  memmove(expected.data() + 13, expected.data(), bytes);
  EXPECT_DONE(
      driver->mem_copy(self, device, 0, data.data() + 13, data.data(), bytes));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(data, expected);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Transfers,
                         testing::Values(0, 1, 15, 63, 4096, 32768, 32769,
                                         1000003, 40u << 20));

TEST_F(StreamTest, BadTransfersAreRefused) {
  char byte = 0;
  EXPECT_EQ(Outcome(driver->mem_copy(self, device, 0, nullptr, &byte, 1)).code,
            TSDK_E_INVALID_ARGUMENT);
  EXPECT_EQ(Outcome(driver->mem_set(self, device, 0, &byte, 0, 3, 1)).code,
            TSDK_E_INVALID_ARGUMENT);
  EXPECT_EQ(
      Outcome(driver->mem_set(self, device, 0, &byte, 0, 4, SIZE_MAX / 2)).code,
      TSDK_E_INVALID_ARGUMENT);
}

TEST_F(StreamTest, MemoryIsAlignedAndKnown) {
  for (size_t bytes : {size_t(0), size_t(1), size_t(1000), size_t(1) << 20,
                       (size_t(5) << 20) + 1}) {
    void *memory = nullptr;
    EXPECT_DONE(driver->mem_alloc(self, device, 0, bytes, 0, &memory));
    ASSERT_TRUE(memory);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    memset(memory, 1, bytes);
    int32_t ordinal = -2;
    uint64_t rest = 0;
    size_t size = sizeof ordinal;
    if (bytes) {
      const char *inside = static_cast<char *>(memory) + bytes / 3;
      EXPECT_DONE(driver->pointer_get(self, inside, TSDK_POINTER_ORDINAL,
                                      &ordinal, &size));
      EXPECT_EQ(ordinal, 0);
      size = sizeof rest;
      EXPECT_DONE(
          driver->pointer_get(self, inside, TSDK_POINTER_BYTES, &rest, &size));
      EXPECT_EQ(rest, bytes - bytes / 3);
    }
    EXPECT_DONE(driver->mem_free(self, device, 0, memory));
    EXPECT_DONE(sync(0));
    EXPECT_EQ(Outcome(driver->mem_free(self, device, 0, memory)).code,
              TSDK_E_INVALID_ARGUMENT);
  }
  int local = 0;
  size_t size = 8;
  EXPECT_DONE(
      driver->pointer_get(self, &local, TSDK_POINTER_ORDINAL, nullptr, &size));
  EXPECT_EQ(size, 0u);
}

TEST_F(StreamTest, FreeWaitsForItsTurn) {
  std::atomic<bool> go{false};
  void *memory = nullptr;
  EXPECT_DONE(driver->mem_alloc(self, device, 0, 4096, 0, &memory));
  uint64_t stream = newStream();
  hold(stream, go);
  auto kernel = [](void *const *params, const tsdk_tile_program *, void *) {
    memset(param<char *>(params, 0), 5, 4096);
  };
  EXPECT_DONE(launch1(makeFunction(kernel, {8}), stream, 1, memory));
  EXPECT_DONE(driver->mem_free(self, device, stream, memory));
  go.store(true);
  EXPECT_DONE(sync(stream));
  destroy(stream);
}

TEST_F(StreamTest, TooMuchMemoryIsAnError) {
  void *memory = nullptr;
  Outcome outcome(driver->mem_alloc(self, device, 0, SIZE_MAX / 2, 0, &memory));
  EXPECT_EQ(outcome.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_EQ(memory, nullptr);
  EXPECT_EQ(
      Outcome(driver->mem_alloc(self, device, 0, SIZE_MAX, 0, &memory)).code,
      TSDK_E_RESOURCE_EXHAUSTED);
}

TEST_F(StreamTest, DeviceProperties) {
  size_t size = 0;
  EXPECT_DONE(
      driver->device_get(self, device, TSDK_DEVICE_NAME, nullptr, &size));
  ASSERT_GT(size, 0u);
  std::string name(size, '\0');
  EXPECT_DONE(
      driver->device_get(self, device, TSDK_DEVICE_NAME, name.data(), &size));
  EXPECT_NE(name[0], '\0');
  uint32_t units = 0;
  size = 2; // too little: nothing is written
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                 &units, &size));
  EXPECT_EQ(units, 0u);
  EXPECT_EQ(size, 4u);
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                 &units, &size));
  EXPECT_EQ(units, 2u);
  uint64_t total = 0, available = 0;
  size = 8;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_MEMORY_TOTAL, &total,
                                 &size));
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_MEMORY_FREE,
                                 &available, &size));
  EXPECT_GT(total, available);
  EXPECT_GT(available, 0u);
  EXPECT_EQ(Outcome(driver->device_get(self, device, 999, &total, &size)).code,
            TSDK_E_UNIMPLEMENTED);
  void *second = nullptr;
  EXPECT_EQ(Outcome(driver->device_open(self, 1, &second)).code,
            TSDK_E_NOT_FOUND);
}

size_t threadsOfProcess() {
  size_t count = 0;
  DIR *tasks = opendir("/proc/self/task");
  while (dirent *entry = readdir(tasks))
    count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

TEST_F(StreamTest, ThreadsStartWithTheFirstLaunch) {
  size_t before = threadsOfProcess();
  uint32_t count = 0;
  EXPECT_DONE(driver->probe(self, &count));
  EXPECT_EQ(count, 1u);
  uint64_t event = newEvent();
  EXPECT_DONE(driver->event_record(self, device, event, 0));
  EXPECT_DONE(sync(0));
  driver->event_destroy(self, device, event);
  EXPECT_EQ(threadsOfProcess(), before);
  auto kernel = [](void *const *, const tsdk_tile_program *, void *) {};
  EXPECT_DONE(launch1(makeFunction(kernel, {}), 0, 1));
  EXPECT_DONE(sync(0));
  EXPECT_EQ(threadsOfProcess(), before + 1);
}

TEST(DeviceOptions, MalformedEnvironmentIsReported) {
  TestHost host;
  for (const char *bad : {"0", "-1", "two", "4097", "99999999999999999999"}) {
    setenv("TILESDK_CPU_THREADS", bad, 1);
    host.logged.clear();
    EXPECT_EQ(optionsFromEnvironment(host.table).threads, 0u);
    EXPECT_NE(host.logged.find(bad), std::string::npos);
  }
  setenv("TILESDK_CPU_THREADS", "12", 1);
  EXPECT_EQ(optionsFromEnvironment(host.table).threads, 12u);
  unsetenv("TILESDK_CPU_THREADS");
}

} // namespace
} // namespace tilesdk::cpu
