//===- simt_test.cpp - PTX and code objects ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/codegen/codegen.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"

#include <gtest/gtest.h>

#include <map>

using namespace tilesdk::codegen;

namespace {

/// Both sides of a branch meet in an exchange and in assembly. They must stay
/// two: threads of one side do not wait for those of the other.
const char *const branches = R"(
declare void @meet()
declare i32 @exchange(i32)
declare i32 @lane()
define void @kernel(ptr addrspace(1) %out, i32 %n) {
entry:
  %lane = call i32 @lane()
  %which = icmp slt i32 %lane, %n
  br i1 %which, label %left, label %right
left:
  call void @meet()
  %a = call i32 @exchange(i32 %lane)
  br label %join
right:
  call void @meet()
  %b = call i32 @exchange(i32 %lane)
  br label %join
join:
  %c = phi i32 [ %a, %left ], [ %b, %right ]
  %to = getelementptr i32, ptr addrspace(1) %out, i32 %lane
  store i32 %c, ptr addrspace(1) %to
  ret void
}
)";

struct Vendor {
  const char *name;
  Target target;
  /// Defines one function each of those above.
  std::map<std::string, std::string> library;
};

Vendor ptx() {
  Vendor result{"ptx",
                {},
                {{"meet", R"(
define void @meet() alwaysinline convergent nomerge {
  call void asm sideeffect "barrier.sync 1;", ""()
  ret void
}
)"},
                 {"exchange", R"(
define i32 @exchange(i32 %v) alwaysinline convergent nomerge {
  %r = call i32 asm sideeffect "shfl.sync.bfly.b32 $0, $1, 1, 31, -1;", "=r,r"(i32 %v)
  ret i32 %r
}
)"},
                 {"lane", R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
define i32 @lane() alwaysinline {
  %r = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  ret i32 %r
}
)"}}};
  result.target.triple = "nvptx64-nvidia-cuda";
  result.target.cpu = "sm_80";
  result.target.features = "+ptx71";
  result.target.isSimt = result.target.isAssembly = true;
  result.target.callingConvention = 71;
  result.target.kernelAttributes = {{"nvvm.reqntid", "128"},
                                    {"nvvm.maxnreg", "64"}};
  return result;
}

Vendor amd() {
  Vendor result{"amd",
                {},
                {{"meet", R"(
define void @meet() alwaysinline convergent nomerge {
  call void asm sideeffect "s_barrier", ""()
  ret void
}
)"},
                 {"exchange", R"(
define i32 @exchange(i32 %v) alwaysinline convergent nomerge {
  %r = call i32 asm sideeffect "v_mov_b32_dpp $0, $1 quad_perm:[1,0,3,2]", "=v,v"(i32 %v)
  ret i32 %r
}
)"},
                 {"lane", R"(
declare i32 @llvm.amdgcn.workitem.id.x()
define i32 @lane() alwaysinline {
  %r = call i32 @llvm.amdgcn.workitem.id.x()
  ret i32 %r
}
)"}}};
  result.target.triple = "amdgcn-amd-amdhsa";
  result.target.cpu = "gfx942";
  result.target.isSimt = true;
  result.target.callingConvention = 91;
  result.target.kernelAttributes = {{"amdgpu-flat-work-group-size", "256,256"}};
  result.target.moduleFlags = {{"amdhsa_code_object_version", 500}};
  return result;
}

Output build(const Vendor &vendor,
             std::function<void(llvm::Module &)> look = nullptr) {
  LeakableContext context;
  Status status;
  std::unique_ptr<llvm::Module> module = readModule(branches, *context, status);
  EXPECT_TRUE(module) << status.message;
  Options options;
  options.exports = {"kernel"};
  options.keepAssembly = true;
  options.beforeEmit = std::move(look);
  auto provide = [&](llvm::StringRef symbol) -> std::string {
    auto found = vendor.library.find(symbol.str());
    return found == vendor.library.end() ? "" : found->second;
  };
  options.provider = provide;
  Output output;
  StepTimes times;
  status = generate(std::move(module), vendor.target, options, output, times);
  EXPECT_TRUE(status) << status.message;
  return output;
}

size_t count(llvm::StringRef text, llvm::StringRef part) {
  return text.count(part);
}

TEST(Simt, AssemblyIsConvergentAndStaysTwice) {
  for (const Vendor &vendor : {ptx(), amd()}) {
    SCOPED_TRACE(vendor.name);
    unsigned seen = 0;
    build(vendor, [&](llvm::Module &module) {
      for (llvm::Function &function : module)
        for (llvm::Instruction &in : llvm::instructions(function))
          if (auto *call = llvm::dyn_cast<llvm::CallBase>(&in);
              call && call->isInlineAsm()) {
            ++seen;
            EXPECT_TRUE(call->isConvergent());
            EXPECT_TRUE(call->cannotMerge());
          }
    });
    EXPECT_EQ(seen, 4u);
  }
}

TEST(Simt, PtxHasTheKernelWithItsAttributes) {
  std::string text = build(ptx()).assembly;
  EXPECT_EQ(count(text, ".visible .entry kernel("), 1u);
  EXPECT_EQ(count(text, ".target sm_80"), 1u);
  EXPECT_EQ(count(text, ".version 7.1"), 1u);
  EXPECT_EQ(count(text, ".reqntid 128"), 1u);
  EXPECT_EQ(count(text, ".maxnreg 64"), 1u);
  EXPECT_EQ(count(text, "st.global"), 1u);
  EXPECT_EQ(count(text, "barrier.sync 1;"), 2u);
  EXPECT_EQ(count(text, "shfl.sync.bfly.b32"), 2u);
  EXPECT_EQ(count(text, ".func"), 0u); // all was inlined
}

TEST(Simt, CodeObjectHasNotesAndADescriptor) {
  Output output = build(amd());
  EXPECT_EQ(count(output.assembly, "s_barrier"), 2u);
  using namespace llvm::object;
  auto file = llvm::cantFail(ELFObjectFile<ELF64LE>::create(
      llvm::MemoryBufferRef(output.object, "object")));
  EXPECT_EQ(file.getELFFile().getHeader().e_machine, llvm::ELF::EM_AMDGPU);
  std::vector<std::string> symbols;
  for (ELFSymbolRef symbol : file.getDynamicSymbolIterators())
    symbols.push_back(llvm::cantFail(symbol.getName()).str());
  EXPECT_TRUE(llvm::is_contained(symbols, "kernel"));
  EXPECT_TRUE(llvm::is_contained(symbols, "kernel.kd"));
  unsigned notes = 0;
  for (const auto &section : llvm::cantFail(file.getELFFile().sections())) {
    if (section.sh_type != llvm::ELF::SHT_NOTE)
      continue;
    llvm::Error error = llvm::Error::success();
    for (const auto &note : file.getELFFile().notes(section, error)) {
      if (note.getName() != "AMDGPU" ||
          note.getType() != llvm::ELF::NT_AMDGPU_METADATA)
        continue;
      ++notes;
      llvm::StringRef text = note.getDescAsStringRef(section.sh_addralign);
      for (const char *key :
           {"amdhsa.kernels", "kernel.kd", ".vgpr_count", ".vgpr_spill_count",
            ".group_segment_fixed_size", ".max_flat_workgroup_size"})
        EXPECT_NE(text.find(key), llvm::StringRef::npos) << key;
    }
    llvm::cantFail(std::move(error));
  }
  EXPECT_EQ(notes, 1u);
}

TEST(Simt, SameBytesEachTime) {
  for (const Vendor &vendor : {ptx(), amd()}) {
    Output first = build(vendor), second = build(vendor);
    EXPECT_EQ(first.assembly, second.assembly);
    EXPECT_EQ(first.object, second.object);
  }
}

} // namespace
