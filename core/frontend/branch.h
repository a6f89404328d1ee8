//===- branch.h - One side of a run-time condition --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/sema.h"

#include "mlir/IR/Region.h"

namespace tilesdk::frontend {

/// Statements lowered into a region of their own, with what they left behind.
class Branch {
public:
  explicit Branch(Sema &sema) : sema(sema) {}

  /// Runs \p body inside of the region, then restores the frame.
  void build(llvm::function_ref<Flow()> body);
  /// Goes on where `build` ended.
  void resume(llvm::function_ref<Flow()> body);

  Sema &sema;
  mlir::Region region;
  mlir::Block *block = nullptr;
  Env env;
  Flow flow = Flow::Next;
  Value returnValue;
  mlir::Value returned;
};

/// Makes the scf.if and merges names, return value and flag into the frame.
Flow joinBranches(Sema &sema, mlir::Value condition, Branch &yes, Branch &no,
                  Span where);

} // namespace tilesdk::frontend
