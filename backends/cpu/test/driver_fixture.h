//===- driver_fixture.h - A host and an open device for tests ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/module.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <mutex>

extern "C" tsdk_code tsdk_plugin_query(uint32_t hostMaxAbi,
                                       const tsdk_host *host,
                                       const tsdk_plugin **out);

/// The host's error object; the plugin only passes it on.
struct tsdk_error_s {
  tsdk_code code;
  std::string message;
};

namespace tilesdk::cpu {

/// Records what the plugin logs.
class TestHost {
public:
  TestHost() {
    table.struct_size = sizeof table;
    table.abi = TSDK_PLUGIN_ABI;
    table.self = this;
    table.alloc = [](void *, size_t size, size_t align) {
      return aligned_alloc(align, (size + align - 1) / align * align);
    };
    table.free = [](void *, void *memory) { free(memory); };
    table.log = [](void *self, int32_t level, tsdk_str text) {
      auto &host = *static_cast<TestHost *>(self);
      std::lock_guard guard(host.mutex);
      (level == TSDK_LOG_PRINT ? host.printed : host.logged)
          .append(text.data, text.size);
    };
    table.error = [](void *, tsdk_code code, int64_t, tsdk_str text) {
      return new tsdk_error_s{code, std::string(text.data, text.size)};
    };
    table.error_free = [](void *, tsdk_error error) { delete error; };
  }

  tsdk_host table = {};
  std::mutex mutex;
  std::string printed, logged;
};

/// What a driver call came to; owns the error.
struct Outcome {
  Outcome(tsdk_error error)
      : code(error ? error->code : TSDK_OK),
        message(error ? error->message : "") {
    delete error;
  }
  tsdk_code code;
  std::string message;
};

inline std::ostream &operator<<(std::ostream &out, const Outcome &outcome) {
  return out << outcome.code << " " << outcome.message;
}

#define EXPECT_DONE(call)                                                      \
  do {                                                                         \
    Outcome outcome(call);                                                     \
    EXPECT_EQ(outcome.code, TSDK_OK) << outcome.message;                       \
  } while (0)

/// A plugin with cpu:0 open on a given number of threads. Kernels are functions
/// of the test, so that the sanitizers see into them.
class DriverTest : public testing::Test {
protected:
  explicit DriverTest(unsigned threads = 2) {
    setenv("TILESDK_CPU_THREADS", std::to_string(threads).c_str(), 1);
    EXPECT_EQ(tsdk_plugin_query(TSDK_PLUGIN_ABI, &host.table, &plugin),
              TSDK_OK);
    driver = plugin->driver;
    self = driver->self;
    EXPECT_DONE(driver->device_open(self, 0, &device));
    unsetenv("TILESDK_CPU_THREADS");
  }
  ~DriverTest() override {
    for (Module *module : modules)
      module->release();
    driver->device_close(self, device);
    plugin->shutdown(plugin->self);
  }

  Function *makeFunction(tsdk_tile_kernel entry,
                         std::vector<uint32_t> paramBytes,
                         uint64_t scratchBytes = 0,
                         const char *symbol = "kernel") {
    auto *module = new Module();
    modules.push_back(module);
    Function &function = module->functions.emplace_back(*module);
    function.symbol = symbol;
    function.entry = entry;
    function.paramBytes = std::move(paramBytes);
    function.scratchBytes = scratchBytes;
    return &function;
  }

  /// Launches with the addresses of \p params as values.
  template <typename... Params>
  tsdk_error launch(Function *function, uint64_t stream, uint32_t x, uint32_t y,
                    uint32_t z, const tsdk_launch_attr *attr,
                    const Params &...params) {
    const void *pointers[] = {&params..., nullptr};
    tsdk_driver_launch launch = {};
    launch.struct_size = sizeof launch;
    launch.num_params = sizeof...(params);
    launch.grid[0] = x;
    launch.grid[1] = y;
    launch.grid[2] = z;
    launch.stream = stream;
    launch.params = const_cast<void *const *>(pointers);
    launch.attrs = attr;
    launch.num_attrs = attr ? 1 : 0;
    return driver->launch(self, device, function, &launch);
  }

  template <typename... Params>
  tsdk_error launch1(Function *function, uint64_t stream, uint32_t programs,
                     const Params &...params) {
    return launch(function, stream, programs, 1, 1, nullptr, params...);
  }

  tsdk_error sync(uint64_t stream) {
    return driver->stream_sync(self, device, stream);
  }
  uint64_t newStream(int32_t priority = 0) {
    uint64_t stream = 0;
    EXPECT_DONE(driver->stream_create(self, device, priority, &stream));
    return stream;
  }
  void destroy(uint64_t stream) {
    driver->stream_destroy(self, device, stream);
  }
  uint64_t newEvent() {
    uint64_t event = 0;
    EXPECT_DONE(driver->event_create(self, device, &event));
    return event;
  }

  static std::vector<char> readObject(const std::string &name) {
    std::ifstream file(std::string(TILESDK_CPU_TEST_OBJECTS) + "/" + name,
                       std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static tsdk_launch_attr cooperative() {
    tsdk_launch_attr attr = {};
    attr.id = TSDK_LAUNCH_COOPERATIVE;
    attr.flags = 1;
    attr.v[0] = 1;
    return attr;
  }

  TestHost host;
  const tsdk_plugin *plugin = nullptr;
  const tsdk_driver *driver = nullptr;
  void *self = nullptr;
  void *device = nullptr;
  std::vector<Module *> modules;
};

/// The value of parameter \p i.
template <typename T> T param(void *const *params, int i) {
  T value;
  memcpy(&value, params[i], sizeof value);
  return value;
}

} // namespace tilesdk::cpu
