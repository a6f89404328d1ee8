//===- bounded_address.h - Addresses near one uniform pointer ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

/// Pointers of a tile as one scalar pointer, and offsets in bytes that are
/// known to be from 0 up to 2^31: what targets with buffer addressing take as a
/// resource and a number of 32 bits, where offsets beyond the resource stand
/// for elements that are masked off.
///
/// Sums of indices are taken apart into what all elements share and what is
/// bounded. Like axis information this assumes that they do not wrap.
class BoundedAddress {
public:
  /// Nothing: the range of \p ptr is not known. \p bytes: of an access.
  static std::optional<BoundedAddress> find(SimtEngine &e, Value ptr,
                                            unsigned bytes);

  Value base() const { return start; }
  /// i32, of register \p r.
  Value offset(unsigned r) const;

private:
  struct Term {
    Value value; ///< A tensor of integers, laid out as the pointers.
    unsigned scale;
  };
  explicit BoundedAddress(SimtEngine &e) : e(&e) {}

  SimtEngine *e;
  Value start;
  SmallVector<Term> terms;
};

} // namespace tilesdk::lowering
