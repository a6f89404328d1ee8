//===- math_library.cpp - The embedded math library -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Written by math_gen: "TSDKMATH", a count, and per symbol in order the offset
// and size of its name and of its bitcode, as little-endian 32-bit words from
// the start. A symbol may have variants for CPU features: NAME@FEATURE.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/internal.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

extern "C" const char tilesdk_math_library[];
__asm__(".pushsection .rodata.tilesdk_math,\"a\",@progbits\n"
        ".globl tilesdk_math_library\n"
        ".hidden tilesdk_math_library\n"
        ".p2align 4\n"
        "tilesdk_math_library:\n"
        ".incbin \"" TILESDK_MATH_LIBRARY "\"\n"
        ".popsection\n");

namespace tilesdk::codegen {

namespace {

uint32_t word(size_t at) {
  return support::endian::read32le(tilesdk_math_library + at);
}
uint32_t count() { return word(8); }
StringRef field(uint32_t row, unsigned which) {
  size_t at = 12 + row * 16 + which * 8;
  return {tilesdk_math_library + word(at), word(at + 4)};
}

} // namespace

StringRef findMathFunction(StringRef symbol) {
  uint32_t low = 0, high = count();
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    int order = field(middle, 0).compare(symbol);
    if (order == 0)
      return field(middle, 1);
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return {};
}

SmallVector<StringRef> mathFunctionNames() {
  SmallVector<StringRef> names;
  for (uint32_t row = 0; row < count(); ++row)
    names.push_back(field(row, 0));
  return names;
}

/// The best variant for the target.
/// The library's variants by feature are those of the host's processors.
static StringRef select(StringRef symbol, const MCSubtargetInfo &features,
                        std::string &chosen) {
  bool hasVariants = features.getTargetTriple().isX86();
  uint32_t low = 0, high = count();
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    (field(middle, 0) < symbol ? low : high) =
        field(middle, 0) < symbol ? middle + 1 : middle;
  }
  StringRef plain;
  for (; low < count() && field(low, 0).starts_with(symbol); ++low) {
    StringRef name = field(low, 0), rest = name.drop_front(symbol.size());
    if (rest.empty()) {
      plain = field(low, 1);
      chosen = name.str();
    } else if (hasVariants && rest.consume_front("@") &&
               features.checkFeatures("+" + rest.str())) {
      chosen = name.str();
      return field(low, 1);
    }
  }
  return plain;
}

bool linkMathFunctions(Module &module, const TargetMachine &machine,
                       std::string &error) {
  SmallVector<Function *> wanted;
  for (Function &function : module)
    if (function.isDeclaration() && !function.use_empty() &&
        function.getName().starts_with("tsdk.math."))
      wanted.push_back(&function);
  if (wanted.empty())
    return true;
  Linker linker(module);
  for (Function *function : wanted) {
    std::string name = function->getName().str(), chosen;
    StringRef bitcode = select(name, *machine.getMCSubtargetInfo(), chosen);
    if (bitcode.empty()) {
      error = "the math library has no '" + name + "'";
      return false;
    }
    Expected<std::unique_ptr<Module>> library =
        parseBitcodeFile(MemoryBufferRef(bitcode, "math"), module.getContext());
    if (!library) {
      error = "the math library is damaged at '" + name +
              "': " + toString(library.takeError());
      return false;
    }
    (*library)->setTargetTriple(module.getTargetTriple());
    (*library)->setDataLayout(module.getDataLayout());
    if (!module.getTargetTriple().isX86())
      for (Function &function : **library)
        for (StringRef name : {"target-cpu", "target-features", "tune-cpu"})
          function.removeFnAttr(name);
    Function *definition = (*library)->getFunction(chosen);
    if (definition->getFunctionType() != function->getFunctionType()) {
      error = "'" + name + "' is declared with another type than it has";
      return false;
    }
    definition->setName(name);
    if (linker.linkInModule(std::move(*library))) {
      error = "cannot link '" + name + "'";
      return false;
    }
    module.getFunction(name)->setLinkage(GlobalValue::InternalLinkage);
  }
  return true;
}

} // namespace tilesdk::codegen
