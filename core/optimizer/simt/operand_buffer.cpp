//===- operand_buffer.cpp - Shared memory between a load and a product ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/algebra.h"
#include "core/optimizer/simt/assign_layouts.h"
#include "core/optimizer/simt/buffer_plan.h"
#include "core/optimizer/simt/warp_copies.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

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
        row.elementBytes == bytes)
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

/// Lanes that name 16 bytes along \p fast each and go down \p other, every
/// row once: what reads by matrix rows of 16 bytes are to the banks. A lane has
/// one row and no other registers, so that a row stays in one piece.
static std::optional<Layout> rowsByLanes(const Layout &source, unsigned fast,
                                         unsigned other, unsigned bytes) {
  SmallVector<int64_t, 4> shape;
  for (const layout::Dim &dim : source.outputs())
    shape.push_back(int64_t(dim.size()));
  LayoutBuilder rows(shape);
  unsigned inRow = Log2_32(std::max(1u, 16 / bytes));
  if (rows.bitsLeft(fast) < inRow || rows.bitsLeft(other) < 3)
    return std::nullopt;
  for (unsigned i = 0; i < inRow; ++i)
    rows.addRegister(fast);
  unsigned numLanes = source.inputSize(laneDim), numWarps = 1;
  unsigned laneBits = Log2_32(numLanes);
  for (unsigned dim : {other, fast})
    for (; laneBits && rows.bitsLeft(dim); --laneBits)
      rows.addLane(dim);
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    for (; rows.bitsLeft(dim); numWarps *= 2)
      rows.addWarp(dim);
  return rows.finish(rowMajorOrder(shape.size()), {numLanes, numWarps});
}

/// Whether the first places of \p memory hold \p count neighbours along \p dim.
static bool startsWithRun(const Layout &memory, unsigned dim, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    layout::Coord at = *memory.apply({i});
    for (auto [d, value] : enumerate(at))
      if (value != (d == dim ? i : 0))
        return false;
  }
  return true;
}

/// \p source with the first \p count elements along \p fast in registers, and
/// more warps for what its other registers hold: accesses move such runs only.
static std::optional<Layout> runsOf(const Layout &source, unsigned fast,
                                    unsigned count) {
  std::vector<layout::Basis> runs, warps = source.bases(warpDim);
  for (const layout::Basis &basis : source.bases(registerDim)) {
    if (basis.count % 2) {
      // Repetitions are none of a plan's.
      runs.push_back(basis);
      continue;
    }
    // A joined digit stands for its bits.
    for (uint32_t step = 1; step < basis.count; step *= 2) {
      layout::Basis bit{2, basis.value};
      for (uint64_t &value : bit.value)
        value *= step;
      uint64_t sum =
          std::accumulate(bit.value.begin(), bit.value.end(), uint64_t(0));
      bool isInRun = bit.value[fast] < count && bit.value[fast] == sum;
      (isInRun ? runs : warps).push_back(bit);
    }
  }
  std::vector<layout::OutputDim> outputs;
  for (const layout::Dim &dim : source.outputs())
    outputs.push_back({dim.name, {dim.size()}});
  layout::Result<Layout> result = Layout::fromBases(
      {{registerDim, runs}, {laneDim, source.bases(laneDim)}, {warpDim, warps}},
      outputs);
  return result ? std::optional(*result) : std::nullopt;
}

