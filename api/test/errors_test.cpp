//===- errors_test.cpp - Bad input, lifetimes, lists ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"
#include "core/runtime/json.h"

using namespace tilesdk::fake;

namespace {

const char *const toySource = "kernel add x y:const n BLOCK:constexpr\n"
                              "kernel broken n\n"
                              "kernel slow n\n"
                              "kernel crash n\n";

struct ErrorTest : ApiFixture {};

TEST_F(ErrorTest, SourceErrorsCarryDiagnostics) {
  tsdk_program_desc in = programDesc("fine\nERROR one\nERROR two\n");
  in.first_line = 10;
  tsdk_error error = tsdk_program_create(context, &in, &program, nullptr);
  ASSERT_EQ(tsdk_error_code(error), TSDK_E_SOURCE);
  tsdk_diags diags = tsdk_error_diags(error);
  ASSERT_EQ(tsdk_diags_count(diags), 2u);
  tsdk_diag diag = {};
  diag.struct_size = sizeof(diag);
  OK(tsdk_diags_get(diags, 1, &diag));
  EXPECT_EQ(diag.line, 12u);
  EXPECT_EQ(diag.code, 101u);
  EXPECT_EQ(text(tsdk_diags_text(diags)),
            "toy.py:11:1: error: there is an ERROR here\n"
            "toy.py:12:1: error: there is an ERROR here\n");
  EXPECT_EQ(text(tsdk_error_message(error)).substr(0, 24),
            "`toy.py` has 2 errors\nto");
  FAILS(tsdk_diags_get(diags, 2, &diag), "OUT_OF_RANGE");
  tsdk_error_release(error);
  EXPECT_EQ(program, nullptr) << "outputs are untouched";
}

TEST_F(ErrorTest, WarningsComeWithTheProgram) {
  tsdk_program_desc in = programDesc("WARN\nkernel k n\n");
  tsdk_diags warnings = nullptr;
  OK(tsdk_program_create(context, &in, &program, &warnings));
  EXPECT_EQ(tsdk_diags_count(warnings), 1u);
  tsdk_release(warnings);
}

TEST_F(ErrorTest, BuildErrors) {
  open(toySource, "broken");
  tsdk_variant_desc build = variantDesc("i32", "fake-1");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "SOURCE: kernel `broken` has an error\ntoy.py:3:1: error: it is "
        "broken");
  build.target = str("fake-3");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "NOT_FOUND: there is no target or device `fake-3` (did you mean "
        "`fake-1`?); targets: fake-1, fake-2, fake-own");
  build.target = str("");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: the variant has neither a target nor a device");
  tsdk_release(kernel);
  OK(tsdk_kernel_get(program, str("add"), &kernel));
  build = variantDesc("*f32,*f32,i32", "fake-1");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: kernel `add`: parameter `BLOCK` has no value");
  build.signature = str("*f32,*f32,i32,i32:16");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: kernel `add`: parameter `BLOCK` is a constexpr: "
        "expected a value, got the type `i32:16`");
  build.signature = str("*f32,*f32,i32,64,5");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: signature `*f32,*f32,i32,64,5` has 5 entries");
  build.signature = str("(*f32");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INVALID_ARGUMENT: signature `(*f32`: quotes or parentheses");
  tsdk_kernel none = nullptr;
  FAILS(tsdk_kernel_get(program, str("ad"), &none),
        "NOT_FOUND: `toy.py` has no kernel `ad` (did you mean `add`?); it has "
        "`add`, `broken`, `slow`, `crash`");
  FAILS(tsdk_kernel_get(program, str(""), &none),
        "NOT_FOUND: `toy.py` has several kernels");
}

TEST_F(ErrorTest, InternalErrorLeavesAReproducer) {
  open(toySource, "crash");
  tsdk_variant_desc build = variantDesc("i32", "fake-1");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INTERNAL: kernel `crash` has an error\ntoy.py: error: internal "
        "error\nthis is a bug of tilesdk; build it with a disk cache");
  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(device);
  tsdk_release(context);
  std::string directory = makeDirectory();
  context = makeContext(directory);
  OK(tsdk_device_open(context, str("fake:0"), &device));
  open(toySource, "crash");
  FAILS(tsdk_variant_build(kernel, &build, &variant),
        "INTERNAL: kernel `crash` has an error\ntoy.py: error: internal "
        "error\nthis is a bug of tilesdk; please report it with the reproducer "
        "in " +
            directory);
}

