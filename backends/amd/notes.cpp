//===- notes.cpp - What a code object says of its kernels -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note NT_AMDGPU_METADATA holds MessagePack (LLVM's "User Guide for AMDGPU
// Backend", Code Object V3 Metadata): a map with "amdhsa.kernels", an array of
// maps, one a kernel.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/notes.h"

#include <cstring>
#include <elf.h>

namespace tilesdk::amd {

namespace {

constexpr uint32_t metadataNote = 32;

/// MessagePack, front to back. After something broken all reads fail.
class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes(bytes) {}

  bool isGood() const { return good; }
  /// How many pairs follow; 0 when it is no map.
  uint64_t map() { return container(0x80, 0xde, 0xdf); }
  uint64_t array() { return container(0x90, 0xdc, 0xdd); }
  std::string_view string();
  uint64_t number();
  void skip(unsigned depth = 0);

private:
  uint64_t big(unsigned count) {
    uint64_t result = 0;
    for (unsigned i = 0; i < count; ++i)
      result = result << 8 | byte();
    return result;
  }
  uint8_t byte() {
    if (at >= bytes.size()) {
      good = false;
      return 0;
    }
    return static_cast<uint8_t>(bytes[at++]);
  }
  uint8_t peek() const {
    return at < bytes.size() ? static_cast<uint8_t>(bytes[at]) : 0xc1;
  }
  std::string_view take(uint64_t count) {
    if (count > bytes.size() - at) {
      good = false;
      return {};
    }
    std::string_view result = bytes.substr(at, count);
    at += count;
    return result;
  }
  uint64_t container(uint8_t small, uint8_t wide, uint8_t wider);

  std::string_view bytes;
  size_t at = 0;
  bool good = true;
};

uint64_t Reader::container(uint8_t small, uint8_t wide, uint8_t wider) {
  uint8_t head = peek();
  if ((head & 0xf0) == small)
    return byte() & 0x0f;
  if (head != wide && head != wider) {
    good = false;
    return 0;
  }
  byte();
  return big(head == wide ? 2 : 4);
}

std::string_view Reader::string() {
  uint8_t head = byte();
  if ((head & 0xe0) == 0xa0)
    return take(head & 0x1f);
  if (head >= 0xd9 && head <= 0xdb)
    return take(big(1u << (head - 0xd9)));
  good = false;
  return {};
}

uint64_t Reader::number() {
  uint8_t head = byte();
  if (head < 0x80)
    return head;
  if (head >= 0xcc && head <= 0xcf)
    return big(1u << (head - 0xcc));
  good = false;
  return 0;
}

void Reader::skip(unsigned depth) {
  uint8_t head = peek();
  if (!good || depth > 16) {
    good = false;
    return;
  }
  if (bool isMap = (head & 0xf0) == 0x80 || head == 0xde || head == 0xdf;
      isMap || (head & 0xf0) == 0x90 || head == 0xdc || head == 0xdd) {
    for (uint64_t i = isMap ? 2 * map() : array(); i && good; --i)
      skip(depth + 1);
  } else if ((head & 0xe0) == 0xa0 || (head >= 0xd9 && head <= 0xdb)) {
    string();
  } else if (head < 0x80 || head >= 0xe0 || head == 0xc0 || head == 0xc2 ||
             head == 0xc3) {
    byte();
  } else if (head >= 0xcc && head <= 0xd3) {
    byte();
    take(1u << (head & 3));
  } else if (head == 0xca || head == 0xcb) {
    byte();
    take(head == 0xca ? 4 : 8);
  } else {
    good = false; // extensions and binary data: nothing here has them
  }
}

bool readKernel(Reader &in, std::string_view kernel, KernelNumbers &out) {
  KernelNumbers numbers;
  bool isWanted = false;
  for (uint64_t i = in.map(); i && in.isGood(); --i) {
    std::string_view key = in.string();
    uint32_t *to = key == ".vgpr_count"         ? &numbers.vectorRegisters
                   : key == ".vgpr_spill_count" ? &numbers.vectorSpills
                   : key == ".sgpr_spill_count" ? &numbers.scalarSpills
                   : key == ".group_segment_fixed_size"   ? &numbers.sharedBytes
                   : key == ".private_segment_fixed_size" ? &numbers.stackBytes
                                                          : nullptr;
    if (to)
      *to = static_cast<uint32_t>(in.number());
    else if (key == ".name")
      isWanted = in.string() == kernel;
    else
      in.skip();
  }
  if (!in.isGood() || !isWanted)
    return false;
  out = numbers;
  return true;
}

bool readNote(std::string_view note, std::string_view kernel,
              KernelNumbers &out) {
  Reader in(note);
  for (uint64_t i = in.map(); i && in.isGood(); --i) {
    if (in.string() != "amdhsa.kernels") {
      in.skip();
      continue;
    }
    for (uint64_t k = in.array(); k && in.isGood(); --k)
      if (readKernel(in, kernel, out))
        return true;
  }
  return false;
}

/// A struct at \p offset; false beyond the end.
template <typename T>
bool readAt(std::string_view bytes, uint64_t offset, T &out) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
    return false;
  std::memcpy(&out, bytes.data() + offset, sizeof(T));
  return true;
}

} // namespace

bool readKernelNumbers(std::string_view object, std::string_view kernel,
                       KernelNumbers &out) {
  Elf64_Ehdr header;
  if (!readAt(object, 0, header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64)
    return false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!readAt(object, header.e_phoff + uint64_t(i) * sizeof segment, segment))
      return false;
    if (segment.p_type != PT_NOTE || segment.p_offset > object.size())
      continue;
    std::string_view notes = object.substr(segment.p_offset, segment.p_filesz);
    Elf64_Nhdr note;
    auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t(3); };
    for (uint64_t at = 0; readAt(notes, at, note);) {
      uint64_t name = at + sizeof note, text = name + padded(note.n_namesz);
      if (text > notes.size() || note.n_descsz > notes.size() - text)
        break;
      if (note.n_type == metadataNote &&
          notes.substr(name, note.n_namesz) ==
              std::string_view("AMDGPU\0", 7) &&
          readNote(notes.substr(text, note.n_descsz), kernel, out))
        return true;
      at = text + padded(note.n_descsz);
    }
  }
  return false;
}

} // namespace tilesdk::amd
