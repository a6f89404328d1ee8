//===- targets.h - Twins of other plugins' targets --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "core/target/target.h"
#include "tilesdk/tilesdk_plugin.h"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tilesdk::simulator {

inline tsdk_str str(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(tsdk_str text);

/// Which element of an operand each place of a fragment holds.
struct FragmentTable {
  unsigned registers = 0;
  /// [lane * registers + register]: row * columns + column; lanes of a warp
  /// group are numbered through.
  std::vector<uint32_t> element;
};

/// A matrix instruction, ready to be executed.
struct MatrixModel {
  const target::MatrixRow *row;
  FragmentTable left, right, result;
};

/// A matrix access to shared memory: [lane * registers + register] is the byte
/// behind the row addresses' start, row and byte in it packed as row * bytes +
/// byte.
struct SharedModel {
  const target::SharedRow *row;
  FragmentTable places;
};

struct TargetModel;

/// The state of a kernel's function: its target, and what is checked.
struct CheckedModel {
  const TargetModel *model = nullptr;
  uint32_t checks = 0;
};

/// What the simulator knows of one target; made once, then read only.
struct TargetModel {
  std::string name;
  target::Machine machine;
  std::map<std::string, MatrixModel, std::less<>> matrix;
  std::map<std::string, SharedModel, std::less<>> shared;
  /// The twin that the plugin offers.
  tsdk_target twin = {};
  tsdk_codegen codegen = {};
  /// By the set of checks.
  CheckedModel checked[32];
};

/// All twins, made on first use from the targets that the host lists.
class TargetTable {
public:
  explicit TargetTable(const tsdk_host &host) : host(host) {}
  size_t size();
  TargetModel *at(size_t index);
  TargetModel *find(const tsdk_target *twin);

private:
  void make();

  const tsdk_host &host;
  std::once_flag once;
  std::deque<TargetModel> models;
};

/// LLVM IR of one function of the device library; empty: unknown.
std::string makeDeviceFunction(const TargetModel &target,
                               std::string_view symbol);

/// The functions that device code calls, in the order that makeDeviceFunction
/// numbers them.
const void *const *serviceTable();

} // namespace tilesdk::simulator
