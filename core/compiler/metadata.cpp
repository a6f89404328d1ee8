//===- metadata.cpp - What is known of an artifact --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/compiler/metadata.h"

#include "core/compiler/text.h"
#include "core/diagnostics/render.h"
#include "core/ir/tile_dialect.h"
#include "core/ir/tile_types.h"
#include "core/lowering/lowering.h"
#include "core/lowering/simt_lowering.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/Support/raw_ostream.h"

namespace tilesdk::compiler {

using llvm::StringRef;

llvm::SmallVector<mlir::Operation *> kernelsOf(mlir::ModuleOp module) {
  llvm::SmallVector<mlir::Operation *> kernels;
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr(tile::attr::kernel))
      kernels.push_back(function);
  return kernels;
}

StringRef nameOf(mlir::Operation *kernel) {
  return llvm::cast<mlir::func::FuncOp>(kernel).getName();
}

/// The spelling of signatures.
static std::string typeText(mlir::Type type) {
  if (auto pointer = llvm::dyn_cast<tile::PointerType>(type))
    return "*" + typeText(pointer.getPointee());
  if (type.isInteger(1))
    return "u1";
  if (type.isInteger())
    return "i" + std::to_string(type.getIntOrFloatBitWidth());
  if (llvm::isa<mlir::BFloat16Type>(type))
    return "bf16";
  if (llvm::isa<mlir::Float8E4M3FNType>(type))
    return "f8e4m3";
  if (llvm::isa<mlir::Float8E5M2Type>(type))
    return "f8e5m2";
  if (llvm::isa<mlir::Float8E4M3FNUZType>(type))
    return "f8e4m3fnuz";
  if (llvm::isa<mlir::Float8E5M2FNUZType>(type))
    return "f8e5m2fnuz";
  return "f" + std::to_string(type.getIntOrFloatBitWidth());
}

static int64_t bytesOf(mlir::Type type) {
  return type.isIntOrFloat() ? (type.getIntOrFloatBitWidth() + 7) / 8 : 8;
}

llvm::json::Object describeKernel(mlir::Operation *kernel,
                                  const CompileInput &input) {
  auto function = llvm::cast<mlir::func::FuncOp>(kernel);
  llvm::json::Array params;
  std::string signature;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    mlir::Type type = function.getArgument(i).getType();
    auto leaf =
        function.getArgAttrOfType<mlir::IntegerAttr>(i, tile::attr::leaf);
    auto name =
        function.getArgAttrOfType<mlir::StringAttr>(i, tile::attr::name);
    auto divisibility = function.getArgAttrOfType<mlir::IntegerAttr>(
        i, tile::attr::divisibility);
    std::string text = typeText(type);
    params.push_back(llvm::json::Object{
        {"leaf", leaf ? leaf.getInt() : int64_t(i)},
        {"name", name ? llvm::json::fixUTF8(name.getValue()) : std::string()},
        {"type", text},
        {"bytes", bytesOf(type)},
        {"divisibility", divisibility ? divisibility.getInt() : int64_t(1)}});
    signature += (i ? "," : "") + text;
    if (divisibility && divisibility.getInt() > 1)
      signature += ":" + std::to_string(divisibility.getInt());
  }
  if (StringRef given = toRef(input.signature); !given.empty())
    signature = given.str();
  llvm::json::Object options;
  for (size_t i = 0; i < input.numOptions; ++i)
    options[llvm::json::fixUTF8(toRef(input.options[i].name))] =
        llvm::json::fixUTF8(toRef(input.options[i].value));
  return llvm::json::Object{{"schema", 1},
                            {"kernel", llvm::json::fixUTF8(function.getName())},
                            {"symbol", llvm::json::fixUTF8(function.getName())},
                            {"target", toRef(input.target->name).str()},
                            {"signature", llvm::json::fixUTF8(signature)},
                            {"params", std::move(params)},
                            {"options", std::move(options)},
                            {"scratch_bytes", 0},
                            {"shared_bytes", 0},
                            {"threads", 1},
                            {"artifact", "elf"},
                            {"uses", llvm::json::Array()},
                            {"diagnostics", llvm::json::Array()}};
}

void describeLowering(llvm::json::Object &metadata,
                      const lowering::TileLoopsInfo &info) {
  metadata["scratch_bytes"] = info.scratchBytes;
  llvm::json::Array uses;
  if (info.usesYield)
    uses.push_back("yield");
  if (info.usesPrint)
    uses.push_back("print");
  if (info.usesAssert)
    uses.push_back("assert");
  metadata["uses"] = std::move(uses);
}

static void describeMaps(llvm::json::Object &metadata,
                         const lowering::SimtLoweringInfo &info) {
  if (info.maps.empty())
    return;
  auto parts = [](const std::vector<lowering::BoxMap::Part> &list) {
    llvm::json::Array array;
    // Each is a sum; a term is its factor and the numbers of parameters.
    for (const lowering::BoxMap::Part &part : list) {
      llvm::json::Array terms;
      for (const lowering::BoxMap::Term &term : part) {
        llvm::json::Array product{term.factor};
        for (unsigned argument : term.arguments)
          product.push_back(int64_t(argument));
        terms.push_back(std::move(product));
      }
      array.push_back(std::move(terms));
    }
    return array;
  };
  llvm::json::Array maps;
  for (const lowering::BoxMap &map : info.maps) {
    llvm::json::Object object{{"base", map.base},
                              {"shape", parts(map.shape)},
                              {"strides", parts(map.strides)},
                              {"box", llvm::json::Array(map.box)},
                              {"swizzle_bytes", map.swizzleBytes}};
    if (map.isOptional)
      object["optional"] = true;
    maps.push_back(std::move(object));
  }
  metadata["maps"] = std::move(maps);
}

void describeLowering(llvm::json::Object &metadata,
                      const lowering::SimtLoweringInfo &info) {
  metadata["threads"] = info.threads;
  metadata["warps"] = info.warps;
  metadata["shared_bytes"] = info.sharedBytes;
  metadata["num_stages"] = info.stages;
  if (info.entryRegisters)
    metadata["entry_registers"] = info.entryRegisters;
  llvm::json::Array uses;
  if (info.usesPrint)
    uses.push_back("print");
  if (info.usesAssert)
    uses.push_back("assert");
  describeMaps(metadata, info);
  metadata["uses"] = std::move(uses);
  if (!info.usesPrint && !info.usesAssert)
    return;
  auto field = [](const char *name, int64_t bytes) {
    return llvm::json::Object{{"name", name}, {"bytes", bytes}};
  };
  metadata["hidden"] = llvm::json::Object{
      {"version", 1},
      {"fields", llvm::json::Array{field("messages", 8), field("launch", 4)}}};
  llvm::json::Array texts;
  for (const std::string &text : info.messages)
    texts.push_back(llvm::json::fixUTF8(text));
  metadata["messages"] = std::move(texts);
}

void describeDiagnostics(llvm::json::Object &metadata,
                         const diagnostics::DiagnosticSink &diagnostics) {
  llvm::json::Array list;
  for (const diagnostics::Diagnostic &one : diagnostics.diagnostics())
    list.push_back(diagnostics::toJson(one));
  metadata["diagnostics"] = std::move(list);
}

std::string remarksJson(const diagnostics::DiagnosticSink &diagnostics) {
  llvm::json::Array list;
  for (const diagnostics::Diagnostic &one : diagnostics.diagnostics())
    if (one.severity == diagnostics::Severity::Remark)
      list.push_back(diagnostics::toJson(one));
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(list));
  return text;
}

} // namespace tilesdk::compiler
