//===- targets.cpp - The NVIDIA targets as data -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// "PTX" is the Parallel Thread Execution ISA manual, release 9.0; "CUDA" the
// CUDA C++ Programming Guide, whose table of technical specifications per
// compute capability has the limits.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/targets.h"

#include "backends/libdevice/libdevice.h"
#include "backends/nvidia/warp_group.h"

#include <cstring>
#include <iterator>

namespace tilesdk::nvidia {

std::string_view view(tsdk_str text) {
  if (!text.data)
    return {};
  return {text.data, text.size == TSDK_NUL_TERMINATED ? std::strlen(text.data)
                                                      : text.size};
}

namespace {

/// What differs from one target to the next.
struct Row {
  const char *name, *doc, *features;
  unsigned capability;
  uint32_t sharedBytes, multiprocessorShared, multiprocessorThreads;
};

// PTX versions are the lowest that have what the functions use.
constexpr Row Rows[NumTargets] = {
    {"sm_80", "NVIDIA A100 (Ampere)", "+ptx74", 80, 163u << 10, 164u << 10,
     2048},
    {"sm_86", "NVIDIA A10, RTX 30 (Ampere)", "+ptx74", 86, 99u << 10,
     100u << 10, 1536},
    {"sm_89", "NVIDIA L4, L40, RTX 40 (Ada)", "+ptx84", 89, 99u << 10,
     100u << 10, 1536},
    {"sm_90a", "NVIDIA H100, H200 (Hopper)", "+ptx84", 90, 227u << 10,
     228u << 10, 2048},
};

// Fragments. g = lane / 4 and t = lane % 4 of the manual's figures are lane
// bits 2 to 4 and 0 to 1.
constexpr const char *Result16x8 =
    "(row: 16, column: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) "
    "(2,0) (4,0) }";
constexpr const char *Left16x16b16 =
    "(row: 16, column: 16) { register: (0,1) (8,0) (0,8); lane: (0,2) (0,4) "
    "(1,0) (2,0) (4,0) }";
constexpr const char *Right16x8b16 =
    "(row: 16, column: 8) { register: (1,0) (8,0); lane: (2,0) (4,0) (0,1) "
    "(0,2) (0,4) }";
constexpr const char *Left16x8b16 =
    "(row: 16, column: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) "
    "(2,0) (4,0) }";
constexpr const char *Right8x8b16 =
    "(row: 8, column: 8) { register: (1,0); lane: (2,0) (4,0) (0,1) (0,2) "
    "(0,4) }";
constexpr const char *Left16x8b32 =
    "(row: 16, column: 8) { register: (8,0) (0,4); lane: (0,1) (0,2) (1,0) "
    "(2,0) (4,0) }";
constexpr const char *Right8x8b32 =
    "(row: 8, column: 8) { register: (4,0); lane: (1,0) (2,0) (0,1) (0,2) "
    "(0,4) }";
constexpr const char *Left16x32b8 =
    "(row: 16, column: 32) { register: (0,1) (0,2) (8,0) (0,16); lane: (0,4) "
    "(0,8) (1,0) (2,0) (4,0) }";
constexpr const char *Right32x8b8 =
    "(row: 32, column: 8) { register: (1,0) (2,0) (16,0); lane: (4,0) (8,0) "
    "(0,1) (0,2) (0,4) }";
constexpr const char *Left16x16b8 =
    "(row: 16, column: 16) { register: (0,1) (0,2) (8,0); lane: (0,4) (0,8) "
    "(1,0) (2,0) (4,0) }";
constexpr const char *Right16x8b8 =
    "(row: 16, column: 8) { register: (1,0) (2,0); lane: (4,0) (8,0) (0,1) "
    "(0,2) (0,4) }";
constexpr const char *Left16x4b32 =
    "(row: 16, column: 4) { register: (8,0); lane: (0,1) (0,2) (1,0) (2,0) "
    "(4,0) }";
constexpr const char *Right4x8b32 =
    "(row: 4, column: 8) { lane: (1,0) (2,0) (0,1) (0,2) (0,4) }";
constexpr const char *Left8x4b64 =
    "(row: 8, column: 4) { lane: (0,1) (0,2) (1,0) (2,0) (4,0) }";
constexpr const char *Right4x8b64 =
    "(row: 4, column: 8) { lane: (1,0) (2,0) (0,1) (0,2) (0,4) }";
constexpr const char *Result8x8b64 =
    "(row: 8, column: 8) { register: (0,1); lane: (0,2) (0,4) (1,0) (2,0) "
    "(4,0) }";

struct Matrix {
  unsigned capability; ///< The lowest that has it.
  const char *name, *source, *type, *result;
  const char *left, *right, *layout;
  uint32_t m, n, k, flags, cycles;
  const char *rightType = nullptr; ///< Where it is not `type`.
};

// Cycles are those of one sub-core's tensor unit at the A100's dense rates.
constexpr Matrix MatrixRows[] = {
    {80, "m16n8k16.f32.f16", "PTX 9.7.14.5.8", "f16", "f32", Left16x16b16,
     Right16x8b16, Result16x8, 16, 8, 16, 0, 8},
    {80, "m16n8k8.f32.f16", "PTX 9.7.14.5.7", "f16", "f32", Left16x8b16,
     Right8x8b16, Result16x8, 16, 8, 8, 0, 5},
    {80, "m16n8k16.f32.bf16", "PTX 9.7.14.5.8", "bf16", "f32", Left16x16b16,
     Right16x8b16, Result16x8, 16, 8, 16, 0, 8},
    {80, "m16n8k8.f32.bf16", "PTX 9.7.14.5.7", "bf16", "f32", Left16x8b16,
     Right8x8b16, Result16x8, 16, 8, 8, 0, 5},
    {80, "m16n8k4.f32.tf32", "PTX 9.7.14.5.6", "tf32", "f32", Left16x4b32,
     Right4x8b32, Result16x8, 16, 8, 4, 0, 5},
    {80, "m16n8k8.f32.tf32", "PTX 9.7.14.5.7", "tf32", "f32", Left16x8b32,
     Right8x8b32, Result16x8, 16, 8, 8, 0, 8},
    {80, "m16n8k16.i32.i8", "PTX 9.7.14.5.9", "i8", "i32", Left16x16b8,
     Right16x8b8, Result16x8, 16, 8, 16, TSDK_MATRIX_SIGNED, 5},
    {80, "m16n8k32.i32.i8", "PTX 9.7.14.5.10", "i8", "i32", Left16x32b8,
     Right32x8b8, Result16x8, 16, 8, 32, TSDK_MATRIX_SIGNED, 8},
    {80, "m8n8k4.f64.f64", "PTX 9.7.14.5.2", "f64", "f64", Left8x4b64,
     Right4x8b64, Result8x8b64, 8, 8, 4, 0, 8},
    {89, "m16n8k32.f32.f8E4M3FN", "PTX 9.7.14.5.10", "f8E4M3FN", "f32",
     Left16x32b8, Right32x8b8, Result16x8, 16, 8, 32, 0, 8},
    {89, "m16n8k32.f32.f8E5M2", "PTX 9.7.14.5.10", "f8E5M2", "f32", Left16x32b8,
     Right32x8b8, Result16x8, 16, 8, 32, 0, 8},
    {89, "m16n8k32.f32.f8E4M3FN.f8E5M2", "PTX 9.7.14.5.10", "f8E4M3FN", "f32",
     Left16x32b8, Right32x8b8, Result16x8, 16, 8, 32, 0, 8, "f8E5M2"},
    {89, "m16n8k32.f32.f8E5M2.f8E4M3FN", "PTX 9.7.14.5.10", "f8E5M2", "f32",
     Left16x32b8, Right32x8b8, Result16x8, 16, 8, 32, 0, 8, "f8E4M3FN"},
};

struct Shared {
  unsigned capability;
  const char *name, *source, *phases, *layout;
  uint32_t kind, direction, bytes, elementBytes, rows, transposed, cycles;
};

constexpr const char *HalfWarps = "0-15;16-31";
constexpr const char *QuarterWarps = "0-7;8-15;16-23;24-31";
constexpr const char *Matrices4 =
    "(row: 32, column: 8) { register: (0,1) (8,0) (16,0); lane: (0,2) (0,4) "
    "(1,0) (2,0) (4,0) }";
constexpr const char *Matrices4Transposed =
    "(row: 32, column: 8) { register: (1,0) (8,0) (16,0); lane: (2,0) (4,0) "
    "(0,1) (0,2) (0,4) }";
constexpr const char *Matrices2 =
    "(row: 16, column: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) "
    "(2,0) (4,0) }";
constexpr const char *Matrices2Transposed =
    "(row: 16, column: 8) { register: (1,0) (8,0); lane: (2,0) (4,0) (0,1) "
    "(0,2) (0,4) }";

constexpr const char *Matrices1 =
    "(row: 8, column: 8) { register: (0,1); lane: (0,2) (0,4) (1,0) (2,0) "
    "(4,0) }";
constexpr const char *Matrices1Transposed =
    "(row: 8, column: 8) { register: (1,0); lane: (2,0) (4,0) (0,1) (0,2) "
    "(0,4) }";

constexpr Shared SharedRows[] = {
#define TILESDK_PLAIN(NAME, BYTES, PHASES, CYCLES)                             \
  {80,                                                                         \
   NAME,                                                                       \
   "CUDA 20.4.3, PTX 9.7.9.8",                                                 \
   PHASES,                                                                     \
   "",                                                                         \
   TSDK_SHARED_PLAIN,                                                          \
   TSDK_SHARED_LOAD,                                                           \
   BYTES,                                                                      \
   BYTES,                                                                      \
   0,                                                                          \
   0,                                                                          \
   CYCLES},                                                                    \
  {                                                                            \
    80, NAME ".store", "CUDA 20.4.3, PTX 9.7.9.11", PHASES, "",                \
        TSDK_SHARED_PLAIN, TSDK_SHARED_STORE, BYTES, BYTES, 0, 0, CYCLES       \
  }
    TILESDK_PLAIN("b8", 1, "", 2),
    TILESDK_PLAIN("b16", 2, "", 2),
    TILESDK_PLAIN("b32", 4, "", 2),
    TILESDK_PLAIN("b64", 8, HalfWarps, 4),
    TILESDK_PLAIN("b128", 16, QuarterWarps, 8),
#undef TILESDK_PLAIN
    {80, "m8n8.x4", "PTX 9.7.14.5.15", QuarterWarps, Matrices4,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 32, 0, 8},
    {80, "m8n8.x4.trans", "PTX 9.7.14.5.15", QuarterWarps, Matrices4Transposed,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 32, 1, 8},
    {80, "m8n8.x2", "PTX 9.7.14.5.15", QuarterWarps, Matrices2,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 16, 0, 4},
    {80, "m8n8.x2.trans", "PTX 9.7.14.5.15", QuarterWarps, Matrices2Transposed,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 16, 1, 4},
    {80, "m8n8.x1", "PTX 9.7.14.5.15", QuarterWarps, Matrices1,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 8, 0, 2},
    {80, "m8n8.x1.trans", "PTX 9.7.14.5.15", QuarterWarps, Matrices1Transposed,
     TSDK_SHARED_MATRIX, TSDK_SHARED_LOAD, 16, 2, 8, 1, 2},
    {90, "m8n8.x4.store", "PTX 9.7.14.5.16", QuarterWarps, Matrices4,
     TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 32, 0, 8},
    {90, "m8n8.x4.trans.store", "PTX 9.7.14.5.16", QuarterWarps,
     Matrices4Transposed, TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 32, 1,
     8},
    {90, "m8n8.x2.store", "PTX 9.7.14.5.16", QuarterWarps, Matrices2,
     TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 16, 0, 4},
    {90, "m8n8.x2.trans.store", "PTX 9.7.14.5.16", QuarterWarps,
     Matrices2Transposed, TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 16, 1,
     4},
    {90, "m8n8.x1.store", "PTX 9.7.14.5.16", QuarterWarps, Matrices1,
     TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 8, 0, 2},
    {90, "m8n8.x1.trans.store", "PTX 9.7.14.5.16", QuarterWarps,
     Matrices1Transposed, TSDK_SHARED_MATRIX, TSDK_SHARED_STORE, 16, 2, 8, 1,
     2},
};

struct Async {
  const char *name;
  uint32_t bytes;
};

constexpr Async AsyncRows[] = {{"b32", 4}, {"b64", 8}, {"b128", 16}};

const tsdk_option_row Options[] = {
    {str("maxnreg"), str(""), str(""),
     str("Largest number of registers of a thread"), 16, 255, TSDK_OPTION_INT,
     0},
};

// Raised when the meaning of a row changes without a change of its data.
constexpr std::string_view Fingerprint = "nvidia-6";

} // namespace

unsigned TargetTable::capability(size_t index) {
  return Rows[index].capability;
}

TargetTable::TargetTable()
    : functions(libdevice::makeLanguageFunctions(strings)) {
  for (size_t i = 0; i < NumTargets; ++i) {
    const Row &row = Rows[i];
    for (const Matrix &in : MatrixRows) {
      if (in.capability > row.capability)
        continue;
      tsdk_matrix_row &out = matrix[i].emplace_back();
      out.name = str(in.name);
      out.source = str(in.source);
      out.left_type = str(in.type);
      out.right_type = str(in.rightType ? in.rightType : in.type);
      out.result_type = str(in.result);
      out.left = str(in.left);
      out.right = str(in.right);
      out.result = str(in.layout);
      out.m = in.m;
      out.n = in.n;
      out.k = in.k;
      out.warps = 1;
      out.left_places = out.right_places = TSDK_OPERAND_REGISTERS;
      out.flags = in.flags;
      out.issue_cycles = in.cycles;
      out.latency_cycles = 32;
    }
    if (row.capability >= 90)
      addWarpGroupRows(matrix[i], formats[i]);
    for (const Shared &in : SharedRows) {
      if (in.capability > row.capability)
        continue;
      tsdk_shared_row &out = shared[i].emplace_back();
      out.name = str(in.name);
      out.source = str(in.source);
      out.phases = str(in.phases);
      out.layout = str(in.layout);
      out.kind = in.kind;
      out.direction = in.direction;
      out.bytes = in.bytes;
      out.element_bytes = in.elementBytes;
      out.rows = in.rows;
      out.transposed = in.transposed;
      out.issue_cycles = in.cycles;
      out.latency_cycles = 30;
    }
    for (const Async &in : AsyncRows) {
      tsdk_async_row &out = async[i].emplace_back();
      out.name = str(in.name);
      out.source = str("PTX 9.7.9.25.3");
      out.issuer = TSDK_ISSUER_LANE;
      out.completion = TSDK_COMPLETION_GROUP;
      out.bytes = in.bytes;
      out.max_pending = 63;
      out.zero_fill = 1;
      out.issue_cycles = 4;
      out.latency_cycles = 500;
    }
    if (row.capability >= 90) {
      tsdk_async_row &out = async[i].emplace_back();
      out.name = str("box");
      out.source = str("PTX 9.7.9.25.5");
      out.issuer = TSDK_ISSUER_THREAD;
      out.completion = TSDK_COMPLETION_BARRIER;
      out.max_rank = 5;
      out.max_box = 256;
      out.zero_fill = 1;
      out.needs_fence = 1;
      out.issue_cycles = 8;
      out.latency_cycles = 600;
    }

    tsdk_simt &simt = simts[i] = {};
    simt.struct_size = sizeof simt;
    simt.features = TSDK_SIMT_NAMED_BARRIERS | TSDK_SIMT_PACKED_F16 |
                    TSDK_SIMT_PACKED_BF16 | TSDK_SIMT_BF16_CONVERT |
                    TSDK_SIMT_PAIRED_LOADS |
                    (row.capability >= 89 ? TSDK_SIMT_F8_CONVERT : 0u) |
                    (row.capability >= 90
                         ? TSDK_SIMT_MBARRIER | TSDK_SIMT_REGISTER_REALLOCATION
                         : 0u);
    simt.warp_size = 32;
    simt.max_warps = 32;
    simt.max_registers = 255;
    simt.registers = 65536;
    simt.multiprocessor_threads = row.multiprocessorThreads;
    simt.shared_bytes = row.sharedBytes;
    simt.multiprocessor_shared_bytes = row.multiprocessorShared;
    simt.banks = 32;
    simt.bank_bytes = 4;
    simt.warp_group_warps = row.capability >= 90 ? 4 : 0;
    if (row.capability >= 90) {
      simt.register_granule = 8; // PTX 9.7.20.5
      simt.register_min = 24;
      simt.register_max = 240;
    }
    simt.named_barriers = 15;
    simt.max_cluster = 1;
    simt.max_vector_bytes = 16;
    simt.coalesce_bytes = 128;
    simt.shuffle_bytes = 4;
    simt.shuffle_cycles = 1;
    simt.barrier_cycles = 20;
    // As tests/probes/conversions.py measured on an H100.
    simt.shared_cycles = 1;
    simt.shared_issue_cycles = 1;
    simt.global_cycles = 500;
    simt.select_cycles = 1;
    simt.warp_issue = 4;
    simt.matrix = matrix[i].data();
    simt.num_matrix = matrix[i].size();
    simt.matrix_stride = sizeof(tsdk_matrix_row);
    simt.shared = shared[i].data();
    simt.num_shared = shared[i].size();
    simt.shared_stride = sizeof(tsdk_shared_row);
    simt.formats = formats[i].data();
    simt.num_formats = formats[i].size();
    simt.format_stride = sizeof(tsdk_shared_format);
    simt.async = async[i].data();
    simt.num_async = async[i].size();
    simt.async_stride = sizeof(tsdk_async_row);

    tsdk_machine &machine = machines[i] = {};
    machine.struct_size = sizeof machine;
    machine.features = TSDK_MACHINE_FMA | TSDK_MACHINE_F16_CONVERT |
                       TSDK_MACHINE_F16_MATH | TSDK_MACHINE_BF16_CONVERT;
    machine.max_threads = 1024;
    machine.options = Options;
    machine.num_options = std::size(Options);
    machine.option_stride = sizeof(tsdk_option_row);
    machine.functions = functions.data();
    machine.num_functions = functions.size();
    machine.function_stride = sizeof(tsdk_language_function);
    machine.simt = &simt;

    tsdk_codegen &codegen = codegens[i] = {};
    codegen.struct_size = sizeof codegen;
    codegen.artifact = TSDK_ARTIFACT_ASSEMBLY;
    codegen.triple = str("nvptx64-nvidia-cuda");
    codegen.cpu = str(row.name);
    codegen.features = str(row.features);
    codegen.calling_convention = 71; // PTX_Kernel
    codegen.kernel_attributes =
        str("nvvm.reqntid={threads};nvvm.maxnreg={entry_registers};"
            "nvvm.maxnreg={maxnreg};byval.nvvm.grid_constant=");
    codegen.scopes = str("block,device,");
    codegen.constraints = str("h,r,l,f,d,b");

    tsdk_target &target = targets[i] = {};
    target.struct_size = sizeof target;
    target.execution = TSDK_EXECUTION_SIMT;
    target.name = str(row.name);
    target.fingerprint = str(Fingerprint);
    target.doc = str(row.doc);
    target.machine = &machine;
    target.codegen = &codegen;
  }
}

} // namespace tilesdk::nvidia
