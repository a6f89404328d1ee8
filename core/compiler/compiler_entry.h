//===- compiler_entry.h - Private C entry of the compiler -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libtilesdk opens libtilesdk_compiler on the first compile and speaks to it
// only through this table. Both carry their own hidden LLVMSupport, so nothing
// but plain C data crosses: results are handed out through callbacks, and who
// made memory frees it. The two libraries are built and shipped together; the
// build id must match and there is no compatibility promise.
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <cstddef>
#include <cstdint>

namespace tilesdk::compiler {

/// A parsed program: source text and modules, no MLIR in it. Immutable, so any
/// number of threads may compile kernels of it at once.
struct Program;

/// One diagnostic with its labels and notes flattened. Strings are borrowed for
/// the duration of the callback.
struct Diagnostic {
  uint32_t severity; ///< 0 note, 1 remark, 2 warning, 3 error.
  uint32_t code;     ///< Number in diagnostics.def, 0 when it has none.
  uint32_t line, column, endLine, endColumn; ///< 1-based; 0 when unknown.
  uint32_t parent; ///< Index of the diagnostic this note belongs to, or ~0u.
  uint32_t reserved;
  tsdk_str file, message, help;
  tsdk_str rendered; ///< Full text with source line and carets; on parents.
};

/// What a call hands back. All functions are called on the calling thread.
struct Sink {
  void *user;
  void (*diagnostic)(void *user, const Diagnostic *diagnostic);
  /// A named result: a stage name of design §3 ("tile", "tile-opt", "llvm",
  /// "asm", "object"), "metadata" (JSON), "program" (JSON), "remarks" (JSON),
  /// "times" (JSON), "reproducer" (text; only with an internal error).
  void (*blob)(void *user, tsdk_str name, tsdk_bytes bytes);
};

struct ModuleSource {
  tsdk_str name;     ///< Dotted module name as the importing source spells it.
  tsdk_str filename; ///< For diagnostics.
  tsdk_str source;   ///< UTF-8 text.
};

struct ProgramInput {
  tsdk_str source;
  tsdk_str filename;
  uint32_t firstLine; ///< Line number of the first line of `source`, 1-based.
  uint32_t reserved;
  const ModuleSource *modules;
  size_t numModules;
  /// Values captured from the host language: name (dotted for attributes of a
  /// captured module) and a literal in signature syntax.
  const tsdk_option *captures;
  size_t numCaptures;
};

struct CompileInput {
  const Program *program; ///< Null when `ir` is set.
  tsdk_bytes ir;          ///< Stage to resume from: MLIR or LLVM IR.
  tsdk_str irStage;       ///< "tile", "tile-opt" or "llvm".
  tsdk_str kernel;    ///< Name of the kernel; with `ir` may be empty if one.
  tsdk_str signature; ///< Grammar: docs/signature.md.
  const tsdk_target *target;
  const tsdk_plugin *plugin; ///< Provider of device functions; may be null.
  const tsdk_option *options;
  size_t numOptions;
  const tsdk_bytes *linkBitcode; ///< Extra LLVM bitcode of the caller.
  size_t numLinkBitcode;
  /// Comma-separated stages to hand out besides "object" and "metadata".
  tsdk_str keepStages;
  tsdk_str stopStage;           ///< Last stage to run; empty means "object".
  uint64_t deadlineNanoseconds; ///< On CLOCK_MONOTONIC; 0: none.
  const int32_t *cancel;        ///< Polled by passes; may be null.
};

/// Result codes are those of tilesdk.h (TSDK_OK, TSDK_E_SOURCE, ...). On
/// anything but TSDK_OK at least one error diagnostic was emitted.
struct Table {
  uint32_t structSize;
  uint32_t reserved;
  const char *buildId;

  /// Parses and checks what needs no specialisation. Emits blob "program":
  /// the kernels with their parameters (schema in docs/program_metadata.md).
  tsdk_code (*programParse)(const ProgramInput *input, const Sink *sink,
                            Program **out);
  void (*programFree)(Program *program);

  tsdk_code (*compile)(const CompileInput *input, const Sink *sink);

  /// Emits the short and the long text of diagnostic `code` as blob "explain".
  tsdk_code (*explain)(uint32_t code, const Sink *sink);
};

/// The one exported symbol of libtilesdk_compiler.
inline constexpr const char *entryName = "tsdk_compiler_table";
using EntryFunction = const Table *(*)();

} // namespace tilesdk::compiler
