//===- math_measure.h - Accuracy of the math library ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/codegen/codegen.h"

#include <cstdint>
#include <string>

namespace tilesdk::codegen {

struct Accuracy {
  /// Largest error in units of the last place where the true result is a normal
  /// number, and the argument (hexadecimal) it happens at.
  double ulp = 0;
  std::string at;
  /// The same where the true result is subnormal; large: flushed to zero.
  double subnormalUlp = 0;
  /// NaN, infinity or a zero's sign where something else is right, or the
  /// reverse.
  uint64_t wrongSpecial = 0;
  std::string wrongAt;
  uint64_t samples = 0;
  std::string error; ///< Not measured.
};

/// The functions of math_functions.def that have a reference.
llvm::SmallVector<llvm::StringRef> measuredFunctions();

/// Measures `tsdk.math.NAME` for one type and width on about `samples`
/// arguments spread over all bit patterns, against float64 (for f32) or x87's
/// 64-bit mantissa (for f64).
Accuracy measureMath(llvm::StringRef name, bool isDouble, unsigned width,
                     const Target &target, uint64_t samples);

} // namespace tilesdk::codegen
