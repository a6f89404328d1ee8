/*===- tilesdk.h - Stable C API of tilesdk --------------------------------===*\
|*
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Builds and launches tile kernels. C99 / C++98 clean, no vendor or LLVM
|* headers. ABI number 0: everything may still change.
|*
|* Ownership: `create`, `open`, `get`, `build`, `alloc`, `wrap` and every other
|* function with a handle as its last output give an owned reference, dropped by
|* tsdk_release. Text and bytes that a function returns directly are borrowed
|* from its argument and live as long as it. `wrap` never owns the native thing.
|* Children hold their parents: release in any order.
|*
|* Errors: a fallible function returns NULL, or an error the caller releases,
|* and then leaves its outputs untouched. Text of messages is not ABI.
|*
|* Structs in: set struct_size to sizeof the struct, zero what you do not use.
|*
|* Tags. @thread any: from any thread, on the same objects too. @thread stream:
|* any thread, but calls on one stream are ordered by the caller. @blocks says
|* what a call may wait for: `no`, `compiler`, `driver` (calls into it),
|* `device` (its work). Every function that can fail may fail with
|* TSDK_E_INVALID_ARGUMENT (a null or released handle, a struct of the wrong
|* size, an unknown flag), TSDK_E_UNIMPLEMENTED (a field newer than this
|* library) and TSDK_E_RESOURCE_EXHAUSTED (out of memory); those that touch a
|* device also with TSDK_E_FAILED_PRECONDITION (used in a child after fork) and
|* TSDK_E_DRIVER. @errors names what comes on top.
|*
\*===----------------------------------------------------------------------===*/

#ifndef TILESDK_H
#define TILESDK_H

#include "tilesdk_types.h"

#if defined(_WIN32)
#define TSDK_API __declspec(dllimport)
#else
#define TSDK_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** ABI of this header: major * 1000000 + minor * 1000 + patch. */
#define TSDK_ABI_VERSION 1000u

/*===- Handles ------------------------------------------------------------===*/

typedef struct tsdk_context_s *tsdk_context; /**< Plugins, cache, settings. */
typedef struct tsdk_device_s *tsdk_device;
typedef struct tsdk_stream_s *tsdk_stream;   /**< An ordered queue of work. */
typedef struct tsdk_event_s *tsdk_event;     /**< A point in a stream. */
typedef struct tsdk_buffer_s *tsdk_buffer;   /**< Memory of a device. */
typedef struct tsdk_program_s *tsdk_program; /**< Parsed source. */
typedef struct tsdk_kernel_s *tsdk_kernel;   /**< One entry of a program. */
/** A kernel specialised for argument types and one target. */
typedef struct tsdk_variant_s *tsdk_variant;
typedef struct tsdk_build_s *tsdk_build; /**< A variant being built. */
typedef struct tsdk_diags_s *tsdk_diags; /**< A list of diagnostics. */
typedef struct tsdk_blob_s *tsdk_blob;   /**< Immutable bytes. */

/** Adds a reference to any handle above. NULL is allowed.
 *  @thread any @blocks no @since 0.1 */
TSDK_API void tsdk_retain(void *handle);

/** Drops a reference to any handle above. NULL is allowed. What needs the
 *  driver to be destroyed is handed to the next call on that device. Safe in
 *  finalizers: takes no lock that a caller can hold. Only the last release of
 *  all handles of one context waits, for the work of its devices.
 *  @thread any @blocks no, except as said @since 0.1 */
TSDK_API void tsdk_release(void *handle);

/*===- Version, errors ----------------------------------------------------===*/

/** The library's TSDK_ABI_VERSION. Callable before anything else.
 *  @thread any @blocks no @since 0.1 */
TSDK_API uint32_t tsdk_abi_version(void);

/** Version for people, "0.1.0". Lives for ever.
 *  @thread any @blocks no @since 0.1 */
TSDK_API tsdk_str tsdk_version_text(void);

