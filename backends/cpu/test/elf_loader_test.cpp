//===- elf_loader_test.cpp - The loader takes and refuses -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/elf_loader.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>

using tilesdk::cpu::ElfImage;

namespace {

using Bytes = std::vector<char>;

Bytes readObject(const std::string &name) {
  std::ifstream file(std::string(TILESDK_CPU_TEST_OBJECTS) + "/" + name,
                     std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string refusal(const Bytes &bytes) {
  std::string error;
  EXPECT_EQ(ElfImage::load(bytes.data(), bytes.size(), error), nullptr);
  return error;
}

/// Protections of the pages at \p address, as /proc tells them: "r-xp".
std::string protectionOf(const void *address) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    unsigned long first, last;
    char flags[8];
    if (sscanf(line.c_str(), "%lx-%lx %7s", &first, &last, flags) == 3 &&
        reinterpret_cast<unsigned long>(address) >= first &&
        reinterpret_cast<unsigned long>(address) < last)
      return flags;
  }
  return "none";
}

template <typename T> T at(const Bytes &bytes, size_t offset) {
  T value;
  memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T> void put(Bytes &bytes, size_t offset, const T &value) {
  memcpy(bytes.data() + offset, &value, sizeof value);
}

/// Offset of the first program header of \p type.
size_t programHeader(const Bytes &bytes, uint32_t type) {
  auto header = at<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    size_t offset = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at<Elf64_Phdr>(bytes, offset).p_type == type)
      return offset;
  }
  ADD_FAILURE() << "no program header of type " << type;
  return 0;
}

class LoadedObject : public testing::TestWithParam<const char *> {};

TEST_P(LoadedObject, RunsWithEveryTableStyle) {
  Bytes bytes = readObject(GetParam());
  std::string error;
  auto image = ElfImage::load(bytes.data(), bytes.size(), error);
  ASSERT_TRUE(image) << error;
  // Nothing of the input is used after load().
  std::fill(bytes.begin(), bytes.end(), '\xcc');

  auto function = image->lookup("addTable");
  ASSERT_TRUE(function.address);
  EXPECT_TRUE(function.isFunction);
  auto addTable = reinterpret_cast<int (*)(int)>(function.address);
  EXPECT_EQ(addTable(0), 41);
  EXPECT_EQ(addTable(5), 44);
  auto entry = static_cast<int (**)(int)>(image->lookup("Entry").address);
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, addTable);
  *static_cast<int *>(image->lookup("Shared").address) = 100;
  EXPECT_EQ((*entry)(0), 101);
  auto countZeroed =
      reinterpret_cast<int (*)()>(image->lookup("countZeroed").address);
  EXPECT_EQ(countZeroed(), 0);
  EXPECT_EQ(countZeroed(), 1);
  EXPECT_FALSE(image->lookup("Shared").isFunction);
  EXPECT_EQ(image->lookup("noSuchSymbol").address, nullptr);
  EXPECT_EQ(image->lookup("").address, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Styles, LoadedObject,
                         testing::Values("kernel_gnu.so", "kernel_sysv.so",
                                         "kernel_relr.so"));

TEST(ElfLoader, NoPageIsWritableAndExecutable) {
  Bytes bytes = readObject("kernel_gnu.so");
  std::string error;
  auto image = ElfImage::load(bytes.data(), bytes.size(), error);
  ASSERT_TRUE(image) << error;
  EXPECT_EQ(protectionOf(image->lookup("addTable").address), "r-xp");
  EXPECT_EQ(protectionOf(image->lookup("Shared").address), "rw-p");
  // Relocated constants are read-only once relocated.
  EXPECT_EQ(protectionOf(image->lookup("Entry").address), "r--p");
}

TEST(ElfLoader, UnloadUnmaps) {
  Bytes bytes = readObject("kernel_gnu.so");
  std::string error;
  auto image = ElfImage::load(bytes.data(), bytes.size(), error);
  ASSERT_TRUE(image) << error;
  const void *address = image->lookup("addTable").address;
  image.reset();
  EXPECT_NE(protectionOf(address), "r-xp");
}

