//===- kernels.cpp - From the kernels of a module to functions ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/kernels.h"
#include "core/ir/tile_dialect.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tilesdk::lowering {

/// Replaces calls by the bodies of the functions, which are single blocks.
/// Emits an error when that fails.
static LogicalResult inlineCalls(ModuleOp module, func::FuncOp kernel) {
  unsigned budget = 1000;
  while (true) {
    SmallVector<func::CallOp> calls;
    kernel.walk([&](func::CallOp call) { calls.push_back(call); });
    if (calls.empty())
      return success();
    for (func::CallOp call : calls) {
      auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
      if (!callee || callee.isExternal() || !callee.getBody().hasOneBlock())
        return call.emitError() << "function '" << call.getCallee()
                                << "' has no body that can be inlined";
      if (budget-- == 0)
        return call.emitError() << "calls are recursive or too many";
      OpBuilder b(call);
      IRMapping map;
      Block &body = callee.getBody().front();
      map.map(body.getArguments(), call.getOperands());
      // Cloned code says where it was written and where it is called.
      for (Operation &op : body.without_terminator())
        b.clone(op, map)->walk([&](Operation *inner) {
          inner->setLoc(CallSiteLoc::get(
              NameLoc::get(callee.getSymNameAttr(), inner->getLoc()),
              call.getLoc()));
        });
      for (auto [result, value] :
           llvm::zip(call.getResults(), body.getTerminator()->getOperands()))
        result.replaceAllUsesWith(map.lookupOrDefault(value));
      call.erase();
    }
  }
}

bool lowerKernels(
    ModuleOp module,
    llvm::function_ref<bool(func::FuncOp, llvm::StringRef)> emit) {
  SmallVector<func::FuncOp> kernels, all;
  for (auto func : module.getOps<func::FuncOp>()) {
    all.push_back(func);
    if (func->hasAttr(tile::attr::kernel))
      kernels.push_back(func);
  }
  module.getContext()->getOrLoadDialect("llvm");
  if (!module.getContext()->getLoadedDialect("llvm")) {
    module.emitError("the LLVM dialect is not registered");
    return false;
  }
  for (func::FuncOp func : kernels) {
    if (failed(inlineCalls(module, func)))
      return false;
    // The kernel's name goes to the new function.
    StringAttr name = func.getSymNameAttr();
    func.setSymName((name.getValue() + ".tile").str());
    if (!emit(func, name.getValue()))
      return false;
  }
  for (func::FuncOp func : all)
    func.erase();
  module->removeAttr(tile::attr::version);
  return true;
}

} // namespace tilesdk::lowering
