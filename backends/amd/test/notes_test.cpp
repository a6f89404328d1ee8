//===- notes_test.cpp - Reading code objects --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/notes.h"

#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <string>

using namespace tilesdk::amd;

namespace {

std::string text(const std::string &value) {
  return value.size() < 32
             ? char(0xa0 | value.size()) + value
             : "\xd9" + std::string(1, char(value.size())) + value;
}

/// A kernel's map: some keys nobody asks for around those that count.
std::string kernelMap(const std::string &name, unsigned registers) {
  std::string map = "\x88"; // 8 pairs
  map += text(".args") + "\x92\x81" + text(".size") + "\x08\xc0";
  map += text(".group_segment_fixed_size") + std::string("\xcd\x12\x34", 3);
  map += text(".name") + text(name);
  map += text(".private_segment_fixed_size") + std::string("\xce\0\1\0\0", 5);
  map += text(".sgpr_spill_count") + std::string("\0", 1);
  map += text(".uses_dynamic_stack") + "\xc2";
  map += text(".vgpr_count") + std::string("\xcc", 1) + char(registers);
  map += text(".vgpr_spill_count") + "\x07";
  return map;
}

std::string codeObject(const std::string &pack) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_phoff = sizeof header;
  header.e_phnum = 2;
  Elf64_Phdr segments[2] = {};
  segments[0].p_type = PT_LOAD;
  segments[1].p_type = PT_NOTE;
  segments[1].p_offset = sizeof header + sizeof segments;
  Elf64_Nhdr note = {};
  note.n_namesz = 7;
  note.n_descsz = Elf64_Word(pack.size());
  note.n_type = 32;
  std::string notes(reinterpret_cast<char *>(&note), sizeof note);
  notes += std::string("AMDGPU\0\0", 8) + pack;
  segments[1].p_filesz = notes.size();
  return std::string(reinterpret_cast<char *>(&header), sizeof header) +
         std::string(reinterpret_cast<char *>(segments), sizeof segments) +
         notes;
}

std::string twoKernels() {
  return codeObject("\x82" + text("amdhsa.version") + "\x92\x01\x02" +
                    text("amdhsa.kernels") + "\x92" + kernelMap("one", 12) +
                    kernelMap("two", 200));
}

TEST(Notes, NumbersOfTheKernelThatIsAskedFor) {
  KernelNumbers numbers;
  ASSERT_TRUE(readKernelNumbers(twoKernels(), "two", numbers));
  EXPECT_EQ(numbers.vectorRegisters, 200u);
  EXPECT_EQ(numbers.vectorSpills, 7u);
  EXPECT_EQ(numbers.scalarSpills, 0u);
  EXPECT_EQ(numbers.sharedBytes, 0x1234u);
  EXPECT_EQ(numbers.stackBytes, 0x10000u);
  ASSERT_TRUE(readKernelNumbers(twoKernels(), "one", numbers));
  EXPECT_EQ(numbers.vectorRegisters, 12u);
  EXPECT_FALSE(readKernelNumbers(twoKernels(), "three", numbers));
}

TEST(Notes, AnyBytesAreSafe) {
  KernelNumbers numbers;
  EXPECT_FALSE(readKernelNumbers("", "two", numbers));
  EXPECT_FALSE(readKernelNumbers("\x7f"
                                 "ELF",
                                 "two", numbers));
  const std::string whole = twoKernels();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(readKernelNumbers(whole.substr(0, size), "two", numbers))
        << size;
  for (size_t at = 0; at < whole.size(); ++at)
    for (int value : {0x00, 0x7f, 0x80, 0xdd, 0xdf, 0xff}) {
      std::string broken = whole;
      broken[at] = char(value);
      readKernelNumbers(broken, "two", numbers);
    }
  // Nested without end.
  EXPECT_FALSE(readKernelNumbers(
      codeObject("\x81" + text("x") + std::string(100000, '\x91')), "two",
      numbers));
}

} // namespace
