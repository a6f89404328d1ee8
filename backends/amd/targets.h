//===- targets.h - The AMD targets as data -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/amd/matrix.h"
#include "tilesdk/tilesdk_plugin.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::amd {

inline tsdk_str str(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(tsdk_str text);

/// All targets with their tables; what they point at lives as long.
class TargetTable {
public:
  TargetTable();
  TargetTable(const TargetTable &) = delete;
  TargetTable &operator=(const TargetTable &) = delete;

  const tsdk_target &target(size_t index) const { return targets[index]; }
  /// The target's Generation.
  size_t indexOf(const tsdk_target *target) const { return target - targets; }

private:
  tsdk_simt simts[NumTargets];
  tsdk_machine machines[NumTargets];
  tsdk_codegen codegens[NumTargets];
  tsdk_target targets[NumTargets];
  std::vector<tsdk_matrix_row> matrix[NumTargets];
  std::vector<tsdk_shared_row> shared[NumTargets];
  std::vector<tsdk_async_row> async[NumTargets];
  std::deque<std::string> layouts;
  std::vector<std::string> strings;
  std::vector<tsdk_language_function> functions;
};

} // namespace tilesdk::amd
