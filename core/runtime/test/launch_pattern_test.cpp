//===- launch_pattern_test.cpp - Patterns agree with keys -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/launch_pattern.h"

#include "core/runtime/context.h"
#include "core/runtime/specialize.h"
#include "core/runtime/test/fake_backend.h"
#include "core/runtime/text.h"

#include <gtest/gtest.h>

#include <bit>

using namespace tilesdk;
using namespace tilesdk::runtime;

namespace {

tsdk_arg make(uint32_t kind, uint64_t bits, uint32_t aux = 0) {
  tsdk_arg arg = {};
  arg.kind = kind;
  arg.aux = aux;
  arg.v.u = bits;
  return arg;
}

tsdk_arg number(double value) {
  return make(TSDK_ARG_FLOAT, std::bit_cast<uint64_t>(value));
}

struct LaunchPatternTest : testing::Test {
  tsdk_context context = fake::makeContext();
  tsdk_device devices[2] = {};
  tsdk_program program = nullptr;
  tsdk_kernel handle = nullptr;
  tsdk_buffer buffers[2] = {}; ///< One on each device.

  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      std::string uri = "fake:" + std::to_string(i);
      ASSERT_EQ(
          fake::take(tsdk_device_open(context, fake::str(uri), &devices[i])),
          "");
      ASSERT_EQ(fake::take(
                    tsdk_buffer_alloc(devices[i], nullptr, 64, 0, &buffers[i])),
                "");
    }
  }
  void TearDown() override {
    for (tsdk_buffer buffer : buffers)
      tsdk_release(buffer);
    tsdk_release(handle);
    tsdk_release(program);
    for (tsdk_device device : devices)
      tsdk_release(device);
    tsdk_release(context);
  }

  Device &device(int i) {
    return *static_cast<Device *>(lookUpHandle(devices[i]));
  }

  Kernel &kernel(const std::string &params) {
    tsdk_release(handle);
    tsdk_release(program);
    handle = fake::makeKernel(context, params, &program);
    EXPECT_TRUE(handle) << params;
    return *static_cast<Kernel *>(lookUpHandle(handle));
  }

  struct Bound {
    bool isGood = false;
    std::string key;
    std::vector<uint64_t> values;
    std::vector<unsigned> bytes;
    std::optional<LaunchPattern> pattern;
  };
  /// What the long way makes of a launch.
  Bound bind(Kernel &kernel, const std::vector<tsdk_arg> &args,
             const tsdk_launch_desc &desc) {
    Bound result;
    Arguments arguments(kernel, &device(0));
    Error error = arguments.bind(args.data(), args.size(), desc.options,
                                 desc.num_options);
    if (error)
      return result;
    result.isGood = true;
    result.key.assign(arguments.key().begin(), arguments.key().end());
    result.values = arguments.values().vec();
    for (uint8_t dtype : arguments.leafDtypes())
      result.bytes.push_back(dtypeBytes(dtype));
    result.pattern =
        LaunchPattern::create(device(0), desc, args, kernel.params,
                              arguments.spelled(), arguments.firstItems());
    return result;
  }
  bool fits(const Bound &of, int on, const tsdk_launch_desc &desc,
            const std::vector<tsdk_arg> &args,
            std::vector<uint64_t> *values = nullptr) {
    LaunchPattern::Leaves leaves;
    if (!of.pattern ||
        !of.pattern->fits(device(on), desc, args.data(), args.size(), &leaves))
      return false;
    if (values) {
      values->clear();
      for (size_t i = 0; i < leaves.count; ++i) {
        uint64_t value = 0;
        std::memcpy(&value, leaves.at[i], of.bytes[i]);
        values->push_back(value);
      }
    }
    return true;
  }
};

