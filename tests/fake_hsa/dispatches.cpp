//===- dispatches.cpp - What a dispatch packet must say ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

namespace tilesdk::fake_hsa {

namespace {

struct Problems {
  std::mutex mutex;
  std::string text;
};
Problems &problems() {
  static Problems &problems = *new Problems();
  return problems;
}
std::atomic<unsigned long> twinRuns, nativeRuns;

template <typename T> T at(const void *bytes, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char *>(bytes) + offset, sizeof value);
  return value;
}

/// The arguments that the runtime adds, against the packet.
std::string checkHidden(const Kernel &kernel,
                        const hsa_kernel_dispatch_packet_t &packet) {
  const uint32_t grid[] = {packet.grid_size_x, packet.grid_size_y,
                           packet.grid_size_z};
  const uint16_t group[] = {packet.workgroup_size_x, packet.workgroup_size_y,
                            packet.workgroup_size_z};
  for (const Argument &argument : kernel.arguments) {
    std::string_view kind = argument.kind;
    auto value = [&]() -> uint64_t {
      uint64_t read = 0;
      std::memcpy(&read,
                  static_cast<const char *>(packet.kernarg_address) +
                      argument.offset,
                  std::min<size_t>(argument.bytes, sizeof read));
      return read;
    };
    auto is = [&](uint64_t expected) { return value() == expected; };
    unsigned axis = kind.ends_with("_z") ? 2 : kind.ends_with("_y") ? 1 : 0;
    bool isRight = true;
    if (kind.starts_with("hidden_block_count_"))
      isRight = is(grid[axis] / group[axis]);
    else if (kind.starts_with("hidden_group_size_"))
      isRight = is(group[axis]);
    else if (kind.starts_with("hidden_remainder_"))
      isRight = is(grid[axis] % group[axis]);
    else if (kind.starts_with("hidden_global_offset_"))
      isRight = is(0);
    else if (kind == "hidden_grid_dims")
      isRight = value() >= 1 && value() <= 3;
    if (!isRight)
      return std::string(kind) + " is " + std::to_string(value());
  }
  return "";
}

std::string checkPacket(const Kernel &kernel,
                        const hsa_kernel_dispatch_packet_t &packet) {
  auto number = [](auto value) { return std::to_string(value); };
  unsigned threads = packet.workgroup_size_x * packet.workgroup_size_y *
                     packet.workgroup_size_z;
  if (packet.setup < 1 || packet.setup > 3)
    return "it has " + number(packet.setup) + " dimensions";
  if (!threads || threads > kernel.maxThreads)
    return "its groups have " + number(threads) +
           " threads, the kernel takes " + number(kernel.maxThreads);
  if (packet.grid_size_x % packet.workgroup_size_x ||
      packet.grid_size_y % packet.workgroup_size_y ||
      packet.grid_size_z % packet.workgroup_size_z || !packet.grid_size_x ||
      !packet.grid_size_y || !packet.grid_size_z)
    return "its grid is not of whole groups";
  if (packet.group_segment_size < kernel.groupBytes ||
      packet.group_segment_size > settings().groupBytes)
    return "it has " + number(packet.group_segment_size) +
           " bytes of group memory, the kernel needs " +
           number(kernel.groupBytes) + " and the unit has " +
           number(settings().groupBytes);
  if (packet.private_segment_size < kernel.privateBytes)
    return "it has " + number(packet.private_segment_size) +
           " bytes of private memory, the kernel needs " +
           number(kernel.privateBytes);
  // The descriptor, which hardware reads, and the metadata, which HIP reads.
  const unsigned char *descriptor = kernel.descriptor;
  if (at<uint32_t>(descriptor, 0) != kernel.groupBytes ||
      at<uint32_t>(descriptor, 4) != kernel.privateBytes ||
      at<uint32_t>(descriptor, 8) != kernel.kernargBytes)
    return "its descriptor and its metadata disagree";
  auto entry =
      reinterpret_cast<uint64_t>(descriptor) + at<uint64_t>(descriptor, 16);
  if (entry % 256)
    return "its code is not aligned by 256";
  constexpr unsigned wave32 = 1u << 10;
  bool isWave32 = at<uint16_t>(descriptor, 56) & wave32;
  if (isWave32 != (kernel.waveSize == 32) || isWave32 != settings().isWave32)
    return "it is for waves of " + number(kernel.waveSize);
  auto kernarg = reinterpret_cast<uint64_t>(packet.kernarg_address);
  if (kernel.kernargBytes && (!kernarg || kernarg % kernel.kernargAlign))
    return "its arguments are not aligned by " + number(kernel.kernargAlign);
  uint32_t end = 0;
  for (const Argument &argument : kernel.arguments) {
    if (argument.offset < end)
      return "its arguments overlap";
    end = argument.offset + argument.bytes;
  }
  if (end > kernel.kernargBytes)
    return "its arguments are longer than their segment";
  return checkHidden(kernel, packet);
}

// The runtime's fill and copy kernels, one call for the whole grid. The kernels
// and their arguments are HIP 5.2's.
constexpr std::string_view Fill = "__amd_rocclr_fillBufferAligned",
                           Copy = "__amd_rocclr_copyBuffer";

void fill(const Kernel &kernel, const void *kernarg) {
  auto argument = [&]<typename T>(unsigned index, T) {
    return at<T>(kernarg, kernel.arguments[index].offset);
  };
  // Four views of one buffer, of which one is given.
  char *buffer = nullptr;
  size_t width = 1;
  for (unsigned i = 0; i < 4; ++i)
    if (char *given = argument(i, static_cast<char *>(nullptr))) {
      buffer = given;
      width = size_t{1} << i;
    }
  const char *pattern = argument(4, static_cast<const char *>(nullptr));
  size_t patternBytes = argument(5, uint32_t{}) * width;
  uint64_t offset = argument(6, uint64_t{}), count = argument(7, uint64_t{});
  for (uint64_t i = 0; i < count; ++i)
    std::memcpy(buffer + offset * width + i * patternBytes, pattern,
                patternBytes);
}

} // namespace

