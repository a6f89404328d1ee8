//===- report.cpp - Errors, diagnostics and figures for people --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/tilesdk/session.h"

#include "llvm/ADT/StringRef.h"

#include <cmath>
#include <cstdio>

using namespace tilesdk::tool;

namespace {

const char *severityName(uint32_t severity) {
  static const char *const names[] = {"note", "remark", "warning", "error"};
  return severity < 4 ? names[severity] : "error";
}

int exitOf(tsdk_code code) {
  switch (code) {
  case TSDK_E_SOURCE:
  case TSDK_E_DATA_LOSS:
    return ExitKernel;
  case TSDK_E_INVALID_ARGUMENT:
  case TSDK_E_NOT_FOUND:
  case TSDK_E_ALREADY_EXISTS:
  case TSDK_E_OUT_OF_RANGE:
    return ExitUsage;
  case TSDK_E_UNSUPPORTED:
  case TSDK_E_UNIMPLEMENTED:
  case TSDK_E_RESOURCE_EXHAUSTED:
  case TSDK_E_DEADLINE_EXCEEDED:
    return ExitTarget;
  case TSDK_E_DEVICE_ASSERT:
  case TSDK_E_KERNEL_FAULT:
    return ExitCheck;
  case TSDK_E_CANCELLED:
    return ExitInterrupted;
  case TSDK_E_UNAVAILABLE:
  case TSDK_E_DRIVER:
  case TSDK_E_PLUGIN:
  case TSDK_E_PERMISSION_DENIED:
  case TSDK_E_FAILED_PRECONDITION:
    return ExitDevice;
  default:
    return ExitInternal;
  }
}

constexpr const char *red = "\x1b[1;31m", *yellow = "\x1b[1;33m",
                     *cyan = "\x1b[1;36m", *plain = "\x1b[0m";

} // namespace

std::string Session::paint(const std::string &rendered) const {
  if (!useColor)
    return rendered;
  std::string result;
  llvm::StringRef rest = rendered;
  while (!rest.empty()) {
    auto [line, tail] = rest.split('\n');
    const char *color = line.starts_with("error")            ? red
                        : line.starts_with("warning")        ? yellow
                        : line.ltrim().starts_with("= help") ? cyan
                                                             : nullptr;
    size_t end = line.find(':');
    if (color && end != llvm::StringRef::npos)
      result += color + line.take_front(end).str() + plain +
                line.drop_front(end).str();
    else
      result += line.str();
    if (rest.size() > line.size())
      result += '\n';
    rest = tail;
  }
  return result;
}

void Session::diagnosticLine(const tsdk_diag &diag) {
  char code[16] = "";
  if (diag.code)
    std::snprintf(code, sizeof(code), "T%04u", diag.code);
  llvm::json::Object line{
      {"reason", "diagnostic"},
      {"severity", severityName(diag.severity)},
      {"code", code},
      {"file", llvm::json::fixUTF8(text(diag.file))},
      {"line", diag.line},
      {"column", diag.column},
      {"end_line", diag.end_line},
      {"end_column", diag.end_column},
      {"message", llvm::json::fixUTF8(text(diag.message))},
      {"help", llvm::json::fixUTF8(text(diag.help))},
      {"rendered", llvm::json::fixUTF8(text(diag.rendered))}};
  if (diag.parent != TSDK_NO_PARENT)
    line["parent"] = diag.parent;
  llvm::errs() << llvm::json::Value(std::move(line)) << '\n';
}

