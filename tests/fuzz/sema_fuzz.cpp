//===- sema_fuzz.cpp - Semantic analysis on hostile kernels ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Promises checked: no crash; a module if and only if there are no errors, and
// it verifies; places lie inside of the source; no internal error.
//
//===----------------------------------------------------------------------===//

#include "tests/fuzz/kernel_inputs.h"
#include "tests/fuzz/seeded_driver.h"

#include "core/frontend/frontend.h"

#include "mlir/IR/MLIRContext.h"

#include <memory>

using namespace tilesdk;

/// Contexts keep every type they ever saw; a new one now and then bounds that.
static mlir::MLIRContext *context() {
  static std::unique_ptr<mlir::MLIRContext> current;
  static unsigned uses = 0;
  if (!current || ++uses == 500) {
    uses = 0;
    current = std::make_unique<mlir::MLIRContext>(
        mlir::MLIRContext::Threading::DISABLED);
    frontend::loadFrontendDialects(current.get());
  }
  return current.get();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  return fuzz::lowerInput(text, context()) ? 0 : -1;
}

static const char *const words[] = {
    "tl.load(",
    "tl.store(",
    "tl.arange(0, 16)",
    "tl.zeros((16, 16), tl.float32)",
    "tl.full([], 1, tl.int32)",
    "tl.dot(",
    "tl.sum(",
    "tl.reduce(",
    "tl.associative_scan(",
    "tl.where(",
    "tl.reshape(",
    "tl.make_block_ptr(",
    "tl.advance(",
    "tl.atomic_add(",
    "tl.static_range(",
    "tl.range(",
    "range(",
    "tl.constexpr(",
    "tl.static_assert(",
    "tl.device_assert(",
    "tl.program_id(0)",
    "tl.cast(",
    "tl.join(",
    "tl.split(",
    "tl.gather(",
    "tl.sort(",
    "tl.histogram(",
    "tl.rand(",
    "tl.float16",
    "tl.float64",
    "tl.float8e5",
    "tl.int1",
    "tl.uint64",
    "tl.pointer_type(tl.int8)",
    ".to(",
    ".to(tl.float32, bitcast=True)",
    ".shape",
    ".dtype",
    ".T",
    ".value",
    ".type.element_ty",
    "[None, :]",
    "[:, None]",
    "[0]",
    "[-1]",
    "[...]",
    "[1:]",
    "None",
    "True",
    "()",
    "(1,)",
    "(1, 2)",
    "[]",
    "'a'",
    "float('inf')",
    "float('nan')",
    "1e400",
    "0",
    "-1",
    "2**31",
    "1 << 63",
    "1 << 100000",
    "18446744073709551616",
    "0.5",
    " // 0",
    " % 0",
    " ** ",
    " << ",
    " >> ",
    " if x else ",
    " and ",
    " or ",
    "not ",
    " in ",
    " is None",
    "lambda a: a",
    "*",
    "**",
    "=",
    "axis=",
    "mask=",
    "other=",
    "keep_dims=True",
    "dtype=",
    "len(",
    "min(",
    "max(",
    "abs(",
    "print(",
    "isinstance(",
    "\n    return\n",
    "\n    return x\n",
    "\n    if True:\n        ",
    "\n    if x:\n        return 1\n",
    "\n    while x < 10:\n        x += 1\n",
    "\n    for i in range(n):\n        ",
    "\n    for i in tl.static_range(4):\n        ",
    "\n        break\n",
    "\n        continue\n",
    "\n    pass\n",
    "\n    del x\n",
    "\n    a, b = ",
    "\n    x = x\n",
    ": tl.constexpr",
    "=None",
    "@triton.jit\n",
    "@triton.jit(do_not_specialize=['n'])\n",
    "*f32",
    "*f16:16",
    "*f8e4m3",
    "i32:16",
    "u64",
    "i1",
    "f64",
    "bf16",
    "tl.float16",
    "(i32, *f32)",
};

FuzzSeeds tilesdkFuzzSeeds() {
  static std::vector<const char *> texts;
  if (texts.empty())
    for (const std::string &input : fuzz::kernelInputs())
      texts.push_back(input.c_str());
  return {texts.data(), texts.size(), words, std::size(words), true};
}
