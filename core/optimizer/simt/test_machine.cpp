//===- test_machine.cpp - Machines for tests of passes --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/test_machine.h"
#include "core/layout/print.h"
#include "core/target/target.h"

#include <cassert>

namespace tilesdk::optimizer {

using target::AsyncRow;
using target::Machine;
using target::MatrixRow;
using target::SharedFormat;
using target::SharedRow;

static layout::Layout read(const char *text) {
  layout::Result<layout::Layout> result = layout::parse(text);
  assert(result && "the table has a typing error");
  return *result;
}

static SharedRow plainRow(bool isStore, uint32_t bytes, uint32_t lanes) {
  SharedRow row;
  row.name =
      std::string(isStore ? "store.b" : "load.b") + std::to_string(bytes * 8);
  row.isStore = isStore;
  row.bytes = bytes;
  // 128 bytes a cycle.
  uint32_t perPhase = std::min(lanes, 128 / std::max(bytes, 4u));
  for (uint32_t first = 0; first < lanes; first += perPhase) {
    row.phases.emplace_back();
    for (uint32_t lane = first; lane < first + perPhase; ++lane)
      row.phases.back().push_back(lane);
  }
  return row;
}

static void addPlainRows(Machine &machine) {
  for (bool isStore : {false, true})
    for (uint32_t bytes : {1, 2, 4, 8, 16})
      machine.shared.push_back(plainRow(isStore, bytes, machine.warpSize));
}

static MatrixRow product16x8(std::string type, std::string sum, uint32_t k,
                             const char *left, const char *right) {
  MatrixRow row;
  row.name = "m16n8k" + std::to_string(k) + "." + sum + "." + type;
  row.leftType = row.rightType = type;
  row.resultType = std::move(sum);
  row.m = 16;
  row.n = 8;
  row.k = k;
  row.left = read(left);
  row.right = read(right);
  row.result = read("(row: 16, column: 8) { register: (0,1) (8,0); "
                    "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  row.issueCycles = 16;
  row.latencyCycles = 32;
  return row;
}

static void addWarp32(Machine &machine) {
  machine.warpSize = 32;
  machine.sharedBytes = 163 * 1024;
  machine.multiprocessorSharedBytes = 164 * 1024;
  machine.namedBarriers = 16;
  addPlainRows(machine);
  for (const char *type : {"f16", "bf16"})
    machine.matrix.push_back(
        product16x8(type, "f32", 16,
                    "(row: 16, column: 16) { register: (0,1) (8,0) (0,8); "
                    "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }",
                    "(row: 16, column: 8) { register: (1,0) (8,0); "
                    "lane: (2,0) (4,0) (0,1) (0,2) (0,4) }"));
  machine.matrix.push_back(
      product16x8("tf32", "f32", 8,
                  "(row: 16, column: 8) { register: (8,0) (0,4); "
                  "lane: (0,1) (0,2) (1,0) (2,0) (4,0) }",
                  "(row: 8, column: 8) { register: (4,0); "
                  "lane: (1,0) (2,0) (0,1) (0,2) (0,4) }"));
  for (bool transposed : {false, true}) {
    SharedRow row;
    row.name = transposed ? "matrix.x4.trans" : "matrix.x4";
    row.isMatrix = true;
    row.isTransposed = transposed;
    row.bytes = 16;
    row.elementBytes = 2;
    row.rows = 32;
    row.layout =
        read(transposed ? "(row: 32, column: 8) { register: (1,0) (8,0) (16,0)"
                          "; lane: (2,0) (4,0) (0,1) (0,2) (0,4) }"
                        : "(row: 32, column: 8) { register: (0,1) (8,0) (16,0)"
                          "; lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
    machine.shared.push_back(std::move(row));
  }
  for (uint32_t bytes : {4, 8, 16}) {
    AsyncRow row;
    row.name = "b" + std::to_string(bytes * 8);
    row.bytes = bytes;
    row.zeroFill = true;
    machine.async.push_back(std::move(row));
  }
}

static void addBlocking32(Machine &machine) {
  addWarp32(machine);
  for (MatrixRow &row : machine.matrix)
    row.isBlocking = true;
}

static void addWarp64(Machine &machine) {
  machine.warpSize = 64;
  machine.maxWarps = 16;
  machine.sharedBytes = machine.multiprocessorSharedBytes = 64 * 1024;
  addPlainRows(machine);
  MatrixRow row;
  row.name = "m16n16k16.f32.f16";
  row.leftType = row.rightType = "f16";
  row.resultType = "f32";
  row.m = row.n = row.k = 16;
  row.left = read("(row: 16, column: 16) { register: (0,1) (0,2); "
                  "lane: (1,0) (2,0) (4,0) (8,0) (0,4) (0,8) }");
  row.right = read("(row: 16, column: 16) { register: (1,0) (2,0); "
                   "lane: (0,1) (0,2) (0,4) (0,8) (4,0) (8,0) }");
  row.result = read("(row: 16, column: 16) { register: (1,0) (2,0); "
                    "lane: (0,1) (0,2) (0,4) (0,8) (4,0) (8,0) }");
  row.issueCycles = 8;
  row.latencyCycles = 16;
  machine.matrix.push_back(std::move(row));
}

static void addFlushes64(Machine &machine) {
  addWarp64(machine);
  machine.matrix.back().flushes = true;
  MatrixRow row = machine.matrix.back();
  row.name = "m16n16k16.f32.bf16";
  row.leftType = row.rightType = "bf16";
  machine.matrix.push_back(std::move(row));
}

static void addDirect64(Machine &machine) {
  addWarp64(machine);
  SharedRow row;
  row.name = "turned";
  row.isMatrix = row.isTransposed = true;
  row.bytes = 8;
  row.elementBytes = 2;
  row.rows = 64;
  row.phases = plainRow(false, 8, 64).phases;
  row.layout = read("(row: 64, column: 4) { register: (4,0) (8,0); "
                    "lane: (0,1) (0,2) (1,0) (2,0) (16,0) (32,0) }");
  machine.shared.push_back(std::move(row));
  for (uint32_t bytes : {4, 16}) {
    AsyncRow copy;
    copy.name = "b" + std::to_string(bytes * 8);
    copy.issuer = AsyncRow::Warp;
    copy.completion = AsyncRow::Counter;
    copy.bytes = bytes;
    copy.maxPending = 63;
    machine.async.push_back(std::move(copy));
  }
}

static void addGroup(Machine &machine) {
  addWarp32(machine);
  machine.warpGroupWarps = 4;
  machine.features = TSDK_SIMT_NAMED_BARRIERS | TSDK_SIMT_MBARRIER |
                     TSDK_SIMT_REGISTER_REALLOCATION;
  machine.sharedBytes = 227 * 1024;
  machine.multiprocessorSharedBytes = 228 * 1024;
  machine.registerGranule = 8;
  machine.registerMin = 24;
  machine.registerMax = 240;
  machine.constraints = {"h", "r", "l", "f", "d", "b"};
  MatrixRow row;
  row.name = "m64k16.f32.f16";
  row.leftType = row.rightType = "f16";
  row.resultType = "f32";
  row.m = 64;
  row.n = row.nStep = 8;
  row.nMax = 256;
  row.k = 16;
  row.warps = 4;
  row.isAsync = true;
  row.leftInShared = row.rightInShared = true;
  row.rightInRegisters = false;
  row.left = read("(row: 64, column: 16) { register: (0,1) (8,0) (0,8); "
                  "lane: (0,2) (0,4) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }");
  row.result = read("(row: 64, column: 8) { register: (0,1) (8,0); "
                    "lane: (0,2) (0,4) (1,0) (2,0) (4,0); "
                    "warp: (16,0) (32,0) }");
  row.issueCycles = 4;
  row.latencyCycles = 64;
  machine.matrix.push_back(std::move(row));
  for (uint32_t rowBytes : {128u, 64u, 32u}) {
    SharedFormat format;
    format.name = "swizzle" + std::to_string(rowBytes);
    format.rowBytes = rowBytes;
    format.chunkCount = rowBytes / 16;
    format.rowShift = 128 / rowBytes;
    format.alignment = rowBytes * 8;
    machine.formats.push_back(std::move(format));
  }
  AsyncRow box;
  box.name = "box";
  box.issuer = AsyncRow::Thread;
  box.completion = AsyncRow::Barrier;
  box.maxRank = 5;
  box.maxBox = 256;
  box.zeroFill = true;
  machine.async.push_back(std::move(box));
}

MachinePtr testMachine(std::string_view name) {
  auto machine = std::make_shared<Machine>();
  if (name == "warp32")
    addWarp32(*machine);
  else if (name == "blocking32")
    addBlocking32(*machine);
  else if (name == "warp64")
    addWarp64(*machine);
  else if (name == "flushes64")
    addFlushes64(*machine);
  else if (name == "direct64")
    addDirect64(*machine);
  else if (name == "group")
    addGroup(*machine);
  else
    return nullptr;
  return machine;
}

} // namespace tilesdk::optimizer
