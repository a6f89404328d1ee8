//===- codegen.h - LLVM IR to shared objects --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Knows LLVM and nothing else: no MLIR, no targets of ours. What differs from
// one target to the next comes in `Target`.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace tilesdk::codegen {

/// The codegen part of a target, as plain text.
struct Target {
  std::string triple;
  std::string cpu;
  /// LLVM's spelling: "+avx512bf16,-amx-tile".
  std::string features;
  /// Widest vector register to use, in bits; 0 leaves it to the CPU's tuning.
  unsigned vectorWidth = 0;
  /// Code of one thread of many: no vectorisation, and what the kernel needs
  /// comes below.
  bool isSimt = false;
  /// The artifact is assembly text, which something else assembles.
  bool isAssembly = false;
  /// LLVM's number.
  unsigned callingConvention = 0;
  /// Of the exported functions.
  llvm::SmallVector<std::pair<std::string, std::string>, 0> kernelAttributes;
  llvm::SmallVector<std::pair<std::string, uint32_t>, 0> moduleFlags;
  /// Calls tsdk.check.access before each access to memory that threads share.
  bool checkAccesses = false;
  /// Names of the kernel's parameters, for those checks.
  llvm::SmallVector<std::string, 0> parameters;
};

/// Time spent in one pass or step, without what it called.
struct StepTime {
  std::string name;
  uint64_t nanoseconds = 0;
  unsigned runs = 0;
};

/// Adds up by name; shared by the MLIR and the LLVM half of a compilation.
class StepTimes {
public:
  void add(llvm::StringRef name, uint64_t nanoseconds);
  llvm::ArrayRef<StepTime> steps() const { return list; }
  /// [{"name": ..., "ns": ..., "runs": ...}, ...], slowest first.
  std::string toJson() const;
  static uint64_t now();

private:
  llvm::SmallVector<StepTime, 0> list;
};

/// Provides one function a module calls and does not define. Returns LLVM
/// bitcode or text; empty means "not mine".
using FunctionProvider =
    llvm::function_ref<std::string(llvm::StringRef symbol)>;

struct Options {
  /// 0: no optimisation; 1, 2: the short pipeline; 3: LLVM's own O3.
  unsigned optLevel = 2;
  /// Also print assembly (a second run of the code generator).
  bool keepAssembly = false;
  /// Stop before the object is linked.
  bool assemblyOnly = false;
  /// Symbols that stay visible; everything else becomes internal.
  llvm::SmallVector<std::string, 1> exports;
  /// Modules of the caller to link in.
  llvm::SmallVector<llvm::StringRef, 0> extraBitcode;
  /// Asked between passes; true ends the compilation with `Interrupted`.
  std::function<bool()> interrupted;
  FunctionProvider provider = nullptr;
  /// Seam of the guard's own tests: runs inside the guard before code is made.
  std::function<void(llvm::Module &)> beforeEmit;
};

struct Output {
  std::string optimisedIr; ///< Only with keepAssembly.
  std::string assembly;
  std::string object; ///< An ELF shared object; empty for assembly.
};

struct Status {
  enum Kind {
    Ok,
    /// The IR is not what the caller promised: unreadable, unresolved symbols.
    Invalid,
    /// LLVM or lld gave up, or the IR that our lowering made is broken.
    Internal,
    Interrupted,
  };
  Kind kind = Ok;
  std::string message;
  /// LLVM IR text with which `Internal` can be reproduced.
  std::string reproducer;
  /// The compilation was left by a jump: its LLVMContext must be leaked.
  bool abandoned = false;
  explicit operator bool() const { return kind == Ok; }
};

/// Reads LLVM IR, text or bitcode. Upgrades and verifies it. Null and \p status
/// on an error. Hostile input is safe: the reader runs under the guard.
std::unique_ptr<llvm::Module>
readModule(llvm::StringRef bytes, llvm::LLVMContext &context, Status &status);

/// The whole way: legalise, link the math library and the device functions,
/// optimise, generate code, link. Consumes the module, whose context must be
/// that of a LeakableContext.
Status generate(std::unique_ptr<llvm::Module> module, const Target &target,
                const Options &options, Output &output, StepTimes &times);

/// An LLVMContext whose error diagnostics are collected, and which is leaked
/// when a compilation in it had to be abandoned.
class LeakableContext {
public:
  LeakableContext();
  ~LeakableContext();
  LeakableContext(const LeakableContext &) = delete;
  LeakableContext &operator=(const LeakableContext &) = delete;
  llvm::LLVMContext &operator*() { return *context; }
  /// Gives it up: its state is unknown.
  void leak() { leaked = true; }

private:
  llvm::LLVMContext *context;
  bool leaked = false;
};

/// The LLVM feature \p name ("avx512f") after cpu and features are resolved.
bool targetHasFeature(const Target &target, llvm::StringRef name);

/// Version text of the code generator, part of every cache key.
llvm::StringRef versionText();

} // namespace tilesdk::codegen
