//===- library_test.cpp - Device functions compile on targets ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/amd/library.h"
#include "backends/amd/targets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace tilesdk::amd;

namespace {

constexpr const char *Names[NumTargets] = {"gfx90a", "gfx942", "gfx950",
                                           "gfx1100", "gfx1200"};

bool isWave64(size_t target) { return target < GFX1100; }

std::string compile(size_t target, const std::string &symbol,
                    const std::string &text) {
  std::string stem = testing::TempDir() + "tilesdk_amd_" + Names[target];
  std::ofstream(stem + ".ll") << "target triple = \"amdgcn-amd-amdhsa\"\n"
                              << text;
  std::string command = std::string(TILESDK_TEST_OPT) +
                        " -O1 -mcpu=" + Names[target] + " " + stem + ".ll -o " +
                        stem + ".bc 2>" + stem + ".err && " + TILESDK_TEST_LLC +
                        " -mcpu=" + Names[target] + " " + stem + ".bc -o " +
                        stem + ".s 2>>" + stem + ".err";
  bool isDone = std::system(command.c_str()) == 0;
  std::ostringstream out;
  out << std::ifstream(stem + (isDone ? ".s" : ".err")).rdbuf();
  EXPECT_TRUE(isDone) << Names[target] << " " << symbol << "\n"
                      << out.str() << text;
  return isDone ? out.str() : "";
}

/// Compiles the function of \p symbol and looks for an instruction.
void check(size_t target, const std::string &symbol,
           const std::string &instruction) {
  std::string text = makeDeviceFunction(target, symbol);
  ASSERT_FALSE(text.empty()) << Names[target] << " has no " << symbol;
  EXPECT_NE(compile(target, symbol, text).find(instruction), std::string::npos)
      << Names[target] << " " << symbol << " lacks " << instruction;
}

class Library : public testing::TestWithParam<size_t> {};

TEST_P(Library, Threads) {
  for (const char *symbol : {"thread_id", "lane_id", "shared.base", "clock"})
    check(GetParam(), std::string("tsdk.") + symbol, "s_setpc_b64");
  check(GetParam(), "tsdk.warp_id", "v_readfirstlane_b32");
  for (const char *axis : {"0", "1", "2"}) {
    check(GetParam(), std::string("tsdk.program_id.") + axis, "s_setpc_b64");
    check(GetParam(), std::string("tsdk.num_programs.") + axis, "load");
  }
}

TEST_P(Library, Warps) {
  size_t target = GetParam();
  check(target, "tsdk.barrier",
        target == GFX1200 ? "s_barrier_wait" : "s_barrier");
  check(target, "tsdk.warp.sync", "wave barrier");
  check(target, "tsdk.warp.uniform.i32", "v_readfirstlane_b32");
  check(target, "tsdk.shuffle.idx.b32", "ds_bpermute_b32");
  check(target, "tsdk.ballot", "v_cmp");
  for (const char *mask : {"1", "2", "3", "7", "8", "15"})
    check(target, "tsdk.shuffle.xor." + std::string(mask) + ".b32", "_dpp");
  for (const char *mask : {"4", "16", "31"})
    check(target, "tsdk.shuffle.xor." + std::string(mask) + ".b32",
          "ds_swizzle_b32");
  EXPECT_EQ(makeDeviceFunction(target, "tsdk.shuffle.xor.32.b32").empty(),
            !isWave64(target));
  if (isWave64(target))
    check(target, "tsdk.shuffle.xor.32.b32", "ds_bpermute_b32");
  EXPECT_TRUE(makeDeviceFunction(target, "tsdk.shuffle.xor.64.b32").empty());
}

TEST_P(Library, Global) {
  for (const char *width : {"b8", "b16", "b32", "b64", "b128"}) {
    for (const char *how : {"", ".ca", ".cg", ".cs", ".cv", ".evict_first",
                            ".ca.evict_last", ".volatile"})
      check(GetParam(), std::string("tsdk.global.load.") + width + how,
            "global_load");
    for (const char *how : {"", ".wb", ".cs", ".wt", ".evict_first"})
      check(GetParam(), std::string("tsdk.global.store.") + width + how,
            "global_store");
  }
  EXPECT_TRUE(makeDeviceFunction(GetParam(), "tsdk.global.load.b24").empty());
  EXPECT_TRUE(makeDeviceFunction(GetParam(), "tsdk.global.load.b8.x").empty());
}

TEST_P(Library, Buffers) {
  for (const char *width : {"b8", "b16", "b32", "b64", "b128"}) {
    check(GetParam(), std::string("tsdk.buffer.load.") + width, "buffer_load_");
    check(GetParam(), std::string("tsdk.buffer.store.") + width,
          "buffer_store_");
  }
  EXPECT_TRUE(makeDeviceFunction(GetParam(), "tsdk.buffer.load.b24").empty());
  EXPECT_TRUE(
      makeDeviceFunction(GetParam(), "tsdk.buffer.load.b32.cg").empty());
}

TEST_P(Library, Matrix) {
  TargetTable table;
  const tsdk_simt &rows = *table.target(GetParam()).machine->simt;
  ASSERT_GT(rows.num_matrix, 0u);
  for (size_t i = 0; i < rows.num_matrix; ++i)
    check(GetParam(), "tsdk.mma." + std::string(view(rows.matrix[i].name)),
          isWave64(GetParam()) ? "v_mfma_" : "v_wmma_");
  // Where it is called the product stays; it takes no instruction.
  for (size_t i = 0; i < rows.num_matrix; ++i)
    if (rows.matrix[i].flags & TSDK_MATRIX_BLOCKING)
      check(GetParam(),
            "tsdk.mma.done." + std::string(view(rows.matrix[i].name)),
            "ASMSTART");
  EXPECT_TRUE(makeDeviceFunction(GetParam(), "tsdk.mma.done.1x1x1").empty());
  EXPECT_TRUE(makeDeviceFunction(GetParam(), "tsdk.mma.1x1x1").empty());
}

TEST_P(Library, TransposingLoads) {
  size_t target = GetParam();
  for (const char *bits : {"b16", "b8"}) {
    std::string symbol = std::string("tsdk.shared.load.tr.") + bits;
    if (target == GFX950)
      check(target, symbol, std::string("ds_read_b64_tr_") + bits);
    else
      EXPECT_TRUE(makeDeviceFunction(target, symbol).empty());
  }
}

TEST_P(Library, CopiesToSharedMemory) {
  size_t target = GetParam();
  TargetTable table;
  const tsdk_simt &rows = *table.target(target).machine->simt;
  EXPECT_EQ(rows.num_async, target > GFX950 ? 0u : target == GFX950 ? 2u : 1u);
  for (const char *bits : {"b32", "b128"}) {
    std::string symbol = std::string("tsdk.async.copy.") + bits;
    bool isWide = bits == std::string("b128");
    if (target < GFX950 + 1 && (!isWide || target == GFX950))
      check(target, symbol,
            isWide             ? "global_load_lds_dwordx4"
            : target == GFX90A ? "global_load_dword"
                               : "global_load_lds_dword ");
    else
      EXPECT_TRUE(makeDeviceFunction(target, symbol).empty());
  }
  if (target > GFX950) {
    EXPECT_TRUE(makeDeviceFunction(target, "tsdk.async.wait.0").empty());
    return;
  }
  // A function waits for everything before its first instruction, so that
  // only the number shows: the count in bits 0 to 3 and 14 to 15 of
  // 0x0f70.
  for (auto [count, number] :
       {std::pair("0", "i32 3952)"), {"5", "i32 3957)"}, {"62", "i32 53118)"}})
    EXPECT_NE(
        makeDeviceFunction(target, std::string("tsdk.async.wait.") + count)
            .find(number),
        std::string::npos)
        << count;
  EXPECT_TRUE(makeDeviceFunction(target, "tsdk.async.wait.64").empty());
}

TEST_P(Library, Math) {
  check(GetParam(), "tsdk.math.exp2.f32", "v_exp_f32");
  check(GetParam(), "tsdk.math.exp.f32", "v_exp_f32");
}

INSTANTIATE_TEST_SUITE_P(Targets, Library,
                         testing::Range<size_t>(0, NumTargets),
                         [](const auto &info) { return Names[info.param]; });

} // namespace
