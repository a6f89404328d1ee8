//===- assemble_test.cpp - PTX to machine code ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/nvidia/artifact.h"
#include "backends/nvidia/assemble.h"
#include "backends/nvidia/test/driver_fixture.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace tilesdk::nvidia;

namespace fs = std::filesystem;

namespace {

struct Assembled {
  Outcome outcome{nullptr};
  std::string object, log;
  tsdk_plugin_compile_out out = {};
  bool isCode() const {
    return object.substr(0, 4) == "\x7f"
                                  "ELF";
  }
};

class AssembleTest : public DriverTest {
protected:
  AssembleTest() {
    folder = fs::temp_directory_path() /
             ("tilesdk-assemble-" + std::to_string(getpid()));
    fs::create_directories(folder / "tmp");
    for (const char *name : {"CUDA_HOME", "CUDA_PATH", "TILESDK_PTXAS"})
      unsetenv(name);
    formerPath = getenv("PATH");
    setenv("PATH", folder.c_str(), 1);
    stub.set("TMPDIR", (folder / "tmp").string());
  }
  ~AssembleTest() override {
    setenv("PATH", formerPath.c_str(), 1);
    // Nothing is left behind.
    EXPECT_TRUE(fs::is_empty(folder / "tmp"));
    fs::remove_all(folder);
  }

  /// A program that plays ptxas; \p body is what it does with a kernel.
  std::string makePtxas(const std::string &release,
                        const std::string &body = "", const char *at = "") {
    fs::path home = folder / at;
    fs::create_directories(home);
    std::string file = home / "ptxas";
    std::ofstream out(file);
    out << "#!/bin/sh\nPATH=/usr/bin:/bin\n"
           "if [ \"$1\" = --version ]; then\n"
           "  echo 'Cuda compilation tools, release "
        << release
        << ", V1.2'\n  exit 0\nfi\n"
           "echo \"$@\" > '"
        << (folder / "arguments").string()
        << "'\n"
           "while [ $# -gt 1 ]; do\n"
           "  if [ \"$1\" = --output-file ]; then output=$2; fi\n"
           "  shift\ndone\n"
        << (body.empty()
                ? "printf '\\177ELFcode' > \"$output\"\n"
                  "echo \"ptxas info    : Function properties for k\"\n"
                  "echo '    8 bytes stack frame, 24 bytes spill stores, 32 "
                  "bytes spill loads'\n"
                  "echo 'ptxas info    : Used 255 registers, used 1 barriers, "
                  "2048 bytes smem, 400 bytes cmem[0]'\n"
                : body);
    out.close();
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }

  std::string plan(const char *target = "sm_90a") {
    tsdk_str text =
        plugin.table->assembler(plugin.table->self, plugin.target(target));
    return {text.data, text.size};
  }

  Assembled assemble(const char *target = "sm_90a",
                     const std::string &text = assemblyOf("k"),
                     uint64_t deadline = 0, const int32_t *cancel = nullptr,
                     const std::string *promised = nullptr) {
    Assembled result;
    std::string key = promised ? *promised : plan(target);
    tsdk_plugin_compile_in in = {};
    in.struct_size = sizeof in;
    in.target = plugin.target(target);
    in.ir = {text.data(), text.size()};
    in.deadline_ns = deadline;
    in.cancel = cancel;
    in.assembler = {key.data(), key.size()};
    result.out.struct_size = sizeof result.out;
    result.outcome =
        Outcome(plugin.table->assemble(plugin.table->self, &in, &result.out));
    auto take = [](tsdk_bytes bytes) {
      std::string text(static_cast<const char *>(bytes.data), bytes.size);
      free(const_cast<void *>(bytes.data));
      return text;
    };
    result.object = take(result.out.object);
    result.log = take(result.out.log);
    return result;
  }

  std::string arguments() {
    std::ifstream file(folder / "arguments");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder;
  std::string formerPath;
};

TEST_F(AssembleTest, WithNeitherItIsText) {
  close();
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK) << result.outcome.message;
  EXPECT_EQ(result.object, assemblyOf("k") + '\0');
  EXPECT_EQ(result.log, "");
  EXPECT_EQ(result.out.registers, 0u);
  EXPECT_EQ(plan(), "ptxas=;driver=0;linker=0");
}

TEST_F(AssembleTest, Ptxas) {
  std::string file = makePtxas("12.4");
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK) << result.outcome.message;
  EXPECT_EQ(result.object, "\x7f"
                           "ELFcode");
  EXPECT_EQ(result.out.registers, 255u);
  EXPECT_EQ(result.out.spill_bytes, 56u);
  EXPECT_EQ(result.out.stack_bytes, 8u);
  EXPECT_EQ(result.out.shared_bytes, 2048u);
  EXPECT_EQ(result.log, "");
  EXPECT_TRUE(contains(arguments(), "--gpu-name sm_90a --output-file"));
  EXPECT_FALSE(contains(arguments(), "line-info"));
  EXPECT_TRUE(contains(plan(), file + ","));
  EXPECT_TRUE(contains(plan(), ";driver=12080;linker=1"));
  assemble("sm_90a", assemblyOf("k") + "\t.loc\t1 1 1\n");
  EXPECT_TRUE(contains(arguments(), "--generate-line-info"));
  EXPECT_EQ(stub.count("cuLink"), 0);
}

