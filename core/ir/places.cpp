//===- places.cpp - Places in files that locations lead to ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/places.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace tilesdk::tile {

FileLineColRange placeOf(LocationAttr loc) {
  // This ends: a location holds only such as were made before it.
  while (loc) {
    if (auto range = dyn_cast<FileLineColRange>(loc))
      return range;
    if (auto call = dyn_cast<CallSiteLoc>(loc))
      loc = call.getCallee();
    else if (auto named = dyn_cast<NameLoc>(loc))
      loc = named.getChildLoc();
    else if (auto fused = dyn_cast<FusedLoc>(loc);
             fused && !fused.getLocations().empty())
      loc = fused.getLocations().front();
    else
      break;
  }
  return {};
}

diagnostics::Location toLocation(LocationAttr loc) {
  diagnostics::Location result;
  if (FileLineColRange place = placeOf(loc)) {
    result.file = place.getFilename().str();
    result.line = place.getStartLine();
    result.column = place.getStartColumn();
    result.endLine = place.getEndLine();
    result.endColumn = place.getEndColumn();
  }
  return result;
}

} // namespace tilesdk::tile