/** Name of a code, "INVALID_ARGUMENT"; "UNKNOWN" for unknown ones. Lives for
 *  ever. @thread any @blocks no @since 0.1 */
TSDK_API tsdk_str tsdk_code_name(tsdk_code code);

/** TSDK_OK for NULL. @thread any @blocks no @since 0.1 */
TSDK_API tsdk_code tsdk_error_code(tsdk_error error);

/** What happened, where, what to do; several lines possible, and the text of
 *  the diagnostics is part of it. Empty for NULL.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `error` */
TSDK_API tsdk_str tsdk_error_message(tsdk_error error);

/** The driver's own number (a CUresult), or 0.
 *  @thread any @blocks no @since 0.1 */
TSDK_API int64_t tsdk_error_native(tsdk_error error);

/** Diagnostics of the kernel's source, or NULL when there are none.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `error` */
TSDK_API tsdk_diags tsdk_error_diags(tsdk_error error);

/** Frees an error. NULL is allowed. @thread any @blocks no @since 0.1 */
TSDK_API void tsdk_error_release(tsdk_error error);

/*===- Diagnostics, blobs -------------------------------------------------===*/

/** Number of diagnostics; 0 for NULL. @thread any @blocks no @since 0.1 */
TSDK_API size_t tsdk_diags_count(tsdk_diags diags);

/** Writes diagnostic `index` to `out`; `out->struct_size` says how much room
 *  there is. Its text is borrowed from `diags`.
 *  @thread any @blocks no @since 0.1
 *  @errors OUT_OF_RANGE index not below the count */
TSDK_API tsdk_error tsdk_diags_get(tsdk_diags diags, size_t index,
                                   tsdk_diag *out);

/** All of them as text for people: source lines, carets, notes. Empty for NULL.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `diags` */
TSDK_API tsdk_str tsdk_diags_text(tsdk_diags diags);

/** The long explanation of a diagnostic number, as text.
 *  @thread any @blocks compiler @since 0.1 @owns *out
 *  @errors NOT_FOUND no such number; UNAVAILABLE no compiler library */
TSDK_API tsdk_error tsdk_diagnostic_explain(tsdk_context context, uint32_t code,
                                            tsdk_blob *out);

/** The bytes; empty for NULL. A NUL follows them that is not counted.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `blob` */
TSDK_API tsdk_bytes tsdk_blob_bytes(tsdk_blob blob);

/*===- Context ------------------------------------------------------------===*/

typedef struct tsdk_context_desc {
  TSDK_HEADER;
  tsdk_flags flags; /**< None defined. */
  /** Settings by name, as listed by tsdk_context_describe: "cache_dir",
   *  "plugin_path", ... They win over TILESDK_* environment variables. */
  const tsdk_option *options;
  size_t num_options;
  /** Warnings and what kernels print; may be NULL. Called on the thread that
   *  makes a call, on build threads, and for TSDK_LOG_PRINT on a driver's
   *  threads: it must be thread-safe, must not unwind and must not call
   *  tilesdk. */
  void (*log)(void *user, int32_t level, tsdk_str message);
  void *user;
  /** Called once with `user` when the context is gone; may be NULL. */
  void (*user_free)(void *user);
} tsdk_context_desc;

/** Opens a context. `desc` may be NULL. Reads TILESDK_* variables; opens no
 *  driver, no plugin, no compiler and starts no thread.
 *  @thread any @blocks no @since 0.1 @owns *out
 *  @errors NOT_FOUND unknown option name; INVALID_ARGUMENT malformed value */
TSDK_API tsdk_error tsdk_context_create(const tsdk_context_desc *desc,
                                        tsdk_context *out);

/** JSON for people and tools: version, settings with value, origin and meaning,
 *  cache directories, compiler and plugin files and why any was refused.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_context_describe(tsdk_context context, tsdk_blob *out);

/*===- Plugins and targets ------------------------------------------------===*/

