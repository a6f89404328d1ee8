//===- executables.cpp - Code objects of the fake HSA runtime ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/fake_hsa/fake_hsa.h"

#include <algorithm>
#include <elf.h>

namespace tilesdk::fake_hsa {

namespace {

struct Known {
  std::mutex mutex;
  std::map<uint64_t, const Kernel *> kernels;
};
Known &known() {
  static Known &known = *new Known();
  return known;
}

struct CodeReader {
  const void *bytes;
  size_t size;
};

} // namespace

const Kernel *kernelAt(uint64_t address) {
  std::lock_guard lock(known().mutex);
  auto found = known().kernels.find(address);
  return found == known().kernels.end() ? nullptr : found->second;
}

Executable::~Executable() {
  std::lock_guard lock(known().mutex);
  for (const auto &[name, kernel] : kernels)
    known().kernels.erase(reinterpret_cast<uint64_t>(kernel.descriptor));
  if (base)
    release(base);
}

std::string Executable::open(const void *bytes, size_t size) {
  constexpr unsigned amdgpu = 224, hsa = 64, metadataNote = 32;
  auto *file = static_cast<const char *>(bytes);
  Elf64_Ehdr head;
  if (size < sizeof head)
    return "it is too short";
  std::memcpy(&head, file, sizeof head);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
      head.e_machine != amdgpu || head.e_ident[EI_OSABI] != hsa)
    return "it is no AMD code object";
  version = head.e_ident[EI_ABIVERSION] + 2;
  object.assign(file, file + size);
  auto at = [&](uint64_t offset, uint64_t length) {
    return offset <= size && length <= size - offset;
  };
  auto read = [&]<typename T>(uint64_t offset, T &out) {
    if (!at(offset, sizeof out))
      return false;
    std::memcpy(&out, file + offset, sizeof out);
    return true;
  };

  std::vector<Elf64_Phdr> segments(head.e_phnum);
  uint64_t top = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    Elf64_Phdr &segment = segments[i];
    if (!read(head.e_phoff + i * sizeof segment, segment) ||
        !at(segment.p_offset, segment.p_filesz))
      return "a segment is cut";
    if (segment.p_type == PT_LOAD)
      top = std::max(top, segment.p_vaddr + segment.p_memsz);
  }
  base = static_cast<char *>(allocate(top, GpuAgent));
  if (!base)
    return "there is no memory";
  Metadata metadata;
  for (const Elf64_Phdr &segment : segments) {
    if (segment.p_type == PT_LOAD)
      std::memcpy(base + segment.p_vaddr, file + segment.p_offset,
                  segment.p_filesz);
    if (segment.p_type != PT_NOTE)
      continue;
    auto round = [](uint64_t n) { return (n + 3) / 4 * 4; };
    for (uint64_t offset = segment.p_offset, end = offset + segment.p_filesz;
         offset < end;) {
      Elf64_Nhdr note;
      if (!read(offset, note))
        return "a note is cut";
      uint64_t text = offset + sizeof note + round(note.n_namesz);
      if (!at(text, note.n_descsz))
        return "a note is cut";
      if (note.n_type == metadataNote &&
          !readMetadata(reinterpret_cast<const unsigned char *>(file + text),
                        note.n_descsz, metadata))
        return "its metadata cannot be read";
      offset = text + round(note.n_descsz);
    }
  }
  target = metadata.target;

  for (size_t i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr section, names;
    if (!read(head.e_shoff + i * sizeof section, section))
      return "a section is cut";
    if (section.sh_type == SHT_RELA && section.sh_flags & SHF_ALLOC) {
      constexpr unsigned abs64 = 3, relative64 = 13;
      for (uint64_t j = 0; j < section.sh_size; j += sizeof(Elf64_Rela)) {
        Elf64_Rela entry;
        if (!read(section.sh_offset + j, entry))
          return "a relocation is cut";
        if (ELF64_R_TYPE(entry.r_info) != relative64)
          return ELF64_R_TYPE(entry.r_info) == abs64
                     ? "it refers to symbols"
                     : "it has a relocation of an unknown kind";
        uint64_t value = reinterpret_cast<uint64_t>(base) + entry.r_addend;
        std::memcpy(base + entry.r_offset, &value, sizeof value);
      }
    }
    if (section.sh_type != SHT_DYNSYM ||
        !read(head.e_shoff + section.sh_link * sizeof section, names))
      continue;
    for (uint64_t j = 0; j < section.sh_size; j += sizeof(Elf64_Sym)) {
      Elf64_Sym entry;
      if (!read(section.sh_offset + j, entry) || !entry.st_name ||
          !at(names.sh_offset + entry.st_name, 1))
        continue;
      std::string name = file + names.sh_offset + entry.st_name;
      symbols[name] = {name, this, base + entry.st_value, entry.st_size,
                       nullptr};
    }
  }
  for (Kernel &in : metadata.kernels) {
    auto symbol = symbols.find(in.name + ".kd");
    if (symbol == symbols.end())
      return "kernel '" + in.name + "' has no descriptor";
    Kernel &kernel = kernels[in.name] = std::move(in);
    kernel.executable = this;
    kernel.descriptor =
        reinterpret_cast<const unsigned char *>(symbol->second.address);
    symbol->second.kernel = &kernel;
    std::lock_guard lock(known().mutex);
    known().kernels[reinterpret_cast<uint64_t>(kernel.descriptor)] = &kernel;
  }
  return "";
}

} // namespace tilesdk::fake_hsa

