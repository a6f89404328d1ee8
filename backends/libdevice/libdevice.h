//===- libdevice.h - What kernels call libdevice ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions of triton.language.extra.libdevice, as rows and LLVM IR that
// suit every LLVM target. A backend may offer better ones for some.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::libdevice {

inline tsdk_str str(std::string_view text) {
  return {text.data(), text.size()};
}

/// The rows of all functions; texts that are made for them go into `strings`,
/// which must live as long as the rows and keep its place.
std::vector<tsdk_language_function>
makeLanguageFunctions(std::vector<std::string> &strings);

/// LLVM IR of `tsdk.libdevice.NAME.TYPE`, scalar or for lanes; empty when the
/// symbol is none of these.
std::string makeDeviceFunction(std::string_view symbol);

} // namespace tilesdk::libdevice
