//===- print_axis_info.cpp - Print what the axis analysis knows -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ir/tile_types.h"
#include "core/optimizer/axis_info.h"
#include "core/optimizer/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tilesdk::optimizer {
#define GEN_PASS_DEF_TILEPRINTAXISINFO
#include "core/optimizer/passes.h.inc"

namespace {

struct PrintAxisInfo : impl::TilePrintAxisInfoBase<PrintAxisInfo> {
  void runOnOperation() override {
    AxisInfoAnalysis analysis(getOperation());
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() != 1)
        return;
      Value value = op->getResult(0);
      if (!tile::isIntLike(value.getType()) &&
          !tile::isPtrLike(value.getType()))
        return;
      AxisInfo info = analysis.lookup(value);
      auto list = [&](int64_t AxisDim::*member) {
        std::string text;
        for (const AxisDim &dim : info.dims)
          text += (text.empty() ? "" : ", ") + std::to_string(dim.*member);
        return "[" + text + "]";
      };
      InFlightDiagnostic remark =
          op->emitRemark() << "contiguity " << list(&AxisDim::contiguity)
                           << " divisibility " << list(&AxisDim::divisibility)
                           << " constancy " << list(&AxisDim::constancy);
      if (info.constant)
        remark << " constant " << *info.constant;
    });
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace tilesdk::optimizer
