//===- diagnostics.cpp - Registry and sink of numbered messages -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace tilesdk::diagnostics {

llvm::StringRef severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Remark:
    return "remark";
  case Severity::Note:
    return "note";
  case Severity::Help:
    return "help";
  }
  return "error";
}

/// DotInnerMismatch -> dot-inner-mismatch
static std::string kebab(llvm::StringRef name) {
  std::string result;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z' && !result.empty())
      result += '-';
    result += llvm::toLower(c);
  }
  return result;
}

static const std::vector<DiagInfo> &registry() {
  static const std::vector<DiagInfo> table = [] {
    std::vector<DiagInfo> list = {
#define TILESDK_DIAGNOSTIC(CODE, NAME, SEVERITY, MESSAGE, EXPLANATION)         \
  {Diag::NAME, #CODE, #NAME, Severity::SEVERITY, MESSAGE, EXPLANATION},
#include "core/diagnostics/diagnostics.def"
    };
    for (DiagInfo &entry : list)
      entry.name = kebab(entry.name);
    llvm::sort(
        list, [](const DiagInfo &a, const DiagInfo &b) { return a.id < b.id; });
    return list;
  }();
  return table;
}

llvm::ArrayRef<DiagInfo> allDiagnostics() { return registry(); }

const DiagInfo &info(Diag id) {
  const auto &table = registry();
  auto it = llvm::lower_bound(
      table, id, [](const DiagInfo &a, Diag b) { return a.id < b; });
  if (it != table.end() && it->id == id)
    return *it;
  return info(Diag::Internal);
}

const DiagInfo *explain(llvm::StringRef codeOrName) {
  llvm::StringRef text = codeOrName.trim();
  llvm::StringRef digits = text;
  if (!digits.consume_front("T"))
    digits.consume_front("t");
  unsigned number;
  bool isNumber = !digits.getAsInteger(10, number);
  for (const DiagInfo &entry : registry()) {
    if (isNumber ? static_cast<unsigned>(entry.id) == number
                 : (text.equals_insensitive(entry.name) ||
                    kebab(text) == entry.name))
      return &entry;
  }
  return nullptr;
}

static std::string withThousands(llvm::StringRef digits) {
  std::string result;
  bool negative = digits.consume_front("-");
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0)
      result += ',';
    result += digits[i];
  }
  return (negative ? "-" : "") + result;
}

static std::string formatArg(const Arg &arg, bool thousands) {
  if (auto *text = std::get_if<std::string>(&arg))
    return *text;
  if (auto *number = std::get_if<double>(&arg)) {
    std::string result;
    llvm::raw_string_ostream(result) << llvm::format("%g", *number);
    return result;
  }
  std::string digits;
  if (auto *number = std::get_if<int64_t>(&arg))
    digits = std::to_string(*number);
  else if (auto *number = std::get_if<uint64_t>(&arg))
    digits = std::to_string(*number);
  return thousands ? withThousands(digits) : digits;
}

std::string formatMessage(llvm::StringRef format, llvm::ArrayRef<Arg> args) {
  std::string result;
  while (!format.empty()) {
    if (format.starts_with("{{") || format.starts_with("}}")) {
      result += format[0];
      format = format.drop_front(2);
      continue;
    }
    size_t close = format.find('}');
    if (format[0] == '{' && close != llvm::StringRef::npos) {
      llvm::StringRef field = format.slice(1, close);
      bool thousands = field.consume_back(":n");
      size_t index;
      if (!field.getAsInteger(10, index) && index < args.size()) {
        result += formatArg(args[index], thousands);
        format = format.drop_front(close + 1);
        continue;
      }
    }
    result += format[0];
    format = format.drop_front();
  }
  return result;
}

//===----------------------------------------------------------------------===//
// DiagnosticBuilder
//===----------------------------------------------------------------------===//

DiagnosticBuilder::~DiagnosticBuilder() {
  if (sink)
    sink->add(std::move(diagnostic));
}

