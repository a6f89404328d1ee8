//===- messages_test.cpp - What kernels print and assert ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The test plays the device: it writes into the ring that launches are given.
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"

#include "core/runtime/context.h"

#include <cmath>
#include <cstring>

using namespace tilesdk::fake;

namespace {

struct Record {
  uint32_t sequence = 0, launch = 0, message = 0, format = 0;
  uint32_t program[3] = {0, 0, 0};
  int32_t operand = -1;
  int64_t index = -1;
  uint64_t value = 0, unused[2] = {0, 0};
};

struct MessagesTest : ApiFixture {
  std::vector<std::string> log;
  tsdk_stream streams[2] = {};
  uint32_t *ring = nullptr; ///< Words of the head, records behind them.
  uint32_t launchNumber = 0;

  void SetUp() override {
    desc.struct_size = sizeof(desc);
    context = makeContext("", &log);
    OK(tsdk_device_open(context, str("fake:0"), &device));
    for (tsdk_stream &stream : streams)
      OK(tsdk_stream_create(device, 0, 0, &stream));
    open("kernel talks x n", "talks");
    log.clear();
  }
  void TearDown() override {
    for (tsdk_stream stream : streams)
      tsdk_release(stream);
    ApiFixture::TearDown();
  }

  /// Launches on a stream and takes the hidden block off the parameters.
  void start(int stream) {
    desc.stream = streams[stream];
    tsdk_arg args[2] = {tsdk_make_ptr(TSDK_F32, nullptr), tsdk_make_int(7)};
    OK(launch({1, 1, 1}, args, 2));
    std::vector<std::string> params = lastLaunch().params;
    ASSERT_EQ(params.size(), 4u);
    ASSERT_EQ(params[2].size(), sizeof ring);
    ASSERT_EQ(params[3].size(), sizeof launchNumber);
    std::memcpy(&ring, params[2].data(), sizeof ring);
    std::memcpy(&launchNumber, params[3].data(), sizeof launchNumber);
  }
  Record *place(uint32_t number) {
    return reinterpret_cast<Record *>(ring + 16) + number % ring[4];
  }
  void put(Record record, bool whole = true) {
    record.launch = launchNumber;
    record.sequence = whole ? ring[0] + 1 : 0;
    *place(ring[0]++) = record;
  }
  void text(uint32_t message) {
    Record record;
    record.message = message;
    put(record);
  }
  void fail() {
    Record record;
    record.message = 1;
    record.format = 4;
    record.program[1] = 5;
    ring[3] = launchNumber;
    put(record);
  }
};

TEST_F(MessagesTest, LinesAreThoseOfTheCpu) {
  start(0);
  Record record;
  record.program[0] = 3;
  record.index = 12;
  record.format = 1;
  for (double value :
       {1.5, -0.0, 1e10, 1234567.0, 1e-7, double(INFINITY), double(-NAN)}) {
    std::memcpy(&record.value, &value, sizeof value);
    put(record);
  }
  record.operand = 1;
  record.format = 2;
  record.value = static_cast<uint64_t>(-5);
  put(record);
  record.index = -1;
  record.format = 3;
  put(record);
  record.format = 3 | 4 << 8;
  record.value = 0xab;
  put(record);
  text(0);
  EXPECT_TRUE(log.empty());
  OK(tsdk_stream_sync(streams[0]));
  const char *const expected[] = {
      "pid (3, 0, 0) idx (12) value: 1.5\n",
      "pid (3, 0, 0) idx (12) value: -0\n",
      "pid (3, 0, 0) idx (12) value: 1e+10\n",
      "pid (3, 0, 0) idx (12) value: 1.23457e+06\n",
      "pid (3, 0, 0) idx (12) value: 1e-07\n",
      "pid (3, 0, 0) idx (12) value: inf\n",
      "pid (3, 0, 0) idx (12) value: -nan\n",
      "pid (3, 0, 0) idx (12) value (operand 1): -5\n",
      "pid (3, 0, 0) value (operand 1): 18446744073709551611\n",
      "pid (3, 0, 0) value (operand 1): 0x00ab\n",
      "pid (0, 0, 0) value\n"};
  ASSERT_EQ(log.size(), std::size(expected));
  for (size_t i = 0; i < log.size(); ++i)
    EXPECT_EQ(log[i], expected[i]);
  EXPECT_EQ(ring[1], ring[0]) << "all places are free again";
}

TEST_F(MessagesTest, RecordThatIsNotWholeYetWaits) {
  start(0);
  text(0);
  put({}, /*whole=*/false);
  text(0);
  tsdk_bool done = 0;
  FAILS(tsdk_stream_query(streams[0], &done), "UNSUPPORTED");
  OK(tsdk_stream_sync(streams[0]));
  EXPECT_EQ(log.size(), 1u);
  place(1)->launch = launchNumber;
  place(1)->sequence = 2;
  OK(tsdk_stream_sync(streams[0]));
  EXPECT_EQ(log.size(), 3u);
}

TEST_F(MessagesTest, RingGoesRoundAndCountsWhatIsLost) {
  start(0);
  for (int i = 0; i < 3; ++i) {
    for (uint32_t n = 0; n < ring[5]; ++n)
      text(0);
    ring[2] += 10;
    log.clear();
    OK(tsdk_stream_sync(streams[0]));
    ASSERT_EQ(log.size(), ring[5] + 1u);
    EXPECT_EQ(log.back().substr(0, 22), "output lost: 10 lines;");
  }
  EXPECT_GT(ring[0], ring[4]);
}

TEST_F(MessagesTest, FailureIsReportedOnceByItsStream) {
  start(0);
  uint32_t first = launchNumber;
  start(1);
  EXPECT_NE(launchNumber, first);
  fail();
  start(1);
  EXPECT_NE(launchNumber, first);
  // The other stream's owner is the first to look.
  OK(tsdk_stream_sync(streams[0]));
  EXPECT_EQ(ring[3], 0u) << "later launches are not stopped";
  FAILS(tsdk_stream_sync(streams[1]),
        "DEVICE_ASSERT: fake:0: stream: device_assert failed in kernel "
        "'talks', program (0, 5, 0): toy.py:3: assertion failed: too large");
  OK(tsdk_stream_sync(streams[1]));
  EXPECT_TRUE(log.empty());
}

TEST_F(MessagesTest, FailureThatNobodyAskedForIsLogged) {
  start(1);
  fail();
  tsdk_release(streams[1]);
  streams[1] = nullptr;
  // The stream goes with the next call on the device.
  OK(tsdk_stream_sync(streams[0]));
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("too large"), std::string::npos);
  start(0);
  fail();
  log.clear();
  for (tsdk_stream &stream : streams)
    tsdk_release(std::exchange(stream, nullptr));
  tsdk_release(std::exchange(kernel, nullptr));
  tsdk_release(std::exchange(program, nullptr));
  tsdk_release(std::exchange(device, nullptr));
  tsdk_release(std::exchange(context, nullptr));
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("too large"), std::string::npos);
}

