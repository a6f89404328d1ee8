//===- hip_test.cpp - The AMD driver on a real HIP runtime ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// libamdhip64 of Debian 12 on the fake HSA runtime: what the end-to-end table
// does not reach. Kernels are built for the GPU and for the simulator. Other
// releases and targets by runtimes.py: FAKE_HSA_VERSION is the version of code
// objects, FAKE_HSA_ARCHITECTURE the target.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/driver.h"
#include "backends/amd/test/outcome.h"
#include "tests/fake_hsa/fake_hsa.h"
#include "tilesdk/tilesdk.h"

#include <algorithm>
#include <atomic>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <numeric>
#include <optional>

namespace tilesdk::amd {

namespace {

constexpr const char *Source = R"(
import triton
import triton.language as tl

@triton.jit
def scale(x, out, n, factor, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + at, tl.load(x + at, mask=at < n) * factor, mask=at < n)
)";
constexpr uint32_t Block = 256;

std::string textOf(tsdk_bytes bytes) {
  return std::string(static_cast<const char *>(bytes.data), bytes.size);
}

/// The kernel's object for a target.
std::string build(const std::string &target, const std::string &version) {
  auto require = [](tsdk_error error) {
    if (error)
      ADD_FAILURE() << std::string(tsdk_error_message(error).data,
                                   tsdk_error_message(error).size);
  };
  tsdk_option settings[] = {
      {str("cache"), str("0")},
      {str("plugin_path"), str(TILESDK_BINARY_DIR "/lib")}};
  tsdk_context_desc contextDesc = {};
  contextDesc.struct_size = sizeof contextDesc;
  contextDesc.options = settings;
  contextDesc.num_options = 2;
  tsdk_context context = nullptr;
  require(tsdk_context_create(&contextDesc, &context));
  tsdk_program_desc programDesc = {};
  programDesc.struct_size = sizeof programDesc;
  programDesc.source = str(Source);
  tsdk_program program = nullptr;
  require(tsdk_program_create(context, &programDesc, &program, nullptr));
  tsdk_kernel kernel = nullptr;
  require(tsdk_kernel_get(program, str("scale"), &kernel));
  tsdk_option option = {str("code_object_version"), str(version.c_str())};
  tsdk_variant_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.signature = str("*f32:16,*f32:16,i32,f32,256");
  desc.target = str(target.c_str());
  desc.options = &option;
  desc.num_options = version.empty() ? 0 : 1;
  tsdk_variant variant = nullptr;
  require(tsdk_variant_build(kernel, &desc, &variant));
  tsdk_blob blob = nullptr;
  require(tsdk_variant_artifact(variant, str("object"), &blob));
  std::string object = textOf(tsdk_blob_bytes(blob));
  for (void *handle :
       {static_cast<void *>(blob), static_cast<void *>(variant),
        static_cast<void *>(kernel), static_cast<void *>(program),
        static_cast<void *>(context)})
    tsdk_release(handle);
  return object;
}

/// Debian 12's HIP, which takes version 4 alone.
bool isOldest() { return !getenv("FAKE_HSA_VERSION"); }
std::string version() {
  const char *version = getenv("FAKE_HSA_VERSION");
  return version ? version : "4";
}
std::string architecture() {
  const char *name = getenv("FAKE_HSA_ARCHITECTURE");
  return name ? name : "gfx90a";
}
/// Four waves, of 32 lanes on RDNA.
uint32_t threads() { return architecture().starts_with("gfx1") ? 128 : 256; }
constexpr uint32_t ParamBytes[] = {8, 8, 4, 4};

class RealHip : public testing::Test {
protected:
  static void SetUpTestSuite() {
    object = new std::string(build(architecture(), version()));
    std::string twin = build("sim:" + architecture(), "");
    fake_hsa_twin given = {};
    given.object = object->data();
    given.object_size = object->size();
    given.twin = twin.data();
    given.twin_size = twin.size();
    given.symbol = "scale";
    given.threads = threads();
    given.param_bytes = ParamBytes;
    given.num_params = given.num_twin_params = 4;
    ASSERT_EQ(fake_hsa_register(&given, TILESDK_BINARY_DIR "/lib"), 0)
        << fake_hsa_problems();
  }

  RealHip() {
    own.host.struct_size = sizeof own.host;
    own.host.error = makeOutcome;
    makeDriver(own);
    driver = &own.driver;
    self = driver->self;
    EXPECT_DONE(driver->device_open(self, 0, &device));
  }
  ~RealHip() override {
    driver->device_close(self, device);
    EXPECT_STREQ(fake_hsa_problems(), "");
  }

