//===- driver_bench.cpp - Cost of launches on the CPU -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints, as JSON, what the driver itself costs: putting a launch into a busy
// stream, a launch with its wait, a program of an empty grid, an event. Medians
// of 20 rounds; `spread` is the distance of the quartiles over the median.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/module.h"
#include "backends/cpu/sync.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>

extern "C" tsdk_code tsdk_plugin_query(uint32_t hostMaxAbi,
                                       const tsdk_host *host,
                                       const tsdk_plugin **out);

using namespace tilesdk::cpu;

namespace {

tsdk_error hostError(void *, tsdk_code code, int64_t, tsdk_str text) {
  fprintf(stderr, "error %d: %.*s\n", code, static_cast<int>(text.size),
          text.data);
  exit(1);
}

void hostLog(void *, int32_t, tsdk_str text) {
  fprintf(stderr, "%.*s\n", static_cast<int>(text.size), text.data);
}

struct Bench {
  const tsdk_driver *driver;
  void *device;

  void launch(Function &function, void *const *params, uint32_t programs) {
    tsdk_driver_launch launch = {};
    launch.struct_size = sizeof launch;
    launch.num_params = static_cast<uint32_t>(function.paramBytes.size());
    launch.grid[0] = programs;
    launch.grid[1] = launch.grid[2] = 1;
    launch.params = params;
    driver->launch(driver->self, device, &function, &launch);
  }
  void sync() { driver->stream_sync(driver->self, device, 0); }

  /// Runs \p round, which returns nanoseconds for one unit, and prints.
  void report(const char *name, const std::function<double()> &round,
              bool last = false) {
    double values[20];
    round();
    for (double &value : values)
      value = round();
    std::sort(std::begin(values), std::end(values));
    printf("  {\"name\": \"%s\", \"value\": %.1f, \"unit\": \"ns\", "
           "\"spread\": %.3f}%s\n",
           name, values[10], (values[15] - values[5]) / values[10],
           last ? "" : ",");
  }
};

void emptyKernel(void *const *, const tsdk_tile_program *, void *) {}

void holdKernel(void *const *params, const tsdk_tile_program *program, void *) {
  auto &go = **static_cast<std::atomic<bool> **>(params[0]);
  while (!go.load(std::memory_order_acquire))
    program->yield(program->yield_state);
}

} // namespace

int main() {
  tsdk_host host = {};
  host.struct_size = sizeof host;
  host.error = hostError;
  host.log = hostLog;
  const tsdk_plugin *plugin = nullptr;
  if (tsdk_plugin_query(TSDK_PLUGIN_ABI, &host, &plugin) != TSDK_OK)
    return 1;
  Bench bench{plugin->driver, nullptr};
  bench.driver->device_open(bench.driver->self, 0, &bench.device);

  Module module;
  Function empty(module), hold(module);
  empty.entry = emptyKernel;
  empty.paramBytes = {8, 8, 8, 4};
  hold.entry = holdKernel;
  hold.paramBytes = {8};
  uint64_t values[4] = {};
  void *params[4] = {&values[0], &values[1], &values[2], &values[3]};
  std::atomic<bool> go{false};
  std::atomic<bool> *goPointer = &go;
  void *holdParams[] = {static_cast<void *>(&goPointer)};

  constexpr int launches = 1000;
  printf("[\n");
  auto enqueueMany = [&] {
    uint64_t start = nowNs();
    for (int i = 0; i < launches; ++i)
      bench.launch(empty, params, 1);
    uint64_t end = nowNs();
    bench.sync();
    return double(end - start) / launches;
  };
  // The stream is held up, so nothing but the enqueue is measured.
  bench.report("cpu/enqueue, stream held", [&] {
    go.store(false);
    bench.launch(hold, holdParams, 1);
    uint64_t start = nowNs();
    for (int i = 0; i < launches; ++i)
      bench.launch(empty, params, 1);
    uint64_t end = nowNs();
    go.store(true);
    bench.sync();
    return double(end - start) / launches;
  });
  bench.report("cpu/enqueue, launches draining", enqueueMany);
  bench.report("cpu/launch drained, 1 program", [&] {
    uint64_t start = nowNs();
    for (int i = 0; i < launches; ++i)
      bench.launch(empty, params, 1);
    bench.sync();
    return double(nowNs() - start) / launches;
  });
  bench.report("cpu/launch and wait, 1 program", [&] {
    uint64_t start = nowNs();
    for (int i = 0; i < launches; ++i) {
      bench.launch(empty, params, 1);
      bench.sync();
    }
    return double(nowNs() - start) / launches;
  });
  for (uint32_t programs : {256u, 65'536u, 4'194'304u}) {
    char name[64];
    snprintf(name, sizeof name, "cpu/program of an empty grid of %u", programs);
    bench.report(name, [&] {
      uint64_t start = nowNs();
      bench.launch(empty, params, programs);
      bench.sync();
      return double(nowNs() - start) / programs;
    });
  }
  uint64_t event = 0;
  bench.driver->event_create(bench.driver->self, bench.device, &event);
  bench.report(
      "cpu/event record, idle stream",
      [&] {
        uint64_t start = nowNs();
        for (int i = 0; i < launches; ++i)
          bench.driver->event_record(bench.driver->self, bench.device, event,
                                     0);
        return double(nowNs() - start) / launches;
      },
      /*last=*/true);
  printf("]\n");
  bench.driver->event_destroy(bench.driver->self, bench.device, event);
  bench.driver->device_close(bench.driver->self, bench.device);
  plugin->shutdown(plugin->self);
  return 0;
}
