//===- compiler_test.cpp - The compiler through its entry -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opens the shared library as the runtime does, and runs what it makes.
//
//===----------------------------------------------------------------------===//

#include "core/codegen/test/leaks_allowed.h"
#include "core/compiler/compiler_entry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <dlfcn.h>
#include <map>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tilesdk::compiler;

namespace {

const Table *table() {
  static const Table *found = [] {
    void *library = dlopen(TILESDK_BINARY_DIR "/lib/libtilesdk_compiler.so",
                           RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(library, nullptr) << dlerror();
    auto entry = reinterpret_cast<EntryFunction>(dlsym(library, entryName));
    EXPECT_NE(entry, nullptr);
    return entry();
  }();
  return found;
}

tsdk_str str(const std::string &text) { return {text.data(), text.size()}; }
tsdk_bytes bytes(const std::string &text) { return {text.data(), text.size()}; }

struct Collected {
  std::map<std::string, std::string> blobs;
  struct Entry {
    uint32_t severity, code, line, parent;
    std::string message, rendered, help;
  };
  std::vector<Entry> diagnostics;

  Sink sink() {
    Sink result = {};
    result.user = this;
    result.diagnostic = [](void *user, const Diagnostic *one) {
      auto text = [](tsdk_str s) { return std::string(s.data, s.size); };
      static_cast<Collected *>(user)->diagnostics.push_back(
          {one->severity, one->code, one->line, one->parent,
           one->message.size ? text(one->message) : "",
           one->rendered.size ? text(one->rendered) : "",
           one->help.size ? text(one->help) : ""});
    };
    result.blob = [](void *user, tsdk_str name, tsdk_bytes data) {
      static_cast<Collected *>(user)->blobs[{name.data, name.size}] = {
          static_cast<const char *>(data.data), data.size};
    };
    return result;
  }
  bool has(const std::string &code) const {
    for (const Entry &entry : diagnostics)
      if ("T" + std::to_string(10000 + entry.code).substr(1) == code)
        return true;
    return false;
  }
  std::string text() const {
    std::string all;
    for (const Entry &entry : diagnostics)
      all += entry.rendered;
    return all;
  }
};

struct TestTarget {
  tsdk_machine machine = {};
  tsdk_codegen codegen = {};
  tsdk_target target = {};
  std::string triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3";

  TestTarget() {
    machine.struct_size = sizeof machine;
    machine.features = TSDK_MACHINE_FMA | TSDK_MACHINE_MASKED_MEMORY;
    machine.vector_bytes = 32;
    machine.vector_registers = 16;
    machine.function_stride = sizeof(tsdk_language_function);
    machine.option_stride = sizeof(tsdk_option_row);
    codegen.struct_size = sizeof codegen;
    codegen.artifact = TSDK_ARTIFACT_ELF;
    codegen.triple = str(triple);
    codegen.cpu = str(cpu);
    target.struct_size = sizeof target;
    target.execution = TSDK_EXECUTION_TILE_LOOPS;
    target.name = str(cpu);
    target.machine = &machine;
    target.codegen = &codegen;
  }
};

const std::string addSource = R"(import triton
import triton.language as tl

@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    a = tl.load(x + offs, mask=mask)
    b = tl.load(y + offs, mask=mask)
    tl.store(out + offs, a + b, mask=mask)

@triton.jit
def scale(x, n, BLOCK: tl.constexpr):
    offs = tl.arange(0, BLOCK)
    tl.store(x + offs, tl.exp(tl.load(x + offs)) * n)
)";

Program *parse(const std::string &source, Collected &out, tsdk_code want = 0) {
  ProgramInput input = {};
  std::string name = "add.py";
  input.source = str(source);
  input.filename = str(name);
  input.firstLine = 1;
  Program *program = nullptr;
  Sink sink = out.sink();
  EXPECT_EQ(table()->programParse(&input, &sink, &program), want) << out.text();
  return program;
}

class CompilerTest : public testing::Test {
protected:
  void SetUp() override {
    Collected parsed;
    program = parse(addSource, parsed);
    ASSERT_NE(program, nullptr);
    input.program = program;
    input.kernel = str(kernel);
    input.signature = str(signature);
    input.target = &target.target;
  }
  void TearDown() override { table()->programFree(program); }

