//===- plugin_test.cpp - Accepting and refusing plugins ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"

#include <cstddef>

using namespace tilesdk::fake;

namespace {

struct PluginTest : testing::Test {
  tsdk_context context = nullptr;
  std::vector<std::string> log;

  void SetUp() override {
    tsdk_option options[2] = {{str("cache"), str("0")},
                              {str("plugin_search"), str("0")}};
    tsdk_context_desc desc = {};
    desc.struct_size = sizeof(desc);
    desc.options = options;
    desc.num_options = 2;
    desc.user = &log;
    desc.log = [](void *user, int32_t, tsdk_str message) {
      static_cast<std::vector<std::string> *>(user)->push_back(text(message));
    };
    OK(tsdk_context_create(&desc, &context));
  }
  void TearDown() override { tsdk_release(context); }

  std::string add(tsdk_plugin_query_fn query) {
    return take(
        tsdk_plugin_register(context, reinterpret_cast<void (*)()>(query)));
  }
  std::string addEdited(void (*edit)(tsdk_plugin &, tsdk_driver &)) {
    setEdit(edit);
    return add(queryEdited);
  }
};

TEST_F(PluginTest, TooNewAnAbiIsRefusedWithBothNumbers) {
  EXPECT_EQ(add(queryTooNew),
            "PLUGIN: plugin (registered) is refused: it needs plugin ABI 7, "
            "this tilesdk speaks plugin ABI 0; install a matching pair");
  EXPECT_EQ(
      addEdited([](tsdk_plugin &plugin, tsdk_driver &) { plugin.abi = 3; }),
      "PLUGIN: plugin (registered) is refused: it needs plugin ABI 3, "
      "this tilesdk speaks plugin ABI 0; install a matching pair");
}

TEST_F(PluginTest, MissingRequiredFunctionsAreNamed) {
  EXPECT_EQ(addEdited([](tsdk_plugin &plugin, tsdk_driver &) {
              plugin.target_get = nullptr;
            }),
            "PLUGIN: plugin (registered) is refused: required `target_get` is "
            "missing");
  EXPECT_EQ(addEdited([](tsdk_plugin &, tsdk_driver &driver) {
              driver.launch = nullptr;
            }),
            "PLUGIN: plugin (registered) is refused: required `driver.launch` "
            "is missing");
  EXPECT_EQ(addEdited([](tsdk_plugin &, tsdk_driver &driver) {
              driver.event_create = [](void *, void *,
                                       uint64_t *) -> tsdk_error {
                return nullptr;
              };
            }),
            "PLUGIN: plugin (registered) is refused: it has some of the event "
            "functions, not all");
  EXPECT_EQ(addEdited([](tsdk_plugin &, tsdk_driver &driver) {
              driver.graph_launch = [](void *, void *, void *,
                                       uint64_t) -> tsdk_error {
                return nullptr;
              };
            }),
            "PLUGIN: plugin (registered) is refused: it has some of the graph "
            "functions, not all");
}

TEST_F(PluginTest, ShortStructsHaveNoTail) {
  // A driver that ends before `launch` does not have it, whatever is behind.
  EXPECT_EQ(addEdited([](tsdk_plugin &, tsdk_driver &driver) {
              driver.struct_size = offsetof(tsdk_driver, launch);
            }),
            "PLUGIN: plugin (registered) is refused: required `driver.launch` "
            "is missing");
  EXPECT_EQ(addEdited([](tsdk_plugin &plugin, tsdk_driver &) {
              plugin.struct_size = 4;
            }),
            "PLUGIN: plugin (registered) is refused: its description has 4 "
            "bytes");
  // One that ends before the driver only builds.
  EXPECT_EQ(addEdited([](tsdk_plugin &plugin, tsdk_driver &) {
              plugin.struct_size = offsetof(tsdk_plugin, driver);
            }),
            "");
  tsdk_device device = nullptr;
  FAILS(tsdk_device_open(context, str("fake"), &device),
        "UNAVAILABLE: plugin fake builds only; it has no devices");
}

TEST_F(PluginTest, LongerStructsAreReadAsFarAsKnown) {
  EXPECT_EQ(addEdited([](tsdk_plugin &plugin, tsdk_driver &driver) {
              plugin.struct_size += 64;
              driver.struct_size += 64;
            }),
            "");
  tsdk_device device = nullptr;
  OK(tsdk_device_open(context, str("fake"), &device));
  tsdk_release(device);
}

TEST_F(PluginTest, BadTargetsAreLeftOutWithAWarning) {
  EXPECT_EQ(addEdited([](tsdk_plugin &plugin, tsdk_driver &) {
              plugin.target_get = [](void *, size_t index) {
                static tsdk_machine machine;
                static tsdk_codegen codegen;
                static tsdk_target targets[3];
                machine.struct_size = sizeof(machine);
                codegen.struct_size = sizeof(codegen);
                for (tsdk_target &target : targets) {
                  target.struct_size = sizeof(target);
                  target.execution = TSDK_EXECUTION_TILE_LOOPS;
                  target.name = {"good", 4};
                  target.machine = &machine;
                  target.codegen = &codegen;
                }
                targets[1].name = {"odd", 3};
                targets[1].execution = 99;
                targets[2].name = {"bare", 4};
                targets[2].machine = nullptr;
                return const_cast<const tsdk_target *>(&targets[index]);
              };
            }),
            "");
  tsdk_blob blob = nullptr;
  OK(tsdk_targets_list(context, &blob));
  std::string json = take(blob);
  EXPECT_NE(json.find("good"), std::string::npos);
  EXPECT_EQ(json.find("odd"), std::string::npos);
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0], "plugin fake: target `odd` is refused: execution 99 is not "
                    "known to this tilesdk");
  EXPECT_EQ(log[1], "plugin fake: target `bare` is refused: required `machine` "
                    "or `codegen` is missing");
}

TEST_F(PluginTest, ANameIsTakenOnce) {
  EXPECT_EQ(add(query), "");
  EXPECT_EQ(
      add(query).substr(0, 65),
      "ALREADY_EXISTS: plugin (registered): a plugin named `fake` is loa");
}

TEST_F(PluginTest, FilesThatAreNoPlugins) {
  FAILS(tsdk_plugin_load(context, str("/no/such/plugin.so")),
        "NOT_FOUND: there is no plugin file /no/such/plugin.so");
  FAILS(tsdk_plugin_load(context, str("/proc/self/exe")), "PLUGIN: plugin /");
  FAILS(tsdk_plugin_load(context, str("")),
        "INVALID_ARGUMENT: `path` is empty");
  FAILS(tsdk_plugin_load(context, str("nosuch")),
        "NOT_FOUND: there is no plugin `nosuch`; loaded: none");
  tsdk_blob blob = nullptr;
  OK(tsdk_plugins_list(context, &blob));
  EXPECT_NE(take(blob).find("\"error\":\"plugin /"), std::string::npos);
}

} // namespace
