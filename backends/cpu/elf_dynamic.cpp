//===- elf_dynamic.cpp - Symbols and relocations of an object ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/elf_reader.h"

#include <algorithm>
#include <cinttypes>

namespace tilesdk::cpu {

namespace {

// Keeps hostile tables from costing much memory.
constexpr uint64_t MaxSymbols = 1u << 20;

const char *relocationName(uint32_t type) {
  switch (type) {
  case R_X86_64_PC32:
    return "R_X86_64_PC32";
  case R_X86_64_PLT32:
    return "R_X86_64_PLT32";
  case R_X86_64_COPY:
    return "R_X86_64_COPY";
  case R_X86_64_32:
    return "R_X86_64_32";
  case R_X86_64_32S:
    return "R_X86_64_32S";
  case R_X86_64_DTPMOD64:
    return "R_X86_64_DTPMOD64 (thread-local storage)";
  case R_X86_64_DTPOFF64:
    return "R_X86_64_DTPOFF64 (thread-local storage)";
  case R_X86_64_TPOFF64:
    return "R_X86_64_TPOFF64 (thread-local storage)";
  case R_X86_64_TLSDESC:
    return "R_X86_64_TLSDESC (thread-local storage)";
  case R_X86_64_IRELATIVE:
    return "R_X86_64_IRELATIVE (indirect function)";
  default:
    return "unknown type";
  }
}

} // namespace

bool ElfReader::checkDynamicTag(const Elf64_Dyn &entry) {
  uint64_t value = entry.d_un.d_val;
  switch (entry.d_tag) {
  case DT_NEEDED:
    hasNeeded = true;
    neededName = value;
    return true;
  case DT_STRTAB:
    stringAddress = value;
    return true;
  case DT_STRSZ:
    stringBytes = value;
    return true;
  case DT_SYMTAB:
    symbolAddress = value;
    return true;
  case DT_SYMENT:
    return value == sizeof(Elf64_Sym) ||
           fail(formatText("a symbol has %" PRIu64 " bytes, not %zu", value,
                           sizeof(Elf64_Sym)));
  case DT_HASH:
    hash = value;
    return true;
  case DT_GNU_HASH:
    gnuHash = value;
    return true;
  case DT_RELA:
    rela = value;
    return true;
  case DT_RELASZ:
    relaBytes = value;
    return true;
  case DT_RELAENT:
    return value == sizeof(Elf64_Rela) ||
           fail(formatText("a relocation has %" PRIu64 " bytes, not %zu", value,
                           sizeof(Elf64_Rela)));
  case DT_JMPREL:
    pltRela = value;
    return true;
  case DT_PLTRELSZ:
    pltRelaBytes = value;
    return true;
  case DT_PLTREL:
    return value == DT_RELA ||
           fail("the procedure linkage table has relocations without addend");
  case DT_RELR:
    relr = value;
    return true;
  case DT_RELRSZ:
    relrBytes = value;
    return true;
  case DT_RELRENT:
    return value == sizeof(uint64_t) ||
           fail("a packed relocation does not have 8 bytes");
  case DT_REL:
  case DT_RELSZ:
    return value == 0 || fail("the object has relocations without addend");
  case DT_TEXTREL:
    return fail("the object wants to relocate its code (DT_TEXTREL)");
  case DT_FLAGS:
    if (value & DF_TEXTREL)
      return fail("the object wants to relocate its code (DF_TEXTREL)");
    if (value & DF_STATIC_TLS)
      return fail("the object has thread-local storage (DF_STATIC_TLS)");
    return true;
  case DT_INIT:
  case DT_INIT_ARRAYSZ:
  case DT_PREINIT_ARRAYSZ:
    return value == 0 || fail("the object has initialisers (DT_INIT, "
                              "DT_INIT_ARRAY), which kernels may not have");
  case DT_FINI:
  case DT_FINI_ARRAYSZ:
    return value == 0 || fail("the object has finalisers (DT_FINI, "
                              "DT_FINI_ARRAY), which kernels may not have");
  default:
    return true;
  }
}

bool ElfReader::readDynamic() {
  if (!at(dynamicAddress, dynamicBytes))
    return fail("the dynamic section lies outside the loaded segments");
  for (uint64_t i = 0; i < dynamicBytes / sizeof(Elf64_Dyn); ++i) {
    Elf64_Dyn entry;
    if (!read(dynamicAddress + i * sizeof entry, entry))
      return fail("the dynamic section is truncated");
    if (entry.d_tag == DT_NULL)
      break;
    if (!checkDynamicTag(entry))
      return false;
  }
  return readStringTable();
}

bool ElfReader::readStringTable() {
  if (stringAddress) {
    strings = at(stringAddress, stringBytes);
    if (!strings || stringBytes == 0)
      return fail("the string table lies outside the loaded segments");
    // With a zero at the end every offset inside is a proper string.
    if (strings[stringBytes - 1] != 0)
      return fail("the string table does not end in a zero byte");
  } else {
    stringBytes = 0;
  }
  if (hasNeeded) {
    const char *name = stringAt(neededName);
    return fail(
        formatText("the object needs the library '%.200s'; a kernel object "
                   "must stand alone",
                   name ? name : "<bad name>"));
  }
  return true;
}

bool ElfReader::countSymbols() {
  uint64_t count = 0;
  if (hash) {
    uint32_t words[2];
    if (!read(hash, words))
      return fail("the symbol hash table lies outside the loaded segments");
    count = words[1];
  } else if (gnuHash) {
    // The GNU table has no count: it is one past the last link of the chain
    // that starts highest.
    uint32_t words[4]; // buckets, first hashed symbol, bloom words, shift
    if (!read(gnuHash, words))
      return fail("the symbol hash table lies outside the loaded segments");
    uint64_t buckets = gnuHash + sizeof words + uint64_t(words[2]) * 8;
    if (!at(buckets, uint64_t(words[0]) * 4))
      return fail("the symbol hash table is truncated");
    uint64_t last = 0;
    for (uint64_t i = 0; i < words[0]; ++i) {
      uint32_t bucket;
      if (!read(buckets + i * 4, bucket))
        return fail("the symbol hash table is truncated");
      last = std::max<uint64_t>(last, bucket);
    }
    count = words[1];
    if (last >= words[1] && last != 0) {
      uint64_t chain = buckets + uint64_t(words[0]) * 4;
      for (uint32_t link = 0; !(link & 1); ++last)
        if (last > MaxSymbols || !read(chain + (last - words[1]) * 4, link))
          return fail("the symbol hash table is truncated");
      count = last;
    }
  } else {
    return fail("the object has no symbol hash table (DT_HASH or DT_GNU_HASH)");
  }
  if (count > MaxSymbols)
    return fail(formatText("the object has %" PRIu64 " symbols, the limit is "
                           "%" PRIu64,
                           count, MaxSymbols));
  const uint8_t *table = at(symbolAddress, count * sizeof(Elf64_Sym));
  if (!symbolAddress || !table)
    return fail("the symbol table lies outside the loaded segments");
  symbols.resize(count);
  if (count)
    memcpy(symbols.data(), table, count * sizeof(Elf64_Sym));
  return true;
}

bool ElfReader::readSymbols() {
  if (!countSymbols())
    return false;
  for (size_t i = 1; i < symbols.size(); ++i) {
    const Elf64_Sym &symbol = symbols[i];
    const char *name = stringAt(symbol.st_name);
    if (!name)
      return fail(
          formatText("symbol %zu has its name outside the string table", i));
    if (symbol.st_shndx == SHN_UNDEF)
      return fail(
          formatText("the symbol '%.200s' is undefined; a kernel object "
                     "must define all it uses",
                     name));
    if (symbol.st_shndx == SHN_COMMON)
      return fail(formatText("the symbol '%.200s' is a common block", name));
    unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if (type == STT_TLS)
      return fail(formatText("the symbol '%.200s' is thread-local", name));
    if (type == STT_GNU_IFUNC)
      return fail(
          formatText("the symbol '%.200s' is an indirect function", name));
    if (symbol.st_shndx == SHN_ABS)
      continue; // a number, not a place in the image
    bool isFunction = type == STT_FUNC;
    uint8_t *place =
        at(symbol.st_value,
           isFunction ? std::max<uint64_t>(symbol.st_size, 1) : symbol.st_size,
           isFunction ? PF_X : 0);
    if (!place)
      return fail(formatText("the symbol '%.200s' lies outside the %s segments",
                             name, isFunction ? "executable" : "loaded"));
    if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL)
      continue;
    image.symbols.push_back({name, {place, symbol.st_size, isFunction}});
  }
  return true;
}

