//===- target.cpp - Reading and checking a SIMT machine ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/target/target.h"
#include "core/target/rows.h"

#include "core/layout/algebra.h"

#include <algorithm>

namespace tilesdk::target {

using layout::Error;
using layout::Layout;
using layout::Result;

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

bool MatrixRow::hasWidth(uint32_t width) const {
  if (!nStep)
    return width == n;
  return width >= n && width <= nMax && width % nStep == 0;
}

uint32_t MatrixRow::widestFor(uint64_t columns) const {
  for (uint32_t width = std::max(n, nMax); width >= n; --width)
    if (hasWidth(width) && columns % width == 0)
      return width;
  return 0;
}

/// \p tile repeated along its columns until they are \p width.
static Layout repeated(const Layout &tile, uint32_t n, uint32_t width) {
  if (width == n || tile.outputs().empty())
    return tile;
  return *layout::product(tile,
                          *Layout::identity1D(width / n, "register", "column"));
}

Layout MatrixRow::resultFor(uint32_t width) const {
  return repeated(result, n, width);
}

Layout MatrixRow::rightFor(uint32_t width) const {
  return repeated(right, n, width);
}

/// (row, column) for (column, row).
static Layout transposedFragment(const Layout &fragment) {
  std::vector<layout::InputBases> inputs;
  for (const layout::Dim &in : fragment.inputs()) {
    std::vector<layout::Basis> bases = fragment.bases(in.name);
    for (layout::Basis &basis : bases)
      std::swap(basis.value[0], basis.value[1]);
    inputs.push_back({in.name, std::move(bases)});
  }
  const auto &of = fragment.outputs();
  std::vector<layout::OutputDim> outputs{
      {of[0].name, {of[1].radix.begin(), of[1].radix.end()}},
      {of[1].name, {of[0].radix.begin(), of[0].radix.end()}}};
  return *Layout::fromBases(inputs, outputs);
}

MatrixRow MatrixRow::transposed() const {
  assert(leftInRegisters && rightInRegisters && "fragments are to be known");
  MatrixRow row = *this;
  std::swap(row.leftType, row.rightType);
  std::swap(row.m, row.n);
  row.left = transposedFragment(right);
  row.right = transposedFragment(left);
  row.result = transposedFragment(result);
  return row;
}

uint32_t MatrixRow::run() const {
  return std::min(left.widestVector("column", k, k).elements,
                  right.widestVector("row", k, k).elements);
}

Result<Layout> SharedFormat::layoutOf(uint32_t elementBytes, uint64_t rows,
                                      uint64_t columns) const {
  if (!elementBytes || 16 % elementBytes)
    return Error{"format `" + name + "` holds no elements of " +
                 std::to_string(elementBytes) + " bytes"};
  uint64_t chunk = 16 / elementBytes, perRow = rowBytes / elementBytes;
  if (!perRow || columns % perRow || rows % atomRows)
    return Error{"format `" + name + "` does not tile " + std::to_string(rows) +
                 " x " + std::to_string(columns) + " elements of " +
                 std::to_string(elementBytes) + " bytes"};
  // Within an atom every binary digit of the row also moves the chunk.
  std::vector<layout::Basis> offset;
  auto add = [&](uint32_t count, uint64_t row, uint64_t column) {
    if (count > 1)
      offset.push_back({count, {row, column}});
  };
  for (uint64_t step = 1; step < perRow; step *= 2)
    add(2, 0, step);
  for (uint32_t step = 1; step < atomRows; step *= 2)
    add(2, step, (step / rowShift % chunkCount) * chunk);
  add(static_cast<uint32_t>(rows / atomRows), atomRows, 0);
  add(static_cast<uint32_t>(columns / perRow), 0, perRow);
  return Layout::fromBases(
      {{"offset", offset}},
      {{"row", {rows}}, {"column", {perRow, columns / perRow}}});
}

//===----------------------------------------------------------------------===//
// The machine
//===----------------------------------------------------------------------===//

namespace {

/// A struct as long as this library knows it; what is missing is zero.
template <typename T> T readStruct(const T &from) {
  T to = {};
  size_t size = std::min<size_t>(from.struct_size, sizeof(T));
  std::copy_n(reinterpret_cast<const char *>(&from), size,
              reinterpret_cast<char *>(&to));
  return to;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  if (text.empty())
    return parts;
  while (true) {
    size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

/// Reads a table with the stride of its writer into \p out.
template <typename C, typename Row>
std::string readTable(const char *table, const C *rows, size_t count,
                      size_t stride, uint32_t warpSize, std::vector<Row> &out) {
  if (count && (!rows || !stride))
    return std::string("table `") + table +
           "` has rows but no address or "
           "stride";
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    C row = {};
    std::copy_n(reinterpret_cast<const char *>(rows) + i * stride,
                std::min(stride, sizeof(C)), reinterpret_cast<char *>(&row));
    Row made;
    std::string why = readRow(row, warpSize, made);
    for (const Row &other : out)
      if (why.empty() && other.name == made.name)
        why = "two rows have this name";
    if (!why.empty())
      return std::string("table `") + table + "`, row " + std::to_string(i) +
             " `" + made.name + "`: " + why;
    out.push_back(std::move(made));
  }
  return "";
}

bool isPowerOfTwo(uint32_t value) { return value && !(value & (value - 1)); }

} // namespace

Result<Machine> Machine::read(const tsdk_machine &machineIn,
                              const tsdk_codegen &codegenIn) {
  tsdk_machine machine = readStruct(machineIn);
  tsdk_codegen codegen = readStruct(codegenIn);
  if (!machine.simt)
    return Error{"the machine has no `simt` part"};
  tsdk_simt in = readStruct(*machine.simt);
  Machine m;
  m.features = in.features;
  m.warpSize = in.warp_size;
  m.maxWarps = in.max_warps;
  m.maxRegisters = in.max_registers;
  m.registers = in.registers;
  m.multiprocessorThreads = in.multiprocessor_threads;
  m.sharedBytes = in.shared_bytes;
  m.multiprocessorSharedBytes = in.multiprocessor_shared_bytes;
  m.banks = in.banks;
  m.bankBytes = in.bank_bytes;
  m.warpGroupWarps = in.warp_group_warps;
  m.namedBarriers = in.named_barriers;
  m.registerGranule = in.register_granule;
  m.registerMin = in.register_min;
  m.registerMax = in.register_max;
  auto orElse = [](uint32_t value, uint32_t other) {
    return value ? value : other;
  };
  m.maxVectorBytes = orElse(in.max_vector_bytes, 16);
  m.coalesceBytes = orElse(in.coalesce_bytes, 128);
  m.barrierCycles = orElse(in.barrier_cycles, 20);
  m.warpIssue = orElse(in.warp_issue, 1);
  m.globalCycles = orElse(in.global_cycles, 500);
  m.shuffleBytes = orElse(in.shuffle_bytes, 4);
  m.shuffleCycles = orElse(in.shuffle_cycles, 2);
  m.selectCycles = orElse(in.select_cycles, 1);
  m.sharedCycles = orElse(in.shared_cycles, 1);
  m.sharedIssueCycles = orElse(in.shared_issue_cycles, 2);
  const std::pair<const char *, uint32_t> powers[] = {
      {"warp_size", m.warpSize},
      {"max_warps", m.maxWarps},
      {"banks", m.banks},
      {"bank_bytes", m.bankBytes},
      {"max_vector_bytes", m.maxVectorBytes}};
  for (auto [name, value] : powers)
    if (!isPowerOfTwo(value))
      return Error{std::string("`") + name +
                   "` must be a power of two, found " + std::to_string(value)};
  if (m.warpSize > 64)
    return Error{"`warp_size` is at most 64, found " +
                 std::to_string(m.warpSize)};
  std::string why = readTable("matrix", in.matrix, in.num_matrix,
                              in.matrix_stride, m.warpSize, m.matrix);
  if (why.empty())
    why = readTable("shared", in.shared, in.num_shared, in.shared_stride,
                    m.warpSize, m.shared);
  if (why.empty())
    why = readTable("formats", in.formats, in.num_formats, in.format_stride,
                    m.warpSize, m.formats);
  if (why.empty())
    why = readTable("async", in.async, in.num_async, in.async_stride,
                    m.warpSize, m.async);
  if (!why.empty())
    return Error{why};

  m.parametersInArray = codegen.parameters == TSDK_PARAMETERS_ARRAY;
  m.hasChecks = codegen.flags & TSDK_CODEGEN_CHECKS;
  m.callingConvention = codegen.calling_convention;
  m.kernelAttributes = text(codegen.kernel_attributes);
  m.moduleFlags = text(codegen.module_flags);
  std::vector<std::string> scopes = split(text(codegen.scopes), ',');
  scopes.resize(3);
  m.programScope = scopes[0];
  m.deviceScope = scopes[1];
  m.systemScope = scopes[2];
  m.constraints = split(text(codegen.constraints), ',');
  return m;
}

template <typename Row>
static const Row *named(const std::vector<Row> &rows, std::string_view name) {
  for (const Row &row : rows)
    if (row.name == name)
      return &row;
  return nullptr;
}

const MatrixRow *Machine::matrixRow(std::string_view name) const {
  return named(matrix, name);
}
const SharedFormat *Machine::format(std::string_view name) const {
  return named(formats, name);
}
const AsyncRow *Machine::asyncRow(std::string_view name) const {
  return named(async, name);
}

bool Machine::mergesPairs(const SharedRow &row) const {
  return has(TSDK_SIMT_PAIRED_LOADS) && !row.isMatrix && !row.isStore;
}

bool Machine::countsCopies() const {
  return std::any_of(async.begin(), async.end(),
                     [](const AsyncRow &row) { return row.isByWarps(); });
}

layout::ConversionMachine Machine::conversion(uint32_t elementBytes) const {
  layout::ConversionMachine result;
  result.elementBytes = elementBytes;
  result.shuffleBytes = shuffleBytes;
  result.shuffleCost = shuffleCycles;
  result.selectCost = selectCycles;
  result.sharedCycleCost = sharedCycles;
  result.sharedIssueCost = sharedIssueCycles;
  result.barrierCost = barrierCycles;
  result.shared.banks = banks;
  result.shared.bankBytes = bankBytes;
  // A product's whole result beside the buffers of the next one's operands
  // would cost a stage of these; more rounds only cost more synchronisation.
  result.shared.scratchLimit = 16 << 10;
  uint32_t latency = 0;
  for (const SharedRow &row : shared)
    if (!row.isMatrix) {
      (row.isStore ? result.shared.stores : result.shared.loads)
          .push_back({row.bytes, row.phases, mergesPairs(row)});
      latency = std::max(latency, row.latencyCycles);
    }
  // A store and a load, one shuffle; the rest is hidden by other warps.
  constexpr uint32_t hidden = 4;
  result.sharedLatencyCost = 2 * latency / hidden;
  result.shuffleLatencyCost = latency / hidden;
  return result;
}

} // namespace tilesdk::target
