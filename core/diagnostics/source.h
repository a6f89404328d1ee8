//===- source.h - Source texts, byte spans, line and column -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tilesdk::diagnostics {

/// Number of a file inside one SourceManager; 0 means "no file".
using FileId = uint32_t;

/// Half-open range of bytes in one file; cheap enough to sit in every AST node.
struct Span {
  FileId file = 0;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool isValid() const { return file != 0; }
  bool operator==(const Span &) const = default;

  /// The smallest span that covers both; an invalid side is ignored.
  static Span join(Span first, Span second);
  /// The empty span just behind this one ("expected `:` here").
  Span behind() const { return {file, end, end}; }
};

/// A place in words a user understands. Lines and columns are 1-based, columns
/// count Unicode code points, `endColumn` is one past the last. It carries its
/// file's name so that it outlives the SourceManager and crosses the C ABI.
struct Location {
  FileId fileId = 0;
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t endLine = 0;
  uint32_t endColumn = 0;

  bool isValid() const { return line != 0; }
  bool operator==(const Location &) const = default;
};

/// One source text. Python callers hand over the text of a function and the
/// line it started at; `firstLine` makes diagnostics speak of the real line.
class SourceFile {
public:
  SourceFile(FileId id, std::string name, std::string text,
             uint32_t firstLine = 1);

  FileId id() const { return fileId; }
  llvm::StringRef name() const { return fileName; }
  llvm::StringRef text() const { return contents; }
  uint32_t firstLine() const { return lineOffset; }
  uint32_t numLines() const { return lineStarts.size(); }

  /// The text of a 1-based, first-line-adjusted line without its line end;
  /// empty when there is no such line.
  llvm::StringRef lineText(uint32_t line) const;
  /// Line and column of a byte offset (clamped to the text).
  void lineColumn(uint32_t offset, uint32_t &line, uint32_t &column) const;
  /// Inverse of lineColumn, clamped to the line.
  uint32_t offsetOf(uint32_t line, uint32_t column) const;

private:
  FileId fileId;
  std::string fileName;
  std::string contents;
  uint32_t lineOffset;
  std::vector<uint32_t> lineStarts;
};

/// Owns the source texts of one compilation.
class SourceManager {
public:
  FileId addFile(llvm::StringRef name, llvm::StringRef text,
                 uint32_t firstLine = 1);
  /// Null for 0 and for numbers not handed out.
  const SourceFile *file(FileId id) const;
  /// The file added last under this name; null when there is none.
  const SourceFile *findFile(llvm::StringRef name) const;

  Location resolve(Span span) const;
  /// Finds the bytes of a location, e.g. of one that came back from the IR.
  Span spanOf(const Location &where) const;
  /// The source text a span covers.
  llvm::StringRef text(Span span) const;

private:
  std::vector<std::unique_ptr<SourceFile>> files;
};

} // namespace tilesdk::diagnostics