/** Loads a plugin from a file (a text with '/') or by name ("cpu"). Loading one
 *  again is no error. Plugins on the plugin path and beside this library are
 *  found without this call.
 *  @thread any @blocks no @since 0.1
 *  @errors NOT_FOUND; PLUGIN refused: both ABI numbers or what is missing */
TSDK_API tsdk_error tsdk_plugin_load(tsdk_context context, tsdk_str path);

/** Adds a plugin that is linked into the program: `query` is its
 *  tsdk_plugin_query. @thread any @blocks no @since 0.1
 *  @errors PLUGIN refused; ALREADY_EXISTS another plugin has its name */
TSDK_API tsdk_error tsdk_plugin_register(tsdk_context context,
                                         void (*query)(void));

/** JSON list of plugins: name, version, abi, file, targets; those refused with
 *  "error". @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_plugins_list(tsdk_context context, tsdk_blob *out);

/** JSON list of all targets: name, plugin, execution, artifact, doc.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_targets_list(tsdk_context context, tsdk_blob *out);

/** JSON with all data of one target. `target` as in tsdk_variant_desc.
 *  @thread any @blocks driver @since 0.1 @owns *out @errors NOT_FOUND */
TSDK_API tsdk_error tsdk_target_describe(tsdk_context context, tsdk_str target,
                                         tsdk_blob *out);

/*===- Devices ------------------------------------------------------------===*/

/** JSON list of devices: uri, plugin, ordinal. Creates no driver state: a fork
 *  may follow. @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_devices_list(tsdk_context context, tsdk_blob *out);

/** Opens a device by URI: "cpu:0", or "cpu" for the first. A device is opened
 *  once in a context; asking again gives another handle of it.
 *  @thread any @blocks driver @since 0.1 @owns *out
 *  @errors NOT_FOUND no such plugin or ordinal; UNAVAILABLE no driver */
TSDK_API tsdk_error tsdk_device_open(tsdk_context context, tsdk_str uri,
                                     tsdk_device *out);

/** A TSDK_DEVICE_... property. `*size` is the room at `out` on entry and what
 *  is needed on return; with too little room nothing is written, so ask with
 *  0 first. @thread any @blocks driver @since 0.1
 *  @errors UNIMPLEMENTED the driver does not know the property */
TSDK_API tsdk_error tsdk_device_get(tsdk_device device, uint32_t property,
                                    void *out, size_t *size);

/** "cpu:0". @thread any @blocks no @since 0.1 @owns borrowed from `device` */
TSDK_API tsdk_str tsdk_device_uri(tsdk_device device);

/** Name of the target that code for this device is built for.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `device` */
TSDK_API tsdk_str tsdk_device_target(tsdk_device device);

/** What code for this device depends on, as hex digits; part of cache keys.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `device` */
TSDK_API tsdk_str tsdk_device_fingerprint(tsdk_device device);

/*===- Memory -------------------------------------------------------------===*/

/** Host memory that the device reaches fast, instead of device memory. */
#define TSDK_BUFFER_HOST ((tsdk_flags)1)

/** Allocates `bytes` (0 is allowed), aligned to 64 at least, uninitialised.
 *  Ordered on `stream` when it is not NULL, and freed in its order.
 *  @thread stream @blocks driver @since 0.1 @owns *out
 *  @errors RESOURCE_EXHAUSTED; UNSUPPORTED no such memory on this device */
TSDK_API tsdk_error tsdk_buffer_alloc(tsdk_device device, tsdk_stream stream,
                                      size_t bytes, tsdk_flags flags,
                                      tsdk_buffer *out);

/** Describes memory of the caller. `release(user)` is called once when the
 *  buffer is gone, on the thread of that release; it may be NULL and must not
 *  call tilesdk. On failure it is not called.
 *  @thread any @blocks no @since 0.1 @owns *out, not the memory
 *  @errors INVALID_ARGUMENT the memory belongs to another device, or this one
 *  does not reach it */
