//===- api_test.cpp - The C API on a fake backend ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"

using namespace tilesdk::fake;

namespace {

const char *const toySource = "kernel add x y:const n BLOCK:constexpr\n"
                              "kernel broken n\n"
                              "kernel slow n\n"
                              "kernel crash n\n";

struct ApiTest : ApiFixture {};

//===----------------------------------------------------------------------===//
// The way of a kernel
//===----------------------------------------------------------------------===//

TEST_F(ApiTest, TypedLaunchRunsTheKernel) {
  open(toySource, "add");
  alignas(64) float data[16] = {};
  tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data),
                     tsdk_make_ptr(TSDK_F32, data + 1), tsdk_make_int(48),
                     tsdk_make_int(1024)};
  OK(launch({3, 2, 1}, args, 4));
  Launch last = lastLaunch();
  EXPECT_EQ(last.grid[0], 3u);
  EXPECT_EQ(last.grid[1], 2u);
  EXPECT_EQ(last.object, "object of add(*f32:16,*kf32,i32:16,1024) fake-1");
  ASSERT_EQ(last.params.size(), 3u);
  void *pointer = data;
  EXPECT_EQ(std::memcmp(last.params[0].data(), &pointer, 8), 0);
  EXPECT_EQ(last.params[2], std::string("\x30\0\0\0", 4));

  // The same shape again: no new build. A 1: another variant without it.
  int compiles = counters().compiles;
  args[2] = tsdk_make_int(96);
  OK(launch({1, 1, 1}, args, 4));
  EXPECT_EQ(counters().compiles, compiles);
  args[2] = tsdk_make_int(1);
  OK(launch({1, 1, 1}, args, 4));
  EXPECT_EQ(counters().compiles, compiles + 1);
  EXPECT_EQ(lastLaunch().params.size(), 2u);
}

TEST_F(ApiTest, OptionsReachConstexprsAndTheBuild) {
  open(toySource, "add");
  float data[4];
  tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data),
                     tsdk_make_ptr(TSDK_F32, data), tsdk_make_int(7)};
  tsdk_option options[] = {{str("num_warps"), str("8")},
                           {str("BLOCK"), str("64")}};
  desc.options = options;
  desc.num_options = 2;
  OK(launch({1, 1, 1}, args, 3));
  EXPECT_NE(lastLaunch().object.find(",64) fake-1 num_warps=8"),
            std::string::npos);
  options[0].value = str("99");
  FAILS(launch({1, 1, 1}, args, 3),
        "INVALID_ARGUMENT: option `num_warps` is `99`: expected a number from "
        "1 to 8");
  options[0].name = str("num_wraps");
  FAILS(launch({1, 1, 1}, args, 3),
        "NOT_FOUND: no target has an option `num_wraps` (did you mean "
        "`num_warps`?)");
}

TEST_F(ApiTest, OptionWithoutEffectIsARemark) {
  open(toySource, "add");
  const char *rows[][3] = {
      {"only_on_second", "1",
       "option `only_on_second` is for fake targets; fake-1 ignores it"},
      {"num_ctas", "2",
       "option `num_ctas` is `2`: no target has it yet; it is ignored"},
      {"sanitize_overflow", "true",
       "option `sanitize_overflow` is `1`: no target has it yet; it is "
       "ignored"},
      {"num_ctas", "1", nullptr},
  };
  for (auto [name, value, remark] : rows) {
    tsdk_option option = {str(name), str(value)};
    tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
    build.options = &option;
    build.num_options = 1;
    OK(tsdk_variant_build(kernel, &build, &variant));
    tsdk_diags diags = tsdk_variant_diags(variant);
    ASSERT_EQ(tsdk_diags_count(diags), remark ? 1u : 0u) << name;
    tsdk_diag diag = {};
    diag.struct_size = sizeof(diag);
    if (remark) {
      OK(tsdk_diags_get(diags, 0, &diag));
      EXPECT_EQ(diag.severity, TSDK_SEVERITY_REMARK);
      EXPECT_EQ(text(diag.message), remark);
    }
    tsdk_release(variant);
    variant = nullptr;
  }
}

TEST_F(ApiTest, RawLaunchPassesPointersOn) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake:0");
  OK(tsdk_variant_build(kernel, &build, &variant));
  void *x = &build;
  int32_t n = 5;
  void *params[] = {&x, &x, &n};
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  OK(tsdk_variant_launch(variant, device, &desc, params, 3));
  EXPECT_EQ(lastLaunch().params[2], std::string("\5\0\0\0", 4));
  FAILS(tsdk_variant_launch(variant, device, &desc, params, 2),
        "INVALID_ARGUMENT: the variant of `add` takes 3 parameters, the launch "
        "has 2");
  params[1] = nullptr;
  FAILS(tsdk_variant_launch(variant, device, &desc, params, 3),
        "INVALID_ARGUMENT: the variant of `add`: parameter 1 (`p1`) is null");
}

