//===- elementwise.cpp - Operations register by register --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/engine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/Hashing.h"

namespace tilesdk::lowering {

/// A library function with effects, in every thread that holds a copy.
static bool callLibrary(SimtEngine &e, tile::ExternElementwiseOp op,
                        ValueRange in, SmallVectorImpl<Value> &out) {
  Type to = tile::elementOf(op.getResult().getType());
  SmallVector<Value> args;
  for (auto [value, operand] : llvm::zip(in, op.getArgs()))
    args.push_back(e.toArithmetic(value, tile::elementOf(operand.getType())));
  std::string symbol = op.getSymbol().str();
  if (!args.empty())
    symbol += "." + Emitter::typeSuffix(args[0].getType());
  Value r = e.B.call(symbol, e.arithmeticType(to), args, op.getPure());
  out.push_back(e.fromArithmetic(r, to));
  return true;
}

static bool lowerElementwise(SimtEngine &e, Operation *op) {
  if (op->getNumRegions() || op->getNumResults() == 0)
    return false;
  bool isTensor = isa<RankedTensorType>(op->getResult(0).getType());
  const LayoutTable *table = isTensor ? &e.table(op->getResult(0)) : nullptr;
  unsigned count = table ? table->size() : 1;
  SmallVector<ArrayRef<Value>> operands;
  for (Value v : op->getOperands()) {
    operands.push_back(e.registers(v));
    if (operands.back().size() != count && operands.back().size() != 1) {
      e.fail(op, "internal error: operands of '" +
                     op->getName().getStringRef() + "' differ in layout");
      return false;
    }
  }
  auto external = dyn_cast<tile::ExternElementwiseOp>(op);
  bool hasEffects = external && (!external.getPure() || operands.empty());
  SmallVector<Registers, 2> results(op->getNumResults());
  // Registers of equal operands have equal results: uniform tensors cost one.
  llvm::DenseMap<size_t, unsigned> seen;
  auto operand = [&](unsigned i, unsigned r) {
    return operands[i].size() == 1 ? operands[i][0] : operands[i][r];
  };
  for (unsigned r = 0; r < count; ++r) {
    unsigned same = table ? table->firstCopy[r] : r;
    SmallVector<Value, 4> in;
    for (unsigned i = 0; i < operands.size(); ++i)
      in.push_back(operand(i, r));
    if (same == r && count > 1 && !hasEffects) {
      SmallVector<void *, 4> key;
      for (Value v : in)
        key.push_back(v.getAsOpaquePointer());
      auto [entry, isNew] = seen.try_emplace(
          size_t(llvm::hash_combine_range(key.begin(), key.end())) >> 1, r);
      if (!isNew) {
        bool equal = true;
        for (unsigned i = 0; i < operands.size(); ++i)
          equal &= operand(i, entry->second) == in[i];
        if (equal)
          same = entry->second;
      }
    }
    if (same != r) {
      for (Registers &list : results)
        list.push_back(list[same]);
      continue;
    }
    SmallVector<Value, 2> out;
    bool ok = hasEffects ? callLibrary(e, external, in, out)
                         : e.emitOp(op, in, 0, out);
    if (!ok)
      return false;
    for (auto [list, v] : llvm::zip(results, out))
      list.push_back(v);
  }
  for (auto [result, list] : llvm::zip(op->getResults(), results))
    e.setRegisters(result, std::move(list));
  return true;
}

void addElementwiseOps(OpTable &table) { table[""] = lowerElementwise; }

} // namespace tilesdk::lowering
