//===- memory.cpp - Device memory of the CPU --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/memory.h"

#include "backends/cpu/scratch.h"

#include <bit>
#include <cstdlib>

namespace tilesdk::cpu {

// Above this size pages come straight from the system: they are zero, and the
// thread that first writes a page decides where it lives.
constexpr size_t MappedFrom = size_t(1) << 20;
constexpr size_t Align = 64;

Allocator::~Allocator() {
  for (const auto &[start, block] : blocks)
    release(start, block);
}

void Allocator::release(uintptr_t start, const Block &block) {
  void *memory = std::bit_cast<void *>(start);
  if (block.mappedBytes)
    unmapPages(memory, block.mappedBytes);
  else
    ::free(memory);
}

void *Allocator::allocate(size_t bytes) {
  Block block{bytes, 0};
  void *memory;
  if (bytes >= MappedFrom) {
    memory = mapPages(bytes, block.mappedBytes);
  } else {
    size_t length = bytes ? (bytes + Align - 1) & ~(Align - 1) : Align;
    memory = aligned_alloc(Align, length);
  }
  if (!memory)
    return nullptr;
  SpinGuard guard(lock);
  blocks.emplace(reinterpret_cast<uintptr_t>(memory), block);
  return memory;
}

bool Allocator::owns(void *memory) {
  SpinGuard guard(lock);
  return blocks.count(reinterpret_cast<uintptr_t>(memory)) != 0;
}

void Allocator::free(void *memory) {
  Block block;
  {
    SpinGuard guard(lock);
    auto found = blocks.find(reinterpret_cast<uintptr_t>(memory));
    if (found == blocks.end())
      return;
    block = found->second;
    blocks.erase(found);
  }
  release(reinterpret_cast<uintptr_t>(memory), block);
}

bool Allocator::find(const void *pointer, uint64_t &begin, uint64_t &end) {
  uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  SpinGuard guard(lock);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return false;
  const auto &[start, block] = *std::prev(after);
  if (address - start > block.bytes)
    return false;
  begin = start;
  end = start + block.bytes;
  return true;
}

bool Allocator::bytesBehind(const void *pointer, uint64_t &bytes) {
  uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  SpinGuard guard(lock);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return false;
  const auto &[start, block] = *std::prev(after);
  if (address - start >= block.bytes)
    return false;
  bytes = block.bytes - (address - start);
  return true;
}

} // namespace tilesdk::cpu
