//===- target_rows.cpp - The tables of a SIMT target as JSON ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tools read a machine's rows here: probe kernels hold each against the
// hardware.
//
//===----------------------------------------------------------------------===//

#include "core/runtime/json.h"
#include "core/runtime/plugin.h"
#include "core/runtime/text.h"

namespace tilesdk::runtime {

namespace {

llvm::json::Value value(tsdk_str text) { return jsonText(toRef(text)); }
llvm::json::Value value(uint32_t number) {
  return static_cast<uint64_t>(number);
}

/// The fields of every row of a table, by name.
#define FIELD(NAME) row[#NAME] = value(from.NAME);

void describe(const tsdk_matrix_row &from, llvm::json::Object &row) {
  FIELD(name)
  FIELD(source)
  FIELD(left_type)
  FIELD(right_type)
  FIELD(result_type)
  FIELD(left)
  FIELD(right)
  FIELD(result)
  FIELD(m)
  FIELD(n)
  FIELD(k)
  FIELD(n_step)
  FIELD(n_max)
  FIELD(warps)
  FIELD(left_places)
  FIELD(right_places)
  FIELD(flags)
  FIELD(issue_cycles)
  FIELD(latency_cycles)
}

void describe(const tsdk_shared_row &from, llvm::json::Object &row) {
  FIELD(name)
  FIELD(source)
  FIELD(phases)
  FIELD(layout)
  FIELD(kind)
  FIELD(direction)
  FIELD(bytes)
  FIELD(element_bytes)
  FIELD(rows)
  FIELD(transposed)
  FIELD(issue_cycles)
  FIELD(latency_cycles)
}

void describe(const tsdk_shared_format &from, llvm::json::Object &row) {
  FIELD(name)
  FIELD(source)
  FIELD(row_bytes)
  FIELD(atom_rows)
  FIELD(chunk_count)
  FIELD(row_shift)
  FIELD(alignment)
}

void describe(const tsdk_async_row &from, llvm::json::Object &row) {
  FIELD(name)
  FIELD(source)
  FIELD(issuer)
  FIELD(completion)
  FIELD(bytes)
  FIELD(max_pending)
  FIELD(zero_fill)
  FIELD(max_rank)
  FIELD(max_box)
  FIELD(needs_fence)
  FIELD(issue_cycles)
  FIELD(latency_cycles)
}

template <typename Row>
llvm::json::Array table(const Row *rows, size_t count, size_t stride) {
  std::vector<Row> copies;
  if (rows && stride)
    copyRows(rows, count, stride, copies);
  llvm::json::Array result;
  for (const Row &from : copies) {
    llvm::json::Object row;
    describe(from, row);
    result.push_back(std::move(row));
  }
  return result;
}

} // namespace

llvm::json::Value describeSimt(const tsdk_simt &from) {
  llvm::json::Object row;
  FIELD(features)
  FIELD(warp_size)
  FIELD(max_warps)
  FIELD(max_registers)
  FIELD(registers)
  FIELD(multiprocessor_threads)
  FIELD(shared_bytes)
  FIELD(multiprocessor_shared_bytes)
  FIELD(banks)
  FIELD(bank_bytes)
  FIELD(warp_group_warps)
  FIELD(named_barriers)
  FIELD(register_granule)
  FIELD(register_min)
  FIELD(register_max)
  FIELD(max_cluster)
  FIELD(max_vector_bytes)
  FIELD(coalesce_bytes)
  FIELD(shuffle_bytes)
  FIELD(shuffle_cycles)
  FIELD(barrier_cycles)
  FIELD(shared_cycles)
  FIELD(shared_issue_cycles)
  FIELD(global_cycles)
  FIELD(select_cycles)
  row["matrix"] = table(from.matrix, from.num_matrix, from.matrix_stride);
  row["shared"] = table(from.shared, from.num_shared, from.shared_stride);
  row["formats"] = table(from.formats, from.num_formats, from.format_stride);
  row["async"] = table(from.async, from.num_async, from.async_stride);
  return row;
}
#undef FIELD

} // namespace tilesdk::runtime
