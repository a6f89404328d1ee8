//===- debug.cpp - Assertions and printing ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

namespace tilesdk::lowering {

static void report(SimtEngine &e, StringRef function, StringRef text) {
  e.B.call(function, {}, {e.B.textConstant(text), e.B.cst32(text.size())},
           false);
}

static bool lowerAssert(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::AssertOp>(operation);
  Build &B = e.B;
  e.info.usesAssert = true;
  // One report of a thread however many of its elements fail.
  Value ok = B.boolean(true);
  Value last;
  for (Value v : e.registers(op.getCondition())) {
    if (v != last)
      ok = B.logicalAnd(ok, v);
    last = v;
  }
  Value failed = B.logicalNot(ok);
  bool isTensor = isa<RankedTensorType>(op.getCondition().getType());
  Value first = isTensor ? e.holdsFirstCopy(e.table(op.getCondition()))
                         : e.isFirstThread();
  if (first)
    failed = B.logicalAnd(failed, first);
  std::string text = Emitter::assertionText(op);
  B.ifThen(failed, [&] { report(e, "tsdk.assert_failed", text); });
  return true;
}

static bool lowerPrint(SimtEngine &e, Operation *operation) {
  auto op = cast<tile::PrintOp>(operation);
  if (!op.getArgs().empty()) {
    e.fail(op, "this target prints text only, no values; print on the CPU, or "
               "store the values and look at them on the host");
    return false;
  }
  e.info.usesPrint = true;
  std::string text = op.getPrefix().str();
  e.B.ifThen(e.isFirstThread(), [&] { report(e, "tsdk.print.text", text); });
  return true;
}

void addDebugOps(OpTable &table) {
  table["tile.assert"] = lowerAssert;
  table["tile.print"] = lowerPrint;
}

} // namespace tilesdk::lowering
