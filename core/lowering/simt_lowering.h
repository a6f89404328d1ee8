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

/// A map of a tensor for copies of boxes, which the launcher makes.
struct BoxMap {
  /// A sum of products of a factor and arguments of the kernel.
  struct Term {
    int64_t factor;
    std::vector<unsigned> arguments;
  };
  using Part = std::vector<Term>;
  unsigned base = 0; ///< An argument.
  /// In elements, in the order of the tensor's dimensions.
  std::vector<Part> shape, strides;
  std::vector<int32_t> box;
  uint32_t swizzleBytes = 0;
  /// Of a tile of pointers, which need not be a tensor.
  bool isOptional = false;
};

/// What the caller must provide to run the kernel.
struct SimtLoweringInfo {
  uint32_t threads = 0; ///< Of one program.
  uint32_t warps = 0;
  uint64_t sharedBytes = 0;
  uint32_t stages = 0; ///< In effect, the most of any loop.
  /// Where partitions change their registers: how many a thread begins with.
  uint32_t entryRegisters = 0;
  bool usesPrint = false;
  bool usesAssert = false;
  /// Texts of what the kernel says, by number. A kernel that may say something
  /// has a hidden block behind its parameters: {buffer, number of the launch}.
  std::vector<std::string> messages;
  /// The last parameters of the kernel, behind the hidden block: a map each.
  std::vector<BoxMap> maps;
};

/// `contractFloat`: a * b + c may become one fused operation.
///
/// Replaces the kernels of `module` by functions of the LLVM dialect. On
/// failure an error with a location has been emitted and the module is in an
/// unspecified state. Returns true on success.
bool lowerSimt(mlir::ModuleOp module, const target::Machine &machine,
               SimtLoweringInfo &info, bool contractFloat = true);

} // namespace tilesdk::lowering