  tsdk_error load(const std::string &code, void **out) {
    return driver->module_load(self, device, {code.data(), code.size()},
                               str("{}"), out);
  }
  tsdk_error get(const char *symbol, uint32_t shared = 0) {
    tsdk_function_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.threads = threads();
    desc.symbol = str(symbol);
    desc.shared_bytes = shared;
    desc.num_params = 4;
    desc.param_bytes = ParamBytes;
    return driver->function_get(self, device, module, &desc, &function);
  }
  void loadKernel() {
    ASSERT_EQ(Outcome(load(*object, &module)).message, "");
    ASSERT_EQ(Outcome(get("scale")).message, "");
  }
  tsdk_error launch(uint64_t stream, void *x, void *out, int32_t n,
                    float factor) {
    void *params[] = {&x, &out, &n, &factor};
    tsdk_driver_launch request = {};
    request.struct_size = sizeof request;
    request.num_params = 4;
    request.grid[0] = (uint32_t(n) + Block - 1) / Block;
    request.grid[1] = request.grid[2] = 1;
    request.stream = stream;
    request.params = params;
    return driver->launch(self, device, function, &request);
  }
  float *alloc(size_t count, uint64_t stream = 0) {
    void *memory = nullptr;
    EXPECT_DONE(driver->mem_alloc(self, device, stream, count * sizeof(float),
                                  0, &memory));
    return static_cast<float *>(memory);
  }
  void copy(uint64_t stream, void *to, const void *from, size_t count) {
    EXPECT_DONE(driver->mem_copy(self, device, stream, to, from,
                                 count * sizeof(float)));
  }
  void sync(uint64_t stream) {
    EXPECT_DONE(driver->stream_sync(self, device, stream));
  }
  uint64_t newStream(int32_t priority = 0) {
    uint64_t stream = 0;
    EXPECT_DONE(driver->stream_create(self, device, priority, &stream));
    return stream;
  }
  static std::vector<float> numbers(size_t count) {
    std::vector<float> list(count);
    std::iota(list.begin(), list.end(), 1.0f);
    return list;
  }

  static inline std::string *object = nullptr;
  DriverOwner own;
  const tsdk_driver *driver = nullptr;
  void *self = nullptr, *device = nullptr, *module = nullptr,
       *function = nullptr;
};

TEST_F(RealHip, DescribesTheDevice) {
  const tsdk_target *target = nullptr;
  EXPECT_DONE(driver->device_target(self, device, &target));
  EXPECT_EQ(view(target->name), architecture());
  char text[64] = {};
  size_t size = sizeof text;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_DRIVER_VERSION, text,
                                 &size));
  EXPECT_TRUE(
      std::string_view(text).starts_with(isOldest() ? "HIP 5.2." : "HIP "))
      << text;

  uint64_t bytes = 0;
  size = sizeof bytes;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_MEMORY_TOTAL, &bytes,
                                 &size));
  EXPECT_EQ(bytes, uint64_t{4} << 30);
  uint32_t units = 0;
  size = sizeof units;
  EXPECT_DONE(driver->device_get(self, device, TSDK_DEVICE_COMPUTE_UNITS,
                                 &units, &size));
  // HIP counts the pairs of compute units that RDNA joins.
  EXPECT_EQ(units, architecture().starts_with("gfx1") ? 4u : 8u);
}

TEST_F(RealHip, MemoryIsFilledCopiedAndKnown) {
  constexpr size_t count = 1000;
  float *memory = alloc(count);
  ASSERT_TRUE(memory);
  std::vector<uint32_t> seen(count);
  for (uint32_t width : {1u, 2u, 4u}) {
    EXPECT_DONE(driver->mem_set(self, device, 0, memory, 0x01020304, width,
                                count * 4 / width));
    copy(0, seen.data(), memory, count);
    sync(0);
    uint32_t expected = width == 1   ? 0x04040404
                        : width == 2 ? 0x03040304
                                     : 0x01020304;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), expected), long(count));
  }
  int32_t ordinal = -1;
  size_t size = sizeof ordinal;
  EXPECT_DONE(driver->pointer_get(self, memory + 5, TSDK_POINTER_ORDINAL,
                                  &ordinal, &size));
  EXPECT_EQ(size, sizeof ordinal);
  EXPECT_EQ(ordinal, 0);
  uint64_t bytes = 0;
  size = sizeof bytes;
  EXPECT_DONE(
      driver->pointer_get(self, memory + 5, TSDK_POINTER_BYTES, &bytes, &size));
  EXPECT_EQ(bytes, (count - 5) * 4);
  EXPECT_DONE(driver->mem_free(self, device, 0, memory));

  void *none = nullptr;
  Outcome outcome(
      driver->mem_alloc(self, device, 0, size_t{1} << 40, 0, &none));
  EXPECT_EQ(outcome.code, TSDK_E_RESOURCE_EXHAUSTED) << outcome.message;
}

