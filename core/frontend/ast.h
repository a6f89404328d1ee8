//===- ast.h - Syntax tree of the kernel language ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tree holds what Python's grammar accepts, and a little more, so that
// semantic analysis can reject it with words of its own. Nodes live in the
// arena of their Module, are never freed one by one and hold no heap memory.
// `llvm::isa`, `cast` and `dyn_cast` work on Expr and Stmt.
//
// The parser bounds the height of every tree (see ParseLimits), so a visitor
// may recurse.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast_stmt.h"

#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

namespace tilesdk::frontend {

/// One parsed source. Owns every node below it; strings either lie in its arena
/// or in the SourceManager's text, which must outlive it.
class Module {
public:
  explicit Module(diagnostics::FileId file) : file(file) {}
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  const diagnostics::FileId file;
  StmtList body;
  /// Null when there is none.
  StringExpr *docstring = nullptr;
  /// True when the parser reported at least one error; the tree is then usable
  /// for tools, but must not be compiled.
  bool hasErrors = false;

  llvm::BumpPtrAllocator arena;
};

} // namespace tilesdk::frontend
