//===- link.cpp - lld in process ---------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/guard.h"
#include "core/codegen/internal.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

// The object made from builtins/builtins.c.
extern "C" const char tilesdk_builtins_object[], tilesdk_builtins_object_end[];
__asm__(".pushsection .rodata.tilesdk_builtins,\"a\",@progbits\n"
        ".globl tilesdk_builtins_object, tilesdk_builtins_object_end\n"
        ".hidden tilesdk_builtins_object, tilesdk_builtins_object_end\n"
        ".p2align 4\n"
        "tilesdk_builtins_object:\n"
        ".incbin \"" TILESDK_BUILTINS_OBJECT "\"\n"
        "tilesdk_builtins_object_end:\n"
        ".popsection\n");

namespace tilesdk::codegen {

namespace {

/// An unnamed file in memory; lld reaches it by path.
class MemoryFile {
public:
  explicit MemoryFile(const char *name)
      : descriptor(memfd_create(name, MFD_CLOEXEC)),
        name("/proc/self/fd/" + std::to_string(descriptor)) {}
  ~MemoryFile() {
    if (descriptor >= 0)
      close(descriptor);
  }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;

  const char *path() const { return name.c_str(); }
  bool write(llvm::StringRef bytes) {
    while (descriptor >= 0 && !bytes.empty()) {
      ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR)
        continue;
      if (done <= 0)
        return false;
      bytes = bytes.drop_front(done);
    }
    return descriptor >= 0;
  }
  bool read(std::string &bytes) {
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0)
      return false;
    bytes.resize(info.st_size);
    size_t at = 0;
    while (at < bytes.size()) {
      ssize_t done = pread(descriptor, bytes.data() + at, bytes.size() - at, at);
      if (done < 0 && errno == EINTR)
        continue;
      if (done <= 0)
        return false;
      at += done;
    }
    return true;
  }

private:
  int descriptor;
  std::string name;
};

} // namespace

bool linkSharedObject(llvm::StringRef object, std::string &result,
                      std::string &error) {
  MemoryFile input("tilesdk-object"), output("tilesdk-linked"),
      builtins("tilesdk-builtins");
  if (!input.write(object) || !output.write("") ||
      !builtins.write({tilesdk_builtins_object,
                       size_t(tilesdk_builtins_object_end -
                              tilesdk_builtins_object)})) {
    error = std::string("cannot make a file in memory: ") + strerror(errno);
    return false;
  }
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "--no-undefined",
                             "--gc-sections",
                             "--strip-all",
                             "--build-id=none",
                             "--hash-style=gnu",
                             "--no-eh-frame-hdr",
                             "-Bsymbolic",
                             "-z",
                             "norelro",
                             "--threads=1",
                             "--no-mmap-output-file",
                             input.path(),
                             builtins.path(),
                             "-o",
                             output.path()};
  // lld is not safe to run twice at a time, on any platform.
  static std::mutex one;
  struct Run {
    std::string text;
    lld::Result result{1, false};
  };
  auto *run = new Run;
  GuardResult guard;
  bool finished;
  {
    std::lock_guard<std::mutex> lock(one);
    finished = runGuarded(
        [&] {
          llvm::raw_string_ostream stream(run->text);
          run->result = lld::lldMain(arguments, stream, stream,
                                     {{lld::Gnu, &lld::elf::link}});
        },
        guard);
  }
  // After a jump out of lld the streams are still its own: leak them.
  error = run->text;
  if (!finished) {
    error = guard.message + (error.empty() ? "" : ": ") + error;
    return false;
  }
  bool good = run->result.retCode == 0;
  delete run;
  if (good && (!output.read(result) || result.empty())) {
    error = "cannot read the linked object back";
    return false;
  }
  return good;
}

} // namespace tilesdk::codegen
