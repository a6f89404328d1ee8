//===- stub_code.cpp - Code, launches, linker of the stub -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/test/stub_state.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

/// The kernels of assembly, or of what our linker made.
static std::vector<std::string> kernelsOf(const char *image,
                                          int *architecture) {
  std::vector<std::string> names;
  std::string text(image);
  const char *arch = strstr(text.c_str(), ".target sm_");
  *architecture = arch ? atoi(arch + strlen(".target sm_")) : 0;
  for (size_t at = 0; (at = text.find(".entry ", at)) != std::string::npos;) {
    at += strlen(".entry ");
    names.push_back(text.substr(at, text.find_first_of("( \n", at) - at));
  }
  return names;
}

static CUresult launch(CUfunction function, CUstream stream) {
  std::string name = reinterpret_cast<Kernel *>(function)->name;
  return queue(stream, [name] { ++state().runs[name]; });
}

static std::string three(unsigned x, unsigned y, unsigned z) {
  return std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z);
}

CUresult cuModuleLoadDataEx(CUmodule *out, const void *image, unsigned count,
                            int *options, void **values) {
  STUB_ENTER(cuModuleLoadDataEx, Unsafe);
  const char *bytes = static_cast<const char *>(image);
  bool isCode = !std::memcmp(bytes,
                             "\x7f"
                             "ELF",
                             4);
  int architecture = 0;
  std::vector<std::string> names =
      kernelsOf(isCode ? bytes + 64 : bytes, &architecture);
  if (names.empty()) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == JitErrorLog)
        strcpy(static_cast<char *>(values[i]), "no entry");
    return isCode ? 200 : 218;
  }
  if (isCode ? architecture != own.capability : architecture > own.capability)
    return NoBinary;
  Code *code = make<Code>(own.modules);
  for (const std::string &name : names)
    code->kernels[name] = {name};
  *out = reinterpret_cast<CUmodule>(code);
  return Success;
}
CUresult cuModuleUnload(CUmodule module) {
  STUB_ENTER(cuModuleUnload, Context);
  return destroy<Code>(own.modules, module);
}
CUresult cuModuleGetFunction(CUfunction *out, CUmodule module,
                             const char *name) {
  STUB_ENTER(cuModuleGetFunction, Context);
  if (!own.modules.count(module))
    return InvalidHandle;
  Code &code = *reinterpret_cast<Code *>(module);
  auto at = code.kernels.find(name);
  if (at == code.kernels.end())
    return NotFound;
  *out = reinterpret_cast<CUfunction>(&at->second);
  return Success;
}
CUresult cuFuncGetAttribute(int *out, int attribute, CUfunction) {
  STUB_ENTER(cuFuncGetAttribute, Context);
  *out = attribute == FunctionRegisters     ? own.registers
         : attribute == FunctionLocalBytes  ? own.local
         : attribute == FunctionSharedBytes ? own.shared
         : attribute == FunctionMaxThreads  ? own.maxThreads
                                            : 0;
  return Success;
}
CUresult cuFuncSetAttribute(CUfunction, int attribute, int value) {
  STUB_ENTER(cuFuncSetAttribute, Context,
             " " + std::to_string(attribute) + "=" + std::to_string(value));
  return Success;
}
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *out, CUfunction,
                                                     int threads, size_t) {
  STUB_ENTER(cuOccupancyMaxActiveBlocksPerMultiprocessor, Context);
  *out = 2048 / threads;
  return Success;
}
CUresult cuLaunchKernel(CUfunction function, unsigned x, unsigned y, unsigned z,
                        unsigned threads, unsigned, unsigned, unsigned shared,
                        CUstream stream, void **, void **) {
  STUB_ENTER(cuLaunchKernel, Context,
             " " + reinterpret_cast<Kernel *>(function)->name + " " +
                 three(x, y, z) + " threads " + std::to_string(threads) +
                 " shared " + std::to_string(shared));
  if (y > 65535 || z > 65535)
    return InvalidValue;
  return launch(function, stream);
}
CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                          void **, void **) {
  std::string more = " " + reinterpret_cast<Kernel *>(function)->name;
  for (unsigned i = 0; i < config->numAttributes; ++i) {
    const CUlaunchAttribute &each = config->attributes[i];
    more += " " + std::to_string(each.id) + "=" +
            (each.id == LaunchCluster
                 ? three(each.value.cluster[0], each.value.cluster[1],
                         each.value.cluster[2])
                 : std::to_string(each.value.number));
  }
  STUB_ENTER(cuLaunchKernelEx, Context, more);
  return launch(function, config->stream);
}
CUresult cuLaunchHostFunc(CUstream stream, void (*call)(void *),
                          void *argument) {
  STUB_ENTER(cuLaunchHostFunc, Context);
  return queue(stream, [=] { call(argument); });
}