TSDK_API tsdk_error tsdk_buffer_wrap(tsdk_device device, void *memory,
                                     size_t bytes, void (*release)(void *user),
                                     void *user, tsdk_buffer *out);

/** The device pointer; NULL for NULL. @thread any @blocks no @since 0.1 */
TSDK_API void *tsdk_buffer_ptr(tsdk_buffer buffer);

/** Size in bytes; 0 for NULL. @thread any @blocks no @since 0.1 */
TSDK_API size_t tsdk_buffer_size(tsdk_buffer buffer);

/** Copies between any two of host memory and memory of the stream's device.
 *  Asynchronous: both ranges must stay until the stream got there.
 *  @thread stream @blocks driver @since 0.1 */
TSDK_API tsdk_error tsdk_copy(tsdk_stream stream, void *to, const void *from,
                              size_t bytes);

/** Writes the low `width` bytes (1, 2 or 4) of `value`, `count` times.
 *  Asynchronous. @thread stream @blocks driver @since 0.1 */
TSDK_API tsdk_error tsdk_set(tsdk_stream stream, void *to, uint32_t value,
                             uint32_t width, size_t count);

/*===- Streams and events -------------------------------------------------===*/

/** A new stream. `priority` 0 is normal, larger is more urgent.
 *  @thread any @blocks driver @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_stream_create(tsdk_device device, int32_t priority,
                                       tsdk_flags flags, tsdk_stream *out);

/** Describes a native stream (a CUstream as an integer) that must outlive the
 *  handle. 0 is the device's default stream.
 *  @thread any @blocks no @since 0.1 @owns *out, not the native stream */
TSDK_API tsdk_error tsdk_stream_wrap(tsdk_device device, uint64_t native,
                                     tsdk_stream *out);

/** The native stream; 0 for NULL. @thread any @blocks no @since 0.1 */
TSDK_API uint64_t tsdk_stream_native(tsdk_stream stream);

/** Waits until the stream's work is done and reports the first failure in it
 *  since the last report. @thread any @blocks device @since 0.1
 *  @errors DEVICE_ASSERT a device_assert failed */
TSDK_API tsdk_error tsdk_stream_sync(tsdk_stream stream);

/** Whether the stream's work is done. @thread any @blocks driver @since 0.1
 *  @errors UNSUPPORTED the driver cannot tell */
TSDK_API tsdk_error tsdk_stream_query(tsdk_stream stream, tsdk_bool *done);

/** @thread any @blocks driver @since 0.1 @owns *out
 *  @errors UNSUPPORTED the driver has no events */
TSDK_API tsdk_error tsdk_event_create(tsdk_device device, tsdk_flags flags,
                                      tsdk_event *out);

/** Puts the event behind the stream's work so far. Recording again moves it.
 *  @thread stream @blocks driver @since 0.1 */
TSDK_API tsdk_error tsdk_event_record(tsdk_event event, tsdk_stream stream);

/** Makes later work of `stream` wait for the event. An event that was never
 *  recorded counts as done. @thread stream @blocks driver @since 0.1 */
TSDK_API tsdk_error tsdk_event_wait(tsdk_event event, tsdk_stream stream);

/** Waits for the event on this thread. @thread any @blocks device @since 0.1 */
TSDK_API tsdk_error tsdk_event_sync(tsdk_event event);

/** @thread any @blocks driver @since 0.1 */
TSDK_API tsdk_error tsdk_event_query(tsdk_event event, tsdk_bool *done);

/** Time from `from` to `to` in nanoseconds; both recorded and done.
 *  @thread any @blocks driver @since 0.1
 *  @errors FAILED_PRECONDITION not recorded, or not done */
TSDK_API tsdk_error tsdk_event_elapsed(tsdk_event from, tsdk_event to,
                                       uint64_t *nanoseconds);

/*===- Programs and kernels -----------------------------------------------===*/

