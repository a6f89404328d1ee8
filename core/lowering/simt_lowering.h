//===- simt_lowering.h - Tile IR with layouts to threads --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowers a module of stage `simt` to the LLVM dialect for targets that execute
// a program of the grid as warps of lanes (execution = simt). The code is that
// of one thread; what a machine does in its own way is a call of an abstract
// function `tsdk.*`, which the device library of the target defines.
//
// A kernel gets its arguments by value in the calling convention of the target,
// or, where the target says so, `void *const *params` as tile loops do.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
} // namespace mlir
namespace tilesdk::target {
class Machine;
} // namespace tilesdk::target

namespace tilesdk::lowering {

/// What the caller must provide to run the kernel.
struct SimtLoweringInfo {
  uint32_t threads = 0; ///< Of one program.
  uint32_t warps = 0;
  uint64_t sharedBytes = 0;
  /// Where partitions change their registers: how many a thread begins with.
  uint32_t entryRegisters = 0;
  bool usesPrint = false;
  bool usesAssert = false;
  /// Texts of what the kernel says, by number. A kernel that may say something
  /// has a hidden block behind its parameters: {buffer, number of the launch}.
  std::vector<std::string> messages;
};

/// `contractFloat`: a * b + c may become one fused operation.
///
/// Replaces the kernels of `module` by functions of the LLVM dialect. On
/// failure an error with a location has been emitted and the module is in an
/// unspecified state. Returns true on success.
bool lowerSimt(mlir::ModuleOp module, const target::Machine &machine,
               SimtLoweringInfo &info, bool contractFloat = true);

} // namespace tilesdk::lowering
