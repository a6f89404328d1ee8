//===- library.cpp - The device library of NVIDIA targets -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions are made from their symbols, so that a symbol carries every
// immediate. docs/device_library.md has the grammar; sections are those of the
// PTX ISA manual, release 9.0.
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/library.h"

#include "backends/libdevice/libdevice.h"
#include "backends/nvidia/boxes.h"
#include "backends/nvidia/text.h"
#include "backends/nvidia/warp_group.h"

namespace tilesdk::nvidia {

namespace {

std::string special(std::string_view symbol, const std::string &name) {
  return intrinsic(symbol, "i32", "", 3, "llvm.nvvm.read.ptx.sreg." + name, "",
                   "");
}

constexpr std::string_view Axes = "xyz";

std::string threads(std::string_view symbol, std::string_view rest) {
  uint32_t axis;
  if (rest == "thread_id")
    return special(symbol, "tid.x");
  if (rest == "lane_id")
    return define(symbol, "i32", "", 3,
                  "  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
                  "  %v = and i32 %t, 31\n  ret i32 %v\n",
                  "declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n");
  // The shuffle makes it known to be the same in all lanes.
  if (rest == "warp_id")
    return define(
        symbol, "i32", "", 1,
        "  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
        "  %w = lshr i32 %t, 5\n"
        "  %v = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %w, i32 0, "
        "i32 31)\n  ret i32 %v\n",
        "declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()\n"
        "declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32, i32, i32, i32)\n");
  if (consume(rest, "program_id.") && number(rest, axis) && axis < 3)
    return special(symbol, std::string("ctaid.") + Axes[axis]);
  if (consume(rest, "num_programs.") && number(rest, axis) && axis < 3)
    return special(symbol, std::string("nctaid.") + Axes[axis]);
  return "";
}

std::string barriers(std::string_view symbol, std::string_view rest) {
  if (rest == "barrier")
    return intrinsic(symbol, "void", "", 1,
                     "llvm.nvvm.barrier.cta.sync.aligned.all", "i32", "i32 0");
  if (rest == "warp.sync")
    return intrinsic(symbol, "void", "", 1, "llvm.nvvm.bar.warp.sync", "i32",
                     "i32 -1");
  if (!consume(rest, "barrier.named."))
    return "";
  std::vector<std::string_view> parts = split(rest);
  uint32_t id, count;
  if (parts.size() != 2 || !number(parts[0], id) || !number(parts[1], count))
    return "";
  return intrinsic(symbol, "void", "", 1,
                   "llvm.nvvm.barrier.cta.sync.aligned.count", "i32, i32",
                   "i32 " + std::to_string(id) + ", i32 " +
                       std::to_string(count));
}

std::string warps(std::string_view symbol, std::string_view rest) {
  const std::string declared = "i32, i32, i32, i32";
  if (rest == "warp.uniform.i32")
    return intrinsic(symbol, "i32", "i32 %v0", 1, "llvm.nvvm.shfl.sync.idx.i32",
                     declared, "i32 -1, i32 %v0, i32 0, i32 31");
  if (rest == "shuffle.idx.b32")
    return intrinsic(symbol, "i32", "i32 %x, i32 %lane", 1,
                     "llvm.nvvm.shfl.sync.idx.i32", declared,
                     "i32 -1, i32 %x, i32 %lane, i32 31");
  if (rest == "ballot")
    return intrinsic(symbol, "i32", "i1 %x", 1, "llvm.nvvm.vote.ballot.sync",
                     "i32, i1", "i32 -1, i1 %x");
  uint32_t mask;
  if (consume(rest, "shuffle.xor.") && number(split(rest)[0], mask) &&
      mask < 32)
    return intrinsic(
        symbol, "i32", "i32 %x", 1, "llvm.nvvm.shfl.sync.bfly.i32", declared,
        "i32 -1, i32 %x, i32 " + std::to_string(mask) + ", i32 31");
  return "";
}

/// Widths of accesses: LLVM's type, PTX's type, registers, the constraint.
struct Width {
  std::string_view name, type, vector, ptx, element, constraint;
  unsigned count, bits;
};
constexpr Width Widths[] = {
    {"b8", "i8", "", "b8", "i16", "h", 1, 8},
    {"b16", "i16", "", "b16", "i16", "h", 1, 16},
    {"b32", "i32", "", "b32", "i32", "r", 1, 32},
    {"b64", "<2 x i32>", ".v2", "b32", "i32", "r", 2, 32},
    {"b128", "<4 x i32>", ".v4", "b32", "i32", "r", 4, 32},
};

/// The qualifiers of an access: cache operator and eviction priority (9.7.9.1
/// and .2). Together they are not allowed: the priority wins.
bool qualifiers(const std::vector<std::string_view> &parts, std::string &text) {
  std::string cache, priority;
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string_view part = parts[i];
    if (part == "volatile") {
      text = ".volatile";
      return true;
    }
    if (part == "evict_first" || part == "evict_last")
      priority = ".L1::" + std::string(part);
    else if (part == "ca" || part == "cg" || part == "cs" || part == "cv" ||
             part == "wb" || part == "wt")
      cache = "." + std::string(part);
    else
      return false;
  }
  text = priority.empty() ? cache : priority;
  return true;
}

/// Predicated accesses (9.3) keep a masked tile free of branches.
std::string global(std::string_view symbol, std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  std::vector<std::string_view> parts = split(rest);
  const Width *width = nullptr;
  for (const Width &each : Widths)
    if (each.name == parts[0])
      width = &each;
  std::string how;
  if (!width || !qualifiers(parts, how))
    return "";
  std::string type(width->type), element(width->element);
  unsigned n = width->count;
  bool isNarrow = width->bits == 8;
  std::string body;
  auto extract = [&](const std::string &value, const std::string &to) {
    for (unsigned i = 0; i < n; ++i) {
      std::string name = to + std::to_string(i);
      if (n > 1)
        body += "  " + name + " = extractelement " + type + " " + value +
                ", i32 " + std::to_string(i) + "\n";
      else if (isNarrow)
        body += "  " + name + " = zext i8 " + value + " to i16\n";
      else
        body += "  " + name + " = freeze " + type + " " + value + "\n";
    }
  };
  auto list = [&](const std::string &name) {
    std::string text;
    for (unsigned i = 0; i < n; ++i)
      text += ", " + element + " " + name + std::to_string(i);
    return text;
  };
  std::string letter(width->constraint);
  if (!isLoad) {
    extract("%v", "%e");
    std::string constraints = "b,l";
    for (unsigned i = 0; i < n; ++i)
      constraints += "," + letter;
    body += "  call void asm sideeffect \"@$0 st" +
            (how == ".volatile" ? how + ".global" : ".global" + how) +
            std::string(width->vector) + "." + std::string(width->ptx) +
            " [$1], " + braces(2, n) + ";\", \"" + constraints +
            ",~{memory}\"(i1 %active, ptr addrspace(1) %p" + list("%e") +
            ")\n  ret void\n";
    return define(symbol, "void",
                  "ptr addrspace(1) %p, " + type + " %v, i1 %active", 0, body);
  }
  extract("%other", "%o");
  std::string constraints, result = element;
  for (unsigned i = 0; i < n; ++i)
    constraints += "=" + letter + ",";
  constraints += "b,l";
  for (unsigned i = 0; i < n; ++i)
    constraints += "," + std::to_string(i);
  if (n > 1) {
    result = "{ ";
    for (unsigned i = 0; i < n; ++i)
      result += (i ? ", " : "") + element;
    result += " }";
  }
  bool isVolatile = how == ".volatile";
  body += "  %r = call " + result + " asm " + "sideeffect \"@$" +
          std::to_string(n) + " ld" +
          (isVolatile ? how + ".global" : ".global" + how) +
          std::string(width->vector) + "." + std::string(width->ptx) + " " +
          braces(0, n) + ", [$" + std::to_string(n + 1) + "];\", \"" +
          constraints + "\"(i1 %active, ptr addrspace(1) %p" + list("%o") +
          ")\n";
  if (n == 1) {
    body += isNarrow ? "  %v = trunc i16 %r to i8\n  ret i8 %v\n"
                     : "  ret " + type + " %r\n";
  } else {
    std::string last = "poison";
    for (unsigned i = 0; i < n; ++i) {
      std::string k = std::to_string(i);
      body += "  %x" + k + " = extractvalue " + result + " %r, " + k + "\n";
      body += "  %v" + k + " = insertelement " + type + " " + last +
              ", i32 %x" + k + ", i32 " + k + "\n";
      last = "%v" + k;
    }
    body += "  ret " + type + " " + last + "\n";
  }
  return define(symbol, type,
                "ptr addrspace(1) %p, i1 %active, " + type + " %other", 0,
                body);
}

/// mma.sync (9.7.14.5): operands as 32-bit registers, f64 as itself.
struct Mma {
  std::string_view name, instruction, type, result;
  unsigned left, right, registers; ///< Elements a lane holds.
  unsigned capability;
};
constexpr Mma Mmas[] = {
    {"m16n8k16.f32.f16", "m16n8k16.row.col.f32.f16.f16.f32", "half", "float", 8,
     4, 4, 80},
    {"m16n8k8.f32.f16", "m16n8k8.row.col.f32.f16.f16.f32", "half", "float", 4,
     2, 4, 80},
    {"m16n8k16.f32.bf16", "m16n8k16.row.col.f32.bf16.bf16.f32", "bfloat",
     "float", 8, 4, 4, 80},
    {"m16n8k8.f32.bf16", "m16n8k8.row.col.f32.bf16.bf16.f32", "bfloat", "float",
     4, 2, 4, 80},
    {"m16n8k4.f32.tf32", "m16n8k4.row.col.f32.tf32.tf32.f32", "float", "float",
     2, 1, 4, 80},
    {"m16n8k8.f32.tf32", "m16n8k8.row.col.f32.tf32.tf32.f32", "float", "float",
     4, 2, 4, 80},
    {"m16n8k16.i32.i8", "m16n8k16.row.col.s32.s8.s8.s32", "i8", "i32", 8, 4, 4,
     80},
    {"m16n8k32.i32.i8", "m16n8k32.row.col.s32.s8.s8.s32", "i8", "i32", 16, 8, 4,
     80},
    {"m8n8k4.f64.f64", "m8n8k4.row.col.f64.f64.f64.f64", "double", "double", 1,
     1, 2, 80},
    {"m16n8k32.f32.f8E4M3FN", "m16n8k32.row.col.f32.e4m3.e4m3.f32", "i8",
     "float", 16, 8, 4, 89},
    {"m16n8k32.f32.f8E5M2", "m16n8k32.row.col.f32.e5m2.e5m2.f32", "i8", "float",
     16, 8, 4, 89},
    {"m16n8k32.f32.f8E4M3FN.f8E5M2", "m16n8k32.row.col.f32.e4m3.e5m2.f32", "i8",
     "float", 16, 8, 4, 89},
    {"m16n8k32.f32.f8E5M2.f8E4M3FN", "m16n8k32.row.col.f32.e5m2.e4m3.f32", "i8",
     "float", 16, 8, 4, 89},
};

std::string multiply(unsigned capability, std::string_view symbol,
                     std::string_view rest) {
  const Mma *mma = nullptr;
  for (const Mma &each : Mmas)
    if (each.name == rest && each.capability <= capability)
      mma = &each;
  if (!mma)
    return "";
  unsigned elementBytes = mma->type == "double"                          ? 8
                          : mma->type == "float"                         ? 4
                          : mma->type == "half" || mma->type == "bfloat" ? 2
                                                                         : 1;
  bool isDouble = elementBytes == 8;
  std::string word = isDouble ? "double" : "i32";
  std::string letter = isDouble ? "d" : "r";
  std::string resultLetter = isDouble ? "d" : mma->result == "i32" ? "r" : "f";
  std::string result(mma->result), body;
  unsigned words[2] = {isDouble ? 1 : mma->left * elementBytes / 4,
                       isDouble ? 1 : mma->right * elementBytes / 4};
  std::string operands;
  for (unsigned side = 0; side < 2; ++side) {
    std::string name = side ? "b" : "a";
    std::string packed = vectorOf(words[side], word);
    body += "  %" + name + "w = bitcast " +
            vectorOf(side ? mma->right : mma->left, mma->type) + " %" + name +
            " to " + packed + "\n";
    for (unsigned i = 0; i < words[side]; ++i) {
      std::string k = std::to_string(i);
      body += "  %" + name + k + " = extractelement " + packed + " %" + name +
              "w, i32 " + k + "\n";
      operands += (operands.empty() ? "" : ", ") + word + " %" + name + k;
    }
  }
  unsigned n = mma->registers;
  std::string structure = "{ ", constraints;
  for (unsigned i = 0; i < n; ++i) {
    std::string k = std::to_string(i);
    body += "  %c" + k + " = extractelement " + vectorOf(n, result) +
            " %c, i32 " + k + "\n";
    operands += ", " + result + " %c" + k;
    structure += (i ? ", " : "") + result;
    constraints += "=" + resultLetter + ",";
  }
  structure += " }";
  for (unsigned i = 0; i < words[0] + words[1]; ++i)
    constraints += letter + ",";
  for (unsigned i = 0; i < n; ++i)
    constraints += std::to_string(i) + (i + 1 == n ? "" : ",");
  unsigned a = n, b = n + words[0];
  body += "  %r = call " + structure + " asm sideeffect \"mma.sync.aligned." +
          std::string(mma->instruction) + " " + group(0, n) + ", " +
          group(a, words[0]) + ", " + group(b, words[1]) + ", " + group(0, n) +
          ";\", \"" + constraints + "\"(" + operands + ") #2\n";
  std::string last = "poison";
  for (unsigned i = 0; i < n; ++i) {
    std::string k = std::to_string(i);
    body += "  %x" + k + " = extractvalue " + structure + " %r, " + k + "\n";
    body += "  %v" + k + " = insertelement " + vectorOf(n, result) + " " +
            last + ", " + result + " %x" + k + ", i32 " + k + "\n";
    last = "%v" + k;
  }
  body += "  ret " + vectorOf(n, result) + " " + last + "\n";
  return define(symbol, vectorOf(n, result),
                vectorOf(mma->left, mma->type) + " %a, " +
                    vectorOf(mma->right, mma->type) + " %b, " +
                    vectorOf(n, result) + " %c",
                1, body);
}

/// ldmatrix and stmatrix (9.7.14.5.15 and .16).
std::string sharedMatrix(unsigned capability, std::string_view symbol,
                         std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  std::vector<std::string_view> parts = split(rest);
  if (parts.size() < 2 || parts[0] != "m8n8" ||
      (parts[1] != "x4" && parts[1] != "x2" && parts[1] != "x1"))
    return "";
  unsigned n = unsigned(parts[1][1] - '0');
  bool isTransposed = parts.size() > 2 && parts[2] == "trans";
  std::string type = vectorOf(n, "i32"), body;
  std::string instruction = std::string(isLoad ? "ldmatrix" : "stmatrix") +
                            ".sync.aligned.m8n8." + std::string(parts[1]) +
                            (isTransposed ? ".trans" : "") + ".shared.b16 ";
  body += "  %q = ptrtoint ptr addrspace(3) %p to i32\n";
  if (!isLoad) {
    if (capability < 90)
      return "";
    std::string operands, constraints = "r";
    for (unsigned i = 0; i < n; ++i) {
      std::string k = std::to_string(i);
      body += "  %e" + k + " = extractelement " + type + " %v, i32 " + k + "\n";
      operands += ", i32 %e" + k;
      constraints += ",r";
    }
    body += "  call void asm sideeffect \"" + instruction + "[$0], " +
            group(1, n) + ";\", \"" + constraints + ",~{memory}\"(i32 %q" +
            operands + ") #2\n  ret void\n";
    return define(symbol, "void", "ptr addrspace(3) %p, " + type + " %v", 1,
                  body);
  }
  std::string structure = n == 1 ? "i32" : "{ ", constraints;
  for (unsigned i = 0; i < n; ++i) {
    if (n > 1)
      structure += i ? ", i32" : "i32";
    constraints += "=r,";
  }
  if (n > 1)
    structure += " }";
  body += "  %r = call " + structure + " asm sideeffect \"" + instruction +
          group(0, n) + ", [$" + std::to_string(n) + "];\", \"" + constraints +
          "r,~{memory}\"(i32 %q) #2\n";
  std::string last = "poison";
  for (unsigned i = 0; i < n; ++i) {
    std::string k = std::to_string(i);
    if (n == 1)
      body += "  %x0 = freeze i32 %r\n";
    else
      body += "  %x" + k + " = extractvalue " + structure + " %r, " + k + "\n";
    body += "  %v" + k + " = insertelement " + type + " " + last + ", i32 %x" +
            k + ", i32 " + k + "\n";
    last = "%v" + k;
  }
  body += "  ret " + type + " " + last + "\n";
  return define(symbol, type, "ptr addrspace(3) %p", 1, body);
}

/// cp.async (9.7.9.25.3): inactive lanes write zeros.
std::string asynchronous(std::string_view symbol, std::string_view rest) {
  uint32_t count;
  if (rest == "commit")
    return intrinsic(symbol, "void", "", 0, "llvm.nvvm.cp.async.commit.group",
                     "", "");
  if (consume(rest, "wait.") && number(rest, count))
    return intrinsic(symbol, "void", "", 0, "llvm.nvvm.cp.async.wait.group",
                     "i32", "i32 " + std::to_string(count));
  if (!consume(rest, "copy."))
    return "";
  std::string bytes = rest == "b128"  ? "16"
                      : rest == "b64" ? "8"
                      : rest == "b32" ? "4"
                                      : "";
  if (bytes.empty())
    return "";
  std::string cache = bytes == "16" ? "cg" : "ca";
  return define(symbol, "void",
                "ptr addrspace(3) %to, ptr addrspace(1) %from, i1 %active", 0,
                "  %q = ptrtoint ptr addrspace(3) %to to i32\n"
                "  %n = select i1 %active, i32 " +
                    bytes + ", i32 0\n  call void asm sideeffect \"cp.async." +
                    cache + ".shared.global [$0], [$1], " + bytes +
                    ", $2;\", \"r,l,r,~{memory}\"(i32 %q, ptr addrspace(1) "
                    "%from, i32 %n)\n  ret void\n");
}

/// Fast functions of f32 (9.7.3): what the special function unit gives. Results
/// that are subnormal become 0: what keeps them is four instructions, not one.
std::string math(std::string_view symbol, std::string_view rest) {
  auto unary = [&](const std::string &body, const std::string &declared) {
    return define(symbol, "float", "float %x", 3, body, declared);
  };
  if (rest == "exp2.f32")
    return unary("  %v = call float @llvm.nvvm.ex2.approx.ftz.f(float %x)\n"
                 "  ret float %v\n",
                 "declare float @llvm.nvvm.ex2.approx.ftz.f(float)\n");
  if (rest == "exp.f32")
    return unary("  %y = fmul float %x, 0x3FF7154760000000\n"
                 "  %v = call float @llvm.nvvm.ex2.approx.ftz.f(float %y)\n"
                 "  ret float %v\n",
                 "declare float @llvm.nvvm.ex2.approx.ftz.f(float)\n");
  if (rest == "rsqrt.f32")
    return unary("  %v = call float @llvm.nvvm.rsqrt.approx.f(float %x)\n"
                 "  ret float %v\n",
                 "declare float @llvm.nvvm.rsqrt.approx.f(float)\n");
  // Within 2 ulp over the whole range (9.7.3.8).
  if (rest == "div.f32")
    return define(symbol, "float", "float %x, float %y", 3,
                  "  %v = call float @llvm.nvvm.div.full(float %x, float %y)\n"
                  "  ret float %v\n",
                  "declare float @llvm.nvvm.div.full(float, float)\n");
  return "";
}

/// Two numbers at once, of which one is wanted (PTX 9.7.9.21, cvt: .e4m3x2 and
/// .e5m2x2 are .satfinite).
std::string convert(std::string_view symbol, std::string_view rest) {
  if (rest == "f32.f8E4M3FN")
    return define(symbol, "float", "i8 %x", 3,
                  "  %w = zext i8 %x to i16\n"
                  "  %h = call <2 x half> @llvm.nvvm.e4m3x2.to.f16x2.rn("
                  "i16 %w)\n"
                  "  %e = extractelement <2 x half> %h, i32 0\n"
                  "  %v = fpext half %e to float\n"
                  "  ret float %v\n",
                  "declare <2 x half> @llvm.nvvm.e4m3x2.to.f16x2.rn(i16)\n");
  std::string name;
  if (rest == "f8E4M3FN.f32")
    name = "llvm.nvvm.ff.to.e4m3x2.rn";
  else if (rest == "f8E5M2.f32")
    name = "llvm.nvvm.ff.to.e5m2x2.rn";
  else
    return "";
  return define(symbol, "i8", "float %x", 3,
                "  %w = call i16 @" + name +
                    "(float 0.0, float %x)\n"
                    "  %v = trunc i16 %w to i8\n"
                    "  ret i8 %v\n",
                "declare i16 @" + name + "(float, float)\n");
}

} // namespace