/// Where it is looked for, in order.
TEST_F(AssembleTest, Places) {
  stub.set("CUDA_HOME", (folder / "toolkit").string());
  std::string last = makePtxas("12.0", "", "toolkit/bin");
  EXPECT_TRUE(contains(plan(), "ptxas=" + last));
  std::string before = makePtxas("12.0");
  EXPECT_TRUE(contains(plan(), "ptxas=" + before));
  std::string named = makePtxas("12.0", "", "elsewhere");
  stub.set("TILESDK_PTXAS", named);
  EXPECT_TRUE(contains(plan(), "ptxas=" + named));
  stub.set("TILESDK_PTXAS", "none");
  EXPECT_TRUE(contains(plan(), "ptxas=;"));
  stub.set("TILESDK_PTXAS", "/nonexistent/ptxas");
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_E_NOT_FOUND);
  EXPECT_TRUE(contains(result.outcome.message, "/nonexistent/ptxas"));
}

TEST_F(AssembleTest, AnotherFileIsAnotherKey) {
  makePtxas("12.4");
  std::string first = plan();
  EXPECT_EQ(plan(), first);
  makePtxas("12.4", "exit 0 # longer\n");
  EXPECT_NE(plan(), first);
}

TEST_F(AssembleTest, NewerThanTheDriver) {
  makePtxas("12.9");
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK) << result.outcome.message;
  EXPECT_TRUE(result.isCode());
  EXPECT_EQ(stub.count("cuLinkComplete"), 1);
  EXPECT_TRUE(contains(result.log, "CUDA 12.9 is newer than the driver for "
                                   "CUDA 12.8"))
      << result.log;
}

TEST_F(AssembleTest, TooOldForTheKernel) {
  makePtxas("12.0", "echo 'ptxas k.ptx, line 1; fatal : Unsupported .version "
                    "8.7; current version is 8.0'\nexit 255\n");
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK) << result.outcome.message;
  EXPECT_TRUE(result.isCode());
  EXPECT_TRUE(contains(result.log, "too old")) << result.log;
}

TEST_F(AssembleTest, Refusals) {
  makePtxas("12.0", "echo \"ptxas error   : Entry function 'k' uses too much "
                    "shared data (0x40000 bytes, 0x38c00 max)\"\nexit 255\n");
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_E_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(contains(result.outcome.message, "num_stages"));
  EXPECT_TRUE(contains(result.log, "0x40000"));
  makePtxas("12.0", "echo 'ptxas error   : syntax'\nexit 255\n");
  result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_E_INTERNAL);
  EXPECT_TRUE(contains(result.log, "syntax"));
  EXPECT_EQ(result.object, "");
  // It says it is well and wrote nothing.
  makePtxas("12.0", "exit 0\n");
  EXPECT_EQ(assemble().outcome.code, TSDK_E_INTERNAL);
  // Not a ptxas at all.
  std::ofstream(folder / "ptxas") << "#!/bin/sh\nexit 1\n";
  result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK);
  EXPECT_TRUE(contains(result.log, "which version"));
  std::ofstream(folder / "ptxas") << "no program";
  EXPECT_EQ(assemble().outcome.code, TSDK_OK);
}

TEST_F(AssembleTest, Remarks) {
  makePtxas("12.0",
            "printf '\\177ELFcode' > \"$output\"\n"
            "echo 'ptxas info    : Compiling entry function k for sm_90a'\n"
            "echo 'ptxas info    : (C7510) Potential Performance Loss: "
            "serialized'\n"
            "echo 'ptxas info    : Used 10 registers, 16 bytes smem'\n");
  Assembled result = assemble();
  EXPECT_EQ(result.log,
            "ptxas info    : (C7510) Potential Performance Loss: serialized");
  EXPECT_EQ(result.out.registers, 10u);
}

