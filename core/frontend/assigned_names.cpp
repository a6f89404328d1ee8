//===- assigned_names.cpp - Which names statements assign -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/sema.h"

#include "llvm/ADT/SetVector.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

namespace {
class AssignedNames {
public:
  llvm::SetVector<llvm::StringRef> names;

  void visit(StmtList stmts) {
    for (const Stmt *stmt : stmts)
      visit(stmt);
  }

private:
  void target(const Expr *expr) {
    if (auto *name = llvm::dyn_cast<NameExpr>(expr))
      names.insert(name->name);
    else if (auto *tuple = llvm::dyn_cast<TupleExpr>(expr))
      for (const Expr *element : tuple->elements)
        target(element);
    else if (auto *list = llvm::dyn_cast<ListExpr>(expr))
      for (const Expr *element : list->elements)
        target(element);
  }

  /// Only `:=` assigns inside of an expression.
  void visit(const Expr *expr) {
    if (!expr || expr->height <= 1)
      return;
    switch (expr->kind) {
    case ExprKind::Walrus:
      names.insert(llvm::cast<WalrusExpr>(expr)->target.name);
      return visit(llvm::cast<WalrusExpr>(expr)->value);
    case ExprKind::Tuple:
      for (const Expr *element : llvm::cast<TupleExpr>(expr)->elements)
        visit(element);
      return;
    case ExprKind::Attribute:
      return visit(llvm::cast<AttributeExpr>(expr)->value);
    case ExprKind::Call:
      visit(llvm::cast<CallExpr>(expr)->callee);
      for (const Expr *arg : llvm::cast<CallExpr>(expr)->args)
        visit(arg);
      for (const KeywordArg &arg : llvm::cast<CallExpr>(expr)->keywords)
        visit(arg.value);
      return;
    case ExprKind::Unary:
      return visit(llvm::cast<UnaryExpr>(expr)->operand);
    case ExprKind::Binary:
      visit(llvm::cast<BinaryExpr>(expr)->lhs);
      return visit(llvm::cast<BinaryExpr>(expr)->rhs);
    case ExprKind::BoolOp:
      for (const Expr *operand : llvm::cast<BoolOpExpr>(expr)->operands)
        visit(operand);
      return;
    case ExprKind::Compare:
      visit(llvm::cast<CompareExpr>(expr)->lhs);
      for (const CompareLink &link : llvm::cast<CompareExpr>(expr)->links)
        visit(link.rhs);
      return;
    case ExprKind::Conditional:
      visit(llvm::cast<ConditionalExpr>(expr)->condition);
      visit(llvm::cast<ConditionalExpr>(expr)->thenValue);
      return visit(llvm::cast<ConditionalExpr>(expr)->elseValue);
    default:
      return;
    }
  }

  void visit(const Stmt *stmt) {
    switch (stmt->kind) {
    case StmtKind::Expr:
      return visit(llvm::cast<ExprStmt>(stmt)->value);
    case StmtKind::Assign:
      for (const Expr *to : llvm::cast<AssignStmt>(stmt)->targets)
        target(to);
      return visit(llvm::cast<AssignStmt>(stmt)->value);
    case StmtKind::AnnAssign:
      if (llvm::cast<AnnAssignStmt>(stmt)->value) {
        target(llvm::cast<AnnAssignStmt>(stmt)->target);
        visit(llvm::cast<AnnAssignStmt>(stmt)->value);
      }
      return;
    case StmtKind::AugAssign:
      target(llvm::cast<AugAssignStmt>(stmt)->target);
      return visit(llvm::cast<AugAssignStmt>(stmt)->value);
    case StmtKind::If:
      for (const IfClause &clause : llvm::cast<IfStmt>(stmt)->clauses) {
        visit(clause.condition);
        visit(clause.body);
      }
      return visit(llvm::cast<IfStmt>(stmt)->orelse);
    case StmtKind::For:
      // The target of a loop goes back to what it was.
      visit(llvm::cast<ForStmt>(stmt)->iterator);
      return visit(llvm::cast<ForStmt>(stmt)->body);
    case StmtKind::While:
      visit(llvm::cast<WhileStmt>(stmt)->condition);
      return visit(llvm::cast<WhileStmt>(stmt)->body);
    case StmtKind::With:
      return visit(llvm::cast<WithStmt>(stmt)->body);
    default:
      return;
    }
  }
};
} // namespace

llvm::ArrayRef<llvm::StringRef> Sema::assignedIn(const Stmt *loop,
                                                 StmtList body) {
  auto [entry, isNew] = assignedNames.try_emplace(loop);
  if (isNew) {
    AssignedNames collector;
    collector.visit(body);
    entry->second.assign(collector.names.begin(), collector.names.end());
  }
  return entry->second;
}

void Sema::poisonAssigned(StmtList stmts) {
  AssignedNames collector;
  collector.visit(stmts);
  for (llvm::StringRef name : collector.names)
    frame->locals[name] = Value::error();
}

void Sema::poisonAssigned(llvm::ArrayRef<IfClause> clauses, StmtList orelse) {
  for (const IfClause &clause : clauses)
    poisonAssigned(clause.body);
  poisonAssigned(orelse);
}
