//===- render.cpp - Diagnostics as text and as JSON -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/render.h"

#include "core/diagnostics/utf8.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tilesdk::diagnostics {

namespace {

enum class Style { Plain, Bold, Gutter, Error, Warning, Remark, Note, Help };

/// One underline in one line, in display columns from 0.
struct Mark {
  unsigned begin = 0;
  unsigned end = 0;
  bool primary = false;
  std::string text;
};

/// A source line as it is shown, and where its code points went.
struct ShownLine {
  std::string text;
  /// Display column of each code point, and of the line's end.
  llvm::SmallVector<unsigned, 128> columns;

  unsigned at(uint32_t column) const {
    size_t index = column == 0 ? 0 : column - 1;
    if (index < columns.size())
      return columns[index];
    // A place behind the end of the line: "expected `:` here".
    return columns.back();
  }
};

class Renderer {
public:
  Renderer(const SourceManager &sources, const RenderOptions &options)
      : sources(sources), options(options) {}

  std::string render(const Diagnostic &diagnostic);

private:
  struct Place {
    Location where;
    std::string text;
    bool primary;
  };

  static constexpr unsigned maxShown = 160;

  std::string paint(Style style, llvm::StringRef text) const;
  static Style styleOf(Severity severity);
  void headline(Severity severity, llvm::StringRef code,
                llvm::StringRef message);
  void gutter(llvm::StringRef lineNumber);
  void snippet(llvm::ArrayRef<Place> places);
  void sourceLine(uint32_t number, llvm::StringRef text,
                  llvm::ArrayRef<Place> places);
  void marks(llvm::SmallVectorImpl<Mark> &list, Severity severity);
  void children(const Diagnostic &diagnostic);
  const SourceFile *sourceOf(const Location &where) const;
  ShownLine show(llvm::StringRef text) const;
  void crop(ShownLine &line, llvm::SmallVectorImpl<Mark> &list) const;

  const SourceManager &sources;
  const RenderOptions &options;
  std::string out;
  unsigned width = 2;
  Severity severity = Severity::Error;
};

} // namespace

std::string Renderer::paint(Style style, llvm::StringRef text) const {
  if (!options.color || style == Style::Plain || text.empty())
    return text.str();
  llvm::StringRef start;
  switch (style) {
  case Style::Plain:
  case Style::Bold:
    start = "\x1b[1m";
    break;
  case Style::Gutter:
    start = "\x1b[1;34m";
    break;
  case Style::Error:
    start = "\x1b[1;31m";
    break;
  case Style::Warning:
    start = "\x1b[1;33m";
    break;
  case Style::Remark:
  case Style::Note:
    start = "\x1b[1;32m";
    break;
  case Style::Help:
    start = "\x1b[1;36m";
    break;
  }
  return (start + text + "\x1b[0m").str();
}

Style Renderer::styleOf(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return Style::Error;
  case Severity::Warning:
    return Style::Warning;
  case Severity::Remark:
    return Style::Remark;
  case Severity::Note:
    return Style::Note;
  case Severity::Help:
    return Style::Help;
  }
  return Style::Plain;
}

void Renderer::headline(Severity severity, llvm::StringRef code,
                        llvm::StringRef message) {
  std::string head = severityName(severity).str();
  if (!code.empty())
    head += ("[" + code + "]").str();
  out += paint(styleOf(severity), head);
  out += paint(Style::Bold, ": " + visibleText(message, true));
  out += '\n';
}

void Renderer::gutter(llvm::StringRef lineNumber) {
  std::string text(width - std::min<size_t>(width, lineNumber.size()), ' ');
  text = lineNumber.str() + text + " |";
  out += paint(Style::Gutter, text);
}

const SourceFile *Renderer::sourceOf(const Location &where) const {
  const SourceFile *file = sources.file(where.fileId);
  if (file && file->name() == where.file)
    return file;
  return sources.findFile(where.file);
}

ShownLine Renderer::show(llvm::StringRef text) const {
  ShownLine line;
  unsigned column = 0;
  while (!text.empty()) {
    CodePoint c = decodeUtf8(text);
    line.columns.push_back(column);
    if (c.value == '\t' && c.valid) {
      unsigned tab = std::max(1u, options.tabWidth);
      unsigned spaces = tab - column % tab;
      line.text.append(spaces, ' ');
      column += spaces;
    } else {
      column += appendVisible(line.text, text.take_front(c.size), c);
    }
    text = text.drop_front(c.size);
  }
  line.columns.push_back(column);
  return line;
}

