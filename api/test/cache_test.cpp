//===- cache_test.cpp - Programs and variants from disk ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"
#include "core/runtime/context.h"
#include "core/runtime/hash.h"
#include "core/runtime/json.h"
#include "core/runtime/text.h"

#include <filesystem>
#include <fstream>

using namespace tilesdk::fake;
namespace fs = std::filesystem;

namespace {

const char *const toySource = "WARN kernel\nkernel add x n:=3 B:constexpr\n";

struct ApiCacheTest : testing::Test {
  std::string directory = makeDirectory();
  std::vector<std::string> log;

  /// A launch in a context of its own, as in a new process.
  std::string launchOnce(const char *block = "64") {
    tsdk_context context = makeContext(directory, &log);
    tsdk_device device = nullptr;
    tsdk_program program = nullptr;
    tsdk_kernel kernel = nullptr;
    tsdk_diags warnings = nullptr;
    tsdk_program_desc in = {};
    in.struct_size = sizeof(in);
    in.source = str(toySource);
    std::string error = take(tsdk_device_open(context, str("fake"), &device));
    error += take(tsdk_program_create(context, &in, &program, &warnings));
    error += take(tsdk_kernel_get(program, str("add"), &kernel));
    EXPECT_EQ(tsdk_diags_count(warnings), 1u) << "warnings are kept too";
    alignas(16) float data[4];
    tsdk_arg args[] = {tsdk_make_ptr(TSDK_F32, data)};
    tsdk_option option = {str("B"), str(block)};
    tsdk_launch_desc desc = {};
    desc.struct_size = sizeof(desc);
    desc.grid[0] = desc.grid[1] = desc.grid[2] = 1;
    desc.options = &option;
    desc.num_options = 1;
    error += take(tsdk_kernel_launch(kernel, device, &desc, args, 1));
    tsdk_release(warnings);
    tsdk_release(kernel);
    tsdk_release(program);
    tsdk_release(device);
    tsdk_release(context);
    return error;
  }
  std::vector<fs::path> files() {
    std::vector<fs::path> result;
    for (const fs::directory_entry &entry :
         fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file())
        result.push_back(entry.path());
    return result;
  }
};

TEST_F(ApiCacheTest, WarmProcessNeedsNoCompiler) {
  int parses = counters().parses, compiles = counters().compiles;
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().parses, parses + 1);
  EXPECT_EQ(counters().compiles, compiles + 1);
  Launch cold = lastLaunch();
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().parses, parses + 1);
  EXPECT_EQ(counters().compiles, compiles + 1);
  EXPECT_EQ(lastLaunch().object, cold.object);
  EXPECT_EQ(lastLaunch().params[1], cold.params[1]);
  EXPECT_EQ(launchOnce("128"), "");
  EXPECT_EQ(counters().compiles, compiles + 2);
  EXPECT_TRUE(log.empty());
}

TEST_F(ApiCacheTest, AnotherAssemblerIsAnotherEntry) {
  int compiles = counters().compiles;
  EXPECT_EQ(launchOnce(), "");
  counters().assembler = 2;
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 2);
  counters().assembler = 1;
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 2);
}

TEST_F(ApiCacheTest, CorruptEntriesAreBuiltAgainWithAWarning) {
  EXPECT_EQ(launchOnce(), "");
  ASSERT_EQ(files().size(), 2u);
  int compiles = counters().compiles;
  for (const fs::path &file : files())
    fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 1);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("is corrupt; it is built again"), std::string::npos);
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 1) << "and then is good";
}

TEST_F(ApiCacheTest, WellFormedButHostileEntriesAreBuiltAgain) {
  EXPECT_EQ(launchOnce(), "");
  // Entries with right checksums and wrong contents.
  const std::string hostile[] = {
      "",
      std::string(100000, '['),
      "{\"schema\":1}",
      "{\"schema\":2,\"symbol\":\"add\",\"params\":[]}",
      "{\"schema\":1,\"symbol\":\"add\",\"params\":[{\"bytes\":-1}]}",
      "{\"schema\":1,\"symbol\":\"add\",\"params\":[{\"bytes\":1e300}]}",
      "{\"schema\":1,\"symbol\":\"add\",\"scratch_bytes\":"
      "999999999999999999,\"params\":[]}",
      "{\"schema\":1,\"symbol\":7,\"params\":{}}",
      "{\"schema\":1,\"symbol\":\"add\",\"params\":[],\"hidden\":7}",
      "{\"schema\":1,\"symbol\":\"add\",\"params\":[],\"messages\":[],"
      "\"hidden\":{\"version\":2,\"fields\":[]}}",
      "{\"schema\":1,\"symbol\":\"add\",\"params\":[],\"messages\":[],"
      "\"hidden\":{\"version\":1,\"fields\":[{\"name\":\"messages\","
      "\"bytes\":8},{\"name\":\"scratch\",\"bytes\":8}]}}",
  };
  for (const std::string &metadata : hostile) {
    for (const fs::path &file : files()) {
      std::string key =
          file.parent_path().filename().string() + file.filename().string();
      tsdk_context context = makeContext(directory);
      auto *self = static_cast<tilesdk::runtime::Context *>(
          tilesdk::runtime::lookUpHandle(context));
      self->cache.store(key, {{"metadata", metadata},
                              {"object", "object"},
                              {"program", metadata},
                              {"diagnostics", metadata}});
      tsdk_release(context);
    }
    int compiles = counters().compiles;
    EXPECT_EQ(launchOnce(), "") << metadata.substr(0, 80);
    EXPECT_EQ(counters().compiles, compiles + 1);
  }
}

TEST_F(ApiCacheTest, ObjectThatCannotBeLoadedIsBuiltAgain) {
  EXPECT_EQ(launchOnce(), "");
  tsdk_context context = makeContext(directory);
  auto *self = static_cast<tilesdk::runtime::Context *>(
      tilesdk::runtime::lookUpHandle(context));
  for (const fs::path &file : files()) {
    std::string key =
        file.parent_path().filename().string() + file.filename().string();
    std::optional<tilesdk::runtime::CacheEntry> entry = self->cache.load(key);
    ASSERT_TRUE(entry);
    if (!entry->has("object"))
      continue;
    self->cache.store(key, {{"metadata", entry->section("metadata")},
                            {"object", "rubbish"},
                            {"diagnostics", "[]"},
                            {"missing", ","}});
  }
  tsdk_release(context);
  int compiles = counters().compiles;
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 1);
}

TEST_F(ApiCacheTest, StatsPruneVerifyClear) {
  EXPECT_EQ(launchOnce(), "");
  tsdk_context context = makeContext(directory);
  tsdk_blob blob = nullptr;
  ASSERT_EQ(take(tsdk_cache_stats(context, &blob)), "");
  std::string json = take(blob);
  EXPECT_NE(json.find("\"entries\":2"), std::string::npos) << json;
  ASSERT_EQ(take(tsdk_cache_verify(context, &blob)), "");
  json = take(blob);
  EXPECT_NE(json.find("\"corrupt\":0"), std::string::npos) << json;
  uint64_t removed = 0;
  ASSERT_EQ(take(tsdk_cache_prune(context, 1, &removed)), "");
  EXPECT_GT(removed, 200u);
  EXPECT_TRUE(files().empty());
  ASSERT_EQ(take(tsdk_cache_clear(context)), "");
  tsdk_release(context);
}

TEST_F(ApiCacheTest, CacheCanBeOff) {
  directory.clear();
  int compiles = counters().compiles;
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(launchOnce(), "");
  EXPECT_EQ(counters().compiles, compiles + 2);
}

} // namespace
