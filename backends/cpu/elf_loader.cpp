//===- elf_loader.cpp - Loads a linked kernel object from memory -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/elf_loader.h"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tilesdk::cpu {

namespace {

// Kernel objects are a few pages; these bounds only keep hostile headers from
// reserving the address space.
constexpr uint64_t MaxImageBytes = uint64_t(1) << 30;
constexpr uint64_t MaxAlign = uint64_t(1) << 21;
constexpr unsigned MaxProgramHeaders = 64;
constexpr uint64_t MaxSymbols = 1u << 20;

[[gnu::format(printf, 1, 2)]] std::string format(const char *fmt, ...) {
  char buffer[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(buffer, sizeof buffer, fmt, args);
  va_end(args);
  return buffer;
}

struct Segment {
  uint64_t start, end; // virtual addresses as linked, unrounded
  uint32_t flags;      // PF_*
};

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
    for (const Segment &segment : segments)
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
  std::vector<Segment> segments;
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

bool ElfReader::readHeader() {
  if (size < sizeof header)
    return fail(format("the object is truncated: %zu bytes, an ELF header has "
                       "%zu",
                       size, sizeof header));
  memcpy(&header, bytes, sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail("the object is not an ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_ident[EI_VERSION] != EV_CURRENT ||
      header.e_version != EV_CURRENT)
    return fail("the object is not a 64-bit little-endian ELF file of version "
                "1");
  if (header.e_ident[EI_OSABI] != ELFOSABI_SYSV &&
      header.e_ident[EI_OSABI] != ELFOSABI_GNU)
    return fail(format("the object is for operating system ABI %u, this loader "
                       "takes 0 (System V) and 3 (GNU)",
                       header.e_ident[EI_OSABI]));
  if (header.e_machine != EM_X86_64)
    return fail(format("the object is for ELF machine %u, this processor is "
                       "%u (x86-64)",
                       header.e_machine, EM_X86_64));
  if (header.e_type != ET_DYN)
    return fail(format("the object has ELF type %u, a shared object has %u",
                       header.e_type, ET_DYN));
  if (header.e_ehsize != sizeof(Elf64_Ehdr) ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(format("the ELF header gives its own size as %u and that of a "
                       "program header as %u",
                       header.e_ehsize, header.e_phentsize));
  if (header.e_phnum == 0 || header.e_phnum > MaxProgramHeaders)
    return fail(format("the object has %u program headers, the limit is %u",
                       header.e_phnum, MaxProgramHeaders));
  uint64_t tableBytes = uint64_t(header.e_phnum) * sizeof(Elf64_Phdr);
  if (header.e_phoff > size || tableBytes > size - header.e_phoff)
    return fail(format("the program headers at offset %" PRIu64
                       " lie outside the object of %zu bytes",
                       header.e_phoff, size));
  return true;
}

bool ElfReader::addLoad(const Elf64_Phdr &load) {
  size_t index = loads.size();
  if (load.p_filesz > load.p_memsz)
    return fail(
        format("segment %zu has more bytes in the file than in memory", index));
  if (load.p_offset > size || load.p_filesz > size - load.p_offset)
    return fail(format("segment %zu lies outside the object (offset %" PRIu64
                       ", %" PRIu64 " bytes of %zu)",
                       index, load.p_offset, load.p_filesz, size));
  if (load.p_vaddr > MaxImageBytes || load.p_memsz > MaxImageBytes ||
      load.p_vaddr + load.p_memsz > MaxImageBytes)
    return fail(format("segment %zu ends above the limit of %" PRIu64
                       " bytes for an image",
                       index, MaxImageBytes));
  if (load.p_align > MaxAlign || (load.p_align & (load.p_align - 1)) != 0)
    return fail(format("segment %zu has alignment %" PRIu64
                       ", a power of two up to %" PRIu64 " is allowed",
                       index, load.p_align, MaxAlign));
  if (load.p_align > 1 && (load.p_vaddr - load.p_offset) % load.p_align != 0)
    return fail(format("segment %zu: file offset and address differ modulo the "
                       "alignment",
                       index));
  if ((load.p_flags & PF_W) && (load.p_flags & PF_X))
    return fail(format("segment %zu is writable and executable", index));
  uint64_t end = load.p_vaddr + load.p_memsz;
  // Segments are copied, not mapped from a file, so two of them may share a
  // page of the file but never a page of memory: protections are per page.
  if (!segments.empty() && pageDown(load.p_vaddr) < pageUp(segments.back().end))
    return fail(format("segment %zu shares a page of memory with the one "
                       "before it, or is out of order",
                       index));
  loads.push_back(load);
  segments.push_back({load.p_vaddr, end, load.p_flags});
  return true;
}

bool ElfReader::readSegments() {
  bool hasDynamic = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr entry;
    memcpy(&entry, bytes + header.e_phoff + i * sizeof entry, sizeof entry);
    switch (entry.p_type) {
    case PT_LOAD:
      if (!addLoad(entry))
        return false;
      break;
    case PT_DYNAMIC:
      if (hasDynamic)
        return fail("the object has two dynamic sections");
      hasDynamic = true;
      dynamicAddress = entry.p_vaddr;
      dynamicBytes = entry.p_memsz;
      break;
    case PT_GNU_RELRO:
      relroStart = entry.p_vaddr;
      relroEnd = entry.p_vaddr + entry.p_memsz;
      if (relroEnd < relroStart || relroEnd > MaxImageBytes)
        return fail("the read-only-after-relocation range is out of bounds");
      break;
    case PT_GNU_STACK:
      if (entry.p_flags & PF_X)
        return fail("the object asks for an executable stack");
      break;
    case PT_TLS:
      return fail("the object has thread-local storage, which kernels may not "
                  "use");
    case PT_INTERP:
      return fail("the object asks for a program interpreter");
    default:
      break; // notes, unwind tables and other hints
    }
  }
  if (segments.empty())
    return fail("the object has no loadable segment");
  if (!hasDynamic)
    return fail("the object has no dynamic section");
  return true;
}

bool ElfReader::mapSegments() {
  base = pageDown(segments.front().start);
  uint64_t align = page;
  for (const Elf64_Phdr &load : loads)
    align = std::max(align, load.p_align);
  base &= ~(align - 1);
  uint64_t span = pageUp(segments.back().end) - base;
  // A mapping starts at any page, so the slack for a larger alignment is
  // reserved too and given back.
  uint64_t reserve = span + (align - page);
  void *reserved = mmap(nullptr, reserve, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    return fail(format("no address space for an image of %" PRIu64 " bytes: %s",
                       reserve, strerror(errno)));
  uint64_t start = reinterpret_cast<uint64_t>(reserved);
  uint64_t aligned = (start + align - 1) & ~(align - 1);
  if (aligned != start)
    munmap(reserved, aligned - start);
  if (uint64_t tail = start + reserve - (aligned + span))
    munmap(reinterpret_cast<void *>(aligned + span), tail);
  image.mapping = reinterpret_cast<uint8_t *>(aligned);
  image.mappingBytes = span;

  for (const Elf64_Phdr &load : loads) {
    if (load.p_memsz == 0)
      continue;
    uint64_t first = pageDown(load.p_vaddr);
    uint64_t length = pageUp(load.p_vaddr + load.p_memsz) - first;
    if (mprotect(image.mapping + (first - base), length,
                 PROT_READ | PROT_WRITE) != 0)
      return fail(format("no memory for a segment of %" PRIu64 " bytes: %s",
                         length, strerror(errno)));
    memcpy(image.mapping + (load.p_vaddr - base), bytes + load.p_offset,
           load.p_filesz);
  }
  return true;
}

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
           fail(format("a symbol has %" PRIu64 " bytes, not %zu", value,
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
           fail(format("a relocation has %" PRIu64 " bytes, not %zu", value,
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
    return fail(format("the object needs the library '%.200s'; a kernel object "
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
    return fail(format("the object has %" PRIu64 " symbols, the limit is "
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
          format("symbol %zu has its name outside the string table", i));
    if (symbol.st_shndx == SHN_UNDEF)
      return fail(format("the symbol '%.200s' is undefined; a kernel object "
                         "must define all it uses",
                         name));
    if (symbol.st_shndx == SHN_COMMON)
      return fail(format("the symbol '%.200s' is a common block", name));
    unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if (type == STT_TLS)
      return fail(format("the symbol '%.200s' is thread-local", name));
    if (type == STT_GNU_IFUNC)
      return fail(format("the symbol '%.200s' is an indirect function", name));
    if (symbol.st_shndx == SHN_ABS)
      continue; // a number, not a place in the image
    bool isFunction = type == STT_FUNC;
    uint8_t *place =
        at(symbol.st_value,
           isFunction ? std::max<uint64_t>(symbol.st_size, 1) : symbol.st_size,
           isFunction ? PF_X : 0);
    if (!place)
      return fail(format("the symbol '%.200s' lies outside the %s segments",
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
      return fail(format("a relocation names symbol %" PRIu64
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
    return fail(format("the object has a relocation of type %u (%s), which a "
                       "kernel object may not have",
                       type, relocationName(type)));
  }
  uint8_t *place = at(entry.r_offset, sizeof value, PF_W);
  if (!place)
    return fail(format("a relocation at address 0x%" PRIx64
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
    return fail(format("the %s lie outside the loaded segments", what));
  for (uint64_t i = 0; i < tableBytes / sizeof(Elf64_Rela); ++i) {
    Elf64_Rela entry;
    if (!read(table + i * sizeof entry, entry))
      return fail(format("the %s are truncated", what));
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
      return fail(format("a packed relocation at address 0x%" PRIx64
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
    next += 63 * 8;
  }
  return true;
}

bool ElfReader::relocate() {
  return relocateRelr() && relocateTable(rela, relaBytes, "relocations") &&
         relocateTable(pltRela, pltRelaBytes,
                       "relocations of the procedure linkage table");
}

bool ElfReader::protect() {
  for (const Segment &segment : segments) {
    if (segment.start == segment.end)
      continue;
    int protection = (segment.flags & PF_R ? PROT_READ : 0) |
                     (segment.flags & PF_W ? PROT_WRITE : 0) |
                     (segment.flags & PF_X ? PROT_EXEC : 0);
    uint64_t first = pageDown(segment.start);
    if (mprotect(image.mapping + (first - base), pageUp(segment.end) - first,
                 protection) != 0)
      return fail(format("the operating system refuses the protection of a "
                         "%ssegment: %s",
                         segment.flags & PF_X ? "code " : "", strerror(errno)));
  }
  if (relroEnd == relroStart)
    return true;
  uint64_t first = pageDown(relroStart), last = pageDown(relroEnd);
  if (last <= first)
    return true;
  for (const Segment &segment : segments)
    if ((segment.flags & PF_W) && first >= pageDown(segment.start) &&
        last <= pageUp(segment.end)) {
      if (mprotect(image.mapping + (first - base), last - first, PROT_READ) !=
          0)
        return fail(format("the operating system refuses to make relocated "
                           "data read-only: %s",
                           strerror(errno)));
      return true;
    }
  return fail("the read-only-after-relocation range lies outside the writable "
              "segments");
}

std::unique_ptr<ElfImage> ElfImage::load(const void *bytes, size_t size,
                                         std::string &error) {
  std::unique_ptr<ElfImage> image(new ElfImage());
  if (!ElfReader(bytes, size, *image, error).run())
    return nullptr;
  return image;
}

ElfImage::~ElfImage() {
  if (mapping)
    munmap(mapping, mappingBytes);
}

ElfImage::Symbol ElfImage::lookup(std::string_view name) const {
  for (const NamedSymbol &entry : symbols)
    if (entry.name == name)
      return entry.symbol;
  return {};
}

std::vector<std::string> ElfImage::functionNames() const {
  std::vector<std::string> names;
  for (const NamedSymbol &entry : symbols)
    if (entry.symbol.isFunction)
      names.push_back(entry.name);
  return names;
}

void ElfImage::writePerfMap() const {
  std::string path = format("/tmp/perf-%d.map", getpid());
  FILE *file = fopen(path.c_str(), "ae");
  if (!file)
    return;
  for (const NamedSymbol &entry : symbols)
    if (entry.symbol.isFunction)
      fprintf(file, "%" PRIxPTR " %" PRIx64 " %s\n",
              reinterpret_cast<uintptr_t>(entry.symbol.address),
              entry.symbol.size, entry.name.c_str());
  fclose(file);
}

} // namespace tilesdk::cpu
