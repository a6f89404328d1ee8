//===- parse_import.cpp - Import statements -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/parser_impl.h"

namespace tilesdk::frontend {

bool Parser::parseDottedName(Identifier &name) {
  uint32_t begin = tok.begin;
  Identifier part;
  if (!expectName(part, "the name of a module"))
    return false;
  bool isDotted = false;
  std::string dotted = part.name.str();
  while (consume(TokenKind::Dot)) {
    if (!expectName(part, "a name"))
      return false;
    isDotted = true;
    dotted += '.';
    dotted += part.name;
  }
  // The source may hold blanks around the dots.
  name = {isDotted ? copy(llvm::StringRef(dotted)) : part.name,
          spanFrom(begin)};
  return true;
}

bool Parser::parseImportAlias(ImportAlias &alias, bool dotted) {
  if (dotted ? !parseDottedName(alias.name)
             : !expectName(alias.name, "a name to import"))
    return false;
  return !consume(TokenKind::KwAs) || expectName(alias.alias, "a name");
}

Stmt *Parser::parseImport() {
  uint32_t begin = tok.begin;
  advance();
  llvm::SmallVector<ImportAlias, 2> names;
  do {
    ImportAlias alias;
    if (!parseImportAlias(alias, /*dotted=*/true))
      return errorStmt(begin);
    names.push_back(alias);
  } while (consume(TokenKind::Comma));
  return make<ImportStmt>(spanFrom(begin), copy(names));
}

Stmt *Parser::parseFromImport() {
  uint32_t begin = tok.begin;
  advance();
  unsigned level = 0;
  for (;; advance()) {
    if (at(TokenKind::Dot))
      ++level;
    else if (at(TokenKind::Ellipsis))
      level += 3;
    else
      break;
  }
  Identifier from;
  if (level == 0 || !at(TokenKind::KwImport))
    if (!parseDottedName(from))
      return errorStmt(begin);
  if (!expect(TokenKind::KwImport))
    return errorStmt(begin);
  llvm::SmallVector<ImportAlias, 4> names;
  if (at(TokenKind::Star)) {
    names.push_back({{text(tok), span(tok)}, {}});
    advance();
  } else {
    uint32_t open = tok.begin;
    bool parenthesized = consume(TokenKind::LParen);
    do {
      if (parenthesized && at(TokenKind::RParen) && !names.empty())
        break;
      ImportAlias alias;
      if (!parseImportAlias(alias, /*dotted=*/false))
        return errorStmt(begin);
      names.push_back(alias);
    } while (consume(TokenKind::Comma));
    if (parenthesized && !expectClose(TokenKind::RParen, open, true))
      return errorStmt(begin);
  }
  return make<FromImportStmt>(spanFrom(begin), from, level, copy(names));
}

} // namespace tilesdk::frontend
