//===- npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tilesdk::tool {

struct NpyArray {
  std::string descr; ///< "<f4"
  std::vector<uint64_t> shape;
  std::string bytes; ///< Row-major, little-endian.
};

/// Reads versions 1 to 3. False with what is wrong in `why`.
bool parseNpy(const std::string &file, NpyArray &array, std::string &why);
/// Version 1.
std::string formatNpy(const NpyArray &array);

} // namespace tilesdk::tool
