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
  // HIP 7 launches its own kernels with more threads than it declares.
  bool isRuntimes = kernel.name.starts_with("__amd_rocclr_");
  if (!threads || (threads > kernel.maxThreads && !isRuntimes))
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

// The runtime's fill and copy kernels, one call for the whole grid.
constexpr std::string_view Fill = "__amd_rocclr_fillBufferAligned",
                           Copy = "__amd_rocclr_copyBuffer";

/// Their arguments, but for those that the loader adds.
struct Own {
  const Kernel &kernel;
  const void *kernarg;
  size_t count() const {
    return size_t(
        std::ranges::count_if(kernel.arguments, [](const Argument &argument) {
          return !argument.kind.starts_with("hidden_");
        }));
  }
  template <typename T> T get(unsigned index) const {
    return at<T>(kernarg, kernel.arguments[index].offset);
  }
};

/// HIP 5: four views of one buffer, of which one is given.
void fillByViews(const Own &own) {
  char *buffer = nullptr;
  size_t width = 1;
  for (unsigned i = 0; i < 4; ++i)
    if (char *given = own.get<char *>(i)) {
      buffer = given;
      width = size_t{1} << i;
    }
  auto *pattern = own.get<const char *>(4);
  size_t patternBytes = own.get<uint32_t>(5) * width;
  auto offset = own.get<uint64_t>(6), count = own.get<uint64_t>(7);
  for (uint64_t i = 0; i < count; ++i)
    std::memcpy(buffer + offset * width + i * patternBytes, pattern,
                patternBytes);
}

/// HIP 6: the pattern's length in units of the alignment, over and over until
/// an address.
void fillToEnd(const Own &own) {
  auto *buffer = own.get<char *>(0);
  auto *pattern = own.get<const char *>(1);
  size_t bytes = own.get<uint32_t>(2) * size_t{own.get<uint32_t>(3)};
  auto *end = reinterpret_cast<char *>(own.get<uint64_t>(4));
  for (; bytes && buffer < end; buffer += bytes)
    std::memcpy(buffer, pattern, bytes);
}

} // namespace

bool runNatively(const Kernel &kernel,
                 const hsa_kernel_dispatch_packet_t &packet) {
  Own own{kernel, packet.kernarg_address};
  size_t count = own.count();
  if (kernel.name == Fill && (count == 8 || count == 6 || count == 7)) {
    count == 8 ? fillByViews(own) : fillToEnd(own);
    return true;
  }
  if (kernel.name != Copy || count < 6 || count > 8)
    return false;
  auto *from = own.get<const char *>(0);
  auto *to = own.get<char *>(1);
  if (count != 6) { // HIP 6.
    std::memmove(to, from, own.get<uint64_t>(2));
    return true;
  }
  // HIP 5: words, the last of which is counted and of fewer bytes.
  auto words = own.get<uint64_t>(4);
  auto rest = own.get<uint32_t>(5);
  if (!words || rest > 3)
    return false;
  std::memmove(to + own.get<uint64_t>(3), from + own.get<uint64_t>(2),
               4 * (words - 1) + rest);
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
