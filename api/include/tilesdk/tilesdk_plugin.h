/*===- tilesdk_plugin.h - Stable C ABI for backend plugins ----------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A plugin is one shared object that exports one symbol, tsdk_plugin_query, and
|* links neither libtilesdk nor LLVM. It gives targets as plain data, a provider
|* of device functions, and a driver. C99 / C++98 clean.
|*
|* Growth: every struct says its size. The reader takes a missing tail as zero
|* and never reads past struct_size. A function that is NULL, or past
|* struct_size, is not supported; those marked [R] are required (a driver's only
|* when the plugin has a driver). Rows in arrays travel with a stride. A plugin
|* stamps the negotiated ABI number and its own sizes.
|*
|* Strings and tables handed to the host stay valid and unchanged until
|* `shutdown` returns. All functions may be called from any thread, several at
|* once; a stream is ordered by the caller. None may unwind, exit or block on
|* anything but the device.
|*
|* ABI number 0: everything may still change.
|*
\*===----------------------------------------------------------------------===*/

#ifndef TILESDK_PLUGIN_H
#define TILESDK_PLUGIN_H

#include "tilesdk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The plugin ABI of this header. */
#define TSDK_PLUGIN_ABI 0u

/*===- A. Targets: execution, machine, codegen ----------------------------===*/

/* How a kernel is lowered for a target; never decided by a name. */
#define TSDK_EXECUTION_TILE_LOOPS 1u /**< Loops over tiles, host threads. */
#define TSDK_EXECUTION_PLUGIN_COMPILER 2u /**< The plugin takes tile IR. */
#define TSDK_EXECUTION_SIMT                                                    \
  3u /**< Threads of warps; reads `simt` of machine. */

/* What `object` of a variant is. */
#define TSDK_ARTIFACT_ELF 1u    /**< ELF shared object without dependencies. */
#define TSDK_ARTIFACT_OPAQUE 2u /**< Only the plugin's module_load knows. */
#define TSDK_ARTIFACT_ASSEMBLY                                                 \
  3u /**< LLVM's assembly; the plugin assembles.                               \
      */

/* What a function may do, for tsdk_language_function::effects. None: pure. */
#define TSDK_EFFECT_READ 1u       /**< Reads memory. */
#define TSDK_EFFECT_WRITE 2u      /**< Writes memory or has side effects. */
#define TSDK_EFFECT_VOLATILE 4u   /**< Two calls may differ (a clock). */
#define TSDK_EFFECT_CONVERGENT 8u /**< All threads of a program call it. */

/** One overload of a function that the kernel language offers on this target,
 *  applied per element after broadcasting. Rows with one name are its
 *  overloads, tried in order: exact types only. */
typedef struct tsdk_language_function {
  tsdk_str name;      /**< Dotted spelling, "tl.extra.libdevice.tanh". */
  tsdk_str arguments; /**< Types, "f32,f32"; empty for none. */
  tsdk_str result;    /**< Type, "f32"; empty for none. */
  tsdk_str symbol;    /**< Asked for from device_function with the type of the
                           first argument behind it, scalar and for so many
                           lanes: "s.f32", "s.v8f32". */
  uint32_t effects;   /**< TSDK_EFFECT_... */
  uint32_t reserved;
} tsdk_language_function;

#define TSDK_OPTION_INT 1u
#define TSDK_OPTION_BOOL 2u /**< "0", "1", "true", "false". */
#define TSDK_OPTION_TEXT 3u
#define TSDK_OPTION_CHOICE 4u

/** One build or launch option that this target understands. */
typedef struct tsdk_option_row {
  tsdk_str name;
  tsdk_str initial; /**< Value when not given. */
  tsdk_str choices; /**< Comma-separated, for TSDK_OPTION_CHOICE. */
  tsdk_str doc;     /**< One sentence without a final stop. */
  int64_t min, max; /**< Inclusive, for TSDK_OPTION_INT. */
  uint32_t type;    /**< TSDK_OPTION_... */
  uint32_t reserved;
} tsdk_option_row;

/* tsdk_machine::features: what vector code can do without falling apart. */
#define TSDK_MACHINE_FMA 1u           /**< Fused multiply-add, f32 and f64. */
#define TSDK_MACHINE_MASKED_MEMORY 2u /**< Masked vector load and store. */
#define TSDK_MACHINE_GATHER 4u        /**< Vector gather is worth using. */
#define TSDK_MACHINE_SCATTER 8u       /**< Vector scatter is worth using. */
#define TSDK_MACHINE_F16_CONVERT 16u  /**< f16 <-> f32 in hardware. */
#define TSDK_MACHINE_F16_MATH 32u     /**< f16 arithmetic in hardware. */
#define TSDK_MACHINE_BF16_CONVERT 64u /**< f32 -> bf16 in hardware. */
#define TSDK_MACHINE_STREAMING 128u   /**< Stores that bypass the caches. */