TEST(ElfLoader, ImagesAreIndependent) {
  Bytes bytes = readObject("kernel_gnu.so");
  std::string error;
  auto one = ElfImage::load(bytes.data(), bytes.size(), error);
  auto two = ElfImage::load(bytes.data(), bytes.size(), error);
  ASSERT_TRUE(one && two);
  *static_cast<int *>(one->lookup("Shared").address) = 7;
  EXPECT_EQ(*static_cast<int *>(two->lookup("Shared").address), 40);
}

TEST(ElfLoader, RefusesByName) {
  EXPECT_NE(refusal(readObject("undefined.so")).find("'expf'"),
            std::string::npos);
  EXPECT_NE(refusal(readObject("needed.so")).find("libm.so"),
            std::string::npos);
  EXPECT_NE(refusal(readObject("thread_local.so")).find("thread-local"),
            std::string::npos);
  EXPECT_NE(refusal(readObject("initialiser.so")).find("initialisers"),
            std::string::npos);
  EXPECT_NE(refusal(readObject("indirect.so")).find("indirect function"),
            std::string::npos);
}

TEST(ElfLoader, RefusesWhatIsNoObject) {
  EXPECT_NE(refusal({}).find("truncated"), std::string::npos);
  EXPECT_NE(refusal(Bytes(10, 'x')).find("truncated"), std::string::npos);
  EXPECT_NE(refusal(Bytes(200, 'x')).find("not an ELF"), std::string::npos);
}

TEST(ElfLoader, RefusesWrongHeaders) {
  const Bytes good = readObject("kernel_gnu.so");
  auto withHeader = [&](auto change) {
    Bytes bytes = good;
    auto header = at<Elf64_Ehdr>(bytes, 0);
    change(header);
    put(bytes, 0, header);
    return refusal(bytes);
  };
  EXPECT_NE(withHeader([](Elf64_Ehdr &h) {
              h.e_machine = EM_AARCH64;
            }).find("machine 183"),
            std::string::npos);
  EXPECT_NE(withHeader([](Elf64_Ehdr &h) { h.e_type = ET_EXEC; }).find("type"),
            std::string::npos);
  EXPECT_NE(withHeader([](Elf64_Ehdr &h) {
              h.e_phoff = UINT64_MAX - 8;
            }).find("program headers"),
            std::string::npos);
  EXPECT_NE(withHeader([](Elf64_Ehdr &h) { h.e_phnum = 0xffff; }).find("limit"),
            std::string::npos);
  EXPECT_NE(
      withHeader([](Elf64_Ehdr &h) { h.e_ident[EI_CLASS] = 1; }).find("64-bit"),
      std::string::npos);
}

TEST(ElfLoader, RefusesWrongSegments) {
  const Bytes good = readObject("kernel_gnu.so");
  size_t load = programHeader(good, PT_LOAD);
  auto withSegment = [&](size_t offset, auto change) {
    Bytes bytes = good;
    auto segment = at<Elf64_Phdr>(bytes, offset);
    change(segment);
    put(bytes, offset, segment);
    return refusal(bytes);
  };
  EXPECT_NE(withSegment(load, [](Elf64_Phdr &p) { p.p_flags = 7; })
                .find("writable and executable"),
            std::string::npos);
  EXPECT_NE(withSegment(load, [](Elf64_Phdr &p) { p.p_filesz = p.p_memsz + 1; })
                .find("more bytes in the file"),
            std::string::npos);
  EXPECT_NE(withSegment(load, [](Elf64_Phdr &p) { p.p_offset = 1u << 30; })
                .find("outside the object"),
            std::string::npos);
  EXPECT_NE(
      withSegment(load, [](Elf64_Phdr &p) { p.p_memsz = UINT64_MAX - 100; })
          .find("limit"),
      std::string::npos);
  EXPECT_NE(withSegment(load, [](Elf64_Phdr &p) { p.p_align = 3; })
                .find("alignment 3"),
            std::string::npos);
  EXPECT_NE(withSegment(load, [](Elf64_Phdr &p) { p.p_memsz = 1u << 20; })
                .find("shares a page"),
            std::string::npos);
  size_t dynamic = programHeader(good, PT_DYNAMIC);
  EXPECT_NE(withSegment(dynamic, [](Elf64_Phdr &p) { p.p_vaddr = 1u << 29; })
                .find("dynamic section"),
            std::string::npos);
  EXPECT_NE(withSegment(dynamic, [](Elf64_Phdr &p) { p.p_type = PT_NOTE; })
                .find("no dynamic section"),
            std::string::npos);
  size_t stack = programHeader(good, PT_GNU_STACK);
  EXPECT_NE(withSegment(stack, [](Elf64_Phdr &p) { p.p_flags = 7; })
                .find("executable stack"),
            std::string::npos);
}

