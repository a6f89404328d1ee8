//===- buffer_plan.cpp - Memory that two sides access as it lies ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An exchange may put the elements of a vector in another order for each lane
// (layout::turnVector), accesses of buffers do not: no lane and no warp may
// differ from others in the digits of a vector. deriveSwizzle chooses digits
// above the vector only up to what they have of it: adding parts of the vector
// to them changes nothing where a side touches the vector at once anyway. So
// they are made such that lanes and warps leave vectors as they are.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/buffer_plan.h"
#include "core/layout/algebra.h"
#include "core/layout/dims.h"
#include "core/layout/f2.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace tilesdk::optimizer {

using layout::Layout;
namespace f2 = layout::f2;

/// The columns of \p name, which \p layout need not have.
static f2::Vectors columnsOf(const Layout &layout, const char *name) {
  auto dim = layout.inputIndex(name);
  if (!dim)
    return {};
  auto first = layout.columns().begin() + layout.firstInputBit(*dim);
  return {first, first + layout.inputs()[*dim].bits()};
}

namespace {
/// One side: who accesses, by what, and how many binary digits one access has.
struct Side {
  const Layout &layout;
  const layout::SharedAccess &access;
  layout::AccessCount &count;
  unsigned width = Log2_64(count.elements);

  /// Whether each access begins with the same register for lanes and warps.
  bool isStraight(const f2::Span &address) const {
    uint64_t within = (uint64_t(1) << width) - 1;
    for (const char *input : {"lane", "warp"})
      for (uint64_t column : columnsOf(layout, input))
        if (address.reduce(column).used & within)
          return false;
    return true;
  }

  /// The dimension of what a phase touches that lies in one bank.
  size_t conflicts(const f2::Vectors &memory, unsigned rowBits) const {
    f2::Vectors touched(memory.begin(), memory.begin() + width),
        rows(memory.begin() + rowBits, memory.end()),
        lanes = columnsOf(layout, "lane");
    if (!access.phases.empty())
      for (uint32_t lane : access.phases.front())
        f2::extend(touched,
                   {f2::multiply(lanes, lane ^ access.phases.front().front())},
                   64);
    f2::Vectors both = touched;
    f2::extend(both, rows, 64);
    return touched.size() + rows.size() - both.size();
  }
};
} // namespace

/// The plan for the only store and the only load of \p shared.
static std::optional<BufferPlan>
planAccesses(const Layout &source, const Layout &reader, unsigned bytes,
             const layout::SharedMemory &shared, uint64_t times) {
  layout::Result<layout::SharedPlan> plan =
      layout::deriveSwizzle(source, reader, bytes, shared);
  layout::Result<layout::Aligned> aligned =
      layout::alignOutputs(source, reader);
  if (!plan || !plan->swizzled || !aligned)
    return std::nullopt;
  Side sides[2] = {{aligned->a, shared.stores.front(), plan->store},
                   {aligned->b, shared.loads.front(), plan->load}};
  auto isStraight = [&](const f2::Vectors &memory) {
    f2::Span address(memory);
    return address.dimension() == memory.size() &&
           all_of(sides, [&](Side &side) { return side.isStraight(address); });
  };
  f2::Vectors memory = plan->memory.columns();
  unsigned low = std::max(sides[0].width, sides[1].width);
  unsigned rowBits = Log2_64(
      std::max<uint64_t>(1, uint64_t(shared.banks) * shared.bankBytes / bytes));
  rowBits = std::min<unsigned>(rowBits, memory.size());
  if (memory.size() < low)
    return std::nullopt;
  if (!isStraight(memory)) {
    // What else there is than the vector, the reader's lanes first.
    f2::Vectors vector(memory.begin(), memory.begin() + low), order = vector,
                                                              turned = memory;
    for (const Side &side : reverse(sides))
      for (const char *input : {"lane", "warp", "register"})
        f2::extend(order, columnsOf(side.layout, input), 64);
    f2::extend(order, f2::units(unsigned(memory.size())), 64);
    f2::Span span(order);
    for (uint64_t &column : MutableArrayRef(memory).drop_front(low))
      column ^= f2::multiply(vector, span.reduce(column).used &
                                         ((uint64_t(1) << low) - 1));
    if (!isStraight(memory))
      return std::nullopt;
    // A side whose lanes fill a row of banks without the vector may have got
    // conflicts.
    for (Side &side : sides) {
      size_t before = side.conflicts(turned, rowBits),
             after = side.conflicts(memory, rowBits);
      if (after > before)
        side.count.cycles <<= after - before;
    }
  }
  layout::InputBases offsets{"offset", {}};
  for (uint64_t column : memory)
    offsets.bases.push_back({2, plan->memory.outputFromBits(column)});
  std::vector<layout::OutputDim> outputs;
  for (const layout::Dim &dim : plan->memory.outputs())
    outputs.push_back({dim.name, {dim.size()}});
  layout::Result<Layout> made = Layout::fromBases({offsets}, outputs);
  if (!made)
    return std::nullopt;
  plan->moves.turns = 0;
  plan->load.cycles *= times;
  plan->load.instructions *= times;
  uint64_t cost = plan->cost(shared);
  // Where the model sees no difference to speak of, no conflicts.
  if (any_of(sides,
             [&](Side &side) { return side.conflicts(memory, rowBits) != 0; }))
    cost += cost / 8;
  return BufferPlan{*made, cost};
}

std::optional<BufferPlan> planBuffer(const Layout &source, const Layout &reader,
                                     unsigned bytes,
                                     const layout::SharedMemory &shared,
                                     uint64_t times) {
  std::optional<BufferPlan> best;
  layout::SharedMemory one = shared;
  one.scratchLimit = 0;
  for (const layout::SharedAccess &store : shared.stores)
    for (const layout::SharedAccess &load : shared.loads) {
      one.stores.assign(1, store);
      one.loads.assign(1, load);
      std::optional<BufferPlan> plan =
          planAccesses(source, reader, bytes, one, times);
      if (plan && (!best || plan->cost < best->cost))
        best = std::move(plan);
    }
  return best;
}

} // namespace tilesdk::optimizer
