//===- fake_backend.h - A plugin and a compiler without LLVM ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the runtime's tests run on. The compiler reads a toy source, one kernel
// a line: `kernel NAME PARAM[:FLAG]...` with the flags constexpr, const,
// nospec, noalign, =DEFAULT and @TYPE. A line with ERROR does not parse; a
// kernel whose name starts with `slow` builds until it is cancelled, one with
// `broken` fails, one with `talks` has a hidden block for messages.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"
#include "tilesdk/tilesdk.h"
#include "tilesdk/tilesdk_plugin.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace tilesdk::fake {

/// What happened so far in this process.
struct Counters {
  std::atomic<int> parses{0}, compiles{0}, launches{0};
  std::atomic<int> modulesLoaded{0}, modulesUnloaded{0};
  std::atomic<int> devicesOpened{0}, devicesClosed{0};
  std::atomic<int> allocated{0}, freed{0};
  std::atomic<int> streamsCreated{0}, streamsDestroyed{0};
  std::atomic<int> shutdowns{0};
  /// Milliseconds that a compile takes; shortened while it runs, it ends at
  /// once.
  std::atomic<int> compileTime{0};
  /// The version of the assembler that the machine has.
  std::atomic<int> assembler{1};
};
Counters &counters();

/// The last launch: grid and the bytes of each parameter.
struct Launch {
  uint32_t grid[3];
  uint64_t stream;
  std::vector<std::string> params;
  std::string object;
};
Launch lastLaunch();

/// `fake`: two devices, targets fake-1 (both devices) and fake-2.
tsdk_code query(uint32_t hostAbi, const tsdk_host *host,
                const tsdk_plugin **out);
/// Speaks plugin ABI 7 only.
tsdk_code queryTooNew(uint32_t hostAbi, const tsdk_host *host,
                      const tsdk_plugin **out);
/// As `query`, then changed by `edit`.
void setEdit(void (*edit)(tsdk_plugin &plugin, tsdk_driver &driver));
tsdk_code queryEdited(uint32_t hostAbi, const tsdk_host *host,
                      const tsdk_plugin **out);

const compiler::Table *compilerTable();

/// Text that a C API call takes.
inline tsdk_str str(const char *text) { return tsdk_make_str(text); }
inline tsdk_str str(const std::string &text) {
  return {text.data(), text.size()};
}
inline std::string text(tsdk_str from) {
  return from.data ? std::string(from.data, from.size) : "";
}
/// Takes a blob's bytes and releases it.
inline std::string take(tsdk_blob blob) {
  tsdk_bytes bytes = tsdk_blob_bytes(blob);
  std::string result(static_cast<const char *>(bytes.data), bytes.size);
  tsdk_release(blob);
  return result;
}
/// Takes an error: "" for success, else "CODE: message".
inline std::string take(tsdk_error error) {
  if (!error)
    return "";
  std::string result = text(tsdk_code_name(tsdk_error_code(error))) + ": " +
                       text(tsdk_error_message(error));
  tsdk_error_release(error);
  return result;
}

/// A context with the fake plugin and compiler, its cache in `cacheDir` or off.
tsdk_context makeContext(const std::string &cacheDir = "",
                         std::vector<std::string> *log = nullptr);

/// The kernel `k` of one line of the toy language. The caller releases both
/// handles; null when it does not parse.
tsdk_kernel makeKernel(tsdk_context context, const std::string &params,
                       tsdk_program *program);

/// A new empty directory under the test's temporary folder.
std::string makeDirectory();

} // namespace tilesdk::fake
