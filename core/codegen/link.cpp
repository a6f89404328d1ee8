//===- link.cpp - lld in process --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/guard.h"
#include "core/codegen/internal.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/FileOutputBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

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

/// Where the link in progress on this thread puts its result.
thread_local std::string *linkOutput = nullptr;

/// Stands in for the file that lld would write.
class StringOutput : public llvm::FileOutputBuffer {
public:
  StringOutput(llvm::StringRef path, size_t size)
      : FileOutputBuffer(path), bytes(size, 0) {}
  uint8_t *getBufferStart() const override { return bytes.data(); }
  uint8_t *getBufferEnd() const override { return bytes.data() + bytes.size(); }
  size_t getBufferSize() const override { return bytes.size(); }
  llvm::Error commit() override {
    linkOutput->assign(bytes.begin(), bytes.end());
    return llvm::Error::success();
  }

private:
  mutable std::vector<uint8_t> bytes;
};

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

private:
  int descriptor;
  std::string name;
};

/// Runs \p body on a thread of its own, here where there can be none. lld keeps
/// what it reads in objects of its thread (makeThreadLocal in its Memory.h),
/// which would stay with a caller's thread, more after each link.
void runOnOwnThread(llvm::function_ref<void()> body) {
  pthread_t thread;
  auto start = [](void *argument) -> void * {
    (*static_cast<llvm::function_ref<void()> *>(argument))();
    return nullptr;
  };
  if (pthread_create(&thread, nullptr, start, &body) != 0)
    body();
  else
    pthread_join(thread, nullptr);
}

} // namespace

bool linkSharedObject(llvm::StringRef object, bool withBuiltins,
                      std::string &result, std::string &error) {
  MemoryFile input("tilesdk-object"), builtins("tilesdk-builtins");
  if (!input.write(object) ||
      !builtins.write(
          {tilesdk_builtins_object,
           size_t(tilesdk_builtins_object_end - tilesdk_builtins_object)})) {
    error = std::string("cannot make a file in memory: ") + strerror(errno);
    return false;
  }
  llvm::SmallVector<const char *> arguments = {
      "ld.lld", "-shared", "--no-undefined", "--gc-sections",
      // Line tables stay.
      "--discard-all", "--build-id=none", "--hash-style=gnu",
      "--no-eh-frame-hdr", "-Bsymbolic", "-z", "norelro", "--threads=1",
      input.path(), "-o", "kernel"};
  if (withBuiltins)
    arguments.push_back(builtins.path());
  // lld is not safe to run twice at a time, on any platform.
  static std::mutex one;
  struct Run {
    std::string text;
    lld::Result result{1, false};
  };
  auto *run = new Run;
  GuardResult guard;
  bool finished = false;
  {
    std::lock_guard<std::mutex> lock(one);
    runOnOwnThread([&] {
      linkOutput = &result;
      finished = runGuarded(
          [&] {
            llvm::raw_string_ostream stream(run->text);
            run->result = lld::lldMain(arguments, stream, stream,
                                       {{lld::Gnu, &lld::elf::link}});
          },
          guard);
      linkOutput = nullptr;
    });
  }
  // After a jump out of lld the streams are still its own: leak them.
  error = run->text;
  if (!finished) {
    error = guard.message + (error.empty() ? "" : ": ") + error;
    return false;
  }
  bool good = run->result.retCode == 0;
  delete run;
  if (good && result.empty()) {
    error = "the linker wrote nothing";
    return false;
  }
  return good;
}

} // namespace tilesdk::codegen

// lld only writes files; --wrap of FileOutputBuffer::create (CMakeLists.txt)
// makes the link in progress keep its result in memory.
using BufferOr = llvm::Expected<std::unique_ptr<llvm::FileOutputBuffer>>;
// NOLINTBEGIN(bugprone-reserved-identifier): ld --wrap prescribes the names.
extern "C" {
// Both have the ABI of the C++ function they stand for.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif
BufferOr __real__ZN4llvm16FileOutputBuffer6createENS_9StringRefEmj(
    llvm::StringRef path, size_t size, unsigned flags);
BufferOr __wrap__ZN4llvm16FileOutputBuffer6createENS_9StringRefEmj(
    llvm::StringRef path, size_t size, unsigned flags) {
  if (tilesdk::codegen::linkOutput)
    return std::make_unique<tilesdk::codegen::StringOutput>(path, size);
  return __real__ZN4llvm16FileOutputBuffer6createENS_9StringRefEmj(path, size,
                                                                   flags);
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif
}
// NOLINTEND(bugprone-reserved-identifier)
