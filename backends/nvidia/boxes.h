//===- boxes.h - Barriers in memory, boxes, registers -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <string>
#include <string_view>

namespace tilesdk::nvidia {

/// The functions of compute capability 9.0 that copy boxes, wait for them, and
/// move registers between groups of warps; \p rest is \p symbol behind "tsdk.".
/// Empty: it is none of them.
std::string boxFunction(std::string_view symbol, std::string_view rest);

} // namespace tilesdk::nvidia
