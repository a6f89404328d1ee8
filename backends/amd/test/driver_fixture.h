//===- driver_fixture.h - The AMD driver on a stub of HIP -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/amd/driver.h"
#include "backends/amd/hip.h"
#include "backends/amd/test/hip_stub.h"
#include "backends/amd/test/outcome.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace tilesdk::amd {

using stub::state;

/// The head of a code object, of version 5 and gfx90a unless told.
inline std::vector<unsigned char> codeObject(unsigned version = 5,
                                             unsigned machine = 0x3f) {
  std::vector<unsigned char> bytes(256);
  std::memcpy(bytes.data(),
              "\x7f"
              "ELF\2\1\1",
              7);
  bytes[7] = 64;
  bytes[8] = static_cast<unsigned char>(version - 2);
  bytes[18] = 224;
  bytes[48] = static_cast<unsigned char>(machine);
  return bytes;
}

class AmdDriver : public testing::Test {
protected:
  AmdDriver() {
    state() = stub::State();
    own.host.struct_size = sizeof own.host;
    own.host.error = makeOutcome;
    makeDriver(own);
    driver = &own.driver;
    self = driver->self;
  }
  ~AmdDriver() override {
    if (!device)
      return;
    if (module)
      driver->module_unload(self, device, module);
    driver->device_close(self, device);
  }

  void open(uint32_t ordinal = 0) {
    EXPECT_DONE(driver->device_open(self, ordinal, &device));
    ASSERT_TRUE(device);
  }
  void load() {
    std::vector<unsigned char> code = codeObject();
    EXPECT_DONE(driver->module_load(self, device, {code.data(), code.size()},
                                    str("{}"), &module));
    EXPECT_DONE(get(128, 4096));
  }
  tsdk_error get(uint32_t threads, uint32_t shared) {
    static const uint32_t bytes[] = {8, 4};
    tsdk_function_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.threads = threads;
    desc.symbol = str("add");
    desc.shared_bytes = shared;
    desc.num_params = 2;
    desc.param_bytes = bytes;
    return driver->function_get(self, device, module, &desc, &function);
  }
  tsdk_error launch(uint32_t x, uint32_t numParams = 2,
                    const tsdk_launch_attr *attr = nullptr) {
    int32_t count = 7;
    void *values[] = {&pointer, &count};
    tsdk_driver_launch request = {};
    request.struct_size = sizeof request;
    request.num_params = numParams;
    request.grid[0] = x;
    request.grid[1] = 2;
    request.grid[2] = 3;
    request.attrs = attr;
    request.num_attrs = attr ? 1 : 0;
    request.stream = 0x70;
    request.params = values;
    return driver->launch(self, device, function, &request);
  }
  static size_t calls(const char *name) {
    return std::count(state().calls.begin(), state().calls.end(), name);
  }
  template <typename T> T property(uint32_t which) {
    T value = 0;
    size_t size = sizeof value;
    EXPECT_DONE(driver->device_get(self, device, which, &value, &size));
    return value;
  }

  DriverOwner own;
  const tsdk_driver *driver = nullptr;
  void *self = nullptr, *device = nullptr, *module = nullptr,
       *function = nullptr;
  void *pointer = &pointer;
};

} // namespace tilesdk::amd
