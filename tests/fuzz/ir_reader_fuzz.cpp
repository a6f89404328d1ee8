//===- ir_reader_fuzz.cpp - Hostile tile IR ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Promises checked: no crash; a module if and only if the sink has no errors;
// what was read prints and reads back as the same text, also through bytecode;
// damaged bytecode gives an error or a module, never a crash; the clean-up
// leaves tile IR that reads again.
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"
#include "core/ir/tile_reader.h"
#include "core/ir/tile_registration.h"
#include "core/optimizer/pipeline.h"
#include "tests/fuzz/seeded_driver.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

using namespace tilesdk;
using mlir::ModuleOp;
using mlir::OwningOpRef;

static void require(bool holds, const char *promise) {
  if (holds)
    return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// Contexts keep every type they ever saw; a new one now and then bounds that.
static mlir::MLIRContext &context() {
  static std::unique_ptr<mlir::MLIRContext> current;
  static unsigned uses = 0;
  if (!current || ++uses == 2000) {
    uses = 0;
    current = std::make_unique<mlir::MLIRContext>(
        mlir::MLIRContext::Threading::DISABLED);
    tile::loadTileDialects(*current);
  }
  return *current;
}

static OwningOpRef<ModuleOp> read(llvm::StringRef bytes,
                                  mlir::MLIRContext &context) {
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink(sources);
  auto module = tile::readTileModule(bytes, "fuzz.mlir", context, sink);
  require(static_cast<bool>(module) == !sink.hasErrors(),
          "a module if and only if there are no errors");
  return module;
}

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

/// Reads variants of \p bytes with a few bytes changed, cut or doubled. What
/// changes follows from the bytes, so that a failure can be repeated.
static void readDamaged(const std::string &bytes, mlir::MLIRContext &context) {
  uint64_t state = llvm::xxh3_64bits(bytes);
  auto below = [&](size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % bound);
  };
  for (unsigned variant = 0; variant < 40; ++variant) {
    std::string damaged = bytes;
    for (size_t edits = 1 + below(3); edits != 0; --edits) {
      size_t at = below(damaged.size());
      switch (below(4)) {
      case 0:
        damaged.insert(at, damaged.substr(at, 1 + below(16)));
        break;
      case 1:
        damaged.resize(at + 1);
        break;
      default:
        damaged[at] = static_cast<char>(below(256));
      }
    }
    read(damaged, context);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  mlir::MLIRContext &mlirContext = context();
  auto module = read(bytes, mlirContext);
  if (!module)
    return -1;

  std::string text = print(*module);
  auto again = read(text, mlirContext);
  require(again && print(*again) == text, "text reads back as itself");
  std::string bytecode;
  llvm::raw_string_ostream os(bytecode);
  require(succeeded(tile::writeTileBytecode(*module, os)),
          "bytecode is written");
  auto binary = read(bytecode, mlirContext);
  require(binary && print(*binary) == text, "bytecode reads back as itself");

  mlir::PassManager passes(&mlirContext);
  optimizer::buildTilePipeline(passes);
  mlir::ScopedDiagnosticHandler silent(
      &mlirContext, [](mlir::Diagnostic &) { return mlir::success(); });
  require(succeeded(passes.run(*module)), "the clean-up succeeds");
  require(static_cast<bool>(read(print(*module), mlirContext)),
          "cleaned-up IR is tile IR");
  module = nullptr;
  again = nullptr;
  binary = nullptr;
  readDamaged(bytecode, mlirContext);
  return 0;
}

static const char *const texts[] = {
    R"(module attributes {tile.version = 1 : i32} {
func.func @shape(%s: f32, %x: tensor<8x16xf32>, %v: tensor<8xf32>) attributes {tile.kernel} {
  %0 = tile.make_range 0, 8 : tensor<8xi32>
  %1 = tile.splat %s : f32 -> tensor<8x16xf32>
  %2 = tile.expand_dims %v, 1 : tensor<8xf32> -> tensor<8x1xf32>
  %3 = tile.broadcast %2 : tensor<8x1xf32> -> tensor<8x3xf32>
  %4 = tile.reshape %x : tensor<8x16xf32> -> tensor<128xf32>
  %6 = tile.trans %x [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
  %7 = tile.join %v, %v : tensor<8xf32> -> tensor<8x2xf32>
  %9, %10 = tile.split %7 : tensor<8x2xf32> -> tensor<8xf32>
  %13 = tile.cat %v, %v, 0 : tensor<8xf32>, tensor<8xf32> -> tensor<16xf32>
  tile.print "x" hex signed = [true, false] : %9, %13 : tensor<8xf32>, tensor<16xf32>
  return
}
})",
    R"(func.func @loop(%p: !tile.ptr<f32> {tile.divisibility = 16 : i64}, %n: i32) attributes {tile.kernel} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %r = tile.make_range 0, 8 : tensor<8xi32>
  %s = tile.splat %p : !tile.ptr<f32> -> tensor<8x!tile.ptr<f32>>
  %q = tile.addptr %s, %r : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
  %ns = tile.splat %n : i32 -> tensor<8xi32>
  %e:3 = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %z, %a = %q, %o = %r) -> (tensor<8xf32>, tensor<8x!tile.ptr<f32>>, tensor<8xi32>) : i32 {
    %m = arith.cmpi slt, %o, %ns : tensor<8xi32>
    %x = tile.load %a mask %m other %z : tensor<8x!tile.ptr<f32>>
    %y = arith.addf %acc, %x : tensor<8xf32>
    %b = tile.addptr %a, %ns : tensor<8x!tile.ptr<f32>>, tensor<8xi32>
    %c = arith.addi %o, %ns : tensor<8xi32>
    scf.yield %y, %b, %c : tensor<8xf32>, tensor<8x!tile.ptr<f32>>, tensor<8xi32>
  } {tile.num_stages = 3 : i32}
  %sum = tile.reduce %e#0 axis = 0 commutative : (tensor<8xf32>) -> f32 {
  ^bb0(%u: f32, %v: f32):
    %w = arith.addf %u, %v : f32
    tile.yield %w : f32
  }
  tile.store %p, %sum : !tile.ptr<f32>
  return
})",
    R"(func.func @dot(%p: tensor<4x4x!tile.ptr<f16>>, %m: tensor<4x4xi1>, %k: !tile.ptr<i32>, %n: i32) {
  %z = arith.constant dense<0.0> : tensor<4x4xf32>
  %x = tile.load %p mask %m cache = cg evict = evict_first : tensor<4x4x!tile.ptr<f16>>
  %d = tile.dot %x, %x, %z : tensor<4x4xf16>, tensor<4x4xf16> -> tensor<4x4xf32>
  %e = arith.addf %d, %z : tensor<4x4xf32>
  %h = tile.fp_to_fp %e rounding = rtz : tensor<4x4xf32> -> tensor<4x4xf16>
  %w:2 = scf.while (%a = %n, %b = %h) : (i32, tensor<4x4xf16>) -> (i32, tensor<4x4xf16>) {
    %o = tile.atomic_cas acquire gpu, %k, %a, %n : !tile.ptr<i32>
    %c = arith.cmpi ne, %o, %n : i32
    scf.condition(%c) %a, %b : i32, tensor<4x4xf16>
  } do {
  ^bb0(%a: i32, %b: tensor<4x4xf16>):
    %c = arith.addi %a, %n : i32
    scf.yield %c, %b : i32, tensor<4x4xf16>
  }
  %v = tile.scan %e axis = 1 reverse : (tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%u: f32, %t: f32):
    %y = arith.maximumf %u, %t : f32
    tile.yield %y : f32
  }
  %g = arith.cmpi slt, %n, %w#0 : i32
  scf.if %g {
    %old = tile.atomic_rmw fadd relaxed gpu, %p, %h mask %m : tensor<4x4x!tile.ptr<f16>>
  }
  tile.assert %g, "no" : i1
  return
})",
};

