//===- group_versions.cpp - Versions of a group's loop ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/form.h"
#include "core/lowering/group.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilesdk::lowering {

void GroupEmitter::collectMasks() {
  auto consider = [&](Value v) {
    Type element = tile::elementOf(v.getType());
    if (!element.isInteger(1) || !isa<RankedTensorType>(v.getType()) ||
        !isVirtual(v) || llvm::is_contained(masks, v))
      return;
    IndexMap map = identityMap(shapeOf(v));
    Form f = formOf(v, map, laneDim);
    if (f.kind != Form::Prefix || f.mayWrap)
      return;
    if (axis >= 0 && axis != laneDim && dependsOn(v, map, axis))
      return;
    masks.push_back(v);
  };
  for (Operation *op : step.members) {
    bool prefix = false;
    for (Value v : op->getOperands()) {
      consider(v);
      prefix |= llvm::is_contained(masks, v);
      walkLeaves(
          v, identityMap(shapeOf(v)), [](Value, const IndexMap &) {},
          [&](Value inner, const IndexMap &map) {
            Operation *def = inner.getDefiningOp();
            if (!isa<arith::RemSIOp, arith::RemUIOp>(def) ||
                llvm::is_contained(remainders, inner))
              return true;
            Form f = formOf(inner, map, laneDim);
            if (f.kind == Form::Linear && f.mayWrap &&
                formOf(def->getOperand(0), map, laneDim).mayWrap == false)
              remainders.push_back(inner);
            return true;
          });
    }
    if (auto store = dyn_cast<tile::StoreOp>(op))
      onlyMaskedStores &= store.getMask() && prefix;
  }
}

/// i1: this launch writes more than the caches hold, to aligned addresses.
Value GroupEmitter::streamingCondition() {
  if (rank != 1 || !reductions.empty())
    return Value();
  int64_t bytes = 0;
  SmallVector<tile::StoreOp> stores;
  for (Operation *op : step.members) {
    if (auto store = dyn_cast<tile::StoreOp>(op)) {
      Form f = formOf(store.getPtr(), identityMap(shapeOf(store.getPtr())), 0);
      int64_t size = e.sizeOf(tile::elementOf(store.getValue().getType()));
      if (f.kind != Form::Linear || f.stride != 1 || f.mayWrap ||
          lanes * size % 64 != 0)
        return Value();
      bytes += size * extent;
      stores.push_back(store);
    }
    for (Value r : op->getResults())
      if (plan.stored.count(r))
        return Value();
  }
  if (stores.empty() || bytes < 1024)
    return Value();
  Engine::ScopeGuard guard(e);
  Value total = B.cst64(bytes);
  for (int i = 0; i < 3; ++i)
    total =
        B.mul(total, B.cast("zext", e.programField(20 + 4 * i, B.i32), B.i64));
  Value c = B.icmp(UGT, total, e.programField(32, B.i64));
  for (tile::StoreOp store : stores) {
    Point p = loopPoint(B.cst32(0));
    Lane ptr = e.eval(store.getPtr(), e.pointIn(shapeOf(store.getPtr()), p));
    Value low = B.bin("and", B.cast("ptrtoint", ptr.value, B.i64), B.cst64(63));
    c = B.logicalAnd(c, B.icmp(EQ, low, B.cst64(0)));
  }
  return c;
}

Values GroupEmitter::emitVersions() {
  // Types of scalar results, if any.
  SmallVector<Type> types;
  if (rank == 1)
    for (Reduction &r : reductions)
      for (Value s : r.op.getSources())
        types.push_back(e.registerType(tile::elementOf(s.getType())));

  Value fits;
  SmallVector<Engine::Known> starts;
  if (!remainders.empty()) {
    Engine::ScopeGuard guard(e);
    fits = B.boolean(true);
    for (Value v : remainders) {
      Operation *op = v.getDefiningOp();
      // The value has no other dimension, so the point of its start is known.
      Point p;
      for (int64_t n : shapeOf(v)) {
        if (n != 1) {
          p.laneDim = p.index.size();
          p.lanes = extent;
        }
        p.index.push_back(B.cst32(0));
      }
      Lane l = e.eval(op->getOperand(0), p);
      Lane n = e.eval(op->getOperand(1), p);
      if (l.kind != Lane::Linear || n.kind != Lane::Uniform)
        continue;
      Type t = l.value.getType();
      Value start =
          e.integerDivide(l.value, n.value, isa<arith::RemSIOp>(op), true);
      Value end = B.add(start, B.cst(t, extent));
      fits = B.logicalAnd(fits, B.icmp(SGE, l.value, B.cst(t, 0)));
      fits = B.logicalAnd(fits, B.icmp(SLE, end, n.value));
      starts.push_back({v, Lane::uniform(start), true});
    }
  }
  auto nest = [&]() -> Values {
    Value stream = streamingCondition();
    if (!stream)
      return emitNest(0);
    return B.ifElse(
        stream, types,
        [&] {
          e.streaming = true;
          Values r = emitNest(0);
          e.streaming = false;
          return r;
        },
        [&] { return emitNest(0); });
  };
  if (starts.empty())
    return nest();
  return B.ifElse(
      fits, types,
      [&] {
        noWrap = starts;
        Values r = nest();
        noWrap.clear();
        return r;
      },
      [&] { return emitNest(0); });
}

} // namespace tilesdk::lowering
