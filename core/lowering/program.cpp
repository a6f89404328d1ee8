//===- program.cpp - Kernels as functions of the LLVM dialect ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/engine.h"
#include "core/lowering/kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tilesdk::lowering {

Engine::Engine(ModuleOp module, const TileLoopsTarget &target,
               TileLoopsInfo &info)
    : Emitter(module, target.contractFloat), target(target), info(info) {}

// Offsets in tsdk_tile_program, see tilesdk_plugin.h.
static constexpr int64_t yieldOffset = 40, yieldStateOffset = 48;

Value Engine::programField(int64_t offset, Type type) {
  Value &known = programFields[{offset, type}];
  if (!known)
    B.atEntry([&] {
      known = B.load(type, B.gep(programArg, B.i8, B.cst64(offset)),
                     B.bytesOf(type));
    });
  return known;
}

/// Vectors go in pieces of the width of the registers.
Value Engine::libraryCall(StringRef stem, Type result, ValueRange operands) {
  SmallVector<Value> args(operands.begin(), operands.end());
  Type t = B.elementOf(args[0].getType());
  std::string base = (stem + ".").str();
  unsigned lanes = B.lanesOf(args[0]);
  if (lanes == 0)
    return B.call(base + typeSuffix(t), result, args, true);
  unsigned widest = target.vectorBytes / B.bytesOf(t);
  unsigned narrowest = t == B.f64 ? 2 : 4;
  unsigned piece =
      std::min(std::max(floorPowerOfTwo(lanes), narrowest), widest);
  std::string symbol = base + "v" + std::to_string(piece) + typeSuffix(t);
  auto one = [&](ArrayRef<Value> in) {
    return B.call(symbol, B.vec(result, piece), in, true);
  };
  if (lanes < piece) {
    SmallVector<int32_t> up(piece), down(lanes);
    for (unsigned i = 0; i < piece; ++i)
      up[i] = i % lanes;
    for (unsigned i = 0; i < lanes; ++i)
      down[i] = i;
    for (Value &v : args)
      v = B.shuffle(v, v, up);
    Value r = one(args);
    return B.shuffle(r, r, down);
  }
  SmallVector<Value> parts;
  for (unsigned at = 0; at < lanes; at += piece) {
    SmallVector<Value> in;
    for (Value v : args)
      in.push_back(B.slice(v, at, piece));
    parts.push_back(one(in));
  }
  return B.concat(parts);
}

void Engine::emitYield() {
  info.usesYield = true;
  Value fn = programField(yieldOffset, B.ptr);
  Value state = programField(yieldStateOffset, B.ptr);
  B.ifThen(B.icmp(NE, fn, B.zero(B.ptr)),
           [&] { B.callPointer(fn, ValueRange(SmallVector<Value>{state})); });
}

LogicalResult Engine::emitKernel(func::FuncOp func, StringRef name) {
  auto args = B.beginKernel(name, func.getLoc());
  paramsArg = args[0];
  programArg = args[1];
  scratchArg = args[2];
  if (!func.getBody().hasOneBlock()) {
    fail(func, "kernels must be structured: one block with regions");
    return failure();
  }
  cutViewChains(func);
  for (auto [i, arg] : llvm::enumerate(func.getArguments())) {
    Type element = arg.getType();
    if (!tile::isTileScalar(element)) {
      fail(func, "argument " + Twine(i) + " of the kernel is not a scalar");
      return failure();
    }
    Value slot = B.load(B.ptr, B.gep(paramsArg, B.ptr, B.cst64(i)), 8);
    scalars[arg] =
        fromMemory(B.load(memoryType(element), slot, sizeOf(element)), element);
  }
  emitBlock(&func.getBody().front(), {});
  B.loc = func.getLoc();
  B.endKernel();
  placeBuffers();
  return failure(failed);
}

bool lowerTileToLoops(ModuleOp module, const TileLoopsTarget &target,
                      TileLoopsInfo &info) {
  info = TileLoopsInfo();
  return lowerKernels(module, [&](func::FuncOp func, StringRef name) {
    Engine engine(module, target, info);
    return succeeded(engine.emitKernel(func, name));
  });
}

} // namespace tilesdk::lowering