bool ElfReader::applyRelocation(const Elf64_Rela &entry) {
  uint32_t type = ELF64_R_TYPE(entry.r_info);
  uint64_t symbolIndex = ELF64_R_SYM(entry.r_info);
  uint64_t value = 0;
  switch (type) {
  case R_X86_64_NONE:
    return true;
  case R_X86_64_RELATIVE:
    value = loadBias() + static_cast<uint64_t>(entry.r_addend);
    break;
  case R_X86_64_64:
  case R_X86_64_GLOB_DAT:
  case R_X86_64_JUMP_SLOT: {
    if (symbolIndex >= symbols.size())
      return fail(formatText("a relocation names symbol %" PRIu64
                             ", the object has %zu",
                             symbolIndex, symbols.size()));
    const Elf64_Sym &symbol = symbols[symbolIndex];
    value = symbol.st_value;
    if (symbolIndex != 0 && symbol.st_shndx != SHN_ABS)
      value += loadBias();
    if (type == R_X86_64_64)
      value += static_cast<uint64_t>(entry.r_addend);
    break;
  }
  default:
    return fail(
        formatText("the object has a relocation of type %u (%s), which a "
                   "kernel object may not have",
                   type, relocationName(type)));
  }
  uint8_t *place = at(entry.r_offset, sizeof value, PF_W);
  if (!place)
    return fail(formatText("a relocation at address 0x%" PRIx64
                           " lies outside the writable segments",
                           entry.r_offset));
  memcpy(place, &value, sizeof value);
  return true;
}

