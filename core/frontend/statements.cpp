//===- statements.cpp - Execution of statements -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"
#include "core/frontend/module_summary.h"

#include <deque>

using namespace tilesdk;
using namespace tilesdk::frontend;

//===----------------------------------------------------------------------===//
// Assignment
//===----------------------------------------------------------------------===//

Value Sema::demote(Value value, Span where) {
  using Kind = Value::Kind;
  if (frame->compileTime)
    return value;
  switch (value.kind) {
  case Kind::Bool:
  case Kind::Int:
  case Kind::Float: {
    Value result = toRuntime(value, where);
    if (!inPrelude())
      result.origin = where;
    return result;
  }
  case Kind::String:
  case Kind::Function:
  case Kind::Builtin:
  case Kind::Extern:
  case Kind::Module:
  case Kind::Method:
  case Kind::TupleClass:
  case Kind::Range:
    if (isUnknownModule(value))
      return report(Diag::UnknownModule, where, value.text());
    return report(Diag::NotStorable, where, value.describe())
        .help("write `name: tl.constexpr = ...`");
  default:
    return value;
  }
}

void Sema::assign(const Expr *target, Value value, Span valueSpan) {
  switch (target->kind) {
  case ExprKind::Name: {
    llvm::StringRef name = llvm::cast<NameExpr>(target)->name;
    if (frame->declaredConstexpr.contains(name)) {
      if (!value.isError() && !value.isConstexpr())
        value = report(Diag::ConstexprExpected, valueSpan,
                       "`" + name.str() + "`", value.describe());
      frame->locals[name] = value;
      return;
    }
    frame->locals[name] = demote(std::move(value), valueSpan);
    return;
  }
  case ExprKind::Tuple:
  case ExprKind::List: {
    ExprList targets = target->kind == ExprKind::Tuple
                           ? llvm::cast<TupleExpr>(target)->elements
                           : llvm::cast<ListExpr>(target)->elements;
    std::vector<Value> elements;
    for (const Expr *element : targets)
      if (llvm::isa<StarredExpr>(element)) {
        report(Diag::StarredTarget, element->span);
        value = Value::error();
      }
    if (!value.isError()) {
      if (!value.isTuple())
        report(Diag::TypeMismatch, valueSpan,
               "a tuple of " + std::to_string(targets.size()),
               value.describe());
      else if (value.elements().size() != targets.size())
        report(Diag::UnpackCount, valueSpan, value.elements().size(),
               targets.size())
            .label(target->span, std::to_string(targets.size()) + " names");
      else
        elements.assign(value.elements().begin(), value.elements().end());
    }
    for (size_t i = 0; i < targets.size(); ++i)
      if (!llvm::isa<StarredExpr>(targets[i]))
        assign(targets[i], i < elements.size() ? elements[i] : Value::error(),
               valueSpan);
    return;
  }
  case ExprKind::Starred:
    report(Diag::StarredTarget, target->span);
    return;
  case ExprKind::Error:
    return;
  default: {
    Report message =
        report(Diag::StoreToTarget, target->span, describe(target->kind));
    if (target->kind == ExprKind::Subscript)
      message.help("to write memory use `tl.store(pointer + index, value)`");
    return;
  }
  }
}

