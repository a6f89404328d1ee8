//===- lowering.h - Tile IR to loops for CPUs -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowers a module of tile IR to the LLVM dialect for targets that execute a
// program of the grid as loops over its tiles (execution = tile-loops).
//
// A kernel becomes
//   void <kernel>(void *const *params, const tsdk_tile_program *program,
//                 void *scratch)
// where params[i] points to the value of the i-th kernel argument, program is
// the structure of tilesdk_plugin.h and scratch is 64-byte aligned memory of
// TileLoopsInfo::scratchBytes that belongs to this program alone.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tilesdk::lowering {

/// The machine, as far as loops over tiles need to know it.
struct TileLoopsTarget {
  unsigned vectorBytes = 64;     ///< Width of a vector register in bytes.
  unsigned vectorRegisters = 32; ///< Number of vector registers.
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 1 << 20;
  int64_t lastLevelBytes = 32 << 20;
  bool hasMaskedMemory = true; ///< Masked accesses to 8- and 16-bit elements.
  bool contractFloat = true;   ///< a * b + c may become one fused operation.
};

/// What the caller must provide to run the kernel.
struct TileLoopsInfo {
  int64_t scratchBytes = 0; ///< Per program; a multiple of 64.
  bool usesYield = false;   ///< Calls program->yield in spin loops.
  bool usesPrint = false;   ///< Calls program->print.
  bool usesAssert = false;  ///< Calls program->assert_failed.
};

/// Replaces the kernels of `module` by functions of the LLVM dialect. On
/// failure an error with a location has been emitted and the module is in an
/// unspecified state. Returns true on success.
bool lowerTileToLoops(mlir::ModuleOp module, const TileLoopsTarget &target,
                      TileLoopsInfo &info);

} // namespace tilesdk::lowering
