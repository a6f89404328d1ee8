//===- codegen_test.cpp - From LLVM IR to running code ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/codegen.h"
#include "core/codegen/guard.h"
#include "core/codegen/test/leaks_allowed.h"
#include "core/codegen/test/object_loader.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/ErrorHandling.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

using namespace tilesdk::codegen;

namespace {

const char *const vectorAdd = R"(
declare <16 x float> @llvm.masked.load.v16f32.p0(ptr, i32, <16 x i1>, <16 x float>)
declare void @llvm.masked.store.v16f32.p0(<16 x float>, ptr, i32, <16 x i1>)
define void @add(ptr noalias %x, ptr noalias %y, ptr noalias %out, i32 %n) {
entry:
  %n0 = insertelement <16 x i32> poison, i32 %n, i32 0
  %nv = shufflevector <16 x i32> %n0, <16 x i32> poison, <16 x i32> zeroinitializer
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i32 %i, %n
  br i1 %more, label %body, label %exit
body:
  %i0 = insertelement <16 x i32> poison, i32 %i, i32 0
  %iv = shufflevector <16 x i32> %i0, <16 x i32> poison, <16 x i32> zeroinitializer
  %off = add <16 x i32> %iv, <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15>
  %mask = icmp slt <16 x i32> %off, %nv
  %wide = sext i32 %i to i64
  %px = getelementptr float, ptr %x, i64 %wide
  %py = getelementptr float, ptr %y, i64 %wide
  %po = getelementptr float, ptr %out, i64 %wide
  %a = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %px, i32 4, <16 x i1> %mask, <16 x float> zeroinitializer)
  %b = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %py, i32 4, <16 x i1> %mask, <16 x float> zeroinitializer)
  %c = fadd <16 x float> %a, %b
  call void @llvm.masked.store.v16f32.p0(<16 x float> %c, ptr %po, i32 4, <16 x i1> %mask)
  %next = add i32 %i, 16
  br label %loop
exit:
  ret void
}
)";

using AddFunction = void (*)(const float *, const float *, float *, int);

void expectAdds(const std::string &object) {
  auto add = reinterpret_cast<AddFunction>(loadFunction(object, "add"));
  ASSERT_NE(add, nullptr);
  std::vector<float> x(37), y(37), out(40, -1.0f);
  for (int i = 0; i < 37; ++i)
    x[i] = i, y[i] = 2 * i;
  add(x.data(), y.data(), out.data(), 37);
  for (int i = 0; i < 37; ++i)
    EXPECT_EQ(out[i], 3.0f * i);
  EXPECT_EQ(out[37], -1.0f);
}

struct Symbols {
  std::vector<std::string> exported;
  unsigned needed = 0, undefined = 0, initArrays = 0, tls = 0, relocations = 0;
};

Symbols inspect(const std::string &object) {
  using namespace llvm::object;
  Symbols result;
  auto file = cantFail(
      ELFObjectFile<ELF64LE>::create(llvm::MemoryBufferRef(object, "object")));
  for (ELFSymbolRef symbol : file.getDynamicSymbolIterators()) {
    if (cantFail(symbol.getFlags()) & SymbolRef::SF_Undefined)
      ++result.undefined;
    else
      result.exported.push_back(cantFail(symbol.getName()).str());
  }
  for (const auto &entry : cantFail(file.getELFFile().dynamicEntries())) {
    result.needed += entry.d_tag == llvm::ELF::DT_NEEDED;
    result.initArrays += entry.d_tag == llvm::ELF::DT_INIT_ARRAY ||
                         entry.d_tag == llvm::ELF::DT_INIT ||
                         entry.d_tag == llvm::ELF::DT_FINI_ARRAY;
  }
  for (const auto &header : cantFail(file.getELFFile().program_headers()))
    result.tls += header.p_type == llvm::ELF::PT_TLS;
  for (const auto &section : cantFail(file.getELFFile().sections()))
    if (section.sh_type == llvm::ELF::SHT_RELA)
      for (const auto &rela : cantFail(file.getELFFile().relas(section)))
        result.relocations +=
            rela.getType(false) != llvm::ELF::R_X86_64_RELATIVE;
  return result;
}

class CodegenTest : public testing::TestWithParam<Target> {};

TEST_P(CodegenTest, VectorAddRuns) {
  Output output;
  Status status = compileText(vectorAdd, "add", GetParam(), output);
  ASSERT_TRUE(status) << status.message;
  expectAdds(output.object);
}

