//===- session.h - What the commands of `tilesdk` share ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Data goes to stdout, everything else to stderr. The exit code is one of Exit;
// a command returns it and never calls exit().
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tilesdk::tool {

/// Exit codes; listed in `tilesdk --help` and tested.
enum Exit : int {
  ExitOk = 0,
  ExitKernel = 1, ///< The kernel has errors.
  ExitUsage = 2,  ///< The command line is wrong.
  ExitTarget = 3, ///< Cannot be built for this target.
  ExitDevice = 4, ///< Device, driver or file is not available.
  ExitCheck = 5,  ///< A result is wrong or an assertion failed.
  ExitInternal = 70,
  ExitInterrupted = 130,
};

/// Owns one handle of the C ABI.
template <typename T> class Handle {
public:
  Handle() = default;
  ~Handle() { tsdk_release(value); }
  Handle(Handle &&other) noexcept
      : value(std::exchange(other.value, nullptr)) {}
  Handle &operator=(Handle &&other) noexcept {
    std::swap(value, other.value);
    return *this;
  }
  T get() const { return value; }
  T *out() { return &value; }
  explicit operator bool() const { return value != nullptr; }

private:
  T value = nullptr;
};

/// What every command accepts.
struct Common {
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  std::string color = "auto";
  std::string messageFormat = "text";
};

inline tsdk_str str(const std::string &text) {
  return {text.data(), text.size()};
}
inline std::string text(tsdk_str value) {
  return std::string(value.data ? value.data : "", value.size);
}
inline std::string text(tsdk_bytes value) {
  return std::string(static_cast<const char *>(value.data), value.size);
}
/// Calls \p fn with each; false when one could not be read.
template <typename Function>
bool forEachDiagnostic(tsdk_diags diags, Function &&fn) {
  for (size_t i = 0, count = tsdk_diags_count(diags); i < count; ++i) {
    tsdk_diag diag = {};
    diag.struct_size = sizeof(diag);
    if (tsdk_error error = tsdk_diags_get(diags, i, &diag)) {
      tsdk_error_release(error);
      return false;
    }
    fn(diag);
  }
  return true;
}

/// One run of the command: its settings, the context, the way errors go.
class Session {
public:
  explicit Session(const Common &common) : common(common) {}

  const Common common;

  /// Opens the context; on failure the error is reported and ExitDevice or
  /// another code comes back.
  int open();
  tsdk_context context() const { return contextHandle.get(); }

  /// Prints an error and its diagnostics to stderr, releases it, and says which
  /// exit code it means.
  int fail(tsdk_error error);
  /// Prints "error: message" with a hint on its own line, if any.
  int fail(int code, const std::string &message, const std::string &help = "");
  void warn(const std::string &message);
  /// To stderr unless --quiet: what comes next.
  void note(const std::string &message);
  void diagnostics(tsdk_diags diags);
  bool colored() const { return useColor; }

  /// Fills `value` from a function that gives JSON as a blob.
  template <typename Function, typename... Args>
  int json(llvm::json::Value &value, Function function, Args... args) {
    Handle<tsdk_blob> blob;
    if (tsdk_error error = function(args..., blob.out()))
      return fail(error);
    return parse(text(tsdk_blob_bytes(blob.get())), value);
  }
  int parse(const std::string &json, llvm::json::Value &value);

private:
  void diagnosticLine(const tsdk_diag &diag);
  std::string paint(const std::string &rendered) const;

  Handle<tsdk_context> contextHandle;
  bool useColor = false;
};

/// Prints indented JSON and a newline to stdout.
void printJson(llvm::json::Value value);

/// "4.0 MiB", "12.3 us", "1,234,567".
std::string bytesText(double bytes);
std::string timeText(double nanoseconds);
std::string countText(uint64_t count);

/// The nearest of `names`, as " (did you mean `x`?)", or nothing.
std::string didYouMean(const std::string &name,
                       const std::vector<std::string> &names);

/// Reads a file, or stdin for "-". False with a message in `why`.
bool readFile(const std::string &path, std::string &bytes, std::string &why);
/// Writes beside the place and renames; "-" is stdout.
bool writeFile(const std::string &path, const std::string &bytes,
               std::string &why);

/// Set by SIGINT; builds poll it.
const int32_t *interruptFlag();
void installInterrupt();

} // namespace tilesdk::tool