TEST_F(RealHip, TellsWhoseMemoryItIs) {
  // Nothing where HIP does not know it.
  auto ordinalOf = [&](const void *at) -> std::optional<int32_t> {
    int32_t ordinal = -9;
    size_t size = sizeof ordinal;
    EXPECT_DONE(
        driver->pointer_get(self, at, TSDK_POINTER_ORDINAL, &ordinal, &size));
    return size ? std::optional(ordinal) : std::nullopt;
  };
  constexpr int32_t any = -1;
  constexpr size_t bytes = 4096;
  auto *memory = reinterpret_cast<char *>(alloc(bytes / sizeof(float)));
  EXPECT_EQ(ordinalOf(memory + 5), 0);
  std::vector<char> plain(bytes);
  EXPECT_EQ(ordinalOf(plain.data()), std::nullopt);
  void *pinned = nullptr;
  EXPECT_DONE(driver->host_alloc(self, device, bytes, &pinned));
  std::memset(pinned, 1, bytes);
  EXPECT_EQ(ordinalOf(pinned), any);
  driver->host_free(self, device, pinned);

  // What a framework registers or shares, by HIP itself.
  void *library = nullptr;
  for (const char *name :
       {"libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5"})
    if (!library)
      library = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
  ASSERT_TRUE(library);
  auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        dlsym(library, name));
    return function != nullptr;
  };
  int (*enter)(void *, size_t, unsigned);
  ASSERT_TRUE(find(enter, "hipHostRegister"));
  // For good: HIP 5.2 gives up where the device has the host's address for it.
  alignas(bytes) static char registered[bytes];
  EXPECT_EQ(ordinalOf(registered + 7), std::nullopt);
  ASSERT_EQ(enter(registered, bytes, 0), 0);
  EXPECT_EQ(ordinalOf(registered + 7), any);
  int (*allocShared)(void **, size_t, unsigned), (*freeShared)(void *);
  ASSERT_TRUE(find(allocShared, "hipMallocManaged"));
  ASSERT_TRUE(find(freeShared, "hipFree"));
  void *shared = nullptr;
  ASSERT_EQ(allocShared(&shared, bytes, 1), 0);
  EXPECT_EQ(ordinalOf(shared), any);
  ASSERT_EQ(freeShared(shared), 0);

  EXPECT_DONE(driver->mem_free(self, device, 0, memory));
  // Newer releases keep it in the stream's pool.
  if (isOldest())
    EXPECT_EQ(ordinalOf(memory + 5), std::nullopt) << "freed";
  uint32_t host = 9;
  size_t size = sizeof host;
  EXPECT_DONE(
      driver->device_get(self, device, TSDK_DEVICE_HOST_MEMORY, &host, &size));
  EXPECT_EQ(host, 0u);
}

TEST_F(RealHip, LaunchesInTheOrderOfStreamsAndEvents) {
  loadKernel();
  constexpr int count = 5000;
  std::vector<float> input = numbers(count), output(count);
  uint64_t first = newStream(), second = newStream(1), done = 0, from = 0;
  EXPECT_DONE(driver->event_create(self, device, &done));
  EXPECT_DONE(driver->event_create(self, device, &from));
  float *x = alloc(count, first), *y = alloc(count, first);
  copy(first, x, input.data(), count);
  EXPECT_DONE(driver->event_record(self, device, from, first));
  EXPECT_DONE(launch(first, x, y, count, 3));
  EXPECT_DONE(driver->event_record(self, device, done, first));
  // What the first stream makes, the second one goes on with.
  EXPECT_DONE(driver->event_wait(self, device, done, second));
  EXPECT_DONE(launch(second, y, x, count, 2));
  copy(second, output.data(), x, count);
  sync(second);
  for (int i = 0; i < count; ++i)
    ASSERT_EQ(output[i], 6 * input[i]) << i;
  EXPECT_DONE(driver->event_sync(self, device, done));
  tsdk_bool isDone = 0;
  EXPECT_DONE(driver->event_query(self, device, done, &isDone));
  EXPECT_TRUE(isDone);
  EXPECT_DONE(driver->stream_query(self, device, second, &isDone));
  EXPECT_TRUE(isDone);
  uint64_t nanoseconds = 0;
  EXPECT_DONE(driver->event_elapsed(self, device, from, done, &nanoseconds));
  EXPECT_GT(nanoseconds, 0u);
  EXPECT_DONE(driver->mem_free(self, device, second, x));
  EXPECT_DONE(driver->mem_free(self, device, second, y));
  for (uint64_t event : {from, done})
    driver->event_destroy(self, device, event);
  for (uint64_t stream : {first, second})
    driver->stream_destroy(self, device, stream);
  driver->module_unload(self, device, module);
}

