//===- specialize_test.cpp - Triton's rules of specialisation ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/context.h"
#include "core/runtime/specialize.h"
#include "core/runtime/test/fake_backend.h"
#include "core/runtime/text.h"

#include <gtest/gtest.h>

#include <bit>

using namespace tilesdk;
using namespace tilesdk::runtime;

namespace {

/// A kernel of one line of the toy language.
struct SpecializeTest : testing::Test {
  tsdk_context context = fake::makeContext();
  tsdk_program program = nullptr;
  tsdk_kernel handle = nullptr;

  Kernel &kernel(const std::string &params) {
    handle = fake::makeKernel(context, params, &program);
    EXPECT_TRUE(handle) << params;
    return *static_cast<Kernel *>(lookUpHandle(handle));
  }
  void TearDown() override {
    tsdk_release(handle);
    tsdk_release(program);
    tsdk_release(context);
  }

  /// Signature of one launch, or the error.
  std::string bind(const std::string &params, std::vector<tsdk_arg> args,
                   std::vector<tsdk_option> options = {}) {
    tsdk_release(handle);
    tsdk_release(program);
    Arguments arguments(kernel(params), nullptr);
    Error error = arguments.bind(args.data(), args.size(), options.data(),
                                 options.size());
    values.assign(arguments.values().begin(), arguments.values().end());
    key.assign(arguments.key().begin(), arguments.key().end());
    return error ? "error: " + error.message().str() : arguments.signature();
  }
  std::vector<uint64_t> values;
  std::string key;
};

tsdk_arg integer(int64_t value) { return tsdk_make_int(value); }
tsdk_arg boolean(bool value) {
  tsdk_arg arg = {};
  arg.kind = TSDK_ARG_BOOL;
  arg.v.u = value;
  return arg;
}
tsdk_arg unsignedInteger(uint64_t value) {
  tsdk_arg arg = {};
  arg.kind = TSDK_ARG_UINT;
  arg.v.u = value;
  return arg;
}
tsdk_arg pointer(uint32_t dtype, uintptr_t value) {
  return tsdk_make_ptr(dtype, reinterpret_cast<void *>(value));
}
tsdk_arg scalar(uint32_t dtype, int64_t value) {
  tsdk_arg arg = {};
  arg.kind = TSDK_ARG_SCALAR;
  arg.aux = dtype;
  arg.v.i = value;
  return arg;
}
tsdk_arg none() {
  tsdk_arg arg = {};
  arg.kind = TSDK_ARG_NONE;
  return arg;
}

TEST_F(SpecializeTest, Integers) {
  EXPECT_EQ(bind("n", {integer(1)}), "1");
  EXPECT_TRUE(values.empty()) << "a folded integer is no runtime value";
  EXPECT_EQ(bind("n", {integer(0)}), "i32:16");
  EXPECT_EQ(bind("n", {integer(7)}), "i32");
  EXPECT_EQ(bind("n", {integer(-32)}), "i32:16");
  EXPECT_EQ(values[0], uint64_t(-32));
  EXPECT_EQ(bind("n", {integer(INT32_MAX)}), "i32");
  EXPECT_EQ(bind("n", {integer(int64_t(INT32_MAX) + 1)}), "i64:16");
  EXPECT_EQ(bind("n", {integer(INT32_MIN)}), "i32:16");
  EXPECT_EQ(bind("n", {integer(int64_t(INT32_MIN) - 1)}), "i64");
  EXPECT_EQ(bind("n", {unsignedInteger(UINT64_MAX)}), "u64");
  EXPECT_EQ(bind("n", {unsignedInteger(5)}), "i32");
}

TEST_F(SpecializeTest, AnnotationsForceTypes) {
  EXPECT_EQ(bind("n:@i64", {integer(1)}), "i64") << "not folded";
  EXPECT_EQ(bind("n:@i64", {integer(16)}), "i64:16");
  EXPECT_EQ(bind("n:@i32", {integer(int64_t(1) << 40)}),
            "error: kernel `k`, parameter `n`: 1099511627776 does not fit i32");
  EXPECT_EQ(bind("n:@u8", {integer(-1)}),
            "error: kernel `k`, parameter `n`: -1 does not fit u8");
  EXPECT_EQ(bind("x:@f64", {tsdk_make_float(0.5)}), "f64");
  EXPECT_EQ(values[0], std::bit_cast<uint64_t>(0.5));
  EXPECT_EQ(bind("x:@f32", {integer(3)}), "f32");
  EXPECT_EQ(values[0], std::bit_cast<uint32_t>(3.0f));
  EXPECT_EQ(bind("x:@f16", {tsdk_make_float(1.0)}), "f16");
  EXPECT_EQ(values[0], 0x3c00u);
  EXPECT_EQ(bind("x:@bf16", {tsdk_make_float(1.00390625)}), "bf16");
  EXPECT_EQ(values[0], 0x3f80u) << "ties go to even";
  EXPECT_EQ(bind("b:@i1", {integer(4)}), "u1");
  EXPECT_EQ(values[0], 1u);
  EXPECT_EQ(bind("p:@*f16", {pointer(0, 32)}), "*f16:16");
  EXPECT_EQ(bind("p:@*f16", {integer(32)}),
            "error: kernel `k`, parameter `p`: expected a pointer to f16, got "
            "the integer 32");
  EXPECT_EQ(bind("n:@i32", {tsdk_make_float(0.5)}),
            "error: kernel `k`, parameter `n`: expected i32, got the float "
            "0.5");
}

TEST_F(SpecializeTest, DecoratorsForbid) {
  EXPECT_EQ(bind("n:nospec", {integer(1)}), "i32");
  EXPECT_EQ(bind("n:nospec", {integer(16)}), "i32");
  EXPECT_EQ(bind("n:noalign", {integer(1)}), "1");
  EXPECT_EQ(bind("n:noalign", {integer(16)}), "i32");
  EXPECT_EQ(bind("p:nospec", {pointer(TSDK_F32, 64)}), "*f32");
  EXPECT_EQ(bind("p:noalign", {pointer(TSDK_F32, 64)}), "*f32");
}

TEST_F(SpecializeTest, PointersFloatsBooleansNone) {
  EXPECT_EQ(bind("p", {pointer(TSDK_F32, 64)}), "*f32:16");
  EXPECT_EQ(bind("p", {pointer(TSDK_BF16, 72)}), "*bf16");
  EXPECT_EQ(bind("p:const", {pointer(TSDK_I64, 64)}), "*ki64:16");
  EXPECT_EQ(bind("p", {pointer(0, 64)}).substr(0, 70),
            "error: kernel `k`, parameter `p`: the pointer's element type is "
            "missin");
  EXPECT_EQ(bind("x", {tsdk_make_float(1.0)}), "f32") << "never folded";
  EXPECT_EQ(bind("b", {boolean(true)}), "u1");
  EXPECT_EQ(bind("b", {none()}), "None");
  EXPECT_TRUE(values.empty());
}

TEST_F(SpecializeTest, ExactScalars) {
  EXPECT_EQ(bind("n", {scalar(TSDK_I64, 1)}), "i64");
  EXPECT_EQ(bind("n", {scalar(TSDK_U8, 32)}), "u8:16");
  EXPECT_EQ(bind("n", {scalar(TSDK_I8, 300)}),
            "error: kernel `k`, parameter `n`: 300 does not fit i8");
  tsdk_arg real = scalar(TSDK_F64, 0);
  real.v.f = 2.5;
  EXPECT_EQ(bind("x", {real}), "f64");
}

TEST_F(SpecializeTest, Constexprs) {
  EXPECT_EQ(bind("B:constexpr", {integer(1024)}), "1024");
  EXPECT_EQ(bind("B:constexpr", {boolean(true)}), "True");
  EXPECT_EQ(bind("B:constexpr", {tsdk_make_float(4)}), "4.0");
  EXPECT_EQ(bind("B:constexpr", {none()}), "None");
  EXPECT_EQ(bind("B:constexpr", {tsdk_make_constexpr("'relu'")}), "'relu'");
  EXPECT_EQ(bind("B:constexpr", {tsdk_make_constexpr("1,2")}),
            "error: kernel `k`, parameter `B`: `1,2` is not one literal of a "
            "signature");
  EXPECT_EQ(bind("B:constexpr", {pointer(TSDK_F32, 64)}),
            "error: kernel `k`, parameter `B`: it is a constexpr and cannot be "
            "a pointer");
}

TEST_F(SpecializeTest, NamesAndDefaults) {
  tsdk_option block = {tsdk_make_str("B"), tsdk_make_str("64")};
  tsdk_option warps = {tsdk_make_str("num_warps"), tsdk_make_str("8")};
  EXPECT_EQ(bind("n B:constexpr", {integer(5)}, {block, warps}), "i32,64");
  EXPECT_EQ(bind("n B:constexpr", {integer(5), integer(32)}, {block}),
            "error: kernel `k`, parameter `B`: it has an argument and a value "
            "in the options");
  EXPECT_EQ(bind("n B:constexpr=128", {integer(5)}), "i32,128");
  EXPECT_EQ(bind("n:=2.5 m:=1 t:='x' z:=None", {}), "f32,1,'x',None");
  EXPECT_EQ(bind("n m", {integer(5)}),
            "error: kernel `k`, parameter `m`: it has no value and no default");
  EXPECT_EQ(bind("n", {integer(5), integer(6)}),
            "error: kernel `k` has 1 parameters, the launch has 2 arguments");
}

TEST_F(SpecializeTest, Tuples) {
  tsdk_arg inner[] = {integer(3), integer(1)};
  tsdk_arg nested = {};
  nested.kind = TSDK_ARG_TUPLE;
  nested.aux = 2;
  nested.v.p = inner;
  tsdk_arg outer[] = {nested, pointer(TSDK_F32, 4)};
  tsdk_arg tuple = nested;
  tuple.v.p = outer;
  EXPECT_EQ(bind("t n", {tuple, integer(9)}), "((i32,1),*f32),i32");
  EXPECT_EQ(values.size(), 3u);
  tsdk_arg empty = nested;
  empty.aux = 0;
  EXPECT_EQ(bind("t", {empty}), "()");
  tsdk_arg single = nested;
  single.aux = 1;
  EXPECT_EQ(bind("t n", {single, integer(2)}), "(i32,),i32");
  // A tuple that contains itself.
  tsdk_arg loop = nested;
  loop.aux = 1;
  loop.v.p = &loop;
  EXPECT_EQ(bind("t", {loop}),
            "error: kernel `k`, parameter `t`: the tuple is malformed: too "
            "deep, too long or null");
}

TEST_F(SpecializeTest, KeysDifferExactlyWhenSignaturesDo) {
  auto keyOf = [&](const std::string &params, std::vector<tsdk_arg> args,
                   std::vector<tsdk_option> options = {}) {
    bind(params, args, options);
    return key;
  };
  EXPECT_EQ(keyOf("n", {integer(5)}), keyOf("n", {integer(7)}));
  EXPECT_NE(keyOf("n", {integer(5)}), keyOf("n", {integer(16)}));
  EXPECT_NE(keyOf("n", {integer(5)}), keyOf("n", {integer(1)}));
  EXPECT_NE(keyOf("p", {pointer(TSDK_F32, 64)}),
            keyOf("p", {pointer(TSDK_F16, 64)}));
  EXPECT_NE(keyOf("B:constexpr", {integer(64)}),
            keyOf("B:constexpr", {tsdk_make_float(64)}));
  tsdk_option a = {tsdk_make_str("ab"), tsdk_make_str("c")};
  tsdk_option b = {tsdk_make_str("a"), tsdk_make_str("bc")};
  EXPECT_NE(keyOf("n", {integer(5)}, {a}), keyOf("n", {integer(5)}, {b}));
}

TEST(Signature, Splits) {
  EXPECT_EQ(splitSignature("")->size(), 0u);
  EXPECT_EQ(
      *splitSignature(" *f32:16 ,, (a,'x,)') , \"q\\\",\""),
      (std::vector<std::string>{"*f32:16", "", "(a,'x,)')", "\"q\\\",\""}));
  EXPECT_FALSE(splitSignature("(a"));
  EXPECT_FALSE(splitSignature("a)"));
  EXPECT_FALSE(splitSignature("'a"));
}

TEST(Signature, FloatLiteralsReadBackTheSame) {
  for (double value : {0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, 1e22})
    EXPECT_EQ(std::strtod(floatLiteral(value).c_str(), nullptr), value);
  EXPECT_EQ(floatLiteral(4), "4.0");
  EXPECT_EQ(floatLiteral(1e22), "1e+22");
}

} // namespace
