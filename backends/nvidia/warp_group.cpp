//===- warp_group.cpp - Products of warp groups -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// wgmma (PTX 9.7.15): four warps make a product of 64 rows whose operands lie
// in shared memory, the left one in registers if need be.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/warp_group.h"

#include "backends/nvidia/targets.h"
#include "backends/nvidia/text.h"

namespace tilesdk::nvidia {

namespace {

constexpr const char *Result64x8 =
    "(row: 64, column: 8) { register: (0,1) (8,0); lane: (0,2) (0,4) (1,0) "
    "(2,0) (4,0); warp: (16,0) (32,0) }";
constexpr const char *Result64x16 =
    "(row: 64, column: 16) { register: (0,1) (8,0) (0,8); lane: (0,2) (0,4) "
    "(1,0) (2,0) (4,0); warp: (16,0) (32,0) }";
constexpr const char *Left64x16b16 =
    "(row: 64, column: 16) { register: (0,1) (8,0) (0,8); lane: (0,2) (0,4) "
    "(1,0) (2,0) (4,0); warp: (16,0) (32,0) }";
constexpr const char *Left64x8b32 =
    "(row: 64, column: 8) { register: (8,0) (0,4); lane: (0,1) (0,2) (1,0) "
    "(2,0) (4,0); warp: (16,0) (32,0) }";
constexpr const char *Left64x32b8 =
    "(row: 64, column: 32) { register: (0,1) (0,2) (8,0) (0,16); lane: (0,4) "
    "(0,8) (1,0) (2,0) (4,0); warp: (16,0) (32,0) }";

/// `scales` and `transposes` count the immediates that the instruction takes.
struct Product {
  std::string_view name, source, leftType, rightType, result, left;
  std::string_view instruction, types; ///< "wgmma.mma_async.sync.aligned.m64n"
                                       ///< + width + these.
  uint32_t n, k, flags;
  bool scales, transposes;
};

constexpr std::string_view Fragments16 = "PTX 9.7.15.5.1.1.1";
constexpr std::string_view Fragments8 = "PTX 9.7.15.5.1.1.2";
constexpr std::string_view Fragments32 = "PTX 9.7.15.5.1.1.3";

// Widths of i8 are multiples of 16 from 32 on, and 8 and 24: of 16 here.
constexpr Product Products[] = {
    {"m64k16.f32.f16", Fragments16, "f16", "f16", "f32", Left64x16b16, "k16",
     "f32.f16.f16", 8, 16, 0, true, true},
    {"m64k16.f32.bf16", Fragments16, "bf16", "bf16", "f32", Left64x16b16, "k16",
     "f32.bf16.bf16", 8, 16, 0, true, true},
    {"m64k8.f32.tf32", Fragments8, "tf32", "tf32", "f32", Left64x8b32, "k8",
     "f32.tf32.tf32", 8, 8, 0, true, false},
    {"m64k32.i32.i8", Fragments32, "i8", "i8", "i32", Left64x32b8, "k32",
     "s32.s8.s8", 16, 32, TSDK_MATRIX_SIGNED, false, false},
    {"m64k32.f32.f8E4M3FN", Fragments32, "f8E4M3FN", "f8E4M3FN", "f32",
     Left64x32b8, "k32", "f32.e4m3.e4m3", 8, 32, 0, true, false},
    {"m64k32.f32.f8E5M2", Fragments32, "f8E5M2", "f8E5M2", "f32", Left64x32b8,
     "k32", "f32.e5m2.e5m2", 8, 32, 0, true, false},
    {"m64k32.f32.f8E4M3FN.f8E5M2", Fragments32, "f8E4M3FN", "f8E5M2", "f32",
     Left64x32b8, "k32", "f32.e4m3.e5m2", 8, 32, 0, true, false},
    {"m64k32.f32.f8E5M2.f8E4M3FN", Fragments32, "f8E5M2", "f8E4M3FN", "f32",
     Left64x32b8, "k32", "f32.e5m2.e4m3", 8, 32, 0, true, false},
};

struct Format {
  std::string_view name;
  uint32_t rowBytes;
  uint64_t mode; ///< Bits 62 and 63 of a descriptor.
};
constexpr Format Formats[] = {
    {"swizzle128", 128, 1}, {"swizzle64", 64, 2}, {"swizzle32", 32, 3}};

/// A matrix descriptor (9.7.15.5.1.2.2): address, leading and stride offset in
/// units of 16 bytes, the swizzle.
std::string descriptor(std::string_view symbol, const Format &format) {
  // The mode as a signed number.
  std::string mode = std::to_string(static_cast<int64_t>(format.mode << 62));
  return define(symbol, "i64", "ptr addrspace(3) %p, i32 %leading, i32 %stride",
                3,
                "  %a = ptrtoint ptr addrspace(3) %p to i32\n"
                "  %m = and i32 %a, 262128\n"
                "  %s = lshr exact i32 %m, 4\n"
                "  %w = zext i32 %s to i64\n"
                "  %l = lshr i32 %leading, 4\n"
                "  %lw = zext i32 %l to i64\n"
                "  %ls = shl i64 %lw, 16\n"
                "  %d = lshr i32 %stride, 4\n"
                "  %dw = zext i32 %d to i64\n"
                "  %ds = shl i64 %dw, 32\n"
                "  %r0 = or i64 %w, %ls\n"
                "  %r1 = or i64 %r0, %ds\n"
                "  %r2 = or i64 %r1, " +
                    mode + "\n  ret i64 %r2\n");
}

/// The descriptor of what begins some bytes behind: the address is in the low
/// word, where nothing is carried out of it.
std::string movedDescriptor(std::string_view symbol) {
  return define(symbol, "i64", "i64 %d, i32 %bytes", 3,
                "  %low = trunc i64 %d to i32\n"
                "  %n = lshr exact i32 %bytes, 4\n"
                "  %sum = add nuw i32 %low, %n\n"
                "  %w = zext i32 %sum to i64\n"
                "  %high = and i64 %d, -4294967296\n"
                "  %r = or disjoint i64 %high, %w\n"
                "  ret i64 %r\n");
}

std::string product(std::string_view symbol, std::string_view rest) {
  const Product *row = nullptr;
  for (const Product &each : Products)
    if (rest.substr(0, each.name.size() + 2) == std::string(each.name) + ".n")
      row = &each;
  if (!row)
    return "";
  rest.remove_prefix(row->name.size() + 2);
  std::vector<std::string_view> parts = split(rest);
  uint32_t n;
  if (parts.size() < 2 || !number(parts[0], n) || n < row->n || n > 256 ||
      n % row->n || (parts[1] != "ss" && parts[1] != "rs"))
    return "";
  bool inRegisters = parts[1] == "rs", leftTransposed = false,
       rightTransposed = false;
  for (size_t i = 2; i < parts.size(); ++i)
    if (parts[i] == "ta" && !inRegisters && row->transposes)
      leftTransposed = true;
    else if (parts[i] == "tb" && row->transposes)
      rightTransposed = true;
    else
      return "";

  unsigned sums = n / 2;
  std::string sum(row->result == "i32" ? "i32" : "float");
  std::string letter = row->result == "i32" ? "r" : "f";
  std::string params, structure = "{ ", constraints, operands, body;
  for (unsigned i = 0; i < sums; ++i) {
    std::string k = std::to_string(i);
    params += sum + " %d" + k + ", ";
    operands += (i ? ", " : "") + sum + " %d" + k;
    structure += (i ? ", " : "") + sum;
    constraints += "=" + letter + ",";
  }
  structure += " }";
  for (unsigned i = 0; i < sums; ++i)
    constraints += std::to_string(i) + ",";
  unsigned next = 2 * sums;
  std::string left;
  if (inRegisters) {
    // 64 rows in 128 threads: 32 bytes a row are 16 a thread.
    std::string_view element = row->leftType == "f16"    ? "half"
                               : row->leftType == "bf16" ? "bfloat"
                               : row->leftType == "tf32" ? "float"
                                                         : "i8";
    unsigned count = row->k / 2;
    std::string type = vectorOf(count, element);
    params += type + " %a, ";
    body += "  %aw = bitcast " + type + " %a to <4 x i32>\n";
    for (unsigned i = 0; i < 4; ++i) {
      std::string k = std::to_string(i);
      body += "  %a" + k + " = extractelement <4 x i32> %aw, i32 " + k + "\n";
      operands += ", i32 %a" + k;
      constraints += "r,";
    }
    left = braces(next, 4);
    next += 4;
  } else {
    params += "i64 %a, ";
    operands += ", i64 %a";
    constraints += "l,";
    left = "$" + std::to_string(next++);
  }
  params += "i64 %b, i1 %use";
  operands += ", i64 %b, i1 %use";
  constraints += "l,b";
  std::string text = "wgmma.mma_async.sync.aligned.m64n" + std::to_string(n) +
                     std::string(row->instruction) + "." +
                     std::string(row->types) + " " + braces(0, sums) + ", " +
                     left + ", $" + std::to_string(next) + ", $" +
                     std::to_string(next + 1);
  if (row->scales)
    text += ", 1, 1";
  if (row->transposes) {
    if (!inRegisters)
      text += leftTransposed ? ", 1" : ", 0";
    text += rightTransposed ? ", 1" : ", 0";
  }
  body += "  %r = call " + structure + " asm sideeffect \"" + text + ";\", \"" +
          constraints + "\"(" + operands + ") #2\n  ret " + structure + " %r\n";
  return define(symbol, structure, params, 1, body);
}

} // namespace

std::string warpGroupFunction(std::string_view symbol, std::string_view rest) {
  uint32_t pending;
  // Before instructions that read shared memory by themselves (9.7.13.4).
  if (rest == "fence.async")
    return intrinsic(symbol, "void", "", 0,
                     "llvm.nvvm.fence.proxy.async.shared_cta", "", "");
  if (rest == "fence.async.global")
    return intrinsic(symbol, "void", "", 0,
                     "llvm.nvvm.fence.proxy.async.global", "", "");
  if (rest == "shared.descriptor_move")
    return movedDescriptor(symbol);
  if (consume(rest, "shared.descriptor.")) {
    for (const Format &format : Formats)
      if (format.name == rest)
        return descriptor(symbol, format);
    return "";
  }
  if (!consume(rest, "mma."))
    return "";
  if (rest == "fence")
    return intrinsic(symbol, "void", "", 1,
                     "llvm.nvvm.wgmma.fence.sync.aligned", "", "");
  if (rest == "commit")
    return intrinsic(symbol, "void", "", 1,
                     "llvm.nvvm.wgmma.commit_group.sync.aligned", "", "");
  if (consume(rest, "wait.") && number(rest, pending) && pending < 8)
    return intrinsic(symbol, "void", "", 1,
                     "llvm.nvvm.wgmma.wait_group.sync.aligned", "i64",
                     "i64 " + std::to_string(pending));
  return product(symbol, rest);
}

void addWarpGroupRows(std::vector<tsdk_matrix_row> &matrix,
                      std::vector<tsdk_shared_format> &formats) {
  for (const Product &in : Products) {
    tsdk_matrix_row &out = matrix.emplace_back();
    out = {};
    out.name = str(in.name);
    out.source = str(in.source);
    out.left_type = str(in.leftType);
    out.right_type = str(in.rightType);
    out.result_type = str(in.result);
    out.left = str(in.left);
    out.result = str(in.n == 16 ? Result64x16 : Result64x8);
    out.m = 64;
    out.n = out.n_step = in.n;
    out.n_max = 256;
    out.k = in.k;
    out.warps = 4;
    out.left_places = TSDK_OPERAND_REGISTERS | TSDK_OPERAND_SHARED;
    out.right_places = TSDK_OPERAND_SHARED;
    out.flags = in.flags | TSDK_MATRIX_ASYNC;
    // 8 columns: four tensor units do 512 multiply-adds of 16 bits a cycle.
    out.issue_cycles = in.n / 2;
    out.latency_cycles = 64;
  }
  for (const Format &in : Formats) {
    tsdk_shared_format &out = formats.emplace_back();
    out = {};
    out.name = str(in.name);
    out.source = str("PTX 9.7.15.5.1.2.1");
    out.row_bytes = in.rowBytes;
    out.atom_rows = 8;
    out.chunk_count = in.rowBytes / 16;
    out.row_shift = 128 / in.rowBytes;
    out.alignment = in.rowBytes * 8;
  }
}

} // namespace tilesdk::nvidia
