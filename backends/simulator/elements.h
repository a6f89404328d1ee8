//===- elements.h - Elements of matrix instructions as numbers --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>
#include <string_view>

namespace tilesdk::simulator {

/// An element type by its name in tables ("f16", "tf32", "f8E4M3FN").
class ElementType {
public:
  explicit ElementType(std::string_view name);
  /// Bytes that one element takes in a register.
  unsigned bytes() const { return size; }
  bool isInteger() const { return kind == Signed || kind == Unsigned; }
  /// Element \p index of \p memory, exactly; tf32 drops what its operands drop.
  double load(const void *memory, unsigned index) const;
  /// Rounds to nearest even; integers wrap.
  void store(void *memory, unsigned index, double value) const;
  int64_t loadInteger(const void *memory, unsigned index) const;
  void storeInteger(void *memory, unsigned index, int64_t value) const;

private:
  enum Kind { Signed, Unsigned, Float };
  Kind kind = Float;
  unsigned size = 4;
  int exponentBits = 8, mantissaBits = 23, bias = 127;
  /// No infinities: all bits set (fn), or the negative zero (fnuz), is the NaN.
  bool isFn = false, isFnuz = false, isTf32 = false;
};

} // namespace tilesdk::simulator
