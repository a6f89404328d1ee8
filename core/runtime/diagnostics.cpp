//===- diagnostics.cpp - Diagnostics and blobs as objects -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/diagnostics.h"

#include "core/runtime/json.h"

using namespace tilesdk::runtime;

namespace {

const char *severityText(uint32_t severity) {
  switch (severity) {
  case TSDK_SEVERITY_NOTE:
    return "note";
  case TSDK_SEVERITY_REMARK:
    return "remark";
  case TSDK_SEVERITY_WARNING:
    return "warning";
  default:
    return "error";
  }
}

} // namespace

size_t DiagList::count(uint32_t severity) const {
  size_t result = 0;
  for (const DiagEntry &entry : entries)
    result += entry.severity == severity;
  return result;
}

void DiagList::add(DiagEntry entry) {
  size_t before = rendered.size();
  if (!entry.rendered.empty()) {
    rendered += entry.rendered;
    if (rendered.back() != '\n')
      rendered += '\n';
  } else if (entry.parent == TSDK_NO_PARENT) {
    // The maker did not render it: no source at hand.
    if (!entry.file.empty()) {
      rendered += entry.file;
      if (entry.line)
        rendered += ":" + std::to_string(entry.line);
      if (entry.line && entry.column)
        rendered += ":" + std::to_string(entry.column);
      rendered += ": ";
    }
    rendered += severityText(entry.severity);
    rendered += ": " + entry.message + "\n";
    if (!entry.help.empty())
      rendered += "   = help: " + entry.help + "\n";
  }
  if (entry.severity != TSDK_SEVERITY_REMARK)
    problems += rendered.substr(before);
  entries.push_back(std::move(entry));
}

std::string DiagList::toJson() const {
  llvm::json::Array list;
  for (const DiagEntry &entry : entries)
    list.push_back(llvm::json::Object{{"severity", entry.severity},
                                      {"code", entry.code},
                                      {"parent", entry.parent},
                                      {"line", entry.line},
                                      {"column", entry.column},
                                      {"end_line", entry.endLine},
                                      {"end_column", entry.endColumn},
                                      {"file", jsonText(entry.file)},
                                      {"message", jsonText(entry.message)},
                                      {"help", jsonText(entry.help)},
                                      {"rendered", jsonText(entry.rendered)}});
  return printJson(std::move(list));
}

Ref<DiagList> DiagList::fromJson(llvm::StringRef text) {
  Ref<DiagList> result = makeRef<DiagList>();
  std::optional<llvm::json::Value> value = parseJson(text);
  const llvm::json::Array *list = value ? value->getAsArray() : nullptr;
  if (!list)
    return result;
  for (const llvm::json::Value &element : *list) {
    const llvm::json::Object *object = element.getAsObject();
    if (!object)
      continue;
    auto number = [&](const char *name) {
      return static_cast<uint32_t>(object->getInteger(name).value_or(0));
    };
    auto string = [&](const char *name) {
      return object->getString(name).value_or("").str();
    };
    DiagEntry entry;
    entry.severity = number("severity");
    entry.code = number("code");
    entry.parent = number("parent");
    entry.line = number("line");
    entry.column = number("column");
    entry.endLine = number("end_line");
    entry.endColumn = number("end_column");
    entry.file = string("file");
    entry.message = string("message");
    entry.help = string("help");
    entry.rendered = string("rendered");
    result->add(std::move(entry));
  }
  return result;
}