TEST_P(CodegenTest, EveryLevelRuns) {
  for (unsigned level = 0; level <= 3; ++level) {
    Options options;
    options.optLevel = level;
    options.keepAssembly = true;
    Output output;
    Status status = compileText(vectorAdd, "add", GetParam(), output, &options);
    ASSERT_TRUE(status) << status.message;
    expectAdds(output.object);
    EXPECT_NE(output.assembly.find("add:"), std::string::npos);
    EXPECT_NE(output.optimisedIr.find("define void @add"), std::string::npos);
  }
}

TEST_P(CodegenTest, ObjectIsSelfContained) {
  const char *text = R"(
    @table = constant [4 x ptr] [ptr @table, ptr @one, ptr @two, ptr null]
    define i32 @one() { ret i32 1 }
    define i32 @two() { ret i32 2 }
    declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
    declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
    define i32 @kernel(ptr %to, ptr %from, i64 %n, i32 %which, i128 %a, i128 %b, double %d) {
      call void @llvm.memset.p0.i64(ptr %to, i8 7, i64 %n, i1 false)
      %half = lshr i64 %n, 1
      call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %half, i1 false)
      %i = sext i32 %which to i64
      %p = getelementptr ptr, ptr @table, i64 %i
      %f = load ptr, ptr %p
      %r = call i32 %f()
      %q = udiv i128 %a, %b
      %q32 = trunc i128 %q to i32
      %h = fptrunc double %d to half
      %h16 = bitcast half %h to i16
      %h32 = zext i16 %h16 to i32
      %s = add i32 %r, %q32
      %t = add i32 %s, %h32
      ret i32 %t
    })";
  Output output;
  Status status = compileText(text, "kernel", GetParam(), output);
  ASSERT_TRUE(status) << status.message;
  Symbols symbols = inspect(output.object);
  EXPECT_EQ(symbols.exported, std::vector<std::string>{"kernel"});
  EXPECT_EQ(symbols.needed, 0u);
  EXPECT_EQ(symbols.undefined, 0u);
  EXPECT_EQ(symbols.initArrays, 0u);
  EXPECT_EQ(symbols.tls, 0u);
  EXPECT_EQ(symbols.relocations, 0u);
  EXPECT_LT(output.object.size(), 20000u);

  using Function = int (*)(char *, const char *, long, int, unsigned __int128,
                           unsigned __int128, double);
  auto kernel =
      reinterpret_cast<Function>(loadFunction(output.object, "kernel"));
  ASSERT_NE(kernel, nullptr);
  char to[100], from[100];
  memset(from, 3, sizeof from);
  unsigned __int128 big = static_cast<unsigned __int128>(1) << 100;
  // 2^100 / 2^97 = 8; half(1.0) = 0x3c00; two() = 2.
  EXPECT_EQ(kernel(to, from, 100, 2, big, big >> 3, 1.0), 8 + 2 + 0x3c00);
  EXPECT_EQ(to[49], 3);
  EXPECT_EQ(to[50], 7);
}

TEST_P(CodegenTest, DeterministicOnAnyThread) {
  const char *text = R"(
    declare <16 x float> @tsdk.math.sin.v16f32(<16 x float>)
    declare <8 x double> @tsdk.math.pow.v8f64(<8 x double>, <8 x double>)
    define void @k(ptr %p, ptr %q) {
      %x = load <16 x float>, ptr %p
      %s = call <16 x float> @tsdk.math.sin.v16f32(<16 x float> %x)
      store <16 x float> %s, ptr %p
      %y = load <8 x double>, ptr %q
      %t = call <8 x double> @tsdk.math.pow.v8f64(<8 x double> %y, <8 x double> %y)
      store <8 x double> %t, ptr %q
      ret void
    })";
  std::vector<Output> outputs(8);
  std::vector<std::thread> threads;
  for (Output &output : outputs)
    threads.emplace_back([&output, text] {
      Status status = compileText(text, "k", GetParam(), output);
      EXPECT_TRUE(status) << status.message;
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const Output &output : outputs)
    EXPECT_EQ(output.object, outputs.front().object);
  EXPECT_FALSE(outputs.front().object.empty());
}

