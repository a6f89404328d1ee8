//===- matrix.cpp - Matrix instructions of AMD targets ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fragments as AMD's matrix instruction calculator prints them and as the ISA
// documents' sections on MFMA and WMMA have them. Cycles are those of one
// SIMD at the published dense rates; where generations differ, the newest's.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/matrix.h"

#include <iterator>

namespace tilesdk::amd {

namespace {

constexpr unsigned A = 1u << GFX90A, B = 1u << GFX942, C = 1u << GFX950,
                   D = 1u << GFX1100, E = 1u << GFX1200;

uint32_t countOf(std::string_view bits) {
  uint32_t count = bits.empty() ? 0 : 1;
  for (char c : bits)
    count += c == ' ';
  return count;
}

/// Appends a basis for each number of \p bits, in the row or the column.
void append(std::string &text, std::string_view bits, bool isRow) {
  while (!bits.empty()) {
    size_t end = bits.find(' ');
    std::string bit(bits.substr(0, end));
    text += isRow ? " (" + bit + ",0)" : " (0," + bit + ")";
    bits.remove_prefix(end == std::string_view::npos ? bits.size() : end + 1);
  }
}

std::string fragment(uint32_t rows, uint32_t columns,
                     std::string_view registers, std::string_view lanes,
                     bool isRow) {
  std::string text = "(row: " + std::to_string(rows) +
                     ", column: " + std::to_string(columns) + ") { ";
  text += "register:";
  append(text, registers, isRow);
  text += "; lane:";
  append(text, (isRow ? columns : rows) == 32 ? "1 2 4 8 16" : "1 2 4 8",
         !isRow);
  append(text, lanes, isRow);
  return text + " }";
}

} // namespace

std::string Matrix::left() const {
  return fragment(m, k, registers, lanes, false);
}

std::string Matrix::right() const {
  return fragment(k, n, registers, lanes, true);
}

std::string Matrix::resultLayout() const {
  return fragment(m, n, resultRegisters, resultLanes, true);
}

uint32_t Matrix::operandRegisters() const { return 1u << countOf(registers); }

uint32_t Matrix::resultCount() const { return 1u << countOf(resultRegisters); }

const Matrix Matrices[] = {
    // MFMA.
    {C, "32x32x16.f32.f16", "f16", "f32", 32, 32, 16, "1 2 4", "8", "1 2 8 16",
     "4", "mfma.f32.32x32x16.f16", "<8 x half>", 32},
    {C, "16x16x32.f32.f16", "f16", "f32", 16, 16, 32, "1 2 4", "8 16", "1 2",
     "4 8", "mfma.f32.16x16x32.f16", "<8 x half>", 16},
    {C, "32x32x16.f32.bf16", "bf16", "f32", 32, 32, 16, "1 2 4", "8",
     "1 2 8 16", "4", "mfma.f32.32x32x16.bf16", "<8 x bfloat>", 32},
    {C, "16x16x32.f32.bf16", "bf16", "f32", 16, 16, 32, "1 2 4", "8 16", "1 2",
     "4 8", "mfma.f32.16x16x32.bf16", "<8 x bfloat>", 16},
    {A | B | C, "32x32x8.f32.f16", "f16", "f32", 32, 32, 8, "1 2", "4",
     "1 2 8 16", "4", "mfma.f32.32x32x8f16", "<4 x half>", 32},
    {A | B | C, "16x16x16.f32.f16", "f16", "f32", 16, 16, 16, "1 2", "4 8",
     "1 2", "4 8", "mfma.f32.16x16x16f16", "<4 x half>", 16},
    {A | B | C, "32x32x8.f32.bf16", "bf16", "f32", 32, 32, 8, "1 2", "4",
     "1 2 8 16", "4", "mfma.f32.32x32x8bf16.1k", "<4 x i16>", 32},
    {A | B | C, "16x16x16.f32.bf16", "bf16", "f32", 16, 16, 16, "1 2", "4 8",
     "1 2", "4 8", "mfma.f32.16x16x16bf16.1k", "<4 x i16>", 16},
    {C, "32x32x32.i32.i8", "i8", "i32", 32, 32, 32, "1 2 4 8", "16", "1 2 8 16",
     "4", "mfma.i32.32x32x32.i8", "<4 x i32>", 32},
    {C, "16x16x64.i32.i8", "i8", "i32", 16, 16, 64, "1 2 4 8", "16 32", "1 2",
     "4 8", "mfma.i32.16x16x64.i8", "<4 x i32>", 16},
    {B | C, "32x32x16.i32.i8", "i8", "i32", 32, 32, 16, "1 2 4", "8",
     "1 2 8 16", "4", "mfma.i32.32x32x16.i8", "i64", 32},
    {B | C, "16x16x32.i32.i8", "i8", "i32", 16, 16, 32, "1 2 4", "8 16", "1 2",
     "4 8", "mfma.i32.16x16x32.i8", "i64", 16},
    {A, "32x32x8.i32.i8", "i8", "i32", 32, 32, 8, "1 2", "4", "1 2 8 16", "4",
     "mfma.i32.32x32x8i8", "i32", 64},
    {A, "16x16x16.i32.i8", "i8", "i32", 16, 16, 16, "1 2", "4 8", "1 2", "4 8",
     "mfma.i32.16x16x16i8", "i32", 32},
    {B, "32x32x4.f32.tf32", "tf32", "f32", 32, 32, 4, "1", "2", "1 2 8 16", "4",
     "mfma.f32.32x32x4.xf32", "<2 x float>", 32},
    {B, "16x16x8.f32.tf32", "tf32", "f32", 16, 16, 8, "1", "2 4", "1 2", "4 8",
     "mfma.f32.16x16x8.xf32", "<2 x float>", 16},
    {A | B | C, "32x32x2.f32.f32", "f32", "f32", 32, 32, 2, "", "1", "1 2 8 16",
     "4", "mfma.f32.32x32x2f32", "float", 64},
    {A | B | C, "16x16x4.f32.f32", "f32", "f32", 16, 16, 4, "", "1 2", "1 2",
     "4 8", "mfma.f32.16x16x4f32", "float", 32},
    {A | B | C, "16x16x4.f64.f64", "f64", "f64", 16, 16, 4, "", "1 2", "4 8",
     "1 2", "mfma.f64.16x16x4f64", "double", 32},
// Eight-bit floats: the same instructions read other formats.
#define TILESDK_F8(GENERATION, NAME, TYPE, KIND)                               \
  {GENERATION, "32x32x16.f32." NAME,                                           \
   TYPE,       "f32",                                                          \
   32,         32,                                                             \
   16,         "1 2 4",                                                        \
   "8",        "1 2 8 16",                                                     \
   "4",        "mfma.f32.32x32x16." KIND "." KIND,                             \
   "i64",      32},                                                            \
      {GENERATION, "16x16x32.f32." NAME,                                       \
       TYPE,       "f32",                                                      \
       16,         16,                                                         \
       32,         "1 2 4",                                                    \
       "8 16",     "1 2",                                                      \
       "4 8",      "mfma.f32.16x16x32." KIND "." KIND,                         \
       "i64",      16}
    TILESDK_F8(B, "f8E4M3FNUZ", "f8E4M3FNUZ", "fp8"),
    TILESDK_F8(B, "f8E5M2FNUZ", "f8E5M2FNUZ", "bf8"),
    TILESDK_F8(C, "f8E4M3FN", "f8E4M3FN", "fp8"),
    TILESDK_F8(C, "f8E5M2", "f8E5M2", "bf8"),
#undef TILESDK_F8
    // WMMA of wave32: in the first generation both halves hold an operand.
    {D, "16x16x16.f32.f16", "f16", "f32", 16, 16, 16, "1 2 4 8", "0", "2 4 8",
     "1", "wmma.f32.16x16x16.f16.v8f32.v16f16", "<16 x half>", 32},
    {D, "16x16x16.f32.bf16", "bf16", "f32", 16, 16, 16, "1 2 4 8", "0", "2 4 8",
     "1", "wmma.f32.16x16x16.bf16.v8f32.v16i16", "<16 x i16>", 32},
    {D, "16x16x16.i32.i8", "i8", "i32", 16, 16, 16, "1 2 4 8", "0", "2 4 8",
     "1", "wmma.i32.16x16x16.iu8.v8i32.v4i32", "<4 x i32>", 32},
    {E, "16x16x16.f32.f16", "f16", "f32", 16, 16, 16, "1 2 8", "4", "1 2 4",
     "8", "wmma.f32.16x16x16.f16.v8f32.v8f16", "<8 x half>", 16},
    {E, "16x16x16.f32.bf16", "bf16", "f32", 16, 16, 16, "1 2 8", "4", "1 2 4",
     "8", "wmma.f32.16x16x16.bf16.v8f32.v8i16", "<8 x i16>", 16},
    {E, "16x16x16.i32.i8", "i8", "i32", 16, 16, 16, "1 2 4", "8", "1 2 4", "8",
     "wmma.i32.16x16x16.iu8.v8i32.v2i32", "<2 x i32>", 8},
    {E, "16x16x16.f32.f8E4M3FN", "f8E4M3FN", "f32", 16, 16, 16, "1 2 4", "8",
     "1 2 4", "8", "wmma.f32.16x16x16.fp8.fp8.v8f32.v2i32", "<2 x i32>", 8},
    {E, "16x16x16.f32.f8E5M2", "f8E5M2", "f32", 16, 16, 16, "1 2 4", "8",
     "1 2 4", "8", "wmma.f32.16x16x16.bf8.bf8.v8f32.v2i32", "<2 x i32>", 8},
};
const size_t NumMatrices = std::size(Matrices);

} // namespace tilesdk::amd
