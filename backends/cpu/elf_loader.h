//===- elf_loader.h - Loads a linked kernel object from memory --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::cpu {

/// An ELF64 x86-64 shared object mapped into this process without the dynamic
/// linker.
///
/// The loader takes what a kernel object may have and refuses everything else
/// by name: it must need no other library, leave nothing undefined and have
/// neither thread-local storage nor initialisers. Every field of the input is
/// checked against the size of the buffer, so hostile bytes give an error. No
/// page is ever writable and executable at once.
///
/// The image owns its mapping and does not refer to the input after load().
/// An image may be used from any thread.
class ElfImage {
public:
  /// Maps the object in \p bytes. Returns null and sets \p error to one
  /// sentence that names the offending field when the object is refused.
  static std::unique_ptr<ElfImage> load(const void *bytes, size_t size,
                                        std::string &error);
  ~ElfImage();
  ElfImage(const ElfImage &) = delete;
  ElfImage &operator=(const ElfImage &) = delete;

  struct Symbol {
    void *address = nullptr;
    uint64_t size = 0;
    bool isFunction = false;
  };

  /// Finds a defined global symbol; the address is null when there is none.
  Symbol lookup(std::string_view name) const;

  /// Names of the exported functions, for messages.
  std::vector<std::string> functionNames() const;

  /// Appends the functions to the map that `perf` reads for code without a
  /// file (/tmp/perf-<pid>.map).
  void writePerfMap() const;

private:
  friend class ElfReader;
  ElfImage() = default;

  struct NamedSymbol {
    std::string name;
    Symbol symbol;
  };

  uint8_t *mapping = nullptr;
  size_t mappingBytes = 0;
  std::vector<NamedSymbol> symbols;
};

} // namespace tilesdk::cpu
