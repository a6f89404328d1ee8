//===- library.h - The device library of AMD targets ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <string>
#include <string_view>

namespace tilesdk::amd {

/// LLVM IR of one function, made from its symbol; empty: there is none.
/// \p generation is the index of the target, a Generation.
std::string makeDeviceFunction(unsigned generation, std::string_view symbol);

} // namespace tilesdk::amd
