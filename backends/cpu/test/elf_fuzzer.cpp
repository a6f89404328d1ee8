//===- elf_fuzzer.cpp - Arbitrary bytes for the loader ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/elf_loader.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  std::string error;
  auto image = tilesdk::cpu::ElfImage::load(bytes, size, error);
  if (!image && error.empty())
    abort(); // a refusal has to say why
  if (image)
    image->lookup("kernel");
  return 0;
}