TEST(ElfLoader, RefusesForeignRelocations) {
  Bytes bytes = readObject("kernel_gnu.so");
  auto dynamic = at<Elf64_Phdr>(bytes, programHeader(bytes, PT_DYNAMIC));
  uint64_t rela = 0;
  for (size_t i = dynamic.p_offset;; i += sizeof(Elf64_Dyn)) {
    auto entry = at<Elf64_Dyn>(bytes, i);
    if (entry.d_tag == DT_NULL)
      break;
    if (entry.d_tag == DT_RELA)
      rela = entry.d_un.d_ptr; // the first segment lies at its file offset
  }
  ASSERT_NE(rela, 0u);
  auto relocation = at<Elf64_Rela>(bytes, rela);
  for (auto [type, text] :
       {std::pair<uint32_t, const char *>{R_X86_64_IRELATIVE, "IRELATIVE"},
        {R_X86_64_TPOFF64, "thread-local"},
        {R_X86_64_COPY, "COPY"},
        {250, "type 250"}}) {
    Bytes changed = bytes;
    relocation.r_info = ELF64_R_INFO(0, type);
    put(changed, rela, relocation);
    EXPECT_NE(refusal(changed).find(text), std::string::npos) << type;
  }
  // Relocations may only change writable data.
  Bytes changed = bytes;
  relocation.r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE);
  relocation.r_offset = 0;
  put(changed, rela, relocation);
  EXPECT_NE(refusal(changed).find("writable"), std::string::npos);
  relocation.r_offset = UINT64_MAX - 3;
  put(changed, rela, relocation);
  EXPECT_NE(refusal(changed).find("writable"), std::string::npos);
}

/// Loads changed bytes; nothing of the image is run, so any outcome but a crash
/// or a silent failure is right.
void loadAnyway(const Bytes &bytes) {
  std::string error;
  auto image = ElfImage::load(bytes.data(), bytes.size(), error);
  if (image) {
    image->lookup("addTable");
    image->functionNames();
  } else {
    ASSERT_FALSE(error.empty());
  }
}

class Hostile : public testing::TestWithParam<const char *> {};

TEST_P(Hostile, EveryTruncation) {
  const Bytes good = readObject(GetParam());
  for (size_t size = 0; size < good.size(); size += size < 4096 ? 1 : 61)
    loadAnyway(Bytes(good.begin(), good.begin() + static_cast<long>(size)));
}

TEST_P(Hostile, EveryByteChanged) {
  const Bytes good = readObject(GetParam());
  std::mt19937 random(20);
  for (size_t i = 0; i < std::min<size_t>(good.size(), 6000); ++i)
    for (unsigned char change : {0x01, 0x80, 0xff}) {
      Bytes bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      loadAnyway(bytes);
    }
}

TEST_P(Hostile, EveryWordReplaced) {
  const Bytes good = readObject(GetParam());
  const uint64_t values[] = {
      0,          1,          0x7fffffff,        0x80000000,
      0xffffffff, UINT64_MAX, uint64_t(1) << 63, good.size(),
      4096};
  for (size_t i = 0; i + 8 <= std::min<size_t>(good.size(), 6000); i += 8)
    for (uint64_t value : values) {
      Bytes bytes = good;
      put(bytes, i, value);
      loadAnyway(bytes);
    }
}

TEST_P(Hostile, ManyChangesAtOnce) {
  const Bytes good = readObject(GetParam());
  std::mt19937 random(21);
  for (int round = 0; round < 4000; ++round) {
    Bytes bytes = good;
    for (unsigned n = 1 + random() % 8; n; --n)
      bytes[random() % std::min<size_t>(bytes.size(), 3000)] =
          static_cast<char>(random());
    loadAnyway(bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Styles, Hostile,
                         testing::Values("kernel_gnu.so", "kernel_sysv.so",
                                         "kernel_relr.so"));

} // namespace
