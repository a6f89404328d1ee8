//===- names.cpp - Scopes, globals, imports and modules ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"
#include "core/frontend/module_summary.h"
#include "core/frontend/signature.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Builtin modules
//===----------------------------------------------------------------------===//

/// One spelling per module: tilesdk is triton, the parts of the language's
/// standard library are the language itself.
static std::string canonicalModule(llvm::StringRef dotted) {
  std::string name = dotted.str();
  if (dotted == "tilesdk" || dotted.starts_with("tilesdk."))
    name = "triton" + dotted.drop_front(7).str();
  static constexpr llvm::StringLiteral language = "triton.language";
  for (llvm::StringRef part : {"core", "standard", "random", "semantic"})
    if (name == (language + "." + part).str())
      return language.str();
  return name;
}

/// Constants of Python's `math`, which sources scale with.
static std::optional<double> mathConstant(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<double>>(name)
      .Case("pi", 3.141592653589793)
      .Case("tau", 6.283185307179586)
      .Case("e", 2.718281828459045)
      .Case("inf", HUGE_VAL)
      .Case("nan", std::nan(""))
      .Default(std::nullopt);
}

static bool isLanguageModule(llvm::StringRef module) {
  return module == "triton.language" || module == "triton.language.math";
}

Value Sema::builtinModule(llvm::StringRef dotted) {
  Value value = Value::stringOf(canonicalModule(dotted));
  value.kind = Value::Kind::Module;
  return value;
}

/// "triton.language.extra.x" as rows spell it: "tl.extra.x".
static std::string rowSpelling(llvm::StringRef module, llvm::StringRef name) {
  module.consume_front("triton.language");
  return ("tl" + module + "." + name).str();
}

/// Where the language moved library functions to over its versions.
static std::vector<std::string> rowSpellings(llvm::StringRef module,
                                             llvm::StringRef name) {
  std::vector<std::string> spellings{rowSpelling(module, name)};
  if (module == "triton.language.math" || module.ends_with(".libdevice"))
    spellings.push_back(("tl.extra.libdevice." + name).str());
  return spellings;
}

static Value externValue(llvm::StringRef spelling) {
  Value value = Value::stringOf(spelling);
  value.kind = Value::Kind::Extern;
  return value;
}

std::optional<Value> Sema::moduleMember(const Value &moduleValue,
                                        llvm::StringRef name) {
  if (moduleValue.scope)
    return moduleGlobal(*moduleValue.scope, name);
  llvm::StringRef dotted = moduleValue.text();
  std::string full = (dotted + "." + name).str();
  if (auto capture = program.captures.find(full);
      capture != program.captures.end())
    return captureValue(*this, capture->second);
  if (const ModuleScope *scope = program.findModule(full)) {
    Value value = Value::of(Value::Kind::Module);
    value.scope = scope;
    return value;
  }
  // The version of the language, which some sources ask for.
  if (dotted == "triton" && name == "__version__")
    return Value::stringOf("3.6.0");
  if (dotted == "triton.language.PropagateNan") {
    if (name == "ALL" || name == "NONE")
      return Value::stringOf(name);
    return std::nullopt;
  }
  if (isLanguageModule(dotted)) {
    if (std::optional<DType> dtype = dtypeOfLanguageName(name))
      return Value::typeOf(*dtype);
    if (const BuiltinInfo *builtin = findBuiltin(("tl." + name).str()))
      if (!(builtin->flags & isInternal) || inPrelude()) {
        Value value = Value::of(Value::Kind::Builtin);
        value.builtin = builtin;
        return value;
      }
    const ModuleScope &prelude = preludeScope();
    if (auto found = prelude.definitions.find(name);
        found != prelude.definitions.end() &&
        llvm::isa<FunctionDef>(found->second.front().stmt))
      return moduleGlobal(prelude, name);
  }
  if (dotted == "triton" || dotted == "math") {
    if (dotted == "math")
      if (std::optional<double> constant = mathConstant(name))
        return Value::floatOf(*constant);
    if (const BuiltinInfo *builtin = findBuiltin(full)) {
      Value value = Value::of(Value::Kind::Builtin);
      value.builtin = builtin;
      return value;
    }
    if (dotted == "math")
      return std::nullopt;
  }
  if (dotted == "triton.language" || dotted.starts_with("triton.language.")) {
    for (const std::string &spelling : rowSpellings(dotted, name))
      for (const LanguageRow &row : request.rows)
        if (row.spelling == spelling)
          return externValue(spelling);
    std::string prefix = rowSpelling(dotted, name) + ".";
    for (const LanguageRow &row : request.rows)
      if (llvm::StringRef(row.spelling).starts_with(prefix))
        return builtinModule(full);
  }
  static constexpr llvm::StringLiteral known[] = {
      "triton.language",
      "triton.language.math",
      "triton.language.core",
      "triton.language.standard",
      "triton.language.random",
      "triton.language.extra",
      "triton.language.PropagateNan"};
  for (llvm::StringRef candidate : known)
    if (canonicalModule(full) == candidate || full == candidate)
      return builtinModule(full);
  // Library modules by any of their spellings, even without a row.
  if (name == "libdevice" && dotted.starts_with("triton.language"))
    return builtinModule(full);
  if (dotted.starts_with("triton.language.extra") &&
      llvm::all_of(name, [](char c) { return llvm::isLower(c) || c == '_'; }) &&
      !dotted.ends_with("libdevice")) {
    // `tl.extra.VENDOR.libdevice`: whatever vendor, its library is the
    // target's own.
    return builtinModule(full);
  }
  if (dotted == "triton" || dotted.starts_with("triton.language"))
    return std::nullopt;
  // A module that was not given: only its use is a mistake.
  return builtinModule(full);
}

