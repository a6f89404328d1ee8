//===- kernel.cpp - Kernels as functions of the LLVM dialect ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_dialect.h"
#include "core/lowering/kernels.h"
#include "core/lowering/simt/boxes.h"
#include "core/lowering/simt/messages.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tilesdk::lowering {

bool SimtEngine::emitKernel(func::FuncOp func, StringRef name) {
  auto count = [&](StringRef attr) -> int64_t {
    auto value = func->getAttrOfType<IntegerAttr>(attr);
    return value ? value.getInt() : 0;
  };
  int64_t warps = count(simt::attr::numWarps);
  if (warps < 1 || !func.getBody().hasOneBlock()) {
    fail(func, "kernels must be of stage simt: structured, with the attribute "
               "'simt.num_warps'");
    return false;
  }
  info.warps = uint32_t(warps);
  info.threads = uint32_t(count(simt::attr::threads));
  if (info.threads == 0)
    info.threads = info.warps * machine.warpSize;
  info.sharedBytes = uint64_t(count(simt::attr::sharedBytes));
  info.stages = uint32_t(count(simt::attr::numStages));

  SmallVector<Type> types;
  SmallVector<int64_t> align;
  for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
    Type element = arg.getType();
    if (!tile::isTileScalar(element)) {
      fail(func, "argument " + Twine(i) + " of the kernel is not a scalar");
      return false;
    }
    types.push_back(memoryType(element));
    auto multiple =
        func.getArgAttrOfType<IntegerAttr>(i, tile::attr::divisibility);
    int64_t known = multiple ? multiple.getInt() : 0;
    align.push_back(known & -known);
  }
  for (const HiddenField &field : hiddenFields(*this, func)) {
    types.push_back(field.type);
    align.push_back(field.align);
  }
  firstMap = types.size();
  unsigned maps = countBoxMaps(func);
  types.append(maps, B.ptr);
  align.append(maps, 0);
  bool inArray = machine.parametersInArray;
  SmallVector<Value> args = B.beginFunction(
      name, func.getLoc(), inArray ? ArrayRef<Type>(B.ptr) : types,
      inArray ? ArrayRef<int64_t>() : align, machine.callingConvention);
  for (unsigned i = 0; i < maps && !inArray; ++i)
    B.passByValue(unsigned(firstMap) + i, BoxMapBytes, BoxMapAlignment);
  for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
    Value v;
    if (inArray) {
      Value slot = B.load(B.ptr, B.gep(args[0], B.ptr, B.cst64(i)), 8);
      v = B.load(types[i], slot, B.bytesOf(types[i]));
    } else {
      v = args[i];
    }
    setScalar(arg, fromMemory(v, arg.getType()));
  }
  makeScope(B.entry->getTerminator(), oncePerKernel("tsdk.warp_id"), info.warps,
            0);
  axis = std::make_unique<optimizer::AxisInfoAnalysis>(func);
  bool ok = emitBlock(func.getBody().front());
  B.loc = func.getLoc();
  B.endKernel();
  return ok && !failed;
}

Value SimtEngine::mapParameter(size_t number) {
  size_t place = firstMap + number;
  if (!machine.parametersInArray)
    return B.entry->getArgument(unsigned(place));
  Value v;
  B.atEntry([&] {
    v = B.load(B.ptr, B.gep(B.entry->getArgument(0), B.ptr, B.cst64(place)), 8);
  });
  return v;
}

bool lowerSimt(ModuleOp module, const target::Machine &machine,
               SimtLoweringInfo &info, bool contractFloat) {
  info = SimtLoweringInfo();
  OpTable table;
  addElementwiseOps(table);
  addControlOps(table);
  addShapeOps(table);
  addMemoryOps(table);
  addConversionOps(table);
  addReductionOps(table);
  addMatrixOps(table);
  if (!lowerKernels(module, [&](func::FuncOp func, StringRef name) {
        SimtEngine engine(module, machine, info, table, contractFloat);
        return engine.emitKernel(func, name);
      }))
    return false;
  module->removeAttr(simt::attr::target);
  return true;
}

} // namespace tilesdk::lowering