// Integers of every type, stored from wider ones, under masks that leave one
// lane in some register.
TEST_P(CodegenTest, MaskedStoresOfTruncations) {
  const unsigned masks[] = {0x1, 0x4, 0x8000, 0x1f, 0x1ff, 0x10, 0x7, 0xf7e1};
  for (unsigned from : {16, 32, 64})
    for (unsigned to : {8, 16, 32})
      for (unsigned lanes : {4, 8, 16})
        for (unsigned mask : masks) {
          mask &= (1u << lanes) - 1;
          if (to >= from || mask == 0)
            continue;
          std::string count = std::to_string(lanes);
          std::string wide = "<" + count + " x i" + std::to_string(from) + ">";
          std::string narrow = "<" + count + " x i" + std::to_string(to) + ">";
          std::string bits, i1s = "<" + count + " x i1>";
          for (unsigned i = 0; i < lanes; ++i)
            bits += std::string(i ? ", " : "") +
                    (mask >> i & 1 ? "i1 true" : "i1 false");
          std::string name =
              "llvm.masked.store.v" + count + "i" + std::to_string(to) + ".p0";
          std::string text =
              "declare void @" + name + "(" + narrow + ", ptr, " + i1s +
              ")\ndefine void @k(ptr %p, ptr %q) {\n  %x = load " + wide +
              ", ptr %p, align 2\n  %y = trunc " + wide + " %x to " + narrow +
              "\n  call void @" + name + "(" + narrow +
              " %y, ptr align 1 %q, " + i1s + " <" + bits +
              ">)\n  ret void\n}\n";
          Output output;
          Status status = compileText(text, "k", GetParam(), output);
          ASSERT_TRUE(status) << status.message;
          auto k = reinterpret_cast<void (*)(const void *, void *)>(
              loadFunction(output.object, "k"));
          ASSERT_NE(k, nullptr);
          unsigned char in[128], out[128];
          for (unsigned i = 0; i < 128; ++i)
            in[i] = i, out[i] = 0xff;
          k(in, out);
          for (unsigned i = 0; i < 128; ++i) {
            unsigned lane = i / (to / 8), byte = i % (to / 8);
            bool written = lane < lanes && (mask >> lane & 1);
            EXPECT_EQ(out[i], written ? in[lane * from / 8 + byte] : 0xff)
                << from << " to " << to << " x" << lanes << " mask " << mask
                << " byte " << i;
          }
        }
}

// An abort inside LLVM must neither end the process nor disturb what follows.
TEST_P(CodegenTest, SurvivesFatalErrors) {
  for (int round = 0; round < 3; ++round) {
    LeaksAllowed leaks;
    Output output;
    Options options;
    options.beforeEmit = [](llvm::Module &) {
      llvm::report_fatal_error("injected for a test");
    };
    Status status = compileText(vectorAdd, "add", GetParam(), output, &options);
    EXPECT_EQ(status.kind, Status::Internal);
    EXPECT_NE(status.message.find("injected for a test"), std::string::npos);
    EXPECT_NE(status.reproducer.find("define void @add"), std::string::npos);

    // An intrinsic of another target: "Cannot select".
    const char *unsupported = R"(
      declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
      define i32 @k() {
        %r = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
        ret i32 %r
      })";
    status = compileText(unsupported, "k", GetParam(), output);
    EXPECT_EQ(status.kind, Status::Internal) << status.message;
    EXPECT_FALSE(status.message.empty());
    EXPECT_NE(status.reproducer.find("sreg.tid.x"), std::string::npos);

    Output good;
    status = compileText(vectorAdd, "add", GetParam(), good);
    ASSERT_TRUE(status) << status.message;
    expectAdds(good.object);
  }
}

