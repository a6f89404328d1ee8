//===- hash.h - Content hashes of cache keys --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/BLAKE3.h"

#include <string>

namespace tilesdk::runtime {

/// BLAKE3 over a sequence of texts and numbers. Each is preceded by its size,
/// so that different sequences never feed the same bytes.
class Hasher {
public:
  Hasher &add(llvm::StringRef bytes) {
    add(static_cast<uint64_t>(bytes.size()));
    hasher.update(bytes);
    return *this;
  }
  Hasher &add(uint64_t number) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; ++i)
      bytes[i] = static_cast<uint8_t>(number >> (8 * i));
    hasher.update(llvm::ArrayRef<uint8_t>(bytes, 8));
    return *this;
  }
  /// 64 hex digits.
  std::string hex() {
    llvm::BLAKE3Result<32> result = hasher.final<32>();
    return llvm::toHex(llvm::ArrayRef<uint8_t>(result.data(), result.size()),
                       /*LowerCase=*/true);
  }

private:
  llvm::BLAKE3 hasher;
};

} // namespace tilesdk::runtime
