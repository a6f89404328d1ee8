//===- boxes.cpp - Maps of tensors and copies of boxes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A box is read when its copy is issued and written when somebody waits at its
// barrier; a store happens when its issuer waits for it or the program ends:
// the latest moments that are legal, so that a missing wait shows. On request
// both happen at once, see async.cpp.
//
//===----------------------------------------------------------------------===//

#include "backends/simulator/boxes.h"

#include "backends/simulator/block.h"

#include <algorithm>
#include <cstring>

namespace tilesdk::simulator {

uint64_t TensorMap::boxBytes() const {
  uint64_t bytes = elementBytes;
  for (uint32_t d = 0; d < rank; ++d)
    bytes *= box[d];
  return bytes;
}

TensorMap TensorMap::ofStores() const {
  TensorMap map = *this;
  uint64_t elements = 16 / elementBytes;
  map.shape[0] = (shape[0] + elements - 1) / elements * elements;
  return map;
}

static uint32_t bytesOf(uint32_t dtype) {
  switch (dtype) {
  case TSDK_F64:
  case TSDK_I64:
  case TSDK_U64:
    return 8;
  case TSDK_F32:
  case TSDK_I32:
  case TSDK_U32:
    return 4;
  case TSDK_F16:
  case TSDK_BF16:
  case TSDK_I16:
  case TSDK_U16:
    return 2;
  default:
    return 1;
  }
}

std::string encode(const tsdk_tensor_map_desc &desc, TensorMap &map) {
  map = {};
  if (desc.rank < 1 || desc.rank > TensorMap::MaxRank)
    return "it has " + std::to_string(desc.rank) + " dimensions";
  map.mark = TensorMap::Mark;
  map.base = const_cast<char *>(static_cast<const char *>(desc.base));
  map.rank = desc.rank;
  map.elementBytes = bytesOf(desc.dtype);
  map.swizzleBytes = desc.swizzle_bytes;
  if (reinterpret_cast<uintptr_t>(map.base) % 16)
    return "the tensor's address is not a multiple of 16";
  for (uint32_t d = 0; d < desc.rank; ++d) {
    map.shape[d] = desc.shape[d];
    map.box[d] = desc.box[d];
    if (!map.shape[d] || !map.box[d] || map.box[d] > 256)
      return "dimension " + std::to_string(d) + " has " +
             std::to_string(map.shape[d]) + " elements, the box " +
             std::to_string(map.box[d]);
    if (!d)
      continue;
    map.strides[d - 1] = desc.strides[d - 1];
    if (!map.strides[d - 1] || map.strides[d - 1] % 16)
      return "dimension " + std::to_string(d) + " has a stride of " +
             std::to_string(map.strides[d - 1]) +
             " bytes; it must be a multiple of 16";
  }
  uint64_t row = uint64_t(map.box[0]) * map.elementBytes;
  if (row % 16 || (map.swizzleBytes && row > map.swizzleBytes))
    return "a row of the box has " + std::to_string(row) + " bytes";
  return "";
}

const TensorMap *Block::tensorMap(const void *map, const char *shared,
                                  uint32_t rank) {
  const auto *known = static_cast<const TensorMap *>(map);
  if (known->mark != TensorMap::Mark || known->rank != rank) {
    fail(TSDK_E_KERNEL_FAULT, "a copy of a box has no map of a tensor");
    return nullptr;
  }
  if ((shared - sharedMemory) % 128) {
    fail(TSDK_E_KERNEL_FAULT,
         "a box in shared memory is not aligned by 128 bytes");
    return nullptr;
  }
  return known;
}

/// Calls \p fn with what a box has in global memory, in pieces.
template <typename Function>
static void forEachPiece(const TensorMap &map, const int32_t *at, Function fn) {
  const char *first = nullptr, *end = nullptr;
  forEachElement(map, at, 0, [&](const char *address, uint64_t) {
    if (address && address == end) {
      end += map.elementBytes;
      return;
    }
    if (first)
      fn(first, static_cast<uint32_t>(end - first));
    first = address;
    end = address ? address + map.elementBytes : nullptr;
  });
  if (first)
    fn(first, static_cast<uint32_t>(end - first));
}

/// What an H100 calls an illegal instruction: elements whose numbers do not
/// fit, and stores at a negative coordinate.
bool Block::isBoxAt(const TensorMap &map, const int32_t *at, bool isStore) {
  const char *what = nullptr;
  for (uint32_t d = 0; d < map.rank && !what; ++d)
    if (isStore && at[d] < 0)
      what = "a negative coordinate";
  if (int64_t(at[0]) * map.elementBytes % 16)
    what = "no multiple of 16 bytes of a row";
  if (what) {
    fail(TSDK_E_KERNEL_FAULT, "a box is " +
                                  std::string(isStore ? "stored" : "loaded") +
                                  " at " + what);
    return false;
  }
  return true;
}

void Block::loadBox(char *to, const void *barrier, const void *opaque,
                    const int32_t *at, uint32_t rank) {
  const TensorMap *map = tensorMap(opaque, to, rank);
  if (!map || !isBoxAt(*map, at, false))
    return;
  if (checker) {
    require(checker->copyBox(running, to, uint32_t(map->boxBytes()),
                             memoryBarrier(barrier).arriving));
    forEachPiece(*map, at, [&](const char *address, uint32_t bytes) {
      require(checker->boxReads(running, address, bytes));
    });
  }
  PendingBox box;
  box.to = to;
  box.barrier = barrier;
  box.bytes.resize(map->boxBytes());
  forEachElement(*map, at, uint64_t(to - sharedMemory),
                 [&](const char *from, uint64_t place) {
                   if (from)
                     std::memcpy(box.bytes.data() + place, from,
                                 map->elementBytes);
                 });
  boxes.push_back(std::move(box));
  progressed = true;
  if (worksEarly)
    completeBoxes(barrier);
}

void Block::storeBox(const void *opaque, char *from, const int32_t *at,
                     uint32_t rank) {
  const TensorMap *given = tensorMap(opaque, from, rank);
  if (!given || !isBoxAt(*given, at, true))
    return;
  TensorMap map = given->ofStores();
  if (checker) {
    require(
        checker->readLater(running, BoxGroups, from, uint32_t(map.boxBytes())));
    forEachPiece(map, at, [&](const char *address, uint32_t bytes) {
      require(checker->boxWrites(running, address, bytes));
    });
  }
  PendingStore store{map, from, {}, nullptr, {}};
  if (checker)
    store.site = checker->siteOf(running);
  std::copy_n(at, rank, store.at.begin());
  if (worksEarly)
    performStore(store);
  else
    stores[running].open.push_back(store);
}

void Block::performStore(const PendingStore &store) {
  const char *from = store.bytes.empty() ? store.from : store.bytes.data();
  forEachElement(store.map, store.at.data(),
                 uint64_t(store.from - sharedMemory),
                 [&](char *to, uint64_t place) {
                   if (to)
                     std::memcpy(to, from + place, store.map.elementBytes);
                 });
}

void Block::commitStores() {
  if (checker) {
    checker->commit(running, BoxGroups);
    checker->commit(running, BoxWriteGroups);
  }
  stores[running].commit();
}

void Block::waitStores(uint32_t pending, bool written) {
  if (checker)
    checker->wait(running, BoxGroups, pending);
  if (!written) {
    // What was read may be overwritten, and is in memory as late as it may be.
    stores[running].visit(pending, [](PendingStore &store) {
      if (store.bytes.empty())
        store.bytes.assign(store.from, store.from + store.map.boxBytes());
    });
    return;
  }
  if (checker)
    checker->wait(running, BoxWriteGroups, pending);
  stores[running].finish(
      pending, [this](const PendingStore &store) { performStore(store); });
}

void Block::finishStores() {
  commitStores();
  stores[running].visit(0, [&](const PendingStore &store) {
    if (failed || !store.bytes.empty() || !checker || !checker->has(RaceCheck))
      return;
    std::string place = store.site ? Site(store.site).text() : "";
    fail(TSDK_E_KERNEL_FAULT,
         "check race: the program ends, and with it its shared memory, while "
         "a store of a box of thread " +
             std::to_string(running) +
             (place.empty() ? "" : " (" + place + ")") +
             " reads it; nothing has waited for it");
  });
  waitStores(0, true);
}

void Block::completeBoxes(const void *barrier) {
  for (PendingBox &box : boxes)
    if (box.barrier == barrier) {
      std::memcpy(box.to, box.bytes.data(), box.bytes.size());
      MemoryBarrier &known = memoryBarrier(barrier);
      known.bytes -= int64_t(box.bytes.size());
      settle(known);
      box.barrier = nullptr;
    }
  std::erase_if(boxes,
                [](const PendingBox &box) { return box.barrier == nullptr; });
}

} // namespace tilesdk::simulator
