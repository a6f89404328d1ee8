//===- transfer.h - Copies and fills in a stream ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstddef>
#include <cstdint>

namespace tilesdk::cpu {

class Stream;

/// Queue the operation; false when out of memory. Ranges of a copy may overlap.
bool enqueueCopy(Stream &stream, void *to, const void *from, size_t bytes);
/// Writes the low \p width (1, 2, 4) bytes of \p value \p count times.
bool enqueueSet(Stream &stream, void *to, uint32_t value, uint32_t width,
                size_t count);
/// Frees \p memory of the stream's device.
bool enqueueFree(Stream &stream, void *memory);

} // namespace tilesdk::cpu