/*-- Machines that execute threads in warps --*/

/* Layouts in rows are text, the form of docs/layouts.md: inputs "register",
 * "lane", "warp" (only what a warp group adds) to outputs "row", "column", e.g.
 *   "(row: 16, column: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0)
 *   (2,0) (4,0) }". A register counts elements, not machine registers. The
 * left operand is M x K, the right one K x N, the result M x N. Each must reach
 * every element, and only the left and right operand may hold copies. */

/* Where a matrix instruction reads an operand. */
#define TSDK_OPERAND_REGISTERS 1u
#define TSDK_OPERAND_SHARED 2u

/* tsdk_matrix_row::flags. */
#define TSDK_MATRIX_ASYNC                                                      \
  1u                           /**< Runs until tsdk.mma.wait; ordered by       \
                                    tsdk.mma.fence and tsdk.mma.commit. */
#define TSDK_MATRIX_SIGNED 2u  /**< Integers are signed (i8). */
#define TSDK_MATRIX_FLUSHES 4u /**< Subnormal operands count as 0. */
#define TSDK_MATRIX_BLOCKING                                                   \
  8u /**< A warp does nothing else until it is done; results of                \
          a product go through tsdk.mma.done.<name>. */

/** One matrix instruction. Function, with the fragments in the order of their
 *  registers: `D tsdk.mma.<name>(A, B, D)`, A, B, D vectors of the elements
 *  (f8 as i8, tf32 as f32); of asynchronous rows see docs/device_library.md. */
typedef struct tsdk_matrix_row {
  tsdk_str name;   /**< Unique in the target, "m16n8k16.f32.f16". */
  tsdk_str source; /**< The manual's section it was read from. */
  tsdk_str left_type, right_type,
      result_type;              /**< "f16", "tf32", "f8E4M3FN". */
  tsdk_str left, right, result; /**< Layouts of one instruction of the smallest
                                     n; left and right empty when in shared
                                     memory only. */
  uint32_t m, n, k;             /**< n: the smallest. */
  uint32_t n_step, n_max; /**< n grows by n_step, the result's registers by
                               outer repetition; 0: one n only. */
  uint32_t warps;         /**< 1, or the warps of a warp group. */
  uint32_t left_places, right_places; /**< TSDK_OPERAND_... */
  uint32_t flags;                     /**< TSDK_MATRIX_... */
  uint32_t issue_cycles; /**< Of the smallest n; cost is compared by work. */
  uint32_t latency_cycles;
  uint32_t reserved;
} tsdk_matrix_row;

/* tsdk_shared_row::kind. */
#define TSDK_SHARED_PLAIN 1u /**< Each lane its own consecutive bytes. */
#define TSDK_SHARED_MATRIX                                                     \
  2u /**< A warp moves 8-, 16- or 32-byte rows whose                           \
          addresses lanes give; registers receive by                           \
          `layout`. */
#define TSDK_SHARED_LOAD 1u
#define TSDK_SHARED_STORE 2u

/** One way to access shared memory. A plain row is an ordinary load or store.
 *  A matrix row is `<n x i32> tsdk.shared.load.<name>(ptr addrspace(3))` or
 *  `void tsdk.shared.store.<name>(ptr addrspace(3), <n x i32>)`: lane l gives
 *  the address of row l % rows, the "element" is `element_bytes` wide. */
typedef struct tsdk_shared_row {
  tsdk_str name;
  tsdk_str source;
  tsdk_str phases; /**< Lanes served in one cycle: "0-7;8-15;16-23;24-31";
                        empty: all lanes together. */
  tsdk_str
      layout; /**< Matrix rows: register, lane -> row, column (elements of
                   element_bytes; rows of all matrices numbered through). */
  uint32_t kind, direction;
  uint32_t bytes; /**< Per lane (plain), of one row (matrix). */
  uint32_t element_bytes;
  uint32_t rows; /**< Addresses a warp gives; 0 for plain rows. */
  uint32_t transposed;
  uint32_t issue_cycles, latency_cycles;
} tsdk_shared_row;

