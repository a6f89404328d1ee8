//===- form.h - The form of a value along a dimension -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Says, before any code is emitted, in which form Engine::foldLanes will have
// a virtual value along one dimension of the space.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/plan.h"

namespace tilesdk::lowering {

/// Constant strides below this belong to indices, which do not wrap.
inline constexpr int64_t maxIndexStride = 1 << 24;

struct Form {
  enum Kind { Uniform, Linear, Prefix, Other } kind = Other;
  /// Of Linear, in elements; nothing if known at run time only.
  std::optional<int64_t> stride;
  /// Linear only if a remainder does not wrap inside of the extent.
  bool mayWrap = false;
};

Form formOf(Value v, const IndexMap &map, int dim);

/// True if `v` changes along dimension `dim` of the space.
bool dependsOn(Value v, const IndexMap &map, int dim);

} // namespace tilesdk::lowering