using namespace tilesdk::fake_hsa;

namespace {

Executable &executableOf(hsa_executable_t executable) {
  return *reinterpret_cast<Executable *>(executable.handle);
}

template <typename T> hsa_status_t put(void *out, T value) {
  std::memcpy(out, &value, sizeof value);
  return HSA_STATUS_SUCCESS;
}

// Device memory is the host's, and nothing else of the loader is asked for.
hsa_status_t queryHostAddress(const void *device, const void **host) {
  *host = device;
  return HSA_STATUS_SUCCESS;
}

} // namespace

extern "C" {

hsa_status_t
hsa_code_object_reader_create_from_memory(const void *bytes, size_t size,
                                          hsa_code_object_reader_t *out) {
  out->handle = reinterpret_cast<uint64_t>(new CodeReader{bytes, size});
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_code_object_reader_destroy(hsa_code_object_reader_t reader) {
  delete reinterpret_cast<CodeReader *>(reader.handle);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_create_alt(hsa_profile_t,
                                       hsa_default_float_rounding_mode_t,
                                       const char *, hsa_executable_t *out) {
  out->handle = reinterpret_cast<uint64_t>(new Executable());
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_destroy(hsa_executable_t executable) {
  delete &executableOf(executable);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_load_agent_code_object(
    hsa_executable_t executable, hsa_agent_t, hsa_code_object_reader_t handle,
    const char *, hsa_loaded_code_object_t *out) {
  const auto &reader = *reinterpret_cast<CodeReader *>(handle.handle);
  Executable &own = executableOf(executable);
  std::string problem = own.open(reader.bytes, reader.size);
  if (problem.empty() &&
      own.target.find("--" + settings().architecture) == std::string::npos)
    problem = "it is for " + own.target;
  if (!problem.empty()) {
    report("a code object cannot be loaded: " + problem);
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT;
  }
  trace("loaded a code object of version %u for %s", own.version,
        own.target.c_str());
  if (out)
    out->handle = executable.handle;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_freeze(hsa_executable_t, const char *) {
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_get_symbol_by_name(hsa_executable_t executable,
                                               const char *name,
                                               const hsa_agent_t *,
                                               hsa_executable_symbol_t *out) {
  Executable &own = executableOf(executable);
  auto found = own.symbols.find(std::string_view(name));
  if (found == own.symbols.end())
    return HSA_STATUS_ERROR_INVALID_SYMBOL_NAME;
  out->handle = reinterpret_cast<uint64_t>(&found->second);
  return HSA_STATUS_SUCCESS;
}
hsa_status_t hsa_executable_iterate_symbols(
    hsa_executable_t executable,
    hsa_status_t (*call)(hsa_executable_t, hsa_executable_symbol_t, void *),
    void *data) {
  for (auto &[name, symbol] : executableOf(executable).symbols)
    if (hsa_status_t status =
            call(executable, {reinterpret_cast<uint64_t>(&symbol)}, data))
      return status;
  return HSA_STATUS_SUCCESS;
}
hsa_status_t
hsa_executable_symbol_get_info(hsa_executable_symbol_t handle,
                               hsa_executable_symbol_info_t attribute,
                               void *out) {
  const auto &symbol = *reinterpret_cast<Executable::Symbol *>(handle.handle);
  const Kernel *kernel = symbol.kernel;
  switch (int(attribute)) {
  case HSA_EXECUTABLE_SYMBOL_INFO_TYPE:
    return put(out, kernel ? HSA_SYMBOL_KIND_KERNEL : HSA_SYMBOL_KIND_VARIABLE);
  case HSA_EXECUTABLE_SYMBOL_INFO_NAME_LENGTH:
    return put<uint32_t>(out, uint32_t(symbol.name.size()));
  case HSA_EXECUTABLE_SYMBOL_INFO_NAME:
    std::memcpy(out, symbol.name.data(), symbol.name.size());
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS:
    return put(out, reinterpret_cast<uint64_t>(symbol.address));
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_SIZE:
    return put<uint32_t>(out, uint32_t(symbol.bytes));
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT:
    return put(out, reinterpret_cast<uint64_t>(symbol.address));
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE:
    return put(out, kernel ? kernel->kernargBytes : 0u);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_ALIGNMENT:
    return put(out, kernel ? kernel->kernargAlign : 0u);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE:
    return put(out, kernel ? kernel->groupBytes : 0u);
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE:
    return put(out, kernel ? kernel->privateBytes : 0u);
  case HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_IS_CONST:
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_DYNAMIC_CALLSTACK:
    return put(out, false);
  default:
    trace("hsa_executable_symbol_get_info: unknown %#x", attribute);
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

hsa_status_t hsa_system_get_major_extension_table(uint16_t extension, uint16_t,
                                                  size_t size, void *out) {
  std::memset(out, 0, size);
  if (extension != HSA_EXTENSION_AMD_LOADER)
    return HSA_STATUS_ERROR;
  hsa_ven_amd_loader_1_03_pfn_t table = {};
  table.hsa_ven_amd_loader_query_host_address = queryHostAddress;
  std::memcpy(out, &table, std::min(size, sizeof table));
  return HSA_STATUS_SUCCESS;
}
}
