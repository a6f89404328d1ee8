//===- rows.cpp - Rows of a target's tables, read and checked ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/target/rows.h"

#include "core/layout/print.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tilesdk::target {

using layout::Layout;

namespace {

struct ElementType {
  std::string_view name;
  uint32_t bytes;
};

constexpr std::array<ElementType, 14> elementTypes = {{
    {"i8", 1},
    {"u8", 1},
    {"i32", 4},
    {"f16", 2},
    {"bf16", 2},
    {"tf32", 4},
    {"xf32", 4},
    {"f32", 4},
    {"f64", 8},
    {"f8E4M3FN", 1},
    {"f8E5M2", 1},
    {"f8E4M3FNUZ", 1},
    {"f8E5M2FNUZ", 1},
    {"i64", 8},
}};

std::string quote(std::string_view text) {
  return "`" + std::string(text) + "`";
}

bool isType(std::string_view name) {
  return std::any_of(
      elementTypes.begin(), elementTypes.end(),
      [&](const ElementType &type) { return type.name == name; });
}

/// What a layout of a fragment must be.
struct Fragment {
  const char *field;
  uint64_t rows, columns, lanes, warps;
  bool mayCopy;
};

/// Reads a layout (register, lane[, warp]) -> (row, column).
std::string readFragment(tsdk_str in, const Fragment &want, Layout &out) {
  std::string field = quote(want.field);
  layout::Result<Layout> parsed = layout::parse(view(in));
  if (!parsed)
    return field + " is not a layout: " + parsed.error();
  out = *parsed;
  for (const layout::Dim &dim : out.inputs())
    if (dim.name != "register" && dim.name != "lane" && dim.name != "warp")
      return field + " has an input " + quote(dim.name) +
             "; inputs are register, lane and warp";
  for (auto [name, size] : {std::pair<const char *, uint64_t>{"row", want.rows},
                            {"column", want.columns}})
    if (!out.outputIndex(name) || out.outputSize(name) != size)
      return field + " has " + std::to_string(out.outputSize(name)) + " " +
             name + "s, the instruction " + std::to_string(size);
  if (out.outputs().size() != 2)
    return field + " has outputs besides row and column";
  for (auto [name, size] :
       {std::pair<const char *, uint64_t>{"lane", want.lanes},
        {"warp", want.warps}})
    if (out.inputSize(name) != size)
      return field + " has " + std::to_string(out.inputSize(name)) + " " +
             name + "s, the instruction " + std::to_string(size);
  if (!out.isSurjective())
    return field + " does not reach every element";
  if (!want.mayCopy && !out.isInjective())
    return field + " holds an element twice";
  return "";
}

/// "0-7;8-15": sets of lanes, each lane in exactly one.
std::string readPhases(std::string_view text, uint32_t warpSize,
                       std::vector<std::vector<uint32_t>> &out) {
  if (text.empty()) {
    out.emplace_back();
    for (uint32_t lane = 0; lane < warpSize; ++lane)
      out.back().push_back(lane);
    return "";
  }
  std::vector<bool> seen(warpSize);
  const char *at = text.data(), *end = at + text.size();
  out.emplace_back();
  auto number = [&](uint32_t &value) {
    auto [next, error] = std::from_chars(at, end, value);
    at = next;
    return error == std::errc() && value < warpSize;
  };
  while (true) {
    uint32_t first, last;
    if (!number(first))
      return "`phases` expects a lane below " + std::to_string(warpSize);
    last = first;
    if (at != end && *at == '-') {
      ++at;
      if (!number(last) || last < first)
        return "`phases` has a range without an end";
    }
    for (uint32_t lane = first; lane <= last; ++lane) {
      if (seen[lane])
        return "`phases` holds lane " + std::to_string(lane) + " twice";
      seen[lane] = true;
      out.back().push_back(lane);
    }
    if (at == end)
      break;
    char separator = *at++;
    if (separator == ';')
      out.emplace_back();
    else if (separator != ',')
      return "`phases` separates lanes by `,` and phases by `;`";
  }
  auto missing = std::find(seen.begin(), seen.end(), false);
  if (missing != seen.end())
    return "`phases` leaves out lane " + std::to_string(missing - seen.begin());
  return "";
}

bool isPowerOfTwo(uint32_t value) { return value && !(value & (value - 1)); }

} // namespace

