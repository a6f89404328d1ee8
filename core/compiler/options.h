//===- options.h - What a request says about the build ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/compiler/compiler_entry.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <functional>
#include <optional>
#include <string>

namespace tilesdk::diagnostics {
class DiagnosticSink;
} // namespace tilesdk::diagnostics

namespace tilesdk::compiler {

/// Options that passes of core read. The runtime has checked names and types
/// against its table and the target's rows; values are read with care all the
/// same.
struct BuildOptions {
  unsigned numWarps = 4;
  unsigned numStages = 3;
  bool strictStages = false;
  bool pointerBoxes = true;
  unsigned boxStores = 1;
  /// Checks of the simulator: "race,bounds,uninit,barrier"; empty: none.
  std::string check;
  bool debug = false;
  bool fpFusion = true;
  std::string dotPrecision;
};

/// False when an error was reported.
bool readOptions(const CompileInput &input, BuildOptions &options,
                 diagnostics::DiagnosticSink &diagnostics);

/// The stages of a build, in order.
enum class Stage : unsigned { Source, Tile, TileOpt, Simt, Llvm, Asm, Object };
llvm::StringRef stageName(Stage stage);
std::optional<Stage> stageOf(llvm::StringRef name);

/// Which stages to run and hand out.
struct StagePlan {
  Stage first = Stage::Source, last = Stage::Object;
  unsigned keep = 0;
  bool wants(Stage stage) const { return keep >> unsigned(stage) & 1; }
};
bool readStages(const CompileInput &input, StagePlan &plan,
                diagnostics::DiagnosticSink &diagnostics);

/// Why a build must stop; asked between passes.
class Interruption {
public:
  explicit Interruption(const CompileInput &input)
      : deadline(input.deadlineNanoseconds), cancel(input.cancel) {}
  bool isPossible() const { return deadline || cancel; }
  /// True from the first time on that the build must stop.
  bool poll();
  /// TSDK_OK while it may go on.
  tsdk_code code() const { return result; }

private:
  uint64_t deadline;
  const int32_t *cancel;
  tsdk_code result = TSDK_OK;
};

} // namespace tilesdk::compiler