  tsdk_code compile(Collected &out) { return compileOf(input, out); }
  static tsdk_code compileOf(const CompileInput &input, Collected &out) {
    Sink sink = out.sink();
    return table()->compile(&input, &sink);
  }
  /// The same build from a stage in text form.
  CompileInput resume(const std::string &stage, const std::string &ir) const {
    CompileInput other = input;
    other.program = nullptr;
    other.signature = {};
    other.ir = bytes(ir);
    other.irStage = str(stage);
    return other;
  }

  Program *program = nullptr;
  TestTarget target;
  std::string kernel = "add", signature = "*f32:16,*f32:16,*f32:16,i32,128";
  CompileInput input = {};
};

void expectAdds(const std::string &object) {
  int file = memfd_create("kernel", MFD_CLOEXEC);
  ASSERT_EQ(write(file, object.data(), object.size()), ssize_t(object.size()));
  void *library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(),
                         RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  auto add = reinterpret_cast<tsdk_tile_kernel>(dlsym(library, "add"));
  ASSERT_NE(add, nullptr);
  std::vector<float> x(300), y(300), out(310, -1);
  for (int i = 0; i < 300; ++i)
    x[i] = i, y[i] = 3 * i;
  float *px = x.data(), *py = y.data(), *po = out.data();
  int n = 300;
  void *params[] = {&px, &py, &po, &n};
  tsdk_tile_program program = {};
  program.struct_size = sizeof program;
  program.num_programs[0] = 3;
  program.num_programs[1] = program.num_programs[2] = 1;
  program.streaming_bytes = ~uint64_t(0);
  for (program.program_id[0] = 0; program.program_id[0] < 3;
       ++program.program_id[0])
    add(params, &program, nullptr);
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(out[i], 4.0f * i);
  EXPECT_EQ(out[300], -1);
}

TEST_F(CompilerTest, CompilesAndRuns) {
  Collected out;
  ASSERT_EQ(compile(out), TSDK_OK) << out.text();
  EXPECT_EQ(out.blobs["object"].substr(0, 4), "\177ELF");
  EXPECT_NE(out.blobs["metadata"].find("\"symbol\":\"add\""),
            std::string::npos);
  EXPECT_NE(out.blobs["metadata"].find("\"divisibility\":16"),
            std::string::npos);
  EXPECT_EQ(out.blobs.count("tile"), 0u);
  EXPECT_NE(out.blobs["times"].find("\"frontend\""), std::string::npos);
  expectAdds(out.blobs["object"]);
}

TEST_F(CompilerTest, HandsOutStagesAndResumesFromThem) {
  std::string keep = "tile,tile-opt,llvm,asm";
  input.keepStages = str(keep);
  Collected out;
  ASSERT_EQ(compile(out), TSDK_OK) << out.text();
  EXPECT_NE(out.blobs["tile"].find("tile.kernel"), std::string::npos);
  EXPECT_NE(out.blobs["asm"].find("add:"), std::string::npos);
  input.keepStages = {};
  for (std::string stage : {"tile", "tile-opt", "llvm"}) {
    CompileInput other = resume(stage, out.blobs[stage]);
    Collected again;
    ASSERT_EQ(compileOf(other, again), TSDK_OK) << stage << again.text();
    EXPECT_EQ(again.blobs["object"], out.blobs["object"]) << stage;
    EXPECT_NE(again.blobs["metadata"].find("\"symbol\":\"add\""),
              std::string::npos)
        << stage;
  }
}

TEST_F(CompilerTest, StopsAtEachStage) {
  for (std::string stage : {"tile", "tile-opt", "llvm", "asm"}) {
    input.stopStage = str(stage);
    Collected out;
    ASSERT_EQ(compile(out), TSDK_OK) << out.text();
    EXPECT_FALSE(out.blobs[stage].empty()) << stage;
    EXPECT_EQ(out.blobs.count("object"), 0u) << stage;
  }
}

TEST_F(CompilerTest, SameBytesOnAnyThread) {
  std::vector<Collected> outs(6);
  std::vector<std::thread> threads;
  for (Collected &out : outs)
    threads.emplace_back([&] { EXPECT_EQ(compile(out), TSDK_OK); });
  for (std::thread &thread : threads)
    thread.join();
  for (Collected &out : outs) {
    EXPECT_EQ(out.blobs["object"], outs[0].blobs["object"]);
    EXPECT_EQ(out.blobs["metadata"], outs[0].blobs["metadata"]);
  }
}

TEST_F(CompilerTest, DeadlineAndCancel) {
  Collected late;
  input.deadlineNanoseconds = 1;
  EXPECT_EQ(compile(late), TSDK_E_DEADLINE_EXCEEDED);
  EXPECT_EQ(late.blobs.count("object"), 0u);
  input.deadlineNanoseconds = 0;
  int32_t cancel = 1;
  input.cancel = &cancel;
  Collected cancelled;
  EXPECT_EQ(compile(cancelled), TSDK_E_CANCELLED);
  cancel = 0;
  Collected out;
  EXPECT_EQ(compile(out), TSDK_OK) << out.text();
}

// A deadline at any point of a build is kept, and the build after it works.
TEST_F(CompilerTest, DeadlineAnywhere) {
  for (int step = 0; step < 40; ++step) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    input.deadlineNanoseconds =
        uint64_t(now.tv_sec) * 1000000000 + now.tv_nsec + step * 500000;
    Collected out;
    tsdk_code code = compile(out);
    EXPECT_TRUE(code == TSDK_OK || code == TSDK_E_DEADLINE_EXCEEDED)
        << code << out.text();
  }
}