TEST_F(AssembleTest, StopsInTime) {
  makePtxas("12.0", "exec sleep 20\n");
  auto start = std::chrono::steady_clock::now();
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  uint64_t now = uint64_t(time.tv_sec) * 1000000000u + uint64_t(time.tv_nsec);
  Assembled late = assemble("sm_90a", assemblyOf("k"), now + 100000000);
  EXPECT_EQ(late.outcome.code, TSDK_E_DEADLINE_EXCEEDED);
  int32_t cancel = 0;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    __atomic_store_n(&cancel, 1, __ATOMIC_SEQ_CST);
  });
  Assembled cancelled = assemble("sm_90a", assemblyOf("k"), 0, &cancel);
  canceller.join();
  EXPECT_EQ(cancelled.outcome.code, TSDK_E_CANCELLED);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(AssembleTest, Driver) {
  Assembled result = assemble();
  EXPECT_EQ(result.outcome.code, TSDK_OK) << result.outcome.message;
  EXPECT_TRUE(result.isCode());
  EXPECT_EQ(result.out.registers, 40u);
  EXPECT_EQ(result.out.spill_bytes, 12u);
  EXPECT_EQ(result.out.stack_bytes, 16u);
  EXPECT_EQ(result.out.shared_bytes, 1024u);
  EXPECT_EQ(plan(), "ptxas=;driver=12080;linker=1");
  void *module = nullptr, *function = nullptr;
  EXPECT_DONE(driver->module_load(self, device,
                                  {result.object.data(), result.object.size()},
                                  {"", 0}, &module));
  EXPECT_DONE(get(module, "k", &function));
  EXPECT_DONE(launch(function));
  EXPECT_EQ(stub.runs("k"), 1);
  driver->module_unload(self, device, module);
}

TEST_F(AssembleTest, DriverThatSaysNothing) {
  stub.set("STUB_CUDA_LOCAL", "64");
  stub.be("QUIET", "1");
  Assembled result = assemble();
  EXPECT_TRUE(result.isCode());
  EXPECT_EQ(result.out.registers, 32u);
  EXPECT_EQ(result.out.stack_bytes, 64u);
  EXPECT_EQ(result.out.spill_bytes, 0u);
}

/// Only for a target that is open, and only when the key has it.
TEST_F(AssembleTest, DriverOnlyAsPromised) {
  EXPECT_EQ(plan("sm_80"), "ptxas=;driver=0;linker=0");
  EXPECT_FALSE(assemble("sm_80", assemblyOf("k", "sm_80")).isCode());
  close();
  std::string before = plan();
  open();
  EXPECT_NE(plan(), before);
  EXPECT_FALSE(
      assemble("sm_90a", assemblyOf("k"), 0, nullptr, &before).isCode());
  EXPECT_EQ(stub.count("cuLink"), 0);
}

TEST_F(AssembleTest, DriverFails) {
  for (const char *call : {"cuLinkCreate", "cuLinkAddData", "cuLinkComplete"}) {
    stub.fail(std::string(call) + "=801");
    Assembled result = assemble();
    EXPECT_EQ(result.outcome.code, TSDK_OK) << call;
    EXPECT_EQ(result.object, assemblyOf("k") + '\0');
    EXPECT_TRUE(contains(result.log, "CUDA_ERROR_801")) << result.log;
    stub.fail(std::string(call) + "=218");
    EXPECT_EQ(assemble().outcome.code, TSDK_E_INTERNAL) << call;
  }
  stub.fail("");
  stub.be("MISSING", "cuLinkComplete");
  // A new plugin has found no function yet.
  TestPlugin old;
  void *other = nullptr;
  EXPECT_DONE(old.driver->device_open(old.self, 0, &other));
  std::string text = assemblyOf("k");
  tsdk_plugin_compile_in in = {};
  in.struct_size = offsetof(tsdk_plugin_compile_in, assembler);
  in.target = old.target("sm_90a");
  in.ir = {text.data(), text.size()};
  tsdk_plugin_compile_out out = {};
  out.struct_size = sizeof out;
  EXPECT_DONE(old.table->assemble(old.table->self, &in, &out));
  EXPECT_EQ(*static_cast<const char *>(out.object.data), '.');
  free(const_cast<void *>(out.object.data));
  free(const_cast<void *>(out.log.data));
  old.driver->device_close(old.self, other);
}

/// Machine code of a target that later devices run has its assembly with it.
TEST_F(AssembleTest, LaterDevices) {
  makePtxas("12.0");
  std::string text = assemblyOf("k", "sm_80");
  Assembled result = assemble("sm_80", text);
  EXPECT_TRUE(result.isCode());
  EXPECT_TRUE(contains(result.object, text));
  EXPECT_FALSE(contains(assemble().object, ".entry"));
}

TEST_F(AssembleTest, Threads) {
  makePtxas("12.0");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 3; ++k)
        EXPECT_EQ(assemble().object, "\x7f"
                                     "ELFcode");
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
