//===- scratch.h - Shared memory that single ops need -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>

namespace mlir {
class Operation;
} // namespace mlir

namespace tilesdk::target {
class Machine;
} // namespace tilesdk::target

namespace tilesdk::optimizer {

/// What ops that exchange elements through shared memory may expect to be
/// aligned, in bytes.
inline constexpr unsigned scratchAlignment = 16;

/// Bytes of shared memory that \p op needs while it runs; 0: none, and it then
/// gets no `simt.scratch`. An element takes simt::elementBytes.
///
/// | op | bytes |
/// |---|---|
/// | simt.convert_layout | what its plan says |
/// | tile.reduce, tile.scan | the plan's exchange across warps: of each operand
///   planReduction's scratchElements, rounded up to 16 bytes; the result's
///   conversion, where it is not natural |
/// | tile.expand_dims, trans, broadcast, reshape, join, split | the conversion
///   from the natural layout |
/// | tile.cat | the result, row by row; none when it needs no movement |
/// | tile.gather | the source, row by row |
/// | tile.sort | the source, row by row, when a row lies in several lanes or
///   warps |
/// | tile.histogram | the bins, 4 bytes each |
/// | tile.atomic_rmw, atomic_cas | the result, row by row, when it is used and
///   other lanes or warps hold copies; a scalar result: one element |
/// | tile.assert | a word of each warp; none where partitions or barriers in
///   shared memory are, which the program must not leave |
uint64_t scratchBytes(mlir::Operation *op, const target::Machine &machine);
/// Of a conversion of a tensor of type \p from to type \p to.
uint64_t conversionBytes(mlir::Type from, mlir::Type to,
                         const target::Machine &machine);

} // namespace tilesdk::optimizer