/// Keeps a window around the first mark of a line too long for a terminal.
void Renderer::crop(ShownLine &line, llvm::SmallVectorImpl<Mark> &list) const {
  unsigned total = line.columns.back();
  if (total <= maxShown)
    return;
  unsigned focus = total;
  for (const Mark &mark : list)
    if (mark.primary || focus == total)
      focus = mark.begin;
  unsigned begin = focus > maxShown / 2 ? focus - maxShown / 2 : 0;
  unsigned end = std::min(begin + maxShown, total);

  // Cut at code points: walk the shown text with its columns.
  llvm::StringRef rest = line.text;
  std::string kept = begin != 0 ? "..." : "";
  unsigned column = 0;
  unsigned first = end;
  while (!rest.empty() && column < end) {
    CodePoint c = decodeUtf8(rest);
    std::string piece;
    unsigned columns = appendVisible(piece, rest.take_front(c.size), c);
    if (column >= begin) {
      first = std::min(first, column);
      kept += piece;
    }
    column += columns;
    rest = rest.drop_front(c.size);
  }
  if (!rest.empty())
    kept += "...";
  int shift = (begin != 0 ? 3 : 0) - static_cast<int>(first);
  auto move = [&](unsigned value) {
    return static_cast<unsigned>(
        static_cast<int>(std::clamp(value, first, std::max(first, column))) +
        shift);
  };
  for (Mark &mark : list) {
    mark.begin = move(mark.begin);
    mark.end = std::max(mark.begin + 1, move(mark.end));
  }
  line.text = std::move(kept);
}

/// Underlines, then the texts: the rightmost behind its underline, the others
/// on lines of their own, hanging from `|`.
void Renderer::marks(llvm::SmallVectorImpl<Mark> &list, Severity severity) {
  llvm::sort(list, [](const Mark &a, const Mark &b) {
    return std::tie(a.begin, b.primary, a.end, a.text) <
           std::tie(b.begin, a.primary, b.end, b.text);
  });
  unsigned end = 0;
  for (const Mark &mark : list)
    end = std::max(end, mark.end);
  std::string underline(end, ' ');
  for (bool primary : {false, true})
    for (const Mark &mark : list)
      if (mark.primary == primary)
        std::fill(underline.begin() + mark.begin, underline.begin() + mark.end,
                  primary ? '^' : '-');

  auto markStyle = [&](const Mark &mark) {
    return mark.primary ? styleOf(severity) : Style::Gutter;
  };
  gutter("");
  out += ' ';
  if (options.color) {
    // Runs of one character get one colour.
    for (size_t i = 0; i < underline.size();) {
      size_t j = underline.find_first_not_of(underline[i], i);
      j = std::min(j, underline.size());
      Style style = underline[i] == '^'   ? styleOf(severity)
                    : underline[i] == '-' ? Style::Gutter
                                          : Style::Plain;
      out += paint(style, llvm::StringRef(underline).slice(i, j));
      i = j;
    }
  } else {
    out += underline;
  }

  // Only a mark that nothing covers to its right can carry its text inline.
  llvm::SmallVector<Mark *, 8> hanging;
  for (Mark &mark : list)
    if (!mark.text.empty())
      hanging.push_back(&mark);
  if (!hanging.empty() && hanging.back()->end == end) {
    out += ' ';
    out += paint(markStyle(*hanging.back()), visibleText(hanging.back()->text));
    hanging.pop_back();
  }
  out += '\n';

  auto bars = [&](size_t count) {
    unsigned column = 0;
    for (size_t i = 0; i < count; ++i) {
      const Mark &mark = *hanging[i];
      if (mark.begin < column)
        continue;
      out.append(mark.begin - column, ' ');
      out += paint(markStyle(mark), "|");
      column = mark.begin + 1;
    }
    return column;
  };
  for (size_t left = hanging.size(); left != 0; --left) {
    if (left == hanging.size()) {
      gutter("");
      out += ' ';
      bars(left);
      out += '\n';
    }
    gutter("");
    out += ' ';
    const Mark &mark = *hanging[left - 1];
    unsigned column = bars(left - 1);
    // Two marks at one column: their texts stand below each other.
    if (column <= mark.begin)
      out.append(mark.begin - column, ' ');
    else
      out += ' ';
    out += paint(markStyle(mark), visibleText(mark.text));
    out += '\n';
  }
}

