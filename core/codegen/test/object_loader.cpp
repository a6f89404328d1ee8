//===- object_loader.cpp - Runs what codegen made, for tests ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/test/object_loader.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <cstdio>
#include <dlfcn.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace tilesdk::codegen {

llvm::SmallVector<Target> hostTargets() {
  llvm::SmallVector<Target> targets;
  const char *triple = "x86_64-unknown-linux-gnu";
  if (__builtin_cpu_supports("x86-64-v4"))
    targets.push_back({triple, "x86-64-v4", "", 512});
  if (__builtin_cpu_supports("x86-64-v3"))
    targets.push_back({triple, "x86-64-v3", "", 256});
  return targets;
}

Status compileText(llvm::StringRef text, llvm::StringRef name,
                   const Target &target, Output &output, const Options *base) {
  LeakableContext context;
  Status status;
  std::unique_ptr<llvm::Module> module = readModule(text, *context, status);
  if (!module)
    return status;
  Options options;
  if (base)
    options = *base;
  options.exports = {name.str()};
  StepTimes times;
  status = generate(std::move(module), target, options, output, times);
  if (status.abandoned)
    context.leak();
  return status;
}

void *loadFunction(llvm::StringRef object, const char *name) {
  int file = memfd_create("kernel", MFD_CLOEXEC);
  if (file < 0 || write(file, object.data(), object.size()) !=
                      static_cast<ssize_t>(object.size()))
    return nullptr;
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fprintf(stderr, "%s\n", dlerror());
  // The descriptor stays open: dlopen tells libraries apart by their path.
  return library ? dlsym(library, name) : nullptr;
}

} // namespace tilesdk::codegen