TEST_F(RealHip, CallsTheHostBack) {
  loadKernel();
  uint64_t stream = newStream();
  float *x = alloc(Block), *y = alloc(Block);
  std::vector<float> input = numbers(Block);
  copy(stream, x, input.data(), Block);
  EXPECT_DONE(launch(stream, x, y, Block, 2));
  struct Seen {
    float *y;
    std::atomic<float> last{0};
  } seen{y};
  EXPECT_DONE(driver->stream_call(
      self, device, stream,
      [](void *at) {
        auto *seen = static_cast<Seen *>(at);
        seen->last = seen->y[Block - 1];
      },
      &seen));
  sync(stream);
  EXPECT_EQ(seen.last, 2 * input.back()) << "after the kernel";
  driver->stream_destroy(self, device, stream);
}

TEST_F(RealHip, CapturesAGraph) {
  loadKernel();
  constexpr int count = 700;
  std::vector<float> input = numbers(count), output(count);
  uint64_t stream = newStream();
  float *x = alloc(count), *y = alloc(count);
  copy(stream, x, input.data(), count);
  EXPECT_DONE(driver->mem_set(self, device, stream, y, 0, 4, count));
  sync(stream);
  unsigned long runs = fake_hsa_twin_runs();
  EXPECT_DONE(driver->capture_begin(self, device, stream));
  uint32_t state = 9;
  EXPECT_DONE(driver->capture_state(self, device, stream, &state));
  EXPECT_EQ(state, TSDK_CAPTURE_ACTIVE);
  Outcome launched(launch(stream, x, y, count, 2));
  float factor = 2;
  // HIP 5 would run it here and now, and leave it out of the graph.
  if (isOldest() || launched.code == TSDK_E_UNSUPPORTED) {
    EXPECT_EQ(launched.code, TSDK_E_UNSUPPORTED);
    EXPECT_TRUE(
        launched.says("cannot launch kernel 'scale' into a graph: HIP 5."))
        << launched.message;
    factor = 1;
    copy(stream, y, x, count);
  } else {
    EXPECT_EQ(launched.message, "");
  }
  void *graph = nullptr;
  EXPECT_DONE(driver->capture_end(self, device, stream, &graph));
  EXPECT_DONE(driver->capture_state(self, device, stream, &state));
  EXPECT_EQ(state, TSDK_CAPTURE_NONE);
  sync(stream);
  EXPECT_EQ(y[0], 0) << "recorded, not run";
  EXPECT_EQ(fake_hsa_twin_runs(), runs);
  EXPECT_DONE(driver->graph_launch(self, device, graph, stream));
  copy(stream, output.data(), y, count);
  sync(stream);
  for (int i = 0; i < count; ++i)
    ASSERT_EQ(output[i], factor * input[i]) << i;
  driver->graph_destroy(self, device, graph);
  driver->stream_destroy(self, device, stream);
}

TEST_F(RealHip, SaysWhatAFunctionNeeds) {
  loadKernel();
  auto info = [&](uint32_t which) {
    return functionInfo(*driver, device, function, which);
  };
  EXPECT_GT(info(TSDK_FUNCTION_REGISTERS), 0u);
  EXPECT_EQ(info(TSDK_FUNCTION_LOCAL_BYTES), 0u);
  EXPECT_EQ(info(TSDK_FUNCTION_SHARED_BYTES), 0u);
  EXPECT_GE(info(TSDK_FUNCTION_MAX_THREADS), threads());
  EXPECT_GT(info(TSDK_FUNCTION_OCCUPANCY), 0u);
}

TEST_F(RealHip, ErrorsSayWhatToDo) {
  loadKernel();
  void *other = nullptr;
  if (isOldest()) {
    Outcome newer(load(build(architecture(), "5"), &other));
    EXPECT_EQ(newer.code, TSDK_E_DRIVER);
    EXPECT_TRUE(newer.says("code object version 5; an older runtime takes what "
                           "the option code_object_version=4 gives"))
        << newer.message;
  }
  std::string another = architecture() == "gfx942" ? "gfx1100" : "gfx942";
  Outcome wrong(load(build(another, version()), &other));
  EXPECT_TRUE(wrong.says("cannot run code built for " + another))
      << wrong.message;
  Outcome missing(get("other"));
  EXPECT_EQ(missing.code, TSDK_E_DRIVER);
  EXPECT_EQ(missing.native, 500);
  EXPECT_TRUE(missing.says("cannot use kernel 'other'")) << missing.message;
  bool isLarge = architecture() == "gfx950";
  Outcome shared(get("scale", isLarge ? 163841 : 65537));
  EXPECT_TRUE(shared.says(architecture()) &&
              shared.says(isLarge ? " has 163840" : " has 65536"))
      << shared.message;
  EXPECT_DONE(driver->device_health(self, device));
}

} // namespace

} // namespace tilesdk::amd
