//===- messages.h - Device functions of print and assert --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <string>
#include <string_view>

namespace tilesdk::libdevice {

/// LLVM IR of `tsdk.message.NAME`; empty when the symbol is none of these.
/// Serves every target whose pointers to device memory are those of address
/// space 1.
std::string makeMessageFunction(std::string_view symbol);

} // namespace tilesdk::libdevice
