//===- reader_test.cpp - Reading and writing tile IR ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/diagnostics/diagnostics.h"
#include "core/diagnostics/render.h"
#include "core/ir/simt_dialect.h"
#include "core/ir/tile_ops.h"
#include "core/ir/tile_reader.h"
#include "core/ir/tile_registration.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace mlir;
using namespace tilesdk;
using diagnostics::Diag;

namespace {

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string goldenFolder = TILESDK_SOURCE_DIR "/core/ir/test/golden/";

class Reader : public ::testing::Test {
protected:
  Reader() : context(MLIRContext::Threading::DISABLED) {
    tile::loadTileDialects(context);
  }

  OwningOpRef<ModuleOp> read(llvm::StringRef bytes) {
    sink.clear();
    return tile::readTileModule(bytes, "input", context, sink);
  }

  std::string write(ModuleOp module) {
    std::string bytes;
    llvm::raw_string_ostream os(bytes);
    EXPECT_TRUE(succeeded(tile::writeTileBytecode(module, os)));
    return bytes;
  }

  std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.print(os);
    return text;
  }

  /// The input is refused with \p id and a message that contains \p text.
  void refuses(llvm::StringRef bytes, llvm::StringRef text,
               Diag id = Diag::InvalidIr) {
    EXPECT_FALSE(read(bytes));
    ASSERT_TRUE(sink.hasErrors());
    EXPECT_EQ(sink.diagnostics().front().id, id);
    EXPECT_NE(sink.diagnostics().front().message.find(text.str()),
              std::string::npos)
        << sink.diagnostics().front().message;
  }

  /// A module with one function that \p fill gets the body of.
  OwningOpRef<ModuleOp> build(llvm::function_ref<void(OpBuilder &)> fill) {
    OpBuilder builder(&context);
    Location loc = builder.getUnknownLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
    auto function = func::FuncOp::create(builder, loc, "f",
                                         builder.getFunctionType({}, {}));
    builder.setInsertionPointToEnd(function.addEntryBlock());
    func::ReturnOp::create(builder, loc);
    builder.setInsertionPointToStart(&function.getBody().front());
    fill(builder);
    return module;
  }

  MLIRContext context;
  diagnostics::SourceManager sources;
  diagnostics::DiagnosticSink sink{sources};
};

TEST_F(Reader, TextBecomesAModuleWithItsVersion) {
  auto module = read("func.func @f() { return }");
  ASSERT_TRUE(module);
  EXPECT_FALSE(sink.hasErrors());
  auto version = (*module)->getAttrOfType<IntegerAttr>("tile.version");
  ASSERT_TRUE(version);
  EXPECT_EQ(version.getInt(), int64_t(tile::dialectVersion));
}

TEST_F(Reader, BytecodeKeepsEverythingAndIsDeterministic) {
  auto text = read(readFile(goldenFolder + "v1.mlir"));
  ASSERT_TRUE(text);
  std::string bytes = write(*text);
  EXPECT_EQ(bytes, write(*text));
  auto again = read(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(print(*text), print(*again));
  EXPECT_EQ(bytes, write(*again));
}

// The compiler's context knows `simt`; a tile module may not.
TEST_F(Reader, NeitherLayoutsNorSimtOps) {
  DialectRegistry registry;
  simt::registerSimtDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  refuses("func.func @f(%x: tensor<2xf32, #simt.layout<\"(dim0: 2) { register: "
          "(1); lane: ; warp: }\">>) { return }",
          "simt.layout");
  refuses("func.func @f() { simt.barrier return }", "'simt.barrier'");
  refuses("func.func @f(%x: !simt.token) { return }", "simt.token");
}

// A file of version 1 stays readable for ever. It is written once, with
// TILESDK_BLESS=1 and only where it does not exist.
TEST_F(Reader, GoldenFileOfVersion1) {
  std::string path = goldenFolder + "v1.mlirbc";
  auto text = read(readFile(goldenFolder + "v1.mlir"));
  ASSERT_TRUE(text);
  std::string golden = readFile(path);
  if (golden.empty() && std::getenv("TILESDK_BLESS")) {
    golden = write(*text);
    std::ofstream(path, std::ios::binary) << golden;
  }
  ASSERT_FALSE(golden.empty()) << path << " is missing";
  auto module = read(golden);
  ASSERT_TRUE(module);
  EXPECT_EQ(print(*module), print(*text));
}

TEST_F(Reader, NewerVersionsAreRefusedByName) {
  refuses("module attributes {tile.version = 2 : i32} {}",
          "needs version 2 of the dialect 'tile'; this library reads 1 to 1",
          Diag::IrVersion);
  // In bytecode: one byte holds the version; find it by what it does.
  auto module = read(readFile(goldenFolder + "v1.mlir"));
  ASSERT_TRUE(module);
  std::string bytes = write(*module);
  bool found = false;
  for (size_t at = 0; at < bytes.size() && !found; ++at) {
    if (bytes[at] != char(tile::dialectVersion << 1 | 1))
      continue;
    std::string newer = bytes;
    newer[at] = char((tile::dialectVersion + 1) << 1 | 1);
    if (read(newer) || sink.diagnostics().empty())
      continue;
    found = sink.diagnostics().front().id == Diag::IrVersion;
  }
  EXPECT_TRUE(found);
}

TEST_F(Reader, EveryTruncationIsRefused) {
  auto module = read("func.func @f(%x: i32) -> i32 {\n"
                     "  %0 = arith.addi %x, %x : i32\n  return %0 : i32\n}");
  ASSERT_TRUE(module);
  std::string bytes = write(*module);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read(llvm::StringRef(bytes).take_front(size))) << size;
    EXPECT_TRUE(sink.hasErrors()) << size;
  }
}

