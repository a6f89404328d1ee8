//===- messages.h - The hidden block: messages of a kernel ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel that prints or asserts has two parameters behind the user's: the
// buffer that messages go to, and a number that says which launch they are of.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// The hidden parameters of a kernel, in their order.
struct HiddenField {
  Type type;
  int64_t align;
};
SmallVector<HiddenField> hiddenFields(SimtEngine &e, func::FuncOp kernel);

} // namespace tilesdk::lowering
