//===- table.cpp - A layout, register by register ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/table.h"

#include "llvm/ADT/DenseMap.h"

namespace tilesdk::lowering {

uint64_t ThreadMap::reach() const {
  uint64_t all = 0;
  for (uint64_t c : lane)
    all |= c;
  for (uint64_t c : warp)
    all |= c;
  return all;
}

RegisterDigits::RegisterDigits(const layout::Dim &dim) {
  for (size_t i = 0; i < dim.radix.size(); ++i) {
    if (dim.radix[i] == 2) {
      bitSteps.push_back(dim.step(i));
      ++bits;
    } else {
      oddSteps.push_back(dim.step(i));
      oddRadix.push_back(dim.radix[i]);
      odds *= dim.radix[i];
    }
  }
}

uint64_t RegisterDigits::compose(uint64_t set, uint64_t odd) const {
  uint64_t number = 0;
  for (unsigned b = 0; b < bits; ++b)
    if (set >> b & 1)
      number += bitSteps[b];
  for (size_t i = 0; i < oddRadix.size(); ++i) {
    number += odd % oddRadix[i] * oddSteps[i];
    odd /= oddRadix[i];
  }
  return number;
}

std::pair<uint64_t, uint64_t> RegisterDigits::decompose(uint64_t number) const {
  uint64_t set = 0, odd = 0, scale = 1;
  for (unsigned b = 0; b < bits; ++b)
    set |= (number / bitSteps[b] & 1) << b;
  for (size_t i = 0; i < oddRadix.size(); ++i) {
    odd += number / oddSteps[i] % oddRadix[i] * scale;
    scale *= oddRadix[i];
  }
  return {set, odd};
}

static layout::Dim registerDim(const layout::Layout &layout) {
  if (auto i = layout.inputIndex("register"))
    return layout.inputs()[*i];
  return {"register", {}};
}

LayoutTable::LayoutTable(layout::Layout l)
    : layout(std::move(l)), digits(registerDim(layout)) {
  // The odd output digits, numbered as links() does.
  llvm::SmallVector<uint32_t, 2> outRadix;
  for (const layout::Dim &dim : layout.outputs())
    for (uint32_t radix : dim.radix)
      if (radix != 2)
        outRadix.push_back(radix);
  llvm::SmallVector<uint64_t, 2> outScale;
  for (uint32_t radix : outRadix) {
    outScale.push_back(odds);
    odds *= radix;
  }

  llvm::SmallVector<uint64_t, 8> columns;
  llvm::SmallVector<int, 2> links;
  unsigned bit = 0, oddDigit = 0;
  std::vector<uint64_t> free = layout.freeVariableMasks();
  for (auto [d, dim] : llvm::enumerate(layout.inputs())) {
    bool isRegister = dim.name == "register", isLane = dim.name == "lane",
         isWarp = dim.name == "warp";
    for (uint32_t radix : dim.radix) {
      if (radix != 2) {
        if (isRegister)
          links.push_back(layout.links()[oddDigit]);
        else
          isSupported = false;
        ++oddDigit;
        continue;
      }
      uint64_t column = layout.columns()[bit++];
      if (isRegister)
        columns.push_back(column);
      else if (isLane)
        thread.lane.push_back(column);
      else if (isWarp)
        thread.warp.push_back(column);
    }
    if (isLane)
      laneCopies = free[d];
    if (isWarp)
      warpCopies = free[d];
  }

  uint64_t count = digits.odds << digits.bits;
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, unsigned> seen;
  for (uint64_t reg = 0; reg < count; ++reg) {
    auto [set, number] = digits.decompose(reg);
    uint64_t place = 0, outOdd = 0;
    for (unsigned b = 0; b < columns.size(); ++b)
      if (set >> b & 1)
        place ^= columns[b];
    for (size_t i = 0; i < links.size(); ++i) {
      uint64_t digit = number % digits.oddRadix[i];
      number /= digits.oddRadix[i];
      if (links[i] >= 0)
        outOdd += digit * outScale[links[i]];
    }
    bits.push_back(place);
    odd.push_back(outOdd);
    firstCopy.push_back(
        seen.try_emplace({place, outOdd}, unsigned(reg)).first->second);
  }

  unsigned outBit = 0;
  size_t outOddDigit = 0;
  for (const layout::Dim &dim : layout.outputs()) {
    auto &list = groups.emplace_back();
    auto &parts = oddParts.emplace_back(count, 0);
    for (size_t i = 0; i < dim.radix.size(); ++i) {
      uint64_t step = dim.step(i);
      if (dim.radix[i] != 2) {
        uint64_t scale = outScale[outOddDigit++];
        for (uint64_t reg = 0; reg < count; ++reg)
          parts[reg] += odd[reg] / scale % dim.radix[i] * step;
        continue;
      }
      if (!list.empty() && list.back().step << list.back().count == step)
        ++list.back().count;
      else
        list.push_back({outBit, 1, step});
      ++outBit;
    }
  }
}

uint64_t LayoutTable::expand(uint64_t set, unsigned dim) const {
  uint64_t coordinate = 0;
  for (const BitGroup &group : groups[dim])
    coordinate +=
        (set >> group.first & ((uint64_t(1) << group.count) - 1)) * group.step;
  return coordinate;
}

} // namespace tilesdk::lowering
