//===- lowering_fuzz.cpp - Tile IR to the LLVM dialect, whatever it is ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input with `def ` is kernel source, any other is tile IR. Promises checked
// of tile IR that the reader takes: no crash; the clean-up succeeds and leaves
// valid IR; lowering gives a module of the LLVM dialect that verifies, or an
// error with a message.
//
//===----------------------------------------------------------------------===//

#include "tests/fuzz/kernel_inputs.h"
#include "tests/fuzz/seeded_driver.h"

#include "core/compiler/context.h"
#include "core/diagnostics/diagnostics.h"
#include "core/ir/tile_reader.h"
#include "core/lowering/lowering.h"
#include "core/optimizer/pipeline.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <memory>

using namespace tilesdk;
using fuzz::require;
using llvm::StringRef;

/// Contexts keep every type they ever saw; a new one now and then bounds that.
static mlir::MLIRContext &context() {
  static std::unique_ptr<mlir::MLIRContext> current;
  static unsigned uses = 0;
  if (!current || ++uses == 500) {
    uses = 0;
    current = compiler::makeContext();
  }
  return *current;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef text(reinterpret_cast<const char *>(data), size);
  mlir::MLIRContext &mlirContext = context();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (text.contains("def ")) {
    module = fuzz::lowerInput(text, &mlirContext);
  } else {
    diagnostics::SourceManager sources;
    diagnostics::DiagnosticSink sink(sources);
    module = tile::readTileModule(text, "fuzz.mlir", mlirContext, sink);
  }
  if (!module)
    return -1;

  bool failed = false;
  mlir::ScopedDiagnosticHandler silent(&mlirContext, [&](mlir::Diagnostic &d) {
    failed |= d.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  mlir::PassManager passes(&mlirContext);
  passes.enableVerifier(false);
  optimizer::buildTilePipeline(passes);
  require(mlir::succeeded(passes.run(*module)), "the clean-up succeeds");
  require(mlir::succeeded(mlir::verify(*module)), "clean tile IR is valid");

  lowering::TileLoopsTarget target;
  target.vectorBytes = 16u << size % 3;
  target.hasMaskedMemory = size % 2;
  target.contractFloat = size % 5 != 0;
  lowering::TileLoopsInfo info;
  failed = false;
  bool lowered = lowering::lowerTileToLoops(*module, target, info);
  require(lowered != failed, "lowering fails with an error");
  if (!lowered)
    return 0;
  require(mlir::succeeded(mlir::verify(*module)), "lowered IR is valid");
  require(info.scratchBytes >= 0 && info.scratchBytes % 64 == 0,
          "scratch is whole lines");
  return 0;
}

/// Files of the tests in the source tree, in pieces where they have `// -----`.
static void addFiles(std::vector<std::string> &inputs) {
  std::vector<std::string> paths;
  for (const char *folder :
       {"core/ir/test", "core/optimizer/test", "core/lowering/test"}) {
    std::error_code error;
    for (llvm::sys::fs::directory_iterator
             it(StringRef(TILESDK_SOURCE_DIR) + "/" + folder, error),
         end;
         it != end && !error; it.increment(error))
      if (StringRef(it->path()).ends_with(".mlir"))
        paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string &path : paths) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    require(bool(buffer), "the tests of the source tree can be read");
    llvm::SmallVector<StringRef, 32> pieces;
    (*buffer)->getBuffer().split(pieces, "// -----");
    for (StringRef piece : pieces)
      inputs.push_back(piece.str());
  }
}

FuzzSeeds tilesdkFuzzSeeds() {
  static const char *const words[] = {
      "tensor<",
      "tensor<1xi32>",
      "tensor<16xf32>",
      "!tile.ptr<f32>",
      "f16",
      "bf16",
      "i64",
      "f8E4M3FN",
      "mask %m",
      "other %z",
      "axis = 0",
      "axis = 1",
      "[1, 0]",
      "reverse",
      "descending",
      "allow_reorder",
      "precision = tf32",
      "volatile",
      "dense<0>",
      "0x7FC00000",
      "arith.divsi ",
      "arith.shli ",
      "arith.remui ",
      "arith.addf ",
      "arith.extf ",
      "arith.select ",
      "math.exp ",
      "scf.yield ",
      "tile.yield ",
      "tl.sum(x, axis=0)",
      "tl.arange(0, 64)",
      "tl.load(x_ptr)",
      "[None, :]",
      "tl.dot(x, x)",
      "tl.trans(x)",
      "tl.sort(x)",
      "tl.gather(x, x, axis=0)",
      "tl.atomic_add(x_ptr, 1)",
      "\n    x = tl.cumsum(x, axis=0)\n",
      "\n    while n > 0:\n        n -= 1\n",
      "\n    if n > 0:\n        x = x + x\n",
  };
  static std::vector<std::string> inputs;
  static std::vector<const char *> texts;
  if (texts.empty()) {
    addFiles(inputs);
    for (const std::string &source : fuzz::kernelInputs()) {
      inputs.push_back(source);
      auto module = fuzz::lowerInput(source, &context());
      if (!module)
        continue;
      std::string text;
      llvm::raw_string_ostream(text) << *module << "\n";
      inputs.push_back(std::move(text));
    }
    for (const std::string &input : inputs)
      texts.push_back(input.c_str());
  }
  return {texts.data(), texts.size(), words, std::size(words), true};
}
