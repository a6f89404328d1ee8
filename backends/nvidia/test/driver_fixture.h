//===- driver_fixture.h - The driver on the stub, for tests -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/nvidia/cuda.h"
#include "tilesdk/tilesdk_plugin.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

extern "C" tsdk_code tsdk_plugin_query(uint32_t hostMaxAbi,
                                       const tsdk_host *host,
                                       const tsdk_plugin **out);

/// The host's error object; the plugin only passes it on.
struct tsdk_error_s {
  tsdk_code code;
  int64_t native;
  std::string message;
};

namespace tilesdk::nvidia {

/// What a driver call came to; owns the error.
struct Outcome {
  Outcome(tsdk_error error)
      : code(error ? error->code : TSDK_OK), native(error ? error->native : 0),
        message(error ? error->message : "") {
    delete error;
  }
  tsdk_code code;
  int64_t native;
  std::string message;
};

inline bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

#define EXPECT_DONE(call)                                                      \
  do {                                                                         \
    Outcome outcome(call);                                                     \
    EXPECT_EQ(outcome.code, TSDK_OK) << outcome.message;                       \
  } while (0)

/// The call fails with a code, and says something.
#define EXPECT_FAILS(call, expected, ...)                                      \
  do {                                                                         \
    Outcome outcome(call);                                                     \
    EXPECT_EQ(outcome.code, expected) << outcome.message;                      \
    for (const char *part : {__VA_ARGS__})                                     \
      EXPECT_TRUE(contains(outcome.message, part))                             \
          << "no \"" << part << "\" in: " << outcome.message;                  \
  } while (0)

/// The driver's library for this process, and what it is told to be.
class Stub {
public:
  explicit Stub(const char *file = TILESDK_TEST_STUB) {
    set("TILESDK_CUDA_LIBRARY", file);
    library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    EXPECT_TRUE(library) << dlerror();
    reset();
  }
  ~Stub() {
    for (const std::string &name : names)
      unsetenv(name.c_str());
    reset();
  }
  Stub(const Stub &) = delete;
  Stub &operator=(const Stub &) = delete;

  /// For this test.
  void set(const std::string &name, const std::string &value) {
    names.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }
  /// "STUB_CUDA_" + name, at once.
  void be(const std::string &name, const std::string &value) {
    set("STUB_CUDA_" + name, value);
    reset();
  }
  void fail(const std::string &what) { be("FAIL", what); }
  void reset() { function<void()>("stubReset")(); }
  std::string log() { return function<const char *()>("stubLog")(); }
  std::string live() { return function<const char *()>("stubLive")(); }
  int runs(const char *kernel) {
    return function<int(const char *)>("stubRuns")(kernel);
  }
  /// A function of the driver, for what somebody else does.
  template <typename F> F *other(const char *name) {
    return reinterpret_cast<F *>(
        function<void *(const char *)>("stubFind")(name));
  }
  int count(const std::string &call) {
    std::string text = log();
    int found = 0;
    for (size_t at = 0; (at = text.find(call, at)) != std::string::npos;
         at += call.size())
      ++found;
    return found;
  }

private:
  template <typename F> F *function(const char *name) {
    return reinterpret_cast<F *>(dlsym(library, name));
  }
  void *library = nullptr;
  std::vector<std::string> names;
};

/// One instance of the plugin.
class TestPlugin {
public:
  TestPlugin() {
    host.struct_size = sizeof host;
    host.abi = TSDK_PLUGIN_ABI;
    host.alloc = [](void *, size_t size, size_t align) {
      return aligned_alloc(align, (size + align - 1) / align * align);
    };
    host.free = [](void *, void *memory) { free(memory); };
    host.log = [](void *, int32_t, tsdk_str) {};
    host.error = [](void *, tsdk_code code, int64_t native, tsdk_str text) {
      return new tsdk_error_s{code, native, std::string(text.data, text.size)};
    };
    host.error_free = [](void *, tsdk_error error) { delete error; };
    EXPECT_EQ(tsdk_plugin_query(TSDK_PLUGIN_ABI, &host, &table), TSDK_OK);
    driver = table->driver;
    self = driver->self;
  }
  ~TestPlugin() { table->shutdown(table->self); }
  TestPlugin(const TestPlugin &) = delete;
  TestPlugin &operator=(const TestPlugin &) = delete;

  const tsdk_target *target(const std::string &name) const {
    for (size_t i = 0; i < table->target_count(table->self); ++i) {
      const tsdk_target *target = table->target_get(table->self, i);
      if (std::string(target->name.data, target->name.size) == name)
        return target;
    }
    return nullptr;
  }

  tsdk_host host = {};
  const tsdk_plugin *table = nullptr;
  const tsdk_driver *driver = nullptr;
  void *self = nullptr;
};

inline std::string assemblyOf(const std::string &kernel,
                              const std::string &target = "sm_90a") {
  return ".version 8.0\n.target " + target + "\n.visible .entry " + kernel +
         "() { ret; }\n";
}

/// nvidia:0 open on the stub. What a test makes it has to destroy.
class DriverTest : public testing::Test {
protected:
  void open(uint32_t ordinal = 0) {
    EXPECT_DONE(driver->device_open(self, ordinal, &device));
  }
  void close() {
    if (device)
      driver->device_close(self, device);
    device = nullptr;
  }
  void SetUp() override { open(); }
  void TearDown() override {
    close();
    EXPECT_EQ(stub.live(), "");
  }

  tsdk_error load(const std::string &text, void **module) {
    return driver->module_load(self, device, {text.c_str(), text.size() + 1},
                               {"", 0}, module);
  }
  tsdk_error get(void *module, const char *symbol, void **function,
                 uint32_t threads = 128, uint32_t shared = 0) {
    static const uint32_t bytes[] = {8, 4};
    tsdk_function_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.symbol = {symbol, strlen(symbol)};
    desc.threads = threads;
    desc.shared_bytes = shared;
    desc.num_params = 2;
    desc.param_bytes = bytes;
    return driver->function_get(self, device, module, &desc, function);
  }
  /// A kernel with two parameters, loaded.
  void *kernel(const char *name, uint32_t threads = 128, uint32_t shared = 0) {
    void *function = nullptr;
    EXPECT_DONE(load(assemblyOf(name), &modules[name]));
    EXPECT_DONE(get(modules[name], name, &function, threads, shared));
    return function;
  }
  void unload() {
    for (auto &[name, module] : modules)
      driver->module_unload(self, device, module);
    modules.clear();
  }
  tsdk_error launch(void *function, uint64_t stream = 0, uint32_t x = 1,
                    uint32_t y = 1, uint32_t z = 1,
                    std::vector<tsdk_launch_attr> attrs = {}) {
    uint64_t pointer = 0;
    uint32_t number = 0;
    void *params[] = {&pointer, &number};
    tsdk_driver_launch launch = {};
    launch.struct_size = sizeof launch;
    launch.num_params = 2;
    launch.params = params;
    launch.grid[0] = x;
    launch.grid[1] = y;
    launch.grid[2] = z;
    launch.stream = stream;
    launch.attrs = attrs.data();
    launch.num_attrs = static_cast<uint32_t>(attrs.size());
    return driver->launch(self, device, function, &launch);
  }
  uint64_t newStream(int32_t priority = 0) {
    uint64_t stream = 0;
    EXPECT_DONE(driver->stream_create(self, device, priority, &stream));
    return stream;
  }

  Stub stub;
  TestPlugin plugin;
  const tsdk_driver *driver = plugin.driver;
  void *self = plugin.self;
  void *device = nullptr;
  std::map<std::string, void *> modules;
};

} // namespace tilesdk::nvidia
