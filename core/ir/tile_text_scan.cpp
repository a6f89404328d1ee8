//===- tile_text_scan.cpp - Bounds on IR text -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_text_scan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <vector>

namespace tilesdk::tile {
namespace {

bool isNameChar(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.' || c == '-';
}

/// One pass over the text that skips strings and comments as MLIR's lexer does.
class Scanner {
public:
  Scanner(llvm::StringRef text, unsigned maxNesting)
      : text(text), maxNesting(maxNesting) {}

  std::optional<TextProblem> run() {
    while (at < text.size()) {
      char c = text[at];
      if (c == '"')
        skipString();
      else if (c == '/' && text.substr(at).starts_with("//"))
        at = std::min(text.find('\n', at), text.size());
      else if (c == '#' && at != 0 && isNameChar(text[at - 1])) {
        if (auto problem = checkResultNumber())
          return problem;
      } else if (c == '%') {
        if (auto problem = checkValue())
          return problem;
      } else if (c == '^') {
        ++at;
        takeName();
        if (text.substr(at).ltrim().starts_with("("))
          blockHead = parentheses + 1;
      } else if (c == '#' || c == '!') {
        if (auto problem = checkAlias())
          return problem;
      } else if (llvm::isAlpha(c) || c == '_') {
        if (auto problem = checkName())
          return problem;
      } else if (auto problem = checkBracket(c))
        return problem;
    }
    return std::nullopt;
  }

private:
  void skipString() {
    for (++at; at < text.size(); ++at) {
      if (text[at] == '\\')
        ++at;
      else if (text[at] == '"' || text[at] == '\n') {
        ++at;
        return;
      }
    }
  }

  llvm::StringRef takeName() {
    size_t begin = at;
    while (at < text.size() && isNameChar(text[at])) {
      // The arrow of a function type is no part of a name.
      if (text[at] == '-' && at + 1 < text.size() && text[at + 1] == '>')
        break;
      ++at;
    }
    return text.slice(begin, at);
  }

  std::optional<TextProblem> checkName() {
    size_t begin = at;
    llvm::StringRef name = takeName();
    // The next op: what was announced had no region.
    if (name.contains('.') && parentheses == 0 && scopes.size() == announcedIn)
      announced.clear();
    word = name;
    if (!text.substr(at).ltrim().starts_with("<"))
      return std::nullopt;
    if (name == "affine_map" || name == "affine_set")
      return TextProblem{begin, "tile IR has no affine maps"};
    if (llvm::is_contained({"complex", "dense_resource", "distinct", "memref",
                            "opaque", "sparse", "strided", "tuple", "vector"},
                           name))
      return TextProblem{begin, ("tile IR has no `" + name + "<...>`").str()};
    // MLIR asks any other element type for its width, which ends the process.
    llvm::StringRef element = text.substr(at).ltrim().drop_front().ltrim();
    element = element.take_while(llvm::isAlnum);
    if (name == "array" &&
        !llvm::is_contained({"i1", "i8", "i16", "i32", "i64", "f32", "f64"},
                            element))
      return TextProblem{begin, "the elements of an array must be i1, i8, i16, "
                                "i32, i64, f32 or f64"};
    return std::nullopt;
  }

  /// A value must be defined in front of its uses, in a region around them.
  /// MLIR's parser takes a use ahead of a definition, but an error behind both
  /// may free the block argument that the use refers to by then.
  std::optional<TextProblem> checkValue() {
    size_t begin = at++;
    llvm::StringRef name = takeName();
    llvm::StringRef rest = text.substr(at).ltrim();
    const bool isLoopIndex = word == "scf.for";
    if (parentheses == 0 && !isLoopIndex && isInResultList(begin)) {
      announced.clear();
      scopes.back().insert(name);
    } else if (rest.starts_with("=") ||
               (rest.starts_with(":") && parentheses != 0)) {
      if (blockHead != 0) {
        scopes.back().insert(name);
      } else {
        announced.insert(name);
        announcedIn = scopes.size();
      }
    } else if (llvm::none_of(scopes, [&](const llvm::StringSet<> &scope) {
                 return scope.contains(name);
               })) {
      return TextProblem{
          begin, ("`%" + name + "` is used before its definition").str()};
    }
    word = {};
    return std::nullopt;
  }

  /// Whether the value at \p position is one of `%a, %b:2 = op`.
  bool isInResultList(size_t position) const {
    llvm::StringRef rest = text.substr(position);
    while (rest.consume_front("%")) {
      rest = rest.drop_while(isNameChar).ltrim();
      if (rest.consume_front(":"))
        rest = rest.ltrim().drop_while(llvm::isDigit).ltrim();
      if (rest.starts_with("="))
        return true;
      if (!rest.consume_front(","))
        return false;
      rest = rest.ltrim();
    }
    return false;
  }

