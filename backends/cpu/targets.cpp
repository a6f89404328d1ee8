//===- targets.cpp - The CPU targets as data --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/targets.h"

#include "backends/libdevice/libdevice.h"

#include <iterator>

namespace tilesdk::cpu {

namespace {

/// One line per target; the numbers are those of common server processors of
/// the level, as builds must not depend on the machine they run on.
struct Row {
  const char *name, *doc, *features;
  IsaLevel level;
  uint32_t machineFeatures;
  uint32_t vectorBytes, vectorRegisters, maskRegisters;
  uint64_t l1, l2, lastLevel;
  uint32_t fmaPerCycle, fmaLatency, loadPerCycle, storePerCycle;
  uint32_t matmulRows, matmulColumns;
};

constexpr uint32_t CommonFeatures =
    TSDK_MACHINE_FMA | TSDK_MACHINE_MASKED_MEMORY | TSDK_MACHINE_F16_CONVERT |
    TSDK_MACHINE_STREAMING;

constexpr Row Rows[] = {
    {"x86-64-v3", "x86-64 processors with AVX2 and FMA", "", IsaLevel::V3,
     CommonFeatures, 32, 16, 0, 32u << 10, 512u << 10, 32u << 20, 2, 4, 2, 1, 6,
     16},
    // LLVM shies away from zmm registers for the first processors that had
    // them; the rows of results are 28 registers of 32.
    {"x86-64-v4", "x86-64 processors with AVX-512 F, BW, CD, DQ and VL",
     "-prefer-256-bit", IsaLevel::V4,
     CommonFeatures | TSDK_MACHINE_GATHER | TSDK_MACHINE_SCATTER, 64, 32, 8,
     32u << 10, 1u << 20, 32u << 20, 2, 4, 2, 1, 14, 32},
};
static_assert(std::size(Rows) == NumTargets);

constexpr std::string_view Triple = "x86_64-unknown-linux-gnu";

// Raised when the meaning of a row changes without a change of its data.
constexpr std::string_view Fingerprint = "cpu-1";

tsdk_option_row option(std::string_view name, uint32_t type,
                       std::string_view initial, int64_t min, int64_t max,
                       std::string_view doc) {
  tsdk_option_row row = {};
  row.name = str(name);
  row.initial = str(initial);
  row.doc = str(doc);
  row.min = min;
  row.max = max;
  row.type = type;
  return row;
}

const tsdk_option_row Options[] = {
    option("num_cpu_threads", TSDK_OPTION_INT, "0", 0, 4096,
           "Largest number of threads that run one launch; 0 is all"),
    option("enable_fast_math", TSDK_OPTION_BOOL, "0", 0, 1,
           "Allow reassociation and approximate functions in floating point"),
};

} // namespace

TargetTable::TargetTable()
    : functions(libdevice::makeLanguageFunctions(strings)) {
  for (size_t i = 0; i < NumTargets; ++i) {
    const Row &row = Rows[i];
    tsdk_machine &machine = machines[i] = {};
    machine.struct_size = sizeof machine;
    machine.features = row.machineFeatures;
    machine.vector_bytes = row.vectorBytes;
    machine.vector_registers = row.vectorRegisters;
    machine.mask_registers = row.maskRegisters;
    machine.cache_line_bytes = 64;
    machine.l1_bytes = row.l1;
    machine.l2_bytes = row.l2;
    machine.last_level_bytes = row.lastLevel;
    machine.fma_per_cycle = row.fmaPerCycle;
    machine.fma_latency = row.fmaLatency;
    machine.load_per_cycle = row.loadPerCycle;
    machine.store_per_cycle = row.storePerCycle;
    machine.matmul_rows = row.matmulRows;
    machine.matmul_columns = row.matmulColumns;
    machine.max_threads = 1;
    machine.page_bytes = 4096;
    machine.functions = functions.data();
    machine.num_functions = functions.size();
    machine.function_stride = sizeof(tsdk_language_function);
    machine.options = Options;
    machine.num_options = std::size(Options);
    machine.option_stride = sizeof(tsdk_option_row);

    tsdk_codegen &codegen = codegens[i] = {};
    codegen.struct_size = sizeof codegen;
    codegen.artifact = TSDK_ARTIFACT_ELF;
    codegen.triple = str(Triple);
    codegen.cpu = str(row.name);
    codegen.features = str(row.features);

    tsdk_target &target = targets[i] = {};
    target.struct_size = sizeof target;
    target.execution = TSDK_EXECUTION_TILE_LOOPS;
    target.name = str(row.name);
    target.fingerprint = str(Fingerprint);
    target.doc = str(row.doc);
    target.machine = &machine;
    target.codegen = &codegen;
  }
}

const tsdk_target *TargetTable::forLevel(IsaLevel level) const {
  for (size_t i = NumTargets; i-- > 0;)
    if (Rows[i].level <= level)
      return &targets[i];
  return nullptr;
}

const tsdk_target *TargetTable::named(std::string_view name) const {
  for (const tsdk_target &target : targets)
    if (name == std::string_view(target.name.data, target.name.size))
      return &target;
  return nullptr;
}

bool TargetTable::runs(const tsdk_target *target, IsaLevel level) const {
  for (size_t i = 0; i < NumTargets; ++i)
    if (&targets[i] == target)
      return Rows[i].level <= level;
  return false;
}

} // namespace tilesdk::cpu
