//===- transfer.cpp - Copies and fills in a stream --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/transfer.h"

#include "backends/cpu/device.h"

#include <algorithm>
#include <cstring>
#include <emmintrin.h>

namespace tilesdk::cpu {

namespace {

// Below this size waking a thread costs more than the work.
constexpr size_t InlineBytes = size_t(32) << 10;
constexpr size_t BlockBytes = size_t(256) << 10;

/// Work on a range of bytes, done in place when small and by the pool in
/// blocks when large.
class TransferOp : public Op, public Job {
public:
  TransferOp(void *to, size_t bytes, bool divisible)
      : to(static_cast<char *>(to)), bytes(bytes),
        blockBytes(divisible ? BlockBytes : std::max<size_t>(bytes, 1)),
        numBlocks((bytes + blockBytes - 1) / blockBytes) {}

  bool start(Stream &ownStream, Advance &list) final {
    streaming = bytes > ownStream.device.streamingBytes;
    if (bytes <= InlineBytes) {
      doRange(0, bytes);
      return true;
    }
    parallelism = numBlocks;
    ownStream.submitJob(*this, list);
    return false;
  }

  bool hasWork() const final {
    return nextBlock.load(std::memory_order_relaxed) < numBlocks;
  }

  bool run(Worker &) final {
    for (;;) {
      uint64_t block = nextBlock.fetch_add(1, std::memory_order_relaxed);
      if (block >= numBlocks)
        return true;
      size_t first = block * blockBytes;
      doRange(first, std::min(blockBytes, bytes - first));
      if (stream->scheduler.moreUrgent(priority))
        return block + 1 >= numBlocks;
    }
  }

  void complete(Worker &worker) final { stream->finishHead(worker.ofPool); }

protected:
  /// Does the bytes [first, first + count) of the range.
  virtual void doRange(size_t first, size_t count) = 0;

  char *const to;
  const size_t bytes;
  bool streaming = false;

private:
  const size_t blockBytes;
  const uint64_t numBlocks;
  std::atomic<uint64_t> nextBlock{0};
};

/// Copies past the caches, as the target of a large copy is not read soon.
void copyStreaming(char *to, const char *from, size_t count) {
  size_t head = std::min<size_t>(-reinterpret_cast<uintptr_t>(to) & 15, count);
  memcpy(to, from, head);
  size_t i = head;
  for (; i + 64 <= count; i += 64) {
    const __m128i *source = reinterpret_cast<const __m128i *>(from + i);
    __m128i *target = reinterpret_cast<__m128i *>(to + i);
    __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1),
            c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(target, a);
    _mm_stream_si128(target + 1, b);
    _mm_stream_si128(target + 2, c);
    _mm_stream_si128(target + 3, d);
  }
  memcpy(to + i, from + i, count - i);
  streamingFence();
}

class CopyOp final : public TransferOp {
public:
  CopyOp(void *to, const void *from, size_t bytes)
      : TransferOp(to, bytes, !overlap(to, from, bytes)),
        from(static_cast<const char *>(from)),
        overlapping(overlap(to, from, bytes)) {}

private:
  static bool overlap(const void *to, const void *from, size_t bytes) {
    uintptr_t a = reinterpret_cast<uintptr_t>(to),
              b = reinterpret_cast<uintptr_t>(from);
    return (a > b ? a - b : b - a) < bytes;
  }

  void doRange(size_t first, size_t count) override {
    if (overlapping)
      memmove(to + first, from + first, count);
    else if (streaming)
      copyStreaming(to + first, from + first, count);
    else
      memcpy(to + first, from + first, count);
  }

  const char *const from;
  const bool overlapping;
};

class SetOp final : public TransferOp {
public:
  SetOp(void *to, uint32_t value, uint32_t width, size_t count)
      : TransferOp(to, count * width, true) {
    for (size_t i = 0; i < sizeof pattern; ++i)
      pattern[i] = static_cast<unsigned char>(value >> (i % width * 8));
  }

private:
  void doRange(size_t first, size_t count) override {
    // Blocks start at multiples of the pattern's length.
    char *at = to + first, *end = at + count;
    __m128i word;
    memcpy(&word, pattern, sizeof word);
    for (; end - at >= 16; at += 16)
      _mm_storeu_si128(reinterpret_cast<__m128i *>(at), word);
    memcpy(at, pattern, static_cast<size_t>(end - at));
  }

  unsigned char pattern[16];
};

class FreeOp final : public Op {
public:
  explicit FreeOp(void *memory) : memory(memory) {}
  bool start(Stream &stream, Advance &) override {
    stream.device.memory.free(memory);
    return true;
  }

private:
  void *const memory;
};

bool enqueueMade(Stream &stream, Op *op) {
  if (op)
    stream.enqueue(op);
  return op != nullptr;
}

} // namespace

bool enqueueCopy(Stream &stream, void *to, const void *from, size_t bytes) {
  return enqueueMade(stream, stream.make<CopyOp>(0, to, from, bytes));
}

bool enqueueSet(Stream &stream, void *to, uint32_t value, uint32_t width,
                size_t count) {
  return enqueueMade(stream, stream.make<SetOp>(0, to, value, width, count));
}

bool enqueueFree(Stream &stream, void *memory) {
  return enqueueMade(stream, stream.make<FreeOp>(0, memory));
}

} // namespace tilesdk::cpu
