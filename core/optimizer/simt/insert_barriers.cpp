//===- insert_barriers.cpp - Order accesses of threads ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks a function in the order of execution with the set of accesses that no
// barrier has closed yet. An op that would meet one of them gets a barrier in
// front of it. Loops are walked until the set at their head stays the same.
//
//===----------------------------------------------------------------------===//

#include "core/optimizer/simt/boxes.h"
#include "core/optimizer/simt/buffers.h"
#include "core/optimizer/simt/global_accesses.h"
#include "core/optimizer/simt/open_accesses.h"
#include "core/optimizer/simt/passes.h"
#include "core/optimizer/simt/scratch.h"
#include "core/target/target.h"

#include "core/ir/tile_ops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace tilesdk::optimizer {
namespace {

struct InsertBarriers : PassWrapper<InsertBarriers, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(InsertBarriers)
  explicit InsertBarriers(MachinePtr machine) : machine(std::move(machine)) {}
  StringRef getName() const override { return "SimtInsertBarriers"; }
  StringRef getArgument() const override { return "simt-insert-barriers"; }
  StringRef getDescription() const override {
    return "Put barriers between accesses to the same shared memory";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<simt::SimtDialect>();
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      visitFunction(function);
  }

private:
  void visitFunction(func::FuncOp function) {
    loopOf.clear();
    scratchOf.clear();
    asyncReads.clear();
    inserted.clear();
    partitionId = partitionWarps = 0;
    function.walk([&](Operation *op) {
      if (isa<simt::MmaAsyncOp, simt::BoxStoreOp>(op))
        collect(op, asyncReads);
      if (auto loop = op->getParentOfType<scf::ForOp>();
          loop && op->hasAttr(slotAttr))
        for (const BufferView &view : viewsOf(op->getResult(0)))
          loopOf[view.alloc] = loop;
      if (op->hasAttr(simt::attr::scratch))
        scratchOf[op] = scratchBytes(op, *machine);
    });
    OpenAccesses state;
    for (Block &block : function.getBody())
      visitBlock(block, state);
  }

  //===-- Control flow ----------------------------------------------------===//

  void visitBlock(Block &block, OpenAccesses &state) {
    for (Operation &op : llvm::make_early_inc_range(block))
      visitOp(&op, state);
  }