bool ElfReader::relocateTable(uint64_t table, uint64_t tableBytes,
                              const char *what) {
  if (tableBytes == 0)
    return true;
  if (tableBytes % sizeof(Elf64_Rela) != 0 || !at(table, tableBytes))
    return fail(formatText("the %s lie outside the loaded segments", what));
  for (uint64_t i = 0; i < tableBytes / sizeof(Elf64_Rela); ++i) {
    Elf64_Rela entry;
    if (!read(table + i * sizeof entry, entry))
      return fail(formatText("the %s are truncated", what));
    if (!applyRelocation(entry))
      return false;
  }
  return true;
}

/// Packed relative relocations: an even word is an address to relocate, an odd
/// word a bit map of the 63 words after it.
bool ElfReader::relocateRelr() {
  if (relrBytes == 0)
    return true;
  if (relrBytes % 8 != 0 || !at(relr, relrBytes))
    return fail("the packed relocations lie outside the loaded segments");
  auto add = [&](uint64_t address) {
    uint8_t *place = at(address, 8, PF_W);
    if (!place)
      return fail(formatText("a packed relocation at address 0x%" PRIx64
                             " lies outside the writable segments",
                             address));
    uint64_t value;
    memcpy(&value, place, sizeof value);
    value += loadBias();
    memcpy(place, &value, sizeof value);
    return true;
  };
  uint64_t next = 0;
  for (uint64_t i = 0; i < relrBytes / 8; ++i) {
    uint64_t word;
    if (!read(relr + i * 8, word))
      return fail("the packed relocations are truncated");
    if ((word & 1) == 0) {
      if (!add(word))
        return false;
      next = word + 8;
      continue;
    }
    for (unsigned bit = 0; bit < 63; ++bit)
      if ((word >> (bit + 1)) & 1)
        if (!add(next + uint64_t(bit) * 8))
          return false;
    next += uint64_t(63) * 8;
  }
  return true;
}

bool ElfReader::relocate() {
  return relocateRelr() && relocateTable(rela, relaBytes, "relocations") &&
         relocateTable(pltRela, pltRelaBytes,
                       "relocations of the procedure linkage table");
}

} // namespace tilesdk::cpu
