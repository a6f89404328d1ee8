//===- signature_test.cpp - The text that specialises a kernel ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/frontend/signature.h"

#include <gtest/gtest.h>

using namespace tilesdk::frontend;
using Kind = SignatureEntry::Kind;

static std::vector<SignatureEntry> parsed(const char *text) {
  SignatureError error;
  auto entries = parseSignature(text, error);
  EXPECT_TRUE(entries) << text << ": " << error.reason;
  return entries.value_or(std::vector<SignatureEntry>());
}

static std::string failure(llvm::StringRef text) {
  SignatureError error;
  EXPECT_FALSE(parseSignature(text, error)) << text.str();
  return error.reason;
}

TEST(Signature, Types) {
  auto entries = parsed(" *f32:16 ,*kbf16, i32:16,u1,f8e4m3fnuz,**i8,i64:1");
  ASSERT_EQ(entries.size(), 7u);
  EXPECT_EQ(entries[0].dtype.str(), "*float32");
  EXPECT_EQ(entries[0].divisibility, 16);
  EXPECT_EQ(entries[1].dtype.str(), "*const bfloat16");
  EXPECT_EQ(entries[2].divisibility, 16);
  EXPECT_TRUE(entries[3].dtype.isBool());
  EXPECT_EQ(entries[4].dtype.str(), "float8e4b8");
  EXPECT_EQ(entries[5].dtype.str(), "**int8");
  EXPECT_TRUE(entries[6].isOne);
}

TEST(Signature, Constants) {
  auto entries = parsed(
      "1024,-3,0.5,1e-5,inf,nan,True,None,'a\\'b\\x41',tl.float16,gelu,@relu");
  ASSERT_EQ(entries.size(), 12u);
  EXPECT_EQ(entries[0].constant.repr(), "1024");
  EXPECT_EQ(entries[1].constant.repr(), "-3");
  EXPECT_EQ(entries[2].constant.repr(), "0.5");
  EXPECT_EQ(entries[3].constant.repr(), "1e-05");
  EXPECT_EQ(entries[4].constant.repr(), "inf");
  EXPECT_EQ(entries[5].constant.repr(), "nan");
  EXPECT_EQ(entries[6].constant.repr(), "True");
  EXPECT_TRUE(entries[7].constant.isNone());
  EXPECT_EQ(entries[8].constant.text(), "a'bA");
  EXPECT_EQ(entries[9].constant.repr(), "float16");
  EXPECT_EQ(entries[10].kind, Kind::Function);
  EXPECT_EQ(entries[11].text, "relu");
}

TEST(Signature, TuplesNamesAndDefaults) {
  auto entries = parsed("(*f32,(i32,2),),,BLOCK=64,()");
  ASSERT_EQ(entries.size(), 4u);
  ASSERT_EQ(entries[0].elements.size(), 2u);
  EXPECT_EQ(entries[0].elements[1].elements[1].constant.repr(), "2");
  EXPECT_EQ(entries[1].kind, Kind::Default);
  EXPECT_EQ(entries[2].name, "BLOCK");
  EXPECT_EQ(entries[2].constant.repr(), "64");
  EXPECT_EQ(entries[3].kind, Kind::Tuple);
  EXPECT_TRUE(parsed("").empty());
}

TEST(Signature, Mistakes) {
  EXPECT_EQ(failure("i32:3"), "behind `:` stands a power of two up to 4096");
  EXPECT_EQ(failure("f32:16"), "only integers and pointers take a suffix");
  EXPECT_EQ(failure("'abc"), "the string is never closed");
  EXPECT_EQ(failure("(i32"), "`)` is missing");
  EXPECT_EQ(failure("1x"), "not a number");
  EXPECT_EQ(failure("i32)"), "unexpected `)`");
  EXPECT_EQ(failure(std::string(1000, '(')), "tuples are nested too deeply");
  EXPECT_EQ(failure("a+b"), "expected a type, a number, a string, True, "
                            "False, None or the name of a function");
}