/** A module that the program's source imports. Travels with a stride. */
typedef struct tsdk_module {
  tsdk_str name;     /**< Dotted, as the importing source spells it. */
  tsdk_str filename; /**< For diagnostics. */
  tsdk_str source;   /**< UTF-8. */
} tsdk_module;

typedef struct tsdk_program_desc {
  TSDK_HEADER;
  tsdk_flags flags;    /**< None defined. */
  tsdk_str source;     /**< UTF-8 kernel source. */
  tsdk_str filename;   /**< For diagnostics; empty: "<source>". */
  uint32_t first_line; /**< Line number of the source's first line; 0: 1. */
  uint32_t reserved1;
  const tsdk_module *modules;
  size_t num_modules;
  size_t module_stride; /**< sizeof(tsdk_module); 0: the same. */
  /** Values the source takes from its surroundings: a name (dotted for
   *  attributes of a captured module) and a literal in signature syntax. */
  const tsdk_option *captures;
  size_t num_captures;
} tsdk_program_desc;

/** Parses source. Warnings go to `*warnings` (NULL when there are none) unless
 *  it is NULL itself. Known source comes from the cache without the compiler.
 *  @thread any @blocks compiler @since 0.1 @owns *out, *warnings
 *  @errors SOURCE with diagnostics; UNAVAILABLE no compiler library */
TSDK_API tsdk_error tsdk_program_create(tsdk_context context,
                                        const tsdk_program_desc *desc,
                                        tsdk_program *out,
                                        tsdk_diags *warnings);

/** A program from IR: `stage` is "tile", "tile-opt" or "llvm", `ir` its text or
 *  bytecode. Checked when a variant is built. Its kernels take no signature.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_program_create_from_ir(tsdk_context context,
                                                tsdk_str stage, tsdk_bytes ir,
                                                tsdk_program *out);

/** JSON of the program: its kernels with their parameters, schema in
 *  docs/program_metadata.md. @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_program_describe(tsdk_program program, tsdk_blob *out);

/** A kernel by name; an empty name is the only kernel. @thread any @blocks no
 *  @since 0.1 @owns *out @errors NOT_FOUND with the names there are */
TSDK_API tsdk_error tsdk_kernel_get(tsdk_program program, tsdk_str name,
                                    tsdk_kernel *out);

/** @thread any @blocks no @since 0.1 @owns borrowed from `kernel` */
TSDK_API tsdk_str tsdk_kernel_name(tsdk_kernel kernel);

/** JSON of one kernel: the element of "kernels" in tsdk_program_describe.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_kernel_describe(tsdk_kernel kernel, tsdk_blob *out);

/*===- Variants -----------------------------------------------------------===*/

typedef struct tsdk_variant_desc {
  TSDK_HEADER;
  tsdk_flags flags; /**< None defined. */
  /** One entry per parameter, "*f32:16,*f32,i32,1024"; grammar in
   *  docs/signature.md. Empty with IR. */
  tsdk_str signature;
  /** Name of a target, or of a device or plugin: "x86-64-v4", "cpu:0", "cpu".
   *  Empty: the target of `device`. */
  tsdk_str target;
  tsdk_device device; /**< May be NULL when `target` is given. */
  /** Build options and constexpr parameters, by name. */
  const tsdk_option *options;
  size_t num_options;
  /** Extra LLVM bitcode, linked in. */
  const tsdk_bytes *link_bitcode;
  size_t num_link_bitcode;
  /** Comma-separated stages to keep for tsdk_variant_artifact besides "object":
   *  "tile,tile-opt,llvm,asm". */
  tsdk_str keep_stages;
  /** Last stage to build, "object" when empty. A variant without an object
   *  cannot be launched. */
  tsdk_str stop_stage;
  /** IR to resume from instead of the program's source. */
  tsdk_str resume_stage;
  tsdk_bytes resume_ir;
  uint64_t timeout_ns;   /**< From this call on; 0: none. */
  const int32_t *cancel; /**< Polled; non-zero stops the build. May be NULL. */
} tsdk_variant_desc;

