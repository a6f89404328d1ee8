//===- inline_calls.cpp - Calls become the bodies of functions --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/inline_calls.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tilesdk::lowering {

LogicalResult inlineCalls(ModuleOp module, func::FuncOp kernel) {
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

} // namespace tilesdk::lowering