void Renderer::sourceLine(uint32_t number, llvm::StringRef text,
                          llvm::ArrayRef<Place> places) {
  ShownLine line = show(text);
  llvm::SmallVector<Mark, 4> list;
  for (const Place &place : places) {
    Mark mark;
    mark.primary = place.primary;
    mark.text = place.text;
    mark.begin = line.at(place.where.column);
    if (place.where.endLine > place.where.line) {
      // A span of several lines is underlined to the end of its first.
      mark.end = line.columns.back();
    } else {
      mark.end = line.at(place.where.endColumn);
    }
    mark.end = std::max(mark.end, mark.begin + 1);
    list.push_back(std::move(mark));
  }
  crop(line, list);
  gutter(std::to_string(number));
  if (llvm::StringRef shown = llvm::StringRef(line.text).rtrim();
      !shown.empty()) {
    out += ' ';
    out += shown;
  }
  out += '\n';
  if (!list.empty())
    marks(list, severity);
}

/// All places lie in one file; the first is the primary one.
void Renderer::snippet(llvm::ArrayRef<Place> places) {
  const Location &primary = places.front().where;
  const SourceFile *file = sourceOf(primary);
  // Ordered by line, then as given.
  std::map<uint32_t, llvm::SmallVector<Place, 2>> lines;
  if (file) {
    for (const Place &place : places)
      lines[place.where.line].push_back(place);
    width = std::to_string(lines.rbegin()->first).size();
  } else {
    width = std::to_string(primary.line).size();
  }
  out.append(width, ' ');
  out += paint(Style::Gutter, "--> ");
  out += visibleText(primary.file.empty() ? "<source>" : primary.file);
  out += ':' + std::to_string(primary.line) + ':' +
         std::to_string(primary.column) + '\n';
  if (!file)
    return;
  gutter("");
  out += '\n';
  uint32_t last = 0;
  for (auto &[number, marked] : lines) {
    if (last != 0 && number == last + 2)
      sourceLine(last + 1, file->lineText(last + 1), {});
    else if (last != 0 && number > last + 2)
      out += paint(Style::Gutter, "...") + "\n";
    sourceLine(number, file->lineText(number), marked);
    last = number;
  }
}

void Renderer::children(const Diagnostic &diagnostic) {
  auto line = [&](Style style, llvm::StringRef head, llvm::StringRef text) {
    out.append(width + 1, ' ');
    out += paint(Style::Gutter, "=") + " " + paint(style, head) + ": ";
    // Further lines of a text stand below its first.
    std::string indent(width + 1 + 2 + head.size() + 2, ' ');
    std::string shown = visibleText(text.rtrim('\n'), true);
    for (char c : shown) {
      out += c;
      if (c == '\n')
        out += indent;
    }
    out += '\n';
  };
  for (const Child &child : diagnostic.children)
    if (!child.where.isValid())
      line(styleOf(child.severity), severityName(child.severity), child.text);
  if (options.explainHint && diagnostic.id != Diag::None &&
      diagnostic.severity <= Severity::Warning)
    line(Style::Bold, "for more",
         ("tilesdk explain " + info(diagnostic.id).code).str());

  unsigned outer = width;
  for (const Child &child : diagnostic.children) {
    if (!child.where.isValid())
      continue;
    severity = child.severity;
    headline(child.severity, "", child.text);
    snippet(Place{child.where, "", true});
  }
  width = outer;
}