//===-- Tensor maps, the linker -------------------------------------------===//

/// What it was given, so that tests can see it.
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int type, uint32_t rank,
                                void *base, const uint64_t *shape,
                                const uint64_t *strides, const uint32_t *box,
                                const uint32_t *, int, int swizzle, int,
                                int fill) {
  STUB_ENTER(cuTensorMapEncodeTiled, Context);
  std::memset(map, 0, sizeof *map);
  uint64_t words[16] = {uint64_t(type), rank, reinterpret_cast<uint64_t>(base),
                        uint64_t(swizzle), uint64_t(fill)};
  for (uint32_t i = 0; i < rank && i < 3; ++i) {
    words[5 + i] = shape[i];
    words[8 + i] = box[i];
    if (i)
      words[10 + i] = strides[i - 1];
  }
  std::memcpy(map, words, sizeof words);
  return Success;
}
CUresult cuLinkCreate(unsigned count, int *options, void **values,
                      CUlinkState *out) {
  STUB_ENTER(cuLinkCreate, Context);
  Link *link = make<Link>(own.links);
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == JitInfoLog)
      link->infoLog = static_cast<char *>(values[i]);
    else if (options[i] == JitInfoLogBytes)
      link->infoBytes = reinterpret_cast<size_t>(values[i]);
  *out = reinterpret_cast<CUlinkState>(link);
  return Success;
}
CUresult cuLinkAddData(CUlinkState state_, int, void *data, size_t size,
                       const char *, unsigned, int *, void **) {
  STUB_ENTER(cuLinkAddData, Context);
  if (!own.links.count(state_))
    return InvalidHandle;
  reinterpret_cast<Link *>(state_)->text.append(static_cast<char *>(data),
                                                size);
  return Success;
}
/// "Machine code": a header, then the assembly.
CUresult cuLinkComplete(CUlinkState state_, void **out, size_t *size) {
  STUB_ENTER(cuLinkComplete, Context);
  if (!own.links.count(state_))
    return InvalidHandle;
  Link &link = *reinterpret_cast<Link *>(state_);
  std::string header(64, 0);
  std::memcpy(header.data(),
              "\x7f"
              "ELF\2\1\1",
              7);
  header[18] = static_cast<char>(190);
  link.text = header + link.text.c_str() + '\0';
  if (link.infoLog && !own.quiet)
    snprintf(link.infoLog, link.infoBytes,
             "ptxas info    : Compiling entry function 'k' for 'sm_90'\n"
             "ptxas info    : Function properties for k\n"
             "    16 bytes stack frame, 8 bytes spill stores, 4 bytes spill "
             "loads\n"
             "ptxas info    : Used 40 registers, used 1 barriers, 16 bytes "
             "cumulative stack size, 1024 bytes smem, 560 bytes cmem[0]\n");
  *out = link.text.data();
  *size = link.text.size();
  return Success;
}
CUresult cuLinkDestroy(CUlinkState state_) {
  STUB_ENTER(cuLinkDestroy, Context);
  return destroy<Link>(own.links, state_);
}
