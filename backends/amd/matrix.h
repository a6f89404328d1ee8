//===- matrix.h - Matrix instructions of AMD targets ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tilesdk::amd {

enum Generation : unsigned { GFX90A, GFX942, GFX950, GFX1100, GFX1200 };
constexpr size_t NumTargets = 5;

/// One matrix instruction, from which both its row and its function are made.
struct Matrix {
  unsigned generations; ///< A bit of each that has it.
  std::string_view name, type, result;
  uint32_t m, n, k;
  /// Bits of k that the registers of an operand count, then those that the
  /// lanes beyond m (or n) do: "1 2 4", "8 16"; 0 is a copy.
  std::string_view registers, lanes;
  /// Bits of the result's row that registers and lanes count.
  std::string_view resultRegisters, resultLanes;
  std::string_view intrinsic, operand; ///< LLVM's name, its operands' type.
  uint32_t cycles;

  bool isIn(unsigned generation) const { return generations >> generation & 1; }
  std::string left() const;
  std::string right() const;
  std::string resultLayout() const;
  uint32_t operandRegisters() const;
  uint32_t resultCount() const;
};

extern const Matrix Matrices[];
extern const size_t NumMatrices;

} // namespace tilesdk::amd
