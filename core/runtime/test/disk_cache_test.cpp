//===- disk_cache_test.cpp - Corruption, limits, races ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/runtime/disk_cache.h"
#include "core/runtime/os.h"
#include "core/runtime/test/fake_backend.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tilesdk::runtime;
using tilesdk::fake::makeDirectory;

namespace {

std::string keyOf(unsigned number) {
  char text[65];
  std::snprintf(text, sizeof(text), "%064x", number * 2654435761u);
  return text;
}

struct CacheTest : testing::Test {
  std::vector<std::string> log;

  std::unique_ptr<DiskCache> open(const std::string &dirs,
                                  const std::string &maxBytes = "1000000") {
    tsdk_option options[2] = {
        {tsdk_make_str("cache_dir"), tsdk_make_str(dirs.c_str())},
        {tsdk_make_str("cache_max_bytes"), tsdk_make_str(maxBytes.c_str())}};
    Knobs knobs;
    EXPECT_FALSE(knobs.init(options, 2));
    auto cache = std::make_unique<DiskCache>();
    cache->init(knobs, [this](int32_t, const std::string &message) {
      log.push_back(message);
    });
    return cache;
  }
};

std::string slurp(const std::string &path) {
  return os::readFile(path, 1 << 20).value_or("");
}

void spit(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

int64_t numberOf(llvm::json::Value value, const char *name) {
  return value.getAsObject()->getInteger(name).value_or(-1);
}

TEST_F(CacheTest, GivesBackWhatWasStored) {
  auto cache = open(makeDirectory());
  std::string binary("a\0b\xff", 4);
  EXPECT_FALSE(cache->load(keyOf(1)));
  cache->store(keyOf(1), {{"object", binary}, {"metadata", "{}"}, {"", ""}});
  std::optional<CacheEntry> entry = cache->load(keyOf(1));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->section("object").str(), binary);
  EXPECT_EQ(entry->section("metadata").str(), "{}");
  EXPECT_TRUE(entry->has(""));
  EXPECT_FALSE(entry->has("other"));
  EXPECT_FALSE(cache->load(keyOf(2)));
  EXPECT_TRUE(log.empty());
}

TEST_F(CacheTest, EveryFlippedByteIsFoundOut) {
  auto cache = open(makeDirectory());
  cache->store(keyOf(1), {{"object", "some bytes"}, {"metadata", "{}"}});
  std::string path = cache->entryPath(keyOf(1)), good = slurp(path);
  ASSERT_GT(good.size(), 120u);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 0x41;
    spit(path, bad);
    EXPECT_FALSE(cache->load(keyOf(1))) << "byte " << i;
    EXPECT_FALSE(os::exists(path)) << "a corrupt entry is removed";
  }
  EXPECT_EQ(log.size(), 1u) << "one warning is enough";
  spit(path, good);
  EXPECT_TRUE(cache->load(keyOf(1)));
}

TEST_F(CacheTest, EveryTruncationIsFoundOut) {
  auto cache = open(makeDirectory());
  cache->store(keyOf(1), {{"object", "some bytes"}});
  std::string path = cache->entryPath(keyOf(1)), good = slurp(path);
  for (size_t size = 0; size < good.size(); ++size) {
    spit(path, good.substr(0, size));
    EXPECT_FALSE(cache->load(keyOf(1))) << size;
  }
  spit(path, good + "x");
  EXPECT_FALSE(cache->load(keyOf(1)));
}

TEST_F(CacheTest, EntryOfAnotherKeyIsRefused) {
  auto cache = open(makeDirectory());
  cache->store(keyOf(1), {{"object", "one"}});
  cache->store(keyOf(2), {{"object", "two"}});
  spit(cache->entryPath(keyOf(1)), slurp(cache->entryPath(keyOf(2))));
  EXPECT_FALSE(cache->load(keyOf(1)));
}

TEST_F(CacheTest, DirectoriesAndDevicesInPlaceOfEntriesAreMisses) {
  auto cache = open(makeDirectory());
  cache->store(keyOf(1), {{"object", "one"}});
  std::string path = cache->entryPath(keyOf(1));
  os::removeFile(path);
  os::makeDirectories(path);
  EXPECT_FALSE(cache->load(keyOf(1)));
  rmdir(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(cache->load(keyOf(1))) << "and does not wait for a writer";
}

TEST_F(CacheTest, ReadOnlyTierIsReadAndNeverWritten) {
  std::string lower = makeDirectory(), upper = makeDirectory();
  open(lower)->store(keyOf(1), {{"object", "lower"}});
  auto both = open(upper + ":" + lower);
  ASSERT_TRUE(both->load(keyOf(1)));
  both->store(keyOf(2), {{"object", "upper"}});
  EXPECT_TRUE(open(upper)->load(keyOf(2)));
  EXPECT_FALSE(open(lower)->load(keyOf(2)));
  // A corrupt entry below is left alone; the one above wins.
  std::string path = open(lower)->entryPath(keyOf(1));
  spit(path, "rubbish");
  EXPECT_FALSE(both->load(keyOf(1)));
  EXPECT_TRUE(os::exists(path));
  both->store(keyOf(1), {{"object", "again"}});
  EXPECT_EQ(both->load(keyOf(1))->section("object").str(), "again");
}

TEST_F(CacheTest, UnwritablePlaceIsAWarningOnly) {
  // A file where the directory should be: also true for root.
  std::string file = makeDirectory() + "/file";
  spit(file, "");
  auto cache = open(file + "/cache");
  cache->store(keyOf(1), {{"object", "x"}});
  cache->store(keyOf(2), {{"object", "x"}});
  EXPECT_FALSE(cache->load(keyOf(1)));
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("cannot be written"), std::string::npos) << log[0];
  EXPECT_FALSE(cache->prune(0, nullptr));
}