TEST_F(ErrorTest, DeadlineAndCancel) {
  open(toySource, "slow");
  tsdk_variant_desc build = variantDesc("i32", "fake-1");
  build.timeout_ns = 5000000;
  FAILS(tsdk_variant_build(kernel, &build, &variant), "DEADLINE_EXCEEDED: ");
  int32_t cancel = 1;
  build.timeout_ns = 0;
  build.cancel = &cancel;
  FAILS(tsdk_variant_build(kernel, &build, &variant), "CANCELLED: ");
  // A thread that waits for another's build keeps to its own deadline.
  int32_t flag = 0;
  std::thread builder([&, mine = build]() mutable {
    mine.cancel = &flag;
    tsdk_variant out = nullptr;
    FAILS(tsdk_variant_build(kernel, &mine, &out), "CANCELLED: ");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  build.cancel = nullptr;
  build.timeout_ns = 20000000;
  FAILS(tsdk_variant_build(kernel, &build, &variant), "DEADLINE_EXCEEDED: ");
  __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
  builder.join();
}

TEST_F(ErrorTest, AsynchronousBuilds) {
  open(toySource, "add");
  tsdk_variant_desc build = variantDesc("*f32,*f32,i32,64", "fake-1");
  counters().compileTime = 60'000;
  tsdk_build job = nullptr;
  OK(tsdk_build_start(kernel, &build, &job));
  FAILS(tsdk_build_wait(job, 1000000, &variant), "DEADLINE_EXCEEDED: kernel "
                                                 "`add` is still being built");
  counters().compileTime = 0;
  OK(tsdk_build_wait(job, 0, &variant));
  tsdk_bool done = 0;
  OK(tsdk_build_poll(job, &done));
  EXPECT_EQ(done, 1u);
  EXPECT_EQ(artifact("object").substr(0, 13), "object of add");
  tsdk_release(job);

  tsdk_release(kernel);
  OK(tsdk_kernel_get(program, str("slow"), &kernel));
  build.signature = str("i32");
  OK(tsdk_build_start(kernel, &build, &job));
  OK(tsdk_build_poll(job, &done));
  EXPECT_EQ(done, 0u);
  OK(tsdk_build_cancel(job));
  tsdk_variant none = nullptr;
  FAILS(tsdk_build_wait(job, 0, &none), "CANCELLED: ");
  tsdk_release(job);
  int32_t flag = 0;
  build.cancel = &flag;
  FAILS(tsdk_build_start(kernel, &build, &job),
        "INVALID_ARGUMENT: `desc.cancel` must be null here");
}

TEST_F(ErrorTest, BadLaunches) {
  open(toySource, "add");
  float data[4];
  tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data),
                     tsdk_make_ptr(TSDK_F32, data), tsdk_make_int(5),
                     tsdk_make_int(64)};
  FAILS(launch({0, 1, 1}, args, 4),
        "INVALID_ARGUMENT: kernel `add`: the grid is (0, 1, 1): each dimension "
        "must be at least 1; skip the launch");
  FAILS(launch({1, 1, 0}, args, 4), "INVALID_ARGUMENT: kernel `add`: the grid");
  FAILS(launch({1, 1, 1}, nullptr, 4), "INVALID_ARGUMENT: `args` is null");
  FAILS(launch({1, 1, 1}, args, 3), "INVALID_ARGUMENT: kernel `add`, parameter "
                                    "`BLOCK`: it has no value and no default");
  args[2].kind = 77;
  FAILS(launch({1, 1, 1}, args, 4),
        "INVALID_ARGUMENT: kernel `add`, parameter `n`: argument kind 77");
  args[2] = tsdk_make_int(5);
  FAILS(tsdk_kernel_launch(kernel, device, nullptr, args, 4),
        "INVALID_ARGUMENT: `desc` is null");
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  desc.num_attrs = 2;
  FAILS(tsdk_kernel_launch(kernel, device, &desc, args, 4),
        "INVALID_ARGUMENT: `desc.attrs` is null");
  desc.num_attrs = 0;

  tsdk_context elsewhere = makeContext();
  tsdk_device foreign = nullptr;
  OK(tsdk_device_open(elsewhere, str("fake"), &foreign));
  FAILS(tsdk_kernel_launch(kernel, foreign, &desc, args, 4),
        "INVALID_ARGUMENT: kernel `add` and device fake:0 belong to different "
        "contexts");
  tsdk_release(foreign);
  tsdk_release(elsewhere);
}

