//===- targets.h - The CPU targets as data ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "backends/cpu/cpu_info.h"
#include "tilesdk/tilesdk_plugin.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::cpu {

constexpr size_t NumTargets = 2;

inline tsdk_str str(std::string_view text) {
  return {text.data(), text.size()};
}

/// The rows of tsdk_target, best last. Immutable once made.
class TargetTable {
public:
  TargetTable();
  TargetTable(const TargetTable &) = delete;
  TargetTable &operator=(const TargetTable &) = delete;

  const tsdk_target &target(size_t index) const { return targets[index]; }
  /// The best row that \p level can run; null when there is none.
  const tsdk_target *forLevel(IsaLevel level) const;
  /// The row of that name; null when there is none.
  const tsdk_target *named(std::string_view name) const;
  /// Whether \p level can run code built for \p target.
  bool runs(const tsdk_target *target, IsaLevel level) const;

private:
  tsdk_machine machines[NumTargets];
  tsdk_codegen codegens[NumTargets];
  tsdk_target targets[NumTargets];
  std::vector<std::string> strings;
  std::vector<tsdk_language_function> functions;
};

} // namespace tilesdk::cpu
