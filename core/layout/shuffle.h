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
#include "core/layout/f2.h"

#include <set>

namespace tilesdk::layout {

/// The rounds for a pull map that stays within warps.
ShufflePlan planShuffle(const Layout &pull);

/// Selects by which each thread takes, for each number of \p used, the register
/// of that number ^ f(thread), where the values of f are spanned by \p
/// byThread: exchanges in pairs, one round a dimension, without what nobody
/// uses.
uint64_t countPicks(const f2::Vectors &byThread, std::set<uint64_t> used);

/// Shuffles and selects of one repetition of \p plan, with \p packBits low
/// registers moved at once.
void countShuffle(const ShufflePlan &plan, unsigned packBits,
                  uint64_t &shuffles, uint64_t &selects);

/// How many of the lowest register bits stay what they are in \p pull, and
/// could travel in one word: at most \p limit.
unsigned packedBits(const Layout &pull, unsigned limit);

} // namespace tilesdk::layout
