//===- object.cpp - The handle table ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/object.h"

#include <bit>
#include <new>

using namespace tilesdk::runtime;

namespace {

struct Slot {
  std::atomic<uint32_t> generation{1};
  std::atomic<uint32_t> references{0};
  std::atomic<Object *> object{nullptr};
  std::atomic<uint32_t> nextFree{0};
};

constexpr uint32_t chunkBits = 10;
constexpr uint32_t chunkSize = 1u << chunkBits;
constexpr uint32_t maxChunks = 1u << 14;

// No destructor runs at exit: handles may be released later than that.
constinit std::atomic<Slot *> chunks[maxChunks];
constinit std::atomic<uint32_t> numSlots{0};
// A stack of free slots: index + 1 below, a tag against ABA above.
constinit std::atomic<uint64_t> freeList{0};
constinit std::atomic<size_t> numLive{0};

Slot *slotAt(uint32_t index) {
  Slot *chunk = chunks[index >> chunkBits].load(std::memory_order_acquire);
  return chunk ? chunk + (index & (chunkSize - 1)) : nullptr;
}

/// A slot that never was in use; the table grows by whole chunks.
uint32_t growTable() {
  uint32_t index = numSlots.fetch_add(1, std::memory_order_relaxed);
  if (index >= chunkSize * maxChunks) {
    numSlots.fetch_sub(1, std::memory_order_relaxed);
    throw std::bad_alloc();
  }
  std::atomic<Slot *> &chunk = chunks[index >> chunkBits];
  if (!chunk.load(std::memory_order_acquire)) {
    Slot *fresh = new Slot[chunkSize];
    Slot *expected = nullptr;
    if (!chunk.compare_exchange_strong(expected, fresh,
                                       std::memory_order_acq_rel))
      delete[] fresh;
  }
  return index;
}

uint32_t takeSlot() {
  uint64_t head = freeList.load(std::memory_order_acquire);
  while (uint32_t index = static_cast<uint32_t>(head)) {
    uint64_t next =
        slotAt(index - 1)->nextFree.load(std::memory_order_relaxed) |
        ((head >> 32) + 1) << 32;
    if (freeList.compare_exchange_weak(head, next, std::memory_order_acq_rel,
                                       std::memory_order_acquire))
      return index - 1;
  }
  return growTable();
}

void giveSlot(uint32_t index) {
  Slot *slot = slotAt(index);
  uint64_t head = freeList.load(std::memory_order_relaxed);
  uint64_t next;
  do {
    slot->nextFree.store(static_cast<uint32_t>(head),
                         std::memory_order_relaxed);
    next = (index + 1) | ((head >> 32) + 1) << 32;
  } while (!freeList.compare_exchange_weak(
      head, next, std::memory_order_release, std::memory_order_relaxed));
}

Slot *liveSlot(void *handle) {
  uint64_t bits = reinterpret_cast<uintptr_t>(handle);
  uint32_t index = static_cast<uint32_t>(bits) - 1;
  if (index >= chunkSize * maxChunks)
    return nullptr;
  Slot *slot = slotAt(index);
  if (!slot || slot->generation.load(std::memory_order_acquire) != bits >> 32 ||
      !slot->references.load(std::memory_order_relaxed))
    return nullptr;
  return slot;
}

} // namespace

const char *tilesdk::runtime::kindName(Kind kind) {
  switch (kind) {
  case Kind::Free:
    break;
  case Kind::Context:
    return "tsdk_context";
  case Kind::Device:
    return "tsdk_device";
  case Kind::Stream:
    return "tsdk_stream";
  case Kind::Event:
    return "tsdk_event";
  case Kind::Buffer:
    return "tsdk_buffer";
  case Kind::Program:
    return "tsdk_program";
  case Kind::Kernel:
    return "tsdk_kernel";
  case Kind::Variant:
    return "tsdk_variant";
  case Kind::Build:
    return "tsdk_build";
  case Kind::Diags:
    return "tsdk_diags";
  case Kind::Blob:
    return "tsdk_blob";
  }
  return "nothing";
}

bool Object::tryRetain() {
  uint32_t count = references.load(std::memory_order_relaxed);
  while (count)
    if (references.compare_exchange_weak(count, count + 1,
                                         std::memory_order_acq_rel))
      return true;
  return false;
}

void *tilesdk::runtime::makeHandle(Ref<Object> object) {
  uint32_t index = takeSlot();
  Slot *slot = slotAt(index);
  slot->object.store(object.take(), std::memory_order_relaxed);
  slot->references.store(1, std::memory_order_release);
  numLive.fetch_add(1, std::memory_order_relaxed);
  uint64_t generation = slot->generation.load(std::memory_order_relaxed);
  // A handle is a number that travels as a pointer.
  return std::bit_cast<void *>(generation << 32 | (index + 1));
}

Object *tilesdk::runtime::lookUpHandle(void *handle) {
  Slot *slot = liveSlot(handle);
  return slot ? slot->object.load(std::memory_order_relaxed) : nullptr;
}

bool tilesdk::runtime::retainHandle(void *handle) {
  Slot *slot = liveSlot(handle);
  if (slot)
    slot->references.fetch_add(1, std::memory_order_relaxed);
  return slot != nullptr;
}

bool tilesdk::runtime::releaseHandle(void *handle) {
  Slot *slot = liveSlot(handle);
  if (!slot)
    return false;
  Object *object = slot->object.load(std::memory_order_relaxed);
  if (slot->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return true;
  // Generation 0 is never used, so that a small integer is no handle.
  uint32_t next = slot->generation.load(std::memory_order_relaxed) + 1;
  slot->generation.store(next ? next : 1, std::memory_order_release);
  giveSlot(static_cast<uint32_t>(reinterpret_cast<uintptr_t>(handle)) - 1);
  numLive.fetch_sub(1, std::memory_order_relaxed);
  object->release();
  return true;
}

size_t tilesdk::runtime::numLiveHandles() {
  return numLive.load(std::memory_order_relaxed);
}