TEST_F(CompilerTest, BadRequests) {
  Collected out;
  std::string missing = "subtract";
  input.kernel = str(missing);
  EXPECT_NE(compile(out), TSDK_OK);
  EXPECT_FALSE(out.diagnostics.empty());
  input.kernel = str(kernel);

  std::string stage = "tail-opt";
  input.stopStage = str(stage);
  Collected unknown;
  EXPECT_EQ(compile(unknown), TSDK_E_INVALID_ARGUMENT);
  EXPECT_TRUE(unknown.has("T0706")) << unknown.text();
  input.stopStage = {};

  std::string name = "num_warps", value = "many";
  tsdk_option option = {str(name), str(value)};
  input.options = &option;
  input.numOptions = 1;
  Collected warps;
  EXPECT_EQ(compile(warps), TSDK_E_INVALID_ARGUMENT);
  EXPECT_TRUE(warps.has("T0703")) << warps.text();
  input.options = nullptr;
  input.numOptions = 0;

  target.target.execution = TSDK_EXECUTION_PLUGIN_COMPILER;
  Collected plugin;
  EXPECT_EQ(compile(plugin), TSDK_E_UNIMPLEMENTED);
  EXPECT_TRUE(plugin.has("T0708")) << plugin.text();
  std::string opt = "tile-opt";
  input.stopStage = str(opt);
  Collected allowed;
  EXPECT_EQ(compile(allowed), TSDK_OK) << allowed.text();
}

TEST_F(CompilerTest, BadIr) {
  for (std::string stage : {"tile", "tile-opt", "llvm"})
    for (std::string ir :
         {std::string(), std::string("module {"),
          std::string("ML\xefR\x01\x02"), std::string("BC\xc0\xde\x01\x02\x03"),
          std::string(5000, '('), "@x = global " + std::string(200000, '{'),
          std::string("define void @add() { ret void }")}) {
      CompileInput other = resume(stage, ir);
      Collected out;
      tsdk_code code = compileOf(other, out);
      EXPECT_TRUE(code == TSDK_E_DATA_LOSS || code == TSDK_E_NOT_FOUND)
          << stage << ": " << ir.substr(0, 40) << " gave " << code;
      EXPECT_FALSE(out.diagnostics.empty());
    }
  std::string object = "object", ir = "x";
  CompileInput other = resume(object, ir);
  Collected out;
  EXPECT_EQ(compileOf(other, out), TSDK_E_INVALID_ARGUMENT);
  EXPECT_TRUE(out.has("T0707")) << out.text();
}

