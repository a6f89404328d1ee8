//===- memory.h - Device memory of the CPU ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/sync.h"

#include <cstddef>
#include <cstdint>
#include <map>

namespace tilesdk::cpu {

/// Memory that programs work on, and what is known of it.
class Allocator {
public:
  ~Allocator();

  /// 64-byte aligned memory, page-aligned and untouched when large. Null when
  /// out of memory.
  void *allocate(size_t bytes);
  /// Whether \p memory is the start of an allocation.
  bool owns(void *memory);
  /// Frees what allocate() returned; ignores anything else.
  void free(void *memory);
  /// The bytes from \p pointer to the end of its allocation; false when it
  /// points into none.
  bool bytesBehind(const void *pointer, uint64_t &bytes);
  /// The allocation that \p pointer points into or right behind; false and
  /// nothing written when there is none.
  bool find(const void *pointer, uint64_t &begin, uint64_t &end);

private:
  struct Block {
    size_t bytes = 0;       // as asked for
    size_t mappedBytes = 0; // 0: from the heap
  };
  static void release(uintptr_t start, const Block &block);

  SpinLock lock;
  std::map<uintptr_t, Block> blocks;
};

} // namespace tilesdk::cpu
