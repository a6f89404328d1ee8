//===- target_test.cpp - Tables are read, wrong rows refused ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/print.h"
#include "core/target/target.h"

#include <gtest/gtest.h>

#include <functional>

using namespace tilesdk;
using namespace tilesdk::target;

namespace {

tsdk_str str(const char *text) { return {text, TSDK_NUL_TERMINATED}; }

/// A machine of 32 lanes with one good row in each table.
class TargetTest : public testing::Test {
protected:
  TargetTest() {
    matrix.name = str("m16n8k16");
    matrix.source = str("the manual, section 1");
    matrix.left_type = matrix.right_type = str("f16");
    matrix.result_type = str("f32");
    matrix.left = str("(row: 16, column: 16) { register: (0,1) (8,0) (0,8); "
                      "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
    matrix.right = str("(row: 16, column: 8) { register: (1,0) (8,0); lane: "
                       "(2,0) (4,0) (0,1) (0,2) (0,4) }");
    matrix.result = str("(row: 16, column: 8) { register: (0,1) (8,0); lane: "
                        "(0,2) (0,4) (1,0) (2,0) (4,0) }");
    matrix.m = 16;
    matrix.n = 8;
    matrix.k = 16;
    matrix.warps = 1;
    matrix.left_places = matrix.right_places = TSDK_OPERAND_REGISTERS;
    shared.name = str("b64");
    shared.source = matrix.source;
    shared.phases = str("0-15;16-31");
    shared.kind = TSDK_SHARED_PLAIN;
    shared.direction = TSDK_SHARED_LOAD;
    shared.bytes = 8;
    format.name = str("swizzle128");
    format.source = matrix.source;
    format.row_bytes = 128;
    format.atom_rows = format.chunk_count = 8;
    format.row_shift = 1;
    format.alignment = 1024;
    async.name = str("b128");
    async.source = matrix.source;
    async.issuer = TSDK_ISSUER_LANE;
    async.completion = TSDK_COMPLETION_GROUP;
    async.bytes = 16;
    simt.struct_size = sizeof simt;
    simt.warp_size = simt.max_warps = simt.banks = 32;
    simt.bank_bytes = 4;
    simt.shared_bytes = 65536;
    simt.matrix = &matrix;
    simt.shared = &shared;
    simt.formats = &format;
    simt.async = &async;
    simt.num_matrix = simt.num_shared = simt.num_formats = simt.num_async = 1;
    simt.matrix_stride = sizeof matrix;
    simt.shared_stride = sizeof shared;
    simt.format_stride = sizeof format;
    simt.async_stride = sizeof async;
    machine.struct_size = sizeof machine;
    machine.simt = &simt;
    codegen.struct_size = sizeof codegen;
    codegen.scopes = str("block,device,");
    codegen.constraints = str("h,r,l,f,d,b");
  }

  layout::Result<Machine> read() { return Machine::read(machine, codegen); }
  /// What is said of the machine as it is now.
  std::string refusal() {
    layout::Result<Machine> result = read();
    return result ? "" : result.error();
  }

  tsdk_matrix_row matrix = {};
  tsdk_shared_row shared = {};
  tsdk_shared_format format = {};
  tsdk_async_row async = {};
  tsdk_simt simt = {};
  tsdk_machine machine = {};
  tsdk_codegen codegen = {};
};

TEST_F(TargetTest, GoodTablesAreRead) {
  layout::Result<Machine> result = read();
  ASSERT_TRUE(result) << result.error();
  const MatrixRow *row = result->matrixRow("m16n8k16");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->left.inputSize("register"), 8u);
  EXPECT_EQ(result->shared[0].phases.size(), 2u);
  EXPECT_EQ(result->deviceScope, "device");
  EXPECT_EQ(result->systemScope, "");
  EXPECT_EQ(result->constraints.size(), 6u);
  EXPECT_EQ(result->conversion(2).shared.loads.size(), 1u);
  EXPECT_FALSE(result->matrixRow("another"));
}

TEST_F(TargetTest, TransposedProducts) {
  layout::Result<Machine> result = read();
  ASSERT_TRUE(result) << result.error();
  const MatrixRow &row = *result->matrixRow("m16n8k16");
  MatrixRow other = row.transposed();
  EXPECT_EQ(other.name, row.name);
  EXPECT_EQ(other.m, 8u);
  EXPECT_EQ(other.n, 16u);
  EXPECT_EQ(other.k, 16u);
  EXPECT_EQ(other.leftType, row.rightType);
  // Each element at the same place, row and column exchanged.
  auto expectTransposed = [](const layout::Layout &from,
                             const layout::Layout &to) {
    for (uint64_t reg = 0; reg < from.inputSize("register"); ++reg)
      for (uint64_t lane = 0; lane < 32; ++lane) {
        layout::Coord at = *from.apply({reg, lane}),
                      there = *to.apply({reg, lane});
        EXPECT_EQ(at[0], there[1]);
        EXPECT_EQ(at[1], there[0]);
      }
  };
  expectTransposed(row.left, other.right);
  expectTransposed(row.right, other.left);
  expectTransposed(row.result, other.result);
  EXPECT_EQ(other.transposed().left, row.left);
  EXPECT_EQ(other.transposed().result, row.result);
}

TEST_F(TargetTest, WrongMatrixRows) {
  const std::string head = "table `matrix`, row 0 `m16n8k16`: ";
  // One wrong basis vector: an element is held twice, another not at all.
  matrix.result = str("(row: 16, column: 8) { register: (0,1) (4,0); lane: "
                      "(0,2) (0,4) (1,0) (2,0) (4,0) }");
  EXPECT_EQ(refusal(), head + "`result` does not reach every element");
  matrix.result = str("(row: 16, column: 8) { register: (0,1) (8,0) (0,0); "
                      "lane: (0,2) (0,4) (1,0) (2,0) (4,0) }");
  EXPECT_EQ(refusal(), head + "`result` holds an element twice");
  matrix.result = str("(row: 8, column: 8) { register: (0,1); lane: (0,2) "
                      "(0,4) (1,0) (2,0) (4,0) }");
  EXPECT_EQ(refusal(), head + "`result` has 8 rows, the instruction 16");
  matrix.result = str("(row: 16, column: 8) { register: (0,1) (8,0) (1,0); "
                      "lane: (0,2) (0,4) (2,0) (4,0) }");
  EXPECT_EQ(refusal(), head + "`result` has 16 lanes, the instruction 32");
  matrix.result = str("(row: 16");
  EXPECT_EQ(refusal().rfind(head + "`result` is not a layout: ", 0), 0u);
}

TEST_F(TargetTest, WrongMatrixFields) {
  const std::string head = "table `matrix`, row 0 `m16n8k16`: ";
  matrix.left_type = str("f17");
  EXPECT_EQ(refusal(), head + "`left_type` `f17` is not an element type");
  matrix.left_type = str("f16");
  matrix.source = str("");
  EXPECT_NE(refusal().find("section of the manual"), std::string::npos);
  matrix.source = str("the manual, section 1");
  matrix.n_step = 8;
  matrix.n_max = 12;
  EXPECT_NE(refusal().find("`n_max`"), std::string::npos);
  matrix.n_max = 256;
  layout::Result<Machine> wide = read();
  ASSERT_TRUE(wide) << wide.error();
  EXPECT_TRUE(wide->matrix[0].hasWidth(192));
  EXPECT_FALSE(wide->matrix[0].hasWidth(20));
  EXPECT_EQ(wide->matrix[0].widestFor(384), 192u);
  EXPECT_EQ(wide->matrix[0].resultFor(24).outputSize("column"), 24u);
}

TEST_F(TargetTest, WrongOtherRows) {
  shared.phases = str("0-15;17-31");
  EXPECT_EQ(refusal(),
            "table `shared`, row 0 `b64`: `phases` leaves out lane 16");
  shared.phases = str("0-15;15-31");
  EXPECT_EQ(refusal(),
            "table `shared`, row 0 `b64`: `phases` holds lane 15 twice");
  shared.phases = str("0-15;16-32");
  EXPECT_NE(refusal(), "");
  shared.phases = str("");
  format.row_bytes = 48;
  EXPECT_NE(refusal().find("`row_bytes` must be a power of two, found 48"),
            std::string::npos);
  format.row_bytes = 128;
  async.bytes = 12;
  EXPECT_NE(refusal().find("table `async`, row 0 `b128`: `bytes`"),
            std::string::npos);
  async.bytes = 16;
  simt.warp_size = 48;
  EXPECT_EQ(refusal(), "`warp_size` must be a power of two, found 48");
  simt.warp_size = 32;
  EXPECT_EQ(refusal(), "");
}

TEST_F(TargetTest, NamesAreUnique) {
  tsdk_matrix_row rows[] = {matrix, matrix};
  simt.matrix = rows;
  simt.num_matrix = 2;
  EXPECT_EQ(refusal(),
            "table `matrix`, row 1 `m16n8k16`: two rows have this name");
}

/// 16-byte chunk c of row r lies at chunk c ^ (r % 8) of 128-byte rows.
TEST_F(TargetTest, FormatsAreLayouts) {
  layout::Result<Machine> machine = read();
  ASSERT_TRUE(machine);
  auto layout = machine->formats[0].layoutOf(2, 16, 128);
  ASSERT_TRUE(layout) << layout.error();
  for (uint64_t offset = 0; offset < 16 * 128; ++offset) {
    uint64_t column = offset % 64, row = offset / 64 % 16,
             half = offset / (64 * 16);
    layout::Coord at = *layout->apply({offset});
    EXPECT_EQ(at[0], row);
    EXPECT_EQ(at[1], (column / 8 ^ row % 8) * 8 + column % 8 + half * 64);
  }
  EXPECT_FALSE(machine->formats[0].layoutOf(2, 16, 100));
}

} // namespace
