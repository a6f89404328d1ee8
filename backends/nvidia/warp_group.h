//===- warp_group.h - Products of warp groups -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::nvidia {

/// The rows of wgmma and the formats of its operands in shared memory.
void addWarpGroupRows(std::vector<tsdk_matrix_row> &matrix,
                      std::vector<tsdk_shared_format> &formats);

/// LLVM IR of a function of theirs; empty: it is none. \p rest is the symbol
/// behind "tsdk.".
std::string warpGroupFunction(std::string_view symbol, std::string_view rest);

} // namespace tilesdk::nvidia
