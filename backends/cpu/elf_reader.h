//===- elf_reader.h - One load of a kernel object ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/elf_loader.h"

#include <cstring>
#include <elf.h>
#include <unistd.h>

namespace tilesdk::cpu {

/// printf into a string of at most 511 bytes.
[[gnu::format(printf, 1, 2)]] std::string formatText(const char *fmt, ...);

/// One loadable segment as linked.
struct ElfSegment {
  uint64_t start, end; // virtual addresses as linked, unrounded
  uint32_t flags;      // PF_*
};

/// One load in progress: the checked view of the input and of the mapping.
class ElfReader {
public:
  ElfReader(const void *bytes, size_t size, ElfImage &image, std::string &error)
      : bytes(static_cast<const uint8_t *>(bytes)), size(size), image(image),
        error(error) {}

  bool run() {
    return readHeader() && readSegments() && mapSegments() && readDynamic() &&
           readSymbols() && relocate() && protect();
  }

private:
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }

  uint64_t pageDown(uint64_t address) const { return address & ~(page - 1); }
  uint64_t pageUp(uint64_t address) const {
    return (address + page - 1) & ~(page - 1);
  }

  /// Where the linked address range [address, address + count) lies in the
  /// mapping, or null unless one segment with all of \p flags holds it.
  uint8_t *at(uint64_t address, uint64_t count, uint32_t flags = 0) const {
    for (const ElfSegment &segment : segments)
      if (address >= segment.start && address <= segment.end &&
          count <= segment.end - address)
        return (segment.flags & flags) == flags
                   ? image.mapping + (address - base)
                   : nullptr;
    return nullptr;
  }

  template <typename T> bool read(uint64_t address, T &out) const {
    const uint8_t *from = at(address, sizeof(T));
    if (!from)
      return false;
    memcpy(&out, from, sizeof(T));
    return true;
  }

  /// A string of the dynamic string table; null when it lies outside it.
  const char *stringAt(uint64_t offset) const {
    if (offset >= stringBytes)
      return nullptr;
    return reinterpret_cast<const char *>(strings) + offset;
  }

  bool readHeader();
  bool readSegments();
  bool addLoad(const Elf64_Phdr &header);
  bool mapSegments();
  bool readDynamic();
  bool checkDynamicTag(const Elf64_Dyn &entry);
  bool readStringTable();
  bool countSymbols();
  bool readSymbols();
  bool relocate();
  bool relocateRelr();
  bool relocateTable(uint64_t table, uint64_t tableBytes, const char *what);
  bool applyRelocation(const Elf64_Rela &rela);
  bool protect();

  uint64_t loadBias() const {
    return reinterpret_cast<uint64_t>(image.mapping) - base;
  }

  const uint8_t *bytes;
  size_t size;
  ElfImage &image;
  std::string &error;
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));

  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> loads;
  std::vector<ElfSegment> segments;
  uint64_t base = 0; // lowest linked address, rounded down to a page
  uint64_t relroStart = 0, relroEnd = 0;
  uint64_t dynamicAddress = 0, dynamicBytes = 0;

  // What the dynamic section says; zero means absent.
  uint64_t stringAddress = 0, stringBytes = 0, symbolAddress = 0;
  uint64_t hash = 0, gnuHash = 0;
  uint64_t rela = 0, relaBytes = 0, pltRela = 0, pltRelaBytes = 0;
  uint64_t relr = 0, relrBytes = 0;
  uint64_t neededName = 0;
  bool hasNeeded = false;
  const uint8_t *strings = nullptr;
  std::vector<Elf64_Sym> symbols;
};

} // namespace tilesdk::cpu