std::string makeDeviceFunction(unsigned capability, std::string_view symbol) {
  std::string_view rest = symbol;
  if (!consume(rest, "tsdk."))
    return "";
  if (std::string text = threads(symbol, rest); !text.empty())
    return text;
  if (std::string text = barriers(symbol, rest); !text.empty())
    return text;
  if (std::string text = warps(symbol, rest); !text.empty())
    return text;
  if (rest == "shared.base")
    return define(
        symbol, "ptr addrspace(3)", "", 3,
        "  ret ptr addrspace(3) @tsdk_shared_memory\n",
        "@tsdk_shared_memory = external addrspace(3) global [0 x i8], "
        "align 1024\n");
  if (capability >= 89 && consume(rest, "convert."))
    return convert(symbol, rest);
  if (rest == "clock")
    return intrinsic(symbol, "i64", "", 0, "llvm.nvvm.read.ptx.sreg.clock64",
                     "", "");
  if (consume(rest, "global."))
    return global(symbol, rest);
  if (capability >= 90) {
    if (std::string text = warpGroupFunction(symbol, rest); !text.empty())
      return text;
    if (std::string text = boxFunction(symbol, rest); !text.empty())
      return text;
  }
  if (consume(rest, "mma."))
    return multiply(capability, symbol, rest);
  if (consume(rest, "shared."))
    return sharedMatrix(capability, symbol, rest);
  if (consume(rest, "async."))
    return asynchronous(symbol, rest);
  if (consume(rest, "math."))
    return math(symbol, rest);
  if (consume(rest, "libdevice."))
    return libdevice::makeDeviceFunction(symbol);
  return "";
}

} // namespace tilesdk::nvidia