  void visitOp(Operation *op, OpenAccesses &state) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return visitFor(loop, state);
    if (auto loop = dyn_cast<scf::WhileOp>(op))
      return visitWhile(loop, state);
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      OpenAccesses other = state;
      for (Block &block : branch.getThenRegion())
        visitBlock(block, state);
      for (Block &block : branch.getElseRegion())
        visitBlock(block, other);
      state.merge(other);
      return;
    }
    if (auto partitions = dyn_cast<simt::WarpSpecializeOp>(op))
      return visitPartitions(partitions, state);
    visitLeaf(op, state);
  }

  /// What an earlier walk of \p loop put in may stand in a worse place than
  /// what this walk, which knows more of the iteration before, will find.
  void startOver(Operation *loop) {
    llvm::erase_if(inserted, [&](Operation *op) {
      if (!loop->isProperAncestor(op))
        return false;
      op->erase();
      return true;
    });
  }

  /// Returns what is open behind the loop.
  OpenAccesses walkFor(scf::ForOp loop, const OpenAccesses &state) {
    OpenAccesses head = state;
    while (true) {
      startOver(loop);
      OpenAccesses tail = head;
      visitBlock(*loop.getBody(), tail);
      OpenAccesses back = head;
      back.merge(nextIteration(tail, loop));
      // The loop may run zero times.
      if (back == head) {
        head.merge(tail);
        return afterLoop(head, loop);
      }
      head = std::move(back);
    }
  }

  unsigned barriersIn(scf::ForOp loop) {
    return llvm::count_if(inserted, [&](Operation *op) {
      return isa<simt::BarrierOp>(op) && loop->isProperAncestor(op);
    });
  }

  void visitFor(scf::ForOp loop, OpenAccesses &state) {
    OpenAccesses after = walkFor(loop, state);
    unsigned barriers = barriersIn(loop);
    if (barriers && !state.open.empty()) {
      // What was open ahead of the loop may have cost every iteration one.
      startOver(loop);
      size_t kept = inserted.size();
      OpenAccesses closed = state;
      insertBarrier(loop, closed);
      OpenAccesses better = walkFor(loop, closed);
      if (barriersIn(loop) < barriers) {
        state = std::move(better);
        return;
      }
      startOver(loop);
      while (inserted.size() > kept)
        inserted.pop_back_val()->erase();
      after = walkFor(loop, state);
    }
    state = std::move(after);
  }

  void visitWhile(scf::WhileOp loop, OpenAccesses &state) {
    OpenAccesses head = state;
    while (true) {
      startOver(loop);
      OpenAccesses middle = head;
      visitBlock(*loop.getBeforeBody(), middle);
      OpenAccesses tail = middle;
      visitBlock(*loop.getAfterBody(), tail);
      OpenAccesses back = head;
      back.merge(nextIteration(tail, loop));
      if (back == head) {
        state = std::move(middle);
        return;
      }
      head = std::move(back);
    }
  }

  void visitPartitions(simt::WarpSpecializeOp op, OpenAccesses &state) {
    waitForWrites(op, state);
    // What is open outside, and what partitions leave open, all warps close.
    if (!state.open.empty())
      insertBarrier(op, state);
    OpenAccesses after;
    for (auto [index, region] : llvm::enumerate(op.getPartitions())) {
      partitionId = index + 1;
      partitionWarps = op.getWarps()[index];
      OpenAccesses inner = state;
      visitBlock(region.front(), inner);
      after.merge(inner);
    }
    partitionId = partitionWarps = 0;
    state = std::move(after);
    if (Operation *next = op->getNextNode(); next && !state.open.empty())
      insertBarrier(next, state);
  }

  /// In the next iteration, what is now slot k is slot k - 1.
  OpenAccesses nextIteration(const OpenAccesses &state, Operation *loop) {
    auto shift = [&](const std::set<Access> &from, std::set<Access> &to) {
      for (Access access : from) {
        if (access.slot >= 0 && loopOf.lookup(access.alloc) == loop) {
          int64_t buffers =
              cast<simt::SharedAllocOp>(access.alloc).getType().getNumBuffers();
          access.slot = (access.slot + buffers - 1) % buffers;
        }
        // Its coordinates were others.
        if (access.kind == AccessKind::BoxWrite) {
          bool isApart = access.alloc &&
                         stepsApart(cast<simt::BoxStoreOp>(access.alloc), loop);
          access.alloc = isApart ? access.alloc : nullptr;
          access.slot = isApart ? 0 : -1;
        }
        to.insert(access);
      }
    };
    OpenAccesses result;
    shift(state.open, result.open);
    shift(state.unfenced, result.unfenced);
    return result;
  }

  /// Behind the loop nobody knows which iteration was the last.
  OpenAccesses afterLoop(const OpenAccesses &state, scf::ForOp loop) {
    auto forget = [&](const std::set<Access> &from, std::set<Access> &to) {
      for (Access access : from) {
        if (loopOf.lookup(access.alloc) == loop)
          access.slot = -1;
        to.insert(access);
      }
    };
    OpenAccesses result;
    forget(state.open, result.open);
    forget(state.unfenced, result.unfenced);
    return result;
  }

  //===-- Single ops ------------------------------------------------------===//

  void visitLeaf(Operation *op, OpenAccesses &state) {
    if (isa<func::ReturnOp, simt::EndOp>(op))
      return waitForReads(op, state);
    if (llvm::any_of(state.open, [&](const Access &access) {
          return access.kind == AccessKind::BoxWrite &&
                 looksAtWrites(op, access);
        })) {
      waitForWrites(op, state);
      // Stores and copies of boxes are those of the thread that has waited.
      if (!isa<tile::BarrierOp, simt::BoxStoreOp, simt::BoxLoadOp>(op))
        insertBarrier(op, state);
    }
    if (isa<simt::BarrierOp, tile::BarrierOp>(op))
      return state.close();
    if (isa<simt::FenceAsyncOp>(op)) {
      state.unfenced.clear();
      return;
    }
    if (isa<simt::AsyncCommitOp>(op))
      return state.grow(AccessKind::CopyWrite);
    if (auto wait = dyn_cast<simt::AsyncWaitOp>(op))
      return state.complete(AccessKind::CopyWrite, AccessKind::Write,
                            wait.getPending());
    if (auto wait = dyn_cast<simt::MmaWaitOp>(op))
      return state.complete(AccessKind::MmaRead, AccessKind::Read,
                            wait.getPending());
    if (auto wait = dyn_cast<simt::BoxStoreWaitOp>(op)) {
      if (wait.getWritten() && wait.getPending() == 0)
        state.forget(AccessKind::BoxWrite);
      return state.complete(AccessKind::BoxRead, AccessKind::Read,
                            wait.getPending());
    }

    SmallVector<Access> accesses;
    collect(op, accesses);
    if (accesses.empty())
      return;
    bool isAsyncRead = isa<simt::MmaAsyncOp, simt::BoxStoreOp>(op);
    bool needsFence = isAsyncRead && llvm::any_of(accesses, [&](Access a) {
                        return llvm::any_of(state.unfenced, [&](Access w) {
                          return a.overlaps(w);
                        });
                      });
    if (needsFence) {
      waitFor(op, accesses, state);
      insertBarrier(op, state);
    }
    auto meetsOpen = [&](Access a) {
      return llvm::any_of(state.open, [&](Access o) { return a.meets(o); });
    };
    if (llvm::any_of(accesses, meetsOpen)) {
      waitFor(op, accesses, state);
      insertBarrier(op, state);
    }
    if (isa<simt::MmaAsyncOp>(op))
      state.grow(AccessKind::MmaRead); // Each commits.
    if (isa<simt::BoxStoreOp>(op))
      state.grow(AccessKind::BoxRead);
    for (Access access : accesses) {
      // Whoever reads what boxes brought waits at their barrier.
      if (isa<simt::BoxLoadOp>(op))
        continue;
      if (isa<simt::MmaAsyncOp>(op)) {
        access.kind = AccessKind::MmaRead;
        access.age = 1;
      } else if (isa<simt::BoxStoreOp>(op)) {
        access.kind = access.root ? AccessKind::BoxWrite : AccessKind::BoxRead;
        access.age = 1;
        if (access.root)
          access.alloc = op;
      } else if (isa<simt::AsyncCopyOp>(op)) {
        access.kind = AccessKind::CopyWrite;
      }
      state.open.insert(access);
      if (access.kind == AccessKind::Write && !access.root)
        state.unfenced.insert(access);
    }
    // The op wrote its scratch, met, and read it: only the reads are open.
    if (op->hasAttr(simt::attr::scratch) && scratchOf.lookup(op)) {
      Access scratch = scratchAccess(op);
      state.open.erase(scratch);
      scratch.kind = AccessKind::Read;
      state.open.insert(scratch);
    }
  }

  Access scratchAccess(Operation *op) {
    Access access;
    access.begin = op->getAttrOfType<IntegerAttr>(simt::attr::scratch).getInt();
    access.end = access.begin + scratchOf.lookup(op);
    access.kind = AccessKind::Write;
    return access;
  }

  void collect(Operation *op, SmallVectorImpl<Access> &accesses) {
    auto add = [&](Value value, AccessKind kind) {
      for (const BufferView &view : viewsOf(value))
        // What partitions share they hand over under barriers of their own; the
        // readers of a ring meet before its memory serves something else.
        if (!partitionId ||
            view.alloc->getParentOfType<simt::WarpSpecializeOp>() ||
            (kind == AccessKind::Read && view.alloc->hasAttr(ringAttr)))
          accesses.push_back(accessOf(view, kind));
    };
    if (op->hasAttr(simt::attr::scratch) && scratchOf.lookup(op))
      accesses.push_back(scratchAccess(op));
    if (std::optional<GlobalAccess> global = globalAccessOf(op)) {
      Access access;
      access.kind = global->isWrite ? AccessKind::Write : AccessKind::Read;
      access.root = global->root.getAsOpaquePointer();
      access.isCopied = global->isCopied;
      accesses.push_back(access);
    }
    if (auto alloc = dyn_cast<simt::SharedAllocOp>(op)) {
      if (alloc.getInit())
        add(alloc.getResult(), AccessKind::Write);
    } else if (auto init = dyn_cast<simt::BarriersInitOp>(op)) {
      add(init.getResult(), AccessKind::Write);
    } else if (auto load = dyn_cast<simt::SharedLoadOp>(op)) {
      add(load.getSource(), AccessKind::Read);
    } else if (auto store = dyn_cast<simt::SharedStoreOp>(op)) {
      add(store.getDest(), AccessKind::Write);
    } else if (auto copy = dyn_cast<simt::AsyncCopyOp>(op)) {
      add(copy.getDest(), AccessKind::Write);
    } else if (auto load = dyn_cast<simt::BoxLoadOp>(op)) {
      add(load.getDest(), AccessKind::Write);
      add(load.getBarriers(), AccessKind::Read);
    } else if (auto store = dyn_cast<simt::BoxStoreOp>(op)) {
      add(store.getSource(), AccessKind::Read);
    } else if (isa<tile::DotOp, simt::MmaAsyncOp, simt::BarrierExpectOp,
                   simt::BarrierArriveOp, simt::BarrierWaitOp>(op)) {
      for (Value operand : op->getOperands())
        if (isa<simt::SharedType, simt::BarriersType>(operand.getType()))
          add(operand, AccessKind::Read);
    }
  }

  Access accessOf(const BufferView &view, AccessKind kind) {
    Access access;
    access.kind = kind;
    if (auto barriers = dyn_cast<simt::BarriersInitOp>(view.alloc)) {
      access.begin = barriers.getOffset().value_or(0);
      access.end = access.begin + 8 * barriers.getType().getCount();
      return access;
    }
    auto alloc = cast<simt::SharedAllocOp>(view.alloc);
    auto type = alloc.getType();
    access.begin = alloc.getOffset().value_or(0);
    access.end = access.begin + type.getBytes();
    access.alloc = alloc;
    int64_t buffers = type.getNumBuffers();
    if (view.slot)
      access.slot = *view.slot % buffers;
    else if (view.index && *view.index >= 0 && *view.index < buffers) {
      access.begin += *view.index * type.getBufferBytes();
      access.end = access.begin + type.getBufferBytes();
    }
    return access;
  }

  //===-- States ----------------------------------------------------------===//

  void insertBarrier(Operation *before, OpenAccesses &state) {
    OpBuilder builder(before);
    // The fence belongs to who wrote, in front of the barrier.
    auto isReadAsync = [&](const Access &write) {
      return llvm::any_of(asyncReads, [&](const Access &read) {
        return read.begin < write.end && write.begin < read.end;
      });
    };
    if (llvm::any_of(state.unfenced, isReadAsync)) {
      inserted.push_back(simt::FenceAsyncOp::create(builder, before->getLoc()));
      state.unfenced.clear();
    }
    inserted.push_back(simt::BarrierOp::create(builder, before->getLoc(),
                                               partitionId, partitionWarps));
    state.close();
  }

  /// The program, or its part, ends, and with it the memory of its buffers.
  void waitForReads(Operation *op, OpenAccesses &state) {
    if (llvm::none_of(state.open, [](const Access &access) {
          return access.kind == AccessKind::BoxRead;
        }))
      return;
    OpBuilder builder(op);
    inserted.push_back(simt::BoxStoreWaitOp::create(builder, op->getLoc(), 0u));
    state.complete(AccessKind::BoxRead, AccessKind::Read, 0);
  }

  /// Whether \p op must find what the box store \p store writes.
  bool looksAtWrites(Operation *op, const Access &store) {
    // Whoever meets others there has something to show.
    if (isa<tile::BarrierOp, tile::AtomicRMWOp, tile::AtomicCASOp>(op))
      return true;
    auto next = dyn_cast<simt::BoxStoreOp>(op);
    if (next && store.alloc &&
        (store.slot < 0 ? areApart(cast<simt::BoxStoreOp>(store.alloc), next)
                        : store.alloc == op))
      return false;
    return mayAccess(op, Value::getFromOpaquePointer(store.root));
  }

  void waitForWrites(Operation *op, OpenAccesses &state) {
    if (llvm::none_of(state.open, [](const Access &access) {
          return access.kind == AccessKind::BoxWrite;
        }))
      return;
    OpBuilder builder(op);
    inserted.push_back(simt::BoxStoreWaitOp::create(builder, op->getLoc(), 0u,
                                                    /*written=*/true));
    state.forget(AccessKind::BoxWrite);
    state.complete(AccessKind::BoxRead, AccessKind::Read, 0);
  }

  /// Waits for what is under way and would meet \p accesses.
  void waitFor(Operation *op, ArrayRef<Access> accesses, OpenAccesses &state) {
    OpBuilder builder(op);
    auto youngest = [&](AccessKind kind) -> std::optional<unsigned> {
      std::optional<unsigned> age;
      for (const Access &open : state.open)
        if (open.kind == kind &&
            llvm::any_of(accesses, [&](Access a) { return a.meets(open); }))
          age = std::min(age.value_or(open.age), open.age);
      return age;
    };
    if (auto age = youngest(AccessKind::CopyWrite)) {
      if (*age == 0) {
        inserted.push_back(
            simt::AsyncCommitOp::create(builder, op->getLoc(), ValueRange()));
        state.grow(AccessKind::CopyWrite);
        age = 1;
      }
      inserted.push_back(simt::AsyncWaitOp::create(builder, op->getLoc(),
                                                   ValueRange(), *age - 1));
      state.complete(AccessKind::CopyWrite, AccessKind::Write, *age - 1);
    }
    if (auto age = youngest(AccessKind::MmaRead)) {
      inserted.push_back(simt::MmaWaitOp::create(
          builder, op->getLoc(), TypeRange(), ValueRange(), *age - 1));
      state.complete(AccessKind::MmaRead, AccessKind::Read, *age - 1);
    }
    if (auto age = youngest(AccessKind::BoxRead)) {
      inserted.push_back(
          simt::BoxStoreWaitOp::create(builder, op->getLoc(), *age - 1));
      state.complete(AccessKind::BoxRead, AccessKind::Read, *age - 1);
    }
  }

  MachinePtr machine;
  /// The pipelined loop of an array of buffers.
  llvm::DenseMap<Operation *, Operation *> loopOf;
  llvm::DenseMap<Operation *, uint64_t> scratchOf;
  SmallVector<Access> asyncReads;
  SmallVector<Operation *> inserted;
  unsigned partitionId = 0, partitionWarps = 0;
};

} // namespace

std::unique_ptr<Pass> createSimtInsertBarriers(MachinePtr machine,
                                               const SimtOptions &) {
  return std::make_unique<InsertBarriers>(std::move(machine));
}

} // namespace tilesdk::optimizer