/** Builds a variant, or takes it from memory or the disk cache. Builds of the
 *  same variant on several threads run once.
 *  @thread any @blocks compiler @since 0.1 @owns *out
 *  @errors SOURCE with diagnostics; UNSUPPORTED by the target; NOT_FOUND
 *  target or option; CANCELLED; DEADLINE_EXCEEDED; INTERNAL; UNAVAILABLE */
TSDK_API tsdk_error tsdk_variant_build(tsdk_kernel kernel,
                                       const tsdk_variant_desc *desc,
                                       tsdk_variant *out);

/** Starts a build on another thread. `desc` is copied; its `cancel` must be
 *  NULL, tsdk_build_cancel takes its place.
 *  @thread any @blocks no @since 0.1 @owns *out
 *  @errors as far as they show without building */
TSDK_API tsdk_error tsdk_build_start(tsdk_kernel kernel,
                                     const tsdk_variant_desc *desc,
                                     tsdk_build *out);

/** Whether the build ended, well or not. @thread any @blocks no @since 0.1 */
TSDK_API tsdk_error tsdk_build_poll(tsdk_build build, tsdk_bool *done);

/** Asks the build to stop. @thread any @blocks no @since 0.1 */
TSDK_API tsdk_error tsdk_build_cancel(tsdk_build build);

/** Waits for the build, at most `timeout_ns` (0: for ever).
 *  @thread any @blocks compiler @since 0.1 @owns *out
 *  @errors those of tsdk_variant_build; DEADLINE_EXCEEDED still building */
TSDK_API tsdk_error tsdk_build_wait(tsdk_build build, uint64_t timeout_ns,
                                    tsdk_variant *out);

/** What a stage of the build produced: "object", one of keep_stages, or any
 *  other stage, which is then built again.
 *  @thread any @blocks compiler for a stage not kept @since 0.1 @owns *out
 *  @errors NOT_FOUND no such stage on this target; those of
 *  tsdk_variant_build */
TSDK_API tsdk_error tsdk_variant_artifact(tsdk_variant variant, tsdk_str stage,
                                          tsdk_blob *out);

/** The artifact's metadata JSON: symbol, parameters, resources, options.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_variant_metadata(tsdk_variant variant, tsdk_blob *out);

/** JSON about how this variant came to be: key, target, "from" ("build" or
 *  "cache"), build_ns, stages, artifact_bytes.
 *  @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_variant_info(tsdk_variant variant, tsdk_blob *out);

/** Warnings and remarks of the build; NULL when there are none.
 *  @thread any @blocks no @since 0.1 @owns borrowed from `variant` */
TSDK_API tsdk_diags tsdk_variant_diags(tsdk_variant variant);

/*===- Launch -------------------------------------------------------------===*/

typedef struct tsdk_launch_desc {
  TSDK_HEADER;
  uint32_t grid[3]; /**< Programs in each dimension, all at least 1. */
  uint32_t num_attrs;
  const tsdk_launch_attr *attrs;
  tsdk_stream stream;     /**< May be NULL. */
  uint64_t native_stream; /**< Used when `stream` is NULL; 0: the default. */
  /** Typed launch only: constexpr parameters and build options, by name. */
  const tsdk_option *options;
  size_t num_options;
} tsdk_launch_desc;

/** Typed launch: specialises the kernel for the arguments as Triton does (an
 *  int equal to 1 becomes a constant, pointers and ints divisible by 16 say so,
 *  unless annotated otherwise), builds the variant on first use, checks, and
 *  enqueues. `args` are the parameters in order; missing ones come from
 *  `options` or have defaults. Asynchronous once built.
 *  @thread stream @blocks compiler on first use, driver @since 0.1
 *  @errors those of tsdk_variant_build; INVALID_ARGUMENT an empty grid, an
 *  argument of the wrong kind, a pointer of another device */
