//===- ast.cpp - Spellings and values of syntax nodes ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/ast.h"

namespace tilesdk::frontend {

llvm::StringRef spelling(UnaryOp op) {
  static const char *const names[] = {"+", "-", "~", "not"};
  return names[static_cast<unsigned>(op)];
}

llvm::StringRef spelling(BinaryOp op) {
  static const char *const names[] = {"+",  "-",  "*",  "@", "/", "//", "%",
                                      "**", "<<", ">>", "&", "|", "^"};
  return names[static_cast<unsigned>(op)];
}

llvm::StringRef spelling(BoolOp op) { return op == BoolOp::And ? "and" : "or"; }

llvm::StringRef spelling(CompareOp op) {
  static const char *const names[] = {"==", "!=", "<",      "<=", ">",
                                      ">=", "is", "is not", "in", "not in"};
  return names[static_cast<unsigned>(op)];
}

llvm::StringRef describe(ExprKind kind) {
  switch (kind) {
  case ExprKind::Error:
    return "a broken expression";
  case ExprKind::Name:
    return "a name";
  case ExprKind::Int:
  case ExprKind::Float:
    return "a number";
  case ExprKind::String:
    return "a string";
  case ExprKind::Bytes:
    return "a bytes literal";
  case ExprKind::FString:
    return "an f-string";
  case ExprKind::Bool:
    return "`True` or `False`";
  case ExprKind::None:
    return "`None`";
  case ExprKind::Ellipsis:
    return "`...`";
  case ExprKind::Tuple:
    return "a tuple";
  case ExprKind::List:
    return "a list";
  case ExprKind::Set:
    return "a set";
  case ExprKind::Dict:
    return "a dictionary";
  case ExprKind::Attribute:
    return "an attribute";
  case ExprKind::Subscript:
    return "an element";
  case ExprKind::Slice:
    return "a slice";
  case ExprKind::Call:
    return "a function call";
  case ExprKind::Unary:
  case ExprKind::Binary:
  case ExprKind::BoolOp:
    return "an operation";
  case ExprKind::Compare:
    return "a comparison";
  case ExprKind::Conditional:
    return "a conditional expression";
  case ExprKind::Lambda:
    return "a lambda";
  case ExprKind::Walrus:
    return "an assignment expression";
  case ExprKind::Starred:
    return "a starred expression";
  case ExprKind::Comprehension:
    return "a comprehension";
  case ExprKind::Await:
    return "an `await` expression";
  case ExprKind::Yield:
    return "a `yield` expression";
  }
  return "an expression";
}

llvm::StringRef describe(StmtKind kind) {
  switch (kind) {
  case StmtKind::Error:
    return "a broken statement";
  case StmtKind::Expr:
    return "an expression";
  case StmtKind::Assign:
  case StmtKind::AnnAssign:
  case StmtKind::AugAssign:
    return "an assignment";
  case StmtKind::If:
    return "`if`";
  case StmtKind::For:
    return "`for`";
  case StmtKind::While:
    return "`while`";
  case StmtKind::With:
    return "`with`";
  case StmtKind::Try:
    return "`try`";
  case StmtKind::Match:
    return "`match`";
  case StmtKind::Break:
    return "`break`";
  case StmtKind::Continue:
    return "`continue`";
  case StmtKind::Pass:
    return "`pass`";
  case StmtKind::Return:
    return "`return`";
  case StmtKind::Raise:
    return "`raise`";
  case StmtKind::Assert:
    return "`assert`";
  case StmtKind::Delete:
    return "`del`";
  case StmtKind::Global:
    return "`global`";
  case StmtKind::Nonlocal:
    return "`nonlocal`";
  case StmtKind::Import:
  case StmtKind::FromImport:
    return "`import`";
  case StmtKind::FunctionDef:
    return "a function definition";
  case StmtKind::ClassDef:
    return "a class definition";
  }
  return "a statement";
}

std::optional<uint64_t> IntExpr::asUInt64() const {
  uint64_t result;
  if (digits.getAsInteger(radix, result))
    return std::nullopt;
  return result;
}

llvm::APInt IntExpr::value() const {
  // Four bits hold a decimal digit, too; one more keeps the sign clear.
  unsigned bits = std::max<size_t>(64, digits.size() * 4 + 1);
  return llvm::APInt(bits, digits, radix);
}

} // namespace tilesdk::frontend
