//===- elf_loader.cpp - Loads a kernel object from memory -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/elf_reader.h"

#include "backends/cpu/scratch.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <sys/mman.h>

namespace tilesdk::cpu {

namespace {

// Kernel objects are a few pages; these bounds only keep hostile headers from
// reserving the address space.
constexpr uint64_t MaxImageBytes = uint64_t(1) << 30;
constexpr uint64_t MaxAlign = uint64_t(1) << 21;
constexpr unsigned MaxProgramHeaders = 64;

} // namespace

std::string formatText(const char *fmt, ...) {
  char buffer[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(buffer, sizeof buffer, fmt, args);
  va_end(args);
  return buffer;
}

bool ElfReader::readHeader() {
  if (size < sizeof header)
    return fail(
        formatText("the object is truncated: %zu bytes, an ELF header has "
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
    return fail(
        formatText("the object is for operating system ABI %u, this loader "
                   "takes 0 (System V) and 3 (GNU)",
                   header.e_ident[EI_OSABI]));
  if (header.e_machine != EM_X86_64)
    return fail(
        formatText("the object is for ELF machine %u, this processor is "
                   "%u (x86-64)",
                   header.e_machine, EM_X86_64));
  if (header.e_type != ET_DYN)
    return fail(formatText("the object has ELF type %u, a shared object has %u",
                           header.e_type, ET_DYN));
  if (header.e_ehsize != sizeof(Elf64_Ehdr) ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(
        formatText("the ELF header gives its own size as %u and that of a "
                   "program header as %u",
                   header.e_ehsize, header.e_phentsize));
  if (header.e_phnum == 0 || header.e_phnum > MaxProgramHeaders)
    return fail(formatText("the object has %u program headers, the limit is %u",
                           header.e_phnum, MaxProgramHeaders));
  uint64_t tableBytes = uint64_t(header.e_phnum) * sizeof(Elf64_Phdr);
  if (header.e_phoff > size || tableBytes > size - header.e_phoff)
    return fail(formatText("the program headers at offset %" PRIu64
                           " lie outside the object of %zu bytes",
                           header.e_phoff, size));
  return true;
}

bool ElfReader::addLoad(const Elf64_Phdr &load) {
  size_t index = loads.size();
  if (load.p_filesz > load.p_memsz)
    return fail(formatText(
        "segment %zu has more bytes in the file than in memory", index));
  if (load.p_offset > size || load.p_filesz > size - load.p_offset)
    return fail(
        formatText("segment %zu lies outside the object (offset %" PRIu64
                   ", %" PRIu64 " bytes of %zu)",
                   index, load.p_offset, load.p_filesz, size));
  if (load.p_vaddr > MaxImageBytes || load.p_memsz > MaxImageBytes ||
      load.p_vaddr + load.p_memsz > MaxImageBytes)
    return fail(formatText("segment %zu ends above the limit of %" PRIu64
                           " bytes for an image",
                           index, MaxImageBytes));
  if (load.p_align > MaxAlign || (load.p_align & (load.p_align - 1)) != 0)
    return fail(formatText("segment %zu has alignment %" PRIu64
                           ", a power of two up to %" PRIu64 " is allowed",
                           index, load.p_align, MaxAlign));
  if (load.p_align > 1 && (load.p_vaddr - load.p_offset) % load.p_align != 0)
    return fail(
        formatText("segment %zu: file offset and address differ modulo the "
                   "alignment",
                   index));
  if ((load.p_flags & PF_W) && (load.p_flags & PF_X))
    return fail(formatText("segment %zu is writable and executable", index));
  uint64_t end = load.p_vaddr + load.p_memsz;
  // Segments are copied, not mapped from a file, so two of them may share a
  // page of the file but never a page of memory: protections are per page.
  if (!segments.empty() && pageDown(load.p_vaddr) < pageUp(segments.back().end))
    return fail(formatText("segment %zu shares a page of memory with the one "
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
  image.mapping = static_cast<uint8_t *>(mapAligned(span, align, PROT_NONE));
  if (!image.mapping)
    return fail(formatText("no address space for an image of %" PRIu64
                           " bytes: %s",
                           span, strerror(errno)));
  image.mappingBytes = span;

  for (const Elf64_Phdr &load : loads) {
    if (load.p_memsz == 0)
      continue;
    uint64_t first = pageDown(load.p_vaddr);
    uint64_t length = pageUp(load.p_vaddr + load.p_memsz) - first;
    if (mprotect(image.mapping + (first - base), length,
                 PROT_READ | PROT_WRITE) != 0)
      return fail(formatText("no memory for a segment of %" PRIu64 " bytes: %s",
                             length, strerror(errno)));
    memcpy(image.mapping + (load.p_vaddr - base), bytes + load.p_offset,
           load.p_filesz);
  }
  return true;
}

bool ElfReader::protect() {
  for (const ElfSegment &segment : segments) {
    if (segment.start == segment.end)
      continue;
    int protection = (segment.flags & PF_R ? PROT_READ : 0) |
                     (segment.flags & PF_W ? PROT_WRITE : 0) |
                     (segment.flags & PF_X ? PROT_EXEC : 0);
    uint64_t first = pageDown(segment.start);
    // Segments that are writable and executable were refused.
    // NOLINTNEXTLINE(clang-analyzer-security.MmapWriteExec)
    if (mprotect(image.mapping + (first - base), pageUp(segment.end) - first,
                 protection) != 0)
      return fail(formatText("the operating system refuses the protection of a "
                             "%ssegment: %s",
                             segment.flags & PF_X ? "code " : "",
                             strerror(errno)));
  }
  if (relroEnd == relroStart)
    return true;
  uint64_t first = pageDown(relroStart), last = pageDown(relroEnd);
  if (last <= first)
    return true;
  for (const ElfSegment &segment : segments)
    if ((segment.flags & PF_W) && first >= pageDown(segment.start) &&
        last <= pageUp(segment.end)) {
      if (mprotect(image.mapping + (first - base), last - first, PROT_READ) !=
          0)
        return fail(formatText("the operating system refuses to make relocated "
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
  std::string path = formatText("/tmp/perf-%d.map", getpid());
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