std::vector<llvm::StringRef> Sema::memberNames(const Value &moduleValue) {
  std::vector<llvm::StringRef> names;
  if (moduleValue.scope) {
    for (const auto &entry : moduleValue.scope->definitions)
      names.push_back(entry.first());
    llvm::sort(names);
    return names;
  }
  llvm::StringRef dotted = moduleValue.text();
  if (isLanguageModule(dotted)) {
    names = builtinNames("tl.");
    for (const auto &entry : preludeScope().definitions)
      if (!entry.first().starts_with("_"))
        names.push_back(entry.first());
    for (llvm::StringRef dtype :
         {"int1", "int8", "int16", "int32", "int64", "uint8", "uint16",
          "uint32", "uint64", "float16", "bfloat16", "float32", "float64",
          "float8e4nv", "float8e5"})
      names.push_back(dtype);
  } else if (dotted == "math") {
    names = builtinNames("math.");
  } else if (dotted == "triton") {
    names = builtinNames("triton.");
    names.push_back("language");
  }
  if (dotted.starts_with("triton.language"))
    for (const LanguageRow &row : request.rows)
      for (const std::string &prefix : rowSpellings(dotted, ""))
        if (llvm::StringRef(row.spelling).starts_with(prefix))
          names.push_back(
              llvm::StringRef(row.spelling).drop_front(prefix.size()));
  llvm::sort(names);
  return names;
}

void Sema::suggest(Report &report, llvm::StringRef name,
                   llvm::ArrayRef<llvm::StringRef> candidates) {
  if (std::optional<std::string> near = diagnostics::nearMiss(name, candidates))
    report.help("did you mean `" + *near + "`?");
}

//===----------------------------------------------------------------------===//
// Imports
//===----------------------------------------------------------------------===//

Value Sema::importModule(const ModuleScope &from, llvm::StringRef dotted,
                         unsigned level) {
  auto scopeValue = [](const ModuleScope *scope) {
    Value value = Value::of(Value::Kind::Module);
    value.scope = scope;
    return value;
  };
  if (!level) {
    if (const ModuleScope *scope = program.findModule(dotted))
      return scopeValue(scope);
    return builtinModule(dotted);
  }
  std::string spelled = std::string(level, '.') + dotted.str();
  llvm::StringRef package = from.name;
  for (unsigned i = 0; i < level; ++i)
    package = package.contains('.') ? package.rsplit('.').first : "";
  std::string resolved =
      package.empty()
          ? dotted.str()
          : (dotted.empty() ? package.str() : (package + "." + dotted).str());
  for (llvm::StringRef candidate :
       {llvm::StringRef(spelled), llvm::StringRef(resolved), dotted})
    if (const ModuleScope *scope = program.findModule(candidate))
      return scopeValue(scope);
  return builtinModule(resolved.empty() ? spelled : resolved);
}

static Value importedValue(Sema &sema, const ModuleScope &scope,
                           const Definition &definition) {
  const ImportAlias &alias = *definition.alias;
  if (llvm::isa<ImportStmt>(definition.stmt)) {
    llvm::StringRef dotted = alias.name.name;
    return sema.importModule(scope,
                             alias.alias ? dotted : dotted.split('.').first, 0);
  }
  auto *import = llvm::cast<FromImportStmt>(definition.stmt);
  Value from = sema.importModule(scope, import->module.name, import->level);
  if (std::optional<Value> member = sema.moduleMember(from, alias.name.name))
    return *member;
  // Of a package its modules can be imported too.
  std::string submodule = from.scope
                              ? from.scope->name + "." + alias.name.name.str()
                              : std::string();
  if (const ModuleScope *inner = sema.program.findModule(submodule)) {
    Value value = Value::of(Value::Kind::Module);
    value.scope = inner;
    return value;
  }
  Report report =
      sema.report(Diag::UnknownImport, alias.name.span,
                  from.scope ? llvm::StringRef(from.scope->name) : from.text(),
                  alias.name.name);
  sema.suggest(report, alias.name.name, sema.memberNames(from));
  return report;
}

