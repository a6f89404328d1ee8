//===- program.cpp - Parsed programs and their metadata ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/frontend.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/parser.h"
#include "core/frontend/scope.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

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
      if (last == "constexpr_function")
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
        add(alias.alias ? alias.alias.name
                        : alias.name.name.split('.').first,
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
    data->texts.push_back({module.name.str(), data->sources.addFile(
                                                  module.filename,
                                                  module.source)});
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

static llvm::json::Array namesIn(llvm::StringRef arguments,
                                 llvm::StringRef keyword) {
  // `do_not_specialize=["a", 'b']`: the strings up to the closing bracket.
  llvm::json::Array names;
  size_t at = arguments.find(keyword);
  while (at != llvm::StringRef::npos) {
    llvm::StringRef rest = arguments.drop_front(at + keyword.size()).ltrim();
    if (rest.consume_front("=")) {
      rest = rest.ltrim().take_until(
          [](char c) { return c == ']' || c == ')'; });
      while (!rest.empty()) {
        size_t open = rest.find_first_of("\"'");
        if (open == llvm::StringRef::npos)
          break;
        size_t close = rest.find(rest[open], open + 1);
        if (close == llvm::StringRef::npos)
          break;
        names.push_back(rest.slice(open + 1, close).str());
        rest = rest.drop_front(close + 1);
      }
      break;
    }
    at = arguments.find(keyword, at + 1);
  }
  return names;
}

/// The signature code an annotation forces, or an empty string.
static std::string forcedType(llvm::StringRef annotation) {
  llvm::StringRef text = annotation.trim();
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\''))
    text = text.drop_front().drop_back();
  text.consume_front("tl.");
  text.consume_front("triton.language.");
  if (text == "int")
    return "i32";
  if (text == "float")
    return "f32";
  if (text == "bool")
    return "i1";
  static constexpr std::pair<const char *, const char *> names[] = {
      {"int1", "i1"},      {"int8", "i8"},      {"int16", "i16"},
      {"int32", "i32"},    {"int64", "i64"},    {"uint8", "u8"},
      {"uint16", "u16"},   {"uint32", "u32"},   {"uint64", "u64"},
      {"float16", "f16"},  {"bfloat16", "bf16"}, {"float32", "f32"},
      {"float64", "f64"},  {"fp16", "f16"},     {"fp32", "f32"},
      {"fp64", "f64"}};
  for (auto [name, code] : names)
    if (text == name || text == code)
      return code;
  llvm::StringRef pointee = text;
  if (pointee.consume_front("*")) {
    std::string code = forcedType(pointee);
    return code.empty() ? code : "*" + code;
  }
  return "";
}

std::string ParsedProgram::metadataJson() const {
  llvm::json::Array kernels;
  if (data->modules.empty())
    return "{}";
  for (const FunctionSummary &function :
       summarizeFunctions(*data->mainModule().ast, data->sources)) {
    if (!function.isJit)
      continue;
    llvm::json::Object kernel;
    llvm::json::Array params, decorators;
    llvm::json::Array noSpecialize, noAlignment;
    for (const DecoratorSummary &decorator : function.decorators) {
      decorators.push_back(llvm::json::Object{
          {"name", decorator.name}, {"arguments", decorator.arguments}});
      llvm::StringRef name = decorator.name;
      if (name != "jit" && !name.ends_with(".jit"))
        continue;
      for (auto &entry : namesIn(decorator.arguments, "do_not_specialize"))
        noSpecialize.push_back(entry);
      for (auto &entry :
           namesIn(decorator.arguments, "do_not_specialize_on_alignment"))
        noAlignment.push_back(entry);
    }
    auto listed = [](const llvm::json::Array &names, llvm::StringRef name) {
      for (const llvm::json::Value &entry : names)
        if (entry.getAsString() == name)
          return true;
      return false;
    };
    for (const ParamSummary &param : function.params) {
      llvm::json::Object entry{
          {"name", param.name},
          {"constexpr", param.isConstexpr},
          {"keyword_only", param.keywordOnly()},
          {"annotation", param.annotation},
          {"const", param.isConst}};
      if (param.hasDefault)
        entry["default"] = param.defaultValue;
      if (!param.isConstexpr)
        if (std::string type = forcedType(param.annotation); !type.empty())
          entry["type"] = type;
      entry["do_not_specialize"] = listed(noSpecialize, param.name);
      entry["do_not_specialize_on_alignment"] =
          listed(noAlignment, param.name);
      params.push_back(std::move(entry));
    }
    kernel["name"] = function.name;
    kernel["line"] = function.location.line;
    kernel["doc"] = function.docstring;
    kernel["conditional"] = function.isConditional;
    kernel["params"] = std::move(params);
    kernel["decorators"] = std::move(decorators);
    kernels.push_back(std::move(kernel));
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::json::Value(llvm::json::Object{
      {"schema", 1}, {"kernels", std::move(kernels)}});
  return text;
}
