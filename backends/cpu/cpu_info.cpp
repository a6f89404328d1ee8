//===- cpu_info.cpp - What machine this is ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/cpu_info.h"

#include <algorithm>
#include <cpuid.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <unistd.h>

namespace tilesdk::cpu {

namespace {

struct CpuId {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuId cpuid(unsigned leaf, unsigned subleaf = 0) {
  CpuId id;
  if (!__get_cpuid_count(leaf, subleaf, &id.eax, &id.ebx, &id.ecx, &id.edx))
    return {};
  return id;
}

bool allBits(unsigned word, unsigned bits) { return (word & bits) == bits; }

uint64_t enabledStates() {
  unsigned low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// The caches as the processor itself lists them, for systems without sysfs.
uint64_t lastLevelFromCpuid() {
  uint64_t largest = 0;
  for (unsigned leaf : {0x4u, 0x8000001du})
    for (unsigned i = 0; i < 16; ++i) {
      CpuId id = cpuid(leaf, i);
      unsigned type = id.eax & 31;
      if (type == 0)
        break;
      if (type == 2) // instructions only
        continue;
      uint64_t ways = (id.ebx >> 22) + 1,
               partitions = (id.ebx >> 12 & 1023) + 1,
               line = (id.ebx & 4095) + 1, sets = uint64_t(id.ecx) + 1;
      largest = std::max(largest, ways * partitions * line * sets);
    }
  return largest;
}

bool readLine(const char *path, char *buffer, int bytes) {
  FILE *file = fopen(path, "re");
  if (!file)
    return false;
  bool read = fgets(buffer, bytes, file) != nullptr;
  fclose(file);
  return read;
}

uint64_t lastLevelFromSysfs() {
  uint64_t largest = 0;
  for (unsigned i = 0; i < 16; ++i) {
    char path[96], text[32];
    snprintf(path, sizeof path,
             "/sys/devices/system/cpu/cpu0/cache/index%u/type", i);
    if (!readLine(path, text, sizeof text))
      break;
    if (text[0] == 'I')
      continue;
    snprintf(path, sizeof path,
             "/sys/devices/system/cpu/cpu0/cache/index%u/size", i);
    if (!readLine(path, text, sizeof text))
      continue;
    char *unit;
    uint64_t size = strtoull(text, &unit, 10);
    size <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
    largest = std::max(largest, size);
  }
  return largest;
}

uint64_t memoryLine(const char *name) {
  FILE *file = fopen("/proc/meminfo", "re");
  if (!file)
    return 0;
  char line[128];
  uint64_t kilobytes = 0;
  size_t length = strlen(name);
  while (fgets(line, sizeof line, file))
    if (strncmp(line, name, length) == 0) {
      kilobytes = strtoull(line + length, nullptr, 10);
      break;
    }
  fclose(file);
  return kilobytes << 10;
}

} // namespace

IsaLevel detectIsaLevel() {
  CpuId basic = cpuid(1), extended = cpuid(7), amd = cpuid(0x80000001u);
  bool saves = allBits(basic.ecx, bit_OSXSAVE);
  uint64_t states = saves ? enabledStates() : 0;
  constexpr uint64_t ymmState = 0x6, zmmState = 0xe6;
  bool v3 = (states & ymmState) == ymmState &&
            allBits(basic.ecx, bit_SSE3 | bit_SSSE3 | bit_FMA | bit_CMPXCHG16B |
                                   bit_SSE4_1 | bit_SSE4_2 | bit_MOVBE |
                                   bit_POPCNT | bit_AVX | bit_F16C) &&
            allBits(extended.ebx, bit_BMI | bit_AVX2 | bit_BMI2) &&
            allBits(amd.ecx, bit_LAHF_LM | bit_ABM);
  bool v4 = v3 && (states & zmmState) == zmmState &&
            allBits(extended.ebx, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD |
                                      bit_AVX512BW | bit_AVX512VL);
  return v4 ? IsaLevel::V4 : v3 ? IsaLevel::V3 : IsaLevel::Baseline;
}

std::string cpuName() {
  char text[49] = {};
  if (cpuid(0x80000000u).eax < 0x80000004u)
    return "x86-64 processor";
  for (unsigned i = 0; i < 3; ++i) {
    CpuId id = cpuid(0x80000002u + i);
    memcpy(text + i * sizeof id, &id, sizeof id);
  }
  std::string name = text;
  name.erase(0, name.find_first_not_of(' '));
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

uint64_t lastLevelCacheBytes() {
  uint64_t bytes = lastLevelFromSysfs();
  return bytes ? bytes : lastLevelFromCpuid();
}

unsigned usableProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  // More processors than a cpu_set_t counts.
  return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

uint64_t memoryTotalBytes() { return memoryLine("MemTotal:"); }
uint64_t memoryAvailableBytes() { return memoryLine("MemAvailable:"); }

} // namespace tilesdk::cpu