//===----------------------------------------------------------------------===//
// Globals
//===----------------------------------------------------------------------===//

/// Whether a module-level value may be used by kernels: `tl.constexpr(...)`,
/// or something computed from such.
static bool isConstexprGlobal(const ModuleScope &scope, const Expr *expr,
                              unsigned depth = 0) {
  if (depth > 16)
    return false;
  if (auto *call = llvm::dyn_cast<CallExpr>(expr)) {
    std::string dotted = dottedName(call->callee);
    llvm::StringRef name = dotted;
    return name == "constexpr" || name.ends_with(".constexpr");
  }
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(expr))
    return isConstexprGlobal(scope, binary->lhs, depth + 1) ||
           isConstexprGlobal(scope, binary->rhs, depth + 1);
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(expr))
    return isConstexprGlobal(scope, unary->operand, depth + 1);
  if (auto *name = llvm::dyn_cast<NameExpr>(expr)) {
    auto found = scope.definitions.find(name->name);
    if (found == scope.definitions.end())
      return false;
    const Stmt *stmt = found->second.back().stmt;
    if (auto *assign = llvm::dyn_cast<AssignStmt>(stmt))
      return isConstexprGlobal(scope, assign->value, depth + 1);
    if (auto *assign = llvm::dyn_cast<AnnAssignStmt>(stmt))
      return isConstexprGlobal(scope, assign->value, depth + 1);
    return true;
  }
  return false;
}

static Value classValue(Sema &sema, const ClassDef *def) {
  bool isNamedTuple = false;
  for (const Expr *base : def->bases) {
    std::string dotted = dottedName(base);
    isNamedTuple |= llvm::StringRef(dotted).ends_with("NamedTuple");
  }
  if (!isNamedTuple)
    return sema.report(Diag::UnsupportedFunction, def->name.span,
                       def->name.name);
  Value value = Value::of(Value::Kind::TupleClass);
  auto payload = std::make_shared<Payload>();
  payload->text = def->name.name.str();
  for (const Stmt *stmt : def->body)
    if (auto *field = llvm::dyn_cast<AnnAssignStmt>(stmt))
      if (auto *name = llvm::dyn_cast<NameExpr>(field->target))
        payload->fields.push_back(name->name.str());
  value.payload = std::move(payload);
  return value;
}

static Value definitionValue(Sema &sema, const ModuleScope &scope,
                             llvm::StringRef name,
                             const Definition &definition) {
  const Stmt *stmt = definition.stmt;
  if (auto *def = llvm::dyn_cast<FunctionDef>(stmt)) {
    Value value = Value::of(Value::Kind::Function);
    value.function = scope.functions.find(def)->second.get();
    return value;
  }
  if (auto *def = llvm::dyn_cast<ClassDef>(stmt))
    return classValue(sema, def);
  if (definition.alias)
    return importedValue(sema, scope, definition);
  const Expr *expr = llvm::isa<AssignStmt>(stmt)
                         ? llvm::cast<AssignStmt>(stmt)->value
                         : llvm::cast<AnnAssignStmt>(stmt)->value;
  Value value = sema.evalInModule(scope, expr);
  if (definition.element >= 0 && value.isTuple())
    return size_t(definition.element) < value.elements().size()
               ? value.elements()[definition.element]
               : Value::error();
  return value;
}

/// Where a definition is shown: a function by its first line.
static Span placeOf(const Definition &definition) {
  if (auto *def = llvm::dyn_cast<FunctionDef>(definition.stmt))
    return def->header;
  return definition.stmt->span;
}

namespace {
struct Choice {
  const Definition *definition = nullptr;
  /// A condition that is not known at compile time was taken as false.
  bool assumed = false;
  bool ambiguous = false;
};
} // namespace

/// The definition that holds, by the conditions around the candidates. What the
/// host would find out (an environment, a device) is not known here: such a
/// condition counts as false, for the `else` is what works everywhere.
static Choice chooseDefinition(Sema &sema, const ModuleScope &scope,
                               llvm::ArrayRef<Definition> candidates) {
  Choice choice;
  for (bool fallback : {false, true}) {
    llvm::SmallVector<const Definition *, 2> possible;
    for (const Definition &candidate : llvm::reverse(candidates)) {
      if (candidate.isFallback != fallback)
        continue;
      bool excluded = false, unlikely = false, assumed = false;
      for (auto [guard, expected] : candidate.guards) {
        std::optional<bool> outcome;
        sema.quietly(
            [&] { outcome = sema.truth(sema.evalInModule(scope, guard)); });
        excluded |= outcome && *outcome != expected;
        unlikely |= !outcome && expected;
        assumed |= !outcome;
      }
      if (excluded)
        continue;
      if (unlikely) {
        possible.push_back(&candidate);
        continue;
      }
      choice.definition = &candidate;
      choice.assumed = assumed;
      return choice;
    }
    if (!possible.empty()) {
      choice.definition = possible.front();
      choice.ambiguous = possible.size() > 1;
      return choice;
    }
  }
  return choice;
}

