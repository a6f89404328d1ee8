//===- launch_table_test.cpp - Lock-free lookup -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/context.h"
#include "core/runtime/launch_table.h"

#include <gtest/gtest.h>

#include <thread>

using namespace tilesdk::runtime;

namespace {

llvm::ArrayRef<uint8_t> bytesOf(const std::string &key) {
  return {reinterpret_cast<const uint8_t *>(key.data()), key.size()};
}

std::unique_ptr<LaunchEntry> entryOf(const std::string &key, uint64_t hash) {
  auto entry = std::make_unique<LaunchEntry>();
  entry->key = key;
  entry->hash = hash;
  return entry;
}

TEST(LaunchTable, FindsWhatWasInserted) {
  LaunchTable table;
  for (int i = 0; i < 1000; ++i) {
    std::string key = "key " + std::to_string(i);
    uint64_t hash = LaunchTable::hash(bytesOf(key));
    EXPECT_EQ(table.find(bytesOf(key), hash), nullptr);
    const LaunchEntry *entry = table.insert(entryOf(key, hash));
    EXPECT_EQ(table.find(bytesOf(key), hash), entry);
    EXPECT_EQ(table.insert(entryOf(key, hash)), entry) << "only once";
  }
  EXPECT_EQ(table.size(), 1000u);
}

TEST(LaunchTable, KeysWithOneHashAreDistinct) {
  LaunchTable table;
  const LaunchEntry *a = table.insert(entryOf("a", 7));
  const LaunchEntry *b = table.insert(entryOf("b", 7));
  EXPECT_NE(a, b);
  EXPECT_EQ(table.find(bytesOf("a"), 7), a);
  EXPECT_EQ(table.find(bytesOf("b"), 7), b);
  EXPECT_EQ(table.find(bytesOf("c"), 7), nullptr);
}

TEST(LaunchTable, ReadersRunWhileItGrows) {
  LaunchTable table;
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t)
    readers.emplace_back([&] {
      size_t seen = 0;
      while (!stop) {
        for (size_t i = 0; i < seen; ++i) {
          std::string key = std::to_string(i);
          const LaunchEntry *entry =
              table.find(bytesOf(key), LaunchTable::hash(bytesOf(key)));
          ASSERT_NE(entry, nullptr);
          ASSERT_EQ(entry->key, key);
        }
        // Entries are inserted in order: what counts is there.
        seen = std::min<size_t>(table.size(), 400);
      }
    });
  for (int i = 0; i < 2000; ++i) {
    std::string key = std::to_string(i);
    table.insert(entryOf(key, LaunchTable::hash(bytesOf(key))));
  }
  stop = true;
  for (std::thread &reader : readers)
    reader.join();
}

TEST(LaunchTable, HashSpreads) {
  // Keys that differ in one byte, as those of launches do.
  std::set<uint64_t> low;
  for (int i = 0; i < 256; ++i) {
    std::string key(40, 'x');
    key[i % 40] = static_cast<char>(i);
    low.insert(LaunchTable::hash(bytesOf(key)) & 1023);
  }
  EXPECT_GT(low.size(), 190u);
}

} // namespace
