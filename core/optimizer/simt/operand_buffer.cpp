//===- operand_buffer.cpp - Shared memory between a load and a product ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/warp_copies.h"

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
        (!transposed || row.elementBytes == bytes))
      return &row;
  return nullptr;
}

/// Which parts of the tensor lanes name, one row of \p row each, when they
/// receive \p to and memory runs along \p fast: an ordinary access, seen from
/// the banks. Nothing where the row does not give that.
static std::optional<Layout> namedRows(const target::SharedRow &row,
                                       const Layout &to, unsigned fast) {
  std::vector<layout::Basis> rows(Log2_32(row.rows)), columns, lanes,
      received = to.bases(registerDim), kept;
  unsigned inRow = row.layout.outputs()[1].bits();
  // What a binary digit of the row's layout stands for in the tensor.
  auto match = [&](const layout::Basis &image, const layout::Basis &place) {
    if (image.count != 2 || place.count != 2)
      return false;
    if (uint64_t column = image.value[1]) {
      layout::Coord wanted(place.value.size(), 0);
      wanted[fast] = column;
      return !image.value[0] && place.value == wanted;
    }
    if (!isPowerOf2_64(image.value[0]))
      return false;
    rows[Log2_64(image.value[0])] = place;
    return place.value[fast] % (uint64_t(1) << inRow) == 0 &&
           any_of(place.value, [](uint64_t v) { return v != 0; });
  };
  std::vector<layout::Basis> from = row.layout.bases(laneDim),
                             given = to.bases(laneDim);
  if (from.size() != given.size() || rows.size() != from.size())
    return std::nullopt;
  for (auto [image, place] : zip(from, given))
    if (!match(image, place))
      return std::nullopt;
  std::vector<layout::Basis> images = row.layout.bases(registerDim);
  if (received.size() < images.size())
    return std::nullopt;
  for (auto [i, place] : enumerate(received))
    if (i >= images.size())
      kept.push_back(place);
    else if (!match(images[i], place))
      return std::nullopt;
  for (unsigned i = 0; i < inRow; ++i) {
    layout::Basis &basis = columns.emplace_back();
    basis.value.assign(to.outputs().size(), 0);
    basis.value[fast] = uint64_t(1) << i;
  }
  columns.insert(columns.end(), kept.begin(), kept.end());
  std::vector<layout::OutputDim> outputs;
  for (const layout::Dim &dim : to.outputs())
    outputs.push_back({dim.name, {dim.radix.begin(), dim.radix.end()}});
  layout::Result<Layout> made = Layout::fromBases(
      {{registerDim, columns}, {laneDim, rows}, {warpDim, to.bases(warpDim)}},
      outputs);
  return made ? std::optional(*made) : std::nullopt;
}

std::optional<OperandRead> operandRead(const target::Machine &machine,
                                       const Layout &to, unsigned fast,
                                       unsigned bytes) {
  layout::SharedMemory shared = machine.conversion(bytes).shared;
  const target::SharedRow *row = matrixLoad(machine, to, fast, bytes);
  if (row && row->bytes != 16) {
    std::optional<Layout> named = namedRows(*row, to, fast);
    if (named)
      return OperandRead{*named, {row->bytes, row->phases}};
  }
  // At least half of the widest access: others are cheaper after a turn in
  // registers.
  unsigned most = std::max(1u, 16 / bytes);
  unsigned width = to.widestVector(dimName(fast), most, most).elements * bytes;
  for (const layout::SharedAccess &access : shared.loads)
    if (access.bytes == width && width >= 8)
      return OperandRead{to, access};
  return std::nullopt;
}

/// The buffer that warps fill in order when \p from is the layout for that.
static std::optional<Layout> inOrder(const Layout &from, const Layout &to,
                                     unsigned bytes,
                                     const target::Machine &machine) {
  SmallVector<int64_t, 4> shape;
  for (const layout::Dim &dim : from.outputs())
    shape.push_back(int64_t(dim.size()));
  ThreadCounts threads{unsigned(from.inputSize(laneDim)),
                       unsigned(from.inputSize(warpDim))};
  for (const target::AsyncRow &row : machine.async)
    for (unsigned fast = 0; row.isByWarps() && fast < shape.size(); ++fast)
      if (auto plan =
              planWarpCopy(machine, row, shape, fast, to, bytes, threads))
        if (plan->lanes.canonical() == from.canonical())
          return plan->memory;
  return std::nullopt;
}

SharedLayoutAttr operandBuffer(LayoutAttr from, LayoutAttr to, unsigned bytes,
                               const target::Machine &machine) {
  const Layout &source = from.getLayout();
  Layout reader = to.getLayout();
  if (std::optional<Layout> memory = inOrder(source, reader, bytes, machine))
    return SharedLayoutAttr::get(from.getContext(), *memory, "", alignment);
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
  if (row && row->bytes != 16) {
    if (std::optional<Layout> named = namedRows(*row, reader, fast)) {
      reader = *named;
      conversion.shared.loads.assign(1, {row->bytes, row->phases});
    }
  } else if (row && lanes.bitsLeft(fast) >= Log2_32(rowElements) &&
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
