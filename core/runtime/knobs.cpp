//===- knobs.cpp - Settings of a context ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/knobs.h"

#include "core/runtime/json.h"
#include "core/runtime/text.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdlib>

using namespace tilesdk::runtime;

namespace {

enum class Type { Bool, Int, Text };

struct Row {
  const char *name;
  Type type;
  const char *initial;
  const char *sentence;
};

constexpr Row rows[] = {
#define TILESDK_KNOB(NAME, TYPE, DEFAULT, SENTENCE)                            \
  {#NAME, Type::TYPE, DEFAULT, SENTENCE},
#include "core/runtime/knobs.def"
};

} // namespace

std::vector<std::string> tilesdk::runtime::splitPath(llvm::StringRef list) {
  llvm::SmallVector<llvm::StringRef> parts;
  list.split(parts, ':', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  std::vector<std::string> result;
  for (llvm::StringRef part : parts)
    result.push_back(part.str());
  return result;
}

std::string
tilesdk::runtime::didYouMean(llvm::StringRef name,
                             const std::vector<llvm::StringRef> &names) {
  llvm::StringRef best;
  unsigned limit = name.size() / 3 + 1, bestDistance = limit + 1;
  for (llvm::StringRef candidate : names) {
    unsigned distance = name.edit_distance(candidate, true, limit);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best.empty() ? "" : (" (did you mean `" + best + "`?)").str();
}

Error Knobs::set(unsigned index, llvm::StringRef text, const char *origin) {
  const Row &row = rows[index];
  Value &value = values[index];
  uint64_t number = 0;
  if (row.type == Type::Bool) {
    std::optional<bool> flag = parseBool(text);
    if (!flag)
      return makeError(TSDK_E_INVALID_ARGUMENT,
                       llvm::Twine("setting `") + row.name + "` is `" + text +
                           "` (from the " + origin +
                           "): expected 0, 1, true or false");
    number = *flag;
  } else if (row.type == Type::Int && text.getAsInteger(10, number)) {
    return makeError(TSDK_E_INVALID_ARGUMENT,
                     llvm::Twine("setting `") + row.name + "` is `" + text +
                         "` (from the " + origin +
                         "): expected a number that is not negative");
  }
  value.text = text.str();
  value.number = number;
  value.origin = origin;
  return success();
}

Error Knobs::init(const tsdk_option *options, size_t numOptions) {
  values.assign(std::size(rows), Value());
  for (unsigned i = 0; i < std::size(rows); ++i) {
    if (Error error = set(i, rows[i].initial, "default"))
      return error;
    std::string variable = "TILESDK_" + llvm::StringRef(rows[i].name).upper();
    if (const char *text = std::getenv(variable.c_str()))
      if (Error error = set(i, text, "environment"))
        return error;
  }
  for (size_t i = 0; i < numOptions; ++i) {
    llvm::StringRef name = toRef(options[i].name);
    unsigned index = 0;
    while (index < std::size(rows) && name != rows[index].name)
      ++index;
    if (index == std::size(rows)) {
      std::vector<llvm::StringRef> names;
      for (const Row &row : rows)
        names.push_back(row.name);
      return makeError(TSDK_E_NOT_FOUND, "there is no setting `" + name + "`" +
                                             didYouMean(name, names));
    }
    if (Error error = set(index, toRef(options[i].value), "option"))
      return error;
  }
  return success();
}

llvm::json::Value Knobs::toJson() const {
  llvm::json::Array list;
  for (unsigned i = 0; i < std::size(rows); ++i)
    list.push_back(llvm::json::Object{
        {"name", rows[i].name},
        {"variable", "TILESDK_" + llvm::StringRef(rows[i].name).upper()},
        {"value", jsonText(values[i].text)},
        {"origin", values[i].origin},
        {"doc", rows[i].sentence}});
  return list;
}