bool runNatively(const Kernel &kernel,
                 const hsa_kernel_dispatch_packet_t &packet) {
  const void *kernarg = packet.kernarg_address;
  if (kernel.name == Fill) {
    fill(kernel, kernarg);
    return true;
  }
  if (kernel.name != Copy)
    return false;
  auto offset = [&](unsigned index) { return kernel.arguments[index].offset; };
  auto *from = at<const char *>(kernarg, offset(0));
  auto *to = at<char *>(kernarg, offset(1));
  // Words, the last of which is counted and of fewer bytes.
  auto words = at<uint64_t>(kernarg, offset(4));
  auto rest = at<uint32_t>(kernarg, offset(5));
  if (!words || rest > 3)
    return false;
  std::memmove(to + at<uint64_t>(kernarg, offset(3)),
               from + at<uint64_t>(kernarg, offset(2)), 4 * (words - 1) + rest);
  return true;
}

std::string dispatch(const hsa_kernel_dispatch_packet_t &packet) {
  const Kernel *kernel = kernelAt(packet.kernel_object);
  if (!kernel)
    return "a dispatch of an unknown kernel";
  trace("dispatch of %s: grid %u x %u x %u, groups of %u x %u x %u, %u bytes "
        "of group memory",
        kernel->name.c_str(), packet.grid_size_x, packet.grid_size_y,
        packet.grid_size_z, packet.workgroup_size_x, packet.workgroup_size_y,
        packet.workgroup_size_z, packet.group_segment_size);
  std::string problem = checkPacket(*kernel, packet);
  if (problem.empty()) {
    if (runNatively(*kernel, packet))
      ++nativeRuns;
    else if ((problem = runTwin(*kernel, packet)).empty())
      ++twinRuns;
  }
  return problem.empty() ? ""
                         : "dispatch of '" + kernel->name + "': " + problem;
}

void report(const std::string &problem) {
  fprintf(stderr, "fake_hsa: %s\n", problem.c_str());
  std::lock_guard lock(problems().mutex);
  problems().text += problem + "\n";
}

} // namespace tilesdk::fake_hsa

extern "C" {
const char *fake_hsa_problems() {
  using namespace tilesdk::fake_hsa;
  static thread_local std::string text;
  std::lock_guard lock(problems().mutex);
  text = problems().text;
  return text.c_str();
}
unsigned long fake_hsa_twin_runs() { return tilesdk::fake_hsa::twinRuns; }
unsigned long fake_hsa_native_runs() { return tilesdk::fake_hsa::nativeRuns; }
}
