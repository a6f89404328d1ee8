//===- targets_test.cpp - The plugin's data and functions -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/targets.h"
#include "backends/libdevice/libdevice.h"

#include "driver_fixture.h"

#include <bit>
#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <unistd.h>

namespace tilesdk::cpu {
namespace {

std::string text(tsdk_str value) { return {value.data, value.size}; }

/// The type of the first argument.
std::string firstType(const tsdk_language_function &function) {
  std::string types = text(function.arguments);
  return types.substr(0, types.find(','));
}

class TargetsTest : public DriverTest {
protected:
  std::vector<tsdk_language_function> functions() {
    const tsdk_machine &machine = *plugin->target_get(plugin->self, 0)->machine;
    EXPECT_EQ(machine.function_stride, sizeof(tsdk_language_function));
    return {machine.functions, machine.functions + machine.num_functions};
  }
};

TEST_F(TargetsTest, QueryRefusesBadHosts) {
  const tsdk_plugin *out = nullptr;
  EXPECT_NE(tsdk_plugin_query(0, nullptr, &out), TSDK_OK);
  EXPECT_NE(tsdk_plugin_query(0, &host.table, nullptr), TSDK_OK);
  tsdk_host small = host.table;
  small.struct_size = 16;
  EXPECT_NE(tsdk_plugin_query(0, &small, &out), TSDK_OK);
  EXPECT_EQ(out, nullptr);
}

TEST_F(TargetsTest, PluginsAreIndependent) {
  const tsdk_plugin *other = nullptr;
  ASSERT_EQ(tsdk_plugin_query(7, &host.table, &other), TSDK_OK);
  EXPECT_EQ(other->abi, TSDK_PLUGIN_ABI);
  EXPECT_NE(other->self, plugin->self);
  EXPECT_NE(other->target_get(other->self, 0),
            plugin->target_get(plugin->self, 0));
  other->shutdown(other->self);
}

TEST_F(TargetsTest, TargetsSayWhatTheyAre) {
  ASSERT_EQ(plugin->target_count(plugin->self), 2u);
  EXPECT_EQ(plugin->target_get(plugin->self, 2), nullptr);
  std::set<std::string> names;
  for (size_t i = 0; i < 2; ++i) {
    const tsdk_target *target = plugin->target_get(plugin->self, i);
    ASSERT_TRUE(target);
    EXPECT_EQ(target, plugin->target_get(plugin->self, i));
    EXPECT_EQ(target->struct_size, sizeof(tsdk_target));
    EXPECT_EQ(target->execution, TSDK_EXECUTION_TILE_LOOPS);
    EXPECT_EQ(target->machine->struct_size, sizeof(tsdk_machine));
    EXPECT_EQ(target->codegen->struct_size, sizeof(tsdk_codegen));
    EXPECT_EQ(target->codegen->artifact, TSDK_ARTIFACT_ELF);
    names.insert(text(target->name));
    // The matrix block leaves registers for its operands.
    const tsdk_machine &machine = *target->machine;
    EXPECT_LT(machine.matmul_rows * machine.matmul_columns * 4 /
                  machine.vector_bytes,
              machine.vector_registers);
  }
  EXPECT_EQ(names, (std::set<std::string>{"x86-64-v3", "x86-64-v4"}));
}

TEST_F(TargetsTest, DeviceGetsTheBestRowItRuns) {
  TargetTable table;
  EXPECT_EQ(table.forLevel(IsaLevel::Baseline), nullptr);
  EXPECT_EQ(text(table.forLevel(IsaLevel::V3)->name), "x86-64-v3");
  EXPECT_EQ(text(table.forLevel(IsaLevel::V4)->name), "x86-64-v4");
  const tsdk_target *target = nullptr;
  EXPECT_DONE(driver->device_target(self, device, &target));
  // The kernel lists avx512vl exactly when it saves the zmm registers.
  std::ifstream info("/proc/cpuinfo");
  std::string flags((std::istreambuf_iterator<char>(info)), {});
  bool wide = flags.find(" avx512vl") != std::string::npos &&
              flags.find(" avx512bw") != std::string::npos;
  EXPECT_EQ(text(target->name), wide ? "x86-64-v4" : "x86-64-v3");
}

TEST_F(TargetsTest, EnvironmentChoosesALowerRow) {
  const tsdk_target *target = nullptr;
  setenv("TILESDK_CPU_TARGET", "x86-64-v3", 1);
  EXPECT_DONE(driver->device_target(self, device, &target));
  EXPECT_EQ(text(target->name), "x86-64-v3");
  setenv("TILESDK_CPU_TARGET", "x86-64-v9", 1);
  tsdk_error error = driver->device_target(self, device, &target);
  unsetenv("TILESDK_CPU_TARGET");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(text(target->name), "x86-64-v3") << "a failure changed its output";
  host.table.error_free(host.table.self, error);
}

TEST_F(TargetsTest, OverloadsAreUnambiguous) {
  std::set<std::pair<std::string, std::string>> seen;
  const std::regex types("(f32|f64|i32|i64|u32|u64)"
                         "(,(f32|f64|i32|i64|u32|u64))*");
  const std::regex result("i1|f32|f64|i32|i64|u32|u64");
  for (const tsdk_language_function &function : functions()) {
    EXPECT_TRUE(
        seen.insert({text(function.name), text(function.arguments)}).second)
        << text(function.name) << "(" << text(function.arguments) << ")";
    EXPECT_TRUE(std::regex_match(text(function.arguments), types));
    EXPECT_TRUE(std::regex_match(text(function.result), result));
    EXPECT_EQ(function.effects, 0u);
  }
  EXPECT_TRUE(seen.count({"tl.extra.libdevice.tanh", "f32"}));
  EXPECT_TRUE(seen.count({"tl.extra.cpu.libdevice.pow", "f64,f64"}));
  EXPECT_TRUE(seen.count({"tl.math.rsqrt", "f32"}));
}

TEST_F(TargetsTest, EverySymbolHasAProvider) {
  std::ifstream file(TILESDK_SOURCE_DIR "/core/codegen/math/"
                                        "math_functions.def");
  std::string definitions((std::istreambuf_iterator<char>(file)), {});
  for (const tsdk_language_function &function : functions()) {
    std::string symbol = text(function.symbol);
    std::string full = symbol + "." + firstType(function);
    tsdk_bytes ir = {};
    if (symbol.starts_with("tsdk.math.")) {
      std::string name = symbol.substr(10);
      EXPECT_NE(definitions.find("TILESDK_MATH(" + name + ","),
                std::string::npos)
          << symbol;
      EXPECT_EQ(plugin->device_function(plugin->self, nullptr, str(full), &ir),
                TSDK_E_NOT_FOUND);
    } else {
      EXPECT_EQ(plugin->device_function(plugin->self, nullptr, str(full), &ir),
                TSDK_OK)
          << symbol;
      EXPECT_GT(ir.size, 0u);
    }
  }
}

TEST_F(TargetsTest, UnknownSymbolsAreNotFound) {
  tsdk_bytes ir = {};
  for (const char *symbol :
       {"", "tsdk.libdevice.", "tsdk.libdevice.floor", "tsdk.libdevice.floor.",
        "x.floor.f32", "tsdk.libdevice.floor.i32", "tsdk.libdevice.popc.f32",
        "tsdk.libdevice.floor.v.f32", "tsdk.libdevice.floor.v0f32",
        "tsdk.libdevice.floor.v1f32", "tsdk.libdevice.floor.f16",
        "tsdk.libdevice.floor.v99999999f32", "tsdk.libdevice.flor.f32",
        "tsdk.libdevice.floor.f32x", "tsdk.libdevice.floor.v8"})
    EXPECT_EQ(plugin->device_function(plugin->self, nullptr,
                                      {symbol, TSDK_NUL_TERMINATED}, &ir),
              TSDK_E_NOT_FOUND)
        << symbol;
}

/// Compiles the plugin's own functions, scalar and 8 lanes wide, as core would,
/// and calls them.
class DeviceFunctions : public testing::Test {
protected:
  static void SetUpTestSuite() {
    std::string stem =
        testing::TempDir() + "tilesdk_cpu_" + std::to_string(getpid());
    std::string source = stem + ".ll", object = stem + ".so";
    {
      std::ofstream out(source);
      TargetTable table;
      std::set<std::string> symbols;
      const tsdk_machine &machine = *table.target(0).machine;
      for (size_t i = 0; i < machine.num_functions; ++i) {
        std::string symbol = text(machine.functions[i].symbol);
        if (!symbol.starts_with("tsdk.libdevice."))
          continue;
        std::string type = firstType(machine.functions[i]);
        symbols.insert(symbol + "." + type);
        symbols.insert(symbol + ".v8" + type);
      }
      for (const std::string &symbol : symbols)
        out << libdevice::makeDeviceFunction(symbol);
      // A vector is passed in memory by the caller of the test.
      for (const std::string &symbol : symbols)
        if (symbol.ends_with(".v8f32"))
          out << wrapper(symbol);
    }
    std::string command = std::string(TILESDK_TEST_CLANG) +
                          " -x ir -O1 -march=x86-64-v3 -fPIC -shared "
                          "-nostdlib -Wno-override-module " +
                          TILESDK_TEST_LINK_OPTIONS " " + source + " -o " +
                          object;
    ASSERT_EQ(system(command.c_str()), 0) << command;
    std::ifstream file(object, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    std::string error;
    image = ElfImage::load(bytes.data(), bytes.size(), error).release();
    ASSERT_TRUE(image) << error;
    unlink(source.c_str());
    unlink(object.c_str());
  }
  static void TearDownTestSuite() { delete image; }

  /// Calls an 8-lane function of one f32 vector by pointer: out[0..7] = f(in).
  static std::string wrapper(const std::string &symbol) {
    std::string definition = libdevice::makeDeviceFunction(symbol);
    if (definition.find("(<8 x float> %a)") == std::string::npos ||
        !definition.starts_with("define <8 x float>"))
      return "";
    return "define void @\"call." + symbol +
           "\"(ptr %out, ptr %in) {\n"
           "%a = load <8 x float>, ptr %in, align 4\n"
           "%r = call <8 x float> @\"" +
           symbol +
           "\"(<8 x float> %a)\n"
           "store <8 x float> %r, ptr %out, align 4\nret void\n}\n";
  }

  template <typename F> static F *get(const char *symbol) {
    void *address = image->lookup(symbol).address;
    EXPECT_TRUE(address) << symbol;
    return reinterpret_cast<F *>(address);
  }

  static ElfImage *image;
};
ElfImage *DeviceFunctions::image = nullptr;

const float FloatValues[] = {0.0f,   -0.0f,  0.5f,        -0.5f,      1.5f,
                             2.5f,   -2.5f,  0.49999997f, 8388609.0f, 1e30f,
                             -1e30f, 1e-45f, INFINITY,    -INFINITY};

TEST_F(DeviceFunctions, RoundingAgreesWithTheLibrary) {
  struct Case {
    const char *symbol;
    float (*reference)(float);
  } cases[] = {
      {"tsdk.libdevice.floor.f32", floorf}, {"tsdk.libdevice.ceil.f32", ceilf},
      {"tsdk.libdevice.trunc.f32", truncf}, {"tsdk.libdevice.rint.f32", rintf},
      {"tsdk.libdevice.round.f32", roundf}, {"tsdk.libdevice.fabs.f32", fabsf}};
  for (auto [symbol, reference] : cases) {
    auto *function = get<float(float)>(symbol);
    std::string wide = std::string("call.") + symbol;
    wide.insert(wide.rfind('.') + 1, "v8");
    auto *vector = get<void(float *, const float *)>(wide.c_str());
    for (float value : FloatValues) {
      EXPECT_EQ(std::bit_cast<uint32_t>(function(value)),
                std::bit_cast<uint32_t>(reference(value)))
          << symbol << " " << value;
      float in[8] = {1, 2, 3, value, 5, 6, 7, -8.5f}, out[8];
      vector(out, in);
      EXPECT_EQ(std::bit_cast<uint32_t>(out[3]),
                std::bit_cast<uint32_t>(reference(value)))
          << wide << " " << value;
      EXPECT_EQ(out[7], reference(-8.5f));
    }
    EXPECT_TRUE(std::isnan(function(NAN)));
  }
}

TEST_F(DeviceFunctions, Predicates) {
  auto *isNan = get<bool(float)>("tsdk.libdevice.isnan.f32");
  auto *isInf = get<bool(double)>("tsdk.libdevice.isinf.f64");
  auto *isFinite = get<bool(float)>("tsdk.libdevice.isfinite.f32");
  auto *signBit = get<bool(double)>("tsdk.libdevice.signbit.f64");
  for (float value : FloatValues) {
    EXPECT_EQ(isNan(value), false);
    EXPECT_EQ(isInf(value), bool(std::isinf(value)));
    EXPECT_EQ(isFinite(value), bool(std::isfinite(value)));
    EXPECT_EQ(signBit(value), bool(std::signbit(value)));
  }
  EXPECT_TRUE(isNan(NAN));
  EXPECT_FALSE(isInf(NAN));
  EXPECT_FALSE(isFinite(NAN));
}

TEST_F(DeviceFunctions, Integers) {
  auto *popc = get<int32_t(int64_t)>("tsdk.libdevice.popc.i64");
  auto *clz = get<int32_t(int32_t)>("tsdk.libdevice.clz.i32");
  auto *ffs = get<int32_t(int32_t)>("tsdk.libdevice.ffs.i32");
  auto *ffs64 = get<int32_t(int64_t)>("tsdk.libdevice.ffs.i64");
  auto *mulhi = get<int32_t(int32_t, int32_t)>("tsdk.libdevice.mulhi.i32");
  auto *umulhi = get<uint64_t(uint64_t, uint64_t)>("tsdk.libdevice.umulhi.u64");
  auto *brev = get<int32_t(int32_t)>("tsdk.libdevice.brev.i32");
  auto *abs = get<int64_t(int64_t)>("tsdk.libdevice.iabs.i64");
  EXPECT_EQ(popc(-1), 64);
  EXPECT_EQ(popc(0x0101), 2);
  EXPECT_EQ(clz(0), 32);
  EXPECT_EQ(clz(1), 31);
  EXPECT_EQ(ffs(0), 0);
  EXPECT_EQ(ffs(1), 1);
  EXPECT_EQ(ffs(INT32_MIN), 32);
  EXPECT_EQ(ffs64(0), 0);
  EXPECT_EQ(ffs64(INT64_MIN), 64);
  EXPECT_EQ(mulhi(INT32_MIN, 4), -2);
  EXPECT_EQ(umulhi(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
  EXPECT_EQ(brev(1), INT32_MIN);
  EXPECT_EQ(abs(-5), 5);
}

TEST_F(DeviceFunctions, Conversions) {
  auto *llrint = get<int64_t(double)>("tsdk.libdevice.llrint.f64");
  auto *llround = get<int64_t(float)>("tsdk.libdevice.llround.f32");
  auto *bits = get<int32_t(float)>("tsdk.libdevice.bits.f32");
  auto *fromBits = get<double(int64_t)>("tsdk.libdevice.frombits.i64");
  auto *saturate = get<float(float)>("tsdk.libdevice.saturate.f32");
  EXPECT_EQ(llrint(2.5), 2);
  EXPECT_EQ(llrint(-3.5), -4);
  EXPECT_EQ(llround(2.5f), 3);
  EXPECT_EQ(llround(-2.5f), -3);
  EXPECT_EQ(bits(1.0f), 0x3f800000);
  EXPECT_EQ(fromBits(0x3ff0000000000000), 1.0);
  EXPECT_EQ(saturate(7.0f), 1.0f);
  EXPECT_EQ(saturate(-7.0f), 0.0f);
  EXPECT_EQ(saturate(NAN), 0.0f);
}

TEST_F(DeviceFunctions, IntegerPowers) {
  auto *power = get<double(double, int32_t)>("tsdk.libdevice.powi.f64");
  auto *powerFloat = get<float(float, int32_t)>("tsdk.libdevice.powi.f32");
  for (int n : {0, 1, 2, 3, 5, 10, 31, -1, -2, -7})
    for (double x : {1.0, -1.5, 2.0, 0.1}) {
      EXPECT_NEAR(power(x, n) / std::pow(x, n), 1.0, 1e-14) << x << " " << n;
      EXPECT_NEAR(powerFloat(static_cast<float>(x), n) /
                      std::pow(static_cast<float>(x), n),
                  1.0, 1e-5);
    }
  EXPECT_EQ(power(2.0, INT32_MIN), 0.0);
  EXPECT_EQ(power(1.0, INT32_MIN), 1.0);
  EXPECT_EQ(power(0.0, 0), 1.0);
}

} // namespace
} // namespace tilesdk::cpu