/** How an instruction that reads operands from shared memory, or an async copy,
 *  finds them there. Offsets XOR: within an atom of `atom_rows` rows of
 *  `row_bytes`, 16-byte chunk c of row r lies at chunk c ^ (r / row_shift %
 *  chunk_count). Descriptor: `i64 tsdk.shared.descriptor.<name>(ptr
 *  addrspace(3) start, i32 leading_bytes, i32 stride_bytes)`. */
typedef struct tsdk_shared_format {
  tsdk_str name; /**< "swizzle128". */
  tsdk_str source;
  uint32_t row_bytes;   /**< 128, 64, 32, 16. */
  uint32_t atom_rows;   /**< 8. */
  uint32_t chunk_count; /**< 8, 4, 2, 1 (no swizzle). */
  uint32_t row_shift;   /**< 1, 2, 4, 1. */
  uint32_t alignment;   /**< Of an atom, bytes. */
  uint32_t reserved;
} tsdk_shared_format;

/* tsdk_async_row::issuer. */
#define TSDK_ISSUER_LANE 1u /**< Each lane copies its own bytes. */
#define TSDK_ISSUER_WARP                                                       \
  2u                          /**< A warp copies to consecutive lanes' places. \
                               */
#define TSDK_ISSUER_THREAD 3u /**< One elected thread copies a box. */
/* tsdk_async_row::completion. */
#define TSDK_COMPLETION_GROUP                                                  \
  1u /**< tsdk.async.commit, tsdk.async.wait.<n>.                              \
      */
#define TSDK_COMPLETION_BARRIER 2u /**< Bytes arrive at an mbarrier. */
#define TSDK_COMPLETION_COUNTER                                                \
  3u /**< tsdk.async.wait.<n>: n copies in flight. */

/** One kind of asynchronous copy from global to shared memory. Lane and warp
 *  rows: `void tsdk.async.copy.<name>(ptr addrspace(3) to, ptr addrspace(1)
 *  from, i1 active)`, inactive lanes write zeros when `zero_fill`. Of warp rows
 *  `to` is the first lane's place, in all lanes; lane l's bytes go behind those
 *  of lane l - 1. Copies that are counted have no commit. Box rows:
 *  `void tsdk.box.load.<rank>(ptr addrspace(3) to, ptr addrspace(3) barrier,
 *  ptr map, i32...)`, innermost coordinate first. */
typedef struct tsdk_async_row {
  tsdk_str name; /**< "b128". */
  tsdk_str source;
  uint32_t issuer, completion;
  uint32_t bytes;       /**< Per lane; 0 for boxes. */
  uint32_t max_pending; /**< Largest count of a wait. */
  uint32_t zero_fill;
  uint32_t max_rank, max_box; /**< Boxes: dimensions, elements a dimension. */
  uint32_t
      needs_fence; /**< tsdk.fence.async between ordinary accesses and it. */
  uint32_t issue_cycles, latency_cycles;
} tsdk_async_row;

/* tsdk_simt::features. */
#define TSDK_SIMT_NAMED_BARRIERS 1u
#define TSDK_SIMT_MBARRIER 2u
#define TSDK_SIMT_REGISTER_REALLOCATION 4u
#define TSDK_SIMT_CLUSTERS 8u
#define TSDK_SIMT_BUFFER_ADDRESSING 16u /**< tsdk.buffer.load, .store. */
#define TSDK_SIMT_PACKED_F16 32u
#define TSDK_SIMT_PACKED_BF16 64u
#define TSDK_SIMT_BF16_CONVERT 128u
#define TSDK_SIMT_F8_CONVERT 256u /**< tsdk.convert functions. */
#define TSDK_SIMT_LOCKSTEP 512u   /**< tsdk.warp.sync takes no time. */
#define TSDK_SIMT_PAIRED_LOADS                                                 \
  1024u /**< Two neighbouring phases (0-1, 2-3, ...) of a plain load from      \
             shared memory are one if each of their lanes has the address of   \
             lane ^ 1, or each that of lane ^ 2, or that lane is inactive. */

/** The machine of TSDK_EXECUTION_SIMT. Costs are cycles of one multiprocessor.
 */
