//===- ast_printer.cpp - Syntax tree as S-expressions ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/ast_printer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace tilesdk::frontend {

namespace {

class Printer {
public:
  explicit Printer(llvm::raw_ostream &out) : out(out) {}
  void print(const Expr *expr);
  void print(const Stmt *stmt);
  void print(StmtList body);

private:
  void list(ExprList elements) {
    for (const Expr *element : elements) {
      out << ' ';
      print(element);
    }
  }
  void optional(const Expr *expr) {
    out << ' ';
    if (expr)
      print(expr);
    else
      out << '_';
  }
  void quoted(llvm::StringRef text) {
    out << '"';
    for (unsigned char c : text) {
      if (c == '"' || c == '\\')
        out << '\\' << c;
      else if (c == '\n')
        out << "\\n";
      else if (c < 0x20 || c == 0x7f)
        out << "\\x" << llvm::utohexstr(c, true, 2);
      else
        out << c;
    }
    out << '"';
  }
  void parts(llvm::ArrayRef<FStringPart> list);
  void params(llvm::ArrayRef<Param> list);
  void keywords(llvm::ArrayRef<KeywordArg> list);
  void decorators(llvm::ArrayRef<Decorator> list);
  void aliases(llvm::ArrayRef<ImportAlias> list);
  void block(StmtList body);
  void line(llvm::StringRef text) { out.indent(indent) << text << '\n'; }

  llvm::raw_ostream &out;
  unsigned indent = 0;
};

} // namespace

void Printer::parts(llvm::ArrayRef<FStringPart> list) {
  for (const FStringPart &part : list) {
    out << ' ';
    if (!part.value) {
      quoted(part.text);
      continue;
    }
    out << '{';
    if (!part.debugText.empty()) {
      quoted(part.debugText);
      out << ' ';
    }
    print(part.value);
    if (part.conversion)
      out << " !" << part.conversion;
    if (!part.format.empty()) {
      out << " :";
      parts(part.format);
    }
    out << '}';
  }
}

void Printer::params(llvm::ArrayRef<Param> list) {
  out << " (";
  bool first = true;
  for (const Param &param : list) {
    if (!first)
      out << ' ';
    first = false;
    switch (param.kind) {
    case ParamKind::PositionalOnly:
      out << "/:";
      break;
    case ParamKind::Positional:
      break;
    case ParamKind::VarArgs:
      out << '*';
      break;
    case ParamKind::KeywordOnly:
      out << "kw:";
      break;
    case ParamKind::KeywordArgs:
      out << "**";
      break;
    }
    out << param.name.name;
    if (param.annotation) {
      out << ": ";
      print(param.annotation);
    }
    if (param.defaultValue) {
      out << " = ";
      print(param.defaultValue);
    }
  }
  out << ')';
}

void Printer::keywords(llvm::ArrayRef<KeywordArg> list) {
  for (const KeywordArg &keyword : list) {
    if (keyword.name)
      out << ' ' << keyword.name.name << '=';
    else
      out << " **";
    print(keyword.value);
  }
}

