//===- plan.cpp - Which operations share a loop -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/lowering/plan.h"

#include "core/lowering/form.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <algorithm>

namespace tilesdk::lowering {

static bool touchesMemory(Operation *op, bool &reads, bool &writes) {
  if (isa<tile::LoadOp>(op)) {
    reads = true;
    writes |= cast<tile::LoadOp>(op).getIsVolatile();
  } else if (isa<tile::StoreOp>(op)) {
    writes = true;
  } else if (isa<tile::AtomicRMWOp, tile::AtomicCASOp, tile::BarrierOp,
                 tile::AssertOp, tile::PrintOp>(op)) {
    reads = writes = true;
  } else if (auto ext = dyn_cast<tile::ExternElementwiseOp>(op)) {
    if (!ext.getPure())
      reads = writes = true;
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        touchesMemory(&inner, reads, writes);
  return reads || writes;
}

/// Kernel argument or other scalar that the pointers of an access start from.
static Value rootOf(Value ptr) {
  while (Operation *op = ptr.getDefiningOp()) {
    if (isa<tile::AddPtrOp, tile::SplatOp, tile::BroadcastOp,
            tile::ExpandDimsOp, tile::HintOp, tile::PtrCastOp, tile::TransOp>(
            op))
      ptr = op->getOperand(0);
    else
      break;
  }
  return ptr;
}

/// Two accesses may share a loop if they start from different pointers or go
/// to the same element at the same point.
static bool mayShareLoop(Operation *first, Operation *second) {
  Value a = first->getOperand(0), b = second->getOperand(0);
  return a == b || rootOf(a) != rootOf(b);
}

/// The dimension of the space along which an access is contiguous, or -1.
static int contiguousDim(Operation *op) {
  Value ptr = op->getOperand(0);
  IndexMap map = identityMap(shapeOf(ptr));
  SmallVector<int64_t> space = squeeze(shapeOf(ptr));
  for (int d = 0; d < int(space.size()); ++d) {
    Form f = formOf(ptr, map, d);
    if (space[d] >= 4 && f.kind == Form::Linear && f.stride == 1)
      return d;
  }
  return -1;
}

/// One loop has lanes along one dimension; a tile that is transposed on its way
/// goes through scratch.
static bool sameDirection(int a, int b) { return a < 0 || b < 0 || a == b; }

Plan::Plan(Block *block) : block(block) {
  unsigned position = 0;
  for (Operation &op : *block) {
    order[&op] = position++;
    if (!op.hasTrait<OpTrait::IsTerminator>())
      place(&op, classify(&op));
  }
  sinkMembers();
  for (Step &step : steps)
    llvm::sort(step.members,
               [&](Operation *a, Operation *b) { return order[a] < order[b]; });
  findReads();
  scalars.resize(steps.size() + 1);
  for (Operation &op : *block) {
    if (op.hasTrait<OpTrait::IsTerminator>() ||
        classify(&op) != OpClass::Scalar)
      continue;
    int at = 0;
    for (Value v : op.getOperands())
      at = std::max(at, levelOf(v));
    scalars[at].push_back(&op);
  }
}

void Plan::place(Operation *op, OpClass kind) {
  int at = 0;
  for (Value v : op->getOperands())
    at = std::max(at, levelOf(v));
  switch (kind) {
  case OpClass::Ignored:
    return;
  case OpClass::Scalar:
  case OpClass::View:
    for (Value v : op->getResults())
      level[v] = at;
    return;
  case OpClass::Pointwise:
    if (op->getNumResults() && isVirtual(op->getResult(0))) {
      for (Value v : op->getResults())
        level[v] = at;
      return;
    }
    [[fallthrough]];
  case OpClass::Reduce: {
    int g = join(op, kind);
    stepOf[op] = g;
    for (Value v : op->getResults())
      level[v] = g + 1;
    return;
  }
  default: {
    Step step;
    step.op = op;
    touchesMemory(op, step.readsMemory, step.writesMemory);
    stepOf[op] = steps.size();
    steps.push_back(step);
    for (Value v : op->getResults())
      level[v] = steps.size();
  }
  }
}

int Plan::join(Operation *op, OpClass kind) {
  SmallVector<int64_t> space = spaceOf(op);
  int reduceDim = -1;
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    reduceDim = reducedDim(reduce);
  bool reads = false, writes = false;
  touchesMemory(op, reads, writes);

  // The first step after all that must be complete, and the one group whose
  // members may be used in registers.
  SmallVector<std::pair<int, bool>> needs; // level, identity
  for (Value v : op->getOperands())
    walkLeaves(v, identityMap(shapeOf(v)), [&](Value leaf, const IndexMap &m) {
      Operation *def = leaf.getDefiningOp();
      bool member = def && def->getBlock() == block && stepOf.count(def) &&
                    steps[stepOf[def]].isGroup && !isa<tile::ReduceOp>(def) &&
                    isIdentity(m, shapeOf(leaf), space.size());
      needs.push_back({levelOf(leaf), member});
    });

  bool access = isa<tile::LoadOp, tile::StoreOp>(op);
  int along = access && space.size() > 1 ? contiguousDim(op) : -1;
  auto available = [&](int g) {
    return llvm::all_of(needs, [&](auto n) {
      return n.first <= g || (n.second && n.first == g + 1);
    });
  };
  for (int g = int(steps.size()) - 1; g >= 0; --g) {
    Step &step = steps[g];
    bool fits = step.isGroup && step.space == space && available(g) &&
                step.members.size() < 64;
    if (fits && reduceDim >= 0)
      fits = step.reduceDim < 0 || step.reduceDim == reduceDim;
    if (fits && (reads || writes)) {
      if (reads && step.writesMemory)
        fits = false;
      for (Operation *other : step.members) {
        if (!fits || !isa<tile::LoadOp, tile::StoreOp>(other))
          continue;
        if (writes)
          fits = mayShareLoop(other, op);
        if (along >= 0)
          fits &= sameDirection(along, contiguousDim(other));
      }
    }
    if (fits) {
      step.members.push_back(op);
      step.readsMemory |= reads;
      step.writesMemory |= writes;
      if (reduceDim >= 0)
        step.reduceDim = reduceDim;
      return g;
    }
    if (!available(g - 1))
      break;
    if ((reads && step.writesMemory) ||
        (writes && (step.readsMemory || step.writesMemory)))
      break;
  }
  Step step;
  step.isGroup = true;
  step.space = space;
  step.members.push_back(op);
  step.reduceDim = reduceDim;
  step.readsMemory = reads;
  step.writesMemory = writes;
  steps.push_back(step);
  return steps.size() - 1;
}

/// Operations of `block` that read `v`, directly or through virtual ones.
static void usersOf(Value v, Block *block,
                    SmallVectorImpl<Operation *> &users) {
  for (Operation *user : v.getUsers()) {
    Operation *top = block->findAncestorOpInBlock(*user);
    if (!top) {
      users.push_back(user);
      continue;
    }
    if (top == user && user->getNumResults() &&
        llvm::any_of(user->getResults(),
                     [](Value r) { return isVirtual(r); })) {
      for (Value r : user->getResults())
        usersOf(r, block, users);
      continue;
    }
    users.push_back(top);
  }
}

void Plan::sinkMembers() {
  // A member that only a later group reads moves there and needs no buffer;
  // its own sources must not need one for that.
  for (int g = int(steps.size()) - 1; g >= 0; --g) {
    if (!steps[g].isGroup)
      continue;
    for (int i = int(steps[g].members.size()) - 1; i >= 0; --i) {
      Operation *op = steps[g].members[i];
      if (isa<tile::ReduceOp, tile::StoreOp>(op))
        continue;
      SmallVector<Operation *> users;
      for (Value r : op->getResults())
        usersOf(r, block, users);
      int to = -1;
      bool ok = !users.empty();
      for (Operation *user : users) {
        auto it = stepOf.find(user);
        if (it == stepOf.end() || (to >= 0 && it->second != to)) {
          ok = false;
          break;
        }
        to = it->second;
      }
      if (!ok || to <= g || !steps[to].isGroup ||
          steps[to].space != steps[g].space)
        continue;
      // Every read must be at the point of the loop.
      for (Operation *user : steps[to].members)
        for (Value v : user->getOperands())
          walkLeaves(
              v, identityMap(shapeOf(v)), [&](Value leaf, const IndexMap &m) {
                if (leaf.getDefiningOp() == op)
                  ok &= isIdentity(m, shapeOf(leaf), steps[to].space.size());
              });
      // Sources in the same group would need a buffer instead.
      for (Value v : op->getOperands())
        walkLeaves(v, identityMap(shapeOf(v)),
                   [&](Value leaf, const IndexMap &) {
                     Operation *def = leaf.getDefiningOp();
                     if (def && stepOf.lookup(def) == g && stepOf.count(def) &&
                         steps[g].isGroup && !isa<tile::ReduceOp>(def))
                       ok = false;
                   });
      if (isa<tile::LoadOp>(op) && steps[to].space.size() > 1)
        for (Operation *other : steps[to].members)
          if (isa<tile::LoadOp, tile::StoreOp>(other))
            ok &= sameDirection(contiguousDim(op), contiguousDim(other));
      bool reads = false, writes = false;
      touchesMemory(op, reads, writes);
      if (reads)
        for (int k = g; k <= to; ++k)
          if (steps[k].writesMemory) {
            // In the last group, stores come behind the load already.
            ok &= k == to || k == g;
            for (Operation *other : steps[k].members)
              if (isa<tile::StoreOp>(other))
                ok &= k == to
                          ? mayShareLoop(op, other) && order[op] < order[other]
                          : false;
          }
      if (!ok || writes)
        continue;
      steps[g].members.erase(steps[g].members.begin() + i);
      steps[to].members.push_back(op);
      steps[to].readsMemory |= reads;
      stepOf[op] = to;
      for (Value r : op->getResults())
        level[r] = to + 1;
    }
  }
}

void Plan::findReads() {
  auto note = [&](Step *step, Value operand, size_t rank, bool pointwise) {
    walkLeaves(operand, identityMap(shapeOf(operand)),
               [&](Value leaf, const IndexMap &m) {
                 if (!isa<RankedTensorType>(leaf.getType()))
                   return;
                 bool same = pointwise && isIdentity(m, shapeOf(leaf), rank);
                 if (step)
                   step->reads.push_back({leaf, same});
                 Operation *def = leaf.getDefiningOp();
                 if (!def || def->getBlock() != block)
                   return;
                 auto it = stepOf.find(def);
                 if (it == stepOf.end() || !steps[it->second].isGroup)
                   return;
                 if (!step || &steps[it->second] != step ||
                     isa<tile::ReduceOp>(def))
                   stored.insert(leaf);
               });
  };
  for (Step &step : steps) {
    if (step.isGroup) {
      for (Operation *op : step.members)
        for (Value v : op->getOperands())
          note(&step, v, step.space.size(), true);
      continue;
    }
    step.op->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (v.getParentBlock() == block ||
            !step.op->isAncestor(v.getParentBlock()->getParentOp()))
          note(&step, v, 0, false);
        else
          // Virtual values inside of the region read values outside of it.
          walkLeaves(
              v, identityMap(shapeOf(v)), [&](Value leaf, const IndexMap &) {
                if (!step.op->isAncestor(leaf.getParentBlock()->getParentOp()))
                  note(&step, leaf, 0, false);
              });
    });
  }
  for (Value v : block->getTerminator()->getOperands())
    note(nullptr, v, 0, false);
}

} // namespace tilesdk::lowering