typedef struct tsdk_simt {
  uint32_t struct_size;
  uint32_t features;
  uint32_t warp_size;
  uint32_t max_warps;     /**< Of one program. */
  uint32_t max_registers; /**< 32-bit, of a thread. */
  uint32_t registers;     /**< 32-bit, of a multiprocessor. */
  uint32_t multiprocessor_threads;
  uint32_t shared_bytes; /**< Largest of one program. */
  uint32_t multiprocessor_shared_bytes;
  uint32_t banks, bank_bytes;
  uint32_t warp_group_warps; /**< 4, or 0. */
  uint32_t named_barriers;   /**< Free for use: ids 1 to this. */
  uint32_t register_granule, register_min, register_max; /**< Reallocation. */
  uint32_t max_cluster;
  uint32_t max_vector_bytes; /**< Widest global access of a lane. */
  uint32_t coalesce_bytes;   /**< One transaction of a warp's access. */
  uint32_t shuffle_bytes, shuffle_cycles;
  uint32_t barrier_cycles, shared_cycles, shared_issue_cycles;
  uint32_t global_cycles; /**< Latency of a load from device memory. */
  uint32_t select_cycles;
  const tsdk_matrix_row *matrix;
  size_t num_matrix, matrix_stride;
  const tsdk_shared_row *shared;
  size_t num_shared, shared_stride;
  const tsdk_shared_format *formats;
  size_t num_formats, format_stride;
  const tsdk_async_row *async;
  size_t num_async, async_stride;
  uint32_t
      warp_issue; /**< Instructions of warps that start in a cycle; 0 is 1. */
  uint32_t reserved;
} tsdk_simt;

/** What lowering reads of a machine. Sizes in bytes, 0 is unknown. The values
 *  describe the target row, not the machine the plugin runs on, so that builds
 *  are the same everywhere. */
typedef struct tsdk_machine {
  uint32_t struct_size;
  uint32_t features;         /**< TSDK_MACHINE_... */
  uint32_t vector_bytes;     /**< Width of a vector register. */
  uint32_t vector_registers; /**< How many there are. */
  uint32_t mask_registers;   /**< 0: masks live in vector registers. */
  uint32_t cache_line_bytes;
  uint64_t l1_bytes; /**< Data cache of one core. */
  uint64_t l2_bytes; /**< Second level, of one core. */
  uint64_t last_level_bytes;
  uint32_t fma_per_cycle;  /**< Vector fused multiply-adds issued a cycle. */
  uint32_t fma_latency;    /**< Cycles. */
  uint32_t load_per_cycle; /**< Vector loads issued a cycle. */
  uint32_t store_per_cycle;
  /* Preferred register block of a matrix product in elements of f32: rows of
   * the result, columns of the result; 0: derived from the registers. */
  uint32_t matmul_rows;
  uint32_t matmul_columns;
  uint32_t max_threads; /**< Threads of one program; 1 for tile loops. */
  uint32_t page_bytes;
  const tsdk_language_function *functions;
  size_t num_functions;
  size_t function_stride; /**< sizeof(tsdk_language_function). */
  const tsdk_option_row *options;
  size_t num_options;
  size_t option_stride;     /**< sizeof(tsdk_option_row). */
  const tsdk_option *facts; /**< Open-ended facts by name. */
  size_t num_facts;
  const tsdk_simt *simt; /**< [R] for TSDK_EXECUTION_SIMT. */
} tsdk_machine;

/* How a kernel gets its arguments. */
#define TSDK_PARAMETERS_VALUES 0u /**< By value, in the calling convention. */
#define TSDK_PARAMETERS_ARRAY 1u  /**< One `void *const *`, as tile loops. */

/* tsdk_codegen::flags. */
#define TSDK_CODEGEN_CHECKS                                                    \
  1u /**< The option `check` instruments accesses.                             \
      */

/** What code generation needs. */
typedef struct tsdk_codegen {
  uint32_t struct_size;
  uint32_t artifact;    /**< TSDK_ARTIFACT_... */
  tsdk_str triple;      /**< LLVM triple; empty for plugin compilers. */
  tsdk_str cpu;         /**< LLVM processor name, "x86-64-v3". */
  tsdk_str features;    /**< LLVM feature string, "+fma,-avx512f". */
  tsdk_str data_layout; /**< Empty: the triple's own. */
  /* What follows is read for TSDK_EXECUTION_SIMT. */
  uint32_t parameters;         /**< TSDK_PARAMETERS_... */
  uint32_t flags;              /**< TSDK_CODEGEN_... */
  uint32_t calling_convention; /**< LLVM's number for kernels; 0 is C's. */
  uint32_t reserved;
  /** Attributes of the kernel, "name=value;name=value", LLVM's spelling, where
   *  {threads} and {warps} stand for numbers of the build, {option} for the
   *  value of an option; an entry whose option is unset is left out. */
  tsdk_str kernel_attributes;
  tsdk_str module_flags; /**< "name=number;...", of the LLVM module; the same
                              stands for numbers and options. */
  /** LLVM's names of the scopes program, device, system: "block,device,"; an
   *  empty name is system. */
  tsdk_str scopes;
  /** Inline-assembly constraint letters of 16-, 32-, 64-bit integer, f32, f64
   *  and predicate registers: "h,r,l,f,d,b". Empty where no asynchronous
   *  instruction works on registers. */
  tsdk_str constraints;
} tsdk_codegen;