TEST_F(ApiTest, EachVariantIsBuiltOnceAndShared) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
  int compiles = counters().compiles;
  tsdk_variant other = nullptr;
  OK(tsdk_variant_build(kernel, &build, &variant));
  build.signature = str(" *f32 , *f32, i32, BLOCK=64");
  OK(tsdk_variant_build(kernel, &build, &other));
  EXPECT_EQ(counters().compiles, compiles + 1);
  tsdk_release(other);
}

TEST_F(ApiTest, StagesAreKeptOrBuiltOnDemand) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
  build.keep_stages = str("llvm,asm");
  OK(tsdk_variant_build(kernel, &build, &variant));
  int compiles = counters().compiles;
  EXPECT_EQ(artifact("llvm"), "llvm of add(*f32,*f32,i32,64) fake-1");
  EXPECT_EQ(artifact("source"), toySource);
  EXPECT_EQ(artifact("object").substr(0, 9), "object of");
  EXPECT_EQ(counters().compiles, compiles);
  EXPECT_EQ(artifact("tile"), "tile of add(*f32,*f32,i32,64) fake-1");
  EXPECT_EQ(counters().compiles, compiles + 1);
  tsdk_blob blob = nullptr;
  FAILS(tsdk_variant_artifact(variant, str("ptx"), &blob),
        "NOT_FOUND: the variant of `add` has no stage `ptx`; it has: asm, "
        "llvm, object");
  build.keep_stages = str("llvmm");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: there is no stage `llvmm` (did you mean `llvm`?)");
}

TEST_F(ApiTest, BuildUpToAStageCannotBeLaunched) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
  build.stop_stage = str("tile");
  OK(tsdk_variant_build(kernel, &build, &variant));
  EXPECT_EQ(artifact("tile").substr(0, 7), "tile of");
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  FAILS(tsdk_variant_launch(variant, device, &desc, nullptr, 0),
        "FAILED_PRECONDITION: the variant of `add` was built up to stage "
        "`tile` only");
}

TEST_F(ApiTest, ProgramFromIr) {
  OK(tsdk_program_create_from_ir(context, str("tile"), {"*f32,i64", 8},
                                 &program));
  OK(tsdk_kernel_get(program, str("k"), &kernel));
  float data[4];
  tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data), tsdk_make_int(1)};
  OK(launch({1, 1, 1}, args, 2));
  // Types come from the artifact: 64 bits, and 1 is not folded.
  EXPECT_EQ(lastLaunch().params[1], std::string("\1\0\0\0\0\0\0\0", 8));
  FAILS(launch({1, 1, 1}, args, 1), "INVALID_ARGUMENT: kernel `k`, parameter "
                                    "`p1`: it has no value");
  tsdk_program bad = nullptr;
  FAILS(tsdk_program_create_from_ir(context, str("asm"), {"x", 1}, &bad),
        "INVALID_ARGUMENT: `stage` is `asm`");
  FAILS(tsdk_program_create_from_ir(context, str("tile"), {nullptr, 0}, &bad),
        "INVALID_ARGUMENT: `ir` is empty");
}

TEST_F(ApiTest, PluginCompilerTakesTileIr) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-own");
  OK(tsdk_variant_build(kernel, &build, &variant));
  EXPECT_EQ(artifact("object"), "object by plugin of tile-opt of "
                                "add(*f32,*f32,i32,64) fake-own");
}

TEST_F(ApiTest, MetadataHasWhatIsKnownOfTheCode) {
  open(toySource, "add");
  auto metadata = [&](const char *target) {
    tsdk_release(variant);
    variant = nullptr;
    tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", target);
    tsdk_blob blob = nullptr;
    EXPECT_EQ(take(tsdk_variant_build(kernel, &build, &variant)), "");
    EXPECT_EQ(take(tsdk_variant_metadata(variant, &blob)), "");
    return take(blob);
  };
  // Of our own object by `inspect`, of the plugin's by itself.
  EXPECT_NE(metadata("fake-1").find(
                "\"resources\":{\"registers\":24,\"spill_bytes\":0,"
                "\"stack_bytes\":16,\"static_shared_bytes\":512}"),
            std::string::npos);
  EXPECT_NE(metadata("fake-own")
                .find("\"resources\":{\"log\":\"looks\",\"registers\":40,"
                      "\"spill_bytes\":8,"),
            std::string::npos);
  EXPECT_NE(text(tsdk_diags_text(tsdk_variant_diags(variant))).find("looks"),
            std::string::npos);
}

TEST_F(ApiTest, ResumeFromAStage) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
  build.resume_stage = str("llvm");
  build.resume_ir = {"*f32", 4};
  OK(tsdk_variant_build(kernel, &build, &variant));
  EXPECT_EQ(artifact("object"), "object of add(*f32) fake-1");
  build.resume_ir.size = 0;
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: resume_stage and resume_ir go together");
}

} // namespace
