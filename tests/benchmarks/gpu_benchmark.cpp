//===- gpu_benchmark.cpp - What a GPU's kernels cost ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   benchmark_gpu launch            typed launches beside cuLaunchKernel
//   benchmark_gpu compile SAMPLES   source text to a loaded module, and from
//                                   the disk cache in a new process
//
// Prints a JSON list of rows on stdout.
//
//===----------------------------------------------------------------------===//

#include "tests/benchmarks/gpu_driver.h"
#include "tests/benchmarks/host_common.h"

#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace benchmarks;

namespace {

//===-- Kernels -----------------------------------------------------------===//

// Three loads and a store of one block, with as many arguments as asked for.
const char *const twentySource = R"(import triton
import triton.language as tl

@triton.jit
def twenty(x_ptr, y_ptr, z_ptr, count, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9,
           b0, b1, b2, b3, b4, b5, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < count
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    a = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9
    b = b0 + b1 + b2 + b3 + b4 + b5
    tl.store(z_ptr + offsets, x * a + y * b, mask=mask)
)";

const char *const spinSource = R"(import triton
import triton.language as tl

@triton.jit
def spin(x_ptr, rounds):
    value = tl.load(x_ptr)
    for _ in range(rounds):
        value = value * 0.999 + 0.001
    tl.store(x_ptr, value)
)";

std::string text(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  std::string out(static_cast<const char *>(bytes.data), bytes.size);
  tsdk_release(blob);
  return out;
}

/// A number of a flat JSON text.
unsigned number(const std::string &json, const char *field) {
  size_t at = json.find("\"" + std::string(field) + "\"");
  at = at == std::string::npos ? at : json.find_first_of("0123456789", at);
  return at == std::string::npos ? 0
                                 : static_cast<unsigned>(std::strtoul(
                                       json.c_str() + at, nullptr, 10));
}

