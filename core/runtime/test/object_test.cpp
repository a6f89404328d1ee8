//===- object_test.cpp - Handles --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/diagnostics.h"
#include "core/runtime/object.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

using namespace tilesdk::runtime;

namespace {

std::atomic<int> alive{0};

struct Probe : Object {
  Probe() : Object(Kind::Blob) { ++alive; }
  ~Probe() override { --alive; }
};

TEST(Handles, CountReferencesOfTheCaller) {
  void *handle = makeHandle(makeRef<Probe>());
  Object *object = lookUpHandle(handle);
  ASSERT_NE(object, nullptr);
  EXPECT_TRUE(retainHandle(handle));
  EXPECT_TRUE(releaseHandle(handle));
  EXPECT_EQ(lookUpHandle(handle), object);
  EXPECT_TRUE(releaseHandle(handle));
  EXPECT_EQ(alive, 0);
}

TEST(Handles, ReleasedHandleIsNotLive) {
  void *handle = makeHandle(makeRef<Probe>());
  releaseHandle(handle);
  EXPECT_EQ(lookUpHandle(handle), nullptr);
  EXPECT_FALSE(releaseHandle(handle));
  EXPECT_FALSE(retainHandle(handle));
  // The slot comes back with another generation.
  void *next = makeHandle(makeRef<Probe>());
  EXPECT_NE(next, handle);
  EXPECT_EQ(lookUpHandle(handle), nullptr);
  EXPECT_NE(lookUpHandle(next), nullptr);
  releaseHandle(next);
}

TEST(Handles, DoubleReleaseDoesNotTakeInnerReference) {
  Ref<Probe> inner = makeRef<Probe>();
  void *handle = makeHandle(inner);
  releaseHandle(handle);
  releaseHandle(handle);
  EXPECT_EQ(alive, 1);
  inner = nullptr;
  EXPECT_EQ(alive, 0);
}

TEST(Handles, InventedHandlesAreNotLive) {
  for (uintptr_t value : {uintptr_t(0), uintptr_t(1), uintptr_t(4096),
                          ~uintptr_t(0), uintptr_t(0x7fff12345678)})
    EXPECT_EQ(lookUpHandle(reinterpret_cast<void *>(value)), nullptr);
}

TEST(Handles, ManyThreadsMakeAndRelease) {
  size_t before = numLiveHandles();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([] {
      for (int round = 0; round < 200; ++round) {
        std::vector<void *> handles;
        for (int i = 0; i < 20; ++i)
          handles.push_back(makeHandle(makeRef<Probe>()));
        for (void *handle : handles) {
          EXPECT_NE(lookUpHandle(handle), nullptr);
          EXPECT_TRUE(releaseHandle(handle));
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(numLiveHandles(), before);
}

TEST(Diagnostics, SurviveJson) {
  DiagList list;
  DiagEntry entry;
  entry.code = 311;
  entry.line = 18;
  entry.column = 15;
  entry.file = "matmul.py";
  entry.message = "inner \"dimensions\" differ";
  entry.help = "transpose";
  list.add(entry);
  Ref<DiagList> back = DiagList::fromJson(list.toJson());
  ASSERT_EQ(back->size(), 1u);
  EXPECT_EQ((*back)[0].message, entry.message);
  EXPECT_EQ((*back)[0].column, 15u);
  EXPECT_EQ(back->text(), list.text());
  EXPECT_EQ(list.text().str(),
            "matmul.py:18:15: error: inner \"dimensions\" differ\n"
            "   = help: transpose\n");
}

TEST(Diagnostics, HostileJsonIsAnEmptyList) {
  EXPECT_EQ(DiagList::fromJson(std::string(1 << 20, '['))->size(), 0u);
  EXPECT_EQ(DiagList::fromJson("{\"a\":").get()->size(), 0u);
  EXPECT_EQ(DiagList::fromJson("[1,2,\"x\"]")->size(), 0u);
}

} // namespace
