//===- matrix.h - Matrix instructions from their rows -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/simulator/targets.h"

namespace tilesdk::simulator {

/// The operands of one lane; `result` is the accumulator on entry.
struct MatrixOperands {
  const void *left, *right;
  void *result;
};

/// Executes the instruction for the operands of all lanes of a warp.
void multiply(const MatrixModel &model, MatrixOperands *const *lanes,
              uint32_t warpSize);

/// One lane of a matrix access: the address of its row (used by the first
/// `rows` lanes) and its registers.
struct MatrixAccess {
  char *address;
  void *registers;
};
void accessMatrix(const SharedModel &model, MatrixAccess *const *lanes,
                  uint32_t warpSize);

} // namespace tilesdk::simulator
