//===- matrix.h - Matrix instructions from their rows -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/simulator/targets.h"

#include <functional>

namespace tilesdk::simulator {

/// The operands of one lane; `result` is the accumulator on entry.
struct MatrixOperands {
  const void *left, *right;
  void *result;
};

/// Executes the instruction for the operands of all lanes of a warp.
void multiply(const MatrixModel &model, MatrixOperands *const *lanes,
              uint32_t warpSize);

/// One lane's part in an asynchronous product of a warp group.
struct GroupOperands {
  /// Registers of the left operand; null: it is at the descriptor behind it.
  const void *left;
  uint64_t leftDescriptor, rightDescriptor;
  void *result;
  bool useResult;
};
/// \p flags: what stands behind the width in the symbol. \p shared is the start
/// of shared memory.
enum GroupFlags {
  leftTransposed = 1,
  rightTransposed = 2,
  leftInRegisters = 4
};
void multiplyGroup(const MatrixModel &model, const target::Machine &machine,
                   uint32_t width, uint32_t flags, GroupOperands *const *lanes,
                   const char *shared);
/// Calls \p fn(address, bytes) for each element that the product reads from
/// shared memory.
void forEachGroupOperand(const MatrixModel &model,
                         const target::Machine &machine, uint32_t width,
                         uint32_t flags, const GroupOperands &lane,
                         const char *shared,
                         const std::function<void(const char *, uint32_t)> &fn);

/// A descriptor: the start in shared memory in bits 0 to 19, leading and stride
/// in units of 16 bytes from bits 20 and 38, the number of the format from bit
/// 56.
constexpr unsigned leadingShift = 20, strideShift = 38, formatShift = 56;

/// One lane of a matrix access: the address of its row (used by the first
/// `rows` lanes) and its registers.
struct MatrixAccess {
  char *address;
  void *registers;
};
void accessMatrix(const SharedModel &model, MatrixAccess *const *lanes,
                  uint32_t warpSize);

} // namespace tilesdk::simulator
