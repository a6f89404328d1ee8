//===- linear_exchange.cpp - Exchange of any two layouts ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row-major memory with a padded pitch, for layouts that have no common digits.
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/layout/exchange.h"

namespace tilesdk::layout {

Result<SharedPlan> exchangeByLinearIndex(const Layout &src, const Layout &dst,
                                         uint32_t elementBytes,
                                         const SharedMemory &machine) {
  if (auto error = checkMachine(elementBytes, machine))
    return *error;
  std::vector<std::string> ins, outs;
  for (const Dim &dim : dst.inputs())
    ins.push_back(dim.name);
  for (const Dim &dim : src.outputs()) {
    outs.push_back(dim.name);
    if (!dst.outputIndex(dim.name) || dst.outputSize(dim.name) != dim.size())
      return Error{"the layouts differ in the size of output '" + dim.name +
                   "'"};
  }
  Result<Layout> ordered = transpose(dst, ins, outs);
  if (!ordered)
    return Error{ordered.error()};
  if (outs.empty())
    return Error{"a layout without outputs needs no exchange"};
  if (src.inputSize("block") > 1 || dst.inputSize("block") > 1)
    return Error{"an exchange by linear index is within one block"};

  uint64_t row = src.outputs().back().size();
  uint64_t rows = src.totalOutputSize() / row;
  auto indices = [&](const Layout &side) {
    std::vector<uint64_t> result;
    for (uint64_t warp = 0; warp < sizeOf(side, "warp"); ++warp)
      for (uint64_t lane = 0; lane < sizeOf(side, "lane"); ++lane)
        for (uint64_t reg = 0; reg < sizeOf(side, "register"); ++reg) {
          Coord coord = *side.apply(placeOf(side, reg, lane, warp));
          uint64_t index = 0;
          for (size_t i = 0; i < coord.size(); ++i)
            index = index * src.outputs()[i].size() + coord[i];
          result.push_back(index);
        }
    return result;
  };
  std::vector<uint64_t> stored = indices(src), loaded = indices(*ordered);
  std::optional<SharedPlan> best;
  for (uint64_t padBytes = 0; padBytes <= 32;
       padBytes = padBytes ? padBytes * 2 : elementBytes) {
    uint64_t pitch = row + padBytes / elementBytes;
    auto bestAccess = [&](const Layout &side, Copies copies,
                          const std::vector<SharedAccess> &accesses,
                          const std::vector<uint64_t> &elements) {
      std::optional<AccessCount> found;
      uint64_t registers = sizeOf(side, "register"),
               lanes = sizeOf(side, "lane");
      for (const SharedAccess &access : accesses) {
        if (access.bytes < elementBytes || access.bytes % elementBytes)
          continue;
        uint32_t wanted = access.bytes / elementBytes;
        // A padded row begins aligned only for divisors of the pitch.
        if (side.widestVector(outs.back(), wanted, rows > 1 ? pitch : wanted,
                              true)
                .elements < wanted)
          continue;
        AccessCount count =
            countPlaces(side, copies, elementBytes, access, machine,
                        [&](uint64_t reg, uint64_t lane, uint64_t warp) {
                          uint64_t index =
                              elements[reg + registers * (lane + lanes * warp)];
                          return index / row * pitch + index % row;
                        });
        if (!found || count.cycles < found->cycles ||
            (count.cycles == found->cycles &&
             count.instructions < found->instructions))
          found = count;
      }
      return found;
    };
    auto store = bestAccess(src, copiesOf(src), machine.stores, stored),
         load = bestAccess(*ordered, {}, machine.loads, loaded);
    if (!store || !load)
      continue;
    SharedPlan plan;
    plan.swizzled = false;
    plan.pitch = pitch;
    plan.store = *store;
    plan.load = *load;
    for (const AccessCount *side : {&plan.store, &plan.load})
      addMoves(plan.moves, *side, elementBytes, {});
    plan.scratchElements = pitch * rows;
    if (!best || better(plan, *best, machine))
      best = std::move(plan);
    if (rows == 1)
      break;
  }
  if (!best)
    return Error{"no shared-memory access of the machine moves elements of " +
                 std::to_string(elementBytes) + " bytes"};
  return *best;
}

} // namespace tilesdk::layout