void Printer::print(const Expr *expr) {
  switch (expr->kind) {
  case ExprKind::Error:
    out << "<error>";
    return;
  case ExprKind::Name:
    out << llvm::cast<NameExpr>(expr)->name;
    return;
  case ExprKind::Int:
    out << llvm::toString(llvm::cast<IntExpr>(expr)->value(), 10, false);
    return;
  case ExprKind::Float:
    out << llvm::format("%.17g", llvm::cast<FloatExpr>(expr)->value) << "f";
    return;
  case ExprKind::String:
    quoted(llvm::cast<StringExpr>(expr)->value);
    return;
  case ExprKind::Bytes:
    out << 'b';
    quoted(llvm::cast<BytesExpr>(expr)->value);
    return;
  case ExprKind::FString:
    out << "(fstring";
    parts(llvm::cast<FStringExpr>(expr)->parts);
    break;
  case ExprKind::Bool:
    out << (llvm::cast<BoolExpr>(expr)->value ? "True" : "False");
    return;
  case ExprKind::None:
    out << "None";
    return;
  case ExprKind::Ellipsis:
    out << "...";
    return;
  case ExprKind::Tuple:
    out << "(tuple";
    list(llvm::cast<TupleExpr>(expr)->elements);
    break;
  case ExprKind::List:
    out << "(list";
    list(llvm::cast<ListExpr>(expr)->elements);
    break;
  case ExprKind::Set:
    out << "(set";
    list(llvm::cast<SetExpr>(expr)->elements);
    break;
  case ExprKind::Dict:
    out << "(dict";
    for (const DictItem &item : llvm::cast<DictExpr>(expr)->items) {
      out << ' ';
      if (item.key) {
        print(item.key);
        out << ": ";
      } else {
        out << "**";
      }
      print(item.value);
    }
    break;
  case ExprKind::Attribute: {
    auto *node = llvm::cast<AttributeExpr>(expr);
    out << "(. ";
    print(node->value);
    out << ' ' << node->attribute.name;
    break;
  }
  case ExprKind::Subscript: {
    auto *node = llvm::cast<SubscriptExpr>(expr);
    out << "([] ";
    print(node->value);
    optional(node->index);
    break;
  }
  case ExprKind::Slice: {
    auto *node = llvm::cast<SliceExpr>(expr);
    out << "(slice";
    optional(node->lower);
    optional(node->upper);
    optional(node->step);
    break;
  }
  case ExprKind::Call: {
    auto *node = llvm::cast<CallExpr>(expr);
    out << "(call ";
    print(node->callee);
    list(node->args);
    keywords(node->keywords);
    break;
  }
  case ExprKind::Unary: {
    auto *node = llvm::cast<UnaryExpr>(expr);
    out << '(' << spelling(node->op) << ' ';
    print(node->operand);
    break;
  }
  case ExprKind::Binary: {
    auto *node = llvm::cast<BinaryExpr>(expr);
    out << '(' << spelling(node->op) << ' ';
    print(node->lhs);
    out << ' ';
    print(node->rhs);
    break;
  }
  case ExprKind::BoolOp: {
    auto *node = llvm::cast<BoolOpExpr>(expr);
    out << '(' << spelling(node->op);
    list(node->operands);
    break;
  }
  case ExprKind::Compare: {
    auto *node = llvm::cast<CompareExpr>(expr);
    out << "(compare ";
    print(node->lhs);
    for (const CompareLink &link : node->links) {
      out << ' ' << spelling(link.op) << ' ';
      print(link.rhs);
    }
    break;
  }
  case ExprKind::Conditional: {
    auto *node = llvm::cast<ConditionalExpr>(expr);
    out << "(if ";
    print(node->condition);
    out << ' ';
    print(node->thenValue);
    out << ' ';
    print(node->elseValue);
    break;
  }
  case ExprKind::Lambda: {
    auto *node = llvm::cast<LambdaExpr>(expr);
    out << "(lambda";
    params(node->params);
    out << ' ';
    print(node->body);
    break;
  }
  case ExprKind::Walrus: {
    auto *node = llvm::cast<WalrusExpr>(expr);
    out << "(:= " << node->target.name << ' ';
    print(node->value);
    break;
  }
  case ExprKind::Starred:
    out << "(* ";
    print(llvm::cast<StarredExpr>(expr)->value);
    break;
  case ExprKind::Comprehension: {
    auto *node = llvm::cast<ComprehensionExpr>(expr);
    static const char *const names[] = {"list", "generator", "set", "dict"};
    out << '(' << names[static_cast<unsigned>(node->form)] << "-comp ";
    print(node->element);
    if (node->value)
      optional(node->value);
    for (const ComprehensionClause &clause : node->clauses) {
      out << (clause.isAsync ? " (async-for " : " (for ");
      print(clause.target);
      out << ' ';
      print(clause.iterator);
      for (const Expr *condition : clause.conditions) {
        out << " if ";
        print(condition);
      }
      out << ')';
    }
    break;
  }
  case ExprKind::Await:
    out << "(await ";
    print(llvm::cast<AwaitExpr>(expr)->value);
    break;
  case ExprKind::Yield: {
    auto *node = llvm::cast<YieldExpr>(expr);
    out << (node->isFrom ? "(yield-from" : "(yield");
    if (node->value)
      optional(node->value);
    break;
  }
  }
  out << ')';
}

void Printer::block(StmtList body) {
  indent += 2;
  print(body);
  indent -= 2;
}

void Printer::decorators(llvm::ArrayRef<Decorator> list) {
  for (const Decorator &decorator : list) {
    out.indent(indent) << '@';
    print(decorator.value);
    out << '\n';
  }
}

void Printer::aliases(llvm::ArrayRef<ImportAlias> list) {
  for (const ImportAlias &alias : list) {
    out << ' ' << alias.name.name;
    if (alias.alias)
      out << " as " << alias.alias.name;
  }
}

void Printer::print(StmtList body) {
  for (const Stmt *stmt : body)
    print(stmt);
}