void addRow(const std::string &name, std::vector<double> ours, double perSecond,
            const char *unit, const std::string &peerName,
            std::vector<double> peer) {
  auto median = [](std::vector<double> &values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  double mine = median(ours), theirs = peer.empty() ? 0 : median(peer);
  double spread =
      (ours[ours.size() - 1 - ours.size() / 5] - ours[ours.size() / 5]) / mine;
  char row[768];
  std::snprintf(row, sizeof row,
                "{\"name\": \"%s\", \"value\": %.4g, \"unit\": \"%s\", "
                "\"peer\": \"%s: %.4g %s, difference %.3g\", "
                "\"ratio\": %.3f, \"spread\": %.3f, \"over\": %.4g}",
                name.c_str(), mine * perSecond, unit, peerName.c_str(),
                theirs * perSecond, unit, (mine - theirs) * perSecond,
                theirs / mine, spread, (mine - theirs) * perSecond);
  rows.push_back(row);
}

//===-- Launches ----------------------------------------------------------===//

/// 1,000 enqueued on a stream that a long kernel keeps busy, in seconds each;
/// turns are taken by the ways of launching.
void launchTimes() {
  Driver driver;
  driver.enter();
  tsdk_context context = openContext("0");
  tsdk_device device = nullptr;
  tsdk_stream stream = nullptr;
  check(tsdk_device_open(context, tsdk_make_str("nvidia:0"), &device));
  check(tsdk_stream_create(device, 0, 0, &stream));
  uint64_t native = tsdk_stream_native(stream);
  void *raw = nullptr;
  std::memcpy(&raw, &native, sizeof raw);
  tsdk_buffer buffers[3];
  for (tsdk_buffer &buffer : buffers)
    check(tsdk_buffer_alloc(device, stream, 4096, 0, &buffer));
  tsdk_launch_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
  desc.stream = stream;
  tsdk_kernel spin = parse(context, spinSource);
  void *spinAt = tsdk_buffer_ptr(buffers[2]);
  int64_t rounds = 1000;
  auto keepBusy = [&] {
    tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, spinAt), tsdk_make_int(rounds)};
    check(tsdk_kernel_launch(spin, device, &desc, args, 2));
  };
  // So many rounds that it runs for 40 ms.
  keepBusy();
  check(tsdk_stream_sync(stream));
  for (; rounds < 50'000'000; rounds *= 4) {
    double start = now(CLOCK_MONOTONIC);
    keepBusy();
    check(tsdk_stream_sync(stream));
    double took = now(CLOCK_MONOTONIC) - start;
    if (took > 0.005) {
      rounds = static_cast<int64_t>(static_cast<double>(rounds) * 0.04 / took);
      break;
    }
  }

  for (bool isLong : {false, true}) {
    std::vector<tsdk_arg> args;
    for (tsdk_buffer buffer : buffers)
      args.push_back(tsdk_make_ptr(TSDK_F32, tsdk_buffer_ptr(buffer)));
    args.push_back(tsdk_make_int(1008));
    for (int i = 0; isLong && i < 16; ++i)
      args.push_back(tsdk_make_int(3 + i));
    args.push_back(tsdk_make_int(1024));
    tsdk_kernel kernel = parse(context, isLong ? twentySource : addSource);
    tsdk_variant variant = nullptr;
    check(tsdk_kernel_variant(kernel, device, &desc, args.data(), args.size(),
                              &variant));
    tsdk_blob blob = nullptr;
    check(tsdk_variant_artifact(variant, tsdk_make_str("asm"), &blob));
    std::string assembly = text(blob);
    check(tsdk_variant_metadata(variant, &blob));
    std::string metadata = text(blob);
    unsigned threads = number(metadata, "threads"),
             shared = number(metadata, "shared_bytes");
    void *function = driver.load(assembly, isLong ? "twenty" : "add", shared);
    std::vector<uint64_t> values;
    for (size_t i = 0; i + 1 < args.size(); ++i)
      values.push_back(args[i].v.u);
    std::vector<void *> params;
    for (uint64_t &value : values)
      params.push_back(&value);
    size_t count = params.size();

    auto typed = [&] {
      check(
          tsdk_kernel_launch(kernel, device, &desc, args.data(), args.size()));
    };
    auto packed = [&] {
      check(tsdk_variant_launch(variant, device, &desc, params.data(), count));
    };
    auto plain = [&] {
      Driver::require(driver.launch(function, 1, 1, 1, threads, 1, 1, shared,
                                    raw, params.data(), nullptr),
                      "cuLaunchKernel");
    };
    // A driver has room for about a thousand launches; then it waits.
    constexpr int launches = 900, turns = 24, settling = 4;
    int dry = 0;
    auto turn = [&](auto &run, std::vector<double> &times, bool counts) {
      keepBusy();
      run();
      double start = now(CLOCK_MONOTONIC);
      for (int i = 0; i < launches; ++i)
        run();
      double seconds = (now(CLOCK_MONOTONIC) - start) / launches;
      dry += driver.streamQuery(raw) == 0;
      check(tsdk_stream_sync(stream));
      if (counts)
        times.push_back(seconds);
    };
    std::vector<double> typedTimes, packedTimes, plainTimes;
    for (int i = 0; i < turns; ++i) {
      turn(plain, plainTimes, i >= settling);
      turn(typed, typedTimes, i >= settling);
      turn(packed, packedTimes, i >= settling);
    }
    if (dry)
      std::fprintf(stderr, "note: the stream ran dry in %d of %d turns\n", dry,
                   3 * turns);
    std::string what =
        "launch from C, " + std::to_string(count) + " arguments, ";
    addRow(what + "typed", typedTimes, 1e6, "us", "cuLaunchKernel", plainTimes);
    addRow(what + "variant", packedTimes, 1e6, "us", "cuLaunchKernel",
           plainTimes);
    tsdk_release(variant);
    tsdk_release(kernel);
  }
  tsdk_release(spin);
  for (tsdk_buffer buffer : buffers)
    tsdk_release(buffer);
  tsdk_release(stream);
  tsdk_release(device);
  tsdk_release(context);
}