DiagnosticBuilder &DiagnosticBuilder::label(const llvm::Twine &text) {
  diagnostic.primaryLabel = text.str();
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::label(Span where,
                                            const llvm::Twine &text) {
  return sink ? label(sink->sources.resolve(where), text) : *this;
}

DiagnosticBuilder &DiagnosticBuilder::label(Location where,
                                            const llvm::Twine &text) {
  if (where.isValid())
    diagnostic.labels.push_back({std::move(where), text.str()});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(const llvm::Twine &text) {
  diagnostic.children.push_back({Severity::Note, text.str(), Location()});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(Span where,
                                           const llvm::Twine &text) {
  return sink ? note(sink->sources.resolve(where), text) : *this;
}

DiagnosticBuilder &DiagnosticBuilder::note(Location where,
                                           const llvm::Twine &text) {
  diagnostic.children.push_back({Severity::Note, text.str(), std::move(where)});
  return *this;
}

DiagnosticBuilder &DiagnosticBuilder::help(const llvm::Twine &text) {
  diagnostic.children.push_back({Severity::Help, text.str(), Location()});
  return *this;
}

//===----------------------------------------------------------------------===//
// DiagnosticSink
//===----------------------------------------------------------------------===//

DiagnosticBuilder DiagnosticSink::start(Diag id, Location where,
                                        std::vector<Arg> args) {
  const DiagInfo &entry = info(id);
  Diagnostic diagnostic;
  diagnostic.id = id;
  diagnostic.severity = entry.severity;
  diagnostic.message = formatMessage(entry.message, args);
  diagnostic.args = std::move(args);
  diagnostic.primary = std::move(where);
  return DiagnosticBuilder(this, std::move(diagnostic));
}

void DiagnosticSink::add(Diagnostic diagnostic) {
  // What follows the limit is dropped.
  if (isFull())
    return reportFull();
  const Location &where = diagnostic.primary;
  // Without a place only the words tell two messages apart.
  auto key =
      std::make_tuple(static_cast<uint16_t>(diagnostic.id), where.file,
                      where.line, where.column,
                      where.isValid() && diagnostic.severity != Severity::Remark
                          ? std::string()
                          : diagnostic.message);
  if (!seen.insert(std::move(key)).second)
    return;
  push(std::move(diagnostic));
}

void DiagnosticSink::reportFull() {
  if (limitReported)
    return;
  limitReported = true;
  const DiagInfo &entry = info(Diag::TooManyErrors);
  Diagnostic last;
  last.id = Diag::TooManyErrors;
  last.args = {static_cast<uint64_t>(errorLimit)};
  last.message = formatMessage(entry.message, last.args);
  push(std::move(last));
}

void DiagnosticSink::push(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::Error)
    ++errors;
  collected.push_back(std::move(diagnostic));
  if (onReport)
    onReport(collected.back());
}

void DiagnosticSink::clear() {
  collected.clear();
  seen.clear();
  errors = 0;
  limitReported = false;
}

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

std::vector<FlatDiagnostic> flatten(llvm::ArrayRef<Diagnostic> diagnostics) {
  std::vector<FlatDiagnostic> result;
  for (const Diagnostic &diagnostic : diagnostics) {
    uint32_t parent = result.size();
    std::string message = diagnostic.message;
    if (!diagnostic.primaryLabel.empty())
      message += ": " + diagnostic.primaryLabel;
    result.push_back({diagnostic.severity, info(diagnostic.id).code,
                      std::move(message), diagnostic.primary,
                      FlatDiagnostic::noParent});
    for (const Label &label : diagnostic.labels)
      result.push_back({Severity::Note, {}, label.text, label.where, parent});
    for (const Child &child : diagnostic.children)
      result.push_back({child.severity, {}, child.text, child.where, parent});
  }
  return result;
}

/// Edit distance that counts a swap of neighbours as one step; gives up above
/// \p limit.
static unsigned editDistance(llvm::StringRef a, llvm::StringRef b,
                             unsigned limit) {
  size_t difference =
      a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit)
    return limit + 1;
  llvm::SmallVector<unsigned, 32> before(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    unsigned best = row[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      unsigned change = a[i - 1] != b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
      best = std::min(best, row[j]);
    }
    if (best > limit)
      return limit + 1;
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string>
nearMiss(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
  // A third of the letters may be wrong; names of one letter never match.
  unsigned limit = name.size() < 3 ? name.size() - 1 : (name.size() + 2) / 3;
  if (name.empty() || name.size() > 64)
    return std::nullopt;
  unsigned best = limit + 1;
  llvm::StringRef found;
  for (llvm::StringRef candidate : candidates) {
    if (candidate == name || candidate.empty())
      continue;
    if (candidate.equals_insensitive(name))
      return candidate.str();
    unsigned distance = editDistance(name, candidate, limit);
    // Sharing no letter is not a typing mistake, however short the names are.
    if (distance < best && distance < std::max(name.size(), candidate.size())) {
      best = distance;
      found = candidate;
    }
  }
  if (found.empty())
    return std::nullopt;
  return found.str();
}

} // namespace tilesdk::diagnostics
