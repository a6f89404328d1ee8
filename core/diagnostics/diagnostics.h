//===- diagnostics.h - Numbered messages with source spans ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/diagnostics/source.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tilesdk::diagnostics {

enum class Severity : uint8_t { Error, Warning, Remark, Note, Help };

/// "error", "warning", "remark", "note", "help".
llvm::StringRef severityName(Severity severity);

/// "T0311" -> 311; used to number the enumerators below.
consteval uint16_t codeNumber(const char (&code)[6]) {
  return (code[1] - '0') * 1000 + (code[2] - '0') * 100 + (code[3] - '0') * 10 +
         (code[4] - '0');
}

/// Every message of the SDK; the enumerator's value is its number.
enum class Diag : uint16_t {
  None = 0,
#define TILESDK_DIAGNOSTIC(CODE, NAME, SEVERITY, MESSAGE, EXPLANATION)         \
  NAME = codeNumber(#CODE),
#include "core/diagnostics/diagnostics.def"
};

/// One line of diagnostics.def.
struct DiagInfo {
  Diag id;
  /// "T0311"
  llvm::StringRef code;
  /// "dot-inner-mismatch"
  std::string name;
  Severity severity;
  /// With `{0}` placeholders; `{0:n}` writes a number with thousands commas.
  llvm::StringRef message;
  /// What it means and how to mend it, for `tilesdk explain`.
  llvm::StringRef explanation;
};

/// The whole registry, ordered by code.
llvm::ArrayRef<DiagInfo> allDiagnostics();
const DiagInfo &info(Diag id);
/// Looks a code ("T0311", "t311", "311") or a name ("dot-inner-mismatch",
/// "DotInnerMismatch") up; null when unknown.
const DiagInfo *explain(llvm::StringRef codeOrName);

/// A typed parameter of a message, kept so that JSON and C need no parsing.
using Arg = std::variant<int64_t, uint64_t, double, std::string>;

/// Replaces `{0}`, `{1:n}`; `{{` and `}}` are braces.
std::string formatMessage(llvm::StringRef format, llvm::ArrayRef<Arg> args);

/// A secondary span: "where the other half of the sentence comes from".
struct Label {
  Location where;
  std::string text;
};

/// A line behind the snippet; a note with a location gets its own snippet.
struct Child {
  Severity severity = Severity::Note;
  std::string text;
  Location where;
};

struct Diagnostic {
  Diag id = Diag::None;
  Severity severity = Severity::Error;
  std::string message;
  std::vector<Arg> args;
  Location primary;
  /// Text behind the carets; may be empty.
  std::string primaryLabel;
  std::vector<Label> labels;
  /// Notes and helps in the order they were added.
  std::vector<Child> children;
};

class DiagnosticSink;

/// Decorates a message; it is delivered when the builder ends its life.
class DiagnosticBuilder {
public:
  DiagnosticBuilder(DiagnosticBuilder &&other) noexcept
      : sink(std::exchange(other.sink, nullptr)),
        diagnostic(std::move(other.diagnostic)) {}
  DiagnosticBuilder(const DiagnosticBuilder &) = delete;
  DiagnosticBuilder &operator=(const DiagnosticBuilder &) = delete;
  DiagnosticBuilder &operator=(DiagnosticBuilder &&) = delete;
  ~DiagnosticBuilder();

  /// A builder that delivers nothing, for mistakes already reported.
  static DiagnosticBuilder none() { return {nullptr, Diagnostic()}; }

  /// Text behind the primary carets.
  DiagnosticBuilder &label(const llvm::Twine &text);
  /// A second underlined place. Ignored when the span is invalid.
  DiagnosticBuilder &label(Span where, const llvm::Twine &text);
  DiagnosticBuilder &label(Location where, const llvm::Twine &text);
  DiagnosticBuilder &note(const llvm::Twine &text);
  DiagnosticBuilder &note(Span where, const llvm::Twine &text);
  DiagnosticBuilder &note(Location where, const llvm::Twine &text);
  DiagnosticBuilder &help(const llvm::Twine &text);

private:
  friend class DiagnosticSink;
  DiagnosticBuilder(DiagnosticSink *sink, Diagnostic diagnostic)
      : sink(sink), diagnostic(std::move(diagnostic)) {}
  DiagnosticSink *sink;
  Diagnostic diagnostic;
};

/// Collects the messages of one compilation, in order. Not thread-safe: one
/// compilation owns one sink.
///
///   sink.report(Diag::DotInnerMismatch, call->span, 64, 32)
///       .label("needs the same size here")
///       .label(aSpan, "128 x 64")
///       .help("did you mean `tl.dot(a, tl.trans(b))`?");
class DiagnosticSink {
public:
  explicit DiagnosticSink(const SourceManager &sources,
                          unsigned errorLimit = 50)
      : sources(sources), errorLimit(errorLimit) {}
  DiagnosticSink(const DiagnosticSink &) = delete;
  DiagnosticSink &operator=(const DiagnosticSink &) = delete;