//===-- Compilation -------------------------------------------------------===//

struct Work {
  const char *name, *kernel, *signature;
  double goal; ///< Milliseconds.
  int warps, stages, scalars;
};
const Work works[] = {
    {"add", "add", "*f32:16,*f32:16,*f32:16,i32:16,1024", 60, 4, 1, 1},
    {"matmul of pointers 128x256x64", "matmul",
     "*f16:16,*f16:16,*f32:16,i32:16,i32:16,i32:16,i32:16,i32:16,i32:16,128,"
     "256,64,8",
     400, 8, 3, 6},
    {"matmul of boxes 128x256x64, persistent, specialized", "persistent_matmul",
     "*f16:16,*f16:16,*f16:16,i32:16,i32:16,i32:16,128,256,64,8,132,True,True",
     400, 8, 4, 3},
};

std::string sourceOf(const Work &work, const char *samples) {
  if (!std::strcmp(work.kernel, "add"))
    return addSource;
  std::string path = std::string(samples) +
                     (!std::strcmp(work.kernel, "matmul")
                          ? "/03_matmul/matmul.py"
                          : "/05_persistent_matmul/persistent_matmul.py");
  std::ifstream stream(path);
  std::ostringstream out;
  out << stream.rdbuf();
  if (out.str().empty()) {
    std::fprintf(stderr, "error: cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return out.str();
}

/// An open device with a little memory, and one kernel after another.
struct Bench {
  explicit Bench(const char *cache) : context(openContext(cache)) {
    check(tsdk_device_open(context, tsdk_make_str("nvidia:0"), &device));
    check(tsdk_stream_create(device, 0, 0, &stream));
    for (tsdk_buffer &buffer : buffers)
      check(tsdk_buffer_alloc(device, stream, 64 * 64 * 4, 0, &buffer));
    check(tsdk_stream_sync(stream));
  }

  /// Source to a kernel that was launched on 64 x 64 elements, or to what a
  /// stage gave.
  tsdk_variant run(const Work &work, const std::string &source,
                   const char *stop = "") {
    tsdk_program_desc program = {};
    program.struct_size = sizeof program;
    program.source = {source.data(), source.size()};
    program.filename = tsdk_make_str("benchmark.py");
    tsdk_program parsed = nullptr;
    tsdk_kernel kernel = nullptr;
    check(tsdk_program_create(context, &program, &parsed, nullptr));
    check(tsdk_kernel_get(parsed, tsdk_make_str(work.kernel), &kernel));
    std::string warps = std::to_string(work.warps),
                stages = std::to_string(work.stages);
    tsdk_option options[] = {
        {tsdk_make_str("num_warps"), tsdk_make_str(warps.c_str())},
        {tsdk_make_str("num_stages"), tsdk_make_str(stages.c_str())}};
    tsdk_variant_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.signature = tsdk_make_str(work.signature);
    desc.device = device;
    desc.options = options;
    desc.num_options = 2;
    desc.stop_stage = tsdk_make_str(stop);
    tsdk_variant variant = nullptr;
    check(tsdk_variant_build(kernel, &desc, &variant));
    if (!*stop)
      launch(work, variant);
    tsdk_release(kernel);
    tsdk_release(parsed);
    return variant;
  }

  void launch(const Work &work, tsdk_variant variant) {
    void *pointers[3];
    int32_t size = 64;
    std::vector<void *> params;
    for (int i = 0; i < 3; ++i) {
      pointers[i] = tsdk_buffer_ptr(buffers[i]);
      params.push_back(&pointers[i]);
    }
    for (int i = 0; i < work.scalars; ++i)
      params.push_back(&size);
    tsdk_launch_desc desc = {};
    desc.struct_size = sizeof desc;
    desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
    desc.stream = stream;
    check(tsdk_variant_launch(variant, device, &desc, params.data(),
                              params.size()));
  }

  void sync() { check(tsdk_stream_sync(stream)); }

  tsdk_context context;
  tsdk_device device = nullptr;
  tsdk_stream stream = nullptr;
  tsdk_buffer buffers[3] = {};
};

void compileTimes(const char *samples) {
  Bench bench("0");
  for (const Work &work : works) {
    std::string source = sourceOf(work, samples);
    std::vector<double> whole, ours;
    for (int i = 0; i < 26; ++i) {
      // Another text each time, or the program would come from memory.
      std::string once = source + "# " + std::to_string(i) + "\n";
      bool isWhole = i % 2;
      double start = now(CLOCK_MONOTONIC);
      tsdk_variant variant = bench.run(work, once, isWhole ? "" : "asm");
      double seconds = now(CLOCK_MONOTONIC) - start;
      bench.sync();
      // The first ones open the compiler and fill its caches.
      if (i >= 6)
        (isWhole ? whole : ours).push_back(seconds);
      tsdk_release(variant);
    }
    std::string name =
        std::string("cold compile to loaded module, ") + work.name;
    addRow(name, whole, 1e3, "ms", "of it up to assembly", ours);
    report(name + ", beside the goal", whole, 1e3, "ms", work.goal);
  }
}

//===-- Loading -----------------------------------------------------------===//

/// In a new process: from the open device to a launched kernel. Prints seconds.
int child(const char *which, const char *samples, const char *keep) {
  const Work &work = works[std::atoi(which)];
  std::string source = sourceOf(work, samples);
  Bench bench("1");
  double start = now(CLOCK_MONOTONIC);
  tsdk_variant variant = bench.run(work, source);
  double seconds = now(CLOCK_MONOTONIC) - start;
  bench.sync();
  tsdk_blob blob = nullptr;
  check(tsdk_variant_artifact(variant, tsdk_make_str("object"), &blob));
  std::ofstream(keep, std::ios::binary) << text(blob);
  std::printf("%.9f\n", seconds);
  return 0;
}

/// The same with the driver alone: machine code from a file to its function.
int rawChild(const char *which, const char *, const char *keep) {
  const Work &work = works[std::atoi(which)];
  Driver driver;
  driver.enter();
  double start = now(CLOCK_MONOTONIC);
  std::ifstream stream(keep, std::ios::binary);
  std::ostringstream code;
  code << stream.rdbuf();
  driver.load(code.str(), work.kernel, 0);
  std::printf("%.9f\n", now(CLOCK_MONOTONIC) - start);
  return 0;
}

void loadTimes(const std::string &program, const char *samples) {
  OwnCache cache;
  std::string keep = cache.path + "/code";
  for (size_t i = 0; i < std::size(works); ++i) {
    std::string rest = " " + std::to_string(i) + " '" + samples + "' " + keep;
    // The first one compiles and fills the cache.
    std::vector<double> ours = secondsOfRuns(program + " child" + rest, 1, 10);
    std::vector<double> raw = secondsOfRuns(program + " raw" + rest, 0, 10);
    std::string name =
        std::string("load from disk cache in a new process, ") + works[i].name;
    addRow(name, ours, 1e3, "ms", "cuModuleLoadData", raw);
    report(name + ", beside the goal", ours, 1e3, "ms", 5);
  }
}

} // namespace

int main(int argc, char **argv) {
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "child" && argc == 5)
    return child(argv[2], argv[3], argv[4]);
  if (what == "raw" && argc == 5)
    return rawChild(argv[2], argv[3], argv[4]);
  if (what == "launch" && argc == 2) {
    launchTimes();
  } else if (what == "compile" && argc == 3) {
    compileTimes(argv[2]);
    loadTimes(argv[0], argv[2]);
  } else {
    std::fprintf(stderr, "usage: %s launch | compile SAMPLES\n", argv[0]);
    return 2;
  }
  printRows();
  return 0;
}