/// The buffer for reads by matrix rows along \p fast, where the machine has
/// such.
static std::optional<BufferPlan> matrixBuffer(const Layout &source,
                                              const Layout &reader,
                                              unsigned fast, unsigned bytes,
                                              const target::Machine &machine) {
  unsigned rank = source.outputs().size();
  const target::SharedRow *row =
      rank >= 2 ? matrixLoad(machine, reader, fast, bytes) : nullptr;
  if (!row)
    return std::nullopt;
  layout::SharedMemory shared = machine.conversion(bytes).shared;
  unsigned other = fast == rank - 1 ? rank - 2 : rank - 1;
  unsigned run = std::max(1u, row->bytes / bytes);
  std::optional<Layout> rows;
  if (row->bytes == 16) {
    rows = rowsByLanes(source, fast, other, bytes);
    shared.loads.assign(
        1, layout::SharedAccess::contiguous(16, source.inputSize(laneDim), 8));
  } else {
    rows = namedRows(*row, reader, fast);
    shared.loads.assign(1, {row->bytes, row->phases});
  }
  if (!rows)
    return std::nullopt;
  // Stores of other than neighbours would take a row apart.
  unsigned together = source.widestVector(dimName(fast), run, run).elements;
  std::optional<Layout> stored = source;
  if (together < run || row->bytes == 16)
    stored = runsOf(source, fast, together);
  if (!stored)
    return std::nullopt;
  // All warps read, of which some read the same.
  auto size = [](const Layout &layout) {
    return layout.inputSize(registerDim) * layout.inputSize(laneDim) *
           layout.inputSize(warpDim);
  };
  std::optional<BufferPlan> plan =
      planBuffer(*stored, *rows, bytes, shared,
                 std::max<uint64_t>(1, size(reader) / size(*rows)));
  if (!plan || !startsWithRun(plan->memory, fast, run))
    return std::nullopt;
  return plan;
}

/// The buffer for ordinary reads. Where lanes copy from memory (\p isLoaded),
/// what they copy at once stays in one piece.
static std::optional<BufferPlan>
plainBuffer(const Layout &source, const Layout &reader, unsigned fast,
            unsigned bytes, bool isLoaded, const target::Machine &machine) {
  layout::SharedMemory shared = machine.conversion(bytes).shared;
  std::optional<BufferPlan> best;
  for (const target::AsyncRow &row : machine.async) {
    unsigned count = row.bytes / bytes;
    if (!isLoaded || row.issuer != target::AsyncRow::Lane || !count ||
        source.widestVector(dimName(fast), count, count).elements < count)
      continue;
    std::optional<Layout> runs = runsOf(source, fast, count);
    layout::SharedMemory copies = shared;
    erase_if(copies.stores, [&](const layout::SharedAccess &access) {
      return access.bytes != row.bytes;
    });
    std::optional<BufferPlan> plan;
    if (runs)
      plan = planBuffer(*runs, reader, bytes, copies);
    if (plan && startsWithRun(plan->memory, fast, count) &&
        (!best || plan->cost < best->cost))
      best = std::move(plan);
  }
  // Copies save registers and wait for nobody; not at any price.
  std::optional<BufferPlan> any = planBuffer(source, reader, bytes, shared);
  return best && (!any || best->cost <= 2 * any->cost) ? best : any;
}

bool readsByRows(const target::Machine &machine, const Layout &to,
                 unsigned fast, unsigned bytes) {
  const target::SharedRow *row = matrixLoad(machine, to, fast, bytes);
  return (row && row->bytes == 16) ||
         operandRead(machine, to, fast, bytes).has_value();
}

SharedLayoutAttr operandBuffer(LayoutAttr from, LayoutAttr to, unsigned bytes,
                               bool isLoaded, const target::Machine &machine) {
  const Layout &source = from.getLayout(), &reader = to.getLayout();
  if (std::optional<Layout> memory = inOrder(source, reader, bytes, machine))
    return SharedLayoutAttr::get(from.getContext(), *memory, "", alignment);
  unsigned fast = fastestDim(source), rank = source.outputs().size();
  std::optional<BufferPlan> best =
      matrixBuffer(source, reader, fast, bytes, machine);
  if (!best) {
    best = plainBuffer(source, reader, fast, bytes, isLoaded, machine);
    for (unsigned dim = rank; dim-- > 0;)
      if (dim != fast)
        if (auto plan = matrixBuffer(source, reader, dim, bytes, machine))
          if (!best || plan->cost < best->cost)
            best = std::move(plan);
  }
  if (!best)
    return {};
  // The plan is of one repetition; the others follow one after the other.
  Layout memory = best->memory;
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