TSDK_API tsdk_error tsdk_kernel_launch(tsdk_kernel kernel, tsdk_device device,
                                       const tsdk_launch_desc *desc,
                                       const tsdk_arg *args, size_t num_args);

/** The variant that tsdk_kernel_launch would use, built when needed; nothing is
 *  launched and `desc->grid` is not looked at. `desc` may be NULL.
 *  @thread any @blocks compiler @since 0.1 @owns *out
 *  @errors those of tsdk_kernel_launch */
TSDK_API tsdk_error tsdk_kernel_variant(tsdk_kernel kernel, tsdk_device device,
                                        const tsdk_launch_desc *desc,
                                        const tsdk_arg *args, size_t num_args,
                                        tsdk_variant *out);

/** Raw launch: `params[i]` points at the value of the variant's i-th runtime
 *  parameter ("params" of its metadata). The values are copied; their truth
 *  (divisibility, sizes) is the caller's.
 *  @thread stream @blocks driver @since 0.1
 *  @errors INVALID_ARGUMENT an empty grid or the wrong number of parameters;
 *  FAILED_PRECONDITION the variant is for another target */
TSDK_API tsdk_error tsdk_variant_launch(tsdk_variant variant,
                                        tsdk_device device,
                                        const tsdk_launch_desc *desc,
                                        void *const *params, size_t num_params);

/*===- Disk cache ---------------------------------------------------------===*/

/** JSON: directories, entries, bytes, limit, and hits, misses, stores and
 *  rejected entries of this context. @thread any @blocks no @since 0.1
 *  @owns *out */
TSDK_API tsdk_error tsdk_cache_stats(tsdk_context context, tsdk_blob *out);

/** Removes the least recently used entries until at most `max_bytes` are left.
 *  `removed_bytes` may be NULL. @thread any @blocks no @since 0.1
 *  @errors PERMISSION_DENIED the directory cannot be changed */
TSDK_API tsdk_error tsdk_cache_prune(tsdk_context context, uint64_t max_bytes,
                                     uint64_t *removed_bytes);

/** Checks every entry and removes what is corrupt or left over. JSON: entries,
 *  corrupt, removed, files. @thread any @blocks no @since 0.1 @owns *out */
TSDK_API tsdk_error tsdk_cache_verify(tsdk_context context, tsdk_blob *out);

/** Removes all entries. @thread any @blocks no @since 0.1
 *  @errors PERMISSION_DENIED the directory cannot be changed */
TSDK_API tsdk_error tsdk_cache_clear(tsdk_context context);

/*===- Makers -------------------------------------------------------------===*/

/** Text that ends with a NUL. */
static inline tsdk_str tsdk_make_str(const char *text) {
  tsdk_str result;
  result.data = text;
  result.size = text ? TSDK_NUL_TERMINATED : 0;
  return result;
}

static inline tsdk_arg tsdk_make_ptr(uint32_t dtype, const void *pointer) {
  tsdk_arg result;
  result.kind = TSDK_ARG_PTR;
  result.aux = dtype;
  result.v.u = (uint64_t)(uintptr_t)pointer;
  return result;
}

static inline tsdk_arg tsdk_make_int(int64_t value) {
  tsdk_arg result;
  result.kind = TSDK_ARG_INT;
  result.aux = 0;
  result.v.i = value;
  return result;
}

static inline tsdk_arg tsdk_make_float(double value) {
  tsdk_arg result;
  result.kind = TSDK_ARG_FLOAT;
  result.aux = 0;
  result.v.f = value;
  return result;
}

/** A constexpr; `text` in signature syntax, ends with a NUL. */
static inline tsdk_arg tsdk_make_constexpr(const char *text) {
  tsdk_arg result;
  size_t size = 0;
  while (text[size])
    ++size;
  result.kind = TSDK_ARG_CONSTEXPR;
  result.aux = (uint32_t)size;
  result.v.u = (uint64_t)(uintptr_t)text;
  return result;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TILESDK_H */
