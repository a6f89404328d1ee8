//===- program.cpp - Parsed programs and their metadata ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/frontend.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/parser.h"
#include "core/frontend/scope.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Scopes
//===----------------------------------------------------------------------===//

namespace {
/// Collects what the statements of a module bind.
class Indexer {
public:
  explicit Indexer(ModuleScope &scope) : scope(scope) {}

  void visit(StmtList stmts) {
    for (const Stmt *stmt : stmts)
      visit(stmt);
  }

private:
  void add(llvm::StringRef name, const Stmt *stmt,
           const ImportAlias *alias = nullptr, int element = -1) {
    Definition definition;
    definition.stmt = stmt;
    definition.alias = alias;
    definition.element = element;
    definition.guards.append(guards.begin(), guards.end());
    definition.isFallback = handlers != 0;
    scope.definitions[name].push_back(std::move(definition));
  }

  void addTargets(const Expr *target, const Stmt *stmt) {
    if (auto *name = llvm::dyn_cast<NameExpr>(target))
      return add(name->name, stmt);
    ExprList elements;
    if (auto *tuple = llvm::dyn_cast<TupleExpr>(target))
      elements = tuple->elements;
    else if (auto *list = llvm::dyn_cast<ListExpr>(target))
      elements = list->elements;
    for (size_t i = 0; i < elements.size(); ++i)
      if (auto *name = llvm::dyn_cast<NameExpr>(elements[i]))
        add(name->name, stmt, nullptr, static_cast<int>(i));
  }

  void visitFunction(const FunctionDef *def) {
    auto info = std::make_unique<FunctionInfo>();
    info->def = def;
    info->module = &scope;
    for (const Decorator &decorator : def->decorators) {
      const Expr *value = decorator.value;
      auto *call = llvm::dyn_cast<CallExpr>(value);
      std::string dotted = dottedName(call ? call->callee : value);
      llvm::StringRef last = llvm::StringRef(dotted).rsplit('.').second;
      if (last.empty())
        last = dotted;
      if (last == "constexpr_function" || last == "constexpr")
        info->kind = FunctionKind::Constexpr;
      if (last != "jit")
        continue;
      info->kind = FunctionKind::Jit;
      if (!call)
        continue;
      for (const KeywordArg &keyword : call->keywords)
        if (keyword.name.name == "noinline")
          if (auto *flag = llvm::dyn_cast<BoolExpr>(keyword.value))
            info->noinline = flag->value;
    }
    add(def->name.name, def);
    scope.functions[def] = std::move(info);
  }

  void visit(const Stmt *stmt) {
    switch (stmt->kind) {
    case StmtKind::FunctionDef:
      return visitFunction(llvm::cast<FunctionDef>(stmt));
    case StmtKind::ClassDef:
      return add(llvm::cast<ClassDef>(stmt)->name.name, stmt);
    case StmtKind::Assign:
      for (const Expr *target : llvm::cast<AssignStmt>(stmt)->targets)
        addTargets(target, stmt);
      return;
    case StmtKind::AnnAssign:
      if (llvm::cast<AnnAssignStmt>(stmt)->value)
        addTargets(llvm::cast<AnnAssignStmt>(stmt)->target, stmt);
      return;
    case StmtKind::Import:
      for (const ImportAlias &alias : llvm::cast<ImportStmt>(stmt)->names)
        add(alias.alias ? alias.alias.name : alias.name.name.split('.').first,
            stmt, &alias);
      return;
    case StmtKind::FromImport: {
      auto *import = llvm::cast<FromImportStmt>(stmt);
      for (const ImportAlias &alias : import->names) {
        if (alias.name.name == "*")
          scope.starImports.push_back(import);
        else
          add(alias.alias ? alias.alias.name : alias.name.name, stmt, &alias);
      }
      return;
    }
    case StmtKind::If: {
      auto *branch = llvm::cast<IfStmt>(stmt);
      size_t before = guards.size();
      for (const IfClause &clause : branch->clauses) {
        guards.emplace_back(clause.condition, true);
        visit(clause.body);
        guards.back().second = false;
      }
      visit(branch->orelse);
      guards.resize(before);
      return;
    }
    case StmtKind::Try: {
      auto *attempt = llvm::cast<TryStmt>(stmt);
      visit(attempt->body);
      visit(attempt->orelse);
      visit(attempt->finalBody);
      ++handlers;
      for (const ExceptClause &handler : attempt->handlers)
        visit(handler.body);
      --handlers;
      return;
    }
    case StmtKind::With:
      return visit(llvm::cast<WithStmt>(stmt)->body);
    default:
      // Host code: nothing a kernel can see.
      return;
    }
  }

  ModuleScope &scope;
  std::vector<std::pair<const Expr *, bool>> guards;
  unsigned handlers = 0;
};
} // namespace

void ModuleScope::index() { Indexer(*this).visit(ast->body); }

const ModuleScope *ProgramImpl::findModule(llvm::StringRef name) const {
  for (const std::unique_ptr<ModuleScope> &module : modules)
    if (module->name == name && module.get() != modules.front().get())
      return module.get();
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Prelude
//===----------------------------------------------------------------------===//

static constexpr const char *preludeText[] = {
#include "core/frontend/prelude.inc"
};

namespace {
struct Prelude {
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink{sources};
  ModuleScope scope;

  Prelude() {
    std::string text;
    for (const char *part : preludeText)
      text += part;
    scope.name = "triton.language";
    scope.isPrelude = true;
    scope.ast = parseModule(sources.addFile("<prelude>", text), sink);
    scope.index();
  }
};
} // namespace

const ModuleScope &tilesdk::frontend::preludeScope() {
  static const Prelude prelude;
  return prelude.scope;
}

//===----------------------------------------------------------------------===//
// ParsedProgram
//===----------------------------------------------------------------------===//

ParsedProgram::ParsedProgram(const ProgramSource &source)
    : data(std::make_unique<ProgramImpl>()) {
  data->texts.push_back(
      {"__main__", data->sources.addFile(source.filename, source.source,
                                         source.firstLine)});
  for (const ModuleText &module : source.modules)
    data->texts.push_back(
        {module.name.str(),
         data->sources.addFile(module.filename, module.source)});
  for (const Capture &capture : source.captures)
    data->captures[capture.name] = capture.value.str();
}

ParsedProgram::~ParsedProgram() = default;

const diagnostics::SourceManager &ParsedProgram::sources() const {
  return data->sources;
}

bool ParsedProgram::parse(diagnostics::DiagnosticSink &sink) {
  bool valid = true;
  for (const ProgramImpl::Text &text : data->texts) {
    auto scope = std::make_unique<ModuleScope>();
    scope->name = text.name;
    scope->ast = parseModule(text.file, sink);
    valid &= !scope->ast->hasErrors;
    scope->index();
    data->modules.push_back(std::move(scope));
  }
  return valid;
}
