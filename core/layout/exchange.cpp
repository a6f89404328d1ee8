//===- exchange.cpp - What all exchanges through memory share -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/exchange.h"
#include "core/layout/f2.h"

#include <bit>

namespace tilesdk::layout {

uint64_t costOfUnits(uint64_t arithmetic, uint64_t memory) {
  return std::max(arithmetic, memory) + std::min(arithmetic, memory) / 4;
}

uint64_t SharedPlan::cost(const SharedMemory &machine) const {
  return costOfUnits((moves.joins + moves.turns) * machine.moveCost,
                     (store.cycles + load.cycles) * machine.cycleCost +
                         (store.instructions + load.instructions) *
                             machine.issueCost);
}

VectorMoves movesOfVector(uint32_t elements, uint32_t elementBytes,
                          const std::vector<uint64_t> &columns) {
  constexpr uint32_t wordBytes = 4;
  uint32_t inWord = std::max(1u, wordBytes / elementBytes);
  uint32_t wordsEach = std::max(1u, elementBytes / wordBytes);
  f2::Vectors high;
  bool isTurned = false;
  if (elements < inWord)
    inWord = 1; // Not worth it.
  for (uint64_t column : columns) {
    f2::extend(high, {column / inWord}, 64);
    isTurned |= column % inWord != 0;
  }
  uint64_t words = elements / inWord;
  uint64_t joins = uint64_t(elements) - words;
  // A rotation; for bytes also a reversal that is picked.
  uint64_t turns = isTurned ? (inWord == 4 ? 3 : 1) * words : 0;
  return {joins, turns + f2::rank(high) * words * wordsEach};
}

std::optional<Error> checkMachine(uint32_t elementBytes,
                                  const SharedMemory &machine) {
  if (!std::has_single_bit(elementBytes) ||
      !std::has_single_bit(machine.banks) ||
      !std::has_single_bit(machine.bankBytes))
    return Error{"element size, banks and bank width must be powers of two"};
  return std::nullopt;
}

void addMoves(VectorMoves &sum, const AccessCount &side, uint32_t elementBytes,
              const std::vector<uint64_t> &columns) {
  VectorMoves one = movesOfVector(side.elements, elementBytes, columns);
  sum.joins += side.instructions * one.joins;
  sum.turns += side.instructions * one.turns;
}

bool better(const SharedPlan &a, const SharedPlan &b,
            const SharedMemory &machine) {
  uint64_t ca = a.cost(machine), cb = b.cost(machine);
  if (ca != cb)
    return ca < cb;
  return a.store.instructions + a.load.instructions <
         b.store.instructions + b.load.instructions;
}

} // namespace tilesdk::layout
