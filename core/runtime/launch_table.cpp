//===- launch_table.cpp - Specialisation key to variant ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/launch_table.h"

#include "core/runtime/build.h"
#include "core/runtime/context.h"

#include <cstring>

using namespace tilesdk::runtime;

LaunchTable::LaunchTable() = default;
LaunchTable::~LaunchTable() = default;

uint64_t LaunchTable::hash(llvm::ArrayRef<uint8_t> key) {
  // Multiply and fold, eight bytes a step; keys are short and not hostile: a
  // collision costs a comparison.
  uint64_t state = 0x9e3779b97f4a7c15ull ^ key.size();
  auto mix = [&](uint64_t word) {
    unsigned __int128 product =
        static_cast<unsigned __int128>(state ^ word) * 0xd6e8feb86659fd93ull;
    state =
        static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  size_t i = 0;
  for (; i + 8 <= key.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, key.data() + i, 8);
    mix(word);
  }
  uint64_t tail = 0;
  std::memcpy(&tail, key.data() + i, key.size() - i);
  mix(tail + 1);
  return state;
}

const LaunchEntry *LaunchTable::find(llvm::ArrayRef<uint8_t> key,
                                     uint64_t hash) const {
  const Slots *table = current.load(std::memory_order_acquire);
  if (!table)
    return nullptr;
  for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    const LaunchEntry *entry = table->slots[i].load(std::memory_order_acquire);
    if (!entry)
      return nullptr;
    if (entry->hash == hash && entry->key.size() == key.size() &&
        !std::memcmp(entry->key.data(), key.data(), key.size()))
      return entry;
  }
}

void LaunchTable::place(Slots &slots, const LaunchEntry *entry) {
  size_t i = entry->hash & slots.mask;
  while (slots.slots[i].load(std::memory_order_relaxed))
    i = (i + 1) & slots.mask;
  slots.slots[i].store(entry, std::memory_order_release);
}

const LaunchEntry *LaunchTable::insert(std::unique_ptr<LaunchEntry> entry) {
  std::lock_guard lock(mutex);
  llvm::ArrayRef<uint8_t> key(
      reinterpret_cast<const uint8_t *>(entry->key.data()), entry->key.size());
  if (const LaunchEntry *other = find(key, entry->hash))
    return other;
  entries.push_back(std::move(entry));
  const LaunchEntry *added = entries.back().get();
  // At most half full, so that a search ends soon.
  if (tables.empty() || entries.size() * 2 > tables.back()->slots.size()) {
    size_t size = tables.empty() ? 8 : tables.back()->slots.size() * 2;
    tables.push_back(std::make_unique<Slots>(size));
    for (const std::unique_ptr<LaunchEntry> &each : entries)
      place(*tables.back(), each.get());
    current.store(tables.back().get(), std::memory_order_release);
  } else {
    place(*tables.back(), added);
  }
  count.store(entries.size(), std::memory_order_relaxed);
  return added;
}
