//===- notes.h - What a code object says of its kernels ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <string_view>

namespace tilesdk::amd {

/// Of one kernel, from the metadata note of its code object.
struct KernelNumbers {
  uint32_t vectorRegisters = 0; ///< With accumulation registers.
  uint32_t vectorSpills = 0, scalarSpills = 0;
  uint32_t sharedBytes = 0; ///< Fixed.
  uint32_t stackBytes = 0;  ///< Of a thread.
};

/// False when \p object is no code object that describes \p kernel. Any bytes
/// are safe.
bool readKernelNumbers(std::string_view object, std::string_view kernel,
                       KernelNumbers &out);

} // namespace tilesdk::amd
