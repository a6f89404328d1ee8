//===- targets.cpp - Twins of other plugins' targets ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/targets.h"

#include <cstring>
#include <iterator>

namespace tilesdk::simulator {

std::string_view view(tsdk_str text) {
  if (!text.data)
    return {};
  return {text.data, text.size == TSDK_NUL_TERMINATED ? std::strlen(text.data)
                                                      : text.size};
}

namespace {

/// Lanes count through the warps of a group.
FragmentTable tableOf(const layout::Layout &layout, uint32_t warpSize,
                      uint32_t warps = 1) {
  FragmentTable table;
  table.registers = static_cast<unsigned>(layout.inputSize("register"));
  uint64_t columns = layout.outputSize("column");
  std::optional<size_t> lane = layout.inputIndex("lane"),
                        warp = layout.inputIndex("warp"),
                        place = layout.inputIndex("register"),
                        row = layout.outputIndex("row"),
                        column = layout.outputIndex("column");
  for (uint32_t l = 0; l < warpSize * warps; ++l)
    for (uint32_t r = 0; r < table.registers; ++r) {
      layout::Coord in(layout.inputs().size());
      if (lane)
        in[*lane] = l % warpSize;
      if (warp)
        in[*warp] = l / warpSize;
      if (place)
        in[*place] = r;
      layout::Coord out = *layout.apply(in);
      table.element.push_back(
          static_cast<uint32_t>(out[*row] * columns + out[*column]));
    }
  return table;
}

} // namespace

void TargetTable::make() {
  if (host.struct_size < offsetof(tsdk_host, target) + sizeof host.target ||
      !host.target)
    return;
  for (size_t i = 0; const tsdk_target *target = host.target(host.self, i);
       ++i) {
    if (target->execution != TSDK_EXECUTION_SIMT)
      continue;
    layout::Result<target::Machine> machine =
        target::Machine::read(*target->machine, *target->codegen);
    std::string name = "sim:" + std::string(view(target->name));
    if (!machine) {
      std::string message = "no target " + name + ": " + machine.error();
      host.log(host.self, TSDK_LOG_WARNING, str(message));
      continue;
    }
    TargetModel &model = models.emplace_back();
    model.name = std::move(name);
    model.machine = *std::move(machine);
    for (const target::MatrixRow &row : model.machine.matrix) {
      MatrixModel &made = model.matrix[row.name];
      made.row = &row;
      uint32_t warpSize = model.machine.warpSize;
      if (row.leftInRegisters)
        made.left = tableOf(row.left, warpSize, row.warps);
      if (row.rightInRegisters)
        made.right = tableOf(row.right, warpSize, row.warps);
      made.result = tableOf(row.result, warpSize, row.warps);
    }
    for (const target::SharedRow &row : model.machine.shared)
      if (row.isMatrix)
        model.shared[row.name] = {&row,
                                  tableOf(row.layout, model.machine.warpSize)};
    for (uint32_t checks = 0; checks < std::size(model.checked); ++checks)
      model.checked[checks] = {&model, checks};
    model.codegen.struct_size = sizeof model.codegen;
    model.codegen.artifact = TSDK_ARTIFACT_ELF;
    model.codegen.triple = str("x86_64-unknown-linux-gnu");
    model.codegen.cpu = str("x86-64-v3");
    model.codegen.parameters = TSDK_PARAMETERS_ARRAY;
    model.codegen.flags = TSDK_CODEGEN_CHECKS;
    // Nothing is in flight in registers: products are done when issued.
    model.codegen.constraints = {};
    model.twin.struct_size = sizeof model.twin;
    model.twin.execution = TSDK_EXECUTION_SIMT;
    model.twin.name = str(model.name);
    model.twin.fingerprint = target->fingerprint;
    model.twin.doc = target->doc;
    model.twin.machine = target->machine;
    model.twin.codegen = &model.codegen;
  }
}

size_t TargetTable::size() {
  std::call_once(once, [this] { make(); });
  return models.size();
}

TargetModel *TargetTable::at(size_t index) {
  return index < size() ? &models[index] : nullptr;
}

TargetModel *TargetTable::find(const tsdk_target *twin) {
  for (size_t i = 0; i < size(); ++i)
    if (&models[i].twin == twin)
      return &models[i];
  return nullptr;
}

} // namespace tilesdk::simulator