static void visitAnnAssign(Sema &sema, const AnnAssignStmt *stmt) {
  auto *name = llvm::dyn_cast<NameExpr>(stmt->target);
  bool isConstexpr = name && isConstexprAnnotation(stmt->annotation);
  if (!isConstexpr || sema.frame->compileTime) {
    if (stmt->value)
      sema.assign(stmt->target, sema.eval(stmt->value), stmt->value->span);
    return;
  }
  Frame &frame = *sema.frame;
  if (!stmt->value) {
    frame.declaredConstexpr[name->name] = stmt->span.begin;
    return;
  }
  Value value = sema.eval(stmt->value);
  auto declared = frame.declaredConstexpr.find(name->name);
  bool again = declared != frame.declaredConstexpr.end() &&
               declared->second == stmt->span.begin;
  if (frame.locals.count(name->name) && !again) {
    sema.report(Diag::ConstexprReassigned, stmt->target->span, name->name);
    return;
  }
  if (!value.isError() && !value.isConstexpr())
    value = sema.report(Diag::ConstexprExpected, stmt->value->span,
                        "`" + name->name.str() + "`", value.describe());
  frame.declaredConstexpr[name->name] = stmt->span.begin;
  frame.locals[name->name] = value;
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

Flow Sema::visitReturn(const ReturnStmt *stmt) {
  Value value = stmt->value ? eval(stmt->value) : Value::none();
  frame->returnValue = value;
  if (frame->loopDepth || (frame->unrolledDepth && !frame->canBreak)) {
    report(Diag::ReturnInLoop, stmt->span)
        .help("keep the result in a variable and return it behind the loop");
    return Flow::Next;
  }
  if (!frame->caller && !value.isNone() && !value.isError()) {
    report(Diag::KernelReturnsValue, stmt->value->span, kernel->name())
        .help("store it with `tl.store`");
    frame->returnValue = Value::none();
  }
  return Flow::Returned;
}

static void visitAssert(Sema &sema, const AssertStmt *stmt) {
  CallArgs args;
  args.span = stmt->span;
  args.args.push_back({"", sema.eval(stmt->condition), stmt->condition->span});
  if (stmt->message)
    args.args.push_back({"", sema.eval(stmt->message), stmt->message->span});
  sema.callBuiltin(*findBuiltin("tl.device_assert"), args);
}

static void visitExprStmt(Sema &sema, const ExprStmt *stmt) {
  if (llvm::isa<StringExpr>(stmt->value))
    return; // A docstring, or a comment in disguise.
  Value value = sema.eval(stmt->value);
  auto *call = llvm::dyn_cast<CallExpr>(stmt->value);
  if (!call || value.isError())
    return;
  // `tl.advance(p, ...)` alone has no effect, which is never meant.
  const Expr *callee = call->callee;
  auto *access = llvm::dyn_cast<AttributeExpr>(callee);
  llvm::StringRef name = access ? access->attribute.name
                         : llvm::isa<NameExpr>(callee)
                             ? llvm::cast<NameExpr>(callee)->name
                             : llvm::StringRef();
  const BuiltinInfo *builtin = findBuiltin(("tl." + name).str());
  if (builtin && (builtin->flags & mustUse) &&
      value.kind == Value::Kind::BlockPointer)
    sema.report(Diag::UnusedResult, stmt->span, name)
        .help("write `pointer = tl.advance(pointer, ...)`");
}

static void visitWith(Sema &sema, const WithStmt *stmt) {
  for (const WithItem &item : stmt->items)
    sema.report(Diag::UnsupportedContext, item.context->span,
                "`" + sema.program.sources.text(item.context->span).str() +
                    "`");
}

static Flow visitLoopExit(Sema &sema, const Stmt *stmt) {
  bool isBreak = stmt->kind == StmtKind::Break;
  llvm::StringRef word = isBreak ? "break" : "continue";
  Frame &frame = *sema.frame;
  if (!frame.loopDepth && !frame.unrolledDepth) {
    sema.report(Diag::BreakOutsideLoop, stmt->span, word);
    return Flow::Next;
  }
  if (!frame.canBreak) {
    sema.report(Diag::BreakContinue, stmt->span, word);
    return Flow::Next;
  }
  return isBreak ? Flow::Break : Flow::Continue;
}

Flow Sema::visitStmt(const Stmt *stmt) {
  if (!tick(stmt->span))
    return Flow::Returned;
  currentSpan = stmt->span;
  switch (stmt->kind) {
  case StmtKind::Error:
  case StmtKind::Pass:
    return Flow::Next;
  case StmtKind::Expr:
    visitExprStmt(*this, llvm::cast<ExprStmt>(stmt));
    return Flow::Next;
  case StmtKind::Assign: {
    auto *assignment = llvm::cast<AssignStmt>(stmt);
    Value value = eval(assignment->value);
    if (assignment->targets.size() > 1) {
      report(Diag::ChainedAssignment, stmt->span);
      value = Value::error();
    }
    for (const Expr *target : assignment->targets)
      assign(target, value, assignment->value->span);
    return Flow::Next;
  }
  case StmtKind::AnnAssign:
    visitAnnAssign(*this, llvm::cast<AnnAssignStmt>(stmt));
    return Flow::Next;
  case StmtKind::AugAssign: {
    auto *assignment = llvm::cast<AugAssignStmt>(stmt);
    if (!llvm::isa<NameExpr>(assignment->target)) {
      assign(assignment->target, Value::error(), stmt->span);
      return Flow::Next;
    }
    Value lhs = eval(assignment->target);
    Value rhs = eval(assignment->value);
    Value value = binary(assignment->op, lhs, rhs, stmt->span);
    if (value.isRuntime() && !inPrelude())
      value.origin = stmt->span;
    assign(assignment->target, value, stmt->span);
    return Flow::Next;
  }
  case StmtKind::For:
    return visitFor(llvm::cast<ForStmt>(stmt));
  case StmtKind::While:
    return visitWhile(llvm::cast<WhileStmt>(stmt));
  case StmtKind::With:
    visitWith(*this, llvm::cast<WithStmt>(stmt));
    return visitSeq(llvm::cast<WithStmt>(stmt)->body);
  case StmtKind::Break:
  case StmtKind::Continue:
    return visitLoopExit(*this, stmt);
  case StmtKind::Return:
    return visitReturn(llvm::cast<ReturnStmt>(stmt));
  case StmtKind::Assert:
    visitAssert(*this, llvm::cast<AssertStmt>(stmt));
    return Flow::Next;
  case StmtKind::FunctionDef:
    report(Diag::NestedFunction, llvm::cast<FunctionDef>(stmt)->header);
    return Flow::Next;
  case StmtKind::ClassDef:
    report(Diag::UnsupportedStatement, llvm::cast<ClassDef>(stmt)->header,
           "class");
    return Flow::Next;
  default: {
    llvm::StringRef text = program.sources.text(stmt->span);
    llvm::StringRef word =
        text.take_while([](char c) { return llvm::isAlpha(c) || c == '_'; });
    report(Diag::UnsupportedStatement, stmt->span,
           word.empty() ? describe(stmt->kind) : word);
    return Flow::Next;
  }
  }
}

/// Whether a `return`, `break` or `continue` may stand somewhere inside.
static bool hasExit(StmtList stmts) {
  for (const Stmt *stmt : stmts) {
    switch (stmt->kind) {
    case StmtKind::Return:
    case StmtKind::Break:
    case StmtKind::Continue:
      return true;
    case StmtKind::If: {
      auto *branch = llvm::cast<IfStmt>(stmt);
      for (const IfClause &clause : branch->clauses)
        if (hasExit(clause.body))
          return true;
      if (hasExit(branch->orelse))
        return true;
      break;
    }
    case StmtKind::For:
      if (hasExit(llvm::cast<ForStmt>(stmt)->body))
        return true;
      break;
    default:
      break;
    }
  }
  return false;
}

Flow Sema::visitSeq(StmtList stmts, const Continuation *next) {
  std::deque<Continuation> pushed;
  while (true) {
    if (stmts.empty()) {
      if (!next)
        return Flow::Next;
      if (next->isFunctionEnd) {
        frame->returnValue = Value::none();
        return Flow::Returned;
      }
      stmts = next->stmts;
      next = next->next;
      continue;
    }
    const Stmt *stmt = stmts.front();
    stmts = stmts.drop_front();
    Flow flow = Flow::Next;
    if (auto *branch = llvm::dyn_cast<IfStmt>(stmt)) {
      if (!tick(stmt->span))
        return Flow::Returned;
      if (evalDepth >= maxEvalDepth) {
        stopped = true;
        report(Diag::NestingTooDeep, stmt->span, "the `if`", maxEvalDepth);
        return Flow::Returned;
      }
      evalDepth += 16;
      Continuation rest{stmts, next};
      bool consumed = false;
      std::optional<StmtList> live;
      flow = visitIf(branch, 0, hasExit(*branch) ? &rest : nullptr, consumed,
                     &live);
      evalDepth -= 16;
      if (live) {
        // Decided at compile time: its statements come next.
        if (!stmts.empty()) {
          pushed.push_back({stmts, next});
          next = &pushed.back();
        }
        stmts = *live;
        if (isStopped())
          return Flow::Returned;
        continue;
      }
      if (consumed)
        return flow;
    } else {
      flow = visitStmt(stmt);
    }
    if (isStopped())
      return Flow::Returned;
    if (flow == Flow::Maybe) {
      bool more = !stmts.empty() || next;
      return more ? guardRest(stmts, next, stmt->span) : flow;
    }
    if (flow != Flow::Next)
      return flow;
  }
}

bool tilesdk::frontend::hasExit(const IfStmt &stmt) {
  for (const IfClause &clause : stmt.clauses)
    if (::hasExit(clause.body))
      return true;
  return ::hasExit(stmt.orelse);
}
