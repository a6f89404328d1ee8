//===- host_common.h - What programs that measure the host share ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <tilesdk/tilesdk.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <time.h>
#include <vector>

namespace benchmarks {

inline const char addSource[] = R"(import triton
import triton.language as tl

@triton.jit
def add(x_ptr, y_ptr, z_ptr, count, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < count
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(z_ptr + offsets, x + y, mask=mask)
)";

inline const char matmulSource[] = R"(import triton
import triton.language as tl

@triton.jit
def matmul(a_ptr, b_ptr, c_ptr, M, N, K, stride_a, stride_b, stride_c,
           BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    a_ptrs = a_ptr + m[:, None] * stride_a + k[None, :]
    b_ptrs = b_ptr + k[:, None] * stride_b + n[None, :]
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        left = K - start
        a = tl.load(a_ptrs, mask=(m[:, None] < M) & (k[None, :] < left), other=0.0)
        b = tl.load(b_ptrs, mask=(k[:, None] < left) & (n[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc)
        a_ptrs += BLOCK_K
        b_ptrs += BLOCK_K * stride_b
    c_ptrs = c_ptr + m[:, None] * stride_c + n[None, :]
    tl.store(c_ptrs, acc, mask=(m[:, None] < M) & (n[None, :] < N))
)";

inline void check(tsdk_error error) {
  if (!error)
    return;
  tsdk_str text = tsdk_error_message(error);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size), text.data);
  std::exit(1);
}

inline double now(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// A cache of the benchmark's own, in the folder for temporary files; gone with
/// the object.
class OwnCache {
public:
  OwnCache() {
    std::error_code failed;
    path = std::filesystem::temp_directory_path(failed) /
           "tilesdk-benchmark-XXXXXX";
    if (failed || !mkdtemp(path.data())) {
      std::fprintf(stderr, "error: no folder %s\n", path.c_str());
      std::exit(1);
    }
    setenv("TILESDK_CACHE_DIR", path.c_str(), 1);
  }
  OwnCache(const OwnCache &) = delete;
  OwnCache &operator=(const OwnCache &) = delete;
  ~OwnCache() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::string path;
};

/// The seconds that each of `counted` runs of `command` prints, after `first`
/// that do not count.
inline std::vector<double> secondsOfRuns(const std::string &command, int first,
                                         int counted) {
  std::vector<double> samples;
  for (int i = 0; i < first + counted; ++i) {
    FILE *pipe = popen(command.c_str(), "r");
    double seconds = 0;
    if (!pipe || std::fscanf(pipe, "%lf", &seconds) != 1 || pclose(pipe)) {
      std::fprintf(stderr, "error: %s failed\n", command.c_str());
      std::exit(1);
    }
    if (i >= first)
      samples.push_back(seconds);
  }
  return samples;
}

inline std::vector<std::string> rows;

/// Median of `samples` (seconds) as a row in `unit`, where a second has
/// `perSecond` units.
inline double report(const std::string &name, std::vector<double> samples,
                     double perSecond, const char *unit, double goal) {
  std::sort(samples.begin(), samples.end());
  size_t n = samples.size();
  double median = samples[n / 2];
  double spread = (samples[n - 1 - n / 5] - samples[n / 5]) / median;
  char row[512];
  std::snprintf(row, sizeof row,
                "{\"name\": \"%s\", \"value\": %.4g, \"unit\": \"%s\", "
                "\"peer\": \"goal %g %s\", \"ratio\": %.3f, "
                "\"spread\": %.3f}",
                name.c_str(), median * perSecond, unit, goal, unit,
                goal / (median * perSecond), spread);
  rows.push_back(row);
  return median;
}

inline tsdk_context openContext(const char *cacheMode) {
  tsdk_option options[] = {{tsdk_make_str("cache"), tsdk_make_str(cacheMode)}};
  tsdk_context_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.options = options;
  desc.num_options = 1;
  tsdk_context context = nullptr;
  check(tsdk_context_create(&desc, &context));
  return context;
}

inline tsdk_kernel parse(tsdk_context context, const std::string &source) {
  tsdk_program_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.source = {source.data(), source.size()};
  desc.filename = tsdk_make_str("benchmark.py");
  tsdk_program program = nullptr;
  tsdk_kernel kernel = nullptr;
  check(tsdk_program_create(context, &desc, &program, nullptr));
  check(tsdk_kernel_get(program, tsdk_make_str(""), &kernel));
  tsdk_release(program);
  return kernel;
}

inline void printRows() {
  std::printf("[\n");
  for (size_t i = 0; i < rows.size(); ++i)
    std::printf(" %s%s\n", rows[i].c_str(), i + 1 < rows.size() ? "," : "");
  std::printf("]\n");
}

} // namespace benchmarks
