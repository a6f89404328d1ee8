//===- scope.h - Modules, functions and what they define --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Immutable after parsing, shared by all threads that lower kernels.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/diagnostics.h"
#include "core/frontend/ast.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <memory>
#include <string>
#include <vector>

namespace tilesdk::frontend {

struct ModuleScope;

enum class FunctionKind : uint8_t {
  /// Not marked; can not be called from kernels.
  Plain,
  Jit,
  /// Evaluated at compile time.
  Constexpr,
};

struct FunctionInfo {
  const FunctionDef *def = nullptr;
  const ModuleScope *module = nullptr;
  FunctionKind kind = FunctionKind::Plain;
  bool noinline = false;

  llvm::StringRef name() const { return def->name.name; }
};

/// One statement that may bind a name of a module.
struct Definition {
  /// FunctionDef, ClassDef, AssignStmt, AnnAssignStmt or an import.
  const Stmt *stmt = nullptr;
  /// Of an import.
  const ImportAlias *alias = nullptr;
  /// Position in a tuple target, or -1.
  int element = -1;
  /// Conditions of the enclosing `if`s, with the outcome they must have.
  llvm::SmallVector<std::pair<const Expr *, bool>, 1> guards;
  /// In an `except` clause: counts only when nothing else defines the name.
  bool isFallback = false;
};

struct ModuleScope {
  std::string name;
  bool isPrelude = false;
  std::unique_ptr<Module> ast;
  llvm::StringMap<std::vector<Definition>> definitions;
  std::vector<const FromImportStmt *> starImports;
  llvm::DenseMap<const FunctionDef *, std::unique_ptr<FunctionInfo>> functions;

  /// Fills the tables from `ast`.
  void index();
};

struct ProgramImpl {
  struct Text {
    std::string name;
    diagnostics::FileId file;
  };
  diagnostics::SourceManager sources;
  /// The first is the main one.
  std::vector<Text> texts;
  std::vector<std::unique_ptr<ModuleScope>> modules;
  llvm::StringMap<std::string> captures;

  const ModuleScope &mainModule() const { return *modules.front(); }
  const ModuleScope *findModule(llvm::StringRef name) const;
};

/// The standard library in the kernel language, parsed on first use.
const ModuleScope &preludeScope();

} // namespace tilesdk::frontend
