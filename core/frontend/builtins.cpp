//===- builtins.cpp - The table of builtin functions ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/builtins.h"

#include "llvm/ADT/StringSet.h"

using namespace tilesdk;
using namespace tilesdk::frontend;

static Value defaultOf(llvm::StringRef text) {
  if (text == "None")
    return Value::none();
  if (text == "True" || text == "False")
    return Value::boolOf(text == "True");
  if (text == "()")
    return Value::tuple({});
  if (text.size() >= 2 && text.front() == '\'')
    return Value::stringOf(text.drop_front().drop_back());
  if (text.starts_with("tl."))
    return Value::typeOf(*dtypeOfLanguageName(text.drop_front(3)));
  if (BigInt::Maybe number = BigInt::parse(text))
    return Value::intOf(*number);
  double number = 0;
  text.getAsDouble(number);
  return Value::floatOf(number);
}

static std::vector<BuiltinParam> parseParams(llvm::StringRef text) {
  std::vector<BuiltinParam> params;
  bool keywordOnly = false;
  while (!text.empty()) {
    auto [part, rest] = text.split(',');
    part = part.trim();
    text = rest;
    if (part == "*") {
      keywordOnly = true;
      continue;
    }
    BuiltinParam param;
    param.isKeywordOnly = keywordOnly;
    if (part.consume_front("*")) {
      param.isVariadic = keywordOnly = true;
      param.name = part;
      params.push_back(std::move(param));
      continue;
    }
    auto [name, value] = part.split('=');
    param.name = name;
    param.isRequired = !part.contains('=');
    if (!param.isRequired)
      param.defaultValue = defaultOf(value);
    params.push_back(std::move(param));
  }
  return params;
}

namespace {
struct Table {
  llvm::StringMap<const BuiltinInfo *> byName;
  llvm::DenseMap<const BuiltinInfo *, std::vector<BuiltinParam>> params;
  llvm::StringSet<> methods;

  Table() {
    for (llvm::ArrayRef<BuiltinInfo> group :
         {creationBuiltins(), shapeBuiltins(), memoryBuiltins(),
          blockPointerBuiltins(), descriptorBuiltins(), atomicBuiltins(),
          mathBuiltins(), dotBuiltins(), reductionBuiltins(), hintBuiltins(),
          pythonBuiltins()})
      for (const BuiltinInfo &builtin : group) {
        byName[builtin.name] = &builtin;
        params[&builtin] = parseParams(builtin.params);
        if (builtin.flags & isMethod)
          methods.insert(builtin.name.drop_front(3));
      }
    // Methods that the prelude defines.
    for (llvm::StringRef name :
         {"sum", "max", "min", "argmax", "argmin", "xor_sum", "reduce_or",
          "cumsum", "cumprod", "sort", "flip", "ravel", "sigmoid", "softmax",
          "cdiv"})
      methods.insert(name);
  }
};

} // namespace

static const Table &table() {
  static const Table instance;
  return instance;
}

const BuiltinInfo *tilesdk::frontend::findBuiltin(llvm::StringRef name) {
  return table().byName.lookup(name);
}

llvm::ArrayRef<BuiltinParam>
tilesdk::frontend::builtinParams(const BuiltinInfo &builtin) {
  return table().params.find(&builtin)->second;
}

std::vector<llvm::StringRef>
tilesdk::frontend::builtinNames(llvm::StringRef prefix) {
  std::vector<llvm::StringRef> names;
  for (const auto &entry : table().byName)
    if (entry.first().starts_with(prefix) &&
        !(entry.second->flags & isInternal))
      names.push_back(entry.first().drop_front(prefix.size()));
  llvm::sort(names);
  return names;
}

bool tilesdk::frontend::isMethodName(llvm::StringRef name) {
  return table().methods.contains(name);
}

std::optional<int64_t> tilesdk::frontend::axisOf(Sema &sema, const Value &value,
                                                 int64_t rank, Span where) {
  std::optional<int64_t> axis = sema.constInt(value, "the axis", where);
  if (!axis)
    return std::nullopt;
  if (*axis < -rank || *axis >= rank) {
    sema.report(Diag::AxisOutOfRange, where, *axis, rank);
    return std::nullopt;
  }
  return *axis < 0 ? *axis + rank : *axis;
}
