//===- elementwise.cpp - Operations register by register --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/simt/fragments.h"

#include "core/ir/simt_ops.h"
#include "core/optimizer/axis_info_rules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/Hashing.h"

#include <map>

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

/// For each register of \p v a number that registers share whose elements are
/// known to be equal; nothing where that would spare no work.
static SmallVector<unsigned> knownEqual(SimtEngine &e, Value v,
                                        const LayoutTable &table) {
  optimizer::AxisInfo info = e.axisInfo().lookup(v);
  SmallVector<uint64_t> runs;
  bool hasRun = false;
  for (size_t d = 0; d < info.dims.size(); ++d) {
    uint64_t run = uint64_t(info.constancy(unsigned(d)));
    run &= -run;
    // Below an odd digit a coordinate is the sum of what registers and threads
    // give, bit by bit: rounded down, the registers' part decides.
    uint64_t binary = 1;
    for (uint32_t radix : table.layout.outputs()[d].radix) {
      if (radix != 2)
        break;
      binary *= 2;
    }
    runs.push_back(std::min(run, binary));
    hasRun |= runs.back() > 1;
  }
  SmallVector<unsigned> classes;
  if (!hasRun)
    return classes;
  std::map<std::vector<uint64_t>, unsigned> firsts;
  for (unsigned r = 0; r < table.size(); ++r) {
    std::vector<uint64_t> at;
    for (auto [c, run] : llvm::zip(Elements::coordinates(table, r), runs))
      at.push_back(c / run);
    classes.push_back(firsts.try_emplace(at, r).first->second);
  }
  return classes;
}

/// The registers of each result.
static bool makeElements(SimtEngine &e, Operation *op,
                         SmallVectorImpl<Registers> &results) {
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
  results.resize(op->getNumResults());
  // Registers of equal operands have equal results: uniform tensors cost one.
  // What masks compare is often known to be equal for a whole access.
  SmallVector<unsigned> equals;
  if (table && isa<arith::CmpIOp>(op))
    equals = knownEqual(e, op->getResult(0), *table);
  llvm::DenseMap<size_t, unsigned> seen;
  auto operand = [&](unsigned i, unsigned r) {
    return operands[i].size() == 1 ? operands[i][0] : operands[i][r];
  };
  for (unsigned r = 0; r < count; ++r) {
    unsigned same = table ? table->firstCopy[r] : r;
    if (same == r && !equals.empty())
      same = equals[r];
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
  return true;
}

static bool lowerElementwise(SimtEngine &e, Operation *op) {
  SmallVector<Registers, 2> results;
  if (!makeElements(e, op, results))
    return false;
  for (auto [result, list] : llvm::zip(op->getResults(), results))
    e.setRegisters(result, std::move(list));
  return true;
}

/// Whether \p tensor goes to shared memory alone, and from there as a box.
static bool isForBox(Value tensor) {
  if (!isa<RankedTensorType>(tensor.getType()) || !tensor.hasOneUse())
    return false;
  auto store = dyn_cast<simt::SharedStoreOp>(*tensor.user_begin());
  return store && store->getBlock() == tensor.getParentBlock() &&
         llvm::any_of(store.getDest().getUsers(), [](Operation *user) {
           return isa<simt::BoxStoreOp>(user);
         });
}

/// What is made narrower for a box is made so right where it is stored to
/// shared memory, behind what the store waits for: in one basic block with what
/// packs the words that are stored, LLVM converts two elements at a time.
static bool lowerTruncation(SimtEngine &e, Operation *op) {
  Value result = op->getResult(0);
  if (!isForBox(result))
    return lowerElementwise(e, op);
  e.deferRegisters(result, [&e, op](unsigned, Registers &into) {
    SmallVector<Registers, 1> made;
    if (makeElements(e, op, made))
      into = std::move(made[0]);
    else
      e.fail(op, "internal error: no conversion");
  });
  return true;
}

void addElementwiseOps(OpTable &table) {
  table[""] = lowerElementwise;
  table["arith.truncf"] = lowerTruncation;
}

} // namespace tilesdk::lowering