typedef struct tsdk_target {
  uint32_t struct_size;
  uint32_t execution;   /**< TSDK_EXECUTION_... */
  tsdk_str name;        /**< "x86-64-v3"; unique among all plugins. */
  tsdk_str fingerprint; /**< Changes with any change of generated code; enters
                             cache keys beside all the data below. */
  tsdk_str doc;         /**< One line for people. */
  const tsdk_machine *machine; /**< [R] */
  const tsdk_codegen *codegen; /**< [R] */
} tsdk_target;

/*===- B. Artifacts of tile loops -----------------------------------------===*/

/** What the driver tells one program of a grid. Made by the driver, read by the
 *  kernel's code; no pointer in it is ever NULL except the states. */
typedef struct tsdk_tile_program {
  uint32_t struct_size;
  uint32_t flags; /**< None defined: 0. */
  uint32_t program_id[3];
  uint32_t num_programs[3];
  /** If a launch writes more than this many bytes through one store, the store
   *  bypasses the caches. */
  uint64_t streaming_bytes;
  /** Called in spin loops on atomics, so that other programs get on. */
  void (*yield)(void *state);
  void *yield_state;
  /** Text that the kernel prints, newline included. */
  void (*print)(void *state, const char *text, size_t size);
  /** A device_assert failed; returns, and the program goes on. */
  void (*assert_failed)(void *state, const char *text, size_t size);
  void *host_state; /**< The `state` of print and assert_failed. */
} tsdk_tile_program;

/** The one exported symbol of a tile-loops artifact (an ELF shared object with
 *  nothing NEEDED and nothing undefined), named after the kernel ("symbol" of
 *  the metadata). params[i] points at the value of the i-th runtime leaf;
 *  `scratch` is a 64-byte aligned block of "scratch_bytes" private to this
 *  program, contents undefined, NULL when that is 0. */
typedef void (*tsdk_tile_kernel)(void *const *params,
                                 const tsdk_tile_program *program,
                                 void *scratch);

/* The metadata JSON beside an artifact (schema 1), written by the compiler:
 *   {"schema":1, "kernel":..., "symbol":..., "target":..., "signature":...,
 *    "params":[{"leaf":0,"name":"x","type":"*f32","bytes":8,
 *               "divisibility":16}...],
 *    "options":{...}, "scratch_bytes":N, "shared_bytes":0, "threads":1,
 *    "warps":1, "num_stages":1, "artifact":"elf",
 *    "uses":["yield","print","assert"], "diagnostics":[...]}
 * A SIMT kernel that prints or asserts also has the hidden block, parameters
 * behind the leaves, and the texts of its messages (docs/device_library.md):
 *   "hidden":{"version":1, "fields":[{"name":"messages","bytes":8},
 *                                    {"name":"launch","bytes":4}]},
 *   "messages":[...]
 * and every SIMT kernel what is asked of shared memory ("shared_accesses",
 * docs/explain.md). The runtime adds what `assemble` or `inspect` knows:
 *   "resources":{"registers":N, "spill_bytes":N, "stack_bytes":N,
 *                "static_shared_bytes":N, "log":"..."} */

/*===- C. Host services ---------------------------------------------------===*/

/** Valid from tsdk_plugin_query until `shutdown`. Any thread. */
typedef struct tsdk_host {
  uint32_t struct_size;
  uint32_t abi; /**< Largest plugin ABI that the host speaks. */
  void *self;   /**< First argument of all functions below. */
  /** Memory that the host frees, or that you free with `free`. NULL when out of
   *  memory. `align` is a power of two. */
  void *(*alloc)(void *self, size_t size, size_t align);
  void (*free)(void *self, void *memory);
  void (*log)(void *self, int32_t level, tsdk_str message);
  /** The only way to make an error. Never returns NULL. `native` is the
   *  driver's own code or 0. */
  tsdk_error (*error)(void *self, tsdk_code code, int64_t native,
                      tsdk_str message);
  void (*error_free)(void *self, tsdk_error error);
  /** Targets of the other plugins, by number from 0; NULL after the last. Loads
   *  the plugins that are found; not from within tsdk_plugin_query. */
  const tsdk_target *(*target)(void *self, size_t index);
} tsdk_host;

