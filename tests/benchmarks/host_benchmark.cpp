//===- host_benchmark.cpp - What compiling and launching cost the host ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints a JSON list of {name, value, unit, peer, ratio, spread} on stdout.
// Method: docs/benchmarks.md. `--child` is this program's own new process that
// loads a kernel from the disk cache; `--compile` measures compiling only.
//
//===----------------------------------------------------------------------===//

#include "tests/benchmarks/host_common.h"

#include <cstring>
#include <unistd.h>

using namespace benchmarks;

namespace {

/// For a device, or where that is null for a target with eight warps.
tsdk_variant build(tsdk_kernel kernel, tsdk_device device,
                   const char *signature, const char *target = nullptr) {
  tsdk_option warps = {tsdk_make_str("num_warps"), tsdk_make_str("8")};
  tsdk_variant_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.signature = tsdk_make_str(signature);
  desc.device = device;
  if (!device) {
    desc.target = tsdk_make_str(target);
    desc.options = &warps;
    desc.num_options = 1;
  }
  tsdk_variant variant = nullptr;
  check(tsdk_variant_build(kernel, &desc, &variant));
  return variant;
}

/// What the variant says of its build, on stderr: the times of its passes.
void printInfo(tsdk_variant variant) {
  tsdk_blob blob = nullptr;
  check(tsdk_variant_info(variant, &blob));
  tsdk_bytes text = tsdk_blob_bytes(blob);
  std::fwrite(text.data, 1, text.size, stderr);
  std::fputc('\n', stderr);
  tsdk_release(blob);
}

/// Source text to runnable code of the CPU, or to assembly of \p target; warm
/// process, disk cache off.
void compileTimes(const std::string &name, const char *source,
                  const char *signature, double goal,
                  const char *target = nullptr) {
  tsdk_context context = openContext("0");
  tsdk_device device = nullptr;
  if (!target)
    check(tsdk_device_open(context, tsdk_make_str("cpu:0"), &device));
  std::vector<double> cpu, wall;
  for (int i = 0; i < 23; ++i) {
    // Another text each time, or the program would come from memory.
    std::string text = std::string(source) + "# " + std::to_string(i) + "\n";
    double cpuStart = now(CLOCK_PROCESS_CPUTIME_ID);
    double wallStart = now(CLOCK_MONOTONIC);
    tsdk_kernel kernel = parse(context, text);
    tsdk_variant variant = build(kernel, device, signature, target);
    // The first three open the compiler and fill its caches.
    if (i >= 3) {
      cpu.push_back(now(CLOCK_PROCESS_CPUTIME_ID) - cpuStart);
      wall.push_back(now(CLOCK_MONOTONIC) - wallStart);
      if (std::getenv("TILESDK_BENCHMARK_INFO"))
        printInfo(variant);
    }
    tsdk_release(variant);
    tsdk_release(kernel);
  }
  report("cold compile " + name + ", CPU time", cpu, 1e3, "ms", goal);
  report("cold compile " + name + ", wall", wall, 1e3, "ms", goal);
  if (device)
    tsdk_release(device);
  tsdk_release(context);
}

/// Source to PTX.
void gpuCompileTimes() {
  const char *const add = "*f32:16,*f32:16,*f32:16,i32:16,1024";
  const char *const matmul =
      "*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,i32:16,i32:16,i32:16,"
      "128,256,64";
  for (const char *target : {"sm_80", "sm_90a"}) {
    std::string at = std::string(" ") + target;
    compileTimes("add" + at, addSource, add, 40, target);
    compileTimes("f16 matmul 128x256x64" + at, matmulSource, matmul, 200,
                 target);
  }
}

void launchTimes() {
  tsdk_context context = openContext("0");
  tsdk_device device = nullptr;
  tsdk_stream stream = nullptr;
  check(tsdk_device_open(context, tsdk_make_str("cpu:0"), &device));
  check(tsdk_stream_create(device, 0, 0, &stream));
  tsdk_kernel kernel = parse(context, addSource);

  const int64_t large = 64 << 20;
  std::vector<float> x(large, 1.0f), y(large, 2.0f), z(large, 0.0f);
  tsdk_arg args[5] = {tsdk_make_ptr(TSDK_F32, x.data()),
                      tsdk_make_ptr(TSDK_F32, y.data()),
                      tsdk_make_ptr(TSDK_F32, z.data()), tsdk_make_int(large),
                      tsdk_make_int(1024)};
  // The launch that keeps the stream busy leaves a core to this thread.
  tsdk_launch_attr oneThread = {TSDK_LAUNCH_MAX_THREADS, 0, {1}};
  tsdk_launch_desc busy = {};
  busy.struct_size = sizeof busy;
  busy.grid[0] = static_cast<uint32_t>(large / 1024);
  busy.grid[1] = busy.grid[2] = 1;
  busy.stream = stream;
  busy.attrs = &oneThread;
  busy.num_attrs = 1;
  tsdk_launch_desc small = {};
  small.struct_size = sizeof small;
  small.grid[0] = small.grid[1] = small.grid[2] = 1;
  small.stream = stream;
  tsdk_arg smallArgs[5];
  std::memcpy(smallArgs, args, sizeof args);
  smallArgs[3] = tsdk_make_int(1008);

  std::vector<double> enqueue, roundTrip;
  for (int round = 0; round < 22; ++round) {
    check(tsdk_kernel_launch(kernel, device, &busy, args, 5));
    check(tsdk_kernel_launch(kernel, device, &small, smallArgs, 5));
    double start = now(CLOCK_MONOTONIC);
    for (int i = 0; i < 1000; ++i)
      check(tsdk_kernel_launch(kernel, device, &small, smallArgs, 5));
    double seconds = (now(CLOCK_MONOTONIC) - start) / 1000;
    tsdk_bool done = 0;
    check(tsdk_stream_query(stream, &done));
    check(tsdk_stream_sync(stream));
    // A stream that ran dry would have measured the kernels too.
    if (done)
      std::fprintf(stderr, "note: the stream was not busy in a round\n");
    else if (round >= 2)
      enqueue.push_back(seconds);
    start = now(CLOCK_MONOTONIC);
    for (int i = 0; i < 100; ++i) {
      check(tsdk_kernel_launch(kernel, device, &small, smallArgs, 5));
      check(tsdk_stream_sync(stream));
    }
    roundTrip.push_back((now(CLOCK_MONOTONIC) - start) / 100);
  }
  if (z[0] != 3.0f || z[large - 1] != 3.0f || enqueue.empty()) {
    std::fprintf(stderr, "error: wrong result, or no busy round\n");
    std::exit(1);
  }
  report("typed launch, 5 arguments, enqueue only", enqueue, 1e6, "us", 1);
  report("typed launch and synchronisation", roundTrip, 1e6, "us", 20);
  tsdk_release(kernel);
  tsdk_release(stream);
  tsdk_release(device);
  tsdk_release(context);
}

const char *const addSignature = "*f32:16,*f32:16,*f32:16,i32:16,4096";
const char *const matmulSignature =
    "*f32:16,*f32:16,*f32:16,i32:16,i32:16,i32:16,i32:16,i32:16,i32:16,"
    "128,128,64";

/// In a new process: from the open device to code that can run.
int child(const char *which) {
  bool matmul = !std::strcmp(which, "matmul");
  tsdk_context context = openContext("1");
  tsdk_device device = nullptr;
  check(tsdk_device_open(context, tsdk_make_str("cpu:0"), &device));
  double start = now(CLOCK_MONOTONIC);
  tsdk_kernel kernel = parse(context, matmul ? matmulSource : addSource);
  tsdk_variant variant =
      build(kernel, device, matmul ? matmulSignature : addSignature);
  // An empty problem: the launch loads the module and touches no data.
  static float nothing[16];
  void *pointer = nothing;
  int32_t zero = 0;
  void *params[9] = {&pointer, &pointer, &pointer, &zero, &zero,
                     &zero,    &zero,    &zero,    &zero};
  tsdk_launch_desc launch = {};
  launch.struct_size = sizeof launch;
  launch.grid[0] = launch.grid[1] = launch.grid[2] = 1;
  check(tsdk_variant_launch(variant, device, &launch, params, matmul ? 9 : 4));
  std::printf("%.9f\n", now(CLOCK_MONOTONIC) - start);
  return 0;
}

void loadTimes(const char *program, const char *which) {
  std::string command = std::string(program) + " --child " + which;
  // The first one compiles and fills the cache.
  std::vector<double> samples = secondsOfRuns(command, 2, 20);
  report(std::string("load from disk cache in a new process, ") + which,
         samples, 1e3, "ms", 5);
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 3 && !std::strcmp(argv[1], "--child"))
    return child(argv[2]);
  bool compileOnly = argc == 2 && !std::strcmp(argv[1], "--compile");
  if (argc > 1 && !compileOnly) {
    std::fprintf(stderr, "usage: %s [--compile]\n", argv[0]);
    return 2;
  }
  OwnCache cache;
  compileTimes("add", addSource, addSignature, 30);
  compileTimes("matmul", matmulSource, matmulSignature, 150);
  gpuCompileTimes();
  if (!compileOnly) {
    launchTimes();
    loadTimes(argv[0], "add");
    loadTimes(argv[0], "matmul");
  }
  printRows();
  return 0;
}