  /// A `{` behind announced arguments opens their region, unless it is the
  /// dictionary of an argument or of `attributes`. Any other opens a region
  /// without announced arguments, or a dictionary, which has no values.
  void openBrace() {
    scopes.emplace_back();
    if (parentheses == 0 && word != "attributes")
      std::swap(scopes.back(), announced);
    outerParentheses.push_back(parentheses);
    parentheses = 0;
  }

  void closeBrace() {
    if (outerParentheses.empty())
      return;
    scopes.pop_back();
    parentheses = outerParentheses.back();
    outerParentheses.pop_back();
  }

  /// `%name#5`: MLIR makes a list of that length before it looks whether there
  /// are so many results. As each result has a type in the text, the lists
  /// together are no longer than that.
  std::optional<TextProblem> checkResultNumber() {
    size_t begin = at++, nameBegin = begin;
    while (nameBegin != 0 && isNameChar(text[nameBegin - 1]))
      --nameBegin;
    uint64_t number = 0;
    if (takeName().getAsInteger(10, number))
      return std::nullopt;
    uint64_t &largest = resultNumbers[text.slice(nameBegin, begin)];
    if (number > largest) {
      // No overflow: the sum stays below the size of the text.
      if (number > text.size() ||
          sumOfResultNumbers + (number - largest) > text.size())
        return TextProblem{
            begin,
            ("there is no result `%" + text.slice(nameBegin, at) + "`").str()};
      sumOfResultNumbers += number - largest;
      largest = number;
    }
    return std::nullopt;
  }

  /// `#name =` or `!name =` defines an alias; elsewhere the sigil is just read.
  std::optional<TextProblem> checkAlias() {
    size_t begin = at++;
    llvm::StringRef name = takeName();
    if (depth != 0 || name.empty())
      return std::nullopt;
    size_t next = text.find_first_not_of(" \t\r\n", at);
    if (next >= text.size() || text[next] != '=' ||
        (text[begin] == '#' && name.starts_with("loc")))
      return std::nullopt;
    // A layout holds a string and numbers: nothing to chain.
    llvm::StringRef value = text.substr(next + 1).ltrim();
    if (text[begin] == '#' && (value.starts_with("#simt.layout<") ||
                               value.starts_with("#simt.shared_layout<")))
      return std::nullopt;
    return TextProblem{begin, ("`" + text.substr(begin, 1) + name +
                               "` defines an alias; tile IR has only aliases "
                               "of locations, `#loc...`, and of layouts")
                                  .str()};
  }

  std::optional<TextProblem> checkBracket(char c) {
    if (c == '-' && text.substr(at).starts_with("->")) {
      at += 2;
      return std::nullopt;
    }
    if (c == '{')
      openBrace();
    else if (c == '}')
      closeBrace();
    else if (c == '(')
      ++parentheses;
    else if (c == ')' && parentheses != 0) {
      if (parentheses == blockHead)
        blockHead = 0;
      --parentheses;
    }
    if (!llvm::isSpace(c))
      word = {};
    if (llvm::is_contained({'(', '[', '{', '<'}, c)) {
      if (++depth > maxNesting)
        return TextProblem{at, "brackets are nested deeper than " +
                                   std::to_string(maxNesting)};
    } else if (llvm::is_contained({')', ']', '}', '>'}, c) && depth != 0)
      --depth;
    ++at;
    return std::nullopt;
  }

  llvm::StringRef text;
  unsigned maxNesting;
  size_t at = 0;
  unsigned depth = 0;
  /// The name right in front, if there is one.
  llvm::StringRef word;
  /// Values that can be used, by region from the outermost on.
  std::vector<llvm::StringSet<>> scopes = std::vector<llvm::StringSet<>>(1);
  /// Arguments of the next region: `(%x: type)`, `(%x = %init)`, and how many
  /// scopes there were.
  llvm::StringSet<> announced;
  size_t announcedIn = 0;
  /// Open parentheses in the innermost braces, and those around these.
  unsigned parentheses = 0;
  std::vector<unsigned> outerParentheses;
  /// The parentheses that hold arguments of a block, or 0.
  unsigned blockHead = 0;
  /// The largest number of each name, and their sum.
  llvm::StringMap<uint64_t> resultNumbers;
  uint64_t sumOfResultNumbers = 0;
};

} // namespace

std::optional<TextProblem> scanIrText(llvm::StringRef text,
                                      unsigned maxNesting) {
  return Scanner(text, maxNesting).run();
}

} // namespace tilesdk::tile
