//===- library.h - The device library of NVIDIA targets ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <string>
#include <string_view>

namespace tilesdk::nvidia {

/// LLVM IR of one function, made from its symbol; empty: there is none.
/// \p capability is the compute capability times ten.
std::string makeDeviceFunction(unsigned capability, std::string_view symbol);

} // namespace tilesdk::nvidia
