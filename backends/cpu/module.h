//===- module.h - A loaded kernel object ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/elf_loader.h"
#include "backends/cpu/launch.h"

#include <list>
#include <memory>
#include <string_view>

namespace tilesdk::cpu {

/// The code of one artifact and the functions asked for so far. Queued launches
/// hold references, so that the host may unload at any time.
struct Module {
  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  std::atomic<uint32_t> references{1};
  std::unique_ptr<ElfImage> image;
  SpinLock lock;
  std::list<Function> functions; // addresses are handed out
};

/// The text of a scalar member \p key of the object member "options" of a JSON
/// object; empty when it is absent or the text is not JSON. Strings come
/// without their quotes and with escapes as written.
std::string_view optionOfMetadata(std::string_view json, std::string_view key);

} // namespace tilesdk::cpu
