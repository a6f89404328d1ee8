//===- targets.cpp - The AMD targets as data --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// "ISA" is AMD's instruction set manual of the target's architecture. The
// limits of a compute unit are those that the HIP documentation lists per
// architecture.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/targets.h"

#include "backends/libdevice/libdevice.h"

#include <cstring>
#include <iterator>

namespace tilesdk::amd {

std::string_view view(tsdk_str text) {
  if (!text.data)
    return {};
  return {text.data, text.size == TSDK_NUL_TERMINATED ? std::strlen(text.data)
                                                      : text.size};
}

namespace {

/// What differs from one target to the next.
struct Row {
  const char *name, *doc, *source;
  uint32_t waveSize, sharedBytes, banks, maxRegisters, registers, threads;
};

constexpr Row Rows[NumTargets] = {
    {"gfx90a", "AMD Instinct MI200 (CDNA 2)", "CDNA 2 ISA", 64, 64u << 10, 32,
     512, 131072, 2048},
    {"gfx942", "AMD Instinct MI300 (CDNA 3)", "CDNA 3 ISA", 64, 64u << 10, 32,
     512, 131072, 2048},
    {"gfx950", "AMD Instinct MI350 (CDNA 4)", "CDNA 4 ISA", 64, 160u << 10, 64,
     512, 131072, 2048},
    {"gfx1100", "AMD Radeon RX 7900 (RDNA 3)", "RDNA 3 ISA", 32, 64u << 10, 32,
     256, 98304, 1024},
    {"gfx1200", "AMD Radeon RX 9060 (RDNA 4)", "RDNA 4 ISA", 32, 64u << 10, 32,
     256, 98304, 1024},
};

struct Shared {
  const char *name;
  uint32_t waveSize, bytes, direction, cycles;
  const char *phases;
};

// 128 bytes a cycle. Wide loads of a wave64 take lanes that do not follow each
// other; the rest goes in order.
constexpr const char *Halves64 = "0-31;32-63";
constexpr const char *Quarters64 = "0-15;16-31;32-47;48-63";
constexpr const char *Eighths64 =
    "0-7;8-15;16-23;24-31;32-39;40-47;48-55;56-63";
constexpr const char *LoadEighths64 =
    "0-3,20-23;4-7,16-19;8-11,28-31;12-15,24-27;32-35,52-55;36-39,48-51;40-43,"
    "60-63;44-47,56-59";
constexpr const char *Halves32 = "0-15;16-31";
constexpr const char *Quarters32 = "0-7;8-15;16-23;24-31";

constexpr Shared SharedRows[] = {
    {"b8", 64, 1, TSDK_SHARED_LOAD, 2, Halves64},
    {"b16", 64, 2, TSDK_SHARED_LOAD, 2, Halves64},
    {"b32", 64, 4, TSDK_SHARED_LOAD, 2, Halves64},
    {"b64", 64, 8, TSDK_SHARED_LOAD, 4, Quarters64},
    {"b128", 64, 16, TSDK_SHARED_LOAD, 8, LoadEighths64},
    {"b8.store", 64, 1, TSDK_SHARED_STORE, 2, Halves64},
    {"b16.store", 64, 2, TSDK_SHARED_STORE, 2, Halves64},
    {"b32.store", 64, 4, TSDK_SHARED_STORE, 2, Halves64},
    {"b64.store", 64, 8, TSDK_SHARED_STORE, 4, Quarters64},
    {"b128.store", 64, 16, TSDK_SHARED_STORE, 8, Eighths64},
    {"b8", 32, 1, TSDK_SHARED_LOAD, 1, ""},
    {"b16", 32, 2, TSDK_SHARED_LOAD, 1, ""},
    {"b32", 32, 4, TSDK_SHARED_LOAD, 1, ""},
    {"b64", 32, 8, TSDK_SHARED_LOAD, 2, Halves32},
    {"b128", 32, 16, TSDK_SHARED_LOAD, 4, Quarters32},
    {"b8.store", 32, 1, TSDK_SHARED_STORE, 1, ""},
    {"b16.store", 32, 2, TSDK_SHARED_STORE, 1, ""},
    {"b32.store", 32, 4, TSDK_SHARED_STORE, 1, ""},
    {"b64.store", 32, 8, TSDK_SHARED_STORE, 2, Halves32},
    {"b128.store", 32, 16, TSDK_SHARED_STORE, 4, Quarters32},
};

// Loads that transpose, of CDNA 4: of the chunks of 8 bytes that sixteen lanes
// name, four rows of sixteen columns of 16 bits, or twice eight rows of eight
// columns of 8 bits.
struct Transposing {
  const char *name, *source;
  uint32_t elementBytes;
  const char *layout;
};

constexpr Transposing TransposingRows[] = {
    {"tr.b16", "CDNA 4 ISA, LDS instructions: DS_READ_B64_TR_B16", 2,
     "(row: 64, column: 4) { register: (4,0) (8,0); "
     "lane: (0,1) (0,2) (1,0) (2,0) (16,0) (32,0) }"},
    {"tr.b8", "CDNA 4 ISA, LDS instructions: DS_READ_B64_TR_B8", 1,
     "(row: 64, column: 8) { register: (2,0) (4,0) (8,0); "
     "lane: (0,1) (0,2) (0,4) (1,0) (16,0) (32,0) }"},
};

// Loads that write to LDS from an address that all lanes share, a lane's bytes
// behind those of the one before it. They are counted as other loads are, up to
// the 6 bits of vmcnt; what is masked off is not written.
struct Direct {
  const char *name, *source;
  uint32_t bytes, first, last; // Of the targets that have it.
};

constexpr Direct DirectRows[] = {
    {"b32",
     "CDNA 2 and 3 ISA, memory buffer load to LDS: GLOBAL_LOAD_LDS_DWORD", 4,
     GFX90A, GFX950},
    {"b128", "CDNA 4 ISA, memory load to LDS: GLOBAL_LOAD_LDS_DWORDX4", 16,
     GFX950, GFX950},
};
constexpr uint32_t MaxCounted = 63;

const tsdk_option_row Options[] = {
    {str("waves_per_eu"), str(""), str(""),
     str("Waves that a SIMD shall hold at once, which bounds registers"), 0, 10,
     TSDK_OPTION_INT, 0},
    {str("code_object_version"), str("5"), str("4,5,6"),
     str("Version of the code object's ABI; HIP of ROCm 5.2 takes 4 alone"), 0,
     0, TSDK_OPTION_CHOICE, 0},
    {str("matrix_instr_nonkdim"), str(""), str(""),
     str("Accepted for kernels that set it; cost chooses the instruction"), 0,
     32, TSDK_OPTION_INT, 0},
    {str("kpack"), str(""), str(""),
     str("Accepted for kernels that set it; layouts need no such hint"), 1, 2,
     TSDK_OPTION_INT, 0},
    {str("schedule_hint"), str(""), str(""),
     str("Accepted for kernels that set it; names no schedule here"), 0, 0,
     TSDK_OPTION_TEXT, 0},
};

// Raised when the meaning of a row changes without a change of its data.
constexpr std::string_view Fingerprint = "amd-2";

} // namespace

TargetTable::TargetTable()
    : functions(libdevice::makeLanguageFunctions(strings)) {
  for (size_t i = 0; i < NumTargets; ++i) {
    const Row &row = Rows[i];
    for (size_t j = 0; j < NumMatrices; ++j) {
      const Matrix &in = Matrices[j];
      if (!in.isIn(i))
        continue;
      tsdk_matrix_row &out = matrix[i].emplace_back();
      out.name = str(in.name);
      out.source = str(row.source);
      out.left_type = out.right_type = str(in.type);
      out.result_type = str(in.result);
      out.left = str(layouts.emplace_back(in.left()));
      out.right = str(layouts.emplace_back(in.right()));
      out.result = str(layouts.emplace_back(in.resultLayout()));
      out.m = in.m;
      out.n = in.n;
      out.k = in.k;
      out.warps = 1;
      out.left_places = out.right_places = TSDK_OPERAND_REGISTERS;
      out.flags = in.type == "i8" ? TSDK_MATRIX_SIGNED : 0;
      // Of CDNA 2 those on half words know no subnormal numbers.
      if (i == GFX90A && (in.type == "f16" || in.type == "bf16"))
        out.flags |= TSDK_MATRIX_FLUSHES;
      // WMMA goes through the vector units that all other arithmetic goes
      // through; MFMA has units of its own.
      if (row.waveSize == 32)
        out.flags |= TSDK_MATRIX_BLOCKING;
      out.issue_cycles = in.cycles;
      out.latency_cycles = 2 * in.cycles;
    }
    for (const Shared &in : SharedRows) {
      if (in.waveSize != row.waveSize)
        continue;
      tsdk_shared_row &out = shared[i].emplace_back();
      out.name = str(in.name);
      out.source = str(row.source);
      out.phases = str(in.phases);
      out.kind = TSDK_SHARED_PLAIN;
      out.direction = in.direction;
      out.bytes = out.element_bytes = in.bytes;
      out.issue_cycles = in.cycles;
      out.latency_cycles = 64;
    }
    if (i == GFX950)
      for (const Transposing &in : TransposingRows) {
        tsdk_shared_row &out = shared[i].emplace_back();
        out.name = str(in.name);
        out.source = str(in.source);
        out.phases = str(Quarters64);
        out.layout = str(in.layout);
        out.kind = TSDK_SHARED_MATRIX;
        out.direction = TSDK_SHARED_LOAD;
        out.bytes = 8;
        out.element_bytes = in.elementBytes;
        out.rows = 64;
        out.transposed = 1;
        out.issue_cycles = 4;
        out.latency_cycles = 64;
      }

    for (const Direct &in : DirectRows) {
      if (i < in.first || i > in.last)
        continue;
      tsdk_async_row &out = async[i].emplace_back();
      out.name = str(in.name);
      out.source = str(in.source);
      out.issuer = TSDK_ISSUER_WARP;
      out.completion = TSDK_COMPLETION_COUNTER;
      out.bytes = in.bytes;
      out.max_pending = MaxCounted;
      out.issue_cycles = in.bytes;
      out.latency_cycles = 700;
    }

    tsdk_simt &simt = simts[i] = {};
    simt.struct_size = sizeof simt;
    simt.features = TSDK_SIMT_LOCKSTEP | TSDK_SIMT_PACKED_F16 |
                    TSDK_SIMT_BUFFER_ADDRESSING |
                    (i == GFX950 ? TSDK_SIMT_BF16_CONVERT : 0u);
    simt.warp_size = row.waveSize;
    simt.max_warps = 1024 / row.waveSize;
    simt.max_registers = row.maxRegisters;
    simt.registers = row.registers;
    simt.multiprocessor_threads = row.threads;
    simt.shared_bytes = row.sharedBytes;
    simt.multiprocessor_shared_bytes = row.sharedBytes;
    simt.banks = row.banks;
    simt.bank_bytes = 4;
    simt.max_cluster = 1;
    simt.max_vector_bytes = 16;
    simt.coalesce_bytes = 128;
    simt.shuffle_bytes = 4;
    simt.shuffle_cycles = 4;
    simt.barrier_cycles = 30;
    simt.shared_cycles = 1;
    simt.shared_issue_cycles = 4;
    simt.global_cycles = 700;
    simt.select_cycles = 1;
    // Four units take four cycles for a wave of 64; two take one for one of 32.
    simt.warp_issue = row.waveSize == 64 ? 1 : 2;
    simt.matrix = matrix[i].data();
    simt.num_matrix = matrix[i].size();
    simt.matrix_stride = sizeof(tsdk_matrix_row);
    simt.shared = shared[i].data();
    simt.num_shared = shared[i].size();
    simt.shared_stride = sizeof(tsdk_shared_row);
    simt.async = async[i].data();
    simt.num_async = async[i].size();
    simt.async_stride = sizeof(tsdk_async_row);

    tsdk_machine &machine = machines[i] = {};
    machine.struct_size = sizeof machine;
    machine.features = TSDK_MACHINE_FMA | TSDK_MACHINE_F16_CONVERT |
                       TSDK_MACHINE_F16_MATH |
                       (i == GFX950 ? TSDK_MACHINE_BF16_CONVERT : 0u);
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
    codegen.artifact = TSDK_ARTIFACT_ELF;
    codegen.triple = str("amdgcn-amd-amdhsa");
    codegen.cpu = str(row.name);
    codegen.calling_convention = 91; // AMDGPU_KERNEL
    codegen.kernel_attributes =
        str("amdgpu-flat-work-group-size={threads},{threads};"
            "uniform-work-group-size=true;amdgpu-waves-per-eu={waves_per_eu}");
    codegen.module_flags =
        str("amdhsa_code_object_version={code_object_version}00");
    codegen.scopes = str("workgroup,agent,");
    codegen.constraints = str("v,v,v,v,v,s");

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

} // namespace tilesdk::amd