// Some flips give another valid module; what counts is that each comes back.
TEST_F(Reader, EveryDamagedByteIsSurvived) {
  auto module = read("func.func @f(%p: !tile.ptr<f32>, %n: i32) {\n"
                     "  %c = arith.constant dense<[1, 2]> : tensor<2xi32>\n"
                     "  %s = tile.splat %p : !tile.ptr<f32> -> "
                     "tensor<2x!tile.ptr<f32>>\n"
                     "  %q = tile.addptr %s, %c : tensor<2x!tile.ptr<f32>>, "
                     "tensor<2xi32>\n"
                     "  %x = tile.load %q cache = cg : "
                     "tensor<2x!tile.ptr<f32>>\n"
                     "  scf.for %i = %n to %n step %n : i32 {\n"
                     "    tile.store %q, %x : tensor<2x!tile.ptr<f32>>\n  }\n"
                     "  return\n}");
  ASSERT_TRUE(module);
  std::string bytes = write(*module);
  unsigned refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at)
    for (unsigned change : {0x01, 0x02, 0x10, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] ^= change;
      if (!read(damaged)) {
        ++refused;
        EXPECT_TRUE(sink.hasErrors()) << at;
      }
    }
  EXPECT_GT(refused, bytes.size());
}

TEST_F(Reader, OtherContainerVersionsAreNamed) {
  refuses(llvm::StringRef("ML\xefR\x0dMLIR\0", 10),
          "it has version 6 of MLIR's container; tile IR is kept in version 2");
}

TEST_F(Reader, BadTextSaysWhere) {
  refuses("func.func @f() {\n  %0 = tile.program_id 7\n  return\n}", "axis");
  const auto &where = sink.diagnostics().front().primary;
  EXPECT_EQ(where.file, "input");
  EXPECT_EQ(where.line, 2u);
  refuses("", "the input is empty");
  refuses(llvm::StringRef("module {\0}", 10), "byte 8 is 0");
  refuses("func.func @f() {", "expected");
  refuses("hello", "");
  // MLIR's parser reads on after a stray dot.
  refuses("func.func @f(%x: !tile.ptr<f32>.) { return }", "ellipsis");
}

TEST_F(Reader, HostileTextIsRefusedBeforeItIsParsed) {
  std::string deep(1 << 20, '(');
  refuses(deep, "brackets are nested deeper than 256");
  EXPECT_EQ(sink.diagnostics().front().primary.column, 257u);
  std::string type;
  for (int i = 0; i < 300; ++i)
    type += "!tile.ptr<";
  refuses("func.func @f(%x: " + type, "brackets are nested deeper than 256");
  refuses("module attributes {a = affine_map<(d0) -> (- - - d0)>} {}",
          "tile IR has no affine maps");
  refuses("module attributes {tile.a = array<index: 1>} {}",
          "the elements of an array must be i1, i8");
  refuses("!t = tuple<i32>\nmodule {}", "`!t` defines an alias");
  refuses("#a = [1, 2]\nmodule {}", "`#a` defines an alias");
  refuses("func.func @f(%x: f32) { func.call @f(%x#2147483647) : (f32) -> ()",
          "there is no result `%x#2147483647`");
  // Brackets in strings and comments count for nothing.
  EXPECT_TRUE(read("// " + deep + "\nmodule {}"));
  EXPECT_TRUE(read("module attributes {tile.a = \"" + deep + "\"} {}"));
  EXPECT_TRUE(read("#loc = loc(unknown)\nmodule {} loc(#loc)"));
}

