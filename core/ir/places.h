//===- places.h - Places in files that locations lead to --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"

#include "mlir/IR/Location.h"

namespace tilesdk::tile {

/// The first place in a file that a location leads to: of inlined code, where
/// it was written. Null when there is none.
mlir::FileLineColRange placeOf(mlir::LocationAttr loc);

/// The same for a diagnostic; empty when there is none.
diagnostics::Location toLocation(mlir::LocationAttr loc);

} // namespace tilesdk::tile
