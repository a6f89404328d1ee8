//===- knobs.h - Settings of a context --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/runtime/error.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace tilesdk::runtime {

enum class Knob : unsigned {
#define TILESDK_KNOB(NAME, TYPE, DEFAULT, SENTENCE) NAME,
#include "core/runtime/knobs.def"
};

class Knobs {
public:
  /// Reads the environment, then `options`.
  Error init(const tsdk_option *options, size_t numOptions);

  llvm::StringRef text(Knob knob) const { return value(knob).text; }
  bool flag(Knob knob) const { return value(knob).number != 0; }
  uint64_t integer(Knob knob) const { return value(knob).number; }

  /// Name, value, origin and sentence of each.
  llvm::json::Value toJson() const;

private:
  struct Value {
    std::string text;
    uint64_t number = 0;
    const char *origin = "default";
  };
  const Value &value(Knob knob) const {
    return values[static_cast<unsigned>(knob)];
  }
  Error set(unsigned index, llvm::StringRef text, const char *origin);
  std::vector<Value> values;
};

/// Elements of a list separated by ':' without the empty ones.
std::vector<std::string> splitPath(llvm::StringRef list);

/// The member of `names` that is closest to `name`, in the words " (did you
/// mean `...`?)"; empty when none is close.
std::string didYouMean(llvm::StringRef name,
                       const std::vector<llvm::StringRef> &names);

} // namespace tilesdk::runtime