/*===- D. Driver ----------------------------------------------------------===*/

/** How one function of a module is launched, from the artifact's metadata. */
typedef struct tsdk_function_desc {
  uint32_t struct_size;
  uint32_t threads;       /**< Of one program; 1 for tile loops. */
  tsdk_str symbol;        /**< Exported name. */
  uint64_t scratch_bytes; /**< Private to a program. */
  uint32_t shared_bytes;
  uint32_t num_params;         /**< Runtime leaves, then the hidden block. */
  const uint32_t *param_bytes; /**< Size of each one's value. */
  tsdk_str metadata;           /**< The whole metadata JSON. */
} tsdk_function_desc;

/** One launch. Borrowed for the call: the driver copies the parameter values
 *  before it returns. Grid dimensions are at least 1. */
typedef struct tsdk_driver_launch {
  uint32_t struct_size;
  uint32_t num_params;
  uint32_t grid[3];
  uint32_t num_attrs;
  const tsdk_launch_attr *attrs;
  uint64_t stream;     /**< 0: the device's default stream. */
  void *const *params; /**< params[i] points at leaf i's value. */
} tsdk_driver_launch;

/* Properties of a function, for function_info. */
#define TSDK_FUNCTION_REGISTERS 1u    /**< [uint32_t] 32-bit, of a thread. */
#define TSDK_FUNCTION_LOCAL_BYTES 2u  /**< [uint32_t] Of a thread: spills. */
#define TSDK_FUNCTION_SHARED_BYTES 3u /**< [uint32_t] Of a program. */
#define TSDK_FUNCTION_MAX_THREADS 4u  /**< [uint32_t] Of a program. */
#define TSDK_FUNCTION_OCCUPANCY                                                \
  5u /**< [uint32_t] Programs at once on a compute unit. */

#define TSDK_CAPTURE_NONE 0u
#define TSDK_CAPTURE_ACTIVE 1u
#define TSDK_CAPTURE_INVALID 2u /**< A call that a graph cannot hold. */

/** A tensor in device memory of which kernels copy boxes. All arrays: the
 *  innermost dimension first. */
typedef struct tsdk_tensor_map_desc {
  uint32_t struct_size;
  uint32_t dtype;         /**< TSDK_F16...; its size and, for fills, kind. */
  uint32_t rank;          /**< 1 to 5. */
  uint32_t swizzle_bytes; /**< 0, 32, 64, 128: row_bytes of a format. */
  uint32_t fill_nan;      /**< What lies outside reads as NaN, else as 0. */
  uint32_t reserved;
  const void *base;        /**< Device memory, aligned by 16. */
  const uint64_t *shape;   /**< Elements. */
  const uint64_t *strides; /**< Bytes, of dimensions 1 to rank - 1. */
  const uint32_t *box;     /**< Elements. */
} tsdk_tensor_map_desc;

/** Streams and events are native handles as integers; stream 0 is the device's
 *  default stream. A size argument `size` says on entry how much room `out`
 *  has and on return how much is needed; with too little room nothing is
 *  written and the call succeeds (ask, then fetch). Failing functions leave
 *  their outputs alone. */
