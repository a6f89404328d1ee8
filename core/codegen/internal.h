//===- internal.h - Between the parts of core/codegen -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/codegen/codegen.h"

namespace llvm {
class TargetMachine;
// NOLINTNEXTLINE(readability-identifier-naming): LLVM's own name.
class raw_pwrite_stream;
} // namespace llvm

namespace tilesdk::codegen {

/// Null and \p error for a triple or CPU that is not linked in. Thread-safe.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const Target &target,
                                                         unsigned optLevel,
                                                         std::string &error);

/// Rewrites what LLVM would turn into calls to a C library: math intrinsics and
/// frem become calls to tsdk.math.*, casts that the CPU lacks become integer
/// operations. Deterministic.
void legaliseMath(llvm::Module &module);

/// Defines every tsdk.math.* function that is declared and used.
bool linkMathFunctions(llvm::Module &module, const llvm::TargetMachine &machine,
                       std::string &error);

/// The bitcode of one symbol of the math library; empty when there is none.
llvm::StringRef findMathFunction(llvm::StringRef symbol);
/// All symbols in order, for tests and the accuracy program.
llvm::SmallVector<llvm::StringRef> mathFunctionNames();

/// Inserts calls to tsdk.check.access and tsdk.check.site, see
/// check_accesses.cpp. \p parameters are the names of the kernel's leaves.
void checkAccesses(llvm::Module &module,
                   llvm::ArrayRef<std::string> parameters);

void optimiseModule(llvm::Module &module, llvm::TargetMachine &machine,
                    bool isSimt, const Options &options, StepTimes &times);

/// Works around a fault of the X86 backend; the last thing before emission.
void expandConstantMaskedStores(llvm::Module &module);

/// False when the target cannot emit that kind of file.
bool emitModule(llvm::Module &module, llvm::TargetMachine &machine,
                bool assembly, llvm::raw_pwrite_stream &stream);

/// Links one object with the builtins into a shared object. Thread-safe.
bool linkSharedObject(llvm::StringRef object, bool withBuiltins,
                      std::string &result, std::string &error);

} // namespace tilesdk::codegen
