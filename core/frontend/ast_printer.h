//===- ast_printer.h - Syntax tree as S-expressions -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/ast.h"

#include <string>

namespace tilesdk::frontend {

/// `(+ (name a) (int 1))`: one line, for tests and dumps.
std::string printAst(const Expr *expr);
/// One statement per line, bodies indented by two.
std::string printAst(const Stmt *stmt);
std::string printAst(const Module &module);

} // namespace tilesdk::frontend