  /// Starts a message. Arguments are integers, floating-point numbers and
  /// anything that converts to llvm::StringRef or std::string.
  template <typename... Args>
  DiagnosticBuilder report(Diag id, Span where, Args &&...args) {
    return start(id, sources.resolve(where),
                 {toArg(std::forward<Args>(args))...});
  }
  template <typename... Args>
  DiagnosticBuilder report(Diag id, Location where, Args &&...args) {
    return start(id, std::move(where), {toArg(std::forward<Args>(args))...});
  }
  /// For messages with no place in a source (options, devices, files).
  template <typename... Args>
  DiagnosticBuilder reportGlobal(Diag id, Args &&...args) {
    return start(id, Location(), {toArg(std::forward<Args>(args))...});
  }

  /// Adds a finished message, e.g. one that came through an ABI. Applies the
  /// same limit and the same removal of duplicates.
  void add(Diagnostic diagnostic);

  const SourceManager &sourceManager() const { return sources; }
  llvm::ArrayRef<Diagnostic> diagnostics() const { return collected; }
  unsigned numErrors() const { return errors; }
  bool hasErrors() const { return errors != 0; }
  /// True once the error limit is hit; passes may stop early.
  bool isFull() const { return errorLimit != 0 && errors >= errorLimit; }
  /// For a pass that stops because of isFull(): says so, once.
  void reportFull();
  void clear();

  /// Called for each message that is kept, right after it was added.
  std::function<void(const Diagnostic &)> onReport;

private:
  friend class DiagnosticBuilder;
  DiagnosticBuilder start(Diag id, Location where, std::vector<Arg> args);
  void push(Diagnostic diagnostic);

  template <typename T> static Arg toArg(T &&value) {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<Plain, Arg>)
      return value;
    else if constexpr (std::is_same_v<Plain, bool>)
      return std::string(value ? "True" : "False");
    else if constexpr (std::is_same_v<Plain, char>)
      return std::string(1, value);
    else if constexpr (std::is_integral_v<Plain> && std::is_signed_v<Plain>)
      return static_cast<int64_t>(value);
    else if constexpr (std::is_integral_v<Plain>)
      return static_cast<uint64_t>(value);
    else if constexpr (std::is_floating_point_v<Plain>)
      return static_cast<double>(value);
    else if constexpr (std::is_convertible_v<T, llvm::StringRef>)
      return llvm::StringRef(value).str();
    else
      return std::string(std::forward<T>(value));
  }

  const SourceManager &sources;
  unsigned errorLimit;
  unsigned errors = 0;
  bool limitReported = false;
  std::vector<Diagnostic> collected;
  /// (code, file, line, column, message) of what was kept.
  std::set<std::tuple<uint16_t, std::string, uint32_t, uint32_t, std::string>>
      seen;
};

/// One entry of the list that the C ABI hands out: children follow their owner
/// and name it by its index, others have `noParent`.
struct FlatDiagnostic {
  static constexpr uint32_t noParent = ~0u;
  Severity severity = Severity::Error;
  /// Empty for children.
  llvm::StringRef code;
  std::string message;
  Location where;
  uint32_t parent = noParent;
};
/// Labels become notes with a location.
std::vector<FlatDiagnostic> flatten(llvm::ArrayRef<Diagnostic> diagnostics);

/// The candidate nearest to \p name when it is near enough to be a likely
/// typing mistake. Case-insensitive matches win; ties go to the earlier
/// candidate.
std::optional<std::string> nearMiss(llvm::StringRef name,
                                    llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace tilesdk::diagnostics
