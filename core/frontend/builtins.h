//===- builtins.h - Functions that the compiler implements ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each builtin is one row: its dotted name, its parameters in Python's words,
// and a handler. `tl.` stands for triton.language, `triton.` for the package,
// `py.` for Python's own builtins.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/frontend/sema.h"

namespace tilesdk::frontend {

struct BuiltinParam {
  llvm::StringRef name;
  Value defaultValue;
  bool isRequired = false;
  /// `*name`: takes all remaining positional arguments as a tuple.
  bool isVariadic = false;
  /// Behind the variadic one, or behind `*`.
  bool isKeywordOnly = false;
};

enum BuiltinFlag : uint8_t {
  /// Also a method of run-time values.
  isMethod = 1,
  /// The result is all it gives.
  mustUse = 2,
  /// Only the prelude may call it.
  isInternal = 4,
};

/// Arguments of one call, one per parameter.
struct BuiltinCall {
  const BuiltinInfo &builtin;
  llvm::SmallVector<Value, 8> values;
  llvm::SmallVector<Span, 8> spans;
  /// Bit i: the caller gave parameter i.
  uint64_t given = 0;
  Span span;

  const Value &operator[](unsigned i) const { return values[i]; }
  bool has(unsigned i) const { return given >> i & 1; }
  llvm::StringRef paramName(unsigned i) const;
  llvm::StringRef name() const;
};

struct BuiltinInfo {
  llvm::StringRef name;
  /// "x, axis=None, *, keep_dims=False"; defaults are Python literals.
  llvm::StringRef params;
  Value (*handler)(Sema &sema, BuiltinCall &call);
  uint8_t flags = 0;
};

/// As users write it: "tl.load", "len".
inline llvm::StringRef builtinSpelling(const BuiltinInfo &builtin) {
  llvm::StringRef name = builtin.name;
  if (!name.consume_front("desc."))
    name.consume_front("py.");
  return name;
}
/// Null when there is none of that name ("tl.load", "py.len").
const BuiltinInfo *findBuiltin(llvm::StringRef name);
llvm::ArrayRef<BuiltinParam> builtinParams(const BuiltinInfo &builtin);
/// Names that start with \p prefix, without it.
std::vector<llvm::StringRef> builtinNames(llvm::StringRef prefix);
/// `x.name(...)` is `name(x, ...)` for these; a builtin or a prelude function.
bool isMethodName(llvm::StringRef name);
/// An axis of \p rank dimensions from an argument, negative ones counted from
/// the end; reports and gives nothing when it is none.
std::optional<int64_t> axisOf(Sema &sema, const Value &value, int64_t rank,
                              Span where);

// The groups, one file each.
llvm::ArrayRef<BuiltinInfo> creationBuiltins();
llvm::ArrayRef<BuiltinInfo> shapeBuiltins();
llvm::ArrayRef<BuiltinInfo> memoryBuiltins();
llvm::ArrayRef<BuiltinInfo> blockPointerBuiltins();
llvm::ArrayRef<BuiltinInfo> descriptorBuiltins();
llvm::ArrayRef<BuiltinInfo> atomicBuiltins();
llvm::ArrayRef<BuiltinInfo> mathBuiltins();
llvm::ArrayRef<BuiltinInfo> dotBuiltins();
llvm::ArrayRef<BuiltinInfo> reductionBuiltins();
llvm::ArrayRef<BuiltinInfo> hintBuiltins();
llvm::ArrayRef<BuiltinInfo> pythonBuiltins();

} // namespace tilesdk::frontend
