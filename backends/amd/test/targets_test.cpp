//===- targets_test.cpp - AMD targets against AMD's tables ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/targets.h"
#include "core/target/target.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

using namespace tilesdk;
using namespace tilesdk::amd;

namespace {

using Elements = std::vector<std::vector<layout::Coord>>; // lane, register

/// fragments.txt: "target row operand" to the elements.
std::map<std::string, Elements> readFragments() {
  std::map<std::string, Elements> fragments;
  std::ifstream file(TILESDK_SOURCE_DIR "/backends/amd/test/fragments.txt");
  EXPECT_TRUE(file);
  std::vector<std::string> names;
  Elements elements;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty()) {
      for (const std::string &name : names)
        fragments[name] = elements;
      names.clear();
      elements.clear();
    } else if (line[0] == '=') {
      names.push_back(line.substr(2));
    } else if (line[0] != '#') {
      std::istringstream places(line);
      std::string place;
      elements.emplace_back();
      while (places >> place) {
        size_t comma = place.find(',');
        elements.back().push_back({std::stoull(place.substr(0, comma)),
                                   std::stoull(place.substr(comma + 1))});
      }
    }
  }
  return fragments;
}

void compare(const layout::Layout &layout, const Elements &elements) {
  ASSERT_EQ(layout.inputSize("lane"), elements.size());
  ASSERT_EQ(layout.inputSize("register"), elements[0].size());
  for (uint64_t lane = 0; lane < elements.size(); ++lane)
    for (uint64_t i = 0; i < elements[lane].size(); ++i)
      ASSERT_EQ(*layout.apply({i, lane}), elements[lane][i])
          << "lane " << lane << " register " << i;
}

TEST(Amd, TargetsAreRead) {
  TargetTable table;
  for (size_t i = 0; i < NumTargets; ++i) {
    const tsdk_target &target = table.target(i);
    layout::Result<target::Machine> machine =
        target::Machine::read(*target.machine, *target.codegen);
    ASSERT_TRUE(machine) << view(target.name) << ": " << machine.error();
    EXPECT_EQ(machine->warpSize * machine->maxWarps, 1024u);
    EXPECT_FALSE(machine->matrix.empty());
    // "MI200 flushes subnormal numbers" is said of half words alone.
    for (const target::MatrixRow &row : machine->matrix)
      EXPECT_EQ(row.flushes, i == GFX90A && (row.leftType == "f16" ||
                                             row.leftType == "bf16"))
          << view(target.name) << " " << row.name;
  }
}

/// Element j of lane l is element l % 4 of the chunk of lane 4 j +
/// l % 16 / 4 of its sixteen; of bytes, l % 8 of that of lane 2 j + l % 16 / 8.
TEST(Amd, TransposingLoadsElementByElement) {
  TargetTable table;
  for (size_t i = 0; i < NumTargets; ++i) {
    const tsdk_target &target = table.target(i);
    layout::Result<target::Machine> machine =
        target::Machine::read(*target.machine, *target.codegen);
    ASSERT_TRUE(machine) << machine.error();
    unsigned count = 0;
    for (const target::SharedRow &row : machine->shared) {
      if (!row.isMatrix)
        continue;
      SCOPED_TRACE(row.name);
      ++count;
      EXPECT_TRUE(row.isTransposed && !row.isStore);
      uint64_t chunk = 8 / row.elementBytes, step = 16 / chunk;
      ASSERT_EQ(row.layout.inputSize("register"), chunk);
      for (uint64_t lane = 0; lane < 64; ++lane)
        for (uint64_t j = 0; j < chunk; ++j)
          ASSERT_EQ(
              *row.layout.apply({j, lane}),
              (layout::Coord{lane / 16 * 16 + step * j + lane % 16 / chunk,
                             lane % chunk}))
              << "lane " << lane << " register " << j;
    }
    EXPECT_EQ(count, i == GFX950 ? 2u : 0u);
  }
}

TEST(Amd, FragmentsElementByElement) {
  std::map<std::string, Elements> fragments = readFragments();
  TargetTable table;
  std::map<std::string, bool> used;
  for (size_t i = 0; i < NumTargets; ++i) {
    const tsdk_target &target = table.target(i);
    layout::Result<target::Machine> machine =
        target::Machine::read(*target.machine, *target.codegen);
    ASSERT_TRUE(machine) << machine.error();
    for (const target::MatrixRow &row : machine->matrix) {
      std::string name = std::string(view(target.name)) + " " + row.name;
      // The tables leave out some types, which lie as others of their width.
      if (!fragments.count(name + " A")) {
        bool isWide = row.leftType == "bf16";
        ASSERT_TRUE(isWide || row.leftType.substr(0, 2) == "f8") << name;
        name =
            name.substr(0, name.find('.')) + (isWide ? ".f32.f16" : ".i32.i8");
      }
      SCOPED_TRACE(name);
      for (auto [operand, layout] : {std::pair(" A", &row.left),
                                     {" B", &row.right},
                                     {" D", &row.result}}) {
        ASSERT_TRUE(fragments.count(name + operand));
        SCOPED_TRACE(operand);
        compare(*layout, fragments[name + operand]);
        used[name + operand] = true;
      }
    }
  }
  EXPECT_EQ(used.size(), fragments.size()) << "maps that no row has";
}

} // namespace