typedef struct tsdk_driver {
  uint32_t struct_size;
  uint32_t reserved;
  void *self; /**< First argument of all functions below. */
  /** [R] Counts devices without creating driver state (a fork may follow). */
  tsdk_error (*probe)(void *self, uint32_t *count);
  /** [R] Opens device `ordinal`; the host opens each once. */
  tsdk_error (*device_open)(void *self, uint32_t ordinal, void **device);
  /** [R] Waits for the work of all its streams. */
  void (*device_close)(void *self, void *device);
  /** [R] The target that code for this device is built for. */
  tsdk_error (*device_target)(void *self, void *device,
                              const tsdk_target **out);
  /** Whether the device also runs code built for `target`, one of the plugin's
   *  own. NULL: only code for its own target. */
  tsdk_error (*target_runs)(void *self, void *device, const tsdk_target *target,
                            tsdk_bool *runs);
  /** TSDK_DEVICE_... properties; TSDK_E_UNIMPLEMENTED for unknown ones. */
  tsdk_error (*device_get)(void *self, void *device, uint32_t property,
                           void *out, size_t *size);
  /** [R] At least 64-byte aligned; ordered on `stream`. */
  tsdk_error (*mem_alloc)(void *self, void *device, uint64_t stream,
                          size_t bytes, tsdk_flags flags, void **out);
  /** [R] Freed once the work queued on `stream` so far is done. */
  tsdk_error (*mem_free)(void *self, void *device, uint64_t stream,
                         void *memory);
  /** [R] Between any two of host and device memory; asynchronous. */
  tsdk_error (*mem_copy)(void *self, void *device, uint64_t stream, void *to,
                         const void *from, size_t bytes);
  /** [R] Writes the low `width` (1, 2, 4) bytes of `value`, `count` times. */
  tsdk_error (*mem_set)(void *self, void *device, uint64_t stream, void *to,
                        uint32_t value, uint32_t width, size_t count);
  /** Host memory that the device reaches fast. */
  tsdk_error (*host_alloc)(void *self, void *device, size_t bytes, void **out);
  void (*host_free)(void *self, void *device, void *memory);
  /** TSDK_POINTER_... of any pointer. A pointer this driver does not know gives
   *  success and *size 0. Called in each typed launch: keep it fast. */
  tsdk_error (*pointer_get)(void *self, const void *pointer, uint32_t property,
                            void *out, size_t *size);
  /** [R] Priority 0 is normal, larger is more urgent. */
  tsdk_error (*stream_create)(void *self, void *device, int32_t priority,
                              uint64_t *out);
  /** [R] Does not wait; the queued work still runs. */
  void (*stream_destroy)(void *self, void *device, uint64_t stream);
  /** [R] Waits, and reports the first failure of the stream's work since the
   *  last report (a failed device_assert). */
  tsdk_error (*stream_sync)(void *self, void *device, uint64_t stream);
  tsdk_error (*stream_query)(void *self, void *device, uint64_t stream,
                             tsdk_bool *done);
  /** Events: all or none of the functions. */
  tsdk_error (*event_create)(void *self, void *device, uint64_t *out);
  void (*event_destroy)(void *self, void *device, uint64_t event);
  tsdk_error (*event_record)(void *self, void *device, uint64_t event,
                             uint64_t stream);
  tsdk_error (*event_wait)(void *self, void *device, uint64_t event,
                           uint64_t stream);
  tsdk_error (*event_sync)(void *self, void *device, uint64_t event);
  tsdk_error (*event_query)(void *self, void *device, uint64_t event,
                            tsdk_bool *done);
  tsdk_error (*event_elapsed)(void *self, void *device, uint64_t from,
                              uint64_t to, uint64_t *nanoseconds);
  /** [R] `object` is borrowed for the call. */
  tsdk_error (*module_load)(void *self, void *device, tsdk_bytes object,
                            tsdk_str metadata, void **module);
  /** [R] Launches still queued run to their end: keep the code until then. Does
   *  not wait. */
  void (*module_unload)(void *self, void *device, void *module);
  /** [R] Lives as long as its module. */
  tsdk_error (*function_get)(void *self, void *device, void *module,
                             const tsdk_function_desc *desc, void **function);
  /** [R] Asynchronous. */
  tsdk_error (*launch)(void *self, void *device, void *function,
                       const tsdk_driver_launch *launch);
  /** TSDK_FUNCTION_... of a function. */
  tsdk_error (*function_info)(void *self, void *device, void *function,
                              uint32_t property, void *out, size_t *size);
  /** Calls `call` on a thread of the driver once the work queued on `stream` so
   *  far is done; it must not call the driver. */
  tsdk_error (*stream_call)(void *self, void *device, uint64_t stream,
                            void (*call)(void *argument), void *argument);
  /** Graphs: all or none. What is queued on a stream between begin and end is
   *  recorded and not run. */
  tsdk_error (*capture_begin)(void *self, void *device, uint64_t stream);
  tsdk_error (*capture_end)(void *self, void *device, uint64_t stream,
                            void **graph);
  /** TSDK_CAPTURE_..., whoever began it. */
  tsdk_error (*capture_state)(void *self, void *device, uint64_t stream,
                              uint32_t *out);
  tsdk_error (*graph_launch)(void *self, void *device, void *graph,
                             uint64_t stream);
  void (*graph_destroy)(void *self, void *device, void *graph);
  /** Writes the device's form of a tensor map (128 bytes, to be aligned by 64
   *  where kernels read it). No device work. */
  tsdk_error (*tensor_map_encode)(void *self, void *device,
                                  const tsdk_tensor_map_desc *desc, void *out,
                                  size_t *size);
  /** Success, or the fault after which the device does no more work for this
   *  process. Does not wait. */
  tsdk_error (*device_health)(void *self, void *device);
} tsdk_driver;

