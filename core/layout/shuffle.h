//===- shuffle.h - Finding the rounds of a shuffle --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private to this folder.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/layout/conversion.h"

namespace tilesdk::layout {

/// The rounds for a pull map that stays within warps.
ShufflePlan planShuffle(const Layout &pull);

/// Shuffles and selects of one repetition of \p plan, which has \p sources
/// registers to move, with \p packBits low registers moved at once.
void countShuffle(const ShufflePlan &plan, uint64_t sources, unsigned packBits,
                  uint64_t &shuffles, uint64_t &selects);

/// How many of the lowest register bits stay what they are in \p pull, and
/// could travel in one word: at most \p limit.
unsigned packedBits(const Layout &pull, unsigned limit);

} // namespace tilesdk::layout
