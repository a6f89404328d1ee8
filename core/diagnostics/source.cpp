//===- source.cpp - Source texts, byte spans, line and column -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/source.h"

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace tilesdk::diagnostics {

Span Span::join(Span first, Span second) {
  if (!first.isValid())
    return second;
  if (!second.isValid() || first.file != second.file)
    return first;
  return {first.file, std::min(first.begin, second.begin),
          std::max(first.end, second.end)};
}

SourceFile::SourceFile(FileId id, std::string name, std::string text,
                       uint32_t firstLine)
    : fileId(id), fileName(std::move(name)), contents(std::move(text)),
      lineOffset(firstLine == 0 ? 1 : firstLine) {
  lineStarts.push_back(0);
  for (size_t i = 0, e = contents.size(); i < e; ++i) {
    if (contents[i] == '\r' && i + 1 < e && contents[i + 1] == '\n')
      ++i;
    else if (contents[i] != '\n' && contents[i] != '\r')
      continue;
    lineStarts.push_back(i + 1);
  }
}

llvm::StringRef SourceFile::lineText(uint32_t line) const {
  if (line < lineOffset || line - lineOffset >= lineStarts.size())
    return {};
  size_t index = line - lineOffset;
  size_t begin = lineStarts[index];
  size_t end =
      index + 1 < lineStarts.size() ? lineStarts[index + 1] : contents.size();
  return text().slice(begin, end).rtrim("\r\n");
}

void SourceFile::lineColumn(uint32_t offset, uint32_t &line,
                            uint32_t &column) const {
  offset = std::min<size_t>(offset, contents.size());
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  size_t index = next - lineStarts.begin() - 1;
  line = lineOffset + index;
  column = 1;
  llvm::StringRef rest = text().slice(lineStarts[index], offset);
  while (!rest.empty()) {
    rest = rest.drop_front(decodeUtf8(rest).size);
    ++column;
  }
}

uint32_t SourceFile::offsetOf(uint32_t line, uint32_t column) const {
  if (line < lineOffset)
    return 0;
  if (line - lineOffset >= lineStarts.size())
    return contents.size();
  llvm::StringRef rest = lineText(line);
  uint32_t offset = lineStarts[line - lineOffset];
  for (; column > 1 && !rest.empty(); --column) {
    unsigned size = decodeUtf8(rest).size;
    rest = rest.drop_front(size);
    offset += size;
  }
  return offset;
}

FileId SourceManager::addFile(llvm::StringRef name, llvm::StringRef text,
                              uint32_t firstLine) {
  FileId id = files.size() + 1;
  files.push_back(
      std::make_unique<SourceFile>(id, name.str(), text.str(), firstLine));
  return id;
}

const SourceFile *SourceManager::file(FileId id) const {
  return id != 0 && id <= files.size() ? files[id - 1].get() : nullptr;
}

const SourceFile *SourceManager::findFile(llvm::StringRef name) const {
  for (const auto &file : llvm::reverse(files))
    if (file->name() == name)
      return file.get();
  return nullptr;
}

Location SourceManager::resolve(Span span) const {
  Location result;
  const SourceFile *source = file(span.file);
  if (!source)
    return result;
  result.fileId = span.file;
  result.file = source->name().str();
  source->lineColumn(span.begin, result.line, result.column);
  source->lineColumn(std::max(span.begin, span.end), result.endLine,
                     result.endColumn);
  return result;
}

Span SourceManager::spanOf(const Location &where) const {
  const SourceFile *source = file(where.fileId);
  if (!source || source->name() != where.file)
    source = findFile(where.file);
  if (!source || !where.isValid())
    return {};
  Span span{source->id(), source->offsetOf(where.line, where.column), 0};
  span.end = where.endLine == 0
                 ? span.begin
                 : std::max(span.begin,
                            source->offsetOf(where.endLine, where.endColumn));
  return span;
}

llvm::StringRef SourceManager::text(Span span) const {
  const SourceFile *source = file(span.file);
  return source ? source->text().slice(span.begin, span.end)
                : llvm::StringRef();
}

} // namespace tilesdk::diagnostics
