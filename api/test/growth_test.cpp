//===- growth_test.cpp - Old clients, new clients ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The zero-tail rule both ways: a client older than this library hands over a
// shorter struct, a newer one a longer struct.
//
//===----------------------------------------------------------------------===//

#include "api/test/api_fixture.h"

#include <cstddef>
#include <memory>

using namespace tilesdk::fake;

namespace {

struct GrowthTest : ApiFixture {};

/// A struct of a later release: ours and 24 bytes behind it.
template <typename T> struct Newer {
  T known;
  uint64_t added[3];
};

template <typename T> Newer<T> newer(const T &known) {
  Newer<T> result = {known, {}};
  result.known.struct_size = sizeof(result);
  return result;
}

/// The first `size` bytes of a struct in memory of exactly that size, so that
/// the address sanitizer sees a read behind its end.
template <typename T>
std::unique_ptr<char[]> older(const T &known, size_t size) {
  auto bytes = std::make_unique<char[]>(size);
  std::memcpy(bytes.get(), &known, size);
  uint32_t structSize = static_cast<uint32_t>(size);
  std::memcpy(bytes.get(), &structSize, sizeof(structSize));
  return bytes;
}

TEST_F(GrowthTest, OldClientNewLibrary) {
  tsdk_program_desc in = programDesc("kernel k n\n");
  auto shortProgram = older(in, offsetof(tsdk_program_desc, filename));
  OK(tsdk_program_create(
      context, reinterpret_cast<tsdk_program_desc *>(shortProgram.get()),
      &program, nullptr));
  OK(tsdk_kernel_get(program, str("k"), &kernel));

  tsdk_variant_desc build = variantDesc("i32", "fake-1");
  auto shortVariant = older(build, offsetof(tsdk_variant_desc, options));
  OK(tsdk_variant_build(
      kernel, reinterpret_cast<tsdk_variant_desc *>(shortVariant.get()),
      &variant));

  tsdk_launch_desc launch = desc;
  launch.grid[0] = launch.grid[1] = launch.grid[2] = 1;
  auto shortLaunch = older(launch, offsetof(tsdk_launch_desc, num_attrs));
  tsdk_arg arg = tsdk_make_int(5);
  OK(tsdk_kernel_launch(kernel, device,
                        reinterpret_cast<tsdk_launch_desc *>(shortLaunch.get()),
                        &arg, 1));

  tsdk_context_desc contextDesc = {};
  auto shortContext = older(contextDesc, offsetof(tsdk_context_desc, flags));
  tsdk_context other = nullptr;
  OK(tsdk_context_create(
      reinterpret_cast<tsdk_context_desc *>(shortContext.get()), &other));
  tsdk_release(other);
}

TEST_F(GrowthTest, NewClientOldLibrary) {
  auto in = newer(programDesc("kernel k n\n"));
  OK(tsdk_program_create(context, &in.known, &program, nullptr));
  OK(tsdk_kernel_get(program, str("k"), &kernel));
  auto build = newer(variantDesc("i32", "fake-1"));
  OK(tsdk_variant_build(kernel, &build.known, &variant));
  auto launch = newer(desc);
  launch.known.grid[0] = launch.known.grid[1] = launch.known.grid[2] = 1;
  tsdk_arg arg = tsdk_make_int(5);
  OK(tsdk_kernel_launch(kernel, device, &launch.known, &arg, 1));

  // Using the new field is refused, not ignored.
  launch.added[2] = 1;
  FAILS(tsdk_kernel_launch(kernel, device, &launch.known, &arg, 1),
        "UNIMPLEMENTED: `desc` uses a field newer than this tilesdk (ABI "
        "1000)");
  build.added[0] = uint64_t(1) << 63;
  FAILS(tsdk_variant_build(kernel, &build.known, &variant), "UNIMPLEMENTED: ");
  in.added[1] = 5;
  tsdk_program none = nullptr;
  FAILS(tsdk_program_create(context, &in.known, &none, nullptr),
        "UNIMPLEMENTED: ");
}

TEST_F(GrowthTest, HeadersAreChecked) {
  tsdk_program_desc in = programDesc("kernel k n\n");
  tsdk_program none = nullptr;
  in.struct_size = 0;
  FAILS(tsdk_program_create(context, &in, &none, nullptr),
        "INVALID_ARGUMENT: `desc` has struct_size 0, expected at least 40; set "
        "it to sizeof");
  in.struct_size = 0xdeadbeef;
  FAILS(tsdk_program_create(context, &in, &none, nullptr),
        "INVALID_ARGUMENT: `desc` has struct_size 3735928559");
  in.struct_size = sizeof(in);
  in.reserved = 1;
  FAILS(tsdk_program_create(context, &in, &none, nullptr), "UNIMPLEMENTED: ");
  in.reserved = 0;
  tsdk_ext extension = {4711, sizeof(tsdk_ext), nullptr};
  in.next = &extension;
  FAILS(tsdk_program_create(context, &in, &none, nullptr),
        "UNIMPLEMENTED: `desc` has an extension of type 4711");
  in.next = nullptr;
  in.flags = 2;
  FAILS(tsdk_program_create(context, &in, &none, nullptr),
        "UNIMPLEMENTED: `desc.flags` has flags 0x2");
  in.flags = 0;
  in.source.data = nullptr;
  FAILS(tsdk_program_create(context, &in, &none, nullptr),
        "INVALID_ARGUMENT: `desc.source` has a size but no data");
  FAILS(tsdk_program_create(context, nullptr, &none, nullptr),
        "INVALID_ARGUMENT: `desc` is null");
  FAILS(tsdk_program_create(context, &in, nullptr, nullptr),
        "INVALID_ARGUMENT: `out` is null");
}

TEST_F(GrowthTest, OutputIsNotWrittenBehindItsEnd) {
  tsdk_program_desc in = programDesc("ERROR\n");
  tsdk_error error = tsdk_program_create(context, &in, &program, nullptr);
  size_t size = offsetof(tsdk_diag, file);
  tsdk_diag known = {};
  auto bytes = older(known, size);
  OK(tsdk_diags_get(tsdk_error_diags(error), 0,
                    reinterpret_cast<tsdk_diag *>(bytes.get())));
  std::memcpy(&known, bytes.get(), size);
  EXPECT_EQ(known.struct_size, size);
  EXPECT_EQ(known.line, 1u);
  auto longer = newer(known);
  longer.added[0] = 77;
  OK(tsdk_diags_get(tsdk_error_diags(error), 0, &longer.known));
  EXPECT_EQ(longer.added[0], 77u);
  EXPECT_EQ(longer.known.struct_size, sizeof(longer));
  tsdk_error_release(error);
}

} // namespace
