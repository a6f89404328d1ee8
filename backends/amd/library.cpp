//===- library.cpp - The device library of AMD targets ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions are made from their symbols, so that a symbol carries every
// immediate. Intrinsics are those of LLVM's AMDGPU usage guide.
//
//===----------------------------------------------------------------------===//

#include "backends/amd/library.h"

#include "backends/amd/matrix.h"
#include "backends/libdevice/libdevice.h"

#include <charconv>
#include <cstdint>

namespace tilesdk::amd {

namespace {

constexpr std::string_view Attributes =
    "attributes #0 = { alwaysinline nounwind }\n"
    "attributes #1 = { alwaysinline convergent nomerge nounwind }\n"
    "attributes #2 = { alwaysinline nounwind memory(none) willreturn }\n"
    "attributes #3 = { alwaysinline convergent nomerge nounwind memory(none) "
    "willreturn }\n";

bool consume(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool number(std::string_view text, uint32_t &value) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

uint32_t waveSize(unsigned generation) {
  return generation >= GFX1100 ? 32 : 64;
}

std::string define(std::string_view symbol, std::string_view result,
                   std::string_view params, int attributes,
                   const std::string &body, const std::string &more = "") {
  return more + "define " + std::string(result) + " @" + std::string(symbol) +
         "(" + std::string(params) + ") #" + std::to_string(attributes) +
         " {\n" + body + "}\n" + std::string(Attributes);
}

/// A function that is one call of an intrinsic.
std::string intrinsic(std::string_view symbol, std::string_view result,
                      std::string_view params, int attributes,
                      const std::string &name, const std::string &declared,
                      const std::string &args) {
  bool isVoid = result == "void";
  std::string body = "  " + std::string(isVoid ? "" : "%v = ") + "call " +
                     std::string(result) + " @llvm." + name + "(" + args +
                     ")\n" + "  ret " + std::string(result) +
                     (isVoid ? "" : " %v") + "\n";
  return define(symbol, result, params, attributes, body,
                "declare " + std::string(result) + " @llvm." + name + "(" +
                    declared + ")\n");
}

constexpr const char *Thread = "declare i32 @llvm.amdgcn.workitem.id.x()\n";
constexpr const char *FirstLane =
    "declare i32 @llvm.amdgcn.readfirstlane.i32(i32)\n";
constexpr const char *Permute =
    "declare i32 @llvm.amdgcn.ds.bpermute(i32, i32)\n";

std::string threads(unsigned generation, std::string_view symbol,
                    std::string_view rest) {
  uint32_t axis, size = waveSize(generation);
  const std::string thread = "  %t = call i32 @llvm.amdgcn.workitem.id.x()\n";
  if (rest == "thread_id")
    return define(symbol, "i32", "", 2, thread + "  ret i32 %t\n", Thread);
  if (rest == "lane_id")
    return define(symbol, "i32", "", 2,
                  thread + "  %v = and i32 %t, " + std::to_string(size - 1) +
                      "\n  ret i32 %v\n",
                  Thread);
  // Reading the first lane makes it known to be the same in all lanes.
  if (rest == "warp_id")
    return define(symbol, "i32", "", 3,
                  thread + "  %w = lshr i32 %t, " + (size == 64 ? "6" : "5") +
                      "\n  %v = call i32 @llvm.amdgcn.readfirstlane.i32(i32 "
                      "%w)\n  ret i32 %v\n",
                  std::string(Thread) + FirstLane);
  if (consume(rest, "program_id.") && number(rest, axis) && axis < 3)
    return intrinsic(symbol, "i32", "", 2,
                     std::string("amdgcn.workgroup.id.") + "xyz"[axis], "", "");
  // The hidden arguments of code object 5 begin with the counts of blocks.
  if (consume(rest, "num_programs.") && number(rest, axis) && axis < 3)
    return define(symbol, "i32", "", 0,
                  "  %i = call ptr addrspace(4) @llvm.amdgcn.implicitarg.ptr()"
                  "\n  %p = getelementptr inbounds i8, ptr addrspace(4) %i, "
                  "i64 " +
                      std::to_string(4 * axis) +
                      "\n  %v = load i32, ptr addrspace(4) %p, align 4, "
                      "!invariant.load !0\n  ret i32 %v\n",
                  "declare ptr addrspace(4) @llvm.amdgcn.implicitarg.ptr()\n"
                  "!0 = !{}\n");
  return "";
}

/// What a wait for shared and scalar memory, and for the last \p pending of
/// global memory, says: the counter has its bits 0 to 3 and 14 to 15. The third
/// counter is not waited for.
std::string waitFor(uint32_t pending, bool isShared) {
  return std::to_string((pending & 15) | (pending >> 4) << 14 | 7u << 4 |
                        (isShared ? 0 : 15u << 8));
}
constexpr uint32_t MaxPending = 63;

std::string barriers(unsigned generation, std::string_view symbol,
                     std::string_view rest) {
  auto fenced = [&](const std::string &scope, const std::string &name) {
    return define(symbol, "void", "", 1,
                  "  fence syncscope(\"" + scope + "\") release\n" +
                      "  call void @llvm.amdgcn." + name + "()\n" +
                      "  fence syncscope(\"" + scope + "\") acquire\n" +
                      "  ret void\n",
                  "declare void @llvm.amdgcn." + name + "()\n");
  };
  // A release of all memory would wait for each copy to shared memory that is
  // under way; who needs one waits for it by count.
  if (rest == "barrier" && generation <= GFX950)
    return define(symbol, "void", "", 1,
                  "  call void @llvm.amdgcn.s.waitcnt(i32 " +
                      waitFor(MaxPending, true) +
                      ")\n  fence syncscope(\"workgroup\") release, !mmra !0\n"
                      "  call void @llvm.amdgcn.s.barrier()\n"
                      "  fence syncscope(\"workgroup\") acquire\n"
                      "  ret void\n",
                  "declare void @llvm.amdgcn.s.waitcnt(i32)\n"
                  "declare void @llvm.amdgcn.s.barrier()\n"
                  "!0 = !{!\"amdgpu-synchronize-as\", !\"global\"}\n");
  if (rest == "barrier")
    return fenced("workgroup", "s.barrier");
  if (rest == "warp.sync")
    return fenced("wavefront", "wave.barrier");
  return "";
}

/// The lane whose number differs by \p mask, by the cheapest means.
std::string exchange(unsigned generation, std::string_view symbol,
                     uint32_t mask) {
  // Data parallel primitives within a row of sixteen lanes: permutations of
  // quads, mirrors, the rotation by eight.
  uint32_t control = mask == 1    ? 0xB1
                     : mask == 2  ? 0x4E
                     : mask == 3  ? 0x1B
                     : mask == 7  ? 0x141
                     : mask == 15 ? 0x140
                     : mask == 8  ? 0x128
                                  : 0;
  if (control)
    return intrinsic(symbol, "i32", "i32 %x", 3, "amdgcn.update.dpp.i32",
                     "i32, i32, i32, i32, i32, i1",
                     "i32 poison, i32 %x, i32 " + std::to_string(control) +
                         ", i32 15, i32 15, i1 true");
  if (mask < 32)
    return intrinsic(symbol, "i32", "i32 %x", 3, "amdgcn.ds.swizzle",
                     "i32, i32",
                     "i32 %x, i32 " + std::to_string(mask << 10 | 31));
  std::string last = std::to_string(waveSize(generation) - 1);
  return define(symbol, "i32", "i32 %x", 3,
                "  %t = call i32 @llvm.amdgcn.workitem.id.x()\n"
                "  %l = and i32 %t, " +
                    last + "\n  %o = xor i32 %l, " + std::to_string(mask) +
                    "\n  %b = shl i32 %o, 2\n  %v = call i32 "
                    "@llvm.amdgcn.ds.bpermute(i32 %b, i32 %x)\n  ret i32 %v\n",
                std::string(Thread) + Permute);
}

std::string warps(unsigned generation, std::string_view symbol,
                  std::string_view rest) {
  if (rest == "warp.uniform.i32")
    return intrinsic(symbol, "i32", "i32 %x", 3, "amdgcn.readfirstlane.i32",
                     "i32", "i32 %x");
  if (rest == "shuffle.idx.b32")
    return define(symbol, "i32", "i32 %x, i32 %lane", 3,
                  "  %b = shl i32 %lane, 2\n  %v = call i32 "
                  "@llvm.amdgcn.ds.bpermute(i32 %b, i32 %x)\n  ret i32 %v\n",
                  Permute);
  if (rest == "ballot") {
    std::string type = waveSize(generation) == 64 ? "i64" : "i32";
    return intrinsic(symbol, type, "i1 %x", 3, "amdgcn.ballot." + type, "i1",
                     "i1 %x");
  }
  uint32_t mask;
  if (consume(rest, "shuffle.xor.") &&
      number(rest.substr(0, rest.find('.')), mask) &&
      mask < waveSize(generation))
    return exchange(generation, symbol, mask);
  return "";
}

struct Width {
  std::string_view name, type;
  unsigned bytes;
};
constexpr Width Widths[] = {{"b8", "i8", 1},
                            {"b16", "i16", 2},
                            {"b32", "i32", 4},
                            {"b64", "<2 x i32>", 8},
                            {"b128", "<4 x i32>", 16}};

/// Branches keep inactive lanes from memory. Data that is not read again goes
/// past the caches.
std::string global(std::string_view symbol, std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  size_t dot = rest.find('.');
  const Width *width = nullptr;
  for (const Width &each : Widths)
    if (each.name == rest.substr(0, dot))
      width = &each;
  if (!width)
    return "";
  bool isVolatile = false, isStreaming = false;
  while (dot != std::string_view::npos) {
    rest.remove_prefix(dot + 1);
    dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    if (part == "volatile" || part == "cv" || part == "wt")
      isVolatile = true;
    else if (part == "cs" || part == "evict_first")
      isStreaming = true;
    else if (part != "ca" && part != "cg" && part != "wb" &&
             part != "evict_last")
      return "";
  }
  std::string type(width->type),
      how = isVolatile ? "volatile " : "",
      align = ", align " + std::to_string(width->bytes);
  std::string more, last = "\n";
  if (isStreaming) {
    last = ", !nontemporal !0\n";
    more = "!0 = !{i32 1}\n";
  }
  if (!isLoad)
    return define(symbol, "void",
                  "ptr addrspace(1) %p, " + type + " %v, i1 %active", 0,
                  "  br i1 %active, label %write, label %end\nwrite:\n"
                  "  store " +
                      how + type + " %v, ptr addrspace(1) %p" + align + last +
                      "  br label %end\nend:\n  ret void\n",
                  more);
  return define(
      symbol, type, "ptr addrspace(1) %p, i1 %active, " + type + " %other", 0,
      "entry:\n  br i1 %active, label %read, label %end\nread:\n"
      "  %x = load " +
          how + type + ", ptr addrspace(1) %p" + align + last +
          "  br label %end\nend:\n  %v = phi " + type +
          " [ %x, %read ], [ %other, %entry ]\n  ret " + type + " %v\n",
      more);
}

/// By a resource of 2^31 bytes from a base that all lanes share. An offset
/// beyond it reads as 0 and is not written, so lanes that are off need no
/// branch.
std::string buffer(unsigned generation, std::string_view symbol,
                   std::string_view rest) {
  bool isLoad = consume(rest, "load.");
  if (!isLoad && !consume(rest, "store."))
    return "";
  const Width *width = nullptr;
  for (const Width &each : Widths)
    if (each.name == rest)
      width = &each;
  if (!width)
    return "";
  // Words of 32 bits; of RDNA also the bit that is always set, and the test of
  // the offset alone.
  constexpr uint32_t words = 7u << 12 | 4u << 15, rdna = 1u << 24 | 3u << 28;
  uint32_t flags = generation >= GFX1100 ? words | rdna : words;
  std::string type(width->type),
      suffix = width->bytes == 16  ? "v4i32"
               : width->bytes == 8 ? "v2i32"
                                   : type,
      name = std::string("@llvm.amdgcn.raw.ptr.buffer.") +
             (isLoad ? "load." : "store.") + suffix;
  std::string body =
      "  %at = select i1 %active, i32 %offset, i32 -2147483648\n"
      "  %b = call ptr addrspace(1) @llvm.amdgcn.readfirstlane.p1(ptr "
      "addrspace(1) %base)\n"
      "  %r = call ptr addrspace(8) @llvm.amdgcn.make.buffer.rsrc.p8.p1(ptr "
      "addrspace(1) %b, i16 0, i64 2147483648, i32 " +
      std::to_string(flags) + ")\n";
  std::string declared =
      "declare ptr addrspace(1) @llvm.amdgcn.readfirstlane.p1(ptr "
      "addrspace(1))\n"
      "declare ptr addrspace(8) @llvm.amdgcn.make.buffer.rsrc.p8.p1(ptr "
      "addrspace(1), i16, i64, i32)\n";
  const std::string rest4 = "ptr addrspace(8) %r, i32 %at, i32 0, i32 0)\n",
                    types4 = "ptr addrspace(8), i32, i32, i32)\n";
  if (isLoad)
    return define(symbol, type,
                  "ptr addrspace(1) %base, i32 %offset, i1 %active", 1,
                  body + "  %v = call " + type + " " + name + "(" + rest4 +
                      "  ret " + type + " %v\n",
                  declared + "declare " + type + " " + name + "(" + types4);
  return define(
      symbol, "void",
      "ptr addrspace(1) %base, i32 %offset, " + type + " %v, i1 %active", 1,
      body + "  call void " + name + "(" + type + " %v, " + rest4 +
          "  ret void\n",
      declared + "declare void " + name + "(" + type + ", " + types4);
}

/// Loads of shared memory that transpose.
std::string sharedLoad(unsigned generation, std::string_view symbol,
                       std::string_view rest) {
  if (generation != GFX950 || (rest != "tr.b16" && rest != "tr.b8"))
    return "";
  bool isWide = rest == "tr.b16";
  const std::string type = isWide ? "<4 x i16>" : "<2 x i32>",
                    name = isWide ? "@llvm.amdgcn.ds.read.tr16.b64.v4i16"
                                  : "@llvm.amdgcn.ds.read.tr8.b64.v2i32";
  return define(symbol, "<2 x i32>", "ptr addrspace(3) %p", 1,
                "  %x = call " + type + " " + name +
                    "(ptr addrspace(3) %p)\n  %v = bitcast " + type +
                    " %x to <2 x i32>\n  ret <2 x i32> %v\n",
                "declare " + type + " " + name + "(ptr addrspace(3))\n");
}

/// Loads to LDS, and waits for all but the last n of them: what else is loaded
/// or stored counts too, and only makes a wait longer.
std::string async(unsigned generation, std::string_view symbol,
                  std::string_view rest) {
  uint32_t pending, bytes = rest == "copy.b32"    ? 4
                            : rest == "copy.b128" ? 16
                                                  : 0;
  if (generation > GFX950 || (bytes == 16 && generation != GFX950))
    return "";
  if (bytes)
    return define(
        symbol, "void",
        "ptr addrspace(3) %to, ptr addrspace(1) %from, i1 %active", 1,
        "  %t = call ptr addrspace(3) @llvm.amdgcn.readfirstlane.p3(ptr "
        "addrspace(3) %to)\n  br i1 %active, label %copy, label %end\ncopy:\n"
        "  call void @llvm.amdgcn.global.load.lds(ptr addrspace(1) %from, ptr "
        "addrspace(3) %t, i32 " +
            std::to_string(bytes) +
            ", i32 0, i32 0)\n  br label %end\nend:\n  ret void\n",
        "declare ptr addrspace(3) @llvm.amdgcn.readfirstlane.p3(ptr "
        "addrspace(3))\ndeclare void @llvm.amdgcn.global.load.lds(ptr "
        "addrspace(1), ptr addrspace(3), i32, i32, i32)\n");
  // The compiler moves no access up over it either.
  if (consume(rest, "wait.") && number(rest, pending) && pending <= MaxPending)
    return define(symbol, "void", "", 1,
                  "  call void @llvm.amdgcn.s.waitcnt(i32 " +
                      waitFor(pending, false) +
                      ")\n  fence syncscope(\"singlethread\") acq_rel\n"
                      "  ret void\n",
                  "declare void @llvm.amdgcn.s.waitcnt(i32)\n");
  return "";
}

std::string vectorOf(unsigned count, std::string_view type) {
  return "<" + std::to_string(count) + " x " + std::string(type) + ">";
}

std::string_view typeOf(std::string_view name) {
  return name == "f16"                     ? "half"
         : name == "bf16"                  ? "bfloat"
         : name == "f32" || name == "tf32" ? "float"
         : name == "f64"                   ? "double"
         : name == "i32"                   ? "i32"
                                           : "i8";
}

std::string multiply(unsigned generation, std::string_view symbol,
                     std::string_view rest) {
  bool isDone = consume(rest, "done.");
  const Matrix *matrix = nullptr;
  for (size_t i = 0; i < NumMatrices; ++i)
    if (Matrices[i].name == rest && Matrices[i].isIn(generation))
      matrix = &Matrices[i];
  if (!matrix)
    return "";
  std::string operand(matrix->operand);
  std::string given =
      vectorOf(matrix->operandRegisters(), typeOf(matrix->type));
  std::string result = vectorOf(matrix->resultCount(), typeOf(matrix->result));
  // LLVM knows of MFMA that it does not move from block to block, but not of
  // WMMA: it moved a whole product behind a branch, and all that the product
  // reads was held until there. What stays here keeps the product.
  if (isDone)
    return define(symbol, result, result + " %c", 3,
                  "  %d = call " + result + " asm \"\", \"=v,0\"(" + result +
                      " %c) convergent nounwind memory(none)\n  ret " + result +
                      " %d\n",
                  "");
  std::string body = "  %x = bitcast " + given + " %a to " + operand +
                     "\n  %y = bitcast " + given + " %b to " + operand + "\n";
  std::string args, declared;
  if (matrix->intrinsic.substr(0, 4) == "mfma") {
    // No broadcast of blocks, no negation.
    args = operand + " %x, " + operand + " %y, " + result +
           " %c, i32 0, i32 0, i32 0";
    declared = operand + ", " + operand + ", " + result + ", i32, i32, i32";
  } else if (matrix->type == "i8") {
    // Both signed, no saturation.
    args = "i1 true, " + operand + " %x, i1 true, " + operand + " %y, " +
           result + " %c, i1 false";
    declared = "i1, " + operand + ", i1, " + operand + ", " + result + ", i1";
  } else {
    args = operand + " %x, " + operand + " %y, " + result + " %c";
    declared = operand + ", " + operand + ", " + result;
  }
  std::string name = "@llvm.amdgcn." + std::string(matrix->intrinsic);
  body += "  %d = call " + result + " " + name + "(" + args + ")\n  ret " +
          result + " %d\n";
  return define(symbol, result,
                given + " %a, " + given + " %b, " + result + " %c", 3, body,
                "declare " + result + " " + name + "(" + declared + ")\n");
}

/// Fast functions of f32: what the transcendental unit gives.
std::string math(std::string_view symbol, std::string_view rest) {
  const char *declared = "declare float @llvm.amdgcn.exp2.f32(float)\n";
  if (rest == "exp2.f32")
    return define(symbol, "float", "float %x", 2,
                  "  %v = call float @llvm.amdgcn.exp2.f32(float %x)\n"
                  "  ret float %v\n",
                  declared);
  if (rest == "exp.f32")
    return define(symbol, "float", "float %x", 2,
                  "  %y = fmul float %x, 0x3FF7154760000000\n"
                  "  %v = call float @llvm.amdgcn.exp2.f32(float %y)\n"
                  "  ret float %v\n",
                  declared);
  // By the reciprocal, within 2.5 ulp.
  if (rest == "div.f32")
    return define(symbol, "float", "float %x, float %y", 2,
                  "  %v = fdiv float %x, %y, !fpmath !0\n"
                  "  ret float %v\n",
                  "!0 = !{float 2.5}\n");
  return "";
}

} // namespace

std::string makeDeviceFunction(unsigned generation, std::string_view symbol) {
  std::string_view rest = symbol;
  if (!consume(rest, "tsdk."))
    return "";
  if (std::string text = threads(generation, symbol, rest); !text.empty())
    return text;
  if (std::string text = barriers(generation, symbol, rest); !text.empty())
    return text;
  if (std::string text = warps(generation, symbol, rest); !text.empty())
    return text;
  if (rest == "shared.base")
    return define(
        symbol, "ptr addrspace(3)", "", 2,
        "  ret ptr addrspace(3) @tsdk_shared_memory\n",
        "@tsdk_shared_memory = external addrspace(3) global [0 x i8], "
        "align 16\n");
  if (rest == "clock")
    return intrinsic(symbol, "i64", "", 0, "readcyclecounter", "", "");
  if (consume(rest, "async."))
    return async(generation, symbol, rest);
  if (consume(rest, "shared.load."))
    return sharedLoad(generation, symbol, rest);
  if (consume(rest, "global."))
    return global(symbol, rest);
  if (consume(rest, "buffer."))
    return buffer(generation, symbol, rest);
  if (consume(rest, "mma."))
    return multiply(generation, symbol, rest);
  if (consume(rest, "math."))
    return math(symbol, rest);
  if (consume(rest, "libdevice."))
    return libdevice::makeDeviceFunction(symbol);
  return "";
}

} // namespace tilesdk::amd
