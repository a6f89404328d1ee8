//===- control.cpp - Loops, conditions, barriers ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What regions carry goes from block to block register by register.
//
//===----------------------------------------------------------------------===//

#include "core/ir/simt_ops.h"
#include "core/lowering/simt/fragments.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilesdk::lowering {

static Values flattenAll(SimtEngine &e, ValueRange list) {
  Values result;
  for (Value v : list)
    e.flatten(v, result);
  return result;
}

static void unflattenAll(SimtEngine &e, ValueRange list, ArrayRef<Value> from) {
  for (Value v : list)
    e.unflatten(v, from);
}

/// What a region yields; after an error anything of the right types.
static Values yields(SimtEngine &e, ValueRange list) {
  if (!e.failed)
    return flattenAll(e, list);
  SmallVector<Type> types;
  for (Value v : list)
    e.flatTypes(v.getType(), types);
  Values result;
  for (Type type : types)
    result.push_back(e.B.poison(type));
  return result;
}

/// Registers that a loop carries together: those of a fragment of the product
/// that yields them. One vector a fragment is what instructions take and give;
/// single registers would be put together and taken apart in each iteration.
static std::vector<Fragment> carriedFragments(SimtEngine &e, Value yielded) {
  auto dot = yielded.getDefiningOp<tile::DotOp>();
  std::optional<target::MatrixRow> row;
  if (dot)
    row = matrixRowOf(e, dot);
  if (!row)
    return {};
  return fragmentsOf(e.table(yielded), e.table(row->result), row->m, row->n);
}

static bool lowerFor(SimtEngine &e, Operation *operation) {
  auto op = cast<scf::ForOp>(operation);
  Operation *yield = op.getBody()->getTerminator();
  std::vector<std::vector<Fragment>> fragments;
  for (Value v : yield->getOperands())
    fragments.push_back(carriedFragments(e, v));
  auto flatten = [&](ValueRange list) {
    Values result;
    for (auto [v, parts] : llvm::zip(list, fragments)) {
      if (parts.empty())
        e.flatten(v, result);
      for (const Fragment &part : parts) {
        SmallVector<Value> registers;
        for (unsigned r : part.registers)
          registers.push_back(e.registers(v)[r]);
        result.push_back(e.pack(registers));
      }
    }
    return result;
  };
  auto unflatten = [&](ValueRange list, ArrayRef<Value> from) {
    for (auto [v, parts] : llvm::zip(list, fragments)) {
      if (parts.empty()) {
        e.unflatten(v, from);
        continue;
      }
      const LayoutTable &table = e.table(v);
      Registers registers(table.size());
      for (const Fragment &part : parts) {
        SmallVector<Value> elements;
        e.unpack(from.front(), elements);
        from = from.drop_front();
        for (auto [r, element] : llvm::zip(part.registers, elements))
          registers[r] = element;
      }
      for (unsigned r = 0; r < table.size(); ++r)
        registers[r] = registers[table.firstCopy[r]];
      e.setRegisters(v, std::move(registers));
    }
  };
  Values results = e.B.forLoop(
      e.scalar(op.getLowerBound()), e.scalar(op.getUpperBound()),
      e.scalar(op.getStep()), flatten(op.getInitArgs()),
      [&](Value iv, ArrayRef<Value> carried) {
        e.setScalar(op.getInductionVar(), iv);
        unflatten(op.getRegionIterArgs(), carried);
        e.emitBlock(*op.getBody());
        return e.failed ? Values(carried) : flatten(yield->getOperands());
      },
      op.getUnsignedCmp());
  unflatten(op.getResults(), results);
  return true;
}

static bool lowerIf(SimtEngine &e, Operation *operation) {
  auto op = cast<scf::IfOp>(operation);
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    e.flatTypes(type, types);
  auto branch = [&](Region &region) {
    if (region.empty())
      return Values();
    e.emitBlock(region.front());
    return yields(e, region.front().getTerminator()->getOperands());
  };
  Values results = e.B.ifElse(
      e.scalar(op.getCondition()), types,
      [&] { return branch(op.getThenRegion()); },
      [&] { return branch(op.getElseRegion()); });
  unflattenAll(e, op.getResults(), results);
  return true;
}

static bool lowerWhile(SimtEngine &e, Operation *operation) {
  auto op = cast<scf::WhileOp>(operation);
  Block *before = op.getBeforeBody(), *after = op.getAfterBody();
  auto condition = cast<scf::ConditionOp>(before->getTerminator());
  Values results = e.B.whileLoop(
      flattenAll(e, op.getInits()),
      [&](ArrayRef<Value> carried) {
        unflattenAll(e, before->getArguments(), carried);
        e.emitBlock(*before);
        Build::WhileHead head;
        head.condition =
            e.failed ? e.B.boolean(false) : e.scalar(condition.getCondition());
        head.forwarded = yields(e, condition.getArgs());
        return head;
      },
      [&](ArrayRef<Value> carried) {
        unflattenAll(e, after->getArguments(), carried);
        e.emitBlock(*after);
        return yields(e, after->getTerminator()->getOperands());
      });
  unflattenAll(e, op.getResults(), results);
  return true;
}

static bool lowerBarrier(SimtEngine &e, Operation *operation) {
  auto op = dyn_cast<simt::BarrierOp>(operation);
  if (op && op.getId())
    e.barrier(op.getId(), op.getWarps());
  else
    e.barrier();
  return true;
}

/// What only analyses read.
static bool lowerNothing(SimtEngine &, Operation *) { return true; }

void addControlOps(OpTable &table) {
  table["scf.for"] = lowerFor;
  table["scf.if"] = lowerIf;
  table["scf.while"] = lowerWhile;
  table["tile.barrier"] = lowerBarrier;
  table["simt.barrier"] = lowerBarrier;
  table["tile.assume"] = lowerNothing;
}

} // namespace tilesdk::lowering
