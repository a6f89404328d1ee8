//===- compiler.h - The compiler library, opened on first use ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"
#include "core/runtime/diagnostics.h"
#include "core/runtime/error.h"
#include "core/runtime/knobs.h"

#include <map>
#include <mutex>
#include <string>

namespace tilesdk::runtime {

class CompilerHost {
public:
  void init(const Knobs &knobs);

  /// What identifies the compiler in cache keys, read without loading it; empty
  /// when there is no compiler.
  const std::string &buildId();
  const std::string &path() const { return file; }
  bool isLoaded();
  /// Loads the library when needed.
  Error table(const compiler::Table **out);
  /// Replaces the library, for tests without one.
  void inject(const compiler::Table *injected);

private:
  std::mutex mutex;
  std::string file;
  std::string identity;
  bool knowsIdentity = false;
  const compiler::Table *loaded = nullptr;
};

/// Collects what a call of the compiler hands out.
struct CompilerOutput {
  Ref<DiagList> diags = makeRef<DiagList>();
  std::map<std::string, std::string> blobs;
  bool outOfMemory = false;

  compiler::Sink sink();
  /// The error of a call that returned `code`; `what` says what was compiled.
  Error error(tsdk_code code, const llvm::Twine &what);
};

} // namespace tilesdk::runtime