std::optional<Value> Sema::moduleGlobal(const ModuleScope &scope,
                                        llvm::StringRef name) {
  auto found = scope.definitions.find(name);
  if (found == scope.definitions.end()) {
    for (const FromImportStmt *import : llvm::reverse(scope.starImports)) {
      Value from = importModule(scope, import->module.name, import->level);
      if (!from.scope && !from.text().starts_with("triton"))
        continue;
      if (std::optional<Value> member = moduleMember(from, name))
        return member;
    }
    return std::nullopt;
  }
  auto key = std::make_pair(&scope, name.str());
  if (auto memo = globals.find(key); memo != globals.end()) {
    if (memo->second.kind == Value::Kind::Undefined)
      return Value(report(Diag::CircularDefinition,
                          found->second.back().stmt->span, name));
    return memo->second;
  }
  globals[key] = Value::of(Value::Kind::Undefined);
  Choice choice = chooseDefinition(*this, scope, found->second);
  const Definition *definition = choice.definition;
  if (choice.assumed)
    report(Diag::AssumedCondition, placeOf(*definition), name)
        .label("this definition is used");
  Value value;
  if (choice.ambiguous)
    value = report(Diag::AmbiguousDefinition, placeOf(*definition), name);
  else if (definition)
    value = definitionValue(*this, scope, name, *definition);
  else
    value = Value::error();
  globals[key] = value;
  if (!definition) {
    globals.erase(key);
    return std::nullopt;
  }
  return value;
}

/// A plain number or string of the module: it could change under the kernel.
static bool isPlainGlobal(const ModuleScope &scope, llvm::StringRef name,
                          const Value &value) {
  if (!value.isNumber() && !value.isString())
    return false;
  auto found = scope.definitions.find(name);
  if (found == scope.definitions.end())
    return false;
  const Stmt *stmt = found->second.back().stmt;
  if (auto *assign = llvm::dyn_cast<AssignStmt>(stmt))
    return !isConstexprGlobal(scope, assign->value);
  if (auto *assign = llvm::dyn_cast<AnnAssignStmt>(stmt))
    return !isConstexprGlobal(scope, assign->value);
  return false;
}

Value Sema::lookup(llvm::StringRef name, Span where) {
  if (auto local = frame->locals.find(name); local != frame->locals.end()) {
    if (local->second.kind == Value::Kind::Undefined) {
      Report message = report(Diag::UndefinedAfterBranch, where, name);
      if (local->second.origin.isValid())
        message.label(local->second.origin, "assigned here only");
      message.help("give `" + name + "` a value before");
      frame->locals[name] = Value::error();
      return message;
    }
    return local->second;
  }
  const ModuleScope &scope = *frame->module;
  if (&scope == &program.mainModule())
    if (auto capture = program.captures.find(name);
        capture != program.captures.end())
      return captureValue(*this, capture->second);
  if (std::optional<Value> global = moduleGlobal(scope, name)) {
    if (!frame->compileTime && !scope.isPrelude &&
        isPlainGlobal(scope, name, *global)) {
      Report message = report(Diag::GlobalNotConstexpr, where, name);
      const Stmt *stmt = scope.definitions.find(name)->second.back().stmt;
      message.label(stmt->span, "a plain global, it may change");
      message.help("write `" + name + ": tl.constexpr = tl.constexpr(" +
                   global->repr() + ")`");
      return message;
    }
    return *global;
  }
  if (const BuiltinInfo *builtin = findBuiltin(("py." + name).str())) {
    Value value = Value::of(Value::Kind::Builtin);
    value.builtin = builtin;
    return value;
  }
  Report message = report(Diag::UndefinedName, where, name);
  std::vector<llvm::StringRef> candidates;
  for (const auto &[local, value] : frame->locals)
    candidates.push_back(local);
  std::vector<llvm::StringRef> globalNames;
  for (const auto &entry : scope.definitions)
    globalNames.push_back(entry.first());
  llvm::sort(globalNames);
  llvm::append_range(candidates, globalNames);
  llvm::append_range(candidates, builtinNames("py."));
  suggest(message, name, candidates);
  return message;
}