TEST_F(ErrorTest, MemoryOfTheWrongDevice) {
  open(toySource, "add");
  tsdk_device second = nullptr;
  tsdk_buffer buffer = nullptr;
  OK(tsdk_device_open(context, str("fake:1"), &second));
  OK(tsdk_buffer_alloc(second, nullptr, 64, 0, &buffer));
  tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(buffer)),
                     tsdk_make_ptr(TSDK_F32, &args), tsdk_make_int(5),
                     tsdk_make_int(64)};
  FAILS(launch({1, 1, 1}, args, 4),
        "INVALID_ARGUMENT: parameter `x`: fake:0: the pointer belongs to "
        "device fake:1; copy the data, or launch there");
  args[0].kind = TSDK_ARG_BUFFER;
  args[0].v.p = buffer;
  FAILS(launch({1, 1, 1}, args, 4),
        "INVALID_ARGUMENT: kernel `add`, parameter `x`: the buffer belongs to "
        "device fake:1, the launch is on fake:0");
  tsdk_buffer wrapped = nullptr;
  FAILS(tsdk_buffer_wrap(device, tsdk_buffer_ptr(buffer), 64, nullptr, nullptr,
                         &wrapped),
        "INVALID_ARGUMENT: `memory`: fake:0: the pointer belongs to device "
        "fake:1");
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  OK(tsdk_kernel_launch(kernel, second, &desc, args, 4));
  tsdk_stream stream = nullptr;
  OK(tsdk_stream_create(second, 0, 0, &stream));
  desc.stream = stream;
  args[0] = args[1];
  FAILS(launch({1, 1, 1}, args, 4),
        "INVALID_ARGUMENT: the stream belongs to device fake:1");
  tsdk_release(stream);
  tsdk_release(buffer);
  tsdk_release(second);
}

TEST_F(ErrorTest, ReleasedAndForeignHandles) {
  open(toySource, "add");
  tsdk_kernel copy = kernel;
  tsdk_release(kernel);
  tsdk_arg arg = tsdk_make_int(1);
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  FAILS(tsdk_kernel_launch(copy, device, &desc, &arg, 1),
        "INVALID_ARGUMENT: `kernel` is not a live tsdk_kernel: it was released "
        "before, or never was one");
  tsdk_release(copy); // Twice: nothing happens.
  kernel = nullptr;
  FAILS(tsdk_kernel_launch(reinterpret_cast<tsdk_kernel>(program), device,
                           &desc, &arg, 1),
        "INVALID_ARGUMENT: `kernel` is a tsdk_program, expected a tsdk_kernel");
  FAILS(tsdk_kernel_launch(nullptr, device, &desc, &arg, 1),
        "INVALID_ARGUMENT: `kernel` is null");
  tsdk_blob blob = nullptr;
  FAILS(tsdk_context_describe(reinterpret_cast<tsdk_context>(&desc), &blob),
        "INVALID_ARGUMENT: `context` is not a live tsdk_context");
  EXPECT_EQ(tsdk_blob_bytes(nullptr).size, 0u);
  EXPECT_EQ(tsdk_device_uri(nullptr).size, 0u);
  EXPECT_EQ(tsdk_diags_count(nullptr), 0u);
  EXPECT_EQ(tsdk_buffer_ptr(nullptr), nullptr);
  tsdk_release(nullptr);
  tsdk_retain(nullptr);
  tsdk_error_release(nullptr);
}

