//===- boxes.h - Maps of tensors and copies of boxes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include "tilesdk/tilesdk_plugin.h"

#include <cstdint>
#include <string>

namespace tilesdk::simulator {

/// The simulator's own form of a map; what hardware has is opaque.
struct TensorMap {
  static constexpr uint32_t MaxRank = 5, Mark = 0x70616d74;
  char *base;
  uint32_t mark, rank, elementBytes, swizzleBytes;
  uint64_t shape[MaxRank], strides[MaxRank - 1]; ///< Innermost first; bytes.
  uint32_t box[MaxRank];

  uint64_t boxBytes() const;
  /// The map by which boxes are stored: what lies behind the end of a row is
  /// cut off by 16 bytes (seen on an H100; tests/probes/boxes.py).
  TensorMap ofStores() const;
};
static_assert(sizeof(TensorMap) <= 128);

/// Fills in a map; otherwise says why it cannot be.
std::string encode(const tsdk_tensor_map_desc &desc, TensorMap &map);

/// Calls \p fn(in memory or null, offset in the box's buffer) for each element
/// of the box at \p at; \p start is where the buffer begins in shared memory,
/// whose addresses say how chunks are moved.
template <typename Function>
void forEachElement(const TensorMap &map, const int32_t *at, uint64_t start,
                    Function fn) {
  uint32_t index[TensorMap::MaxRank] = {};
  for (uint64_t offset = 0, end = map.boxBytes(); offset < end;
       offset += map.elementBytes) {
    int64_t distance = 0;
    bool isInside = true;
    for (uint32_t d = 0; d < map.rank; ++d) {
      int64_t c = int64_t(at[d]) + index[d];
      isInside &= c >= 0 && uint64_t(c) < map.shape[d];
      distance += c * int64_t(d ? map.strides[d - 1] : map.elementBytes);
    }
    // Of 128 bytes each, 16-byte chunk c of line r goes to c ^ r % 8; shorter
    // rows take the higher bits of the line.
    uint64_t place = start + offset;
    if (map.swizzleBytes)
      place ^= place >> 3 & (map.swizzleBytes - 1) & ~uint64_t(15);
    fn(isInside ? map.base + distance : nullptr, place - start);
    for (uint32_t d = 0; d < map.rank && ++index[d] == map.box[d]; ++d)
      index[d] = 0;
  }
}

} // namespace tilesdk::simulator
