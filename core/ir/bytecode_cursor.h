//===- bytecode_cursor.h - Reads MLIR's container format --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/bit.h"

#include <cstdint>

namespace tilesdk::tile {

/// Reads the primitives of the format. After a read beyond the end all reads
/// give 0 and `failed` stays set, so that callers check once per item.
class BytecodeCursor {
public:
  explicit BytecodeCursor(llvm::StringRef data = {}) : data(data) {}

  bool failed() const { return isBroken; }
  bool atEnd() const { return data.empty(); }
  size_t remaining() const { return data.size(); }

  uint8_t byte() {
    llvm::StringRef one = bytes(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }

  llvm::StringRef bytes(uint64_t count) {
    if (isBroken || count > data.size()) {
      isBroken = true;
      data = {};
      return {};
    }
    llvm::StringRef result = data.take_front(count);
    data = data.drop_front(count);
    return result;
  }

  /// The trailing zeros of the first byte say how many bytes follow.
  uint64_t varint() {
    uint8_t first = byte();
    if (isBroken)
      return 0;
    if (first & 1)
      return first >> 1;
    unsigned extra = first == 0 ? 8 : llvm::countr_zero(first);
    llvm::StringRef rest = bytes(extra);
    uint64_t value = 0;
    for (size_t i = rest.size(); i != 0; --i)
      value = value << 8 | static_cast<uint8_t>(rest[i - 1]);
    if (first == 0)
      return value;
    return (value << 8 | first) >> (extra + 1);
  }

  /// The number of items that follow; each has at least \p itemBytes bytes.
  uint64_t count(uint64_t itemBytes = 1) {
    uint64_t value = varint();
    if (value > data.size() / itemBytes)
      isBroken = true;
    return isBroken ? 0 : value;
  }

  /// An index below \p bound.
  uint64_t index(uint64_t bound) {
    uint64_t value = varint();
    if (value >= bound)
      isBroken = true;
    return isBroken ? 0 : value;
  }

  /// Text up to a zero byte, which is consumed.
  llvm::StringRef cString() {
    size_t end = data.find('\0');
    if (end == llvm::StringRef::npos) {
      isBroken = true;
      return {};
    }
    return bytes(end + 1).drop_back();
  }

private:
  llvm::StringRef data;
  bool isBroken = false;
};

} // namespace tilesdk::tile