std::string readRow(const tsdk_matrix_row &in, uint32_t warpSize,
                    MatrixRow &out) {
  out.name = text(in.name);
  out.leftType = text(in.left_type);
  out.rightType = text(in.right_type);
  out.resultType = text(in.result_type);
  out.m = in.m;
  out.n = in.n;
  out.k = in.k;
  out.nStep = in.n_step;
  out.nMax = in.n_max;
  out.warps = in.warps;
  out.leftInRegisters = in.left_places & TSDK_OPERAND_REGISTERS;
  out.leftInShared = in.left_places & TSDK_OPERAND_SHARED;
  out.rightInRegisters = in.right_places & TSDK_OPERAND_REGISTERS;
  out.rightInShared = in.right_places & TSDK_OPERAND_SHARED;
  out.isAsync = in.flags & TSDK_MATRIX_ASYNC;
  out.isSigned = in.flags & TSDK_MATRIX_SIGNED;
  out.flushes = in.flags & TSDK_MATRIX_FLUSHES;
  out.isBlocking = in.flags & TSDK_MATRIX_BLOCKING;
  out.issueCycles = std::max(in.issue_cycles, 1u);
  out.latencyCycles = std::max(in.latency_cycles, 1u);
  if (out.name.empty())
    return "it has no name";
  if (!in.source.data || !view(in.source).size())
    return "it does not say which section of the manual it was read from";
  for (const auto &[field, type] :
       {std::pair<const char *, std::string &>{"left_type", out.leftType},
        {"right_type", out.rightType},
        {"result_type", out.resultType}})
    if (!isType(type))
      return quote(field) + " " + quote(type) + " is not an element type";
  if (!out.m || !out.n || !out.k || !isPowerOfTwo(out.warps))
    return "`m`, `n` and `k` must be positive and `warps` a power of two";
  if (out.nStep && (out.nMax < out.n || out.nMax % out.nStep ||
                    out.n % out.nStep || out.nStep != out.n))
    return "`n_step` must equal `n`, and `n_max` be a multiple of it";
  if (!(in.left_places & 3) || !(in.right_places & 3))
    return "an operand is neither in registers nor in shared memory";
  auto fragment = [&](const char *field, tsdk_str layout, uint64_t rows,
                      uint64_t columns, bool mayCopy, Layout &result) {
    return readFragment(
        layout, {field, rows, columns, warpSize, out.warps, mayCopy}, result);
  };
  std::string why =
      fragment("result", in.result, out.m, out.n, false, out.result);
  if (why.empty() && out.leftInRegisters)
    why = fragment("left", in.left, out.m, out.k, true, out.left);
  if (why.empty() && out.rightInRegisters)
    why = fragment("right", in.right, out.k, out.n, true, out.right);
  return why;
}

std::string readRow(const tsdk_shared_row &in, uint32_t warpSize,
                    SharedRow &out) {
  out.name = text(in.name);
  out.isMatrix = in.kind == TSDK_SHARED_MATRIX;
  out.isStore = in.direction == TSDK_SHARED_STORE;
  out.isTransposed = in.transposed;
  out.bytes = in.bytes;
  out.elementBytes = in.element_bytes;
  out.rows = in.rows;
  out.issueCycles = std::max(in.issue_cycles, 1u);
  out.latencyCycles = std::max(in.latency_cycles, 1u);
  if (out.name.empty())
    return "it has no name";
  if (in.kind != TSDK_SHARED_PLAIN && in.kind != TSDK_SHARED_MATRIX)
    return "`kind` is neither plain nor matrix";
  if (in.direction != TSDK_SHARED_LOAD && in.direction != TSDK_SHARED_STORE)
    return "`direction` is neither load nor store";
  if (!isPowerOfTwo(out.bytes) || out.bytes > 128)
    return "`bytes` must be a power of two up to 128, found " +
           std::to_string(out.bytes);
  if (std::string why = readPhases(view(in.phases), warpSize, out.phases);
      !why.empty())
    return why;
  if (!out.isMatrix)
    return "";
  if (!isPowerOfTwo(out.elementBytes) || out.bytes % out.elementBytes ||
      !isPowerOfTwo(out.rows) || out.rows > warpSize)
    return "`element_bytes` must divide `bytes`, and `rows` be a power of two "
           "up to the warp";
  return readFragment(
      in.layout,
      {"layout", out.rows, out.bytes / out.elementBytes, warpSize, 1, false},
      out.layout);
}

std::string readRow(const tsdk_shared_format &in, uint32_t, SharedFormat &out) {
  out.name = text(in.name);
  out.rowBytes = in.row_bytes;
  out.atomRows = in.atom_rows;
  out.chunkCount = in.chunk_count;
  out.rowShift = in.row_shift;
  out.alignment = in.alignment;
  if (out.name.empty())
    return "it has no name";
  for (auto [field, value] :
       {std::pair<const char *, uint32_t>{"row_bytes", out.rowBytes},
        {"atom_rows", out.atomRows},
        {"chunk_count", out.chunkCount},
        {"row_shift", out.rowShift},
        {"alignment", out.alignment}})
    if (!isPowerOfTwo(value))
      return quote(field) + " must be a power of two, found " +
             std::to_string(value);
  if (out.rowBytes < 16 || out.chunkCount * 16 > out.rowBytes)
    return "`row_bytes` must hold `chunk_count` chunks of 16 bytes";
  return "";
}

std::string readRow(const tsdk_async_row &in, uint32_t, AsyncRow &out) {
  out.name = text(in.name);
  if (out.name.empty())
    return "it has no name";
  if (in.issuer < TSDK_ISSUER_LANE || in.issuer > TSDK_ISSUER_THREAD)
    return "`issuer` is none of lane, warp and thread";
  if (in.completion < TSDK_COMPLETION_GROUP ||
      in.completion > TSDK_COMPLETION_COUNTER)
    return "`completion` is none of group, barrier and counter";
  out.issuer = static_cast<AsyncRow::Issuer>(in.issuer);
  out.completion = static_cast<AsyncRow::Completion>(in.completion);
  out.bytes = in.bytes;
  out.maxPending = in.max_pending;
  out.maxRank = in.max_rank;
  out.maxBox = in.max_box;
  out.zeroFill = in.zero_fill;
  out.needsFence = in.needs_fence;
  out.issueCycles = std::max(in.issue_cycles, 1u);
  out.latencyCycles = std::max(in.latency_cycles, 1u);
  if (out.issuer == AsyncRow::Thread) {
    if (!out.maxRank || out.maxRank > 5 || !out.maxBox)
      return "a box has 1 to 5 dimensions and a largest extent";
  } else if (!isPowerOfTwo(out.bytes)) {
    return "`bytes` must be a power of two, found " + std::to_string(out.bytes);
  }
  return "";
}

} // namespace tilesdk::target