void Session::diagnostics(tsdk_diags diags) {
  if (common.messageFormat == "json") {
    forEachDiagnostic(diags,
                      [&](const tsdk_diag &diag) { diagnosticLine(diag); });
    return;
  }
  // What passes say of lines is what `tilesdk explain` shows beside them.
  std::string kept;
  size_t hidden = 0;
  bool isRead = forEachDiagnostic(diags, [&](const tsdk_diag &diag) {
    // Notes are in the text of what they belong to.
    if (diag.parent != TSDK_NO_PARENT)
      return;
    if (diag.severity == TSDK_SEVERITY_REMARK && diag.line && !common.verbose) {
      ++hidden;
      return;
    }
    std::string rendered = text(diag.rendered);
    if (rendered.empty())
      rendered =
          std::string(severityName(diag.severity)) + ": " + text(diag.message);
    kept += rendered;
    if (kept.back() != '\n')
      kept += '\n';
  });
  if (!isRead)
    return;
  llvm::errs() << paint(kept);
  if (hidden)
    note((hidden == 1 ? "1 remark: " : std::to_string(hidden) + " remarks: ") +
         "tilesdk explain shows them by line, -v prints them");
}

int Session::fail(tsdk_error error) {
  tsdk_code code = tsdk_error_code(error);
  tsdk_diags diags = tsdk_error_diags(error);
  if (tsdk_diags_count(diags)) {
    diagnostics(diags);
  } else if (common.messageFormat == "json") {
    llvm::errs() << llvm::json::Value(llvm::json::Object{
                        {"reason", "error"},
                        {"severity", "error"},
                        {"code", text(tsdk_code_name(code))},
                        {"message",
                         llvm::json::fixUTF8(text(tsdk_error_message(error)))}})
                 << '\n';
  } else {
    std::string message = text(tsdk_error_message(error));
    llvm::errs() << paint("error: " + message) << '\n';
  }
  int result = exitOf(code);
  tsdk_error_release(error);
  return result;
}

int Session::fail(int code, const std::string &message,
                  const std::string &help) {
  if (common.messageFormat == "json") {
    llvm::errs() << llvm::json::Value(llvm::json::Object{{"reason", "error"},
                                                         {"severity", "error"},
                                                         {"code", ""},
                                                         {"message", message},
                                                         {"help", help}})
                 << '\n';
    return code;
  }
  llvm::errs() << paint("error: " + message) << '\n';
  if (!help.empty())
    llvm::errs() << paint("  = help: " + help) << '\n';
  return code;
}

void Session::warn(const std::string &message) {
  if (!common.quiet)
    llvm::errs() << paint("warning: " + message) << '\n';
}

void Session::note(const std::string &message) {
  if (!common.quiet && common.messageFormat != "json")
    llvm::errs() << message << '\n';
}

int Session::parse(const std::string &json, llvm::json::Value &value) {
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(json);
  if (!parsed)
    return fail(ExitInternal, "libtilesdk gave malformed JSON: " +
                                  llvm::toString(parsed.takeError()));
  value = std::move(*parsed);
  return ExitOk;
}

void tilesdk::tool::printJson(llvm::json::Value value) {
  llvm::outs() << llvm::formatv("{0:2}", value) << '\n';
}

std::string tilesdk::tool::bytesText(double bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (bytes >= 1024 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), unit ? "%.1f %s" : "%.0f %s", bytes,
                units[unit]);
  return buffer;
}

std::string tilesdk::tool::timeText(double nanoseconds) {
  static const char *const units[] = {"ns", "us", "ms", "s"};
  int unit = 0;
  while (nanoseconds >= 1000 && unit < 3) {
    nanoseconds /= 1000;
    ++unit;
  }
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.3g %s", nanoseconds, units[unit]);
  return buffer;
}

std::string tilesdk::tool::countText(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string tilesdk::tool::didYouMean(const std::string &name,
                                      const std::vector<std::string> &names) {
  const std::string *best = nullptr;
  unsigned bestDistance = static_cast<unsigned>(name.size() / 3 + 1);
  for (const std::string &candidate : names) {
    unsigned distance = llvm::StringRef(name).edit_distance(
        candidate, /*AllowReplacements=*/true, bestDistance + 1);
    if (distance <= bestDistance && (!best || distance < bestDistance)) {
      best = &candidate;
      bestDistance = distance;
    }
  }
  return best ? " (did you mean `" + *best + "`?)" : "";
}
