//===- bigint_test.cpp - Integers with Python's rules ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/bigint.h"

#include <gtest/gtest.h>

using tilesdk::frontend::BigInt;

static BigInt big(const char *text) { return BigInt::parse(text).value(); }

TEST(BigInt, FloorsLikePython) {
  struct Row {
    int64_t a, b, quotient, remainder;
  } rows[] = {{7, 2, 3, 1},    {-7, 2, -4, 1},
              {7, -2, -4, -1}, {-7, -2, 3, -1},
              {6, 3, 2, 0},    {-6, 3, -2, 0},
              {0, 5, 0, 0},    {INT64_MIN, 3, -3074457345618258603, 1}};
  for (const Row &row : rows) {
    EXPECT_EQ(BigInt(row.a).floorDiv(row.b)->asInt64(), row.quotient) << row.a;
    EXPECT_EQ(BigInt(row.a).floorMod(row.b)->asInt64(), row.remainder) << row.a;
  }
  EXPECT_EQ(BigInt(INT64_MIN).floorDiv(-1)->str(), "9223372036854775808");
}

TEST(BigInt, GrowsAndIsBounded) {
  EXPECT_EQ(BigInt(2).pow(100)->str(), "1267650600228229401496703205376");
  EXPECT_EQ(BigInt(10).pow(20)->mul(BigInt(-10))->str(),
            "-1000000000000000000000");
  EXPECT_FALSE(BigInt(10).pow(10000000000));
  EXPECT_FALSE(BigInt(1).shl(1ll << 60));
  EXPECT_EQ(BigInt(1).pow(big("99999999999999999999999"))->str(), "1");
  EXPECT_EQ(BigInt(-1).pow(big("99999999999999999999999"))->str(), "-1");
  EXPECT_EQ(BigInt(0).pow(BigInt(0))->str(), "1");
  EXPECT_EQ(BigInt(-5).shr(1ll << 60)->str(), "-1");
  EXPECT_FALSE(BigInt(1).shl(4090)->mul(BigInt(1 << 20)));
}

TEST(BigInt, Bits) {
  EXPECT_EQ(BigInt(-1).bitAnd(big("18446744073709551615")).str(),
            "18446744073709551615");
  EXPECT_EQ(BigInt(5).invert().str(), "-6");
  EXPECT_EQ(BigInt(6).bitXor(BigInt(-1)).str(), "-7");
  EXPECT_EQ(BigInt(1).shl(64)->bitOr(BigInt(1)).str(), "18446744073709551617");
}

TEST(BigInt, Ranges) {
  EXPECT_TRUE(BigInt(-128).fitsSigned(8));
  EXPECT_FALSE(BigInt(128).fitsSigned(8));
  EXPECT_TRUE(BigInt(255).fitsUnsigned(8));
  EXPECT_FALSE(BigInt(-1).fitsUnsigned(64));
  EXPECT_TRUE(BigInt::fromUnsigned(~0ull).fitsUnsigned(64));
  EXPECT_FALSE(BigInt::fromUnsigned(~0ull).fitsSigned(64));
  EXPECT_EQ(BigInt::fromDouble(-2.9)->asInt64(), -2);
  EXPECT_FALSE(BigInt::fromDouble(HUGE_VAL));
  EXPECT_EQ(BigInt::fromDouble(1e30)->str(), "1000000000000000019884624838656");
}