TEST_F(ErrorTest, ChildrenHoldTheirParents) {
  open(toySource, "add");
  tsdk_buffer buffer = nullptr;
  OK(tsdk_buffer_alloc(device, nullptr, 64, 0, &buffer));
  int closed = counters().devicesClosed, freed = counters().freed;
  int shutdowns = counters().shutdowns;
  tsdk_release(context);
  tsdk_release(device);
  tsdk_release(program);
  EXPECT_EQ(text(tsdk_kernel_name(kernel)), "add");
  tsdk_release(kernel);
  context = nullptr;
  device = nullptr;
  program = nullptr;
  kernel = nullptr;
  EXPECT_EQ(counters().devicesClosed, closed);
  EXPECT_EQ(tsdk_buffer_size(buffer), 64u);
  tsdk_release(buffer);
  EXPECT_EQ(counters().freed, freed + 1);
  EXPECT_EQ(counters().devicesClosed, closed + 1);
  EXPECT_EQ(counters().shutdowns, shutdowns + 1);
}

TEST_F(ErrorTest, ReleaseIsDeferredToTheNextCall) {
  tsdk_buffer buffer = nullptr;
  tsdk_stream stream = nullptr;
  OK(tsdk_stream_create(device, 0, 0, &stream));
  OK(tsdk_buffer_alloc(device, stream, 64, 0, &buffer));
  int freed = counters().freed, destroyed = counters().streamsDestroyed;
  tsdk_release(stream);
  tsdk_release(buffer);
  EXPECT_EQ(counters().freed, freed) << "release does not call the driver";
  tsdk_stream wrapped = nullptr;
  OK(tsdk_stream_wrap(device, 0, &wrapped));
  OK(tsdk_stream_sync(wrapped));
  EXPECT_EQ(counters().freed, freed + 1);
  EXPECT_EQ(counters().streamsDestroyed, destroyed + 1);
  tsdk_release(wrapped);
}

TEST_F(ErrorTest, WrappedMemoryIsReleasedOnce) {
  int released = 0;
  tsdk_buffer buffer = nullptr;
  char memory[64];
  OK(tsdk_buffer_wrap(
      device, memory, sizeof(memory),
      [](void *user) { ++*static_cast<int *>(user); }, &released, &buffer));
  EXPECT_EQ(tsdk_buffer_ptr(buffer), memory);
  tsdk_retain(buffer);
  tsdk_release(buffer);
  EXPECT_EQ(released, 0);
  tsdk_release(buffer);
  EXPECT_EQ(released, 1);
}

TEST_F(ErrorTest, MemoryAndProperties) {
  tsdk_stream stream = nullptr;
  OK(tsdk_stream_create(device, 0, 0, &stream));
  tsdk_buffer buffer = nullptr;
  OK(tsdk_buffer_alloc(device, nullptr, 16, 0, &buffer));
  uint32_t words[4];
  OK(tsdk_set(stream, tsdk_buffer_ptr(buffer), 0x01020304, 4, 4));
  OK(tsdk_copy(stream, words, tsdk_buffer_ptr(buffer), 16));
  EXPECT_EQ(words[3], 0x01020304u);
  FAILS(tsdk_set(stream, words, 0, 3, 1), "INVALID_ARGUMENT: `width` is 3");
  FAILS(tsdk_copy(stream, nullptr, words, 4), "INVALID_ARGUMENT: `to` is null");
  tsdk_buffer huge = nullptr;
  FAILS(tsdk_buffer_alloc(device, nullptr, size_t(1) << 50, 0, &huge),
        "RESOURCE_EXHAUSTED: fake:0: allocation: too much");
  FAILS(tsdk_buffer_alloc(device, nullptr, 16, 8, &huge),
        "UNIMPLEMENTED: `flags` has flags 0x8");
  FAILS(tsdk_buffer_alloc(device, nullptr, 16, TSDK_BUFFER_HOST, &huge),
        "UNSUPPORTED: fake:0: this driver has no host memory");
  tsdk_event event = nullptr;
  FAILS(tsdk_event_create(device, 0, &event),
        "UNSUPPORTED: fake:0: this driver has no events");
  char name[8];
  size_t size = 0;
  OK(tsdk_device_get(device, TSDK_DEVICE_NAME, nullptr, &size));
  EXPECT_EQ(size, 4u);
  OK(tsdk_device_get(device, TSDK_DEVICE_NAME, name, &size));
  EXPECT_EQ(std::string(name, size), "Fake");
  FAILS(tsdk_device_get(device, 99, name, &size),
        "UNIMPLEMENTED: fake:0: property: no such property");
  EXPECT_EQ(text(tsdk_device_uri(device)), "fake:0");
  EXPECT_EQ(text(tsdk_device_target(device)), "fake-1");
  EXPECT_EQ(tsdk_device_fingerprint(device).size, 64u);
  tsdk_release(buffer);
  tsdk_release(stream);
}

