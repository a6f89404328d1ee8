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

static size_t pageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

void *mapAligned(size_t bytes, size_t align, int protection) {
  // A mapping starts at any page, so the slack for a larger alignment is mapped
  // too and given back.
  size_t slack = align - std::min(align, pageBytes());
  void *mapping = mmap(nullptr, bytes + slack, protection,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    return nullptr;
  size_t before = -reinterpret_cast<uintptr_t>(mapping) & (align - 1);
  char *aligned = static_cast<char *>(mapping) + before;
  if (before)
    munmap(mapping, before);
  if (slack - before)
    munmap(aligned + bytes, slack - before);
  return aligned;
}

void *mapPages(size_t bytes, size_t &mappedBytes) {
  size_t align = bytes >= HugePage ? HugePage : pageBytes();
  if (bytes > SIZE_MAX - 2 * align)
    return nullptr;
  size_t length = (bytes + align - 1) & ~(align - 1);
  void *pages = mapAligned(length, align, PROT_READ | PROT_WRITE);
  if (!pages)
    return nullptr;
  if (align == HugePage)
    madvise(pages, length, MADV_HUGEPAGE);
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