TEST_F(CacheTest, FullDiskLeavesNothingHalfWritten) {
  std::string directory = makeDirectory();
  pid_t child = fork();
  if (!child) {
    // Writes beyond this size fail as on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {300, 300};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto cache = open(directory);
    std::string big(10000, 'x');
    cache->store(keyOf(1), {{"object", big}});
    cache->store(keyOf(2), {{"object", "small"}});
    bool good =
        log.size() == 1 && !cache->load(keyOf(1)) && cache->load(keyOf(2));
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(os::listDirectory(directory + "/v1/tmp").empty());
}

TEST_F(CacheTest, KilledWriterLeavesAMiss) {
  std::string directory = makeDirectory();
  auto cache = open(directory);
  cache->store(keyOf(1), {{"object", "whole"}});
  // What a writer killed in the middle leaves behind.
  std::string leftover = directory + "/v1/tmp/123-456-0";
  spit(leftover, "half an ent");
  EXPECT_FALSE(cache->load(keyOf(2)));
  EXPECT_TRUE(cache->load(keyOf(1)));
  EXPECT_EQ(numberOf(cache->verify(), "corrupt"), 0);
  EXPECT_TRUE(os::exists(leftover)) << "its writer may still be at it";
  timespec old[2] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, leftover.c_str(), old, 0);
  EXPECT_EQ(numberOf(cache->verify(), "removed"), 1);
  EXPECT_FALSE(os::exists(leftover));
}

TEST_F(CacheTest, WriterKilledAtAnyMomentLeavesWholeEntriesOnly) {
  std::string directory = makeDirectory();
  std::string path = open(directory)->entryPath(keyOf(0));
  for (int round = 0; round < 10; ++round) {
    pid_t child = fork();
    if (!child) {
      auto cache = open(directory, "100000000");
      std::string big(1 << 20, 'x');
      for (unsigned i = 0;; ++i)
        cache->store(keyOf(i % 5), {{"object", big}});
    }
    // Something is there, on a slow disk too.
    while (round == 0 && !std::filesystem::exists(path))
      usleep(1000);
    usleep(5000 + 1700 * round);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  auto cache = open(directory);
  EXPECT_EQ(numberOf(cache->verify(), "corrupt"), 0);
  EXPECT_TRUE(cache->load(keyOf(0)));
}

TEST_F(CacheTest, LeastRecentlyUsedGoFirst) {
  auto cache = open(makeDirectory());
  std::string bytes(1000, 'x');
  for (unsigned i = 0; i < 10; ++i) {
    cache->store(keyOf(i), {{"object", bytes}});
    timespec times[2] = {{1000 + i, 0}, {1000 + i, 0}};
    utimensat(AT_FDCWD, cache->entryPath(keyOf(i)).c_str(), times, 0);
  }
  EXPECT_TRUE(cache->load(keyOf(0))) << "now the youngest";
  uint64_t removed = 0;
  EXPECT_FALSE(cache->prune(5700, &removed));
  EXPECT_TRUE(cache->load(keyOf(0)));
  EXPECT_FALSE(cache->load(keyOf(1)));
  EXPECT_TRUE(cache->load(keyOf(9)));
  EXPECT_GT(removed, 4000u);
  EXPECT_FALSE(cache->clear());
  EXPECT_FALSE(cache->load(keyOf(9)));
}

TEST_F(CacheTest, StaysBelowItsLimit) {
  auto cache = open(makeDirectory(), "50000");
  std::string bytes(1000, 'x');
  for (unsigned i = 0; i < 300; ++i)
    cache->store(keyOf(i), {{"object", bytes}});
  llvm::json::Value stats = cache->stats();
  const llvm::json::Object &tier =
      *(*stats.getAsObject()->getArray("directories"))[0].getAsObject();
  // Between two looks at the whole at most a sixteenth is added.
  EXPECT_LT(*tier.getInteger("bytes"), 55000);
  EXPECT_GT(*tier.getInteger("bytes"), 30000);
}

TEST_F(CacheTest, TwoProcessesRace) {
  std::string directory = makeDirectory();
  std::vector<pid_t> children;
  for (int p = 0; p < 2; ++p) {
    pid_t child = fork();
    if (!child) {
      auto cache = open(directory, "20000");
      for (unsigned round = 0; round < 500; ++round) {
        unsigned i = round % 23;
        std::string bytes(500 + i * 10, static_cast<char>('a' + i));
        cache->store(keyOf(i), {{"object", bytes}});
        std::optional<CacheEntry> entry = cache->load(keyOf((i + 7) % 23));
        if (entry) {
          std::string got = entry->section("object").str();
          char c = static_cast<char>('a' + (i + 7) % 23);
          if (got.find_first_not_of(c) != std::string::npos)
            _exit(2);
        }
      }
      _exit(log.empty() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "a torn or corrupt entry was seen";
  }
  EXPECT_EQ(numberOf(open(directory)->verify(), "corrupt"), 0);
}

TEST_F(CacheTest, LocationFollowsTheEnvironment) {
  auto pathWith = [&](const char *xdg, const char *home) {
    xdg ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME");
    home ? setenv("HOME", home, 1) : unsetenv("HOME");
    return open("")->entryPath(keyOf(0)).substr(0, 20);
  };
  EXPECT_EQ(pathWith("/x/y", "/home/u"), "/x/y/tilesdk/v1/00/0");
  EXPECT_EQ(pathWith("relative", "/h"), "/h/.cache/tilesdk/v1");
  EXPECT_EQ(pathWith(nullptr, nullptr), "");
}

} // namespace