TEST_F(Reader, ValuesAreDefinedBeforeTheyAreUsed) {
  // MLIR's parser would free the block argument while %z uses it.
  refuses(R"(func.func @f(%a: tensor<4xf32>, %s: f32) {
  %z = arith.addf %x, %s : f32
  %0 = tile.reduce %a axis = 0 : (tensor<4xf32>) -> f32 {
  ^bb0(%x: f32, %y: f32):
  ^bb0(%x: f32, %y: f32):
    tile.yield %x : f32
  })",
          "`%x` is used before its definition");
  const std::string loop = R"(func.func @f(%n: i32, %v: f32) {
  %zero = arith.constant 0 : i32
  %r:2 = scf.for %i = %zero to %n step %n iter_args(%a = %v, %b = %v)
      -> (f32, f32) : i32 {
    scf.yield %b, %a : f32, f32
  } {tile.num_stages = 3 : i64}
)";
  EXPECT_TRUE(read(loop + "  %s = arith.addf %r#0, %r#1 : f32\n  return\n}"));
  // The arguments of a region end with it.
  refuses(loop + "  %s = arith.addf %a, %v : f32\n  return\n}",
          "`%a` is used before its definition");
  refuses(loop + "  %s = arith.addi %i, %n : i32\n  return\n}",
          "`%i` is used before its definition");
  EXPECT_TRUE(read(R"(func.func @f(%n: i32 {tile.name = "n"})
    attributes {tile.kernel} {
  %r = scf.while (%i = %n) : (i32) -> i32 {
    %c = arith.cmpi slt, %i, %n : i32
    scf.condition(%c) %i : i32
  } do {
  ^bb0(%j: i32):
    scf.yield %j : i32
  }
  return
})"));
}

TEST_F(Reader, DeepRegionsAreRefused) {
  auto module = build([&](OpBuilder &builder) {
    Location loc = builder.getUnknownLoc();
    Value condition = tile::ProgramIdOp::create(builder, loc, 0);
    condition =
        arith::TruncIOp::create(builder, loc, builder.getI1Type(), condition);
    for (int i = 0; i < 1000; ++i) {
      auto branch = scf::IfOp::create(builder, loc, condition);
      builder.setInsertionPointToStart(branch.thenBlock());
    }
  });
  refuses(write(*module), "regions are nested deeper than 256");
}

TEST_F(Reader, LocationsThatGrowWhenPrintedAreRefused) {
  auto module = build([&](OpBuilder &builder) {
    Location loc = FileLineColLoc::get(&context, "k.py", 1, 1);
    // Sixty steps, 2^60 parts when written out.
    for (int i = 0; i < 60; ++i)
      loc = CallSiteLoc::get(loc, loc);
    tile::BarrierOp::create(builder, loc);
  });
  refuses(write(*module), "an attribute, type or location is nested");
}

TEST_F(Reader, DeepAttributesAreRefused) {
  auto module = build([](OpBuilder &) {});
  Attribute attr = UnitAttr::get(&context);
  for (int i = 0; i < 1000; ++i)
    attr = ArrayAttr::get(&context, attr);
  (*module)->setAttr("tile.deep", attr);
  refuses(write(*module), "an attribute, type or location is nested");
}

TEST_F(Reader, OnlyTileIrIsRead) {
  refuses("func.func private @f()", "function 'f' has no body");
  refuses("module { module {} }", "may not stand in a tile module");
  refuses("func.func @f() { cf.br ^a\n^a: return }", "has several blocks");
  refuses("func.func @f(%c: i1) { cf.assert %c, \"no\"\n return }",
          "does not belong to tile IR");
  refuses("func.func @f(%v: vector<4xf32>) { return }",
          "tile IR has no `vector<...>`");
  refuses("func.func @f(%v: tensor<?xf32>) { return }",
          "values of type 'tensor<?xf32>' do not belong to tile IR");
  refuses("func.func @f(%v: index) { return }", "'index'");
  refuses("func.func @f(%v: tensor<1048577xf32>) { return }",
          "has more than 1048576 elements");
  refuses("func.func @f(%v: tensor<4294967296x4294967296xf32>) { return }",
          "has more than 1048576 elements");
  refuses("\"foo.bar\"() : () -> ()",
          "belongs to a dialect that is no part of tile IR");
  refuses("func.func @f() {\n  %0 = builtin.unrealized_conversion_cast to "
          "i32\n  return }",
          "does not belong to tile IR");
}

// What a user sees: number, place, the line of the IR with a caret.
TEST_F(Reader, MessagesAreNumberedAndShowTheLine) {
  std::string text = "func.func @f() {\n  %0 = tile.program_id 7\n  return\n}";
  sources.addFile("input", text);
  EXPECT_FALSE(read(text));
  std::string shown = renderText(sink.diagnostics(), sources);
  EXPECT_NE(shown.find("error[T0800]: cannot read IR `input`: "),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("input:2:8"), std::string::npos) << shown;
  EXPECT_NE(shown.find("%0 = tile.program_id 7"), std::string::npos) << shown;

  EXPECT_FALSE(read("module attributes {tile.version = 9 : i32} {}"));
  shown = renderText(sink.diagnostics(), sources);
  EXPECT_NE(shown.find("error[T0801]: cannot read IR `input`: "),
            std::string::npos)
      << shown;
}

TEST_F(Reader, ErrorsAreSaidOnce) {
  refuses("func.func @f() { %0 = tile.make_range 4, 4 : tensor<1xi32>\n"
          "  return }",
          "'end' must be 1 to 1048576 above 'start'");
  EXPECT_EQ(sink.diagnostics().size(), 1u);
}

} // namespace
