//===- rows.h - Rows of a target's tables, read and checked -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/target/target.h"

#include <cstring>

namespace tilesdk::target {

inline std::string_view view(tsdk_str str) {
  if (!str.data)
    return {};
  return {str.data,
          str.size == TSDK_NUL_TERMINATED ? std::strlen(str.data) : str.size};
}
inline std::string text(tsdk_str str) { return std::string(view(str)); }

/// Each gives the reason why the row is refused; empty: it is good. `out.name`
/// is set in any case.
std::string readRow(const tsdk_matrix_row &in, uint32_t warpSize,
                    MatrixRow &out);
std::string readRow(const tsdk_shared_row &in, uint32_t warpSize,
                    SharedRow &out);
std::string readRow(const tsdk_shared_format &in, uint32_t warpSize,
                    SharedFormat &out);
std::string readRow(const tsdk_async_row &in, uint32_t warpSize, AsyncRow &out);

} // namespace tilesdk::target