TEST_F(CompilerTest, SourceErrors) {
  Collected out;
  EXPECT_EQ(parse("@triton.jit\ndef k(:\n", out, TSDK_E_SOURCE), nullptr);
  ASSERT_FALSE(out.diagnostics.empty());
  EXPECT_EQ(out.diagnostics[0].severity, TSDK_SEVERITY_ERROR);
  EXPECT_NE(out.diagnostics[0].code, 0u);
  EXPECT_NE(out.diagnostics[0].line, 0u);
  EXPECT_NE(out.diagnostics[0].rendered.find("add.py"), std::string::npos);
}

TEST_F(CompilerTest, LinkedBitcode) {
  std::string bad = "BC\xc0\xde broken";
  tsdk_bytes link = bytes(bad);
  input.linkBitcode = &link;
  input.numLinkBitcode = 1;
  Collected out;
  EXPECT_EQ(compile(out), TSDK_E_UNSUPPORTED);
  EXPECT_TRUE(out.has("T0705")) << out.text();
}

// An abort inside LLVM is our error with a reproducer; the process lives on.
TEST_F(CompilerTest, SurvivesAnAbortInLlvm) {
  std::string llvm = "llvm";
  input.stopStage = str(llvm);
  Collected stages;
  ASSERT_EQ(compile(stages), TSDK_OK);
  input.stopStage = {};
  std::string ir = stages.blobs["llvm"];
  size_t at = ir.find("ret void");
  ASSERT_NE(at, std::string::npos);
  ir.insert(at, "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n  ");
  ir += "\ndeclare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)\n";
  for (int round = 0; round < 3; ++round) {
    CompileInput other = resume("llvm", ir);
    std::string stage = "llvm";
    other.irStage = str(stage);
    LeaksAllowed leaks;
    Collected out;
    EXPECT_EQ(compileOf(other, out), TSDK_E_INTERNAL) << out.text();
    EXPECT_TRUE(out.has("T1000")) << out.text();
    EXPECT_NE(out.blobs["reproducer"].find("barrier.cta"), std::string::npos);
    Collected good;
    ASSERT_EQ(compile(good), TSDK_OK) << good.text();
    expectAdds(good.blobs["object"]);
  }
}

TEST_F(CompilerTest, SaysWhatCannotBeLowered) {
  std::string stage = "tile-opt", ir = R"(
    func.func @add(%x: i32) attributes {tile.kernel} {
      %0 = call @again(%x) : (i32) -> i32
      return
    }
    func.func private @again(%x: i32) -> i32 {
      %0 = call @again(%x) : (i32) -> i32
      return %0 : i32
    })";
  Collected out;
  EXPECT_EQ(compileOf(resume(stage, ir), out), TSDK_E_UNSUPPORTED)
      << out.text();
  EXPECT_TRUE(out.has("T0704")) << out.text();
}

TEST_F(CompilerTest, RefusesContradictoryTables) {
  tsdk_simt threads = {};
  threads.struct_size = sizeof threads;
  threads.warp_size = 33;
  target.machine.simt = &threads;
  target.target.execution = TSDK_EXECUTION_SIMT;
  Collected out;
  EXPECT_EQ(compile(out), TSDK_E_PLUGIN) << out.text();
  EXPECT_TRUE(out.has("T0709")) << out.text();
  EXPECT_NE(out.text().find("`warp_size` must be a power of two, found 33"),
            std::string::npos);
}

TEST_F(CompilerTest, Explains) {
  Collected out;
  Sink sink = out.sink();
  EXPECT_EQ(table()->explain(706, &sink), TSDK_OK);
  EXPECT_NE(out.blobs["explain"].find("T0706"), std::string::npos);
  EXPECT_EQ(table()->explain(9999, &sink), TSDK_E_NOT_FOUND);
}

//===----------------------------------------------------------------------===//
// Targets of plugins
//===----------------------------------------------------------------------===//

/// The plugin's own data, asked for as a host does.
struct LoadedPlugin {
  tsdk_host host = {};
  const tsdk_plugin *plugin = nullptr;

