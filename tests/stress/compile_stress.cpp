//===- compile_stress.cpp - Many builds in one process --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   compile_stress [BUILDS]
//
// Through libtilesdk alone, without caches: threads build what one thread
// builds, byte for byte; BUILDS builds do not make the process grow; builds
// that are stopped at any moment leave no memory behind and later builds right.
//
//===----------------------------------------------------------------------===//

#include <tilesdk/tilesdk.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <string>
#include <thread>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER
#endif
#endif
#ifdef HAS_ADDRESS_SANITIZER
#include <sanitizer/allocator_interface.h>
#endif

static const char source[] = R"(
import triton
import triton.language as tl


@triton.jit
def unary(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0.0).to(tl.float32)
    tl.store(y_ptr + i, tl.exp(x) + tl.sqrt(tl.abs(x)), mask=i < n)


@triton.jit
def softmax(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=-float('inf')).to(tl.float32)
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(y_ptr + i, e / tl.sum(e, axis=0), mask=i < n)


@triton.jit
def product(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    r = tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for k in range(0, n, BLOCK):
        a = tl.load(x_ptr + r[:, None] * n + (k + r)[None, :]).to(tl.float32)
        b = tl.load(y_ptr + (k + r)[:, None] * n + r[None, :])
        acc += tl.dot(a, b)
    tl.store(y_ptr + r[:, None] * n + r[None, :], acc)


@triton.jit
def running(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0)
    tl.store(y_ptr + i, tl.cumsum(x, axis=0), mask=i < n)


@triton.jit
def control(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    total = 0.0
    for i in range(n):
        x = tl.load(x_ptr + i)
        while x > 1:
            x = x * 0.5
            total += 1
    if total > BLOCK:
        tl.store(y_ptr, total)
    else:
        tl.atomic_add(y_ptr, total)
)";

namespace {

int failures = 0;

void expect(bool holds, const std::string &what) {
  if (holds)
    return;
  std::fprintf(stderr, "failed: %s\n", what.c_str());
  ++failures;
}

struct Job {
  const char *kernel;
  std::string signature;
};

std::vector<Job> makeJobs() {
  std::vector<Job> jobs;
  for (const char *kernel :
       {"unary", "softmax", "product", "running", "control"})
    for (const char *type : {"*f32", "*f16"})
      for (const char *block : {"16", "32", "64", "128", "256"})
        jobs.push_back({kernel, std::string(type) + ",*f32,i32," +
                                    (std::strcmp(kernel, "product") == 0
                                         ? std::to_string(std::atoi(block) / 8 +
                                                          (type[2] == '3'))
                                         : block)});
  return jobs;
}

struct Result {
  tsdk_code code = TSDK_OK;
  std::string object;
  std::string message;
};

struct Limits {
  uint64_t timeoutNs = 0;
  const int32_t *cancel = nullptr;
};

tsdk_code take(tsdk_error error, Result &result) {
  if (!error)
    return TSDK_OK;
  result.code = tsdk_error_code(error);
  tsdk_str text = tsdk_error_message(error);
  result.message.assign(text.data, text.size);
  tsdk_error_release(error);
  return result.code;
}

/// Builds with everything made anew, so that nothing is found in memory.
Result build(const Job &job, Limits limits = {}) {
  Result result;
  tsdk_context context = nullptr;
  tsdk_program program = nullptr;
  tsdk_kernel kernel = nullptr;
  tsdk_variant variant = nullptr;
  tsdk_blob object = nullptr;
  tsdk_option options[] = {{tsdk_make_str("cache"), tsdk_make_str("0")}};
  tsdk_context_desc setup = {};
  setup.struct_size = sizeof setup;
  setup.options = options;
  setup.num_options = 1;
  tsdk_program_desc text = {};
  text.struct_size = sizeof text;
  text.source = tsdk_make_str(source);
  text.filename = tsdk_make_str("stress.py");
  tsdk_variant_desc desc = {};
  desc.struct_size = sizeof desc;
  desc.signature = tsdk_make_str(job.signature.c_str());
  desc.target = tsdk_make_str("cpu");
  desc.timeout_ns = limits.timeoutNs;
  desc.cancel = limits.cancel;
  if (!take(tsdk_context_create(&setup, &context), result) &&
      !take(tsdk_program_create(context, &text, &program, nullptr), result) &&
      !take(tsdk_kernel_get(program, tsdk_make_str(job.kernel), &kernel),
            result) &&
      !take(tsdk_variant_build(kernel, &desc, &variant), result) &&
      !take(tsdk_variant_artifact(variant, tsdk_make_str("object"), &object),
            result)) {
    tsdk_bytes bytes = tsdk_blob_bytes(object);
    result.object.assign(static_cast<const char *>(bytes.data), bytes.size);
  }
  tsdk_release(object);
  tsdk_release(variant);
  tsdk_release(kernel);
  tsdk_release(program);
  tsdk_release(context);
  return result;
}

/// What the process has allocated and not freed. What is resident says less: an
/// allocator keeps freed memory, a sanitizer much of it.
long allocatedKiB() {
#ifdef HAS_ADDRESS_SANITIZER
  return long(__sanitizer_get_current_allocated_bytes() / 1024);
#else
  struct mallinfo2 info = mallinfo2();
  return long((info.uordblks + info.hblkhd) / 1024);
#endif
}

void expectSmallGrowth(long before, const char *what) {
  long growth = allocatedKiB() - before;
  std::printf("%s: grew by %ld KiB\n", what, growth);
  // One small module of LLVM alone is over 200 KiB.
  expect(growth < 4 << 10, std::string(what) + ": the process grew by " +
                               std::to_string(growth) + " KiB");
}

} // namespace

int main(int argc, char **argv) {
  int builds = argc > 1 ? std::atoi(argv[1]) : 300;
  std::vector<Job> jobs = makeJobs();
  std::vector<Result> expected;
  auto start = std::chrono::steady_clock::now();
  for (const Job &job : jobs) {
    expected.push_back(build(job));
    expect(expected.back().code == TSDK_OK && !expected.back().object.empty(),
           std::string(job.kernel) + " " + job.signature + ": " +
               expected.back().message);
  }
  if (failures)
    return 1;
  auto expectSame = [&](size_t i, const Result &result, const char *when) {
    expect(result.code == TSDK_OK && result.object == expected[i].object,
           std::string(jobs[i].kernel) + " " + jobs[i].signature + " " + when +
               " differs: " + result.message);
  };

  // Two threads on each job, from different ends.
  const size_t numThreads = 8;
  std::vector<std::thread> threads;
  std::vector<Result> results(2 * jobs.size());
  for (size_t t = 0; t < numThreads; ++t)
    threads.emplace_back([&, t] {
      for (size_t i = t / 2; i < jobs.size(); i += numThreads / 2) {
        size_t job = t % 2 ? jobs.size() - 1 - i : i;
        results[2 * job + t % 2] = build(jobs[job]);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  for (size_t i = 0; i < results.size(); ++i)
    expectSame(i / 2, results[i], "on many threads");

  long before = allocatedKiB();
  auto warm = std::chrono::steady_clock::now();
  for (int i = 0; i < builds; ++i) {
    size_t job = i % jobs.size();
    expectSame(job, build(jobs[job]), "once more");
  }
  auto buildTime = (std::chrono::steady_clock::now() - warm) / builds;
  expectSmallGrowth(before, "builds");

  // Stopped at moments spread over the time of a build, in both ways.
  before = allocatedKiB();
  int stopped = 0;
  for (int i = 0; i < builds; ++i) {
    size_t job = i * 7 % jobs.size();
    auto moment = buildTime * (i % 40) / 32;
    Result result;
    if (i % 2) {
      result = build(
          jobs[job],
          {std::max<uint64_t>(1, std::chrono::nanoseconds(moment).count()),
           nullptr});
      expect(result.code == TSDK_OK || result.code == TSDK_E_DEADLINE_EXCEEDED,
             "a deadline gave: " + result.message);
    } else {
      int32_t cancel = 0;
      std::thread other([&] {
        std::this_thread::sleep_for(moment);
        __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
      });
      result = build(jobs[job], {0, &cancel});
      other.join();
      expect(result.code == TSDK_OK || result.code == TSDK_E_CANCELLED,
             "cancelling gave: " + result.message);
    }
    if (result.code == TSDK_OK)
      expectSame(job, result, "although it was to stop");
    else
      ++stopped;
  }
  std::printf("%d of %d builds were stopped\n", stopped, builds);
  expect(stopped > builds / 4, "builds stop when asked");
  expectSmallGrowth(before, "stopped builds");
  for (size_t i = 0; i < jobs.size(); i += 5)
    expectSame(i, build(jobs[i]), "after stopped builds");
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%.1f s, %d failures\n", took.count(), failures);
  return failures != 0;
}
