//===- scratch.cpp - Private memory of a running program --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/scratch.h"

#include <algorithm>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

namespace tilesdk::cpu {

constexpr size_t HugePage = size_t(2) << 20;

void *mapPages(size_t bytes, size_t &mappedBytes) {
  bool huge = bytes >= HugePage;
  size_t align = huge ? HugePage : static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (bytes > SIZE_MAX - 2 * align)
    return nullptr;
  size_t length = (bytes + align - 1) & ~(align - 1);
  size_t slack = huge ? align : 0;
  void *pages = mmap(nullptr, length + slack, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return nullptr;
  if (huge) {
    uintptr_t start = reinterpret_cast<uintptr_t>(pages);
    uintptr_t aligned = (start + align - 1) & ~(align - 1);
    if (aligned != start)
      munmap(pages, aligned - start);
    if (uintptr_t tail = start + slack - aligned)
      munmap(reinterpret_cast<void *>(aligned + length), tail);
    pages = reinterpret_cast<void *>(aligned);
    madvise(pages, length, MADV_HUGEPAGE);
  }
  mappedBytes = length;
  return pages;
}

void unmapPages(void *pages, size_t mappedBytes) { munmap(pages, mappedBytes); }

Scratch::~Scratch() {
  if (block)
    unmapPages(block, blockBytes);
}

void *Scratch::ensure(size_t bytes) {
  if (bytes <= blockBytes)
    return block;
  // Growing by half at least keeps a series of slightly larger kernels from
  // mapping anew for each.
  size_t wish = std::max(bytes, blockBytes + blockBytes / 2);
  if (block)
    unmapPages(block, blockBytes);
  blockBytes = 0;
  block = mapPages(wish, blockBytes);
  return block;
}

} // namespace tilesdk::cpu
