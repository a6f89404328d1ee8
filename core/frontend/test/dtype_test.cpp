//===- dtype_test.cpp - Promotion of element types ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/bigint.h"
#include "core/frontend/dtype.h"

#include <gtest/gtest.h>

using namespace tilesdk::frontend;

static std::string promoted(Scalar a, Scalar b, PromotionKind kind = {}) {
  DType result;
  switch (promote(a, b, kind, result)) {
  case Promotion::Ok:
    return result.str();
  case Promotion::MixedSignedness:
    return "mixed";
  case Promotion::NotNumeric:
    return "none";
  }
  return "";
}

TEST(DType, PromotionTable) {
  using S = Scalar;
  struct Row {
    Scalar a, b;
    const char *result;
  } rows[] = {
      {S::F64, S::I8, "float64"},
      {S::F32, S::F16, "float32"},
      {S::F16, S::BF16, "float16"},
      {S::F16, S::I64, "float16"},
      {S::BF16, S::BF16, "bfloat16"},
      {S::BF16, S::I32, "float32"},
      {S::BF16, S::F8E5M2, "float32"},
      {S::F8E5M2, S::F8E5M2, "float8e5"},
      {S::F8E5M2, S::F8E4M3, "float16"},
      {S::I8, S::I32, "int32"},
      {S::U8, S::I8, "uint8"},
      {S::U8, S::I16, "int16"},
      {S::U32, S::I32, "uint32"},
      {S::I64, S::U32, "int64"},
      {S::I1, S::I1, "int1"},
      {S::I1, S::I8, "int8"},
      {S::I1, S::U8, "uint8"},
  };
  for (const Row &row : rows) {
    EXPECT_EQ(promoted(row.a, row.b), row.result);
    EXPECT_EQ(promoted(row.b, row.a), row.result) << "not symmetric";
  }
}

TEST(DType, Division) {
  using S = Scalar;
  PromotionKind division, floor, remainder;
  division.isTrueDivision = floor.isFloorDivision = remainder.isRemainder =
      true;
  EXPECT_EQ(promoted(S::I32, S::I32, division), "float32");
  EXPECT_EQ(promoted(S::F16, S::F16, division), "float32");
  EXPECT_EQ(promoted(S::F16, S::F16, remainder), "float32");
  EXPECT_EQ(promoted(S::F64, S::F16, division), "float64");
  EXPECT_EQ(promoted(S::I32, S::U32, division), "mixed");
  EXPECT_EQ(promoted(S::I32, S::U32, floor), "mixed");
  EXPECT_EQ(promoted(S::U16, S::U32, remainder), "uint32");
}

TEST(DType, Literals) {
  EXPECT_EQ(dtypeOfInteger(BigInt(1))->str(), "int32");
  EXPECT_EQ(dtypeOfInteger(BigInt(0x80000000ll))->str(), "uint32");
  EXPECT_EQ(dtypeOfInteger(BigInt(1ll << 40))->str(), "int64");
  EXPECT_EQ(dtypeOfInteger(BigInt::fromUnsigned(~0ull))->str(), "uint64");
  EXPECT_FALSE(dtypeOfInteger(*BigInt(1).shl(64)));
  EXPECT_EQ(dtypeOfFloat(1e38).str(), "float32");
  EXPECT_EQ(dtypeOfFloat(1e39).str(), "float64");
  EXPECT_EQ(dtypeOfFloat(1e-40).str(), "float64");
  EXPECT_EQ(dtypeOfFloat(0).str(), "float32");
  EXPECT_EQ(dtypeOfFloat(HUGE_VAL).str(), "float32");
}

TEST(DType, Names) {
  EXPECT_EQ(dtypeOfCode("fp8e4nv")->str(), "float8e4nv");
  EXPECT_EQ(dtypeOfCode("u1")->str(), "int1");
  EXPECT_FALSE(dtypeOfCode("f33"));
  DType pointer = DType(Scalar::F16).pointerTo(true);
  EXPECT_EQ(pointer.str(), "*const float16");
  EXPECT_EQ(pointer.pointee().str(), "float16");
  EXPECT_EQ(pointer.shortName(), "pointer<fp16>");
  EXPECT_EQ(minValue(Scalar::I8).str(), "-128");
  EXPECT_EQ(maxValue(Scalar::U64).str(), "18446744073709551615");
}