std::string Renderer::render(const Diagnostic &diagnostic) {
  severity = diagnostic.severity;
  headline(diagnostic.severity,
           diagnostic.id == Diag::None ? "" : info(diagnostic.id).code,
           diagnostic.message);
  std::vector<Label> elsewhere;
  if (diagnostic.primary.isValid()) {
    std::vector<Place> places{
        {diagnostic.primary, diagnostic.primaryLabel, true}};
    const SourceFile *file = sourceOf(diagnostic.primary);
    for (const Label &label : diagnostic.labels) {
      if (file && sourceOf(label.where) == file)
        places.push_back({label.where, label.text, false});
      else
        elsewhere.push_back(label);
    }
    snippet(places);
  } else {
    elsewhere = diagnostic.labels;
  }
  if (elsewhere.empty()) {
    children(diagnostic);
    return std::move(out);
  }
  // A label in another file is shown like a note.
  Diagnostic extended = diagnostic;
  for (Label &label : elsewhere)
    extended.children.push_back(
        {Severity::Note, std::move(label.text), std::move(label.where)});
  children(extended);
  return std::move(out);
}

std::string renderText(const Diagnostic &diagnostic,
                       const SourceManager &sources,
                       const RenderOptions &options) {
  return Renderer(sources, options).render(diagnostic);
}

std::string renderText(llvm::ArrayRef<Diagnostic> diagnostics,
                       const SourceManager &sources,
                       const RenderOptions &options) {
  std::string result;
  for (const Diagnostic &diagnostic : diagnostics) {
    if (!result.empty())
      result += '\n';
    result += renderText(diagnostic, sources, options);
  }
  return result;
}

static llvm::json::Value jsonText(llvm::StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}

static llvm::json::Value jsonSpan(const Location &where) {
  if (!where.isValid())
    return nullptr;
  return llvm::json::Object{{"file", jsonText(where.file)},
                            {"line", where.line},
                            {"column", where.column},
                            {"end_line", where.endLine},
                            {"end_column", where.endColumn}};
}

llvm::json::Value toJson(const Diagnostic &diagnostic) {
  const DiagInfo &entry = info(diagnostic.id);
  llvm::json::Array args;
  for (const Arg &arg : diagnostic.args) {
    if (auto *text = std::get_if<std::string>(&arg))
      args.push_back(jsonText(*text));
    else if (auto *number = std::get_if<int64_t>(&arg))
      args.push_back(*number);
    else if (auto *number = std::get_if<uint64_t>(&arg))
      args.push_back(*number);
    else
      args.push_back(std::get<double>(arg));
  }
  llvm::json::Array labels, children;
  for (const Label &label : diagnostic.labels)
    labels.push_back(llvm::json::Object{{"span", jsonSpan(label.where)},
                                        {"text", jsonText(label.text)}});
  for (const Child &child : diagnostic.children)
    children.push_back(
        llvm::json::Object{{"severity", severityName(child.severity)},
                           {"text", jsonText(child.text)},
                           {"span", jsonSpan(child.where)}});
  return llvm::json::Object{{"severity", severityName(diagnostic.severity)},
                            {"code", entry.code},
                            {"name", entry.name},
                            {"message", jsonText(diagnostic.message)},
                            {"args", std::move(args)},
                            {"span", jsonSpan(diagnostic.primary)},
                            {"label", jsonText(diagnostic.primaryLabel)},
                            {"labels", std::move(labels)},
                            {"children", std::move(children)}};
}

std::string renderJsonLines(llvm::ArrayRef<Diagnostic> diagnostics) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  for (const Diagnostic &diagnostic : diagnostics)
    stream << toJson(diagnostic) << '\n';
  return result;
}

std::string renderExplanation(const DiagInfo &info) {
  std::string result = (info.code + " " + info.name + " (" +
                        severityName(info.severity) + ")\n\n")
                           .str();
  // What a message fills in is different each time.
  for (llvm::StringRef rest = info.message; !rest.empty();) {
    auto [words, tail] = rest.split('{');
    result += words;
    if (words.size() == rest.size())
      break;
    result += "...";
    rest = tail.split('}').second;
  }
  result += "\n\n";
  // Wrapped at 80 columns; a word longer than that stands alone.
  llvm::StringRef rest = info.explanation;
  size_t column = 0;
  while (!rest.empty()) {
    auto [word, tail] = rest.split(' ');
    rest = tail;
    if (column != 0 && column + 1 + word.size() > 80) {
      result += '\n';
      column = 0;
    }
    if (column != 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result + '\n';
}

} // namespace tilesdk::diagnostics