/// Every kind of value, around every limit.
std::vector<tsdk_arg> someArguments(tsdk_buffer buffer, tsdk_buffer foreign) {
  std::vector<tsdk_arg> result;
  for (uint64_t bits : {0, 1})
    result.push_back(make(TSDK_ARG_BOOL, bits));
  for (uint32_t kind : {TSDK_ARG_INT, TSDK_ARG_UINT})
    for (uint64_t bits : {uint64_t(0),
                          uint64_t(1),
                          uint64_t(2),
                          uint64_t(7),
                          uint64_t(16),
                          uint64_t(48),
                          uint64_t(127),
                          uint64_t(128),
                          uint64_t(255),
                          uint64_t(256),
                          uint64_t(INT32_MAX),
                          uint64_t(INT32_MAX) + 1,
                          uint64_t(UINT32_MAX),
                          uint64_t(UINT32_MAX) + 1,
                          uint64_t(INT64_MAX),
                          uint64_t(INT64_MAX) + 1,
                          uint64_t(-1),
                          uint64_t(-16),
                          uint64_t(-128),
                          uint64_t(-129),
                          uint64_t(int64_t(INT32_MIN)),
                          uint64_t(int64_t(INT32_MIN) - 1)})
      result.push_back(make(kind, bits));
  for (double value : {0.0, 1.0, -2.5, 1e300, 3.14159265358979})
    result.push_back(number(value));
  result.push_back(make(TSDK_ARG_NONE, 0));
  result.push_back(make(TSDK_ARG_DEFAULT, 0));
  uint64_t memory =
      reinterpret_cast<uintptr_t>(tsdk_buffer_ptr(buffer)) & ~uint64_t(15);
  for (uint32_t dtype : {TSDK_F32, TSDK_F16})
    for (uint64_t at : {uint64_t(0), memory, memory + 4, memory + 8})
      result.push_back(make(TSDK_ARG_PTR, at, dtype));
  for (tsdk_buffer each : {buffer, foreign})
    result.push_back(
        make(TSDK_ARG_BUFFER, std::bit_cast<uintptr_t>(each), TSDK_F32));
  result.push_back(make(TSDK_ARG_SCALAR, 5, TSDK_I64));
  result.push_back(make(TSDK_ARG_SCALAR, 16, TSDK_I64));
  return result;
}

TEST_F(LaunchPatternTest, AgreesWithKeys) {
  std::vector<tsdk_arg> all = someArguments(buffers[0], buffers[1]);
  tsdk_launch_desc desc = {};
  size_t fitting = 0;
  for (const char *params :
       {"n", "n:@i64", "n:@i32", "n:@u8", "n:@u64", "n:@i1", "n:@f32", "n:@f64",
        "n:@*f32", "n:@*kf16", "n:nospec", "n:noalign", "n:constexpr", "n:=7",
        "n:=16"}) {
    Kernel &kernel = this->kernel(params);
    std::vector<Bound> bound;
    bound.reserve(all.size());
    for (const tsdk_arg &arg : all)
      bound.push_back(bind(kernel, {arg}, desc));
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t j = 0; j < all.size(); ++j) {
        std::vector<uint64_t> values;
        if (!fits(bound[i], 0, desc, {all[j]}, &values)) {
          // What goes the long way: unsigned values that no int64_t has, and
          // truth that is not 1.
          bool isHuge = all[j].kind == TSDK_ARG_UINT && all[j].v.i < 0;
          if (llvm::StringRef(params) == "n:@i1")
            continue;
          EXPECT_FALSE(bound[i].pattern && bound[i].key == bound[j].key &&
                       all[i].kind == all[j].kind && all[i].aux == all[j].aux &&
                       !isHuge)
              << params << ": " << i << " does not take " << j;
          continue;
        }
        ++fitting;
        EXPECT_TRUE(bound[j].isGood) << params << ": " << i << " takes " << j;
        EXPECT_EQ(bound[i].key, bound[j].key)
            << params << ": " << i << " takes " << j;
        ASSERT_EQ(values.size(), bound[j].values.size());
        for (size_t k = 0; k < values.size(); ++k) {
          uint64_t mask = bound[j].bytes[k] == 8
                              ? ~uint64_t(0)
                              : (uint64_t(1) << bound[j].bytes[k] * 8) - 1;
          EXPECT_EQ(values[k], bound[j].values[k] & mask)
              << params << ": " << i << " takes " << j;
        }
      }
  }
  EXPECT_GT(fitting, 1000u);
}