void Printer::print(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::FunctionDef:
    decorators(llvm::cast<FunctionDef>(stmt)->decorators);
    break;
  case StmtKind::ClassDef:
    decorators(llvm::cast<ClassDef>(stmt)->decorators);
    break;
  default:
    break;
  }
  out.indent(indent);
  switch (stmt->kind) {
  case StmtKind::Error:
    out << "<error>";
    break;
  case StmtKind::Expr:
    print(llvm::cast<ExprStmt>(stmt)->value);
    break;
  case StmtKind::Assign: {
    auto *node = llvm::cast<AssignStmt>(stmt);
    out << "assign";
    list(node->targets);
    out << " = ";
    print(node->value);
    break;
  }
  case StmtKind::AnnAssign: {
    auto *node = llvm::cast<AnnAssignStmt>(stmt);
    out << "assign ";
    print(node->target);
    out << ": ";
    print(node->annotation);
    if (node->value) {
      out << " = ";
      print(node->value);
    }
    break;
  }
  case StmtKind::AugAssign: {
    auto *node = llvm::cast<AugAssignStmt>(stmt);
    out << "assign ";
    print(node->target);
    out << ' ' << spelling(node->op) << "= ";
    print(node->value);
    break;
  }
  case StmtKind::If: {
    auto *node = llvm::cast<IfStmt>(stmt);
    bool first = true;
    for (const IfClause &clause : node->clauses) {
      if (!first)
        out.indent(indent);
      out << (first ? "if " : "elif ");
      first = false;
      print(clause.condition);
      out << '\n';
      block(clause.body);
    }
    if (!node->orelse.empty()) {
      line("else");
      block(node->orelse);
    }
    return;
  }
  case StmtKind::For: {
    auto *node = llvm::cast<ForStmt>(stmt);
    out << (node->isAsync ? "async for " : "for ");
    print(node->target);
    out << " in ";
    print(node->iterator);
    out << '\n';
    block(node->body);
    if (!node->orelse.empty()) {
      line("else");
      block(node->orelse);
    }
    return;
  }
  case StmtKind::While: {
    auto *node = llvm::cast<WhileStmt>(stmt);
    out << "while ";
    print(node->condition);
    out << '\n';
    block(node->body);
    if (!node->orelse.empty()) {
      line("else");
      block(node->orelse);
    }
    return;
  }
  case StmtKind::With: {
    auto *node = llvm::cast<WithStmt>(stmt);
    out << (node->isAsync ? "async with" : "with");
    for (const WithItem &item : node->items) {
      out << ' ';
      print(item.context);
      if (item.target) {
        out << " as ";
        print(item.target);
      }
    }
    out << '\n';
    block(node->body);
    return;
  }
  case StmtKind::Try: {
    auto *node = llvm::cast<TryStmt>(stmt);
    out << "try\n";
    block(node->body);
    for (const ExceptClause &clause : node->handlers) {
      out.indent(indent) << "except";
      if (clause.type) {
        out << ' ';
        print(clause.type);
      }
      if (clause.name)
        out << " as " << clause.name.name;
      out << '\n';
      block(clause.body);
    }
    if (!node->orelse.empty()) {
      line("else");
      block(node->orelse);
    }
    if (!node->finalBody.empty()) {
      line("finally");
      block(node->finalBody);
    }
    return;
  }
  case StmtKind::Match:
    out << "match ";
    print(llvm::cast<MatchStmt>(stmt)->subject);
    break;
  case StmtKind::Break:
    out << "break";
    break;
  case StmtKind::Continue:
    out << "continue";
    break;
  case StmtKind::Pass:
    out << "pass";
    break;
  case StmtKind::Return:
    out << "return";
    if (auto *value = llvm::cast<ReturnStmt>(stmt)->value)
      optional(value);
    break;
  case StmtKind::Raise: {
    auto *node = llvm::cast<RaiseStmt>(stmt);
    out << "raise";
    if (node->value)
      optional(node->value);
    if (node->cause) {
      out << " from";
      optional(node->cause);
    }
    break;
  }
  case StmtKind::Assert: {
    auto *node = llvm::cast<AssertStmt>(stmt);
    out << "assert ";
    print(node->condition);
    if (node->message)
      optional(node->message);
    break;
  }
  case StmtKind::Delete:
    out << "del";
    list(llvm::cast<DeleteStmt>(stmt)->targets);
    break;
  case StmtKind::Global:
  case StmtKind::Nonlocal: {
    bool isGlobal = stmt->kind == StmtKind::Global;
    out << (isGlobal ? "global" : "nonlocal");
    for (const Identifier &name : isGlobal
                                      ? llvm::cast<GlobalStmt>(stmt)->names
                                      : llvm::cast<NonlocalStmt>(stmt)->names)
      out << ' ' << name.name;
    break;
  }
  case StmtKind::Import:
    out << "import";
    aliases(llvm::cast<ImportStmt>(stmt)->names);
    break;
  case StmtKind::FromImport: {
    auto *node = llvm::cast<FromImportStmt>(stmt);
    out << "from " << std::string(node->level, '.') << node->module.name
        << " import";
    aliases(node->names);
    break;
  }
  case StmtKind::FunctionDef: {
    auto *node = llvm::cast<FunctionDef>(stmt);
    out << (node->isAsync ? "async def " : "def ") << node->name.name;
    params(node->params);
    if (node->returns) {
      out << " ->";
      optional(node->returns);
    }
    out << '\n';
    block(node->body);
    return;
  }
  case StmtKind::ClassDef: {
    auto *node = llvm::cast<ClassDef>(stmt);
    out << "class " << node->name.name;
    list(node->bases);
    keywords(node->keywords);
    out << '\n';
    block(node->body);
    return;
  }
  }
  out << '\n';
}

std::string printAst(const Expr *expr) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  Printer(stream).print(expr);
  return result;
}

std::string printAst(const Stmt *stmt) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  Printer(stream).print(stmt);
  return result;
}

std::string printAst(const Module &module) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  Printer(stream).print(module.body);
  return result;
}

} // namespace tilesdk::frontend