/*===- E. The plugin's own compiler and assembler -------------------------===*/

typedef struct tsdk_plugin_compile_in {
  uint32_t struct_size;
  uint32_t reserved;
  const tsdk_target *target;
  tsdk_bytes ir;     /**< Tile IR of stage "tile-opt" (plugin compiler), or the
                          "asm" stage (assemble). */
  tsdk_str kernel;   /**< Name of the kernel in it. */
  tsdk_str metadata; /**< JSON so far: schema above. */
  const tsdk_option *options;
  size_t num_options;
  uint64_t deadline_ns;  /**< On CLOCK_MONOTONIC; 0: none. */
  const int32_t *cancel; /**< Non-zero: stop. May be NULL. */
  tsdk_str assembler;    /**< What `assembler` of the plugin said: use no other,
                              the key of the build has it. */
} tsdk_plugin_compile_in;

/** Filled by the plugin with memory from host->alloc; the host frees it. */
typedef struct tsdk_plugin_compile_out {
  uint32_t struct_size;
  uint32_t reserved;
  tsdk_bytes object;
  tsdk_bytes metadata; /**< Complete JSON; empty: as it came in. */
  tsdk_bytes log;      /**< Text of the compiler or assembler; may be empty. */
  /* Of `assemble` and `inspect`; all zero: not known. */
  uint32_t registers;   /**< 32-bit, of a thread. */
  uint32_t spill_bytes; /**< Stores and loads, of a thread. */
  uint32_t stack_bytes;
  uint32_t shared_bytes; /**< Static. */
} tsdk_plugin_compile_out;

/*===- F. The plugin ------------------------------------------------------===*/

typedef struct tsdk_plugin {
  uint32_t struct_size;
  uint32_t abi;      /**< Negotiated: at most the host's. */
  tsdk_str name;     /**< [R] "cpu": the first part of device URIs. */
  tsdk_str aliases;  /**< Other names for URIs, comma-separated. */
  tsdk_str version;  /**< [R] For people. */
  tsdk_str build_id; /**< [R] Enters cache keys. */
  void *self;        /**< First argument of all functions below. */
  /** [R] How many targets there are; they do not change. */
  size_t (*target_count)(void *self);
  /** [R] Target `index`, made on first use; NULL: out of memory. */
  const tsdk_target *(*target_get)(void *self, size_t index);
  /** LLVM IR, text or bitcode, of one device function, with what it calls.
   *  Valid until `shutdown`. TSDK_E_NOT_FOUND for an unknown symbol; core
   *  then looks among its own functions. */
  tsdk_code (*device_function)(void *self, const tsdk_target *target,
                               tsdk_str symbol, tsdk_bytes *out);
  /** [R] for targets with TSDK_EXECUTION_PLUGIN_COMPILER. */
  tsdk_error (*compile)(void *self, const tsdk_plugin_compile_in *in,
                        tsdk_plugin_compile_out *out);
  /** Assembly text to object, for targets whose "asm" is not an object yet. */
  tsdk_error (*assemble)(void *self, const tsdk_plugin_compile_in *in,
                         tsdk_plugin_compile_out *out);
  const tsdk_driver *driver; /**< NULL: builds only, no devices. */
  /** Frees everything. Only when its context ends, never at process exit. */
  void (*shutdown)(void *self);
  /** What `assemble` would use now for `target` (program, versions): enters
   *  cache keys beside build_id. Called in each build that misses the launch
   *  table; valid until `shutdown`. NULL: `assemble` uses nothing of the
   *  machine. */
  tsdk_str (*assembler)(void *self, const tsdk_target *target);
  /** What an object that core made (`in->ir`) says of its registers, spills,
   *  stack and shared memory: only these fields of `out` are read. NULL:
   *  nothing is known. */
  tsdk_error (*inspect)(void *self, const tsdk_plugin_compile_in *in,
                        tsdk_plugin_compile_out *out);
} tsdk_plugin;

/** The one exported symbol. Returns TSDK_OK and *out with abi <= host_max_abi;
 *  or another code, and then *out may describe the plugin (name, version and
 *  the lowest abi it speaks) for the refusal's text. May be called again for
 *  another context: each call gives independent state. */
typedef tsdk_code (*tsdk_plugin_query_fn)(uint32_t host_max_abi,
                                          const tsdk_host *host,
                                          const tsdk_plugin **out);
#define TSDK_PLUGIN_QUERY_SYMBOL "tsdk_plugin_query"

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TILESDK_PLUGIN_H */