TEST_F(MessagesTest, RecordsThatNoKernelWroteAreSkipped) {
  start(0);
  Record record;
  record.message = 99;
  put(record);
  launchNumber = 77;
  text(0);
  launchNumber = 0;
  text(0);
  OK(tsdk_stream_sync(streams[0]));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(ring[1], 3u);
}

TEST_F(MessagesTest, RawLaunchesHaveTheHiddenBlockToo) {
  tsdk_variant_desc in = variantDesc("*f32,i32", "fake-1");
  OK(tsdk_variant_build(kernel, &in, &variant));
  void *pointer = nullptr;
  int32_t count = 3;
  void *params[2] = {&pointer, &count};
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  desc.stream = streams[0];
  OK(tsdk_variant_launch(variant, device, &desc, params, 2));
  EXPECT_EQ(lastLaunch().params.size(), 4u);
  FAILS(tsdk_variant_launch(variant, device, &desc, params, 1),
        "INVALID_ARGUMENT");
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

std::atomic<uint32_t> captureState{TSDK_CAPTURE_NONE};

/// A fake plugin whose streams can be captured.
void addGraphs(tsdk_plugin &, tsdk_driver &driver) {
  driver.capture_begin = [](void *, void *, uint64_t) -> tsdk_error {
    return nullptr;
  };
  driver.capture_end = [](void *, void *, uint64_t, void **) -> tsdk_error {
    return nullptr;
  };
  driver.capture_state = [](void *, void *, uint64_t,
                            uint32_t *out) -> tsdk_error {
    *out = captureState;
    return nullptr;
  };
  driver.graph_launch = [](void *, void *, void *, uint64_t) -> tsdk_error {
    return nullptr;
  };
  driver.graph_destroy = [](void *, void *, void *) {};
}

TEST(MessagesOfGraphs, RingMustBeThereBeforeACapture) {
  tsdk_option options[] = {{str("cache"), str("0")},
                           {str("plugin_search"), str("0")}};
  tsdk_context_desc contextDesc = {};
  contextDesc.struct_size = sizeof contextDesc;
  contextDesc.options = options;
  contextDesc.num_options = 2;
  tsdk_context context = nullptr;
  OK(tsdk_context_create(&contextDesc, &context));
  static_cast<tilesdk::runtime::Context *>(
      tilesdk::runtime::lookUpHandle(context))
      ->compiler.inject(compilerTable());
  setEdit(addGraphs);
  OK(tsdk_plugin_register(context, reinterpret_cast<void (*)()>(&queryEdited)));
  tsdk_device device = nullptr;
  OK(tsdk_device_open(context, str("fake:0"), &device));
  tsdk_program_desc programDesc = {};
  programDesc.struct_size = sizeof programDesc;
  programDesc.source = str("kernel talks n");
  tsdk_program program = nullptr;
  tsdk_kernel kernel = nullptr;
  OK(tsdk_program_create(context, &programDesc, &program, nullptr));
  OK(tsdk_kernel_get(program, str("talks"), &kernel));
  tsdk_launch_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  tsdk_arg arg = tsdk_make_int(7);
  captureState = TSDK_CAPTURE_ACTIVE;
  FAILS(tsdk_kernel_launch(kernel, device, &desc, &arg, 1),
        "FAILED_PRECONDITION: kernel `talks` prints or asserts, and device "
        "fake:0 has no buffer for that yet");
  captureState = TSDK_CAPTURE_NONE;
  OK(tsdk_kernel_launch(kernel, device, &desc, &arg, 1));
  captureState = TSDK_CAPTURE_ACTIVE;
  OK(tsdk_kernel_launch(kernel, device, &desc, &arg, 1));
  captureState = TSDK_CAPTURE_NONE;
  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(device);
  tsdk_release(context);
}

} // namespace