TEST_P(CodegenTest, BadInputIsAnError) {
  Output output;
  Status status = compileText("define void @k( {", "k", GetParam(), output);
  EXPECT_EQ(status.kind, Status::Invalid);
  EXPECT_NE(status.message.find("line 1"), std::string::npos) << status.message;

  status = compileText("declare void @f()\n"
                       "define void @k() { call void @f() ret void }",
                       "k", GetParam(), output);
  EXPECT_EQ(status.kind, Status::Invalid);
  EXPECT_NE(status.message.find("'f'"), std::string::npos) << status.message;

  status =
      compileText("define void @k() { ret void }", "other", GetParam(), output);
  EXPECT_EQ(status.kind, Status::Invalid);
  EXPECT_NE(status.message.find("'other'"), std::string::npos);

  status = compileText("declare float @tsdk.math.nosuch.f32(float)\n"
                       "define float @k(float %x) { %y = call float "
                       "@tsdk.math.nosuch.f32(float %x) ret float %y }",
                       "k", GetParam(), output);
  EXPECT_EQ(status.kind, Status::Invalid);
  EXPECT_NE(status.message.find("nosuch"), std::string::npos);

  Target bad = GetParam();
  bad.cpu = "pentium-9000";
  EXPECT_EQ(compileText(vectorAdd, "add", bad, output).kind, Status::Invalid);
  bad = GetParam();
  bad.triple = "sparc-unknown-linux-gnu";
  EXPECT_EQ(compileText(vectorAdd, "add", bad, output).kind, Status::Invalid);
  bad = GetParam();
  bad.features = "+nosuchfeature";
  EXPECT_EQ(compileText(vectorAdd, "add", bad, output).kind, Status::Invalid);
}

TEST_P(CodegenTest, TruncatedBitcodeIsAnError) {
  std::string bytes("BC\xC0\xDE"
                    "garbage that is no bitcode at all");
  Output output;
  EXPECT_EQ(compileText(bytes, "k", GetParam(), output).kind, Status::Invalid);
}

TEST_P(CodegenTest, StopsWhenAsked) {
  Options options;
  options.interrupted = [] { return true; };
  Output output;
  EXPECT_EQ(compileText(vectorAdd, "add", GetParam(), output, &options).kind,
            Status::Interrupted);
  int asked = 0;
  options.interrupted = [&asked] { return ++asked > 4; };
  EXPECT_EQ(compileText(vectorAdd, "add", GetParam(), output, &options).kind,
            Status::Interrupted);
}

TEST_P(CodegenTest, ProviderGivesDeviceFunctions) {
  const char *text = R"(
    declare i32 @tsdk.test.three()
    define i32 @k() { %r = call i32 @tsdk.test.three() ret i32 %r })";
  auto provide = [](llvm::StringRef symbol) -> std::string {
    if (symbol == "tsdk.test.three")
      return "declare i32 @tsdk.test.one()\n"
             "define i32 @tsdk.test.three() alwaysinline {\n"
             "  %a = call i32 @tsdk.test.one()\n  %b = add i32 %a, 2\n"
             "  ret i32 %b }";
    if (symbol == "tsdk.test.one")
      return "define i32 @tsdk.test.one() alwaysinline { ret i32 1 }";
    return "";
  };
  Options options;
  options.provider = provide;
  Output output;
  Status status = compileText(text, "k", GetParam(), output, &options);
  ASSERT_TRUE(status) << status.message;
  auto k = reinterpret_cast<int (*)()>(loadFunction(output.object, "k"));
  ASSERT_NE(k, nullptr);
  EXPECT_EQ(k(), 3);
}

INSTANTIATE_TEST_SUITE_P(Rows, CodegenTest, testing::ValuesIn(hostTargets()),
                         [](const auto &info) {
                           return std::string(
                               info.param.cpu.back() == '4' ? "v4" : "v3");
                         });

TEST(Guard, Nests) {
  LeaksAllowed leaks;
  GuardResult outer, inner;
  bool reached = false;
  EXPECT_TRUE(runGuarded(
      [&] {
        EXPECT_FALSE(runGuarded(
            [] { abandonGuarded(GuardResult::Abandoned, "inner"); }, inner));
        reached = true;
      },
      outer));
  EXPECT_TRUE(reached);
  EXPECT_EQ(inner.message, "inner");
  EXPECT_EQ(inner.cause, GuardResult::Abandoned);
  EXPECT_FALSE(insideGuard());
}

TEST(Guard, InstallsNoSignalHandler) {
  LeaksAllowed leaks;
  const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  std::vector<void (*)(int)> before;
  for (int number : numbers) {
    struct sigaction action;
    sigaction(number, nullptr, &action);
    before.push_back(action.sa_handler);
  }
  GuardResult result;
  EXPECT_FALSE(runGuarded([] { llvm::report_fatal_error("x"); }, result));
  Output output;
  EXPECT_TRUE(compileText(vectorAdd, "add", hostTargets().front(), output));
  for (size_t i = 0; i < std::size(numbers); ++i) {
    struct sigaction action;
    sigaction(numbers[i], nullptr, &action);
    EXPECT_EQ(action.sa_handler, before[i]) << numbers[i];
  }
}

} // namespace
