//===- operand_buffer.cpp - Shared memory between a load and a product ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/optimizer/simt/assign_layouts.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace tilesdk::simt;

namespace tilesdk::optimizer {

using layout::Layout;

static constexpr unsigned alignment = 16;

/// The dimension along which \p layout has the most neighbours in registers.
static unsigned fastestDim(const Layout &layout) {
  unsigned best = layout.outputs().size() - 1;
  uint32_t most = 1;
  for (unsigned dim = layout.outputs().size(); dim-- > 0;) {
    uint32_t width = layout.widestVector(dimName(dim), 16, 16).elements;
    if (width > most) {
      most = width;
      best = dim;
    }
  }
  return best;
}

/// The dimension that register 1 differs in from register 0.
static unsigned firstRegisterDim(const Layout &layout) {
  std::vector<layout::Basis> bases = layout.bases(registerDim);
  if (!bases.empty())
    for (auto [dim, value] : enumerate(bases.front().value))
      if (value)
        return dim;
  return layout.outputs().size() - 1;
}

/// The row that reads whole matrices so that lanes receive \p to, when memory
/// runs along \p fast; null when there is none.
static const target::SharedRow *matrixLoad(const target::Machine &machine,
                                           const Layout &to, unsigned fast,
                                           unsigned bytes) {
  bool transposed = firstRegisterDim(to) != fast;
  for (const target::SharedRow &row : machine.shared)
    if (row.isMatrix && !row.isStore && row.isTransposed == transposed &&
        row.bytes == 16 && (!transposed || row.elementBytes == bytes))
      return &row;
  return nullptr;
}

SharedLayoutAttr operandBuffer(LayoutAttr from, LayoutAttr to, unsigned bytes,
                               const target::Machine &machine) {
  const Layout &source = from.getLayout();
  Layout reader = to.getLayout();
  layout::ConversionMachine conversion = machine.conversion(bytes);
  unsigned fast = fastestDim(source), rank = source.outputs().size();
  unsigned other = fast == rank - 1 ? rank - 2 : rank - 1;
  unsigned rowElements = std::max(1u, 16 / bytes);
  const target::SharedRow *row =
      rank >= 2 ? matrixLoad(machine, reader, fast, bytes) : nullptr;
  SmallVector<int64_t, 4> shape;
  for (const layout::Dim &dim : source.outputs())
    shape.push_back(int64_t(dim.size()));
  LayoutBuilder lanes(shape);
  if (row && lanes.bitsLeft(fast) >= Log2_32(rowElements) &&
      lanes.bitsLeft(other) >= 3) {
    // Each of eight lanes names 16 bytes of one row: seen from the banks, an
    // ordinary access by lanes that go down the rows.
    for (unsigned i = 0; i < Log2_32(rowElements); ++i)
      lanes.addRegister(fast);
    unsigned laneBits = Log2_64(source.inputSize(laneDim));
    for (; laneBits && lanes.bitsLeft(other); --laneBits)
      lanes.addLane(other);
    for (; laneBits && lanes.bitsLeft(fast); --laneBits)
      lanes.addLane(fast);
    unsigned numLanes = source.inputSize(laneDim);
    reader = lanes.finish(rowMajorOrder(rank),
                          {numLanes, unsigned(source.inputSize(warpDim))});
    conversion.shared.loads.assign(
        1, layout::SharedAccess::contiguous(16, numLanes, 8));
  }
  layout::Result<layout::SharedPlan> plan =
      layout::deriveSwizzle(source, reader, bytes, conversion.shared);
  if (!plan || !plan->swizzled)
    return {};
  // The plan is of one repetition; the others follow one after the other.
  Layout memory = plan->memory;
  for (const layout::Dim &dim : source.outputs()) {
    uint64_t repeats =
        dim.size() / std::max<uint64_t>(1, memory.outputSize(dim.name));
    if (repeats <= 1)
      continue;
    layout::Result<Layout> repetition =
        Layout::identity1D(repeats, offsetDim, dim.name);
    if (!repetition)
      return {};
    layout::Result<Layout> whole = layout::product(memory, *repetition);
    if (!whole)
      return {};
    memory = *whole;
  }
  if (memory.inputs().size() != 1 || !memory.isInvertible())
    return {};
  return SharedLayoutAttr::get(from.getContext(), memory, "", alignment);
}

} // namespace tilesdk::optimizer
