//===- error.h - Error objects of the C API ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/diagnostics.h"
#include "tilesdk/tilesdk_types.h"

#include "llvm/ADT/Twine.h"

#include <string>
#include <utility>

struct tsdk_error_s {
  tsdk_code code = TSDK_E_UNKNOWN;
  int64_t native = 0;
  std::string message;
  tilesdk::runtime::Ref<tilesdk::runtime::DiagList> diags;
  /// Handle of `diags`, borrowed by callers; null without diagnostics.
  void *diagsHandle = nullptr;
  ~tsdk_error_s();
};

namespace tilesdk::runtime {

/// The one error that needs no memory.
tsdk_error outOfMemory();

tsdk_code codeOf(tsdk_error error);
llvm::StringRef messageOf(tsdk_error error);
void freeError(tsdk_error error);

/// Owns at most one tsdk_error; false is success.
class [[nodiscard]] Error {
public:
  Error() = default;
  explicit Error(tsdk_error error) : error(error) {}
  Error(Error &&other) noexcept : error(std::exchange(other.error, nullptr)) {}
  Error &operator=(Error &&other) noexcept {
    std::swap(error, other.error);
    return *this;
  }
  ~Error() {
    if (error) [[unlikely]]
      freeError(error);
  }

  explicit operator bool() const { return error != nullptr; }
  tsdk_error take() { return std::exchange(error, nullptr); }
  tsdk_code code() const { return codeOf(error); }
  llvm::StringRef message() const { return messageOf(error); }
  /// Puts where it happened before the message.
  Error in(const llvm::Twine &where) &&;

  /// Another object that says the same.
  Error copy() const;

private:
  tsdk_error error = nullptr;
};

Error makeError(tsdk_code code, const llvm::Twine &message, int64_t native = 0);
/// With diagnostics; their text becomes part of the message.
Error makeError(tsdk_code code, const llvm::Twine &message,
                Ref<DiagList> diags);
inline Error success() { return Error(); }

/// "INVALID_ARGUMENT"; null for an unknown code.
const char *codeName(tsdk_code code);

} // namespace tilesdk::runtime