  explicit LoadedPlugin(const std::string &name) {
    host.struct_size = sizeof host;
    void *library = dlopen(
        (TILESDK_BINARY_DIR "/lib/libtilesdk_plugin_" + name + ".so").c_str(),
        RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(library, nullptr) << dlerror();
    auto query = library ? reinterpret_cast<tsdk_plugin_query_fn>(
                               dlsym(library, TSDK_PLUGIN_QUERY_SYMBOL))
                         : nullptr;
    if (query)
      EXPECT_EQ(query(0, &host, &plugin), TSDK_OK);
  }
  ~LoadedPlugin() {
    if (plugin && plugin->shutdown)
      plugin->shutdown(plugin->self);
  }
  const tsdk_target *find(const std::string &name) const {
    for (size_t i = 0; plugin && i < plugin->target_count(plugin->self); ++i) {
      const tsdk_target *target = plugin->target_get(plugin->self, i);
      if (std::string(target->name.data, target->name.size) == name)
        return target;
    }
    return nullptr;
  }
};

TEST_F(CompilerTest, PtxOfAKernel) {
  LoadedPlugin nvidia("nvidia");
  for (const char *name : {"sm_80", "sm_90a"}) {
    SCOPED_TRACE(name);
    input.target = nvidia.find(name);
    ASSERT_NE(input.target, nullptr);
    input.plugin = nvidia.plugin;
    Collected out;
    ASSERT_EQ(compile(out), TSDK_OK) << out.text();
    const std::string &text = out.blobs["asm"];
    EXPECT_EQ(out.blobs.count("object"), 0u);
    for (const std::string &part :
         {std::string(".visible .entry add("), ".target " + std::string(name),
          std::string(".reqntid 128"), std::string(".address_size 64"),
          // Accesses have the lines of the source.
          std::string("ld.global.b32"), std::string("st.global.b32"),
          std::string("\t.loc\t1 8 "), std::string("\t.loc\t1 10 "),
          std::string("\t.file\t1 \"add.py\"")})
      EXPECT_NE(text.find(part), std::string::npos) << part;
    EXPECT_EQ(text.find(".extern .func"), std::string::npos);
    EXPECT_NE(out.blobs["metadata"].find("\"artifact\":\"assembly\""),
              std::string::npos);
    EXPECT_NE(out.blobs["metadata"].find("\"threads\":128"), std::string::npos);
  }
}

TEST_F(CompilerTest, CodeObjectOfAKernel) {
  LoadedPlugin amd("amd");
  for (auto [name, threads] :
       {std::pair<const char *, const char *>{"gfx942", "\"threads\":256"},
        {"gfx1100", "\"threads\":128"}}) {
    SCOPED_TRACE(name);
    input.target = amd.find(name);
    ASSERT_NE(input.target, nullptr);
    input.plugin = amd.plugin;
    Collected out;
    ASSERT_EQ(compile(out), TSDK_OK) << out.text();
    const std::string &object = out.blobs["object"];
    ASSERT_EQ(object.substr(0, 5), "\177ELF\2");
    EXPECT_EQ(object.substr(18, 2), std::string("\xe0\0", 2)); // EM_AMDGPU
    // The note a loader reads, and the line tables.
    for (const char *part :
         {"amdhsa.kernels", "add.kd", ".vgpr_count", ".vgpr_spill_count",
          ".group_segment_fixed_size", ".kernarg_segment_size", "amdhsa--",
          ".debug_line", "add.py"})
      EXPECT_NE(object.find(part), std::string::npos) << part;
    EXPECT_NE(object.find("amdgcn-amd-amdhsa--" + std::string(name)),
              std::string::npos);
    EXPECT_NE(out.blobs["metadata"].find(threads), std::string::npos);
  }
}

TEST_F(CompilerTest, StageSimtResumes) {
  LoadedPlugin amd("amd");
  input.target = amd.find("gfx942");
  ASSERT_NE(input.target, nullptr);
  input.plugin = amd.plugin;
  std::string keep = "simt";
  input.keepStages = str(keep);
  Collected whole, rest;
  ASSERT_EQ(compile(whole), TSDK_OK) << whole.text();
  ASSERT_NE(whole.blobs["simt"].find("#simt.layout"), std::string::npos);
  EXPECT_NE(whole.blobs["simt"].find("loc(\"add.py\":8:"), std::string::npos);
  ASSERT_EQ(compileOf(resume("simt", whole.blobs["simt"]), rest), TSDK_OK)
      << rest.text();
  EXPECT_EQ(whole.blobs["object"], rest.blobs["object"]);
  EXPECT_EQ(whole.blobs["simt"], rest.blobs["simt"]);
}

} // namespace