static const char *const words[] = {
    "tensor<",
    "8x",
    "!tile.ptr<",
    ">",
    "f32",
    "f16",
    "i32",
    "i64",
    "i1",
    "f8E4M3FN",
    "0",
    "1",
    "-1",
    "2147483647",
    "9223372036854775807",
    "18446744073709551616",
    "dense<",
    "0x7F800000",
    "tile.",
    "arith.",
    "scf.",
    "math.",
    "func.func",
    "private",
    "%0",
    "%x",
    "%n",
    "%c0",
    "#0",
    "#99999999",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "->",
    " : (",
    "loc(",
    "callsite(",
    "fused[",
    "\"",
    "tile.trans",
    "[1, 0]",
    "tile.reshape",
    "allow_reorder",
    "axis = ",
    "mask %m",
    "other %z",
    "volatile",
    "precision = tf32",
    "scf.yield",
    "tile.yield",
    "^bb0",
    "attributes {",
    "affine_map<",
    "tuple<",
    "vector<",
    "memref<",
    "index",
    "?",
    "*",
    "arith.constant ",
    "tile.hint",
    "true",
    "ui32",
    "none",
    "unit",
    "array<i32: ",
    "dense_resource<",
    "strided<",
    "\"tile.load\"(%p) <{operandSegmentSizes = array<i32: 1, 0, 0>}>",
    "arith.divsi %n, %c0 : i32",
    "arith.shli ",
    "tile.make_range 0, ",
};

FuzzSeeds tilesdkFuzzSeeds() {
  return {texts, std::size(texts), words, std::size(words),
          /*keepWords=*/true};
}
