//===- scratch.h - Private memory of a running program ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>

namespace tilesdk::cpu {

/// A block of pages that grows on demand and is kept between programs. The
/// contents are undefined after ensure().
class Scratch {
public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  /// A page-aligned block of at least \p bytes; null when the system has no
  /// memory for it. \p bytes must not be 0.
  void *ensure(size_t bytes);

private:
  void *block = nullptr;
  size_t blockBytes = 0;
};

/// Reserves \p bytes, a multiple of the page size, at a multiple of \p align, a
/// power of two; \p protection is that of mmap. Null when there is no room.
void *mapAligned(size_t bytes, size_t align, int protection);

/// Pages straight from the system, on huge pages where the size is worth it.
/// Zeroed, not yet touched. Null when there are none.
void *mapPages(size_t bytes, size_t &mappedBytes);
void unmapPages(void *pages, size_t mappedBytes);

} // namespace tilesdk::cpu
