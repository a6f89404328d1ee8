//===- options.cpp - What a request says about the build --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/options.h"

#include "core/compiler/text.h"
#include "core/diagnostics/diagnostics.h"

#include "llvm/ADT/StringSwitch.h"

#include <ctime>

namespace tilesdk::compiler {

using diagnostics::Diag;
using llvm::StringRef;

static std::optional<bool> readBool(StringRef text) {
  return llvm::StringSwitch<std::optional<bool>>(text)
      .CasesLower({"1", "true", "on"}, true)
      .CasesLower({"0", "false", "off"}, false)
      .Default(std::nullopt);
}

bool readOptions(const CompileInput &input, BuildOptions &options,
                 diagnostics::DiagnosticSink &diagnostics) {
  bool good = true;
  auto bad = [&](StringRef name, StringRef want, StringRef value) {
    diagnostics.reportGlobal(Diag::InvalidOptionValue, name, want, value);
    good = false;
  };
  for (size_t i = 0; i < input.numOptions; ++i) {
    StringRef name = toRef(input.options[i].name);
    StringRef value = toRef(input.options[i].value);
    bool *flag = name == "debug"              ? &options.debug
                 : name == "enable_fp_fusion" ? &options.fpFusion
                 : name == "pointer_boxes"    ? &options.pointerBoxes
                 : name == "strict_stages"    ? &options.strictStages
                                              : nullptr;
    if (flag) {
      if (std::optional<bool> read = readBool(value))
        *flag = *read;
      else
        bad(name, "0 or 1", value);
    } else if (name == "num_warps") {
      if (value.getAsInteger(10, options.numWarps) || options.numWarps == 0 ||
          options.numWarps > 64)
        bad(name, "an integer from 1 to 64", value);
    } else if (name == "box_stores") {
      if (value.getAsInteger(10, options.boxStores) || options.boxStores > 2)
        bad(name, "an integer from 0 to 2", value);
    } else if (name == "num_stages") {
      if (value.getAsInteger(10, options.numStages) || options.numStages > 64)
        bad(name, "an integer from 0 to 64", value);
    } else if (name == "check") {
      options.check = value.str();
    } else if (name == "default_dot_input_precision") {
      options.dotPrecision = value.str();
    }
  }
  return good;
}

static constexpr const char *stageNames[] = {
    "source", "tile", "tile-opt", "simt", "llvm", "asm", "object"};

StringRef stageName(Stage stage) { return stageNames[unsigned(stage)]; }

std::optional<Stage> stageOf(StringRef name) {
  for (unsigned i = 0; i < std::size(stageNames); ++i)
    if (name == stageNames[i])
      return Stage(i);
  return std::nullopt;
}

bool readStages(const CompileInput &input, StagePlan &plan,
                diagnostics::DiagnosticSink &diagnostics) {
  auto read = [&](StringRef name) {
    std::optional<Stage> stage = stageOf(name);
    if (!stage)
      diagnostics.reportGlobal(Diag::UnknownStage, name);
    return stage;
  };
  if (StringRef name = toRef(input.stopStage); !name.empty()) {
    std::optional<Stage> stage = read(name);
    if (!stage)
      return false;
    plan.last = *stage;
  }
  if (input.program == nullptr) {
    std::optional<Stage> stage = read(toRef(input.irStage));
    if (!stage)
      return false;
    if (*stage == Stage::Source || *stage > Stage::Llvm) {
      diagnostics.reportGlobal(Diag::StageNotReadable, stageName(*stage));
      return false;
    }
    plan.first = *stage;
  }
  llvm::SmallVector<StringRef> names;
  toRef(input.keepStages).split(names, ',', -1, false);
  for (StringRef name : names) {
    std::optional<Stage> stage = read(name.trim());
    if (!stage)
      return false;
    plan.keep |= 1u << unsigned(*stage);
  }
  plan.keep |= 1u << unsigned(plan.last);
  return true;
}

bool Interruption::poll() {
  if (result != TSDK_OK)
    return true;
  if (cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0)
    result = TSDK_E_CANCELLED;
  else if (deadline) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (uint64_t(now.tv_sec) * 1000000000u + now.tv_nsec >= deadline)
      result = TSDK_E_DEADLINE_EXCEEDED;
  }
  return result != TSDK_OK;
}

} // namespace tilesdk::compiler
