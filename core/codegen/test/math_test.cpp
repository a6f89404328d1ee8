//===- math_test.cpp - The math library: accuracy, vectors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bounded version of math_accuracy: docs/math_accuracy.md has the figures.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"
#include "core/codegen/test/math_measure.h"
#include "core/codegen/test/object_loader.h"

#include "llvm/ADT/Twine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace tilesdk::codegen;

namespace {

double bound(llvm::StringRef name, bool isDouble) {
  if (name == "tgamma")
    return isDouble ? 1000 : 1;
  if (name == "lgamma")
    return isDouble ? 16 : 1;
  if (name == "erfc")
    return 4.5;
  if (name == "exp" || name == "exp2" || name == "log")
    return isDouble ? 1.6 : 1.0;
  return 3;
}

TEST(MathTest, WithinBounds) {
  for (const Target &target : hostTargets())
    for (llvm::StringRef name : measuredFunctions())
      for (bool isDouble : {false, true})
        for (unsigned width : {1u, isDouble ? 8u : 16u}) {
          SCOPED_TRACE(name.str() + (isDouble ? " f64 " : " f32 ") +
                       std::to_string(width) + " " + target.cpu);
          Accuracy accuracy = measureMath(name, isDouble, width, target, 6400);
          EXPECT_EQ(accuracy.error, "");
          EXPECT_LE(accuracy.ulp, bound(name, isDouble)) << accuracy.at;
          EXPECT_EQ(accuracy.wrongSpecial, 0u) << accuracy.wrongAt;
        }
}

TEST(MathTest, ExpKeepsSubnormals) {
  for (const Target &target : hostTargets())
    for (unsigned width : {1, 4, 8, 16})
      for (const char *name : {"exp", "exp2"})
        EXPECT_LE(measureMath(name, false, width, target, 20000).subnormalUlp,
                  1.0)
            << name << width << target.cpu;
}

std::string useText(llvm::StringRef op, llvm::StringRef type) {
  return (llvm::Twine("define void @k(ptr %p) {\n  %x = load ") + type +
          ", ptr %p\n  " + op + "\n  store " + type +
          " %y, ptr %p\n  ret void\n}\n")
      .str();
}

std::string assemblyOf(const std::string &text, const Target &target) {
  Options options;
  options.keepAssembly = true;
  Output output;
  Status status = compileText(text, "k", target, output, &options);
  EXPECT_TRUE(status) << status.message;
  return output.assembly;
}

unsigned countLines(const std::string &assembly) {
  unsigned count = 0;
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(assembly).split(lines, '\n');
  for (llvm::StringRef line : lines)
    count += line.starts_with("\t") && !line.starts_with("\t.");
  return count;
}

TEST(MathTest, ExpIsShortVectorCode) {
  for (const Target &target : hostTargets()) {
    if (target.cpu != "x86-64-v4")
      continue;
    std::string assembly = assemblyOf(
        "declare <16 x float> @tsdk.math.exp.v16f32(<16 x float>)\n" +
            useText("%y = call <16 x float> @tsdk.math.exp.v16f32(<16 x float> "
                    "%x)",
                    "<16 x float>"),
        target);
    EXPECT_NE(assembly.find("vscalefps"), std::string::npos);
    EXPECT_EQ(assembly.find("call"), std::string::npos);
    EXPECT_LE(countLines(assembly), 30u) << assembly;
  }
}

// What LLVM would turn into scalar calls of a C library.
TEST(MathTest, IntrinsicsAreLegalised) {
  struct Case {
    const char *operation;
    float (*want)(float);
  };
  const Case cases[] = {
      {"%y = frem <16 x float> %x, splat (float 3.0)",
       [](float x) { return std::fmod(x, 3.0f); }},
      {"%y = call <16 x float> @llvm.sin.v16f32(<16 x float> %x)",
       [](float x) { return std::sin(x); }},
      {"%y = call <16 x float> @llvm.pow.v16f32(<16 x float> %x, <16 x float> "
       "%x)",
       [](float x) { return std::pow(x, x); }},
  };
  for (const Target &target : hostTargets())
    for (const Case &one : cases) {
      Output output;
      Status status =
          compileText("declare <16 x float> @llvm.sin.v16f32(<16 x float>)\n"
                      "declare <16 x float> @llvm.pow.v16f32(<16 x float>, <16 "
                      "x float>)\n" +
                          useText(one.operation, "<16 x float>"),
                      "k", target, output);
      ASSERT_TRUE(status) << one.operation << ": " << status.message;
      auto k =
          reinterpret_cast<void (*)(float *)>(loadFunction(output.object, "k"));
      ASSERT_NE(k, nullptr);
      alignas(64) float values[16];
      for (int i = 0; i < 16; ++i)
        values[i] = 0.37f * i;
      k(values);
      for (int i = 0; i < 16; ++i) {
        float want = one.want(0.37f * i);
        EXPECT_NEAR(values[i], want, std::fabs(want) * 3e-7f) << one.operation;
      }
    }
}

// Odd widths are split, narrow types go through f32.
TEST(MathTest, AnyWidthAndNarrowTypes) {
  for (const Target &target : hostTargets()) {
    Output output;
    Status status =
        compileText("declare <13 x half> @llvm.exp.v13f16(<13 x half>)\n"
                    "define void @k(ptr %p, ptr %q) {\n"
                    "  %f = load <13 x float>, ptr %p, align 4\n"
                    "  %x = fptrunc <13 x float> %f to <13 x half>\n"
                    "  %y = call <13 x half> @llvm.exp.v13f16(<13 x half> %x)\n"
                    "  %g = fpext <13 x half> %y to <13 x float>\n"
                    "  store <13 x float> %g, ptr %q, align 4\n  ret void\n}\n",
                    "k", target, output);
    ASSERT_TRUE(status) << status.message;
    auto k = reinterpret_cast<void (*)(const float *, float *)>(
        loadFunction(output.object, "k"));
    ASSERT_NE(k, nullptr);
    float x[13], y[13];
    for (int i = 0; i < 13; ++i)
      x[i] = 0.25f * i;
    k(x, y);
    for (int i = 0; i < 13; ++i)
      EXPECT_NEAR(y[i], std::exp(x[i]), std::exp(x[i]) * 0x1p-10) << i;
  }
}

// bfloat16 by integer operations: round to nearest even, NaN stays NaN.
TEST(MathTest, BfloatRounding) {
  for (const Target &target : hostTargets()) {
    Output output;
    Status status =
        compileText("define void @k(ptr %p, ptr %d, ptr %q, ptr %r) {\n"
                    "  %f = load <8 x float>, ptr %p, align 4\n"
                    "  %x = fptrunc <8 x float> %f to <8 x bfloat>\n"
                    "  store <8 x bfloat> %x, ptr %q, align 2\n"
                    "  %g = load <8 x double>, ptr %d, align 8\n"
                    "  %y = fptrunc <8 x double> %g to <8 x half>\n"
                    "  store <8 x half> %y, ptr %r, align 2\n  ret void\n}\n",
                    "k", target, output);
    ASSERT_TRUE(status) << status.message;
    using Function =
        void (*)(const float *, const double *, uint16_t *, uint16_t *);
    auto k = reinterpret_cast<Function>(loadFunction(output.object, "k"));
    ASSERT_NE(k, nullptr);
    float inf = std::numeric_limits<float>::infinity();
    float x[8] = {1.0f, 1.00390625f, 1.01171875f, 3.4e38f,
                  inf,  -inf,        NAN,         -0.0f};
    // Halfway cases of half, and one that rounding through float gets wrong.
    double d[8] = {1.0,      1 + 0x1p-11, 1 + 0x1p-11 + 0x1p-40, 65520,
                   65519.99, 0x1p-25,     0x1p-25 + 0x1p-60,     -2.0};
    uint16_t b[8], h[8];
    k(x, d, b, h);
    const uint16_t wantB[6] = {0x3f80, 0x3f80, 0x3f82, 0x7f80, 0x7f80, 0xff80};
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(b[i], wantB[i]) << i;
    EXPECT_EQ(b[6] & 0x7fc0, 0x7fc0);
    EXPECT_EQ(b[7], 0x8000);
    const uint16_t wantH[8] = {0x3c00, 0x3c00, 0x3c01, 0x7c00,
                               0x7bff, 0x0000, 0x0001, 0xc000};
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(h[i], wantH[i]) << i;
  }
}

TEST(MathTest, EveryFunctionLinks) {
  Target target = hostTargets().front();
  unsigned count = 0;
  for (llvm::StringRef name : mathFunctionNames()) {
    if (name.contains('@'))
      continue;
    ++count;
    EXPECT_FALSE(findMathFunction(name).empty());
  }
  EXPECT_GT(count, 300u);
  EXPECT_TRUE(findMathFunction("tsdk.math.exp").empty());
}

} // namespace