TEST_F(LaunchPatternTest, EveryArgumentCounts) {
  Kernel &kernel = this->kernel("x y n BLOCK:constexpr");
  uint64_t memory = reinterpret_cast<uintptr_t>(tsdk_buffer_ptr(buffers[0]));
  std::vector<tsdk_arg> args = {
      make(TSDK_ARG_PTR, memory, TSDK_F32),
      make(TSDK_ARG_BUFFER, std::bit_cast<uintptr_t>(buffers[0]), TSDK_F32),
      make(TSDK_ARG_INT, 100), make(TSDK_ARG_INT, 1024)};
  tsdk_option options[] = {{tsdk_make_str("num_warps"), tsdk_make_str("8")},
                           {tsdk_make_str("maxnreg"), tsdk_make_str("64")}};
  tsdk_launch_desc desc = {};
  desc.options = options;
  desc.num_options = 2;
  Bound bound = bind(kernel, args, desc);
  ASSERT_TRUE(bound.pattern);
  std::vector<uint64_t> values;
  EXPECT_TRUE(fits(bound, 0, desc, args, &values));
  EXPECT_EQ(values, (std::vector<uint64_t>{memory, memory, 100}));
  EXPECT_FALSE(fits(bound, 1, desc, args)) << "another device";
  for (size_t i = 0; i < args.size(); ++i) {
    std::vector<tsdk_arg> other = args;
    other[i] = make(TSDK_ARG_INT, 1);
    EXPECT_FALSE(fits(bound, 0, desc, other)) << i;
  }
  std::vector<tsdk_arg> foreign = args;
  foreign[1].v.p = buffers[1];
  EXPECT_FALSE(fits(bound, 0, desc, foreign)) << "a buffer of another device";
  foreign[1].v.p = nullptr;
  EXPECT_FALSE(fits(bound, 0, desc, foreign)) << "no buffer";
  EXPECT_FALSE(fits(bound, 0, desc, {args.begin(), args.begin() + 3}));

  desc.num_options = 1;
  EXPECT_FALSE(fits(bound, 0, desc, args));
  desc.num_options = 2;
  options[1].value = tsdk_make_str("32");
  EXPECT_FALSE(fits(bound, 0, desc, args));
  options[1] = {tsdk_make_str("waves_per_eu"), tsdk_make_str("64")};
  EXPECT_FALSE(fits(bound, 0, desc, args));
}

/// Constexprs by name, and defaults that stay.
TEST_F(LaunchPatternTest, WhatIsNotGiven) {
  Kernel &kernel = this->kernel("n BLOCK:constexpr");
  tsdk_option block = {tsdk_make_str("BLOCK"), tsdk_make_str("64")};
  tsdk_launch_desc desc = {};
  desc.options = &block;
  desc.num_options = 1;
  std::vector<tsdk_arg> args = {make(TSDK_ARG_INT, 100)};
  Bound bound = bind(kernel, args, desc);
  EXPECT_TRUE(fits(bound, 0, desc, args));
  block.value = tsdk_make_str("128");
  EXPECT_FALSE(fits(bound, 0, desc, args));

  Kernel &other = this->kernel("n m:=5");
  desc.num_options = 0;
  EXPECT_FALSE(bind(other, args, desc).pattern)
      << "the value of m is none of the arguments";
}

/// Alternating forms: each launch has its own values.
TEST_F(LaunchPatternTest, LaunchesTakeIt) {
  kernel("x n scale");
  uint64_t memory = reinterpret_cast<uintptr_t>(tsdk_buffer_ptr(buffers[0]));
  tsdk_launch_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  for (int turn = 0; turn < 12; ++turn) {
    int n = turn % 3 == 2 ? 64 : 5 + turn; // two variants
    tsdk_arg args[] = {make(TSDK_ARG_PTR, memory, TSDK_F32),
                       make(TSDK_ARG_INT, static_cast<uint64_t>(n)),
                       number(turn + 0.1)};
    ASSERT_EQ(
        fake::take(tsdk_kernel_launch(handle, devices[0], &desc, args, 3)), "");
    fake::Launch launch = fake::lastLaunch();
    ASSERT_EQ(launch.params.size(), 3u);
    uint64_t at;
    int32_t count;
    float scale;
    std::memcpy(&at, launch.params[0].data(), sizeof at);
    std::memcpy(&count, launch.params[1].data(), sizeof count);
    std::memcpy(&scale, launch.params[2].data(), sizeof scale);
    EXPECT_EQ(at, memory);
    EXPECT_EQ(count, n);
    EXPECT_EQ(scale, static_cast<float>(turn + 0.1));
  }
  tsdk_arg bad[] = {
      make(TSDK_ARG_BUFFER, std::bit_cast<uintptr_t>(buffers[1]), TSDK_F32),
      make(TSDK_ARG_INT, 64), number(1)};
  EXPECT_NE(fake::take(tsdk_kernel_launch(handle, devices[0], &desc, bad, 3))
                .find("the buffer belongs to device fake:1"),
            std::string::npos);
}

} // namespace