TEST_F(ErrorTest, DevicesByName) {
  tsdk_device other = nullptr;
  OK(tsdk_device_open(context, str("sham:1"), &other));
  EXPECT_EQ(text(tsdk_device_uri(other)), "fake:1");
  tsdk_release(other);
  FAILS(tsdk_device_open(context, str("fake:2"), &other),
        "NOT_FOUND: there is no device `fake:2`; plugin fake sees 2");
  FAILS(tsdk_device_open(context, str("fakr:0"), &other),
        "NOT_FOUND: there is no plugin `fakr` (did you mean `fake`?); loaded: "
        "fake");
  OK(tsdk_device_open(context, str("fake:fake-1:1"), &other));
  EXPECT_EQ(text(tsdk_device_uri(other)), "fake:1");
  tsdk_release(other);
  FAILS(tsdk_device_open(context, str("fake:x"), &other),
        "NOT_FOUND: there is no device `fake:x:0`; plugin fake sees 2 devices, "
        "0 of them of this target");
  FAILS(tsdk_device_open(context, str("fake:x:y"), &other),
        "INVALID_ARGUMENT: `fake:x:y` names no device");
  FAILS(tsdk_device_open(context, str(""), &other), "INVALID_ARGUMENT: ``");
  tsdk_blob blob = nullptr;
  OK(tsdk_devices_list(context, &blob));
  EXPECT_NE(take(blob).find("\"uri\":\"fake:1\""), std::string::npos);
}

TEST_F(ErrorTest, TargetsAreListedAndDescribed) {
  tsdk_blob blob = nullptr;
  OK(tsdk_targets_list(context, &blob));
  EXPECT_NE(take(blob).find("\"execution\":\"plugin-compiler\""),
            std::string::npos);
  OK(tsdk_target_describe(context, str("fake-1"), &blob));
  std::string json = take(blob);
  EXPECT_NE(json.find("tl.extra.fake.twist"), std::string::npos);
  EXPECT_NE(json.find("\"vector_bytes\":32"), std::string::npos);
  FAILS(tsdk_target_describe(context, str("nope"), &blob), "NOT_FOUND: ");
  OK(tsdk_context_describe(context, &blob));
  json = take(blob);
  EXPECT_TRUE(tilesdk::runtime::parseJson(json));
  EXPECT_NE(json.find("TILESDK_CACHE_DIR"), std::string::npos);
}

TEST_F(ErrorTest, SettingsAreChecked) {
  auto create = [&](const char *name, const char *value) {
    tsdk_option option = {str(name), str(value)};
    tsdk_context_desc in = {};
    in.struct_size = sizeof(in);
    in.options = &option;
    in.num_options = 1;
    tsdk_context other = nullptr;
    std::string result = take(tsdk_context_create(&in, &other));
    tsdk_release(other);
    return result;
  };
  EXPECT_EQ(create("cache", "off").substr(0, 40),
            "INVALID_ARGUMENT: setting `cache` is `of");
  EXPECT_EQ(create("cache_dri", ""),
            "NOT_FOUND: there is no setting `cache_dri` (did you mean "
            "`cache_dir`?)");
  EXPECT_EQ(create("build_threads", "2"), "");
  setenv("TILESDK_CACHE_MAX_BYTES", "many", 1);
  EXPECT_EQ(create("cache", "1"),
            "INVALID_ARGUMENT: setting `cache_max_bytes` is `many` (from the "
            "environment): expected a number that is not negative");
  unsetenv("TILESDK_CACHE_MAX_BYTES");
}

TEST_F(ErrorTest, ExplainsDiagnostics) {
  tsdk_blob blob = nullptr;
  OK(tsdk_diagnostic_explain(context, 101, &blob));
  EXPECT_EQ(take(blob), "why 101");
  FAILS(tsdk_diagnostic_explain(context, 102, &blob),
        "NOT_FOUND: there is no diagnostic number 102");
}

} // namespace
